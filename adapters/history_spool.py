"""
The spool of an import: orders and lines on disk, to be read back by time in bounded memory.

It holds columns of orders and lines only. Columns that the format does not know, which may be
personal, are encrypted under a key that is never stored.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from attrs import evolve
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from regulars.adapters.history_fields import Extra
from regulars.application.history import OrderRow, Place
from regulars.domain.purchase import Line


class SpooledLine(msgspec.Struct, gc=False, omit_defaults=True):
    """What is read back as a `Line`: it packs at a quarter of the time."""

    line: int
    item: str
    quantity: int
    name: str | None = None
    category: str | None = None
    unit_price: int | None = None


Run: TypeAlias = tuple[str, list[int], list[SpooledLine]]
"""Lines of one order that stand in one file: its name, their rows, and what they say."""


# Indexes are kept while rows come in, and no statement sorts: SQLite would do either in temporary
# files of its own, outside the folder that it was given.
_SCHEMA: Final = """
    PRAGMA page_size = 16384;
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -32768;
    CREATE TABLE orders (
        seq INTEGER PRIMARY KEY, file INTEGER, line INTEGER, extra BLOB,
        order_id TEXT UNIQUE, placed_at INTEGER, currency TEXT, total INTEGER, customer_id TEXT,
        merchant_id TEXT, accepted_at INTEGER, prepared_at INTEGER, picked_up_at INTEGER,
        delivered_at INTEGER, cancelled_at INTEGER, cancelled INTEGER, discount INTEGER,
        delivery_fee INTEGER, tip INTEGER, refund INTEGER, refunded_at INTEGER, channel TEXT,
        payment_method TEXT, region TEXT,
        spoiled_file INTEGER, spoiled_line INTEGER
    );
    CREATE INDEX orders_by_time ON orders (placed_at, order_id, seq);
    CREATE TABLE lines (part INTEGER PRIMARY KEY, seq INTEGER, packed BLOB);
    CREATE INDEX lines_by_order ON lines (seq, part);
    BEGIN;
"""
_INSERT_ORDER: Final = """
    INSERT INTO orders VALUES
    (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)
    ON CONFLICT DO NOTHING
"""
_ORDERS_IN_TIME: Final = """
    SELECT orders.*, packed FROM orders LEFT JOIN lines USING (seq) WHERE spoiled_file IS NULL
    ORDER BY placed_at, order_id, orders.seq, part
"""


def _failed(error: sqlite3.Error) -> OSError:
    return OSError(f"the spool of the import failed: {error}")


class Added(Enum):
    """What became of an order that was given to the spool."""

    NEW = "it was added"
    SAME = "the same order was there, and stays"
    OTHER = "another order was there under its id, and stays"


class Spool:
    """
    Orders and lines of one run, in a file of their own that goes when the spool is closed.

    Where the system allows it, the file loses its name at once, so that even a killed process
    leaves nothing behind. One order is held in memory at a time, and SQLite's cache of 32 MiB.
    """

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        """
        An empty spool for rows of these `files`.

        Raises:
            OSError: no file can be made in `folder`; so do all methods if it cannot be written.
        """
        self._files = tuple(files)
        self._file_numbers = {file: number for number, file in enumerate(files)}
        self._orders = 0
        # Each order is sealed once, so its number serves as the nonce.
        self._cipher = AESGCM(AESGCM.generate_key(bit_length=256))
        self._pack = msgspec.msgpack.Encoder().encode
        self._unpack = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...], tuple[Line, ...]]).decode
        handle, name = tempfile.mkstemp(prefix="regulars-", suffix=".spool", dir=folder)
        os.close(handle)
        self._path = Path(name)
        try:
            self._db = sqlite3.connect(self._path, isolation_level=None)
            if os.name == "posix":
                self._path.unlink()
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            self._path.unlink(missing_ok=True)
            raise _failed(error) from error

    def close(self) -> None:
        """Ends the spool and deletes its file; a second time, nothing happens."""
        self._db.close()
        self._path.unlink(missing_ok=True)

    def add(self, order: OrderRow) -> Added:
        """Takes an order without its lines, unless there is one under its id."""
        self._orders += 1
        row = self._row(self._orders, order)
        if self._execute(_INSERT_ORDER, row).rowcount:
            return Added.NEW
        known = self._execute(
            "SELECT * FROM orders WHERE order_id = ?", (order.order_id,)
        ).fetchone()
        # All columns but where it stands and the cipher text, which no two orders share.
        same = known[4:24] == row[4:] and self._extra(known) == order.extra
        return Added.SAME if same else Added.OTHER

    def find(self, order_id: str) -> tuple[int, str] | None:
        """The number and the currency of an order; None if the spool does not have it."""
        found: tuple[int, str] | None = self._execute(
            "SELECT seq, currency FROM orders WHERE order_id = ?", (order_id,)
        ).fetchone()
        return found

    def add_lines(self, runs_by_order: Iterable[tuple[int, Run]]) -> None:
        """Takes lines of orders, by the orders' numbers, behind those that the orders have."""
        packed = ((order, self._pack(run)) for order, run in runs_by_order)
        try:
            self._db.executemany("INSERT INTO lines (seq, packed) VALUES (?, ?)", packed)
        except sqlite3.Error as error:
            raise _failed(error) from error

    def spoil(self, order_id: str, line: Place) -> None:
        """Takes an order out, if the spool has it, because of one of its lines."""
        self._execute(
            "UPDATE orders SET spoiled_file = ?, spoiled_line = ?"
            " WHERE order_id = ? AND spoiled_file IS NULL",
            (self._file_numbers[line.file], line.row, order_id),
        )

    def finish(self) -> None:
        """Ends the adding. Only then can be asked what was spoiled, and what was not."""
        self._execute("COMMIT")

    def spoiled_orders(self) -> Iterator[tuple[Place, Place]]:
        """Where each spoiled order stands, and the line that spoiled it."""
        for file, row, spoiled_file, spoiled_row in self._execute(
            "SELECT file, line, spoiled_file, spoiled_line FROM orders"
            " WHERE spoiled_file IS NOT NULL ORDER BY seq"
        ):
            yield self._place(file, row), self._place(spoiled_file, spoiled_row)

    def spoiled_lines(self) -> Iterator[Place]:
        """Where the other lines of spoiled orders stand."""
        for (packed,) in self._execute(
            "SELECT packed FROM orders JOIN lines USING (seq)"
            " WHERE spoiled_file IS NOT NULL ORDER BY orders.seq, part"
        ):
            file, numbers, _ = self._unpack(packed)
            for number in numbers:
                yield Place(file=file, row=number)

    def orders(self) -> Iterator[OrderRow]:
        """The orders by time, id, and the order in which they came, with their lines."""
        for _, parts in groupby(self._execute(_ORDERS_IN_TIME), itemgetter(0)):
            rows: list[tuple[str, tuple[int, ...]]] = []
            lines: tuple[Line, ...] = ()
            first, *more = parts
            for *_, packed in (first, *more) if first[-1] is not None else ():
                file, numbers, run = self._unpack(packed)
                rows.append((file, numbers))
                lines = (*lines, *_renumbered(run, len(lines))) if lines else run
            yield self._order(first, lines, tuple(rows))

    def _execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement, values)
        except sqlite3.Error as error:
            raise _failed(error) from error

    def _row(self, number: int, order: OrderRow) -> tuple[object, ...]:
        return (
            number,
            self._file_numbers[order.place.file],
            order.place.row,
            self._cipher.encrypt(number.to_bytes(12), self._pack(order.extra), None)
            if order.extra
            else None,
            order.order_id,
            _micros(order.placed_at),
            order.currency,
            order.total,
            order.customer_id,
            order.merchant_id,
            _micros(order.accepted_at),
            _micros(order.prepared_at),
            _micros(order.picked_up_at),
            _micros(order.delivered_at),
            _micros(order.cancelled_at),
            order.cancelled,
            order.discount,
            order.delivery_fee,
            order.tip,
            order.refund,
            _micros(order.refunded_at),
            order.channel,
            order.payment_method,
            order.region,
        )

    # Rows of SQLite have no types: `_row` above is what these two undo.
    def _order(
        self,
        row: tuple[Any, ...],
        lines: tuple[Line, ...],
        line_rows: tuple[tuple[str, tuple[int, ...]], ...],
    ) -> OrderRow:
        return OrderRow(
            place=self._place(row[1], row[2]),
            extra=self._extra(row),
            order_id=row[4],
            placed_at=_time(row[5]),
            currency=row[6],
            total=row[7],
            customer_id=row[8],
            merchant_id=row[9],
            accepted_at=_time_or_none(row[10]),
            prepared_at=_time_or_none(row[11]),
            picked_up_at=_time_or_none(row[12]),
            delivered_at=_time_or_none(row[13]),
            cancelled_at=_time_or_none(row[14]),
            cancelled=bool(row[15]),
            discount=row[16],
            delivery_fee=row[17],
            tip=row[18],
            refund=row[19],
            refunded_at=_time_or_none(row[20]),
            channel=row[21],
            payment_method=row[22],
            region=row[23],
            lines=lines,
            line_rows=line_rows,
        )

    def _extra(self, row: tuple[Any, ...]) -> Extra:
        if row[3] is None:
            return ()
        packed = self._cipher.decrypt(row[0].to_bytes(12), row[3], None)
        return msgspec.msgpack.decode(packed, type=Extra)

    def _place(self, file: int, row: int) -> Place:
        return Place(file=self._files[file], row=row)


def _renumbered(run: Iterable[Line], before: int) -> Iterator[Line]:
    return (evolve(line, line=line.line + before) for line in run)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def _micros(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // _MICROSECOND


def _time(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _time_or_none(micros: int | None) -> datetime | None:
    return None if micros is None else _time(micros)
