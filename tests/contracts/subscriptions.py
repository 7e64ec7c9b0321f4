"""What every subscription promises, as checks that take a store and how it is subscribed to."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import islice
from threading import Event as Signal
from threading import Thread
from time import monotonic, sleep
from typing import Any, Final, TypeAlias

import pytest
from attrs import define, field, frozen

from regulars.application.errors import StorageUnavailable
from regulars.application.events import Event, Recorded
from regulars.application.ports import EventLog, Findings, Storage, ViewStore, Wakeup
from regulars.application.subscription import Subscription, subscribe
from regulars.domain.order import OrderAccepted, OrderCompleted, OrderReady
from regulars.domain.values import OrderId
from tests.contracts.event_logs import append, pending, places, positions, run

Subscribe: TypeAlias = Callable[..., Subscription[Recorded]]


@frozen
class Followed:
    """A store, how it is subscribed to, and the seconds after which a follower is given up."""

    storage: Storage
    subscribe: Subscribe = subscribe
    patience: float = 10

    @property
    def log(self) -> EventLog:
        return self.storage.log

    def subscription(self, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `subscribe` takes
        return self.subscribe(self.storage, **of)

    def follower(self, subscription: Subscription[Recorded], most: int | None = None) -> "Follower":
        return Follower(subscription, most, self.patience)

    def take(self, subscription: Subscription[Recorded], count: int) -> list[Recorded]:
        """The next so many; fails if they do not come."""
        follower = self.follower(subscription, count)
        follower.end()
        return follower.taken

    def becomes(self, true: Callable[[], bool]) -> bool:
        """Whether it is true before patience ends."""
        end = monotonic() + self.patience
        while not true():
            if monotonic() > end:
                return False
            sleep(0.002)
        return True

    def ends(self, work: Callable[[], object]) -> bool:
        """Whether another thread gets to the end of it."""
        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(self.patience)
        return not thread.is_alive()


class Follower:
    """Takes what a subscription gives, at most so much, in a thread of its own."""

    def __init__(
        self, subscription: Subscription[Recorded], most: int | None, patience: float
    ) -> None:
        self.taken: list[Recorded] = []
        self._subscription = subscription
        self._most = most
        self._patience = patience
        self._error: Exception | None = None
        self._thread = Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        try:
            for recorded in islice(self._subscription, self._most):
                self.taken.append(recorded)
        except Exception as error:  # noqa: BLE001 - raised by `end`
            self._error = error

    def end(self) -> None:
        self._thread.join(self._patience)
        if self._thread.is_alive():
            self._subscription.stop()
            pytest.fail(f"{len(self.taken)} came, of {self._most}")
        if self._error is not None:
            raise self._error


@define
class Unsteady:
    """A store that can be away for a while."""

    storage: Storage
    away: bool = False
    log: EventLog = field(init=False)
    views: ViewStore = field(init=False)
    findings: Findings = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.log, self.views = self.storage.log, self.storage.views
        self.findings = self.storage.findings

    def transaction(self) -> AbstractContextManager[None]:
        return self.storage.transaction()

    def snapshot(self) -> AbstractContextManager[None]:
        if self.away:
            raise StorageUnavailable(store="shop", why="is away")
        return self.storage.snapshot()

    def wakeup(self, *, poll_seconds: float) -> Wakeup:
        return self.storage.wakeup(poll_seconds=poll_seconds)


@define
class Closing(Unsteady):
    """A store that is closed, and what is subscribed stopped, while somebody begins to read."""

    stop: Callable[[], None] = field(init=False)

    def snapshot(self) -> AbstractContextManager[None]:
        self.stop()
        raise StorageUnavailable(store="shop", why="is closed")


class TakenBack(Exception):
    """Ends a transaction before it is kept."""


def orders(*kinds: Callable[..., Event], stream: str = "a", start: int = 1) -> list[Any]:
    """Events of those kinds, one after the other in one stream."""
    return [
        pending(stream, version, kind(order=OrderId(stream)))
        for version, kind in enumerate(kinds, start)
    ]


def check_that_what_is_there_comes_and_then_what_is_recorded_later(shop: Followed) -> None:
    append(shop.log, *run("a", 1, 2), *run("b", 1))
    with shop.subscription() as following:
        assert places(shop.take(following, 3)) == [("a", 1), ("a", 2), ("b", 1)]
        append(shop.log, *run("b", 2))
        assert places(shop.take(following, 1)) == [("b", 2)]
        append(shop.log, *run("a", 3), *run("b", 3))
        assert places(shop.take(following, 2)) == [("a", 3), ("b", 3)]


def check_that_who_waits_is_woken(shop: Followed) -> None:
    with shop.subscription() as following:
        for version in (1, 2):
            waiting = shop.follower(following, 1)
            sleep(0.05)
            assert waiting.taken == []
            append(shop.log, *run("a", version))
            waiting.end()
            assert places(waiting.taken) == [("a", version)]


def check_that_any_number_of_pages_comes_whole(shop: Followed) -> None:
    append(shop.log, *(pending(f"{n % 3}", n // 3 + 1) for n in range(6_300)))
    with shop.subscription() as following:
        assert shop.take(following, 6_300) == list(shop.log.read())
        assert following.position == shop.log.head()


def check_that_it_begins_past_its_position(shop: Followed) -> None:
    append(shop.log, *run("a", 1, 2, 3))
    second = list(shop.log.read())[1].position
    with shop.subscription(after=second) as following:
        assert following.position == second
        assert places(shop.take(following, 1)) == [("a", 3)]
    with shop.subscription(after=shop.log.head()) as following:
        append(shop.log, *run("a", 4))
        assert places(shop.take(following, 1)) == [("a", 4)]


def check_that_who_begins_again_at_any_position_misses_nothing(shop: Followed) -> None:
    append(shop.log, *orders(OrderAccepted, OrderReady, OrderReady, OrderAccepted))
    append(shop.log, *orders(OrderCompleted, OrderReady, start=5))
    wanted: list[set[type[Event]] | None] = [None, {OrderReady}, {OrderAccepted, OrderCompleted}]
    for types in wanted:
        whole = list(shop.log.read(types=types))
        for count in range(len(whole)):
            with shop.subscription(types=types) as following:
                taken = shop.take(following, count)
                reached = following.position
            with shop.subscription(types=types, after=reached) as again:
                assert taken + shop.take(again, len(whole) - count) == whole


def check_that_other_types_are_left_out(shop: Followed) -> None:
    append(shop.log, *orders(OrderAccepted, OrderReady, OrderAccepted, OrderCompleted))
    with shop.subscription(types=[OrderReady, OrderCompleted]) as following:
        assert [one.version for one in shop.take(following, 2)] == [2, 4]
        append(shop.log, *orders(OrderAccepted, OrderReady, start=5))
        assert [one.version for one in shop.take(following, 1)] == [6]


def check_that_other_streams_are_left_out(shop: Followed) -> None:
    append(shop.log, *run("order-1", 1), *run("account-1", 1), *run("order-2", 1))
    with shop.subscription(prefix="order-") as following:
        assert places(shop.take(following, 2)) == [("order-1", 1), ("order-2", 1)]
        append(shop.log, *run("account-1", 2))
        assert following.page(0.01) == []
        assert following.position == shop.log.head()


def check_that_the_position_passes_what_is_left_out(shop: Followed) -> None:
    append(shop.log, *(pending("a", version) for version in range(1, 12_001)))
    with shop.subscription(types=[OrderReady]) as following:
        begun = monotonic()
        while following.position < shop.log.head() and monotonic() < begun + shop.patience:
            assert following.page(0.01) == []
        assert following.position == shop.log.head()
    with shop.subscription(types=()) as nothing:
        assert nothing.page(0.01) == []
        assert nothing.position > 0


def check_that_the_position_passes_what_is_left_out_while_one_waits(shop: Followed) -> None:
    with shop.subscription(types=[OrderReady]) as following:
        waiting = shop.follower(following, 1)
        for version in (1, 2):
            append(shop.log, *run("a", version))
            assert shop.becomes(lambda: following.position == shop.log.head())
        append(shop.log, *orders(OrderReady, start=3))
        waiting.end()
        assert places(waiting.taken) == [("a", 3)]


def check_that_the_position_is_not_past_what_was_not_given_out(shop: Followed) -> None:
    append(shop.log, *run("a", 1, 2, 3))
    with shop.subscription() as following:
        reached: list[int] = []
        for recorded in islice(following, 3):
            assert following.position >= recorded.position
            reached.append(following.position)
        assert reached == positions(shop.log.read())


def check_that_a_page_is_all_that_is_there_or_empty_in_time(shop: Followed) -> None:
    append(shop.log, *(pending("a", version) for version in range(1, 1_502)))
    with shop.subscription() as following:
        assert len(following.page(0)) == 1_000
        next(following)
        assert following.position == list(shop.log.read())[1_000].position
        assert [one.version for one in following.page(0)] == list(range(1_002, 1_502))
        assert following.page(0.01) == []
        append(shop.log, *run("a", 1_502))
        assert places(following.page(shop.patience)) == [("a", 1_502)]
    assert following.page(shop.patience) == []


def check_that_each_of_several_followers_gets_everything(shop: Followed) -> None:
    with shop.subscription() as one, shop.subscription() as other:
        both = [shop.follower(one, 4), shop.follower(other, 4)]
        append(shop.log, *run("a", 1, 2, 3))
        append(shop.log, *run("a", 4))
        for follower in both:
            follower.end()
            assert places(follower.taken) == [("a", version) for version in (1, 2, 3, 4)]


def check_that_what_is_not_committed_does_not_come(shop: Followed) -> None:
    written, looked = Signal(), Signal()

    def write_and_take_back() -> None:
        with suppress(TakenBack), shop.storage.transaction():
            append(shop.log, *run("a", 1, 2))
            written.set()
            looked.wait(shop.patience)
            raise TakenBack

    with shop.subscription() as following:
        waiting = shop.follower(following, 1)
        writing = Thread(target=write_and_take_back, daemon=True)
        writing.start()
        written.wait(shop.patience)
        sleep(0.05)
        assert waiting.taken == []
        looked.set()
        writing.join()
        append(shop.log, *run("b", 1))
        waiting.end()
        assert places(waiting.taken) == [("b", 1)]


def check_that_others_write_while_a_follower_works(shop: Followed) -> None:
    append(shop.log, *run("a", 1, 2))
    with shop.subscription() as following:
        next(following)
        assert shop.ends(lambda: append(shop.log, *run("b", 1)))
        with shop.storage.transaction():
            append(shop.log, *run("b", 2))
        assert places(shop.take(following, 3)) == [("a", 2), ("b", 1), ("b", 2)]


def check_that_nothing_is_missed_or_repeated_while_others_write(shop: Followed) -> None:
    def write(stream: str) -> None:
        for version in range(1, 101):
            with shop.storage.transaction():
                append(shop.log, *run(stream, 2 * version - 1))
                append(shop.log, *run(stream, 2 * version))

    writers = [Thread(target=write, args=(stream,), daemon=True) for stream in "abc"]
    with shop.subscription() as following:
        follower = shop.follower(following, 600)
        for writer in writers:
            writer.start()
        follower.end()
        for writer in writers:
            writer.join()
        assert follower.taken == list(shop.log.read())


def check_that_it_is_stopped_while_it_waits(shop: Followed) -> None:
    with shop.subscription() as following:
        waiting = shop.follower(following)
        sleep(0.05)
        assert shop.ends(following.stop)
        waiting.end()
        following.stop()
        append(shop.log, *run("a", 1))
        assert list(islice(following, 1)) == []


def check_that_nothing_comes_once_it_is_stopped(shop: Followed) -> None:
    append(shop.log, *run("a", 1, 2, 3))
    with shop.subscription() as following:
        next(following)
        following.stop()
        assert list(islice(following, 1)) == []
        assert following.page(0) == []
    before = shop.subscription()
    before.stop()
    assert list(islice(before, 1)) == []
    with shop.subscription() as left:
        pass
    assert list(islice(left, 1)) == []
    assert left.position == 0


def check_that_an_error_comes_out_once_and_nothing_is_missed(shop: Followed) -> None:
    store = Unsteady(shop.storage)
    append(shop.log, *run("a", 1))
    with shop.subscribe(store) as following:
        shop.take(following, 1)
        append(shop.log, *run("a", 2))
        store.away = True
        with pytest.raises(StorageUnavailable):
            shop.take(following, 1)
        append(shop.log, *run("a", 3))
        store.away = False
        assert places(shop.take(following, 2)) == [("a", 2), ("a", 3)]


def check_that_a_store_that_is_closed_while_it_reads_ends_it(shop: Followed) -> None:
    for by_page in (False, True):
        store = Closing(shop.storage)
        with shop.subscribe(store) as following:
            store.stop = following.stop
            taken = following.page(shop.patience) if by_page else list(islice(following, 1))
            assert taken == []


CONTRACT: Final[Sequence[Callable[[Followed], None]]] = [
    check for name, check in list(globals().items()) if name.startswith("check_that")
]
