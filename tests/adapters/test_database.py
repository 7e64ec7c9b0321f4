import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event, Thread, Timer

import pytest
from sqlalchemy import text

from regulars.adapters import schema
from regulars.adapters.database import Database
from regulars.adapters.dialect import Synchronous
from regulars.application.errors import NotOurDatabase, StorageUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def pragma(database: Database, name: str) -> object:
    return database.driver.execute(f"PRAGMA {name}").fetchone()[0]


def notes(database: Database) -> list[str]:
    return [row[0] for row in database.driver.execute("SELECT note FROM notes ORDER BY note")]


def test_a_new_file_is_marked_as_ours(path: Path, database: Database) -> None:
    assert database.path == path
    assert pragma(database, "application_id") == int.from_bytes(b"REGU")
    assert pragma(database, "user_version") == schema.FORMAT
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "secure_delete") == 1


def test_a_file_of_ours_is_opened_again(path: Path, database: Database) -> None:
    database.driver.execute("CREATE TABLE notes (note TEXT)")
    with database.transaction():
        database.driver.execute("INSERT INTO notes VALUES ('kept')")
    database.close()

    with closing(Database(f"sqlite:///{path}", create=False)) as again:
        assert notes(again) == ["kept"]


def test_two_who_open_a_new_file_at_once_make_one_database(path: Path) -> None:
    start, opened, failed = Barrier(4), list[Database](), list[Exception]()

    def open_it() -> None:
        start.wait()
        try:
            opened.append(Database(f"sqlite:///{path}"))
        except (StorageUnavailable, NotOurDatabase) as error:
            failed.append(error)

    threads = [Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in opened:
        database.close()

    assert (len(opened), failed) == (4, [])


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_has_no_path(url: str) -> None:
    with closing(Database(url, create=False)) as database:
        assert database.path is None
        assert pragma(database, "user_version") == schema.FORMAT


@pytest.mark.parametrize(("synchronous", "level"), [("FULL", 2), ("NORMAL", 1)])
def test_a_host_chooses_what_a_power_cut_may_cost(
    path: Path, synchronous: Synchronous, level: int
) -> None:
    with closing(Database(f"sqlite:///{path}", synchronous=synchronous)) as database:
        assert pragma(database, "synchronous") == level


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("shop.db", "is not a database URL"),
        ("mysql://ada:hunter2@db/shop", "only sqlite"),
        ("sqlite:////no/such/folder/shop.db", "there is no folder"),
    ],
)
def test_a_url_that_names_no_database_is_refused(url: str, why: str) -> None:
    with pytest.raises(StorageUnavailable, match=why) as refused:
        Database(url)

    assert "hunter2" not in f"{refused.value!r} {refused.value}"


def test_a_file_that_is_not_there_is_not_made_against_the_will_of_the_host(path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no such file"):
        Database(f"sqlite:///{path}", create=False)

    assert not path.exists()


def test_an_empty_file_is_made_a_database_only_if_the_host_wants_it(path: Path) -> None:
    path.touch()

    with pytest.raises(NotOurDatabase, match="empty"):
        Database(f"sqlite:///{path}", create=False)
    assert path.read_bytes() == b""

    Database(f"sqlite:///{path}").close()
    assert path.read_bytes() != b""


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="unable to open"):
        Database(f"sqlite:///{tmp_path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to files that are read-only")
def test_a_file_that_may_only_be_read_is_unavailable(path: Path, database: Database) -> None:
    database.close()
    path.chmod(0o444)
    path.parent.chmod(0o555)

    try:
        with pytest.raises(StorageUnavailable, match="readonly"):
            Database(f"sqlite:///{path}")
    finally:
        path.parent.chmod(0o755)


def test_what_is_deleted_is_overwritten_in_the_file(path: Path, database: Database) -> None:
    database.driver.execute("CREATE TABLE notes (note TEXT)")
    database.driver.execute("INSERT INTO notes VALUES ('the-secret-of-ada')")
    database.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"the-secret-of-ada" in path.read_bytes()

    database.driver.execute("DELETE FROM notes")
    database.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert b"the-secret-of-ada" not in path.read_bytes()


def test_a_damaged_file_is_unavailable(path: Path, database: Database) -> None:
    database.driver.execute("CREATE TABLE notes (note TEXT)")
    database.driver.execute("INSERT INTO notes VALUES (hex(zeroblob(20000)))")
    database.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xaa" * (len(content) - 4096))

    with (
        pytest.raises(StorageUnavailable, match="malformed"),
        closing(Database(f"sqlite:///{path}")) as damaged,
        damaged.transaction(),
    ):
        damaged.driver.execute("SELECT * FROM notes")


@pytest.mark.parametrize("block", ["transaction", "snapshot"])
def test_what_sqlite_says_comes_in_our_words_without_the_values(
    database: Database, block: str
) -> None:
    def fail_in_the_driver() -> None:
        with getattr(database, block)():
            database.driver.execute("SELECT 'hunter2' FROM nowhere")

    def fail_in_sqlalchemy() -> None:
        with getattr(database, block)():
            database.connection.execute(text("SELECT :word FROM nowhere"), {"word": "hunter2"})

    for fail in (fail_in_the_driver, fail_in_sqlalchemy):
        with pytest.raises(StorageUnavailable, match="no such table") as refused:
            fail()
        assert "hunter2" not in str(refused.value)
        assert refused.value.__suppress_context__
        assert not database.driver.in_transaction


def test_a_closed_database_is_unavailable_and_closing_twice_does_no_harm(
    database: Database,
) -> None:
    database.close()
    database.close()

    with pytest.raises(StorageUnavailable, match="closed"), database.transaction():
        pass


def test_threads_take_turns(database: Database) -> None:
    database.driver.execute("CREATE TABLE notes (note TEXT)")
    entered, seen = Event(), list[list[str]]()

    def look() -> None:
        entered.set()
        with database.snapshot():
            seen.append(notes(database))

    reader = Thread(target=look)
    with database.transaction():
        database.driver.execute("INSERT INTO notes VALUES ('one')")
        reader.start()
        entered.wait()
        database.driver.execute("INSERT INTO notes VALUES ('two')")
    reader.join()

    assert seen == [["one", "two"]]


def test_a_transaction_that_sqlite_ended_by_itself_says_why(database: Database) -> None:
    database.driver.execute("CREATE TABLE notes (note TEXT UNIQUE ON CONFLICT ROLLBACK)")

    def repeat() -> None:
        with database.transaction():
            database.driver.execute("INSERT INTO notes VALUES ('one')")
            database.driver.execute("INSERT INTO notes VALUES ('one')")

    with pytest.raises(StorageUnavailable, match="UNIQUE"):
        repeat()
    assert notes(database) == []


class TooLong(BaseException):
    """What a host raises out of a signal, such as at the end of its patience."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such signals")
def test_an_exception_while_it_waits_for_another_writer_keeps_no_lock(path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise TooLong

    def write(database: Database) -> None:
        with database.transaction():
            database.driver.execute("CREATE TABLE IF NOT EXISTS notes (note TEXT)")

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        url = f"sqlite:///{path}"
        with closing(Database(url, busy_seconds=0.2)) as other, closing(Database(url)) as mine:
            other.driver.execute("BEGIN IMMEDIATE")
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            ending = Timer(0.3, lambda: other.driver.execute("COMMIT"))
            ending.start()
            # The lock comes first, and only then the exception.
            with pytest.raises(TooLong):
                write(mine)
            ending.join()
            write(other)
            write(mine)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_sqlite_is_new_enough_for_what_is_asked_of_it() -> None:
    assert sqlite3.sqlite_version_info >= (3, 37), "strict tables came with 3.37"


def test_closing_waits_for_the_thread_that_is_at_work(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/shop.db")
    reading, done = Event(), Event()

    def read() -> None:
        with database.snapshot():
            reading.set()
            done.wait()

    reader, closer = Thread(target=read), Thread(target=database.close)
    reader.start()
    reading.wait()
    closer.start()
    closer.join(timeout=0.1)
    closed_early = not closer.is_alive()
    done.set()
    closer.join()
    reader.join()

    assert not closed_early


def test_a_closed_database_is_not_followed(database: Database) -> None:
    database.close()

    with pytest.raises(StorageUnavailable, match="was closed"):
        database.wakeup(poll_seconds=1)
