"""Both logs, holding rows that were written under older names and versions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from regulars.adapters.codec import STORED, Codec
from regulars.adapters.database import Database
from regulars.adapters.event_log import EVENTS, SqlLog
from regulars.adapters.memory import MemoryLog
from regulars.adapters.older_events import UPCASTERS as OURS
from regulars.adapters.upcasting import Upcaster
from regulars.application.errors import StaleHistory, UndecodableEvent
from regulars.application.events import Event, Recorded, Retired
from regulars.application.ports import EventLog
from regulars.domain.order import OrderAccepted, OrderDelivered, OrderReady
from regulars.domain.purchase import OrderPlaced
from regulars.domain.values import OrderId
from regulars.testing.pending_events import append, new_id, pending, places, positions, run
from tests.adapters.older_events import LONG_LIVED, older

TAKEN = older("OrderTaken", 1, id="a", amount=10, buyer="anna")
SERVED = older(
    "OrderServed", 1, order="a", currency="CNY", total=10, placed_at="2026-01-01T12:00:00Z"
)
NOTED = older("OrderNoted", 1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}", synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture(params=["memory", "file"])
def log(request: pytest.FixtureRequest) -> EventLog:
    if request.param == "memory":
        return MemoryLog(tenant="shop", codec=LONG_LIVED)
    return SqlLog(request.getfixturevalue("database"), tenant="shop", codec=LONG_LIVED)


def keep(log: EventLog, stream: str, *events: Event, causation: str | None = None) -> int:
    """Append `events` to the end of a stream, whatever it is read as."""
    version = max((version for version, *_ in log.facts(stream)), default=0)
    return append(
        log,
        *(
            pending(stream, number, event, causation=causation)
            for number, event in enumerate(events, version + 1)
        ),
    )


def kinds(recorded: Any) -> list[type[Any]]:  # noqa: ANN401 - any events
    return [type(one.event) for one in recorded]


def test_everything_that_a_stored_event_became_shares_its_place_and_envelope(log: EventLog) -> None:
    keep(log, "a", TAKEN, SERVED, NOTED)

    taken, ready, delivered, noted = log.read()

    assert kinds([taken, ready, delivered, noted]) == [
        OrderPlaced,
        OrderReady,
        OrderDelivered,
        Retired,
    ]
    assert delivered == ready._replace(event=delivered.event)
    assert positions([taken, ready, delivered, noted]) == [1, 2, 2, 3]
    assert places([taken, ready, delivered, noted]) == [("a", 1), ("a", 2), ("a", 2), ("a", 3)]
    assert [(one.type, one.schema) for one in (taken, ready, noted)] == [
        ("OrderTaken", 1),
        ("OrderServed", 1),
        ("OrderNoted", 1),
    ]
    assert log.head() == 3


def test_every_way_to_read_a_stream_tells_the_same(log: EventLog) -> None:
    keep(log, "a", TAKEN, SERVED, NOTED)
    keep(log, "b", NOTED, OrderAccepted(order=OrderId("a")))
    everything = list(log.read())
    mine = [one for one in everything if one.stream == "a"]

    assert list(log.stream("a")) == mine
    assert list(log.stream("a", after=1)) == mine[1:]
    assert list(log.stream("a", after=2)) == mine[3:]
    assert list(log.facts("a")) == [(one.version, one.event, one.occurred_at) for one in mine]
    assert list(log.occurrences()) == [one.occurrence for one in everything]
    assert log.streams(["a", "b"]) == {
        "a": [one.occurrence for one in mine],
        "b": [one.occurrence for one in everything[4:]],
    }
    assert list(log.read(after=1, upto=2)) == mine[1:3]


def test_the_version_of_an_event_that_means_nothing_any_more_stays_taken(log: EventLog) -> None:
    keep(log, "a", TAKEN, NOTED)

    with pytest.raises(StaleHistory):
        append(log, *run("a", 2))
    append(log, *run("a", 3))

    assert places(log.stream("a")) == [("a", 1), ("a", 2), ("a", 3)]


def test_a_reader_of_some_types_gets_them_from_older_events_too(log: EventLog) -> None:
    keep(log, "a", TAKEN, SERVED, NOTED)
    keep(log, "b", OrderAccepted(order=OrderId("a")))

    def read(*types: type[Event]) -> list[tuple[int, type[Any]]]:
        found = [(one.position, type(one.event)) for one in log.occurrences(types=types)]
        assert found == [(one.position, type(one.event)) for one in log.read(types=types)]
        return found

    assert read(OrderPlaced) == [(1, OrderPlaced)]
    assert read(OrderDelivered, OrderAccepted) == [(2, OrderDelivered), (4, OrderAccepted)]
    assert read(OrderReady, OrderDelivered) == [(2, OrderReady), (2, OrderDelivered)]


def test_a_request_is_known_by_an_event_that_means_nothing_any_more(log: EventLog) -> None:
    event_id = new_id()
    append(log, pending("a", 1, NOTED, event_id=event_id)._replace(fingerprint=b"told"))

    found = log.find([event_id])[event_id]

    assert (found.position, found.fingerprint) == (1, b"told")


def test_the_run_of_a_command_goes_on_through_whatever_its_events_became(log: EventLog) -> None:
    keep(log, "a", TAKEN, NOTED, SERVED, NOTED, causation="one")
    keep(log, "a", OrderAccepted(order=OrderId("a")), causation="two")

    caused = log.caused_by("one", after=0)

    assert kinds(caused) == [OrderPlaced, Retired, OrderReady, OrderDelivered, Retired]
    assert caused[-1].position == 4


def test_an_older_event_that_no_upcaster_was_made_for_is_named_by_its_place(
    database: Database,
) -> None:
    log = SqlLog(database, tenant="shop", codec=LONG_LIVED)
    last = keep(log, "a", TAKEN, older("OrderTaken", 1, id="secret"))

    for reading in (
        log.read(),
        log.occurrences(),
        log.stream("a"),
        log.facts("a"),
        log.read(types=[OrderPlaced]),
        log.occurrences(types=[OrderPlaced]),
    ):
        with pytest.raises(UndecodableEvent) as unreadable:
            list(reading)
        assert (unreadable.value.position, unreadable.value.type) == (last, "OrderTaken")
        assert "secret" not in f"{unreadable.value!r} {unreadable.value}"


def test_an_upgrade_reads_what_the_release_before_it_wrote(database: Database) -> None:
    before = SqlLog(database, tenant="shop")
    append(before, *run("a", 1, 2))
    told = list(before.read())
    step = Upcaster(
        of=("OrderAccepted", 1),
        into=(("OrderAccepted", 2),),
        turn=lambda payload: [("OrderAccepted", 2, payload)],
    )
    later = Codec({**STORED, OrderAccepted: ("OrderAccepted", 2)}, [*OURS, step])
    after = SqlLog(database, tenant="shop", codec=later)

    assert list(after.read()) == told
    append(after, *run("a", 3))

    assert [(one.version, one.schema) for one in after.stream("a")] == [(1, 1), (2, 1), (3, 2)]
    assert after.stored_as(OrderAccepted) == ("OrderAccepted", 2)
    with pytest.raises(UndecodableEvent):
        list(before.read())
    with pytest.raises(UndecodableEvent):
        list(before.read(types=[OrderAccepted]))


def test_rows_that_a_release_renamed_are_read_by_their_new_name(database: Database) -> None:
    append(SqlLog(database, tenant="shop"), *run("a", 1, 2))
    told = list(SqlLog(database, tenant="shop").read())
    with database.transaction():
        rename = update(EVENTS).where(EVENTS.c.position == 1).values(type="OrderConfirmed")
        database.connection.execute(rename)
    step = Upcaster(
        of=("OrderConfirmed", 1),
        into=(("OrderAccepted", 1),),
        turn=lambda payload: [("OrderAccepted", 1, payload)],
    )

    recorded = list(SqlLog(database, tenant="shop", codec=Codec(STORED, [*OURS, step])).read())

    assert recorded == [told[0]._replace(type="OrderConfirmed"), told[1]]


def test_a_log_in_memory_takes_back_what_became_several_or_nothing() -> None:
    log = MemoryLog(tenant="shop", codec=LONG_LIVED)
    keep(log, "a", TAKEN)
    before: list[Recorded] = list(log.read())

    keep(log, "a", SERVED, NOTED)
    log.truncate(1)

    assert list(log.read()) == before
    assert list(log.stream("a")) == before
    keep(log, "a", NOTED)
    assert log.head() == 2
