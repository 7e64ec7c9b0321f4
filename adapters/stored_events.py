"""Stored events in SQL: the rows of the events table as they are, read and brought back."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from attrs import frozen
from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select

from regulars.adapters.codec import CODEC, NotStoredSo
from regulars.adapters.database import Database
from regulars.adapters.event_log import EVENTS, SqlLog
from regulars.application.stored import Stored

_AT: Final = EVENTS.c
_COLUMNS: Final = [
    _AT.position,
    _AT.stream,
    _AT.version,
    _AT.type,
    _AT.schema_version,
    _AT.event_id,
    _AT.occurred_at,
    _AT.recorded_at,
    _AT.actor,
    _AT.correlation,
    _AT.causation,
    _AT.fingerprint,
    _AT.body,
]
"""In the order of the fields of `Stored`."""

_PAGE: Final = 1_000


@frozen(kw_only=True)
class Taken:
    """What of some events the store has already, of whichever tenant."""

    positions: frozenset[int]
    event_ids: frozenset[bytes]


class SqlStoredEvents:
    """The `StoredEvents` port over one tenant's rows of the events table."""

    def __init__(self, database: Database, *, tenant: str = "default") -> None:
        self._database = database
        self._log = SqlLog(database, tenant=tenant)
        self.tenant = tenant
        # An expression keeps a database off the index by tenant, which it would sort the log by.
        self._mine: ColumnElement[bool] = _AT.tenant.concat("") == tenant

    def snapshot(self) -> AbstractContextManager[None]:
        """Read inside as of one moment; see the port."""
        return self._database.snapshot()

    def settle(self) -> None:
        """Wait for the disk; see the port."""
        self._database.settle()

    def head(self) -> int:
        """The highest position ever given; see the port."""
        return self._log.head()

    def count(self, *, after: int | None = None) -> int:
        """How many events there are, or stand past a position; see the port."""
        query = select(func.count()).where(self._mine)
        if after is not None:
            query = query.where(_AT.position > after)
        return int(self._database.connection.scalar(query.select_from(EVENTS)) or 0)

    def read(self) -> Iterator[Stored]:
        """Every event; see the port."""
        every = select(*_COLUMNS).where(self._mine).order_by(_AT.position).limit(_PAGE)
        page = self._rows(every)
        while page:
            yield from map(Stored._make, page)
            page = self._rows(every.where(_AT.position > page[-1].position))

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        return self._database.connection.execute(query).all()

    def repeats(self) -> Iterator[Stored]:
        """The events whose id was there; see the port."""
        grouped = select(_AT.event_id).group_by(_AT.event_id).having(func.count() > 1)
        first = select(_AT.event_id, func.min(_AT.position).label("position"))
        firsts = first.where(_AT.event_id.in_(grouped)).group_by(_AT.event_id).subquery()
        repeated: Select[Any] = (
            select(*_COLUMNS)
            .join(firsts, firsts.c.event_id == _AT.event_id)
            .where(self._mine, _AT.position > firsts.c.position)
            .order_by(_AT.position)
            .execution_options(yield_per=_PAGE)
        )
        with self.snapshot(), self._database.connection.execute(repeated) as rows:
            yield from map(Stored._make, rows)

    def decodes(self, stored: Stored) -> bool:
        """Whether the body is what it should be; see the port."""
        return decodes(stored)

    def taken(self, events: Sequence[Stored]) -> Taken:
        """Which of their positions and ids an event in the store has."""
        query = select(_AT.position, _AT.event_id).where(
            or_(
                _AT.position.in_([stored.position for stored in events]),
                _AT.event_id.in_([stored.event_id for stored in events]),
            )
        )
        rows = self._database.connection.execute(query).all()
        return Taken(
            positions=frozenset(row.position for row in rows),
            event_ids=frozenset(row.event_id for row in rows),
        )

    def keep(self, events: Sequence[Stored]) -> None:
        """Store events as they are, positions included. None of them may be taken."""
        names = [column.name for column in _COLUMNS]
        rows = [dict(zip(names, stored, strict=True)) for stored in events]
        self._database.connection.execute(
            insert(EVENTS), [row | {"tenant": self.tenant} for row in rows]
        )

    def raise_head(self, position: int) -> None:
        """Give no position up to `position` to any event from now on."""
        if position > self.head():
            self._database.dialect.raise_head(self._database.driver, position)


def decodes(stored: Stored) -> bool:
    """Whether an event of that type and schema version is in the body."""
    try:
        CODEC.decode(stored.type, stored.schema, stored.body)
    except NotStoredSo:
        return False
    return True
