import sqlite3
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.memory import MemoryLog
from regulars.application.errors import AlreadyRecorded, StaleHistory, UndecodableEvent
from tests.contracts.broken_event_logs import (
    BROKEN_IN_MEMORY,
    BROKEN_IN_SQL,
    GivesPositionsAgain,
)
from tests.contracts.event_logs import (
    CONTRACT,
    Logs,
    append,
    memory_logs,
    pending,
    places,
    positions,
    run,
    sql_logs,
)
from tests.postgres_server import new_database


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


@pytest.fixture(params=["memory", "file", "sqlite in memory", "postgresql"])
def logs(request: pytest.FixtureRequest) -> Iterator[Logs]:
    if request.param == "memory":
        yield memory_logs()
        return
    if request.param == "file":
        yield sql_logs(request.getfixturevalue("database"))
        return
    other = Database("sqlite://" if request.param == "sqlite in memory" else new_database())
    yield sql_logs(other)
    other.close()


@pytest.mark.parametrize("check", CONTRACT)
def test_an_event_log_keeps_its_promise(check: Callable[[Logs], None], logs: Logs) -> None:
    check(logs)


def found_by(check: Callable[[Logs], None], logs: Logs) -> bool:
    try:
        check(logs)
    except (AssertionError, AlreadyRecorded, StaleHistory, pytest.fail.Exception):
        return True
    return False


@pytest.mark.parametrize("broken", BROKEN_IN_MEMORY)
def test_the_contract_finds_broken_logs_in_memory(broken: type[MemoryLog]) -> None:
    assert any(found_by(check, memory_logs(broken)) for check in CONTRACT)


@pytest.mark.parametrize("broken", BROKEN_IN_SQL)
def test_the_contract_finds_broken_logs_in_sql(broken: type[SqlLog]) -> None:
    def is_found(check: Callable[[Logs], None]) -> bool:
        database = Database("sqlite://")
        found = found_by(check, sql_logs(database, broken))
        database.close()
        return found

    assert any(map(is_found, CONTRACT))


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
    log.caused_by("command-1", after=0)
    cast("sqlite3.Connection", database.driver).set_trace_callback(None)
    plans = [
        step
        for query in queries
        for *_, step in database.driver.execute(f"EXPLAIN QUERY PLAN {query}")
    ]

    assert any("INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in step for step in plans)
    assert not [step for step in plans if "TEMP B-TREE" in step]


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

    for reading in (log.read(), log.stream("a"), log.facts("a")):
        with pytest.raises(UndecodableEvent) as unreadable:
            list(reading)
        assert unreadable.value.position == last
        assert "secret" not in f"{unreadable.value!r} {unreadable.value}"
        assert unreadable.value.__suppress_context__
    assert places(log.read(upto=last - 1)) == [("a", 1)]
