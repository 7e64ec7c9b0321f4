"""The connection of psycopg, in the words that it shares with SQLite's."""

import selectors
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any, Final, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from regulars.adapters.dialect import Cursor

# `select` knows no descriptor from 1,024 on, and busy servers have those.
_Selector: Final = getattr(selectors, "PollSelector", selectors.SelectSelector)


class PostgresDriver:
    """A connection of ours; `news` tells whether the server has said something unasked."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._reader = psycopg.Cursor(connection, row_factory=tuple_row)
        self._reading = Lock()
        self.news: Final = _Selector()
        self.news.register(connection.fileno(), selectors.EVENT_READ)

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """All rows that a statement gives, in binary."""
        # A new cursor for each and text to parse would double the client's work for few rows.
        with self._reading:
            return self._reader.execute(cast("Any", statement), values, binary=True).fetchall()

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Cursor:
        """Run one statement."""
        return self.connection.execute(cast("Any", statement), values or None)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        with self.connection.cursor() as cursor:
            cursor.executemany(cast("Any", statement), rows)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, or a statement under way."""
        status = self.connection.info.transaction_status
        return status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}


class PostgresHostDriver(PostgresDriver):
    """A connection whose rows are plain here, whatever its host makes of rows."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Cursor:
        """Run one statement, whose rows are tuples."""
        cursor = psycopg.Cursor(self.connection, row_factory=tuple_row)
        return cursor.execute(cast("Any", statement), values or None)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row, whatever cursors the host likes."""
        with psycopg.Cursor(self.connection) as cursor:
            cursor.executemany(cast("Any", statement), rows)
