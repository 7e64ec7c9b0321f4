"""What every `Storage` promises to those who follow its log."""

from abc import ABC, abstractmethod
from contextlib import suppress
from itertools import islice
from threading import Event as Signal
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest

from regulars.application.errors import StorageUnavailable
from regulars.application.events import Event, Recorded
from regulars.application.ports import Storage
from regulars.application.subscription import Subscription, subscribe
from regulars.domain.order import OrderAccepted, OrderCompleted, OrderReady
from regulars.testing.followers import Closing, Followed, TakenBack, Unsteady, orders
from regulars.testing.pending_events import append, pending, places, positions, run


class SubscriptionContract(ABC):
    """
    What comes of subscribing to a store, a test each, for a subclass that pytest collects.

    Every test has an instance of its own and begins with a store that has nothing in it.
    """

    patience: float = 10
    """The seconds after which a follower is given up."""

    @abstractmethod
    def open(self) -> Storage:
        """Opens the store, once a test; threads share it."""

    def subscribe(self, storage: Storage, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `subscribe` takes
        """Subscribes to a store; for who has a way of their own."""
        return subscribe(storage, **of)

    def followed(self) -> Followed:
        """The store with the way it is subscribed to."""
        return Followed(self.open(), self.subscribe, self.patience)

    def test_what_is_there_comes_and_then_what_is_recorded_later(self) -> None:
        shop = self.followed()
        append(shop.log, *run("a", 1, 2), *run("b", 1))
        with shop.subscription() as following:
            assert places(shop.take(following, 3)) == [("a", 1), ("a", 2), ("b", 1)]
            append(shop.log, *run("b", 2))
            assert places(shop.take(following, 1)) == [("b", 2)]
            append(shop.log, *run("a", 3), *run("b", 3))
            assert places(shop.take(following, 2)) == [("a", 3), ("b", 3)]

    def test_who_waits_is_woken(self) -> None:
        shop = self.followed()
        with shop.subscription() as following:
            for version in (1, 2):
                waiting = shop.follower(following, 1)
                sleep(0.05)
                assert waiting.taken == []
                append(shop.log, *run("a", version))
                waiting.end()
                assert places(waiting.taken) == [("a", version)]

    def test_any_number_of_pages_comes_whole(self) -> None:
        shop = self.followed()
        append(shop.log, *(pending(f"{n % 3}", n // 3 + 1) for n in range(6_300)))
        with shop.subscription() as following:
            assert shop.take(following, 6_300) == list(shop.log.read())
            assert following.position == shop.log.head()

    def test_it_begins_past_its_position(self) -> None:
        shop = self.followed()
        append(shop.log, *run("a", 1, 2, 3))
        second = list(shop.log.read())[1].position
        with shop.subscription(after=second) as following:
            assert following.position == second
            assert places(shop.take(following, 1)) == [("a", 3)]
        with shop.subscription(after=shop.log.head()) as following:
            append(shop.log, *run("a", 4))
            assert places(shop.take(following, 1)) == [("a", 4)]

    def test_who_begins_again_at_any_position_misses_nothing(self) -> None:
        shop = self.followed()
        append(shop.log, *orders(OrderAccepted, OrderReady, OrderReady, OrderAccepted))
        append(shop.log, *orders(OrderCompleted, OrderReady, start=5))
        wanted: list[set[type[Event]] | None] = [
            None,
            {OrderReady},
            {OrderAccepted, OrderCompleted},
        ]
        for types in wanted:
            whole = list(shop.log.read(types=types))
            for count in range(len(whole)):
                with shop.subscription(types=types) as following:
                    taken = shop.take(following, count)
                    reached = following.position
                with shop.subscription(types=types, after=reached) as again:
                    assert taken + shop.take(again, len(whole) - count) == whole

    def test_other_types_are_left_out(self) -> None:
        shop = self.followed()
        append(shop.log, *orders(OrderAccepted, OrderReady, OrderAccepted, OrderCompleted))
        with shop.subscription(types=[OrderReady, OrderCompleted]) as following:
            assert [one.version for one in shop.take(following, 2)] == [2, 4]
            append(shop.log, *orders(OrderAccepted, OrderReady, start=5))
            assert [one.version for one in shop.take(following, 1)] == [6]

    def test_other_streams_are_left_out(self) -> None:
        shop = self.followed()
        append(shop.log, *run("order-1", 1), *run("account-1", 1), *run("order-2", 1))
        with shop.subscription(prefix="order-") as following:
            assert places(shop.take(following, 2)) == [("order-1", 1), ("order-2", 1)]
            append(shop.log, *run("account-1", 2))
            assert following.page(0.01) == []
            assert following.position == shop.log.head()

    def test_the_position_passes_what_is_left_out(self) -> None:
        shop = self.followed()
        append(shop.log, *(pending("a", version) for version in range(1, 12_001)))
        with shop.subscription(types=[OrderReady]) as following:
            begun = monotonic()
            while following.position < shop.log.head() and monotonic() < begun + shop.patience:
                assert following.page(0.01) == []
            assert following.position == shop.log.head()
        with shop.subscription(types=()) as nothing:
            assert nothing.page(0.01) == []
            assert nothing.position > 0

    def test_the_position_passes_what_is_left_out_while_one_waits(self) -> None:
        shop = self.followed()
        with shop.subscription(types=[OrderReady]) as following:
            waiting = shop.follower(following, 1)
            for version in (1, 2):
                append(shop.log, *run("a", version))
                assert shop.becomes(lambda: following.position == shop.log.head())
            append(shop.log, *orders(OrderReady, start=3))
            waiting.end()
            assert places(waiting.taken) == [("a", 3)]

    def test_the_position_is_not_past_what_was_not_given_out(self) -> None:
        shop = self.followed()
        append(shop.log, *run("a", 1, 2, 3))
        with shop.subscription() as following:
            reached: list[int] = []
            for recorded in islice(following, 3):
                assert following.position >= recorded.position
                reached.append(following.position)
            assert reached == positions(shop.log.read())

    def test_a_page_is_all_that_is_there_or_empty_in_time(self) -> None:
        shop = self.followed()
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

    def test_what_was_recorded_before_is_in_a_page_that_waits_for_nothing(self) -> None:
        shop = self.followed()
        with shop.subscription() as following:
            for version in range(1, 21):
                assert following.page(0) == []
                append(shop.log, *run("a", version))
                assert places(following.page(0)) == [("a", version)]

    def test_each_of_several_followers_gets_everything(self) -> None:
        shop = self.followed()
        with shop.subscription() as one, shop.subscription() as other:
            both = [shop.follower(one, 4), shop.follower(other, 4)]
            append(shop.log, *run("a", 1, 2, 3))
            append(shop.log, *run("a", 4))
            for follower in both:
                follower.end()
                assert places(follower.taken) == [("a", version) for version in (1, 2, 3, 4)]

    def test_what_is_not_committed_does_not_come(self) -> None:
        shop = self.followed()
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

    def test_others_write_while_a_follower_works(self) -> None:
        shop = self.followed()
        append(shop.log, *run("a", 1, 2))
        with shop.subscription() as following:
            next(following)
            assert shop.ends(lambda: append(shop.log, *run("b", 1)))
            with shop.storage.transaction():
                append(shop.log, *run("b", 2))
            assert places(shop.take(following, 3)) == [("a", 2), ("b", 1), ("b", 2)]

    def test_nothing_is_missed_or_repeated_while_others_write(self) -> None:
        shop = self.followed()

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

    def test_it_is_stopped_while_it_waits(self) -> None:
        shop = self.followed()
        with shop.subscription() as following:
            waiting = shop.follower(following)
            sleep(0.05)
            assert shop.ends(following.stop)
            waiting.end()
            following.stop()
            append(shop.log, *run("a", 1))
            assert list(islice(following, 1)) == []

    def test_nothing_comes_once_it_is_stopped(self) -> None:
        shop = self.followed()
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

    def test_an_error_comes_out_once_and_nothing_is_missed(self) -> None:
        shop = self.followed()
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

    def test_what_a_crash_could_take_back_is_not_given_and_not_passed(self) -> None:
        shop = self.followed()
        store = Unsteady(shop.storage, diskless=True)
        last = append(shop.log, *run("a", 1), *run("b", 1))
        with shop.subscribe(store, prefix="b") as following:
            with pytest.raises(StorageUnavailable):
                shop.take(following, 1)
            assert following.position == 0
            store.diskless = False
            assert places(shop.take(following, 1)) == [("b", 1)]
            assert following.position == last
            store.diskless = True
            append(shop.log, *run("a", 2))
            with pytest.raises(StorageUnavailable):
                following.page(shop.patience)
            assert following.position == last

    def test_a_store_that_is_closed_while_it_reads_ends_it(self) -> None:
        shop = self.followed()
        for by_page in (False, True):
            store = Closing(shop.storage)
            with shop.subscribe(store) as following:
                store.stop = following.stop
                taken = following.page(shop.patience) if by_page else list(islice(following, 1))
                assert taken == []
