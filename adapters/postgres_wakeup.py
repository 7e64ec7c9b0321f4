"""What wakes a reader of the log on PostgreSQL: a notice of the server after each commit."""

from collections.abc import Callable
from threading import Event, Lock
from time import monotonic, monotonic_ns
from typing import Any, Final

import psycopg

from regulars.application.errors import StorageUnavailable

CHANNEL: Final = "regulars_log"
_STEP: Final = 0.1
"""Seconds until one who waits looks whether it was closed."""

_SILENCE: Final = 1.0
"""Seconds without a notice after which the log is looked at all the same."""


class NoticeWakeup:
    """
    The `Wakeup` port over LISTEN, on a connection of its own that `connect` makes.

    It listens only while it waits, for a notice costs the server a twentieth of each commit; that
    the log has moved meanwhile is asked for when it waits again.

    A connection that is lost is made again; reading meanwhile tells what is wrong.

    Raises:
        StorageUnavailable: the server does not answer.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], *, name: str) -> None:
        self._connect = connect
        self._closed = Event()
        self._lock = Lock()
        self._listening = False
        try:
            self._connection = connect()
            self._head = self._position()
        except psycopg.Error as error:
            why = str(error).partition("\n")[0]
            raise StorageUnavailable(store=name, why=why) from None

    def _position(self) -> object:
        return self._connection.execute("SELECT position FROM regulars_log").fetchone()

    def _have_committed(self, seconds: float) -> bool:
        """Whether any has since the last time, or does within `seconds`; then listen no more."""
        before = self._head
        if not self._listening:
            self._connection.execute(f"LISTEN {CHANNEL}")
            self._listening = True
            self._head = self._position()
        if self._head == before and not list(
            self._connection.notifies(timeout=seconds, stop_after=1)
        ):
            return False
        self._connection.execute(f"UNLISTEN {CHANNEL}")
        self._listening = False
        # What is committed after this is found when it waits again.
        self._head = self._position()
        return True

    def wait(self, seconds: float | None = None) -> int:
        """Return once something may have been committed; see the port."""
        self._wait(seconds)
        return monotonic_ns()

    def _wait(self, seconds: float | None) -> None:
        end = monotonic() + (_SILENCE if seconds is None else min(seconds, _SILENCE))
        while not self._closed.is_set() and (left := end - monotonic()) > 0:
            try:
                if self._have_committed(min(left, _STEP)):
                    return
            except psycopg.Error:
                self._connect_again(left)
                return

    def _connect_again(self, seconds: float) -> None:
        self._connection.close()
        if self._closed.wait(min(seconds, _STEP)):
            return
        try:
            connection = self._connect()
        except psycopg.Error:
            return
        with self._lock:
            self._connection, self._listening = connection, False
            if self._closed.is_set():
                connection.close()

    def close(self) -> None:
        """End waiting for good; see the port."""
        with self._lock:
            self._closed.set()
            self._connection.close()
