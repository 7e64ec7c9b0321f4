import gc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread, Timer
from threading import enumerate as threads
from time import monotonic, monotonic_ns, sleep

import psycopg
import pytest

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.lookout import PAUSE, SHARE, Lookout
from regulars.adapters.storage import SqlStorage
from regulars.application.errors import StorageUnavailable
from regulars.application.subscription import subscribe
from regulars.testing.pending_events import append, run
from tests.postgres_server import new_database

PATIENCE = 10
FOLLOWERS = 100


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    file = f"sqlite:///{tmp_path / 'shop.db'}"
    return file if request.param == "sqlite" else new_database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url, synchronous="NORMAL")) as database:
        yield database


def lookouts() -> int:
    return sum(thread.name == "regulars lookout" for thread in threads())


def become(lookouts_left: int) -> bool:
    end = monotonic() + PATIENCE
    while lookouts() != lookouts_left and monotonic() < end:
        sleep(0.01)
    return lookouts() == lookouts_left


def test_one_looks_out_for_any_number_of_followers_until_the_last_has_gone(
    database: Database,
) -> None:
    before = lookouts()
    for _ in range(2):
        wakeups = [database.wakeup(poll_seconds=0.05) for _ in range(FOLLOWERS)]
        waiting = [Thread(target=one.wait) for one in wakeups]
        for one in waiting:
            one.start()
        assert lookouts() == before + 1

        append(SqlLog(database), *run("a", SqlLog(database).head() + 1))
        for one in waiting:
            one.join(PATIENCE)
        assert not any(one.is_alive() for one in waiting)
        for wakeup in wakeups:
            wakeup.close()
            wakeup.wait()
        assert become(before)


def test_followers_who_are_forgotten_keep_no_look_out(database: Database) -> None:
    before = lookouts()
    wakeup = database.wakeup(poll_seconds=0.05)
    assert lookouts() == before + 1
    del wakeup
    gc.collect()

    assert become(before)


def test_a_hundred_followers_take_one_connection_of_the_server() -> None:
    url = new_database()
    with closing(Database(url)) as database, closing(psycopg.connect(url)) as host:
        (before,) = host.execute("SELECT count(*) FROM pg_stat_activity").fetchone() or (0,)
        host.rollback()
        wakeups = [database.wakeup(poll_seconds=1) for _ in range(FOLLOWERS)]
        (more,) = host.execute("SELECT count(*) FROM pg_stat_activity").fetchone() or (0,)
        for one in wakeups:
            one.close()

    assert more <= before + 1


def test_a_follower_hears_of_another_connection_within_a_pause_and_a_poll(
    url: str, database: Database
) -> None:
    storage = SqlStorage(database, ())
    took: list[float] = []
    with closing(Database(url, synchronous="NORMAL")) as other, subscribe(storage) as following:
        for version in range(1, 11):
            came = Thread(target=next, args=(following,))
            came.start()
            began = monotonic()
            append(SqlLog(other), *run("a", version))
            came.join(PATIENCE)
            took.append(monotonic() - began)

    assert sorted(took)[len(took) // 2] < 2 * (PAUSE + 0.05)


class Busy:
    """The commits of a log that is always written to, once it has begun."""

    def __init__(self) -> None:
        self.began = Event()
        self.looks = 0

    def wait(self, seconds: float | None = None) -> int:
        self.began.wait(seconds)
        self.looks += self.began.is_set()
        return monotonic_ns()

    def close(self) -> None:
        pass


def test_the_more_follow_a_busy_log_the_more_they_take_at_a_time() -> None:
    busy = Busy()
    lookout = Lookout(lambda: busy)
    wakeups = [lookout.wakeup() for _ in range(FOLLOWERS)]
    began = monotonic()
    busy.began.set()
    for _ in range(4):
        wakeups[0].wait()
    looks, took = busy.looks, monotonic() - began
    for one in wakeups:
        one.close()

    assert 4 <= looks <= 1 + took / (FOLLOWERS * SHARE)


def test_who_waits_in_vain_is_told_the_moment_at_which_that_was_over() -> None:
    wakeup = Lookout(Busy).wakeup()
    began = monotonic_ns()
    moment = wakeup.wait(0.01)
    wakeup.close()

    assert moment >= began + 10_000_000


def test_a_database_that_is_closed_keeps_no_follower_waiting(database: Database) -> None:
    closing_later = Timer(0.1, database.close)
    with subscribe(SqlStorage(database, ())) as following:
        closing_later.start()
        with pytest.raises(StorageUnavailable, match="was closed"):
            next(following)
    closing_later.join()
