"""
One database on one held connection: transactions, snapshots, and errors in our own words.

SQLAlchemy Core describes the tables and compiles the statements; the hot ones run on the
driver's own connection, because each SQLAlchemy execution costs as much as the insert itself.
What SQLite and PostgreSQL do differently is their dialect's: `sqlite` and `postgres`.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Literal, Protocol

from sqlalchemy import URL, Connection, Engine, MetaData, TableClause, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.sql.expression import ClauseElement

from regulars.adapters.lookout import Lookout
from regulars.adapters.wakeup import commits_of
from regulars.application.errors import StorageUnavailable
from regulars.application.ports import Wakeup

Synchronous = Literal["FULL", "NORMAL"]


class Cursor(Protocol):
    """The rows that a statement gave."""

    def fetchone(self) -> Any:  # noqa: ANN401 - a row of any columns
        """The next row; None behind the last."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Driver(Protocol):
    """The driver's own connection, with what both databases' drivers can do."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run one statement for each row of values."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether one is open, even if the database has given it up."""
        ...


class Dialect(Protocol):
    """What one kind of database says in its own way, for one URL."""

    name: str
    """The URL, without a password."""
    path: Path | None
    """The file, if it is one."""
    passing: bool
    """Whether the database ends with the connection."""
    errors: type[Exception]
    """What the driver raises."""
    conflicts: type[Exception]
    """What the driver raises for a row that breaks a constraint."""
    head: str
    """Gives the highest position that the log ever gave, in a row; no row if there is none."""
    lock: str
    """Keeps every other writer out until the transaction ends, without writing anything."""
    of_tenant: str
    """The condition that an event is the `:tenant`'s, for reads in the order of the log."""

    def insert(self, table: TableClause) -> Any:  # noqa: ANN401 - each dialect has its own class
        """An insert that knows `on_conflict_do_update`."""
        ...

    def engine(self) -> Engine:
        """Makes connections that begin no transaction by themselves."""
        ...

    def driver(self, connection: Connection) -> Driver:
        """The driver's connection below a new one of SQLAlchemy."""
        ...

    def prepare(self, database: "Database") -> None:
        """
        Settle how a new connection works, and make the tables if that is asked for.

        Raises:
            NotOurDatabase: it is something else, or of a newer format.
        """
        ...

    def join(self, connection: Connection) -> Driver:
        """
        The driver's connection inside a transaction of the host's, begun if that was put off.

        Raises:
            TypeError: it is another driver.
            RuntimeError: it commits each statement.
        """
        ...

    def placed(self, driver: Driver, tables: MetaData) -> MetaData:
        """The tables as they are to be made, in the place where ours stand."""
        ...

    def is_lost(self, driver: Driver) -> bool:
        """Whether a connection with nothing begun on it is of no use, so another one is needed."""
        ...

    def begin(self, driver: Driver) -> None:
        """Begin to write: nobody else does until the end, and all they wrote is seen."""
        ...

    def begin_reading(self, driver: Driver) -> None:
        """Begin to read as of one moment."""
        ...

    def commit(self, driver: Driver) -> None:
        """Keep what was written, or raise."""
        ...

    def wakeup(self, database: "Database", *, poll_seconds: float) -> Wakeup:
        """What a reader of the log waits on, looking every `poll_seconds` where nobody tells."""
        ...

    def append(self, driver: Driver, insert: str, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to the log, or none of them, so that the transaction can go on either way."""
        ...

    def raise_head(self, driver: Driver, position: int) -> None:
        """Let the log give no position up to this one any more."""
        ...

    def reworded(self, error: Exception) -> Exception:
        """An error of the driver in our words, never with a value in it."""
        ...


class Database:
    """
    A database under a SQLAlchemy URL such as `sqlite:///regulars.db` or `postgresql://host/shop`.

    `synchronous` FULL keeps every acknowledged transaction through a power cut; NORMAL may lose
    the newest ones but never half of one. A writer waits `busy_seconds` for another to end.

    Safe to share between threads: a transaction or snapshot holds the lock until it ends.

    Raises:
        NotOurDatabase: it is no database, another program's, or of a newer format.
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
        self.dialect = _dialect(
            url, synchronous=synchronous, create=create, busy_seconds=busy_seconds
        )
        self.name = self.dialect.name
        self.path = self.dialect.path
        self.commits = commits_of(self.path)
        self._lock = RLock()
        self._depth = 0
        self._reading = False
        self._closed = False
        self._transaction = Transaction(self._begin, self._end)
        self._lookouts: dict[float, Lookout] = {}
        self._engine = self.dialect.engine()
        with self._our_words():
            self._connect()

    def _connect(self) -> None:
        self.connection: Connection = self._engine.connect()
        self.driver = self.dialect.driver(self.connection)
        try:
            self.dialect.prepare(self)
        except BaseException:
            self.close()
            raise

    def _started(self, begin: Callable[[Driver], None]) -> None:
        """Begin something, on another connection if the server has ended the one there was."""
        self._reconnect_if_lost()
        try:
            begin(self.driver)
        except self.dialect.errors:
            if not self.dialect.is_lost(self.driver):
                raise
            self._reconnect_if_lost()
            begin(self.driver)

    def _reconnect_if_lost(self) -> None:
        if self._closed:
            raise StorageUnavailable(store=self.name, why="was closed")
        if self.dialect.is_lost(self.driver):
            if not self.connection.closed:
                self.connection.invalidate()
                self.connection.close()
            self._connect()

    def compile(self, statement: ClauseElement) -> str:
        """The SQL text of a Core statement for the driver, its values by their places."""
        compiled: Compiled = statement.compile(dialect=self._engine.dialect)
        return str(compiled)

    def make(self, tables: MetaData) -> None:
        """Make those of `tables` that are not there."""
        with self.transaction():
            self.dialect.placed(self.driver, tables).create_all(self.connection)

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
                self._started(self.dialect.begin)
        except BaseException as error:
            self._lock.release()
            reworded = self._reworded(error)
            if reworded is error:
                raise
            raise reworded from None
        self._depth += 1

    def _end(self, error: BaseException | None) -> None:
        self._depth -= 1
        try:
            if self._depth:
                return
            try:
                if error is None:
                    self.dialect.commit(self.driver)
                else:
                    self.driver.execute("ROLLBACK")
            except self.dialect.errors as failed:
                if self.driver.in_transaction:
                    self.driver.execute("ROLLBACK")
                raise self._reworded(error or failed) from None
            if error is None:
                self.commits.tell()
            else:
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
                self._started(self.dialect.begin_reading)
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
        except (DBAPIError, self.dialect.errors) as error:
            raise self._reworded(error) from None

    def _reworded(self, error: BaseException) -> BaseException:
        if isinstance(error, DBAPIError) and error.orig is not None:
            error = error.orig
        return self.dialect.reworded(error) if isinstance(error, self.dialect.errors) else error

    def wakeup(self, *, poll_seconds: float) -> Wakeup:
        """
        What a reader of the log waits on, looking every `poll_seconds` where nobody tells.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        with self._lock:
            lookout = self._lookouts.get(poll_seconds)
            if lookout is None:
                watch = partial(self.dialect.wakeup, self, poll_seconds=poll_seconds)
                lookout = self._lookouts[poll_seconds] = Lookout(watch)
        return lookout.wakeup()

    def close(self) -> None:
        """Let go of the file, once no thread is at work on it. Closing twice does no harm."""
        # SQLite crashes the process if a connection is closed under a running statement.
        with self._lock, self._our_words():
            self._closed = True
            self.connection.close()
            self._engine.dispose()
        self.commits.tell()  # who waits for news finds that there will be none


class Transaction:
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


def shown(url: URL) -> str:
    """A URL without the passwords in it."""
    secret = [name for name in url.query if "password" in name]
    return url.difference_update_query(secret).render_as_string()


def parsed_url(url: str) -> URL:
    """
    The parts of a database's URL.

    Raises:
        StorageUnavailable: it is none; what could hold a password is not repeated.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        why = "is not a database URL such as sqlite:///regulars.db"
        named = "what was given" if "@" in url or "password" in url or "://" in url else url
        raise StorageUnavailable(store=named or "nothing", why=why) from None


def _dialect(url: str, *, synchronous: Synchronous, create: bool, busy_seconds: float) -> Dialect:
    parsed = parsed_url(url)
    # Each dialect needs this module, and PostgreSQL's a driver that not every host has.
    match parsed.get_backend_name():
        case "sqlite":
            from regulars.adapters.sqlite import Sqlite  # noqa: PLC0415 - it needs this module

            return Sqlite(parsed, synchronous=synchronous, create=create, busy_seconds=busy_seconds)
        case "postgresql":
            try:
                from regulars.adapters.postgres import Postgres  # noqa: PLC0415 - as above, and its driver
            except ModuleNotFoundError:
                why = "needs a driver: install regulars[postgres]"
                raise StorageUnavailable(store=shown(parsed), why=why) from None

            return Postgres(
                parsed, synchronous=synchronous, create=create, busy_seconds=busy_seconds
            )
        case _:
            why = "only sqlite:/// and postgresql:// URLs are supported"
            raise StorageUnavailable(store=shown(parsed), why=why)
