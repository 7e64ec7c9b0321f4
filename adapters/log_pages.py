"""Rows of the events table in the order of the log, a page a statement, however many there are."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, Final

from attrs import frozen
from sqlalchemy import ColumnElement, Select, Table, bindparam, func, literal_column, select, text

from regulars.adapters.database import Database
from regulars.adapters.dialect import Dialect
from regulars.application.subscription import SPAN

PAGE: Final = 1_000
"""Rows that one statement reads, at most."""

_HALVES: Final = range(0xD800, 0xE000)
"""The half characters, which are in no text that is stored."""


@frozen(kw_only=True)
class _Statements:
    """What is asked for a page, compiled, and for a span, which is narrowed before that."""

    page: str
    span: Select[Any]
    first: Select[Any]


@cache  # a host's transaction has a log of its own, and compiling takes longer than it may
def _statements(table: Table, columns: tuple[str, ...], dialect: type[Dialect]) -> _Statements:
    position = table.c.position
    chosen = select(*(table.c[name] for name in columns)).order_by(position)
    between = (position > bindparam("after"), position <= bindparam("upto"))
    return _Statements(
        page=dialect.compile(chosen.where(text(dialect.of_tenant), *between)),
        span=chosen.where(unindexed(table.c.tenant) == bindparam("tenant"), *between),
        first=select(func.min(position)).where(position > bindparam("after")),
    )


class LogPages:
    """Some columns of one tenant's events, the position first among them."""

    def __init__(
        self, database: Database, table: Table, columns: Sequence[str], *, tenant: str
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._of = _statements(table, tuple(columns), type(database.dialect))

    def read(
        self, after: int, last: int, narrow: Sequence[ColumnElement[bool]] = (), *, size: int = PAGE
    ) -> Iterator[Sequence[Any]]:
        """
        The rows past position `after` up to and including `last` that fulfil all of `narrow`.

        They are read `size` at a time.
        """
        if narrow:
            query = self._of.span.where(*narrow).limit(size)
            return self._read(partial(self._narrowed, query), after, last, size, SPAN)
        page = partial(self._page, f"{self._of.page} LIMIT {size}")
        return self._read(page, after, last, size, size)

    def _page(self, page: str, after: int, upto: int) -> Sequence[Sequence[Any]]:
        return self._database.rows(page, (self._tenant, after, upto))

    def _narrowed(self, query: Select[Any], after: int, upto: int) -> Sequence[Sequence[Any]]:
        bound = {"tenant": self._tenant, "after": after, "upto": upto}
        return self._database.connection.execute(query, bound).all()

    def _read(
        self,
        between: Callable[[int, int], Sequence[Sequence[Any]]],
        after: int,
        last: int,
        size: int,
        width: int,
    ) -> Iterator[Sequence[Any]]:
        """
        Ask for at most `size` rows of each `width` positions, a wider piece where they are rare.

        PostgreSQL, where it has not counted the rows, reads and sorts all that are between two
        positions to give the first of them, so these lie no further apart than they have to.
        """
        while after < last:
            # However rare the rows are, no statement looks at more than a span of the log.
            upto = min(last, after + width)
            rows = between(after, upto)
            yield from rows
            if len(rows) == size:
                after = rows[-1][0]
                continue
            after, width = upto, min(2 * width, SPAN)
            if not rows:
                # Positions that nobody has are passed over at once.
                there = self._database.connection.scalar(self._of.first, {"after": upto})
                after = last if there is None else there - 1


def begins_with(column: ColumnElement[str], prefix: str) -> Iterator[ColumnElement[bool]]:
    """What is to be true of texts that begin with `prefix`, letter for letter."""
    # A range, because LIKE has wildcards, and on SQLite takes capitals for small letters.
    if prefix:
        yield unindexed(column) >= prefix
        beyond = _beyond(prefix)
        if beyond:
            yield unindexed(column) < beyond


def unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column as an expression that no index is for."""
    # A span is read by position: PostgreSQL would now and then go through all of a tenant's
    # events, or all of the prefix, for each span, and sort what it found.
    return column.concat(literal_column("''"))


def _beyond(prefix: str) -> str:
    """The least text that is more than all that begin with `prefix`, by code points; "" if none."""
    kept = prefix.rstrip(chr(sys.maxunicode))
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_HALVES.stop if following in _HALVES else following)
