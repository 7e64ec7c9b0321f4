"""One look-out for all who follow a database in this process, so that a hundred cost as one."""

from collections.abc import Callable
from threading import Lock, Thread
from time import monotonic_ns, sleep
from typing import Final
from weakref import WeakSet

from regulars.application.ports import Wakeup

PAUSE: Final = 0.04
"""Seconds from one call to the next at the least: what is committed meanwhile is called once."""

SHARE: Final = 0.001
"""
Seconds of that pause for each follower, where this makes it longer.

A thread that wakes, takes a page and waits again costs 26 to 60 microseconds of processor time, so
that any number of followers takes a twentieth of it, and not more with every one that is added.
"""

_AT_ONCE: Final = 10
_STEP: Final = 0.001
"""Seconds between every so many calls: threads that all wake at once stand in each other's way."""

_SILENCE: Final = 1.0
"""Seconds without news after which everyone is called all the same."""


class Lookout:
    """
    Waits on one `Wakeup` in a thread of its own while anyone follows, and calls all who do.

    After a pause without commits it calls at once. While commits come one after the other it calls
    once in `PAUSE`, or once in `SHARE` for each follower if that is longer: with a hundred of them,
    an event is called within a tenth of a second, and all that came meanwhile is one page.

    `watch` makes that wakeup for the first of them; the last one to go closes it.
    """

    def __init__(self, watch: Callable[[], Wakeup]) -> None:
        self._watch = watch
        self._lock = Lock()
        self._source: Wakeup | None = None
        self._following = WeakSet[CalledWakeup]()

    def wakeup(self) -> "CalledWakeup":
        """
        The wakeup of one more follower.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        with self._lock:
            if self._source is None:
                self._source = self._watch()
                Thread(
                    target=self._look, args=(self._source,), name="regulars lookout", daemon=True
                ).start()
            follower = CalledWakeup(self._leave)
            self._following.add(follower)
        return follower

    def _look(self, source: Wakeup) -> None:
        while True:
            source.wait(_SILENCE)
            with self._lock:
                if self._source is source and not self._following:  # gone without a word
                    self._end()
                if self._source is not source:
                    return
                waiting = list(self._following)
            pause = max(PAUSE, SHARE * len(waiting))
            self._call(waiting)
            sleep(pause)

    @staticmethod
    def _call(waiting: "list[CalledWakeup]") -> None:
        now = monotonic_ns()
        while waiting:
            for _ in waiting[-_AT_ONCE:]:
                waiting.pop().call(now)
            if waiting:
                sleep(_STEP)

    def _leave(self, follower: "CalledWakeup") -> None:
        with self._lock:
            self._following.discard(follower)
            if not self._following:
                self._end()

    def _end(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


class CalledWakeup:
    """The `Wakeup` port for one of those whom a look-out calls."""

    def __init__(self, leave: Callable[["CalledWakeup"], None]) -> None:
        self._leave = leave
        self._calling = Lock()
        # Held while there is no news: a bare lock wakes a thread at a fraction of an event's cost.
        self._silence = Lock()
        self._silence.acquire()
        self._closed = False
        self._moment = monotonic_ns()

    def call(self, moment: int) -> None:
        """Let whoever waits look again, or the next wait return at once."""
        with self._calling:
            self._moment = moment
            if self._silence.locked():
                self._silence.release()

    def wait(self, seconds: float | None = None) -> int:
        """Return once something may have been committed; see the port."""
        called = self._silence.acquire(timeout=-1 if seconds is None else max(0.0, seconds))
        if self._closed:
            self.call(self._moment)
        return self._moment if called else monotonic_ns()

    def close(self) -> None:
        """End waiting for good; see the port."""
        self._closed = True
        self.call(self._moment)
        self._leave(self)
