"""A provider of virtual numbers that outlives those who ask it: all that it knows is in a file."""

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from attrs import field, frozen

from regulars.application.number_protection import Binding
from regulars.application.ports import Clock

_TABLE = """CREATE TABLE IF NOT EXISTS bindings (
    ref INTEGER PRIMARY KEY AUTOINCREMENT, key, number, one, other, until
)"""


class Moment(Enum):
    """When somebody asks, seen from what is kept by then."""

    ASKED = "asked"
    BOUND = "bound"
    RECORDED = "recorded"
    LETTING_GO = "letting_go"
    LET_GO = "let_go"


@frozen(kw_only=True)
class Switchboard:
    """The `NumberProtection` port over a file; `reached` hears of each moment as it comes."""

    file: Path
    pool: Sequence[str] = field(repr=False)
    clock: Clock
    reached: Callable[[Moment], None] = lambda _: None

    def bind(self, key: str, a: str, b: str, *, until: datetime) -> Binding | None:
        """A number for `a` and `b`; see the port."""
        self.reached(Moment.ASKED)
        with self._open() as rows:
            bound = self._bound(rows, key, sorted((a, b)), until)
        self.reached(Moment.BOUND)
        return bound

    def _bound(
        self, rows: sqlite3.Connection, key: str, two: list[str], until: datetime
    ) -> Binding | None:
        now = self.clock.now()
        for ref, *theirs, end in rows.execute(
            "SELECT ref, one, other, until FROM bindings WHERE key = ? AND until > ?",
            (key, _text(now)),
        ).fetchall():
            if theirs == two:
                last = max(end, _text(until))
                rows.execute("UPDATE bindings SET until = ? WHERE ref = ?", (last, ref))
                return Binding(f"line-{ref}", datetime.fromisoformat(last))
            _end(rows, key, now)
        taken = {
            number
            for (number,) in rows.execute(
                "SELECT number FROM bindings WHERE until > ?"
                " AND (one IN (?, ?) OR other IN (?, ?))",
                (_text(now), *two, *two),
            )
        }
        number = next((one for one in self.pool if one not in taken), None)
        if number is None:
            return None
        ref = rows.execute(
            "INSERT INTO bindings (key, number, one, other, until) VALUES (?, ?, ?, ?, ?)",
            (key, number, *two, _text(until)),
        ).lastrowid
        return Binding(f"line-{ref}", until)

    def unbind(self, key: str, *, at: datetime) -> None:
        """End what the key has; see the port."""
        self.reached(Moment.LETTING_GO)
        with self._open() as rows:
            _end(rows, key, max(at, self.clock.now()))
        self.reached(Moment.LET_GO)

    def number(self, ref: str) -> str | None:
        """The number to call; see the port."""
        return next((number for _, one, number in self.living() if one == ref), None)

    def living(self) -> list[tuple[str, str, str]]:
        """Key, ref and number of all that is bound now."""
        with self._open() as rows:
            found = rows.execute(
                "SELECT key, ref, number FROM bindings WHERE until > ? ORDER BY key",
                (_text(self.clock.now()),),
            )
            return [(key, f"line-{ref}", number) for key, ref, number in found]

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=30, isolation_level=None)) as rows:
            rows.execute("BEGIN IMMEDIATE")
            rows.execute(_TABLE)
            yield rows
            rows.execute("COMMIT")


def _end(rows: sqlite3.Connection, key: str, at: datetime) -> None:
    end: tuple[Any, ...] = (_text(at), key, _text(at))
    rows.execute("UPDATE bindings SET until = ? WHERE key = ? AND until > ?", end)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
