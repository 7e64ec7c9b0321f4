"""Commands, views and audit over logs that hold events of older names and versions."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from regulars.adapters.database import Database
from regulars.adapters.event_log import EVENTS, SqlLog
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory import MemoryLog, MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.storage import SqlStorage
from regulars.application import projecting
from regulars.application.catalogue import VIEWS
from regulars.application.events import (
    Event,
    Pending,
    Recorded,
    Retired,
    microseconds,
    pages,
)
from regulars.application.ports import Spot, Storage
from regulars.application.projecting import Projector, computed
from regulars.application.queries import Query, ViewRows
from regulars.application.questions import Look, Question
from regulars.domain.order import CompleteOrder, OrderCompleted, OrderDelivered, OrderReady, Stage
from regulars.domain.personal import Contact
from regulars.domain.purchase import OrderPlaced
from regulars.domain.refund import RefundIssued
from regulars.domain.values import OrderId
from regulars.testing.pending_events import new_id
from tests.adapters.older_events import LONG_LIVED, older
from tests.application.memory_crm import TENANT, Parts, core, request, sql_core
from tests.domain.examples import ANNA, DELIVER, ORDER, PLACE, REFUND
from tests.domain.story import NOON

Rows: TypeAlias = Sequence[tuple[Event, list[Event]]]
"""Stored events, and what each of them means today."""


def storage_on(database: Database | None) -> Storage:
    """A storage that reads and takes older events, in memory or in `database`."""
    if database is None:
        memory = MemoryStorage(tenant=TENANT)
        memory.log = MemoryLog(tenant=TENANT, codec=LONG_LIVED)
        return memory
    stored = SqlStorage(database, VIEWS, tenant=TENANT)
    stored.log = SqlLog(database, tenant=TENANT, codec=LONG_LIVED)
    return stored


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database("sqlite://")
    yield database
    database.close()


@pytest.fixture(params=["memory", "sqlite"])
def town(request: pytest.FixtureRequest) -> Parts:
    if request.param == "memory":
        return core(storage_on(None), MemoryKeyStore())
    database = request.getfixturevalue("database")
    return core(storage_on(database), SqlKeyStore(database))


def keep(storage: Storage, stream: str, rows: Iterable[Sequence[Event]], **envelope: Any) -> None:  # noqa: ANN401 - of any field
    """Write to a new stream; the events of a row happen together, a second after the row before."""
    versions = count(1)
    storage.log.append(
        [
            Pending(
                stream=stream,
                version=next(versions),
                event=event,
                event_id=new_id(),
                occurred_at=microseconds(NOON) + second * 1_000_000,
                actor="agent:7",
                correlation="talk",
            )._replace(**envelope)
            for second, events in enumerate(rows)
            for event in events
        ],
        recorded_at=0,
    )


def written(rows: Rows) -> list[Sequence[Event]]:
    """The rows as an older release wrote them."""
    return [[event] for event, _ in rows]


def taken(order: OrderId) -> tuple[Event, list[Event]]:
    meant = OrderPlaced(order=order, currency="CNY", total=100_00, customer=ANNA)
    return older("OrderTaken", 1, id=order, amount=100_00, buyer=ANNA), [meant]


def served(order: OrderId) -> tuple[Event, list[Event]]:
    told = {"currency": "CNY", "total": 100_00, "customer": ANNA}
    body = {"order": order, "placed_at": NOON.isoformat(), **told}
    delivered = OrderDelivered(
        order=order, currency="CNY", total=100_00, placed_at=NOON, customer=ANNA
    )
    return older("OrderServed", 1, **body), [OrderReady(order=order), delivered]


NOTED: tuple[Event, list[Event]] = (older("OrderNoted", 1), [])


def present(rows: Rows) -> Rows:
    """The same events, stored as they are today."""
    return [(event, [event]) for _, meant in rows for event in meant]


@st.composite
def lives(draw: st.DrawFn, number: int) -> Rows:
    """An order's rows, in older and present forms as they come."""
    order = OrderId(f"o-{number}")
    rows: list[tuple[Event, list[Event]]] = []
    for step in (taken(order), served(order)):
        rows += draw(st.sampled_from([[step], present([step])]))
        rows += [NOTED] * draw(st.integers(0, 2))
    return rows[: draw(st.integers(1, len(rows)))]


histories = st.integers(0, 4).flatmap(lambda orders: st.tuples(*map(lives, range(orders))))


def as_meant(history: Sequence[Rows]) -> list[Recorded]:
    """A log of nothing but present events, each at the time of the row that it came from."""
    storage = MemoryStorage(tenant=TENANT)
    for number, rows in enumerate(history):
        keep(storage, f"order-o-{number}", [meant for _, meant in rows])
    return list(storage.log.read())


@pytest.mark.parametrize("store", ["memory", "sqlite"])
@settings(max_examples=settings().max_examples // 3)  # each folds every view anew
@given(history=histories, most_rows=st.sampled_from([1, 3, 1_000]))
def test_views_over_older_events_are_those_of_what_the_events_mean(
    store: str, history: Sequence[Rows], most_rows: int
) -> None:
    database = Database("sqlite://") if store == "sqlite" else None
    storage = storage_on(database)
    for number, rows in enumerate(history):
        keep(storage, f"order-o-{number}", written(rows))
    expected = as_meant(history)
    projector = Projector(storage, VIEWS)

    def agree() -> bool:
        head = storage.log.head()
        return all(
            {view.key_of(row): row for row in storage.views.rows(view)} == computed(view, expected)
            and storage.views.checkpoint(view) == head
            for view in VIEWS
        )

    projector.catch_up(most_rows=most_rows)
    assert agree()
    projector.rebuild(VIEWS, most_rows=most_rows)
    assert agree()
    if database is not None:
        database.close()


def test_a_page_of_views_never_parts_what_one_stored_event_became(
    town: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = OrderId("o-0")
    monkeypatch.setattr(projecting, "_PAGE", 2)  # the second would be the first half of a pair
    rows = [taken(order), served(order), NOTED, NOTED, NOTED]
    keep(town.storage, "order-o-0", written(rows))
    seen: list[int] = []

    reached = town.projector.catch_up(most_rows=1, progress=lambda done, _: seen.append(done))

    assert reached == 5
    assert seen == [2, 4, 5]
    expected = as_meant([rows])
    for view in VIEWS:
        kept = {view.key_of(row): row for row in town.storage.views.rows(view)}
        assert kept == computed(view, expected)


def test_pages_keep_together_what_shares_a_position() -> None:
    (row,) = as_meant([[taken(OrderId("o-0"))]])

    def at(*positions: int) -> list[Recorded]:
        return [row._replace(position=position) for position in positions]

    assert list(pages(at(1, 2, 2, 2, 3, 4), 2)) == [at(1, 2, 2, 2), at(3, 4)]
    assert list(pages(at(1, 1, 2), 1)) == [at(1, 1), at(2)]
    assert list(pages(at(), 2)) == []


def test_a_host_reads_every_event_however_many_became_of_a_row(
    town: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars.application.paging._PAGE", 2)
    order = OrderId("o-0")
    rows = [taken(order), served(order), NOTED, served(order)]
    keep(town.storage, "order-o-0", written(rows))

    for stream in (None, "order-o-0"):
        told = [type(one.event) for one in town.crm.events(stream=stream)]
        assert told == [
            OrderPlaced,
            OrderReady,
            OrderDelivered,
            Retired,
            OrderReady,
            OrderDelivered,
        ]


def test_a_command_decides_on_what_older_events_mean_and_goes_on_after_all_of_them(
    town: Parts,
) -> None:
    rows = [taken(ORDER), NOTED, served(ORDER), NOTED]
    keep(town.storage, f"order-{ORDER}", written(rows))

    receipt = town.execute(REFUND)

    assert [type(event) for event in receipt.events] == [RefundIssued]
    assert receipt.version == 5
    assert town.crm.verify().sound


def test_commands_of_a_batch_go_on_after_events_that_mean_nothing_any_more(town: Parts) -> None:
    both = [ORDER, OrderId("o-2")]
    for order in both:
        rows = [taken(order), served(order), NOTED]
        keep(town.storage, f"order-{order}", written(rows))

    town.execute_all(*(request(CompleteOrder(order=order, at=NOON)) for order in both))

    for order in both:
        *_, last = town.storage.log.stream(f"order-{order}")
        assert (last.version, type(last.event)) == (4, OrderCompleted)


class Everything(Query[dict[str, list[Any]]]):
    """Every row of every view."""

    views = VIEWS

    def answer(self, rows: ViewRows) -> dict[str, list[Any]]:
        return {view.name: list(rows.rows(view)) for view in VIEWS}


class Past(Question[Stage]):
    """How far the order is."""

    def answer(self, look: Look) -> Stage:
        return look.order(ORDER).stage


def test_a_question_about_the_past_passes_what_means_nothing_any_more(town: Parts) -> None:
    keep(town.storage, f"order-{ORDER}", written([taken(ORDER), NOTED, served(ORDER)]))

    stages = [town.crm.ask(Past(), as_of=back) for back in (town.storage.log.head(), 2)]

    assert stages == [Stage.DELIVERED, Stage.PLACED]


def test_an_answer_as_of_the_past_counts_what_older_events_mean(town: Parts) -> None:
    keep(town.storage, f"order-{ORDER}", written([taken(ORDER), served(ORDER), NOTED]))
    head = town.storage.log.head()
    now = town.crm.ask(Everything())

    assert now == town.rows()
    assert now["sales"]
    assert town.crm.ask(Everything(), as_of=head) == now
    assert town.crm.ask(Everything(), as_of=head - 1) == now
    assert town.crm.ask(Everything(), as_of=head - 2) != now


@pytest.mark.parametrize("became", ["OrderNoted", "OrderTaken"])
def test_a_repeat_is_known_whatever_its_events_have_become(database: Database, became: str) -> None:
    first = sql_core(database).execute(PLACE, id="r-1")
    sql_core(database).execute(DELIVER, id="r-2")
    _, schema, body = LONG_LIVED.encode(older(became, 1, id=ORDER, amount=7, buyer=ANNA))
    with database.transaction():
        aged = update(EVENTS).where(EVENTS.c.position == first.position)
        database.connection.execute(aged.values(type=became, schema_version=schema, body=body))
    town = core(storage_on(database), SqlKeyStore(database))

    again = town.execute(PLACE, id="r-1")

    assert again.repeated
    assert (again.position, again.version) == (first.position, first.version)
    assert [type(event) for event in again.events] == {
        "OrderNoted": [],
        "OrderTaken": [OrderPlaced],
    }[became]


def test_an_audit_counts_stored_events_and_opens_the_boxes_of_older_ones(town: Parts) -> None:
    event_id = new_id()
    spot = Spot(
        subject=f"customer/{ANNA}",
        type="CustomerSignedUp",
        schema=1,
        event_id=event_id,
        box="contact",
    )
    with town.storage.transaction():
        box = town.vault.seal(Contact(name="Anna"), spot)
    contact = {"envelope": b64encode(box.envelope).decode()}
    signed_up = older(
        "CustomerSignedUp", 1, customer=ANNA, contact=contact, purposes=["marketing", "research"]
    )
    keep(town.storage, f"customer-{ANNA}", [[signed_up]], event_id=event_id)
    keep(town.storage, f"order-{ORDER}", written([taken(ORDER), NOTED, served(ORDER)]))

    verdict = town.crm.verify()

    assert verdict.sound
    assert (verdict.events, verdict.streams, verdict.boxes_open) == (4, 2, 1)


def test_an_audit_still_finds_versions_that_are_left_out(database: Database) -> None:
    storage = storage_on(database)
    keep(storage, f"order-{ORDER}", written([taken(ORDER), served(ORDER), NOTED, NOTED]))
    with database.transaction():
        database.connection.execute(delete(EVENTS).where(EVENTS.c.position == 3))

    verdict = core(storage, SqlKeyStore(database)).crm.verify()

    assert verdict.gaps == (f"event 4: order-{ORDER} 4",)
