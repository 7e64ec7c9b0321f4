import tracemalloc
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.storage import SqlStorage
from regulars.application.errors import StorageUnavailable, UndecodableEvent
from regulars.application.events import Recorded
from regulars.application.ports import Storage
from regulars.application.subscription import Subscription, reading, subscribe
from regulars.application.tail import SharedReading, Tail
from regulars.domain.order import OrderReady
from regulars.testing import SubscriptionContract
from regulars.testing.followers import Subscribe
from regulars.testing.pending_events import append, pending, places, run
from tests.contracts.broken_promises import failed_by, fails
from tests.contracts.broken_subscriptions import BROKEN
from tests.postgres_server import new_database

PATIENCE: Final[float] = 60
"""Seconds that a busy machine is waited for."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}", synchronous="NORMAL")
    yield database
    database.close()


class TestMemorySubscription(SubscriptionContract):
    patience = PATIENCE

    def open(self) -> MemoryStorage:
        return MemoryStorage()


class TestSqlSubscription(SubscriptionContract):
    patience = PATIENCE
    opened: Database

    @pytest.fixture(autouse=True, params=["file", "sqlite in memory", "postgresql"])
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        urls = {"file": f"sqlite:///{tmp_path / 'shop.db'}", "sqlite in memory": "sqlite://"}
        url = urls.get(request.param) or new_database()
        with closing(Database(url, synchronous="NORMAL")) as self.opened:
            yield

    def open(self) -> SqlStorage:
        return SqlStorage(self.opened, ())


class TestSharedSubscription(TestSqlSubscription):
    """As followers of one `Crm` read: those who leave out the same share a tail."""

    tails: dict[object, Tail[Recorded]]

    def open(self) -> SqlStorage:
        self.tails = {}
        return super().open()

    def subscribe(self, storage: Storage, *, after: int = 0, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `reading` takes
        kind = (id(storage), *((name, frozenset(of[name] or ())) for name in of))
        tail = self.tails.setdefault(kind, Tail(reading(storage, **of, endless=True)))
        shared = SharedReading(tail, storage.wakeup(poll_seconds=0.05))
        return Subscription(shared.read, shared, after=after)


def case(way: Subscribe, seconds: float) -> type[SubscriptionContract]:
    """The contract for one way to subscribe."""

    class Case(SubscriptionContract):
        patience = seconds

        def open(self) -> MemoryStorage:
            return MemoryStorage()

        def subscribe(self, storage: Storage, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `subscribe` takes
            return way(storage, **of)

    return Case


@pytest.mark.parametrize(
    ("promise", "broken"), [(promise, one) for promise, ways in BROKEN.items() for one in ways]
)
def test_the_contract_finds_broken_subscriptions(promise: str, broken: Subscribe) -> None:
    assert fails(case(broken, 0.3)(), promise)


def test_a_sound_subscription_is_not_called_broken() -> None:
    assert list(failed_by(case(subscribe, PATIENCE))) == []


def test_events_of_other_tenants_are_passed_over(database: Database) -> None:
    mine, theirs = SqlStorage(database, ()), SqlStorage(database, (), tenant="other")
    append(mine.log, *run("a", 1))
    append(theirs.log, *run("a", 1, 2))

    with subscribe(mine) as following:
        assert places(following.page(0)) == [("a", 1)]
        append(theirs.log, *run("a", 3))
        assert following.page(0) == []
        assert following.position == theirs.log.head()


def test_what_stands_before_an_event_that_cannot_be_read_is_given_out_first(
    database: Database,
) -> None:
    storage = SqlStorage(database, ())
    last = append(storage.log, *run("a", 1, 2, 3, 4))
    unreadable = last - 1
    database.driver.execute("UPDATE events SET body = x'7B' WHERE position = ?", (unreadable,))

    with subscribe(storage) as following:
        assert places(islice(following, 2)) == [("a", 1), ("a", 2)]
        for _ in range(2):
            with pytest.raises(UndecodableEvent) as told:
                next(following)
            assert told.value.position == unreadable
        assert following.position == unreadable - 1
    with subscribe(storage, after=unreadable) as following:
        assert places(islice(following, 1)) == [("a", 4)]
    with subscribe(storage, types=[OrderReady]) as following:
        assert following.page(0) == []
        assert following.position == last


def test_the_log_is_followed_in_bounded_memory(database: Database) -> None:
    storage = SqlStorage(database, ())
    append(storage.log, *(pending("a", version) for version in range(1, 12_001)))

    with subscribe(storage) as following:
        tracemalloc.start()
        newest = deque(islice(following, 12_000), maxlen=1)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert newest[0].version == 12_000
    assert peak < 4_000_000


def test_an_error_of_the_database_is_told_in_our_words(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    with closing(database), subscribe(SqlStorage(database, ())) as following:
        database.driver.execute("ALTER TABLE events RENAME TO away")
        database.driver.execute("DELETE FROM sqlite_sequence")
        database.driver.execute("INSERT INTO sqlite_sequence VALUES ('events', 3)")
        with pytest.raises(StorageUnavailable, match="no such table"):
            next(following)
        assert following.position == 0
        database.close()
        with pytest.raises(StorageUnavailable, match="closed"):
            next(following)
