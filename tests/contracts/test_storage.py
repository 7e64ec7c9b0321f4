import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
from attrs import evolve

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.storage import SqlStorage
from regulars.application.errors import NotOurDatabase, StaleHistory, StorageUnavailable
from regulars.application.ports import Finding, Storage
from regulars.testing.pending_events import append, places, run
from regulars.testing.snapshots import keep, load
from regulars.testing.view_stores import SOLD, VIEWS, Sold, save
from tests.postgres_server import new_database

FINDING = Finding(file="orders.csv", row=3, field="total", reason="is no amount")


class PowerCut(Exception):
    """Ends a transaction before it is kept."""


def opened(path: Path, *, busy_seconds: float = 30) -> tuple[Database, SqlStorage]:
    database = Database(f"sqlite:///{path}", synchronous="NORMAL", busy_seconds=busy_seconds)
    return database, SqlStorage(database, VIEWS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture(params=["memory", "file", "sqlite in memory", "postgresql"])
def storage(request: pytest.FixtureRequest, path: Path) -> Iterator[Storage]:
    if request.param == "memory":
        yield MemoryStorage()
        return
    urls = {"file": f"sqlite:///{path}", "sqlite in memory": "sqlite://"}
    database = Database(urls.get(request.param) or new_database(), synchronous="NORMAL")
    yield SqlStorage(database, VIEWS)
    database.close()


@pytest.fixture
def mine(path: Path) -> Iterator[SqlStorage]:
    database, storage = opened(path)
    yield storage
    database.close()


@pytest.fixture
def theirs(path: Path, mine: SqlStorage) -> Iterator[SqlStorage]:  # noqa: ARG001 - makes the file first
    database, storage = opened(path)
    yield storage
    database.close()


def write(storage: Storage, version: int = 1) -> None:
    append(storage.log, *run("a", version))
    save(storage.views, Sold(version, "soup"), checkpoint=version)
    storage.findings.add([FINDING])


def kept(storage: Storage) -> tuple[int, int, int, int]:
    """How much there is of everything."""
    return (
        len(list(storage.log.read())),
        len(list(storage.views.rows(SOLD))),
        storage.views.checkpoint(SOLD),
        len(list(storage.findings.all())),
    )


def test_what_is_written_together_is_kept_together(storage: Storage) -> None:
    with storage.transaction():
        write(storage)
        assert kept(storage) == (1, 1, 1, 1)

    assert kept(storage) == (1, 1, 1, 1)


@pytest.mark.parametrize("error", [PowerCut, KeyboardInterrupt])
def test_of_what_is_interrupted_nothing_is_kept(
    storage: Storage, error: type[BaseException]
) -> None:
    def interrupted() -> None:
        with storage.transaction():
            write(storage, 1)
            raise error

    with pytest.raises(error):
        interrupted()

    assert kept(storage) == (0, 0, 0, 0)
    write(storage)
    assert kept(storage) == (1, 1, 1, 1)


def test_an_interrupted_transaction_leaves_what_was_there(storage: Storage) -> None:
    write(storage)

    def interrupted() -> None:
        with storage.transaction():
            write(storage, 2)
            storage.views.clear(SOLD)
            save(storage.views, Sold(1, "soup", 99), checkpoint=99)
            raise PowerCut

    with pytest.raises(PowerCut):
        interrupted()

    assert kept(storage) == (1, 1, 1, 1)
    assert list(storage.views.rows(SOLD)) == [Sold(1, "soup")]


def test_a_snapshot_is_kept_or_lost_with_what_is_written_together(storage: Storage) -> None:
    before = keep(storage.snapshots, "a", 1)

    def interrupted() -> None:
        with storage.transaction():
            keep(storage.snapshots, "a", 2)
            keep(storage.snapshots, "b", 1)
            raise PowerCut

    with pytest.raises(PowerCut):
        interrupted()
    assert load(storage.snapshots, "a", "b") == {"a": before}

    with storage.transaction():
        after = keep(storage.snapshots, "a", 2)
        storage.snapshots.forget()
        keep(storage.snapshots, "a", 2)
    assert load(storage.snapshots, "a") == {"a": after}


def test_how_far_a_follower_is_is_kept_or_lost_with_what_is_written_together(
    storage: Storage,
) -> None:
    storage.checkpoints.keep("billing", 3)
    storage.checkpoints.keep("mail", 4)

    def interrupted() -> None:
        with storage.transaction():
            storage.checkpoints.keep("billing", 5)
            storage.checkpoints.forget("mail")
            assert reached(storage) == (5, 0)
            raise PowerCut

    with pytest.raises(PowerCut):
        interrupted()
    assert reached(storage) == (3, 4)

    with storage.transaction():
        storage.checkpoints.keep("billing", 5)
        storage.checkpoints.forget("mail")
    assert reached(storage) == (5, 0)


def reached(storage: Storage) -> tuple[int, int]:
    return storage.checkpoints.position("billing"), storage.checkpoints.position("mail")


def test_a_transaction_inside_another_is_part_of_it(storage: Storage) -> None:
    def interrupted() -> None:
        with storage.transaction():
            with storage.transaction():
                write(storage)
            with storage.snapshot():
                assert kept(storage) == (1, 1, 1, 1)
            raise PowerCut

    with pytest.raises(PowerCut):
        interrupted()

    assert kept(storage) == (0, 0, 0, 0)


def test_an_append_that_is_refused_leaves_its_transaction_as_it_was(storage: Storage) -> None:
    with storage.transaction():
        write(storage)
        with pytest.raises(StaleHistory):
            append(storage.log, *run("b", 1), *run("a", 1))
        append(storage.log, *run("b", 1))

    assert places(storage.log.read()) == [("a", 1), ("b", 1)]


def test_a_finding_is_kept_once(storage: Storage) -> None:
    second = Finding(file="orders.csv", row=20, field="", reason="an order that is not there")
    other = Finding(file="customers.csv", row=100, field="id", reason="is blank")
    storage.findings.add([second, FINDING])
    storage.findings.add([other, FINDING])
    storage.findings.add([])

    assert list(storage.findings.all()) == [other, FINDING, second]


def test_a_row_that_is_found_again_is_kept_with_its_newest_reason(storage: Storage) -> None:
    storage.findings.add([FINDING, evolve(FINDING, reason="is below zero")])
    storage.findings.add([evolve(FINDING, reason="is too large")])

    assert list(storage.findings.all()) == [evolve(FINDING, reason="is too large")]


def test_what_was_found_in_a_file_that_is_read_again_is_forgotten(storage: Storage) -> None:
    other = evolve(FINDING, file="customers.csv")
    storage.findings.add([FINDING, evolve(FINDING, row=4), other])

    storage.findings.forget(["orders.csv", "unknown.csv"])
    storage.findings.forget([])

    assert list(storage.findings.all()) == [other]


def test_findings_of_one_tenant_are_not_those_of_another(path: Path) -> None:
    database, shop = opened(path)
    with closing(database):
        shop.findings.add([FINDING])
        other = SqlStorage(database, VIEWS, tenant="other").findings
        other.forget([FINDING.file])

        assert list(other.all()) == []
        assert list(shop.findings.all()) == [FINDING]


def test_a_snapshot_sees_one_moment_whatever_is_written_meanwhile(
    mine: SqlStorage, theirs: SqlStorage
) -> None:
    write(mine)

    with mine.snapshot():
        before = kept(mine)
        write(theirs, 2)
        assert kept(mine) == before == (1, 1, 1, 1)

    assert kept(mine) == (2, 2, 2, 1)


def test_nobody_sees_what_another_has_not_committed(mine: SqlStorage, theirs: SqlStorage) -> None:
    with mine.transaction():
        write(mine)
        assert kept(theirs) == (0, 0, 0, 0)

    assert kept(theirs) == (1, 1, 1, 1)


def test_a_transaction_inside_a_snapshot_is_a_bug(mine: SqlStorage) -> None:
    with mine.snapshot(), pytest.raises(RuntimeError), mine.transaction():
        pass


def test_a_writer_waits_for_another(mine: SqlStorage, theirs: SqlStorage) -> None:
    writing = Event()

    def write_second() -> None:
        writing.set()
        with theirs.transaction():
            version = len(list(theirs.log.stream("a"))) + 1
            append(theirs.log, *run("a", version))

    second = Thread(target=write_second)
    with mine.transaction():
        second.start()
        writing.wait()
        append(mine.log, *run("a", 1))
    second.join()

    assert places(mine.log.read()) == [("a", 1), ("a", 2)]


def test_a_store_that_stays_locked_is_unavailable(path: Path, mine: SqlStorage) -> None:
    database, impatient = opened(path, busy_seconds=0.05)

    with closing(database), mine.transaction():
        with pytest.raises(StorageUnavailable, match="locked") as refused:
            write(impatient)
        assert kept(impatient) == (0, 0, 0, 0)

    assert str(path) in str(refused.value)


def test_a_full_disk_makes_the_store_unavailable_and_keeps_nothing(path: Path) -> None:
    database, storage = opened(path)
    with closing(database):
        write(storage)
        pages = database.driver.execute("PRAGMA page_count").fetchone()[0]
        database.driver.execute(f"PRAGMA max_page_count = {pages}")

        for versions in (range(1, 2_000), range(1, 2)):
            with pytest.raises(StorageUnavailable, match="full"), storage.transaction():
                append(storage.log, *run("long" * 1_000, *versions))

        assert kept(storage) == (1, 1, 1, 1)
        database.driver.execute("PRAGMA max_page_count = 100000")
        append(storage.log, *run("long", *range(1, 2_000)))


def test_a_store_that_may_only_be_read_is_unavailable_for_writing(path: Path) -> None:
    database, mine = opened(path)
    write(mine)
    database.driver.execute("PRAGMA query_only = ON")

    with closing(database):
        with pytest.raises(StorageUnavailable, match="readonly"):
            write(mine, 2)
        assert kept(mine) == (1, 1, 1, 1)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE albums (title TEXT)")


def newer(path: Path) -> None:
    Database(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (
            partial(Path.write_text, data="customers and their phone numbers\n" * 100),
            "is not an SQLite",
        ),
        (foreign, "another program"),
        (newer, "newer"),
    ],
)
def test_a_file_that_is_something_else_is_not_touched(
    path: Path, made: Callable[[Path], object], why: str
) -> None:
    made(path)
    before = path.read_bytes()

    with pytest.raises(NotOurDatabase, match=why) as refused:
        Database(f"sqlite:///{path}")

    assert path.read_bytes() == before
    assert "phone" not in str(refused.value)


def test_a_store_of_tables_that_are_gone_is_unavailable(path: Path, mine: SqlStorage) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE import_findings")

    with pytest.raises(StorageUnavailable, match="no such table"):
        mine.findings.add([FINDING])
