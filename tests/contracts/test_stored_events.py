"""What every `StoredEvents` promises, in memory and in SQL."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from regulars.adapters.codec import encode
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.log_lines import line_of
from regulars.adapters.memory import MemoryLog
from regulars.adapters.memory_stored_events import MemoryStoredEvents
from regulars.adapters.stored_events import SqlStoredEvents
from regulars.application.log_check import LogCheck, check
from regulars.application.ports import EventLog
from regulars.application.stored import StoredEvents
from regulars.testing.example_events import EXAMPLES
from regulars.testing.pending_events import NOW, append, id_of, pending, run
from tests.postgres_server import new_database

Kept: TypeAlias = tuple[EventLog, StoredEvents]


def in_memory(_database: Database) -> Kept:
    log = MemoryLog(tenant="shop")
    return log, MemoryStoredEvents(log, tenant="shop")


def in_sql(database: Database) -> Kept:
    return SqlLog(database, tenant="shop"), SqlStoredEvents(database, tenant="shop")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = Database("sqlite://" if request.param == "sqlite" else new_database())
    yield database
    database.close()


@pytest.fixture(params=[in_memory, in_sql])
def kept(request: pytest.FixtureRequest, database: Database) -> Kept:
    make: Callable[[Database], Kept] = request.param
    return make(database)


def test_an_event_comes_as_it_is_stored(kept: Kept) -> None:
    log, events = kept
    told = pending("a", 1, causation="command-1")._replace(fingerprint=b"\x00\xff")
    append(log, told)

    (stored,) = events.read()

    assert stored._asdict() == {
        "position": 1,
        "stream": "a",
        "version": 1,
        "type": "OrderAccepted",
        "schema": 1,
        "event_id": told.event_id,
        "occurred_at": NOW - 5,
        "recorded_at": NOW,
        "actor": "agent:7",
        "correlation": "talk-1",
        "causation": "command-1",
        "fingerprint": b"\x00\xff",
        "body": encode(told.event),
    }
    assert events.tenant == "shop"


def test_every_event_comes_in_the_order_of_the_log(kept: Kept) -> None:
    log, events = kept
    append(log, *run("a", *range(1, 1_501)), *run("b", 1), *run("a", 1_501))

    with events.snapshot():
        positions = [stored.position for stored in events.read()]

    assert positions == list(range(1, 1_503))
    assert (events.head(), events.count(), events.count(after=1_500)) == (1_502, 1_502, 2)


def test_a_log_without_events_has_none(kept: Kept) -> None:
    _, events = kept

    assert (list(events.read()), list(events.repeats())) == ([], [])
    assert (events.head(), events.count()) == (0, 0)


def test_an_event_decodes_if_it_is_what_its_name_promises(kept: Kept) -> None:
    log, events = kept
    append(log, pending("a", 1))
    (stored,) = events.read()

    assert events.decodes(stored)
    assert not events.decodes(stored._replace(body=b"{}"))
    assert not events.decodes(stored._replace(type="OrderRefused"))
    assert not events.decodes(stored._replace(schema=2))


def test_no_event_of_a_sound_log_repeats_an_id(kept: Kept) -> None:
    log, events = kept
    append(log, *run("a", 1, 2))

    assert list(events.repeats()) == []


def test_equal_logs_have_one_hash_in_memory_and_in_sql(database: Database) -> None:
    batch = [
        pending("a", version, event, event_id=id_of(version))
        for version, event in enumerate(EXAMPLES.values(), 1)
    ]
    checked: list[LogCheck] = []
    for log, events in (in_memory(database), in_sql(database)):
        append(log, *batch)
        checked.append(check(events, line=line_of))

    assert checked[0] == checked[1]
    assert checked[0].sound


def test_the_events_of_other_tenants_are_left_out(database: Database) -> None:
    append(SqlLog(database, tenant="other"), *run("a", 1, 2))
    append(SqlLog(database, tenant="shop"), *run("a", 1))
    events = SqlStoredEvents(database, tenant="shop")

    assert [stored.position for stored in events.read()] == [3]
    assert (events.head(), events.count()) == (3, 1)
    assert check(events, line=line_of).sound
