"""The newest page of a log, read once for all who follow it there."""

from bisect import bisect_right
from operator import itemgetter
from threading import Lock
from time import monotonic_ns
from typing import Generic, TypeVar

from regulars.application.ports import Wakeup
from regulars.application.subscription import Page, Read

Item = TypeVar("Item")


class Tail(Generic[Item]):
    """
    Pages of a log for several followers who leave out the same, each page read once.

    What is committed never changes, so a page that one has read serves whoever stands in it. That
    nothing comes after it is true only for those who were woken before it was looked for.
    """

    def __init__(self, read: Read[Item]) -> None:
        self._read = read
        self._lock = Lock()
        self._after = 0
        self._page: Page[Item] = Page((), 0)
        self._ended = 0
        """The moment at which the log was found to end with the page."""

    def past(self, start: int, *, since: int) -> Page[Item]:
        """The next page past a position, with all that was committed up to the moment `since`."""
        with self._lock:
            items, upto, _ = self._page
            ended = self._ended > since
            if self._after <= start < upto:
                rest = items[bisect_right(items, start, key=itemgetter(0)) :]
                return Page(rest, upto, ended=ended)
            if start == upto and ended:
                return Page((), start, ended=True)
            moment = monotonic_ns()
            page = self._read(start)
            if page.upto > start:
                self._after, self._page, self._ended = start, page, moment if page.ended else 0
            elif start == upto:
                self._ended = moment
            return page


class SharedReading(Generic[Item]):
    """One follower's reading of a tail, and the `Wakeup` on which it waits for more."""

    def __init__(self, tail: Tail[Item], wakeup: Wakeup) -> None:
        self._tail = tail
        self._wakeup = wakeup
        self._woken = monotonic_ns()

    def read(self, start: int) -> Page[Item]:
        """The next page past a position."""
        return self._tail.past(start, since=self._woken)

    def wait(self, seconds: float | None = None) -> int:
        """Return once something may have been committed; see the port."""
        self._woken = self._wakeup.wait(seconds)
        return self._woken

    def close(self) -> None:
        """End waiting for good; see the port."""
        self._wakeup.close()
