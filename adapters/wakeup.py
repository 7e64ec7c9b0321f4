"""What wakes a reader of the log: commits of this process, and those of others on its file."""

import sqlite3
from pathlib import Path
from threading import Event, Lock
from time import monotonic, monotonic_ns
from typing import Final
from weakref import WeakValueDictionary, ref

from regulars.application.errors import StorageUnavailable


class Commits:
    """
    Tells those who listen that this process has committed something.

    `path` is the SQLite file where other processes may commit too; None if there is none.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._listening: set[ref[Event]] = set()

    def listen(self) -> Event:
        """An event that is set by every commit, as long as the caller holds it."""
        event = Event()
        self._listening.add(ref(event, self._listening.discard))
        return event

    def tell(self) -> None:
        """Set the event of everyone who listens. Costs next to nothing if nobody does."""
        if self._listening:
            # The copy is made in one step, and so is safe from threads that come and go.
            for listening in self._listening.copy():
                event = listening()
                if event is not None:
                    event.set()


# Several databases of a process may be open on one file; each must hear of the others' commits.
_OF_FILES: Final = WeakValueDictionary[Path, Commits]()
_OPENING: Final = Lock()


def commits_of(path: Path | None) -> Commits:
    """The one teller of a file in this process; a new one for a database in memory."""
    if path is None:
        return Commits()
    whole = path.resolve()
    with _OPENING:
        return _OF_FILES.setdefault(whole, Commits(whole))


class CommitWakeup:
    """
    The `Wakeup` port over the commits of this process and, on a file, of others.

    Those of others are found by asking SQLite every `poll_seconds`, on a connection of its own,
    whether the file has changed (`PRAGMA data_version`). This reads no page and locks nobody out.

    Raises:
        StorageUnavailable: the file cannot be opened.
    """

    def __init__(self, commits: Commits, *, poll_seconds: float) -> None:
        self._news = commits.listen()
        self._closed = False
        self._elsewhere = None if commits.path is None else _OtherProcesses(commits.path)
        self._poll_seconds = None if self._elsewhere is None else poll_seconds

    def wait(self, seconds: float | None = None) -> int:
        """Return once something may have been committed; see the port."""
        end = None if seconds is None else monotonic() + seconds
        while not self._news.wait(self._step(end)):
            if self._elsewhere is not None and self._elsewhere.have_committed():
                return monotonic_ns()
            if end is not None and monotonic() >= end:
                return monotonic_ns()
        self._news.clear()
        if self._closed:
            self._news.set()
        return monotonic_ns()

    def _step(self, end: float | None) -> float | None:
        if end is None:
            return self._poll_seconds
        left = max(0.0, end - monotonic())
        return left if self._poll_seconds is None else min(left, self._poll_seconds)

    def close(self) -> None:
        """End waiting for good; see the port."""
        self._closed = True
        self._news.set()
        if self._elsewhere is not None:
            self._elsewhere.close()


class _OtherProcesses:
    """A connection that is there to ask whether any other has committed."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._version: object = None
        try:
            self._connection = sqlite3.connect(
                f"{path.as_uri()}?mode=rw", uri=True, timeout=0, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise StorageUnavailable(store=str(path), why=str(error)) from None
        self.have_committed()

    def have_committed(self) -> bool:
        """Whether any has since the last time. If it cannot be told, yes: reading then says why."""
        with self._lock:
            before = self._version
            try:
                self._version = self._connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                return True
            return self._version != before

    def close(self) -> None:
        with self._lock:
            self._connection.close()
