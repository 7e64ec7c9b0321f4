"""What the benchmarks write before they measure: a key file, a raw table, a journey with names."""

import csv
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

import regulars
from regulars.adapters.complete_journey import write_complete_journey
from regulars.adapters.database import Database
from regulars.adapters.key_ring import create_key_file

Row: TypeAlias = tuple[Any, ...]

RAW: Final = (
    "sqlite3 of the standard library: rows ready in memory into the same table with its indexes,"
    " without its trigger, under the same pragmas"
)
_INSERT: Final = f"INSERT INTO events VALUES ({', '.join('?' * 14)})"  # noqa: S608 - only marks
_RECORDED_AT: Final = 8

_FIRST: Final = "Ada Bram Cleo Dana Emil Fay Gus Hana Ivo June Kai Lea Milo Nora Otto Pia".split()
_LAST: Final = "Abbott Boyd Cruz Doyle Ellis Frost Grant Hayes Irwin Jonas Kerr Lloyd".split()
_STREETS: Final = "Alder Birch Cedar Dogwood Elm Fir Hazel Juniper Maple Oak Poplar".split()


def opened(
    file: Path,
    *,
    views: Literal["inline", "deferred"] = "inline",
) -> regulars.Crm:
    """The core over `file`, synchronous FULL, its keys in a file beside it."""
    keys = file.with_suffix(".keys")
    if not keys.exists():
        create_key_file(keys)
    return regulars.connect(f"sqlite:///{file}", keys=keys, views=views, environment={})


@contextmanager
def raw_table(file: Path) -> Generator[sqlite3.Connection]:
    """A new, empty table of events without its trigger, on the driver's own connection."""
    database = Database(f"sqlite:///{file}")
    try:
        database.driver.execute("DROP TRIGGER events_contiguous")
        yield cast("sqlite3.Connection", database.driver)
    finally:
        database.close()


def transactions(file: Path, *, after: int = 0) -> list[list[Row]]:
    """The rows of events past a position, by the transaction that recorded them."""
    database = sqlite3.connect(file)
    try:
        rows = database.execute(
            "SELECT * FROM events WHERE position > ? ORDER BY position", (after,)
        )
        return [list(some) for _, some in groupby(rows, itemgetter(_RECORDED_AT))]
    finally:
        database.close()


def insert(raw: sqlite3.Connection, batches: list[list[Row]]) -> None:
    """Insert the rows, each batch in one transaction; a single row is one by itself."""
    for rows in batches:
        if len(rows) == 1:
            raw.execute(_INSERT, rows[0])
        else:
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(_INSERT, rows)
            raw.execute("COMMIT")


def write_journey(folder: Path, *, weeks: int | None) -> None:
    """
    The files of The Complete Journey, their households with made-up contacts to be sealed.

    A household has the same contact every time.
    """
    write_complete_journey(folder, weeks=weeks)
    customers = folder / "customers.csv"
    with customers.open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    for row in known:
        row.update(_contact(int(row["customer_id"])))
    with customers.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(known[0]))
        writer.writeheader()
        writer.writerows(known)


def _contact(number: int) -> dict[str, str]:
    first = _FIRST[number % len(_FIRST)]
    last = _LAST[number % len(_LAST)]
    street = _STREETS[number % len(_STREETS)]
    return {
        "name": f"{first} {last}",
        "phone": f"+1555{number:07}",
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "address": f"{number} {street} Street, Springfield",
    }


def removed(database: Path) -> None:
    """Remove a database and what lies beside it under its name, if it is there."""
    for file in database.parent.glob(f"{database.stem}.*"):
        file.unlink()
