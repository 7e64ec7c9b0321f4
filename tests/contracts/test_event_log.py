import sqlite3
import tracemalloc
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sys import getswitchinterval
from typing import Final, cast

import pytest
from hypothesis import Phase, settings

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.memory import MemoryLog
from regulars.application.errors import StaleHistory, UndecodableEvent
from regulars.domain.order import OrderAccepted
from regulars.testing import EventLogContract, explore
from regulars.testing.pending_events import NOW, append, pending, places, positions, run
from tests.contracts.broken_event_logs import (
    BROKEN_FOR_WRITERS_AT_ONCE,
    BROKEN_IN_MEMORY,
    BROKEN_IN_SQL,
    GivesPositionsAgain,
    LostUpdate,
    NotAtomicInSql,
    TakesGaps,
)
from tests.contracts.broken_promises import failed_by, fails, promises
from tests.postgres_server import new_database

FAR: Final = settings(max_examples=30, stateful_step_count=20) if settings().derandomize else None
"""A profile that looks for new examples goes further."""

BRIEF: Final = 0.01
"""Seconds of a race for logs that are broken when one writes alone."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}", synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    other = Database(database.name)
    yield other
    other.close()


class TestMemoryLog(EventLogContract):
    exploring = FAR
    racing_seconds = 0.05

    def open(self, tenant: str) -> MemoryLog:
        return MemoryLog(tenant=tenant)


class TestSqlLog(EventLogContract):
    exploring = FAR
    racing_seconds = 0.05
    database: Database

    @pytest.fixture(autouse=True, params=["file", "sqlite in memory", "postgresql"])
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        urls = {"file": f"sqlite:///{tmp_path / 'log.db'}", "sqlite in memory": "sqlite://"}
        url = urls.get(request.param) or new_database()
        with closing(Database(url, synchronous="NORMAL")) as self.database:
            yield

    def open(self, tenant: str) -> SqlLog:
        return SqlLog(self.database, tenant=tenant)


def case_of(kind: type[MemoryLog], *, seconds: float = BRIEF) -> type[EventLogContract]:
    """The contract for a log in memory."""

    class Case(EventLogContract):
        exploring = FAR
        racing_seconds = seconds

        def open(self, tenant: str) -> MemoryLog:
            return kind(tenant=tenant)

    return Case


def breaks_in_sql(kind: type[SqlLog], promise: str) -> bool:
    """Whether a log in SQL fails a test of the contract, in a store of its own."""
    with closing(Database("sqlite://")) as database:

        class Case(EventLogContract):
            exploring = FAR
            racing_seconds = BRIEF

            def open(self, tenant: str) -> SqlLog:
                return kind(database, tenant=tenant)

        return fails(Case(), promise)


@pytest.mark.parametrize(
    ("promise", "broken"),
    [(promise, one) for promise, kinds in BROKEN_IN_MEMORY.items() for one in kinds],
)
def test_the_contract_finds_broken_logs_in_memory(promise: str, broken: type[MemoryLog]) -> None:
    assert fails(case_of(broken)(), promise)


@pytest.mark.parametrize(("broken", "race"), BROKEN_FOR_WRITERS_AT_ONCE.items())
def test_the_contract_finds_logs_that_are_broken_for_writers_at_once(
    broken: type[MemoryLog], race: str
) -> None:
    usual = getswitchinterval()
    assert fails(case_of(broken, seconds=1.0)(), race)
    assert getswitchinterval() == usual


def test_a_log_that_is_too_slow_is_explored_in_a_few_histories() -> None:
    opened: list[str] = []

    def opening(tenant: str) -> MemoryLog:
        opened.append(tenant)
        return MemoryLog(tenant=tenant)

    explore(opening, seconds=0)

    of_histories = opened[1:]
    assert 0 < len(of_histories) <= 2 * 10  # two tenants each


@pytest.mark.parametrize(
    ("promise", "broken"),
    [(promise, one) for promise, kinds in BROKEN_IN_SQL.items() for one in kinds],
)
def test_the_contract_finds_broken_logs_in_sql(promise: str, broken: type[SqlLog]) -> None:
    assert breaks_in_sql(broken, promise)


@pytest.mark.slow  # the contract over again
def test_a_sound_log_is_not_called_broken() -> None:
    assert list(failed_by(case_of(MemoryLog))) == []
    assert [one for one in promises(EventLogContract) if breaks_in_sql(SqlLog, one)] == []


@pytest.mark.parametrize("broken", [NotAtomicInSql, TakesGaps, LostUpdate])
def test_exploring_finds_broken_logs(broken: type[SqlLog]) -> None:
    far = settings(FAR, max_examples=200, phases=[Phase.generate], report_multiple_bugs=False)
    with (
        closing(Database("sqlite://")) as database,
        pytest.raises((AssertionError, StaleHistory, pytest.fail.Exception)),
    ):
        explore(lambda tenant: broken(database, tenant=tenant), far)


def check_that_a_position_is_never_given_again(database: Database, log: SqlLog) -> None:
    last = append(log, *run("a", 1, 2, 3))
    database.driver.execute("DELETE FROM events WHERE position >= ?", (last - 1,))

    assert log.head() == last
    assert append(log, *run("a", 2, 3)) == last + 2
    database.driver.execute("DELETE FROM events")
    assert append(log, *run("a", 1)) == last + 3
    assert positions(log.read()) == [last + 3]


def test_a_position_is_never_given_again_whoever_deletes_the_newest(database: Database) -> None:
    check_that_a_position_is_never_given_again(database, SqlLog(database))


def test_a_log_that_gives_positions_again_is_found(database: Database) -> None:
    with pytest.raises(AssertionError):
        check_that_a_position_is_never_given_again(database, GivesPositionsAgain(database))


def test_what_another_connection_records_is_read(database: Database, other: Database) -> None:
    mine, theirs = SqlLog(database), SqlLog(other)
    append(mine, *run("a", 1))

    last = append(theirs, *run("a", 2))

    assert mine.head() == last
    assert places(mine.read()) == [("a", 1), ("a", 2)]
    with pytest.raises(StaleHistory):
        append(mine, *run("a", 2))


def test_a_log_is_read_in_bounded_memory(database: Database) -> None:
    log = SqlLog(database)
    append(log, *(pending("a", version) for version in range(1, 12_001)))

    tracemalloc.start()
    newest = deque(log.read(), maxlen=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert newest[0].version == 12_000
    assert peak < 4_000_000


def test_a_page_of_the_log_is_read_in_its_order_without_sorting(database: Database) -> None:
    log = SqlLog(database)
    append(log, *run("a", 1, 2))
    queries: list[str] = []

    cast("sqlite3.Connection", database.driver).set_trace_callback(queries.append)
    list(log.read())
    list(log.read(types=[OrderAccepted], prefix="a", recorded_by=NOW, occurred_by=NOW))
    log.caused_by("command-1", after=0)
    cast("sqlite3.Connection", database.driver).set_trace_callback(None)
    plans = [
        step
        for query in queries
        for *_, step in database.driver.execute(f"EXPLAIN QUERY PLAN {query}")
    ]

    by_position = "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
    assert {step for step in plans if "sqlite_sequence" not in step} == {by_position}


@pytest.mark.parametrize(
    "change",
    ["body = x'7B7D'", "body = x'22736563726574'", "type = 'Rumour'", "schema_version = 9"],
)
def test_an_event_that_is_not_what_its_name_promises_is_named_by_its_place(
    database: Database, change: str
) -> None:
    log = SqlLog(database)
    last = append(log, *run("a", 1, 2))
    database.driver.execute(f"UPDATE events SET {change} WHERE position = {last}")  # noqa: S608 - of this file

    for reading in (log.read(), log.occurrences(), log.stream("a"), log.facts("a")):
        with pytest.raises(UndecodableEvent) as unreadable:
            list(reading)
        assert unreadable.value.position == last
        assert "secret" not in f"{unreadable.value!r} {unreadable.value}"
        assert unreadable.value.__suppress_context__
    assert places(log.read(upto=last - 1)) == [("a", 1)]
