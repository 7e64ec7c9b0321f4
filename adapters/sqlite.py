"""What is SQLite's own: pragmas, how a transaction begins, and its errors in our words."""

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, cast

from sqlalchemy import URL, Connection, Engine, TableClause, create_engine, create_mock_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import ClauseElement

from regulars.adapters import schema
from regulars.adapters.database import Database
from regulars.adapters.database_url import shown
from regulars.adapters.dialect import EVENT_ID, FINGERPRINT, Cursor, Driver, Opening
from regulars.adapters.wakeup import CommitWakeup
from regulars.application.errors import NotOurDatabase, StorageUnavailable
from regulars.domain.evidence import Traces

_SQL: Final = sqlite.dialect()

_PRAGMAS: Final = (
    "PRAGMA secure_delete = ON",
    "PRAGMA mmap_size = 268435456",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)
_SECURE_DELETE: Final = ("OFF", "ON", "FAST")
"""What SQLite's numbers for it are set by."""

_FILE: Final = "SELECT file FROM pragma_database_list WHERE name = 'main'"

_ONE_BY_ONE: Final = 8
"""Rows up to which a statement for each is as fast as one for all."""

_PLACES: Final = 3
"""The last bytes of an id, which count the events of a request: a block holds the rest."""

_KNOWN: Final = "SELECT 1 FROM events WHERE event_id BETWEEN ? AND ?"
_IS_KNOWN: Final = "a request is known: events.event_id"

_AGAIN: Final = 0.01
"""Seconds until a file that is locked is tried again."""


_LONGEST_SCRUB: Final = 2
"""Seconds that an emptying of the write-ahead log waits for readers; writers wait with it."""


class Sqlite:
    """
    The `Dialect` of SQLite, for one file or one database in memory.

    Raises:
        StorageUnavailable: there is no such file or folder.
    """

    errors: type[Exception] = sqlite3.Error
    conflicts: type[Exception] = sqlite3.IntegrityError
    head = "SELECT seq FROM sqlite_sequence WHERE name = 'events'"
    lock = "UPDATE sqlite_sequence SET seq = seq WHERE false"
    # The plus keeps SQLite off the index by tenant, which it would sort the whole log by.
    of_tenant = "+events.tenant = :tenant"
    scans_for_pairs = True
    optimistic = 1

    def __init__(self, url: URL, opening: Opening) -> None:
        self.name = shown(url)
        self.path = _path(url, create=opening.create)
        self.passing = self.path is None
        self._url = url
        self._synchronous = opening.synchronous
        self._create = not opening.read_only and (opening.create or self.passing)
        self._older = opening.older
        self._read_only = opening.read_only
        self._busy_seconds = opening.busy_seconds
        self._writes_ahead = False

    @staticmethod
    def insert(table: TableClause) -> Any:  # noqa: ANN401 - as the protocol has it
        """Its own insert; see the protocol."""
        return sqlite.insert(table)

    @staticmethod
    def compile(statement: ClauseElement) -> str:
        """Values are question marks; see the protocol."""
        return str(statement.compile(dialect=_SQL))

    def engine(self) -> Engine:
        """One connection for all threads; see the protocol."""
        return create_engine(
            self._url,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args={"check_same_thread": False, "timeout": self._busy_seconds},
        )

    def driver(self, connection: Connection) -> Driver:
        """The connection of the standard library; see the protocol."""
        return cast("Driver", connection.connection.driver_connection)

    def prepare(self, database: Database) -> None:
        """Set the pragmas, and make the tables; see the protocol."""
        driver = database.driver
        with database.snapshot():
            ours = _pragma(driver, "application_id") == schema.APPLICATION_ID
            (tables,) = driver.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not ours and tables:
            raise NotOurDatabase(store=self.name, why="holds the tables of another program")
        if not ours and not self._create:
            raise NotOurDatabase(store=self.name, why="is an empty file")
        if ours:
            schema.check_format(self.format(driver), store=self.name, older=self._older)
        if self._create:
            self._write_ahead(driver)
        for pragma in _PRAGMAS:
            driver.execute(pragma)
        driver.execute(f"PRAGMA synchronous = {self._synchronous}")
        if self._read_only:
            driver.execute("PRAGMA query_only = ON")
        if not ours:
            with database.transaction():
                if _pragma(driver, "application_id") != schema.APPLICATION_ID:
                    for statement in _making():
                        driver.execute(statement)
                    driver.execute(f"PRAGMA user_version = {schema.FORMAT}")
                    driver.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")

    def may_write(self, driver: Driver) -> bool:  # noqa: ARG002 - the file says it
        """Whether the file may be written; see the protocol."""
        return self.path is None or os.access(self.path, os.W_OK)

    def format(self, driver: Driver) -> int:
        """The number in the head of the file; see the protocol."""
        if _pragma(driver, "application_id") != schema.APPLICATION_ID:
            raise NotOurDatabase(store=self.name, why="holds no log of regulars")
        return _pragma(driver, "user_version")

    def _write_ahead(self, driver: Driver) -> None:
        # Not for who only reads: the file stays as it is, byte for byte, on a disk that takes none.
        if self._writes_ahead:
            return
        # Of several who open a new file, all but one are told at once that it is locked: SQLite
        # waits for nobody when it changes the journal.
        end = monotonic() + self._busy_seconds
        while True:
            try:
                driver.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > end:
                    raise
                sleep(_AGAIN)
            else:
                self._writes_ahead = True
                return

    def join(self, connection: Connection, parting: ExitStack) -> Driver:
        """Begun here, for the driver begins before the first row is written; see the protocol."""
        host = connection.connection.driver_connection
        if not isinstance(host, sqlite3.Connection):
            message = "a connection of the standard library's sqlite3 is needed"
            raise TypeError(message)
        if not host.in_transaction:
            if host.isolation_level is None:
                message = "the host's connection commits each statement"
                raise RuntimeError(message)
            host.execute("BEGIN IMMEDIATE")
        driver = _HostDriver(host)
        before = _SECURE_DELETE[_pragma(driver, "main.secure_delete")]
        # Where a host leaves it off, keys and tokens that move would stay in the file for good.
        _pragma(driver, "main.secure_delete = ON")
        parting.callback(_set_back, driver, before)
        return driver

    def present(self, driver: Driver, names: Sequence[str]) -> set[str]:
        """A file has one place for tables; see the protocol."""
        there = driver.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {*names}.intersection(name for (name,) in there)

    def is_same(self, mine: Driver, other: Driver) -> bool:
        """Whether both have the same file open, by whichever path; see the protocol."""
        files = [driver.execute(_FILE).fetchone()[0] for driver in (mine, other)]
        return all(files) and Path(files[0]).samefile(files[1])

    def place(self, driver: Driver) -> object:
        """The file itself, whatever it is called; one in memory is no other's; see the protocol."""
        (file,) = driver.execute(_FILE).fetchone()
        try:
            found = Path(file).stat() if file else None
        except OSError:
            found = None
        return object() if found is None else (found.st_dev, found.st_ino)

    def is_lost(self, driver: Driver) -> bool:  # noqa: ARG002 - a file is not lost
        """Never; see the protocol."""
        return False

    def let_go(self, driver: Driver) -> None:
        """Nothing is under way when an exception comes out of it; see the protocol."""
        if driver.in_transaction:
            driver.execute("ROLLBACK")

    def begin(self, driver: Driver) -> None:
        """Take the one lock for writers; see the protocol."""
        self._write_ahead(driver)
        driver.execute("BEGIN IMMEDIATE")

    def begin_reading(self, driver: Driver) -> None:
        """Read as of the first read; see the protocol."""
        driver.execute("BEGIN")

    def commit(self, driver: Driver) -> None:
        """Keep what was written; see the protocol."""
        driver.execute("COMMIT")

    def rows(self, driver: Driver, statement: str, values: Sequence[Any]) -> list[Any]:
        """A cursor costs next to nothing here; see the protocol."""
        return driver.execute(statement, values).fetchall()

    def wakeup(self, database: Database, *, poll_seconds: float) -> CommitWakeup:
        """Woken by this process, and soon after other processes; see the protocol."""
        return CommitWakeup(database.commits, poll_seconds=poll_seconds)

    def append(
        self, driver: Driver, insert: str, rows: Sequence[tuple[object, ...]], *, fresh: bool
    ) -> int:
        """Add rows to the log; see the protocol."""
        for row in rows:
            if fresh and row[FINGERPRINT] and driver.execute(_KNOWN, _block(row)).fetchone():
                raise sqlite3.IntegrityError(_IS_KNOWN)
        first = 0
        try:
            if len(rows) <= _ONE_BY_ONE:
                # SQLite gives the positions, and tells them: nobody has to ask for the head.
                last = 0
                for row in rows:
                    added = cast("sqlite3.Cursor", driver.execute(insert, (None, *row)))
                    last = added.lastrowid or 0
                    first = first or last
                return last
            head = driver.execute(self.head).fetchone()
            first = (head[0] if head else 0) + 1
            driver.executemany(insert, ((at, *row) for at, row in enumerate(rows, first)))
        except sqlite3.IntegrityError:
            # A refused row leaves those before it in the transaction. A savepoint would take them
            # back too, but doubles the cost of every append that is not refused.
            if first:
                driver.execute("DELETE FROM events WHERE position >= ?", (first,))
            raise
        return int(first + len(rows) - 1)

    def is_alone(self, rows: int, held: Mapping[str, int]) -> bool:
        """One row that nothing is held for: the statement is its own transaction."""
        return rows == 1 and not held

    def append_alone(
        self,
        driver: Driver,
        insert: str,
        rows: Sequence[Sequence[Any]],
        held: Mapping[str, int],  # noqa: ARG002 - none where this is for use
    ) -> int:
        """One statement, which begins and commits by itself; see the protocol."""
        self._write_ahead(driver)
        (row,) = rows
        if row[FINGERPRINT] is None:
            return self.append(driver, insert, [tuple(row)], fresh=False)
        known = _unless_known(insert)
        added = cast("sqlite3.Cursor", driver.execute(known, (None, *row, *_block(row))))
        if not added.rowcount:
            raise sqlite3.IntegrityError(_IS_KNOWN)
        return added.lastrowid or 0

    def settle(self, driver: Driver) -> None:
        """A commit is on disk before anybody sees it; see the protocol."""

    def scrub(self, driver: Driver) -> Traces:
        """Empty the write-ahead log into the file, which keeps no old bytes; see the protocol."""
        seconds = min(self._busy_seconds, _LONGEST_SCRUB)
        driver.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
        try:
            (busy, _, _) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            driver.execute(f"PRAGMA busy_timeout = {round(self._busy_seconds * 1000)}")
        return Traces.HELD if busy else Traces.GONE

    def raise_head(self, driver: Driver, position: int) -> None:
        """Begin after this position; see the protocol."""
        driver.execute("DELETE FROM sqlite_sequence WHERE name = 'events'")
        driver.execute("INSERT INTO sqlite_sequence VALUES ('events', ?)", (position,))

    def reworded(self, error: Exception) -> Exception:
        """SQLite's messages name tables, columns and conditions, never a value."""
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            return NotOurDatabase(store=self.name, why="is not an SQLite database")
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY_SNAPSHOT:
            why = "others have written since the transaction began to read: begin it again"
            return StorageUnavailable(store=self.name, why=why)
        return StorageUnavailable(store=self.name, why=str(error))


@cache  # every new file has the same, and SQLAlchemy compiles them for each
def _making() -> tuple[str, ...]:
    """The statements that make the tables, with their indexes and triggers."""
    made: list[str] = []

    def keep(statement: Any, *_: object, **__: object) -> None:  # noqa: ANN401 - any DDL
        made.append(Sqlite.compile(statement))

    schema.metadata.create_all(create_mock_engine("sqlite://", keep), checkfirst=False)
    return tuple(made)


@cache
def _unless_known(insert: str) -> str:
    """The statement that adds one row unless there is an id of a block."""
    before, _, values = insert.partition(" VALUES ")
    return f"{before} SELECT {values[1:-1]} WHERE NOT EXISTS ({_KNOWN})"


def _block(row: Sequence[Any]) -> tuple[bytes, bytes]:
    start = row[EVENT_ID][:-_PLACES]
    return start + bytes(_PLACES), start + b"\xff" * _PLACES


class _HostDriver:
    """A connection whose rows are plain here, whatever its host makes of rows."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Cursor:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor.execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, rows)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction


def _set_back(driver: Driver, secure_delete: str) -> None:
    with suppress(sqlite3.Error):  # the host may have closed it already
        _pragma(driver, f"main.secure_delete = {secure_delete}")


def _pragma(driver: Driver, name: str) -> int:
    return int(driver.execute(f"PRAGMA {name}").fetchone()[0])


def _path(url: URL, *, create: bool) -> Path | None:
    if not url.database or url.database == ":memory:":
        return None
    path = Path(url.database)
    if not create and not path.exists():
        raise StorageUnavailable(store=shown(url), why="there is no such file")
    if not path.parent.is_dir():
        why = f"there is no folder {path.parent}"
        raise StorageUnavailable(store=shown(url), why=why)
    return path
