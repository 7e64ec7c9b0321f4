import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from regulars.adapters.database import Database
from regulars.adapters.wakeup import Commits, CommitWakeup, commits_of
from regulars.application.errors import StorageUnavailable

FOREVER = 10.0
NEVER = 60.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    yield database
    database.close()


def waited(wakeup: CommitWakeup, seconds: float) -> float:
    begun = monotonic()
    wakeup.wait(seconds)
    return monotonic() - begun


def commit(database: Database) -> None:
    with database.transaction():
        database.driver.execute("DELETE FROM import_findings")
        database.driver.execute("INSERT INTO import_findings VALUES ('shop', 'a', 1, 'b', 'c')")


def commit_elsewhere(path: Path) -> None:
    # A connection of no Database stands for another process: nothing of this one hears of it.
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("INSERT INTO import_findings VALUES ('shop', 'other', 1, 'b', 'c')")


def test_a_commit_before_the_wait_is_not_forgotten(database: Database) -> None:
    with closing(CommitWakeup(database.commits, poll_seconds=NEVER)) as wakeup:
        commit(database)
        assert waited(wakeup, FOREVER) < FOREVER
        assert waited(wakeup, 0.05) >= 0.05


def test_a_commit_wakes_who_waits_at_once(database: Database) -> None:
    with closing(CommitWakeup(database.commits, poll_seconds=NEVER)) as wakeup:
        waiting = Thread(target=wakeup.wait)
        waiting.start()
        commit(database)
        waiting.join(FOREVER)
        assert not waiting.is_alive()


def test_a_commit_through_another_database_of_the_process_wakes_too(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    other = Database("sqlite:///./shop.db")
    with closing(other), closing(CommitWakeup(database.commits, poll_seconds=NEVER)) as wakeup:
        commit(other)
        assert waited(wakeup, FOREVER) < FOREVER


def test_what_is_taken_back_wakes_nobody(database: Database) -> None:
    def take_back() -> None:
        with database.transaction():
            database.driver.execute("DELETE FROM import_findings")
            raise KeyboardInterrupt

    with closing(CommitWakeup(database.commits, poll_seconds=NEVER)) as wakeup:
        with pytest.raises(KeyboardInterrupt):
            take_back()
        assert waited(wakeup, 0.05) >= 0.05


def test_a_commit_of_another_process_is_noticed(database: Database, path: Path) -> None:
    with closing(CommitWakeup(database.commits, poll_seconds=0.01)) as wakeup:
        assert waited(wakeup, 0.05) >= 0.05
        commit_elsewhere(path)
        assert waited(wakeup, FOREVER) < FOREVER
        assert waited(wakeup, 0.05) >= 0.05


def test_others_are_looked_for_no_more_often_than_told(database: Database, path: Path) -> None:
    with closing(CommitWakeup(database.commits, poll_seconds=0.2)) as wakeup:
        commit_elsewhere(path)
        assert waited(wakeup, FOREVER) >= 0.2


def test_looking_for_others_neither_waits_for_a_writer_nor_holds_one_up(
    database: Database,
) -> None:
    with closing(CommitWakeup(database.commits, poll_seconds=0.005)) as wakeup:
        with database.transaction():
            assert waited(wakeup, 0.05) < FOREVER
        waiting = Thread(target=wakeup.wait, args=(0.1,))
        waiting.start()
        for _ in range(20):
            commit(database)
        waiting.join()


def test_closing_ends_the_wait_of_another_thread_and_every_later_one(
    database: Database,
) -> None:
    wakeup = CommitWakeup(database.commits, poll_seconds=0.01)
    waiting = Thread(target=wakeup.wait)
    waiting.start()
    sleep(0.03)
    wakeup.close()
    waiting.join(FOREVER)
    wakeup.close()

    assert not waiting.is_alive()
    assert waited(wakeup, FOREVER) < FOREVER
    assert waited(wakeup, FOREVER) < FOREVER


def test_databases_in_memory_do_not_wake_each_other() -> None:
    one, other = Database("sqlite://"), Database("sqlite://")
    with closing(one), closing(other), closing(CommitWakeup(one.commits, poll_seconds=0)) as wakeup:
        commit(other)
        assert waited(wakeup, 0.02) >= 0.02
        commit(one)
        assert waited(wakeup, FOREVER) < FOREVER


def test_who_has_gone_is_not_told() -> None:
    commits = Commits()
    gone, stays = commits.listen(), commits.listen()
    del gone
    gc.collect()

    commits.tell()

    assert stays.is_set()


def test_the_teller_of_a_file_goes_with_the_last_who_holds_it(path: Path) -> None:
    first = commits_of(path)
    assert commits_of(path) is first
    event = first.listen()
    del first
    gc.collect()

    commits_of(path).tell()

    assert not event.is_set()


def test_a_file_that_is_gone_cannot_be_waited_for(path: Path, database: Database) -> None:
    path.unlink()
    with pytest.raises(StorageUnavailable, match="unable to open") as gone:
        CommitWakeup(database.commits, poll_seconds=0.05)
    assert str(path) in str(gone.value)


def test_a_file_that_cannot_be_asked_is_worth_a_look(path: Path) -> None:
    path.write_text("customers and their phone numbers\n" * 100)
    with closing(CommitWakeup(commits_of(path), poll_seconds=0.01)) as wakeup:
        assert waited(wakeup, FOREVER) < FOREVER
