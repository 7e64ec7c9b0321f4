"""Subscriptions that break a promise each, for the contract to find."""

from collections.abc import Callable, Collection, Generator
from contextlib import AbstractContextManager, nullcontext
from threading import Event as Signal
from time import monotonic_ns
from typing import Any, Final

from regulars.application.errors import StorageUnavailable
from regulars.application.events import Event, Recorded
from regulars.application.ports import Storage
from regulars.application.subscription import Page, Read, Subscription, reading, subscribe
from regulars.testing.followers import Subscribe, Unsteady


def reads_badly(spoil: Callable[[Read[Recorded], int], Page[Recorded]]) -> Subscribe:
    """A subscription whose reading is spoiled."""

    def subscribe_badly(storage: Storage, *, after: int = 0, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `reading` takes
        read = reading(storage, **of)
        return Subscription(
            lambda start: spoil(read, start), storage.wakeup(poll_seconds=0.05), after=after
        )

    subscribe_badly.__name__ = spoil.__name__
    return subscribe_badly


@reads_badly
def skips_the_first_of_a_page(read: Read[Recorded], start: int) -> Page[Recorded]:
    page = read(start)
    return Page(page.items[1:], page.upto) if start else page


@reads_badly
def skips_the_last_of_a_page(read: Read[Recorded], start: int) -> Page[Recorded]:
    page = read(start)
    return Page(page.items[:-1], page.upto) if len(page.items) > 1 else page


@reads_badly
def repeats_the_last_of_a_page(read: Read[Recorded], start: int) -> Page[Recorded]:
    return read(max(0, start - 1))


@reads_badly
def stands_still_where_nothing_matches(read: Read[Recorded], start: int) -> Page[Recorded]:
    page = read(start)
    return Page(page.items, page.items[-1][0] if page.items else start)


@reads_badly
def passes_what_it_could_not_read(read: Read[Recorded], start: int) -> Page[Recorded]:
    try:
        return read(start)
    except StorageUnavailable:
        return Page((), start + 1)


@reads_badly
def gives_streams_out_of_order(read: Read[Recorded], start: int) -> Page[Recorded]:
    page = read(start)
    return Page(sorted(page.items, key=lambda item: item[1].stream), page.upto)


def reads_every_type(
    storage: Storage,
    *,
    types: Collection[type[Event]] | None = None,  # noqa: ARG001 - that is what is broken
    **of: Any,  # noqa: ANN401 - what `subscribe` takes
) -> Subscription[Recorded]:
    return subscribe(storage, **of)


def reads_every_stream(
    storage: Storage,
    *,
    prefix: str = "",  # noqa: ARG001 - that is what is broken
    **of: Any,  # noqa: ANN401 - what `subscribe` takes
) -> Subscription[Recorded]:
    return subscribe(storage, **of)


class Unguarded(Unsteady):
    def snapshot(self) -> AbstractContextManager[None]:
        return nullcontext()


def reads_what_is_not_committed(storage: Storage, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `subscribe` takes
    return subscribe(Unguarded(storage), **of)


class Unsettled(Unsteady):
    def settle(self) -> None:
        pass


def gives_what_may_be_taken_back(storage: Storage, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `subscribe` takes
    return subscribe(Unsettled(storage), **of)


class NeverWakes:
    def __init__(self) -> None:
        self._closed = Signal()

    def wait(self, seconds: float | None = None) -> int:
        self._closed.wait(seconds)
        return monotonic_ns()

    def close(self) -> None:
        self._closed.set()


class WakesOnce(NeverWakes):
    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self._first = storage.wakeup(poll_seconds=0.05)
        self._woken = False

    def wait(self, seconds: float | None = None) -> int:
        if self._woken:
            return super().wait(seconds)
        self._woken = True
        return self._first.wait(seconds)

    def close(self) -> None:
        super().close()
        self._first.close()


def never_wakes(storage: Storage, *, after: int = 0, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `reading` takes
    return Subscription(reading(storage, **of), NeverWakes(), after=after)


def wakes_once(storage: Storage, *, after: int = 0, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `reading` takes
    return Subscription(reading(storage, **of), WakesOnce(storage), after=after)


def is_a(kind: type[Subscription[Recorded]]) -> Subscribe:
    """A subscription of a broken class."""

    def subscribe_badly(storage: Storage, *, after: int = 0, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `reading` takes
        return kind(reading(storage, **of), storage.wakeup(poll_seconds=0.05), after=after)

    subscribe_badly.__name__ = kind.__name__
    return subscribe_badly


class PositionOfWhatIsRead(Subscription[Recorded]):
    @property
    def position(self) -> int:
        return self._upto


class GoesOnAfterStop(Subscription[Recorded]):
    def __next__(self) -> Recorded:
        return self._give() if self._ahead else super().__next__()


class DeafToStop(Subscription[Recorded]):
    def stop(self) -> None:
        self._stopped = True


class StaysOpen(Subscription[Recorded]):
    def __exit__(self, *_: object) -> None:
        pass


class EndsWithTheLog(Subscription[Recorded]):
    def __next__(self) -> Recorded:
        if not self._ahead and not self._look():
            raise StopIteration
        return super().__next__()


class DiesOfAnError(Subscription[Recorded]):
    dead = False

    def __next__(self) -> Recorded:
        if self.dead:
            raise StopIteration
        try:
            return super().__next__()
        except StorageUnavailable:
            self.dead = True
            raise


class HoldsASnapshot(Subscription[Recorded]):
    def __init__(self, storage: Storage) -> None:
        super().__init__(reading(storage), storage.wakeup(poll_seconds=0.05))
        self._held = self._events(storage)

    def _events(self, storage: Storage) -> Generator[Recorded]:
        with storage.snapshot():
            yield from storage.log.read()

    def __next__(self) -> Recorded:
        return next(self._held)

    def stop(self) -> None:
        super().stop()
        self._held.close()


BROKEN: Final[dict[str, list[Subscribe]]] = {
    "test_what_is_there_comes_and_then_what_is_recorded_later": [
        skips_the_first_of_a_page,
        skips_the_last_of_a_page,
        repeats_the_last_of_a_page,
    ],
    "test_who_waits_is_woken": [never_wakes, wakes_once, is_a(EndsWithTheLog)],
    "test_any_number_of_pages_comes_whole": [gives_streams_out_of_order],
    "test_other_types_are_left_out": [reads_every_type],
    "test_other_streams_are_left_out": [reads_every_stream],
    "test_the_position_passes_what_is_left_out": [stands_still_where_nothing_matches],
    "test_the_position_is_not_past_what_was_not_given_out": [is_a(PositionOfWhatIsRead)],
    "test_what_is_not_committed_does_not_come": [reads_what_is_not_committed],
    "test_others_write_while_a_follower_works": [HoldsASnapshot],
    "test_it_is_stopped_while_it_waits": [is_a(DeafToStop)],
    "test_nothing_comes_once_it_is_stopped": [is_a(GoesOnAfterStop), is_a(StaysOpen)],
    "test_an_error_comes_out_once_and_nothing_is_missed": [
        passes_what_it_could_not_read,
        is_a(DiesOfAnError),
    ],
    "test_what_a_crash_could_take_back_is_not_given_and_not_passed": [gives_what_may_be_taken_back],
}
"""By the promise that each breaks."""
