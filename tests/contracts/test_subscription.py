import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.storage import SqlStorage
from regulars.application.errors import StorageUnavailable, UndecodableEvent
from regulars.application.subscription import subscribe
from regulars.domain.order import OrderReady
from tests.contracts.broken_subscriptions import BROKEN, HoldsASnapshot
from tests.contracts.event_logs import append, pending, places, run
from tests.contracts.subscriptions import (
    CONTRACT,
    Followed,
    Subscribe,
    check_that_others_write_while_a_follower_works,
)
from tests.postgres_server import new_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}", synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture(params=["memory", "file", "sqlite in memory", "postgresql"])
def shop(request: pytest.FixtureRequest) -> Iterator[Followed]:
    if request.param == "memory":
        yield Followed(MemoryStorage())
        return
    if request.param == "file":
        yield Followed(SqlStorage(request.getfixturevalue("database"), ()))
        return
    other = Database("sqlite://" if request.param == "sqlite in memory" else new_database())
    yield Followed(SqlStorage(other, ()))
    other.close()


@pytest.mark.parametrize("check", CONTRACT)
def test_a_subscription_keeps_its_promise(
    check: Callable[[Followed], None], shop: Followed
) -> None:
    check(shop)


def found_by(
    check: Callable[[Followed], None], broken: Subscribe, *, patience: float = 0.3
) -> bool:
    try:
        check(Followed(MemoryStorage(), broken, patience))
    except (AssertionError, StopIteration, StorageUnavailable, pytest.fail.Exception):
        return True
    return False


@pytest.mark.parametrize("broken", BROKEN)
def test_the_contract_finds_broken_subscriptions(broken: Subscribe) -> None:
    assert any(found_by(check, broken) for check in CONTRACT)


def test_a_subscription_that_holds_the_store_while_its_follower_works_is_found() -> None:
    # Only this check: the others would wait for that store for ever.
    assert found_by(check_that_others_write_while_a_follower_works, HoldsASnapshot)


def test_a_sound_subscription_is_not_called_broken() -> None:
    assert not [check for check in CONTRACT if found_by(check, subscribe, patience=10)]


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
