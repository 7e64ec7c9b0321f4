"""One look-out for all who follow a database in this process, so that a hundred cost as one."""

from collections.abc import Callable
from threading import Event, Lock, Thread
from time import sleep
from typing import Final
from weakref import ref

from regulars.application.ports import Wakeup

PAUSE: Final = 0.025
"""Seconds from one call to the next at the least: what is committed meanwhile is called once."""

_SILENCE: Final = 1.0
"""Seconds without news after which everyone is called all the same."""


class Lookout:
    """
    Waits on one `Wakeup` in a thread of its own while anyone follows, and calls all who do.

    `watch` makes that wakeup for the first of them; the last one to go closes it.
    """

    def __init__(self, watch: Callable[[], Wakeup]) -> None:
        self._watch = watch
        self._lock = Lock()
        self._source: Wakeup | None = None
        self._called: set[ref[Event]] = set()

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
            called = Event()
            self._called.add(ref(called))
        return CalledWakeup(called, self._leave)

    def _look(self, source: Wakeup) -> None:
        while True:
            source.wait(_SILENCE)
            with self._lock:
                if self._source is not source:
                    return
                called = [(one, one()) for one in self._called]
                self._called = {one for one, event in called if event is not None}
                if not self._called:  # all have gone without a word
                    self._end()
                    return
            for _, event in called:
                if event is not None:
                    event.set()
            del called
            sleep(PAUSE)

    def _leave(self, called: Event) -> None:
        with self._lock:
            self._called.discard(ref(called))
            if not self._called:
                self._end()

    def _end(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


class CalledWakeup:
    """The `Wakeup` port for one of those whom a look-out calls."""

    def __init__(self, called: Event, leave: Callable[[Event], None]) -> None:
        self._called = called
        self._leave = leave
        self._closed = False

    def wait(self, seconds: float | None = None) -> None:
        """Return once something may have been committed; see the port."""
        self._called.wait(seconds)
        self._called.clear()
        if self._closed:
            self._called.set()

    def close(self) -> None:
        """End waiting for good; see the port."""
        self._closed = True
        self._called.set()
        self._leave(self._called)
