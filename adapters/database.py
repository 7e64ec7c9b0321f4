"""
One SQLite database on one held connection: pragmas, transactions, and errors in our own words.

SQLAlchemy Core describes the tables and compiles the statements; the hot ones run on the
driver's own connection, because each SQLAlchemy execution costs as much as the insert itself.
"""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Final, Literal, cast

from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.sql.expression import ClauseElement

from regulars.adapters import schema
from regulars.application.errors import NotOurDatabase, StorageUnavailable

Synchronous = Literal["FULL", "NORMAL"]

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA secure_delete = ON",
    "PRAGMA mmap_size = 268435456",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)


class Database:
    """
    An SQLite database under a SQLAlchemy URL such as `sqlite:///regulars.db`.

    `synchronous` FULL keeps every acknowledged transaction through a power cut; NORMAL may lose
    the newest ones but never half of one. A writer waits `busy_seconds` for another to end.

    Safe to share between threads: a transaction or snapshot holds the lock until it ends.

    Raises:
        NotOurDatabase: the file is no SQLite database, another program's, or of a newer format.
        StorageUnavailable: it cannot be opened or created.
    """

    def __init__(
        self,
        url: str,
        *,
        synchronous: Synchronous = "FULL",
        create: bool = True,
        busy_seconds: float = 30,
    ) -> None:
        self.name = url
        self.path = _path(url, create=create)
        self._lock = RLock()
        self._depth = 0
        self._reading = False
        self._transaction = _Transaction(self._begin, self._end)
        self._engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args={"check_same_thread": False, "timeout": busy_seconds},
        )
        with self._our_words():
            self.connection: Connection = self._engine.connect()
            self.driver = cast("sqlite3.Connection", self.connection.connection.driver_connection)
            try:
                self._prepare(synchronous, create=create or self.path is None)
            except BaseException:
                self.close()
                raise

    def _prepare(self, synchronous: Synchronous, *, create: bool) -> None:
        with self.snapshot():
            ours = self._pragma("application_id") == schema.APPLICATION_ID
            (tables,) = self.driver.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not ours and tables:
            raise NotOurDatabase(store=self.name, why="holds the tables of another program")
        if not ours and not create:
            raise NotOurDatabase(store=self.name, why="is an empty file")
        if ours and self._pragma("user_version") > schema.FORMAT:
            raise NotOurDatabase(store=self.name, why="was written by a newer version of regulars")
        for pragma in _PRAGMAS:
            self.driver.execute(pragma)
        self.driver.execute(f"PRAGMA synchronous = {synchronous}")
        if not ours:
            with self.transaction():
                if self._pragma("application_id") != schema.APPLICATION_ID:
                    schema.metadata.create_all(self.connection)
                    self.driver.execute(f"PRAGMA user_version = {schema.FORMAT}")
                    self.driver.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")

    def _pragma(self, name: str) -> int:
        return int(self.driver.execute(f"PRAGMA {name}").fetchone()[0])

    def compile(self, statement: ClauseElement) -> str:
        """The SQL text of a Core statement for the driver, its parameters as question marks."""
        compiled: Compiled = statement.compile(dialect=self._engine.dialect)
        return str(compiled)

    def transaction(self) -> AbstractContextManager[None]:
        """
        Keep everything written inside, or nothing if the block raises. Inner ones join the outer.

        Raises:
            StorageUnavailable: the database is locked, full, read-only, damaged or gone.
        """
        return self._transaction

    def _begin(self) -> None:
        self._lock.acquire()
        if self._reading:
            self._lock.release()
            raise RuntimeError("a transaction inside a snapshot would not be kept")
        try:
            if not self._depth:
                self.driver.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._lock.release()
            raise self._reworded(error) from None
        self._depth += 1

    def _end(self, error: BaseException | None) -> None:
        self._depth -= 1
        try:
            if self._depth:
                return
            try:
                self.driver.execute("COMMIT" if error is None else "ROLLBACK")
            except sqlite3.Error as failed:
                if self.driver.in_transaction:
                    self.driver.execute("ROLLBACK")
                raise self._reworded(error or failed) from None
            if error is not None:
                reworded = self._reworded(error)
                if reworded is not error:
                    raise reworded from None
        finally:
            self._lock.release()

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """Read inside as of one moment, whatever other processes write meanwhile."""
        with self._lock:
            if self._depth:
                yield
                return
            with self._our_words():
                self.driver.execute("BEGIN")
                self._depth = 1
                self._reading = True
                try:
                    yield
                finally:
                    self._depth = 0
                    self._reading = False
                    self.driver.execute("ROLLBACK")

    @contextmanager
    def _our_words(self) -> Generator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            raise self._reworded(error) from None

    def _reworded(self, error: BaseException) -> BaseException:
        if isinstance(error, DBAPIError) and error.orig is not None:
            error = error.orig
        if not isinstance(error, sqlite3.Error):
            return error
        # SQLite's messages name tables, columns and conditions, never a value.
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            return NotOurDatabase(store=self.name, why="is not an SQLite database")
        return StorageUnavailable(store=self.name, why=str(error))

    def close(self) -> None:
        """Let go of the file, once no thread is at work on it. Closing twice does no harm."""
        # SQLite crashes the process if a connection is closed under a running statement.
        with self._lock:
            self.connection.close()
            self._engine.dispose()


class _Transaction:
    """A block between `begin` and `end`; one object serves them all, because it holds nothing."""

    def __init__(
        self, begin: Callable[[], None], end: Callable[[BaseException | None], None]
    ) -> None:
        self._begin = begin
        self._end = end

    def __enter__(self) -> None:
        self._begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(error)


def _path(url: str, *, create: bool) -> Path | None:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageUnavailable(
            store=url, why="is not a database URL such as sqlite:///regulars.db"
        ) from None
    if parsed.get_backend_name() != "sqlite":
        raise StorageUnavailable(
            store=parsed.render_as_string(), why="only sqlite:/// URLs are supported"
        )
    if not parsed.database or parsed.database == ":memory:":
        return None
    path = Path(parsed.database)
    if not create and not path.exists():
        raise StorageUnavailable(store=url, why="there is no such file")
    if not path.parent.is_dir():
        raise StorageUnavailable(store=url, why=f"there is no folder {path.parent}")
    return path
