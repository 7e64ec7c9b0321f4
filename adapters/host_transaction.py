"""A transaction of the host's: what is recorded inside is kept or lost with the host's own rows."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any, Final

from attrs import evolve
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.sql.expression import ClauseElement

from regulars.adapters.database import Database, Transaction
from regulars.adapters.database_url import shown
from regulars.application.errors import NotOurDatabase, StorageUnavailable
from regulars.application.ports import Wakeup
from regulars.domain.evidence import Traces

_TOLD: Final = "regulars.commits"
"""Where a connection remembers whom to tell once its pool has it back."""


class HostTransaction(Database):
    """
    The database `ours` inside the transaction that a host has begun on its own connection.

    `host` is that connection or the session of an ORM. A session sends its own savepoints when it
    is first used in them: it is asked for its connection before each call, so that they are there.

    Its transactions are savepoints, and the host alone commits. What writes first takes the lock
    on the log, and keeps it until the host's transaction ends; the host's connection says how long
    to wait for it. Nothing of the connection is set otherwise, but for SQLite's `secure_delete`,
    until `close`.

    Raises:
        TypeError: it is no connection or session of SQLAlchemy over the driver that `ours` uses.
        RuntimeError: no transaction is begun on it, or the driver commits each statement.
        NotOurDatabase: it leads to another database, or to another schema.
        StorageUnavailable: the database does not answer.
    """

    def __init__(self, ours: Database, host: object) -> None:
        self._connected = _connected(host)
        connection = self._connected()
        self._host = connection.get_transaction()
        self._ours = ours
        self._lock = RLock()
        self._depth = 0
        self.incarnation = self._asked = 0
        self._transaction = Transaction(self._begin, self._end)
        self.dialect = ours.dialect
        self.name = shown(connection.engine.url)
        self.path = ours.path
        self.read_only = ours.read_only
        self.commits = ours.commits
        self.connection = connection
        self._check()
        self._parting = ExitStack()
        with self._our_words():
            self.driver = self.dialect.join(connection, self._parting)
        if not ours.is_behind(self.driver):
            self._parting.close()
            why = f"is not the database that the core was opened over, {ours.name}"
            raise NotOurDatabase(store=self.name, why=why)
        # SQLAlchemy tells of a commit before it is made, but of a connection's return afterwards.
        connection.info.setdefault(_TOLD, set()).add(self.commits)
        event.listen(connection.engine.pool, "checkin", _tell)

    def _check(self) -> None:
        if self._host is None or self.connection.get_transaction() is not self._host:
            message = "the host's transaction has ended, or was not begun"
            raise RuntimeError(message)
        self._connected()

    def compile(self, statement: ClauseElement) -> str:
        """The SQL text for the driver, whatever the host's engine has its values look like."""
        return self._ours.compile(statement)

    def make(self, *tables: MetaData) -> None:
        """Nothing: `ours` has made them, and a host's transaction is no place for it."""

    @property
    def optimistic(self) -> int:
        """None: the host's transaction decides what is kept."""
        return 0

    def settle(self) -> None:
        """Nothing yet: what is read in the host's transaction lasts as long as that says."""

    def scrub(self) -> Traces:
        """Nothing yet: what is overwritten stays as it was until the host commits."""
        return Traces.HELD

    def _begin(self) -> None:
        self._refuse_to_write()
        self._lock.acquire()
        try:
            if not self._depth:
                self._check()
                with self._our_words():
                    self._begin_savepoint()
        except BaseException:
            self._lock.release()
            raise
        self._depth += 1

    def _begin_savepoint(self) -> None:
        self.driver.execute("SAVEPOINT regulars")
        try:
            self.driver.execute(self.dialect.lock)
        except self.dialect.errors:
            self._undo()
            raise

    def _end(self, error: BaseException | None) -> None:
        self._depth -= 1
        try:
            if self._depth:
                return
            with self._our_words():
                if error is None:
                    self._keep()
                    return
                self._undo()
            reworded = self._reworded(error)
            if reworded is not error:
                raise reworded from None
        finally:
            self._lock.release()

    def _keep(self) -> None:
        try:
            self.driver.execute("RELEASE regulars")
        except self.dialect.errors:
            self._undo()
            raise

    def _undo(self) -> None:
        if self.driver.in_transaction:
            self.driver.execute("ROLLBACK TO regulars")
            self.driver.execute("RELEASE regulars")
        else:
            # A full disk or a lost server took the host's rows too: it must not go on without them.
            self.connection.rollback()

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """Read inside as the host's transaction sees it."""
        with self._lock, self._our_words():
            if self._depth:
                yield
                return
            self._check()
            # On PostgreSQL a read that fails would take the host's transaction with it.
            self.driver.execute("SAVEPOINT regulars")
            try:
                yield
            except BaseException:
                self._undo()
                raise
            self._keep()

    def _reworded(self, error: BaseException) -> BaseException:
        # The host's connection may lead elsewhere than ours.
        found = super()._reworded(error)
        if isinstance(found, StorageUnavailable | NotOurDatabase):
            return evolve(found, store=self.name)
        return found

    def wakeup(self, *, poll_seconds: float) -> Wakeup:
        """What a reader of the log waits on, outside the host's transaction."""
        return self._ours.wakeup(poll_seconds=poll_seconds)

    def close(self) -> None:
        """Let go of the connection, which stays the host's, set as it was."""
        self._parting.close()
        self._host = None


def _connected(host: object) -> Callable[[], Connection]:
    """What gives the connection of a host, with all savepoints that its session has begun."""
    from sqlalchemy.orm import Session, scoped_session  # noqa: PLC0415 - who joins none pays nothing

    if isinstance(host, Connection):
        return lambda: host
    if isinstance(host, Session | scoped_session):
        return host.connection
    message = f"a connection or session of SQLAlchemy is needed, not a {type(host).__name__}"
    raise TypeError(message)


def _tell(driver: object, record: Any) -> None:  # noqa: ANN401, ARG001 - as pools call it
    for commits in record.info.pop(_TOLD, ()):
        commits.tell()
