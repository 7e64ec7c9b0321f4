"""What wakes a reader of the log on PostgreSQL: a notice of the server after each commit."""

from collections.abc import Callable
from contextlib import suppress
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

    A connection that is lost is made again; reading meanwhile tells what is wrong.

    Raises:
        StorageUnavailable: the server does not answer.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], *, name: str) -> None:
        self._connect = connect
        self._closed = Event()
        self._lock = Lock()
        self._waiting = 0
        try:
            self._connection = self._listening()
        except psycopg.Error as error:
            why = str(error).partition("\n")[0]
            raise StorageUnavailable(store=name, why=why) from None

    def _listening(self) -> psycopg.Connection[Any]:
        connection = self._connect()
        # A standby tells nobody: there the log is looked at after each silence.
        with suppress(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def wait(self, seconds: float | None = None) -> int:
        """Return once something may have been committed; see the port."""
        with self._lock:
            self._waiting += 1
        try:
            self._wait(seconds)
        finally:
            with self._lock:
                self._waiting -= 1
                self._end_connection()
        return monotonic_ns()

    def _wait(self, seconds: float | None) -> None:
        end = monotonic() + (_SILENCE if seconds is None else min(seconds, _SILENCE))
        while not self._closed.is_set() and (left := end - monotonic()) > 0:
            try:
                if list(self._connection.notifies(timeout=min(left, _STEP), stop_after=1)):
                    return
            except psycopg.Error:
                self._listen_again(left)
                return

    def _listen_again(self, seconds: float) -> None:
        self._connection.close()
        if self._closed.wait(min(seconds, _STEP)):
            return
        try:
            connection = self._listening()
        except psycopg.Error:
            return
        with self._lock:
            self._connection = connection

    def close(self) -> None:
        """End waiting for good; see the port."""
        with self._lock:
            self._closed.set()
            self._end_connection()

    def _end_connection(self) -> None:
        # A connection of psycopg must not be closed while another thread waits on it: the last of
        # those who wait closes it.
        if self._closed.is_set() and not self._waiting:
            self._connection.close()
