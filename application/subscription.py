"""Subscriptions: the log from a position on, first what is there, then what comes."""

import sys
from collections import deque
from collections.abc import Callable, Collection, Sequence
from time import monotonic_ns
from types import TracebackType
from typing import Final, Generic, NamedTuple, Self, TypeAlias, TypeVar

from regulars.application.errors import AheadOfLog, UndecodableEvent
from regulars.application.events import Event, Recorded
from regulars.application.narrowing import POLL_SECONDS, check_words
from regulars.application.ports import EventLog, Storage, Wakeup

Item = TypeVar("Item")

PAGE: Final = 1_000
"""Items of a page at most, but for several that became of one stored event."""

SPAN: Final = 5_000
"""Positions that one read looks at, at most: so long does a rare event hold up who writes."""

_NEAR: Final = 16
"""Positions among which the next event is looked for before all are."""


class Page(NamedTuple, Generic[Item]):
    """
    Items with their positions, in order; up to position `upto` there are no others.

    `ended` if the log ended there when it was looked at: whoever waited before need not look again.
    """

    items: Sequence[tuple[int, Item]]
    upto: int
    ended: bool = False


Read: TypeAlias = Callable[[int], Page[Item]]
"""Reads the next page past a position, of what is committed, and holds nothing open."""


class Subscription(Generic[Item]):
    """
    Everything past position `after`, one by one: what is there, then what comes, without an end.

    Nothing is left out and nothing comes twice, whoever else commits meanwhile. Between two of
    them nothing is held, neither a lock nor a transaction, and at most a page is in memory.

    An error of the store comes out of the call that met it; the next call goes on where that one
    began. For one thread at a time, and never inside a transaction of the same storage, where it
    would see what may be taken back; `stop` and `position` are for any thread. A context manager:
    leaving it stops it.
    """

    def __init__(self, read: Read[Item], wakeup: Wakeup, *, after: int = 0) -> None:
        self._read = read
        self._wakeup = wakeup
        self._ahead: deque[tuple[int, Item]] = deque()
        self._upto = after
        self._position = after
        self._ended = False
        self._stopped = False

    @property
    def position(self) -> int:
        """
        Whoever begins again after this position misses nothing that was not given out here.

        It passes over what the subscription leaves out, also while that is all there is.
        """
        return self._position

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        while not self._stopped:
            if self._ahead:
                return self._give()
            if not self._look():
                self._wait()
        raise StopIteration

    def page(self, seconds: float) -> Sequence[Item]:
        """
        The next items, at most 1,000; `position` is past all of them.

        Empty if none came within `seconds`, or if there were only such as are left out: then
        `position` may have moved all the same. What was committed before the call is seen, also
        with 0 seconds. Empty once it is stopped.
        """
        end = monotonic_ns() + int(seconds * 1e9)
        looked_for = 0
        # The last look is for all that was committed by then, whatever was told of before.
        while not self._stopped and not self._ahead and not self._look() and looked_for < end:
            looked_for = self._wait(max(0, end - monotonic_ns()) / 1e9)
        if self._stopped:
            return []
        found = [item for _, item in self._ahead]
        if found:
            self._ahead.clear()
            self._position = self._upto
        return found

    def _give(self) -> Item:
        position, item = self._ahead.popleft()
        self._position = position if self._ahead else self._upto
        return item

    def _wait(self, seconds: float | None = None) -> int:
        moment = self._wakeup.wait(seconds)
        self._ended = False
        return moment

    def _look(self) -> bool:
        """Read on, unless the log ended here since the last wait; whether that came any further."""
        if self._ended:
            # What was committed since will be told of. To look without being told would be a
            # chase: of a busy log there is always one event more.
            return False
        before = self._upto
        try:
            items, upto, self._ended = self._read(before)
        except Exception:
            if self._stopped:  # and the store was closed
                return False
            raise
        self._ahead.extend(items)
        self._upto = upto
        if not items:
            self._position = upto
        return upto > before

    def stop(self) -> None:
        """End it, also while another thread waits in it. Stopping twice does no harm."""
        self._stopped = True
        self._wakeup.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def reading(  # noqa: PLR0913 - each narrows what is read
    storage: Storage,
    *,
    upto: int | None = None,
    types: Collection[type[Event]] | None = None,
    prefix: str = "",
    recorded_by: int | None = None,
    occurred_by: int | None = None,
    endless: bool = False,
) -> Read[Recorded]:
    """
    Reads the events that `EventLog.read` gives for these words, a page at a time.

    Who reads on without an end is told where the log ends before the position that it is at: what
    it waits for would be recorded under positions that it has passed over (`AheadOfLog`).
    """
    wanted = None if types is None else frozenset(types)
    last = sys.maxsize if upto is None else upto

    def read(start: int) -> Page[Recorded]:
        page = look(start)
        if page.upto > start:
            # A follower keeps its position, so no crash may take back what it was given.
            storage.settle()
        return page

    def look(start: int) -> Page[Recorded]:
        with storage.snapshot():
            head = storage.log.head()
            if endless and start > head:
                raise AheadOfLog(position=start, head=head)
            end = max(start, min(head, start + SPAN, last))
            found: list[tuple[int, Recorded]] = []
            try:
                for recorded in storage.log.read(
                    after=start,
                    upto=end,
                    types=wanted,
                    prefix=prefix,
                    recorded_by=recorded_by,
                    occurred_by=occurred_by,
                ):
                    # What became of one stored event stays together.
                    if len(found) >= PAGE and recorded.position != found[-1][0]:
                        return Page(found, found[-1][0])
                    found.append((recorded.position, recorded))
            except UndecodableEvent as unreadable:
                if not found:
                    raise
                return Page(found, unreadable.position - 1)
        if not found and end < min(head, last):
            end = before_next(storage.log, end, min(head, last))
        return Page(found, end, ended=end >= head)

    return read


def check_reached(storage: Storage, position: int) -> None:
    """
    See that the log has ever come so far.

    Raises:
        AheadOfLog: it has not.
        StorageUnavailable: the store does not answer.
    """
    if position:
        with storage.snapshot():
            head = storage.log.head()
        if position > head:
            raise AheadOfLog(position=position, head=head)


def before_next(log: EventLog, after: int, upto: int) -> int:
    """The position before the first event past `after`, whatever it is; `upto` if there is none."""
    # Nearly always the next one is near, and a page need not be read to find it.
    for end in (min(after + _NEAR, upto), upto):
        try:
            for recorded in log.read(after=after, upto=end):
                return recorded.position - 1
        except UndecodableEvent as unreadable:
            return unreadable.position - 1
    return upto


def subscribe(
    storage: Storage,
    *,
    after: int = 0,
    types: Collection[type[Event]] | None = None,
    prefix: str = "",
    poll_seconds: float = POLL_SECONDS,
) -> Subscription[Recorded]:
    """
    The events past position `after`, of `types` or all, in streams that begin with `prefix`.

    Raises, here and when it is read:
        TypeError, ValueError: these words cannot be subscribed with; see `check_words`.
        StorageUnavailable: the store does not answer.
        UndecodableEvent: an event is not what its name promises; those before it were given out.
            A subscription after its position goes on without it.
        AheadOfLog: the log ends before its position.
    """
    check_words(after=after, types=types, prefix=prefix, poll_seconds=poll_seconds)
    check_reached(storage, after)
    read = reading(storage, types=types, prefix=prefix, endless=True)
    return Subscription(read, storage.wakeup(poll_seconds=poll_seconds), after=after)
