from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread, Timer
from time import monotonic

import pytest

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.storage import SqlStorage
from regulars.application.errors import StorageUnavailable
from regulars.application.subscription import subscribe
from regulars.testing.pending_events import append, places, run
from tests.postgres_server import new_database, start

PATIENCE = 10


def test_who_waits_is_woken_by_another_connection_at_once() -> None:
    url = new_database()
    with closing(Database(url)) as mine, closing(Database(url)) as theirs:
        wakeup = mine.wakeup(poll_seconds=PATIENCE)
        writing = Timer(0.1, append, (SqlLog(theirs), *run("a", 1)))
        writing.start()
        began = monotonic()
        wakeup.wait()
        took = monotonic() - began
        writing.join()
        wakeup.close()

    assert 0.05 < took < 0.9


def test_what_was_committed_before_is_not_waited_for() -> None:
    with closing(Database(new_database())) as database:
        wakeup = database.wakeup(poll_seconds=PATIENCE)
        append(SqlLog(database), *run("a", 1))
        began = monotonic()
        wakeup.wait()
        took = monotonic() - began
        wakeup.close()

    assert took < 0.9


def test_closing_ends_waiting_in_another_thread() -> None:
    with closing(Database(new_database())) as database:
        wakeup = database.wakeup(poll_seconds=PATIENCE)
        waiting = Thread(target=wakeup.wait)
        waiting.start()
        wakeup.close()
        wakeup.close()
        waiting.join(PATIENCE)
        wakeup.wait()

    assert not waiting.is_alive()


def test_nobody_can_listen_to_a_server_that_is_not_there() -> None:
    folder = Path(mkdtemp(prefix="pg-"))
    server = start(folder, then_delete=True)
    with closing(Database(server.url)) as database:
        server.stop()
        with pytest.raises(StorageUnavailable):
            database.wakeup(poll_seconds=PATIENCE)


def test_a_follower_goes_on_after_the_server_went_and_came_back() -> None:
    folder = Path(mkdtemp(prefix="pg-"))
    server = start(folder, then_delete=False)
    with closing(Database(server.url)) as database:
        storage = SqlStorage(database, ())
        following = subscribe(storage)
        append(storage.log, *run("a", 1))
        first = next(following)
        server.stop()
        with pytest.raises(StorageUnavailable):
            following.page(0.1)
        server = start(folder, then_delete=True)
        append(storage.log, *run("a", 2))
        second = next(following)
        following.stop()

    assert places([first, second]) == [("a", 1), ("a", 2)]
    server.stop()
