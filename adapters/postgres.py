"""What is PostgreSQL's own: the lock that orders the log, how tables are made, and its errors."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache, partial
from itertools import chain
from pathlib import Path
from secrets import randbits
from sys import maxsize
from typing import Any, Final, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    NullPool,
    TableClause,
    create_engine,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import psycopg as spoken
from sqlalchemy.sql.expression import ClauseElement

from regulars.adapters import schema
from regulars.adapters.database import Database, making
from regulars.adapters.database_url import shown
from regulars.adapters.dialect import EVENT_ID, FINGERPRINT, Driver, Opening
from regulars.adapters.postgres_driver import PostgresDriver, PostgresHostDriver
from regulars.adapters.postgres_formats import BEHIND_THE_TABLES, HEAD
from regulars.adapters.postgres_wakeup import NoticeWakeup
from regulars.application.errors import NotOurDatabase, StorageUnavailable
from regulars.domain.evidence import Traces

_STYLE: Final = "format"
_SQL: Final = cast("Any", spoken.dialect)(paramstyle=_STYLE)

# Not to_regclass: it may answer from before the lock that was waited for.
_FOUND: Final = """
    SELECT true FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relname = 'regulars_log' AND nspname = current_schema()
"""
_PRESENT: Final = """
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = current_schema() AND relname = ANY (%s)
"""
# That of the session before anything was set in it: by the server, the database, the role, the URL.
_READ_ONLY: Final = """
    SELECT reset_val = 'on', pg_is_in_recovery() FROM pg_settings
    WHERE name = 'default_transaction_read_only'
"""
_PLACE: Final = """
    SELECT pg_postmaster_start_time(), oid, current_schema()::regnamespace::oid FROM pg_database
    WHERE datname = current_database()
"""
_GRANTED: Final = """
    SELECT has_table_privilege('events', 'INSERT') AND has_table_privilege('regulars_log', 'UPDATE')
"""
_FORMAT: Final = "SELECT format FROM regulars_log"
_LOCK: Final = "SELECT position FROM regulars_log FOR UPDATE"
_MOVE: Final = "UPDATE regulars_log SET position = position + %s RETURNING position - %s"
_TELL: Final = "RELEASE append; NOTIFY regulars_log"
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
_FEW: Final = 32
"""Rows up to which one statement is faster than a COPY."""

_TYPES: Final = "int8 text text int4 text int4 bytea int8 int8 text text text bytea bytea".split()
"""Those of the columns of events, in their order."""

# A standby has only what its primary has on disk, and cannot say where that one stands.
_ON_DISK: Final = """
    SELECT CASE WHEN pg_is_in_recovery() THEN true
           ELSE pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn() END
"""
_FLUSH: Final = "SELECT pg_logical_emit_message(true, 'regulars', '')"
_QUOTING: Final = ("22", "23")
"""Classes of SQLSTATE, bad data and broken constraints, whose messages quote values."""


@cache
def _tables() -> MetaData:
    """The tables of `schema.metadata` as they are made here."""
    copies = MetaData()
    for table in schema.metadata.tables.values():
        copy = table.to_metadata(copies)
        if table.name == "events":
            # The log gives positions; a sequence would leave gaps, and nobody would use it.
            copy.c.position.autoincrement = False
    return copies


class Postgres:
    """The `Dialect` of PostgreSQL, on the schema that comes first in the connection's path."""

    errors: type[Exception] = psycopg.Error
    conflicts: type[Exception] = psycopg.IntegrityError
    path: Path | None = None
    passing = False
    head = "SELECT position FROM regulars_log"
    lock = _LOCK
    # Joined to nothing, the column has no index: PostgreSQL would go through all of a tenant's
    # events for each page of the log, wherever it knows nothing of how many there are.
    of_tenant = "events.tenant || '' = :tenant"
    scans_for_pairs = False
    optimistic = maxsize

    def __init__(self, url: URL, opening: Opening) -> None:
        self.name = shown(url)
        self._url = url.set(drivername="postgresql+psycopg")
        self._create = opening.create
        self._older = opening.older
        self._read_only = opening.read_only
        self._durable = opening.synchronous == "FULL"
        self._settings = (
            f"SET synchronous_commit = {'on' if self._durable else 'off'}",
            f"SET lock_timeout = {max(1, round(opening.busy_seconds * 1000))}",
            # Who was killed lets go of the log soon, even if nobody told the server.
            "SET client_connection_check_interval = '2s'",
            "SET tcp_keepalives_idle = 10",
            "SET tcp_keepalives_interval = 5",
            "SET tcp_keepalives_count = 3",
            "SET timezone = 'UTC'",
            # Whatever a role or database has for a default.
            "SET default_transaction_isolation = 'read committed'",
        )

    @staticmethod
    def insert(table: TableClause) -> Any:  # noqa: ANN401 - as the protocol has it
        """Its own insert; see the protocol."""
        return postgresql.insert(table)

    @staticmethod
    def compile(statement: ClauseElement) -> str:
        """Values are `%s`; see the protocol."""
        return str(statement.compile(dialect=_SQL))

    def engine(self) -> Engine:
        """A connection whenever one is asked for; see the protocol."""
        return create_engine(
            self._url,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            paramstyle=_STYLE,
            poolclass=NullPool,
            pool_reset_on_return=None,
        )

    def driver(self, connection: Connection) -> Driver:
        """The connection of psycopg; see the protocol."""
        return PostgresDriver(
            cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        )

    def prepare(self, database: Database) -> None:
        """Make the tables, beside those of the host; see the protocol."""
        driver = database.driver
        for setting in self._settings:
            driver.execute(setting)
        if self._read_only:
            driver.execute("SET default_transaction_read_only = on")
        else:
            self._refuse_read_only(driver)
        if self._create and not self._has_tables(driver):
            self._make_tables(database)
        # A log that is gone when a lost connection is made again is not made anew in silence.
        self._create = False
        schema.check_format(self.format(driver), store=self.name, older=self._older)

    def _refuse_read_only(self, driver: Driver) -> None:
        (held, standby) = driver.execute(_READ_ONLY).fetchone()
        if held or standby:
            why = "a standby" if standby else "set to be read only (default_transaction_read_only)"
            raise StorageUnavailable(store=self.name, why=f"is {why}: open it with read_only=True")

    def may_write(self, driver: Driver) -> bool:
        """Whether role, database and server let it; see the protocol."""
        (held, standby) = driver.execute(_READ_ONLY).fetchone()
        return not held and not standby and driver.execute(_GRANTED).fetchone()[0]

    def format(self, driver: Driver) -> int:
        """The number in the one row; see the protocol."""
        if not self._has_tables(driver):
            raise NotOurDatabase(store=self.name, why="holds no log of regulars")
        return int(driver.execute(_FORMAT).fetchone()[0])

    def _has_tables(self, driver: Driver) -> bool:
        return driver.execute(_FOUND).fetchone() is not None

    def _make_tables(self, database: Database) -> None:
        driver = database.driver
        driver.execute(_BEGIN)
        try:
            # Of two that make the tables at once, one waits for the other.
            driver.execute(f"SELECT pg_advisory_xact_lock({schema.APPLICATION_ID})")
            if not self._has_tables(driver):
                self._refuse_others(driver, [*schema.metadata.tables])
                driver.execute(HEAD)
                driver.execute("INSERT INTO regulars_log VALUES (true, %s, 0)", (schema.FORMAT,))
                made = (making(table, Postgres) for table in _tables().sorted_tables)
                for statement in (*chain.from_iterable(made), *BEHIND_THE_TABLES):
                    driver.execute(statement)
        except BaseException:
            driver.execute("ROLLBACK")
            raise
        driver.execute("COMMIT")

    def _refuse_others(self, driver: Driver, names: list[str]) -> None:
        found = self.present(driver, names)
        if found:
            others = ", ".join(sorted(found))
            why = f"has other tables named {others}: name a schema of its own in the URL"
            raise NotOurDatabase(store=self.name, why=f"{why}, as ?options=-csearch_path=loyalty")

    def present(self, driver: Driver, names: Sequence[str]) -> set[str]:
        """In the schema that comes first in the path, whatever others hold; see the protocol."""
        return {name for (name,) in driver.execute(_PRESENT, (list(names),))}

    def join(self, connection: Connection, parting: ExitStack) -> Driver:  # noqa: ARG002 - as it is
        """The driver begins before its first statement; see the protocol."""
        found = connection.connection.driver_connection
        if not isinstance(found, psycopg.Connection):
            message = "a connection of psycopg is needed"
            raise TypeError(message)
        host: psycopg.Connection[Any] = cast("Any", found)
        if host.autocommit and host.info.transaction_status is TransactionStatus.IDLE:
            message = "the host's connection commits each statement"
            raise RuntimeError(message)
        return PostgresHostDriver(host)

    def is_same(self, mine: Driver, other: Driver) -> bool:
        """
        Whether both are in one schema of one database; see the protocol.

        Addresses, and what a cluster says of itself, do not tell: a server has several of the one,
        and a copy of it the same of the other. A lock that nobody else takes does.
        """
        schemas = {driver.execute("SELECT current_schema()").fetchone() for driver in (mine, other)}
        if len(schemas) > 1:
            return False
        lock = (randbits(63),)
        mine.execute("SELECT pg_advisory_lock(%s)", lock)
        try:
            (free,) = other.execute("SELECT pg_try_advisory_lock(%s)", lock).fetchone()
            if free:
                other.execute("SELECT pg_advisory_unlock(%s)", lock)
        finally:
            mine.execute("SELECT pg_advisory_unlock(%s)", lock)
        return not free

    def place(self, driver: Driver) -> object:
        """A server and its copy do not start in the same microsecond; see the protocol."""
        return driver.execute(_PLACE).fetchone()

    def is_lost(self, driver: Driver) -> bool:
        """Whether the server has gone, or gone and come back; see the protocol."""
        connection = cast("PostgresDriver", driver).connection
        # An exception in the middle of a statement leaves it under way, or its transaction open.
        # Whoever reads outside of any snapshot has the lock while its statement is under way.
        with connection.lock:
            idle = connection.info.transaction_status is TransactionStatus.IDLE
            if idle:
                # Nothing was asked: whatever comes is the server's farewell.
                with suppress(psycopg.Error):
                    while cast("PostgresDriver", driver).news.select(0):
                        connection.pgconn.consume_input()
        return connection.closed or not idle

    def let_go(self, driver: Driver) -> None:
        """A statement that is under way is ended with its connection; see the protocol."""
        connection = cast("PostgresDriver", driver).connection
        if connection.info.transaction_status is TransactionStatus.ACTIVE:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=1)
            connection.close()
        elif driver.in_transaction:
            driver.execute("ROLLBACK")

    def begin(self, driver: Driver) -> None:
        """Take the lock on the head of the log; see the protocol."""
        connection = cast("PostgresDriver", driver).connection
        try:
            connection.execute(f"{_BEGIN}; {_LOCK}", prepare=False)
        except psycopg.Error:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            raise

    def begin_reading(self, driver: Driver) -> None:
        """Read as of the first read; see the protocol."""
        driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self, driver: Driver) -> None:
        """Keep what was written; see the protocol."""
        connection = cast("PostgresDriver", driver).connection
        if connection.info.transaction_status is TransactionStatus.INERROR:
            # COMMIT would roll back, and say nothing.
            raise psycopg.InternalError("a statement of the transaction failed")
        driver.execute("COMMIT")

    def rows(self, driver: Driver, statement: str, values: Sequence[Any]) -> list[Any]:
        """By one cursor, and in binary; see the protocol."""
        return cast("PostgresDriver", driver).rows(statement, values)

    def wakeup(self, database: Database, *, poll_seconds: float) -> NoticeWakeup:  # noqa: ARG002 - the server tells
        """Woken by the server, whoever committed; see the protocol."""
        _, parts = database.connection.dialect.create_connect_args(self._url)
        return NoticeWakeup(partial(psycopg.connect, **parts, autocommit=True), name=self.name)

    def append(
        self, driver: Driver, insert: str, rows: Sequence[tuple[object, ...]], *, fresh: bool
    ) -> int:
        """Add rows to the log; see the protocol."""
        before, mark, values = insert.partition("VALUES ")
        driver.execute("SAVEPOINT append")
        try:
            (head,) = driver.execute(_MOVE, (len(rows), len(rows))).fetchone()
            placed = [(at, *row) for at, row in enumerate(rows, head + 1)]
            if len(rows) <= _FEW:
                if fresh and (ids := [row[EVENT_ID] for row in rows if row[FINGERPRINT]]):
                    driver.execute("SELECT regulars_refuse_known(%b)", (ids,))
                statement = f"{before}{mark}{', '.join([values] * len(rows))}"
                driver.execute(statement, [value for row in placed for value in row])
            else:
                driver.execute("SET LOCAL regulars.checked = on")
                _copy(driver, before.replace("INSERT INTO", "COPY"), placed)
                driver.execute("SELECT regulars_copied(%s, %s)", (head, fresh))
        except psycopg.IntegrityError:
            driver.execute("ROLLBACK TO append")
            raise
        # Of the driver's own kind, whatever cursors and rows a host likes.
        connection = cast("PostgresDriver", driver).connection
        psycopg.Cursor(connection, row_factory=tuple_row).execute(_TELL, prepare=False)
        return int(head + len(rows))

    def is_alone(self, rows: int, held: Mapping[str, int]) -> bool:  # noqa: ARG002 - held as well
        """As many as one statement has room for; see the protocol."""
        return rows <= _FEW

    def append_alone(
        self,
        driver: Driver,
        insert: str,  # noqa: ARG002 - the procedure has its own
        rows: Sequence[Sequence[Any]],
        held: Mapping[str, int],
    ) -> int:
        """One call, and one wait for the disk that nobody else waits for; see the protocol."""
        marks = ", ".join(["%s"] * len(rows[0]))
        if len(rows) == 1:
            statement = f"CALL regulars_append_one({marks}, %s, %s, %s, 0)"
        else:
            added = ", ".join([f"ROW(0, {marks})::events"] * len(rows))
            statement = f"CALL regulars_append(ARRAY[{added}], %s, %s, %s, 0)"
        values = [value for row in rows for value in row]
        kept = (list(held), list(held.values())) if held else (None, None)
        try:
            (head,) = driver.execute(statement, [*values, *kept, self._durable]).fetchone()
        except psycopg.Error:
            raise
        except BaseException:
            # Nobody waits for the answer any more: what is not committed must not be.
            with suppress(psycopg.Error):
                cast("PostgresDriver", driver).connection.cancel_safe(timeout=1)
            raise
        return int(head)

    def settle(self, driver: Driver) -> None:
        """Flush what others committed without having it flushed yet; see the protocol."""
        (on_disk,) = driver.execute(_ON_DISK).fetchone()
        if not on_disk:
            driver.execute(_FLUSH)

    def scrub(self, driver: Driver) -> Traces:  # noqa: ARG002 - not ours to do
        """The server overwrites in its own time; see the protocol."""
        return Traces.BEYOND

    def raise_head(self, driver: Driver, position: int) -> None:
        """Begin after this position; see the protocol."""
        driver.execute("UPDATE regulars_log SET position = %s", (position,))

    def reworded(self, error: Exception) -> Exception:
        """The condition alone, where what the server says of it could quote a value."""
        state = str(getattr(error, "sqlstate", None) or "")
        if state[:2] in _QUOTING:
            why = f"{type(error).__name__} (SQLSTATE {state})"
        else:
            why = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
        first_line = why.partition("\n")[0] or type(error).__name__
        return StorageUnavailable(store=self.name, why=first_line)


def _copy(driver: Driver, into: str, rows: Iterable[Sequence[object]]) -> None:
    connection = cast("PostgresDriver", driver).connection
    statement = cast("Any", f"{into} FROM STDIN (FORMAT BINARY)")
    with psycopg.Cursor(connection) as cursor, cursor.copy(statement) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            copy.write_row(row)
