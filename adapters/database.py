"""
One database on one held connection: transactions, snapshots, and errors in our own words.

SQLAlchemy Core describes the tables and compiles the statements; the hot ones run on the
driver's own connection, because each SQLAlchemy execution costs as much as the insert itself.
What SQLite and PostgreSQL do differently is their dialect's: `sqlite` and `postgres`.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache, partial
from threading import RLock
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Connection, MetaData, Table
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.expression import ClauseElement

from regulars.adapters.dialect import Dialect, Driver, Opening, Synchronous
from regulars.adapters.dialects import dialect_of
from regulars.adapters.lookout import Lookout
from regulars.adapters.wakeup import commits_of
from regulars.application.errors import StorageUnavailable
from regulars.application.ports import NOTHING_HELD, Wakeup
from regulars.domain.evidence import Traces


class Database:
    """
    A database under a SQLAlchemy URL such as `sqlite:///regulars.db` or `postgresql://host/shop`.

    `synchronous` FULL keeps every acknowledged transaction through a power cut; NORMAL may lose
    the newest ones but never half of one. A writer waits `busy_seconds` for another to end.
    `older` opens tables of an older format too, for what needs the log alone or brings them up.
    `read_only` makes and writes nothing, so that who may do neither can open it: transactions are
    refused, and snapshots are not.

    Safe to share between threads: a transaction or snapshot holds the lock until it ends.

    Raises:
        NotOurDatabase: it is no database, another program's, or of a newer format.
        OlderFormat: its tables are of an older format.
        StorageUnavailable: it cannot be opened or created, or the URL says what nobody understands.
        ValueError, TypeError: a setting is none of what it can be; see `Opening`.
    """

    def __init__(  # noqa: PLR0913 - as `Opening` has them
        self,
        url: str | URL,
        *,
        synchronous: Synchronous = "FULL",
        create: bool = True,
        busy_seconds: float = 30,
        older: bool = False,
        read_only: bool = False,
    ) -> None:
        opening = Opening(
            synchronous=synchronous,
            create=create and not read_only,
            busy_seconds=busy_seconds,
            older=older,
            read_only=read_only,
        )
        self.read_only = read_only
        self.dialect = dialect_of(url, opening)
        self.name = self.dialect.name
        self.path = self.dialect.path
        self.commits = commits_of(self.path)
        self._lock = RLock()
        self._depth = 0
        self._reading = False
        self._closed = False
        self._transaction = Transaction(self._begin, self._end)
        self.incarnation = 0
        """How often the connection was lost and made again."""
        self._asked = 0
        self._lookouts: dict[float, Lookout] = {}
        with self._our_words(), self._understood():
            self._engine = self.dialect.engine()
        with self._our_words():
            try:
                self._connect()
            except BaseException:
                self._engine.dispose()
                raise

    def _connect(self) -> None:
        with self._understood():
            self.connection: Connection = self._engine.connect()
        self.driver = self.dialect.driver(self.connection)
        try:
            self.dialect.prepare(self)
            self._place = self.dialect.place(self.driver)
        except BaseException:
            # It has nothing set yet, and is as good as lost: the next call makes another one.
            self.connection.invalidate()
            self.connection.close()
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
        except BaseException:
            # A signal, as of a time limit: nobody would end what may be begun all the same.
            self._let_go()
            raise

    def _let_go(self) -> None:
        """End a transaction that nobody is in any more, so that nobody waits for it."""
        with suppress(DBAPIError, self.dialect.errors):
            self.dialect.let_go(self.driver)

    def _reconnect_if_lost(self) -> None:
        if self._closed:
            raise StorageUnavailable(store=self.name, why="was closed")
        if self.connection.closed or self.dialect.is_lost(self.driver):
            if not self.connection.closed:
                self.connection.invalidate()
                self.connection.close()
            self._connect()
            self.incarnation += 1

    def compile(self, statement: ClauseElement) -> str:
        """The SQL text of a Core statement for the driver, its values by their places."""
        return self.dialect.compile(statement)

    def make(self, *tables: MetaData) -> None:
        """Make those of `tables` that are not there, unless this is to read only."""
        if self.read_only:
            return
        wanted = [table for some in tables for table in some.sorted_tables]
        with self.transaction():
            there = self.dialect.present(self.driver, [table.name for table in wanted])
            for table in wanted:
                if table.name not in there:
                    for statement in making(table, type(self.dialect)):
                        self.driver.execute(statement)

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """All rows that a statement of the driver's gives, the fastest way there is."""
        return self.dialect.rows(self.driver, statement, values)

    def transaction(self) -> AbstractContextManager[None]:
        """
        Keep everything written inside, or nothing if the block raises. Inner ones join the outer.

        Raises:
            StorageUnavailable: the database is locked, full, read-only, damaged or gone, or was
                opened to read only.
        """
        return self._transaction

    def _refuse_to_write(self) -> None:
        if self.read_only:
            raise StorageUnavailable(store=self.name, why="was opened to read only")

    def _begin(self) -> None:
        self._refuse_to_write()
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
            except BaseException as failed:
                self._let_go()
                if not isinstance(failed, self.dialect.errors):
                    raise
                raise self._reworded(error or failed) from None
            if error is None:
                self.commits.tell()
            else:
                reworded = self._reworded(error)
                if reworded is not error:
                    raise reworded from None
        finally:
            self._lock.release()

    @property
    def optimistic(self) -> int:
        """Up to how many requests may be decided first now; none while a transaction is open."""
        return 0 if self._depth or self.read_only else self.dialect.optimistic

    @property
    def nested(self) -> bool:
        """Whether the transaction that one is in lies inside another."""
        return self._depth > 1

    def is_another(self) -> bool:
        """Whether the connection was made again since this was last asked. Not for two to ask."""
        asked, self._asked = self._asked, self.incarnation
        return asked != self.incarnation

    def append_alone(
        self, insert: str, rows: Sequence[Sequence[Any]], held: Mapping[str, int]
    ) -> int | None:
        """
        Add rows to the log in a transaction of their own; see `Dialect`. Returns the new head.

        Adds nothing, once, and returns None where `held` is given and the connection was made again
        since the last time: the log may have lost its end, and what is held be ahead of it.

        What the driver raises for a row that breaks a constraint, or whose request is known, comes
        out as it is.

        Raises:
            StorageUnavailable: the database does not answer. If it went away in the middle, the
                rows may have been added.
        """
        with self._lock:
            try:
                self._reconnect_if_lost()
                if held is not NOTHING_HELD and self.is_another():
                    return None
                head = self.dialect.append_alone(self.driver, insert, rows, held)
            except self.dialect.conflicts:
                raise
            except (DBAPIError, self.dialect.errors) as error:
                raise self._reworded(error) from None
        self.commits.tell()
        return head

    def is_same(self, other: "Database") -> bool:
        """
        Whether `other` is this one under another name. Not in a transaction.

        Raises:
            StorageUnavailable: one of them does not answer.
        """
        if type(self.dialect) is not type(other.dialect):
            return False
        with self._lock, self._our_words():
            self._reconnect_if_lost()
            return self.dialect.is_same(self.driver, other.driver)

    def is_behind(self, driver: Driver) -> bool:
        """
        Whether a connection of somebody else's, which may be in a transaction, leads to this one.

        Raises:
            StorageUnavailable: one of them does not answer.
        """
        with self._our_words():
            if self.dialect.place(driver) == self._place:
                return True
        if self.path is not None:
            return False
        # The server may have been started again since this one's connection was last used.
        with self._lock, self._our_words():
            self._reconnect_if_lost()
            return self.dialect.is_same(self.driver, driver)

    def settle(self) -> None:
        """
        Return once all that was read before is kept through a power cut. Not in a transaction.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        with self._lock, self._our_words():
            self._reconnect_if_lost()
            self.dialect.settle(self.driver)

    def scrub(self) -> Traces:
        """
        Have bytes that were overwritten leave the files too. Not in a transaction.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        with self._lock, self._our_words():
            self._reconnect_if_lost()
            return self.dialect.scrub(self.driver)

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
                    self._let_go()

    @contextmanager
    def _understood(self) -> Generator[None]:
        try:
            yield
        except (ArgumentError, ValueError, TypeError):
            # What SQLAlchemy and the driver say of an option may quote a password.
            why = "has an option behind the ? that this database does not know, or not so"
            raise StorageUnavailable(store=self.name, why=why) from None

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
            if self._closed:
                raise StorageUnavailable(store=self.name, why="was closed")
            lookout = self._lookouts.get(poll_seconds)
            if lookout is None:
                watch = partial(self.dialect.wakeup, self, poll_seconds=poll_seconds)
                lookout = self._lookouts[poll_seconds] = Lookout(watch)
        return lookout.wakeup()

    @property
    def may_write(self) -> bool:
        """Whether who opened it may write there, be it opened to read only or not."""
        with self._our_words():
            return self.dialect.may_write(self.driver)

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


@cache  # every database has the same, and SQLAlchemy compiles them for each
def making(table: Table, dialect: type[Dialect]) -> tuple[str, ...]:
    """The statements that make a table and its indexes."""
    parts: list[ClauseElement] = [CreateTable(table), *map(CreateIndex, table.indexes)]
    return tuple(dialect.compile(part) for part in parts)
