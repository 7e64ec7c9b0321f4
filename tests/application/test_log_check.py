import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, TypeAlias

import pytest

from regulars.adapters.database import Database
from regulars.adapters.log_lines import line_of
from regulars.adapters.memory import MemoryLog
from regulars.adapters.memory_stored_events import MemoryStoredEvents
from regulars.adapters.stored_events import SqlStoredEvents
from regulars.application.log_check import FAULTS_NAMED, Fault, LogCheck, check
from regulars.application.stored import FOREIGN_ACTOR, Stored
from regulars.testing.pending_events import append, run
from tests.application.histories import tell
from tests.application.memory_crm import TENANT, sql_core
from tests.application.shop_week import WEEK, shop_week

Change: TypeAlias = Callable[[list[Stored]], object]


class Altered(MemoryStoredEvents):
    """Stored events that somebody changed."""

    def __init__(self, log: MemoryLog, change: Change) -> None:
        super().__init__(log)
        self._change = change

    def read(self) -> Iterator[Stored]:
        events = list(super().read())
        self._change(events)
        return iter(events)


def faults(change: Change) -> list[tuple[int, str, str]]:
    log = MemoryLog()
    append(log, *run("a", 1, 2), *run("b", 1), *run("a", 3))
    found = check(Altered(log, change), line=line_of)
    assert found.amiss == len(found.faults)
    assert found.sound == (found.faults == ())
    return [(fault.position, fault.stream, fault.reason) for fault in found.faults]


def replaced(place: int, **fields: Any) -> Change:  # noqa: ANN401 - of any field
    def change(events: list[Stored]) -> None:
        events[place] = events[place]._replace(**fields)

    return change


def test_a_log_as_it_was_recorded_is_sound() -> None:
    week = shop_week()
    log = week.storage.log
    assert isinstance(log, MemoryLog)

    found = check(MemoryStoredEvents(log, tenant=TENANT), line=line_of)

    assert (found.sound, found.faults, found.amiss, found.first) == (True, (), 0, "")
    assert (found.tenant, found.head, found.events) == (TENANT, log.head(), log.head())
    assert found.streams == len({one.stream for one in week.events()})


def test_an_event_that_is_gone_leaves_a_gap_that_is_named_once() -> None:
    assert faults(lambda events: events.pop(0)) == [(2, "a", "it has version 2, and 1 is next")]


def test_a_version_that_comes_twice_is_named() -> None:
    assert faults(replaced(3, version=2)) == [(4, "a", "it has version 2, and 3 is next")]


def test_a_position_that_does_not_rise_is_named() -> None:
    assert faults(replaced(2, position=2)) == [(2, "b", "its position does not rise above 2")]


def test_a_position_past_the_head_is_named() -> None:
    assert faults(replaced(3, position=9)) == [(9, "a", "it stands past the head of the log, 4")]


@pytest.mark.parametrize("position", [0, -3])
def test_a_position_below_the_first_is_named(position: int) -> None:
    reason = "its position is below 1, where nobody who reads the log sees it"

    assert faults(replaced(0, position=position)) == [(position, "a", reason)]


@pytest.mark.parametrize("size", [0, 1, 15, 17])
def test_an_id_of_another_length_is_named(size: int) -> None:
    assert faults(replaced(1, event_id=bytes(size))) == [(2, "a", "its id has not 16 bytes")]


def test_an_id_that_comes_twice_is_named() -> None:
    def change(events: list[Stored]) -> None:
        events[2] = events[2]._replace(event_id=events[0].event_id)

    assert faults(change) == [(3, "b", "an event before it has the same id")]


@pytest.mark.parametrize("field", ["occurred_at", "recorded_at"])
@pytest.mark.parametrize("at", [2**63 - 1, -(2**63) + 1, -2_300_000_000_000_000])
def test_a_time_that_nothing_is_recorded_at_is_named(field: str, at: int) -> None:
    reason = f"its {field} lies outside of the years 1900 to 9998"

    assert faults(replaced(1, **{field: at})) == [(2, "a", reason)]


@pytest.mark.parametrize("field", ["type", "actor", "correlation", "causation"])
def test_a_text_that_not_every_database_keeps_is_named(field: str) -> None:
    assert (2, "a", f"its {field} holds a NUL") in faults(replaced(1, **{field: "a\0b"}))


def test_a_stream_that_not_every_database_keeps_is_named() -> None:
    assert faults(replaced(2, stream="b\0")) == [(3, "b\0", "its stream holds a NUL")]


def test_every_event_that_cannot_be_read_is_named() -> None:
    def change(events: list[Stored]) -> None:
        events[0] = events[0]._replace(body=b"\xff")
        events[2] = events[2]._replace(schema=7)

    assert faults(change) == [
        (1, "a", "it is no OrderAccepted of schema version 1"),
        (3, "b", "it is no OrderAccepted of schema version 7"),
    ]


def test_of_many_faults_the_first_are_named_and_all_are_counted() -> None:
    log = MemoryLog()
    append(log, *run("a", *range(1, FAULTS_NAMED + 11)))

    def change(events: list[Stored]) -> None:
        events[:] = [one._replace(body=b"") for one in events]

    found = check(Altered(log, change), line=line_of)

    assert (found.amiss, len(found.faults)) == (FAULTS_NAMED + 10, FAULTS_NAMED)
    assert str(found.faults[0]) == "event 1 of a: it is no OrderAccepted of schema version 1"


def test_the_hash_is_that_of_the_lines_one_after_the_other() -> None:
    log = MemoryLog()
    append(log, *run("a", 1, 2))
    events = MemoryStoredEvents(log)

    lines = b"".join(map(line_of, events.read()))

    assert check(events, line=line_of).hash == sha256(lines).hexdigest()
    assert [json.loads(line)["version"] for line in lines.splitlines()] == [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(replaced(1, actor="agent:8"), id="actor"),
        pytest.param(replaced(1, body=b'{"order":"b"}'), id="body"),
        pytest.param(replaced(1, fingerprint=b""), id="fingerprint"),
        pytest.param(replaced(1, causation=""), id="causation"),
        pytest.param(replaced(1, recorded_at=0), id="time"),
        pytest.param(list[Stored].pop, id="one less"),
        pytest.param(list[Stored].reverse, id="order"),
    ],
)
def test_logs_that_differ_have_other_hashes(change: Change) -> None:
    log = MemoryLog()
    append(log, *run("a", 1, 2))

    def hashed(change: Change) -> str:
        return check(Altered(log, change), line=line_of).hash

    assert hashed(change) != hashed(len)


def test_a_check_tells_how_far_it_is() -> None:
    log = MemoryLog()
    append(log, *run("a", *range(1, 2_501)))
    told: list[tuple[int, int]] = []

    check(MemoryStoredEvents(log), line=line_of, progress=lambda done, of: told.append((done, of)))

    assert told == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]


def test_faults_in_a_database_are_found() -> None:
    database = Database("sqlite://")
    tell(sql_core(database), WEEK)
    events = SqlStoredEvents(database, tenant=TENANT)
    before = check(events, line=line_of)
    for statement in (
        # As a table without its constraints, which would not let this happen.
        "CREATE TABLE loose AS SELECT * FROM events",
        "DROP TABLE events",
        "ALTER TABLE loose RENAME TO events",
        "INSERT INTO sqlite_sequence SELECT 'events', max(position) FROM events",
        "UPDATE events SET event_id = zeroblob(16) WHERE position IN (3, 5)",
        "UPDATE events SET body = x'00' WHERE position = 4",
        "DELETE FROM events WHERE position = 1",
    ):
        database.driver.execute(statement)
    found = check(events, line=line_of)
    database.close()

    assert before.sound
    assert found.events == before.events - 1
    assert [fault.position for fault in found.faults] == [2, 4, 5]


def test_an_event_before_the_first_position_is_found_in_a_database() -> None:
    database = Database("sqlite://")
    tell(sql_core(database), WEEK)
    events = SqlStoredEvents(database, tenant=TENANT)
    before = check(events, line=line_of)
    database.driver.execute("UPDATE events SET position = -3 WHERE position = 1")
    found = check(events, line=line_of)
    database.close()

    assert found.events == before.events
    assert [fault.position for fault in found.faults] == [-3]


def test_a_finding_names_its_place_and_no_content() -> None:
    fault = Fault(position=7, stream="order-1", reason="it has version 3, and 2 is next")

    assert str(fault) == "event 7 of order-1: it has version 3, and 2 is next"
    assert (
        LogCheck(
            tenant="shop", head=7, events=7, streams=1, foreign=0, hash="", amiss=1, faults=(fault,)
        ).sound
        is False
    )


def test_what_another_model_recorded_is_counted_and_its_contents_are_not_looked_at() -> None:
    def theirs(events: list[Stored]) -> None:
        events[:] = [
            one._replace(actor=FOREIGN_ACTOR, correlation="", type="cafe:Table.Poured", body=b"")
            for one in events
        ]

    log = MemoryLog()
    append(log, *run("a", 1, 2))

    found = check(Altered(log, theirs), line=line_of)

    assert (found.sound, found.events, found.foreign) == (True, 2, 2)


@pytest.mark.parametrize(("place", "amiss"), [(0, [2, 3, 4]), (2, [3, 4])])
def test_events_of_two_models_are_amiss_from_where_they_meet(place: int, amiss: list[int]) -> None:
    found = faults(replaced(place, actor=FOREIGN_ACTOR, correlation=""))

    assert [position for position, _, _ in found] == amiss


def test_what_the_store_is_missing_is_told_first() -> None:
    missing = "the trigger events_contiguous is missing or switched off"
    log = MemoryLog()
    append(log, *run("a", 1, 2), *run("b", 1), *run("a", 3))

    found = check(Altered(log, replaced(3, version=2)), line=line_of, missing=[missing])

    assert (found.sound, found.amiss, found.missing, found.first) == (False, 1, (missing,), missing)
    assert check(Altered(log, lambda _: None), line=line_of, missing=[missing]).sound is False
