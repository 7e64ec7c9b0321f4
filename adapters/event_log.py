"""The event log in SQL: one table, exact versions, positions that are never given twice."""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from sqlalchemy import (
    DDL,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Table,
    UniqueConstraint,
    bindparam,
    event,
    func,
    insert,
    literal_column,
    select,
    text,
)

from regulars.adapters.codec import CODEC, Codec, NotStoredSo
from regulars.adapters.database import Database
from regulars.adapters.schema import BIG, TEXT, metadata
from regulars.application.errors import AlreadyRecorded, StaleHistory, UndecodableEvent
from regulars.application.events import Event, EventId, Fact, Pending, Recorded
from regulars.application.ports import NOTHING_HELD
from regulars.application.subscription import SPAN

_T = TypeVar("_T")

EVENTS: Final = Table(
    "events",
    metadata,
    Column("position", BIG, primary_key=True),
    Column("tenant", TEXT, nullable=False),
    Column("stream", TEXT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", TEXT, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("event_id", LargeBinary, nullable=False),
    Column("occurred_at", BIG, nullable=False),
    Column("recorded_at", BIG, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("correlation", TEXT, nullable=False),
    Column("causation", TEXT),
    Column("fingerprint", LargeBinary),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "stream", "version", name="events_version"),
    UniqueConstraint("event_id", name="events_id"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

event.listen(
    EVENTS,
    "after_create",
    cast(Any, DDL)(
        "CREATE TRIGGER events_contiguous BEFORE INSERT ON events"
        " WHEN NEW.version <> 1 AND NOT EXISTS (SELECT 1 FROM events WHERE tenant = NEW.tenant"
        " AND stream = NEW.stream AND version = NEW.version - 1)"
        " BEGIN SELECT RAISE(ABORT, 'version gap'); END"
    ).execute_if(dialect="sqlite"),
)

_AT: Final = EVENTS.c
_COLUMNS: Final = [
    EVENTS.c[name]
    for name in (
        "position",
        "stream",
        "version",
        "body",
        "event_id",
        "occurred_at",
        "recorded_at",
        "type",
        "schema_version",
        "tenant",
        "actor",
        "correlation",
        "causation",
        "fingerprint",
    )
]
_PAGE: Final = 1000
_LAST_VERSION: Final = 2**31 - 1
"""What the column can hold, at most."""
_HALVES: Final = range(0xD800, 0xE000)
"""The half characters, which are in no text that is stored."""

_FEW: Final = 8
"""A command causes a few events, so that its run is read in pages of as many."""

_NAMES_AT_ONCE: Final = 500
_ALONE: Final = 32
"""Events up to which an append by itself costs less than a transaction."""


class SqlLog:
    """The `EventLog` port over one tenant's rows of the events table."""

    def __init__(
        self, database: Database, *, tenant: str = "default", codec: Codec = CODEC
    ) -> None:
        self._codec = codec
        self._database = database
        self._dialect = database.dialect
        self._tenant = tenant
        table = EVENTS.c
        every = select(*_COLUMNS)
        mine = every.where(text(self._dialect.of_tenant))
        between = (table.position > bindparam("after"), table.position <= bindparam("upto"))
        self._span = every.where(
            _unindexed(table.tenant) == bindparam("tenant"), *between
        ).order_by(table.position)
        self._by_stream = every.where(table.tenant == bindparam("tenant"))
        self._insert = database.compile(insert(EVENTS))
        self._block = database.compile(
            mine.where(
                table.event_id >= bindparam("first"), table.event_id <= bindparam("last")
            ).order_by(table.event_id)
        )
        stream = database.compile(
            self._by_stream.where(
                table.stream == bindparam("stream"),
                table.version > bindparam("after"),
                table.version <= bindparam("upto"),
            ).order_by(table.version)
        )
        self._stream = f"{stream} LIMIT {_PAGE}"
        facts = database.compile(
            select(
                *(
                    table[name]
                    for name in (
                        "version",
                        "body",
                        "occurred_at",
                        "type",
                        "schema_version",
                        "position",
                    )
                )
            )
            .where(
                table.tenant == bindparam("tenant"),
                table.stream == bindparam("stream"),
                table.version > bindparam("after"),
            )
            .order_by(table.version)
        )
        self._end = database.compile(
            select(func.max(table.version)).where(
                table.tenant == bindparam("tenant"), table.stream == bindparam("stream")
            )
        )
        self._facts = f"{facts} LIMIT {_PAGE}"
        page = database.compile(mine.where(*between).order_by(table.position))
        self._page = f"{page} LIMIT {_PAGE}"
        self._few = f"{page} LIMIT {_FEW}"

    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        """Record `events`; see the port."""
        if not events:
            return self.head()
        if self._database.optimistic and len(events) <= _ALONE:
            rows = [self._row(pending, recorded_at) for pending in events]
            try:
                head = self._database.append_alone(rows, held)
            except self._dialect.conflicts as error:
                raise _refused(error, events) from None
            if head is None:
                raise StaleHistory(stream=events[0].stream)
            return head
        with self._database.transaction():
            if held:
                self._check(held)
            if held is not NOTHING_HELD and self._database.is_another():
                raise StaleHistory(stream=events[0].stream)
            if not self._database.nested:
                self._refuse_known(events)
            rows = [self._row(pending, recorded_at) for pending in events]
            try:
                return self._dialect.append(self._database.driver, self._insert, rows)
            except self._dialect.conflicts as error:
                raise _refused(error, events) from None

    def _check(self, held: Mapping[str, int]) -> None:
        for stream, version in held.items():
            (end,) = self._database.driver.execute(self._end, (self._tenant, stream)).fetchone()
            if (end or 0) != version:
                raise StaleHistory(stream=stream)

    def _refuse_known(self, events: Sequence[Pending]) -> None:
        if self.find([one.event_id for one in events if one.fingerprint is not None]):
            raise AlreadyRecorded

    def _row(self, pending: Pending, recorded_at: int) -> tuple[object, ...]:
        # In the order of the table's columns, which is that of the compiled insert.
        name, schema, body = self._codec.encode(pending.event)
        return (
            self._tenant,
            pending.stream,
            pending.version,
            name,
            schema,
            pending.event_id,
            pending.occurred_at,
            recorded_at,
            pending.actor,
            pending.correlation,
            pending.causation,
            pending.fingerprint,
            body,
        )

    def stream(self, name: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        """The events of one stream; see the port."""
        last = _LAST_VERSION if upto is None else min(upto, _LAST_VERSION)
        execute = self._database.driver.execute
        while True:
            rows = execute(self._stream, (self._tenant, name, after, last)).fetchall()
            yield from self._recorded(rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][2]

    def facts(self, name: str, *, after: int = 0) -> Iterator[Fact]:
        """The events of one stream without their envelopes; see the port."""
        execute, decode = self._database.driver.execute, self._codec.decode
        version = after
        while True:
            rows = execute(self._facts, (self._tenant, name, version)).fetchall()
            for version, body, occurred_at, kind, schema, position in rows:
                try:
                    meant = decode(kind, schema, body)
                except NotStoredSo:
                    raise UndecodableEvent(position=position, type=kind, schema=schema) from None
                for one in meant:
                    yield version, one, occurred_at
            if len(rows) < _PAGE:
                return

    def streams(self, names: Collection[str]) -> dict[str, list[Recorded]]:
        """The events of several streams; see the port."""
        found: dict[str, list[Recorded]] = {}
        for some in _slices(list(names)):
            query = self._by_stream.where(EVENTS.c.stream.in_(some)).order_by(
                EVENTS.c.stream, EVENTS.c.version
            )
            for recorded in self._select(query):
                found.setdefault(recorded.stream, []).append(recorded)
        return found

    def read(  # noqa: PLR0913 - as the port has it
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
        prefix: str = "",
        recorded_by: int | None = None,
        occurred_by: int | None = None,
    ) -> Iterator[Recorded]:
        """Events in the order of the log; see the port."""
        last = self.head() if upto is None else upto
        narrow = [
            *(() if types is None else (_AT.type.in_(sorted(self._codec.names(types))),)),
            *_begins_with(prefix),
            *(() if recorded_by is None else (_AT.recorded_at <= recorded_by,)),
            *(() if occurred_by is None else (_AT.occurred_at <= occurred_by,)),
        ]
        found = self._narrowed(narrow, after, last) if narrow else self._all(after, last)
        # Of an older stored event, what it has become may be of the types in part.
        return found if types is None else (one for one in found if type(one.event) in types)

    def _all(self, after: int, last: int) -> Iterator[Recorded]:
        while after < last:
            rows = self._database.driver.execute(self._page, (self._tenant, after, last)).fetchall()
            if not rows:
                return
            yield from self._recorded(rows)
            after = rows[-1][0]

    def _narrowed(
        self, narrow: Sequence[ColumnElement[bool]], after: int, last: int
    ) -> Iterator[Recorded]:
        query = self._span.where(*narrow).limit(_PAGE)
        while after < last:
            # However rare the rows are, no statement looks at more than a span of the log.
            upto = min(last, after + SPAN)
            bound = {"tenant": self._tenant, "after": after, "upto": upto}
            rows = self._database.connection.execute(query, bound).all()
            yield from self._recorded(rows)
            after = rows[-1][0] if len(rows) == _PAGE else upto

    def find(self, event_ids: Collection[EventId]) -> dict[EventId, Recorded]:
        """The first event of each block of ids; see the port."""
        found: dict[EventId, Recorded] = {}
        for given in event_ids:
            block = given[:13]
            bounds = (self._tenant, block + b"\0\0\0", block + b"\xff\xff\xff")
            row = self._database.driver.execute(self._block, bounds).fetchone()
            if row is not None:
                found[given] = next(self._recorded([row]))
        return found

    def caused_by(self, command_id: str, *, after: int) -> Sequence[Recorded]:
        """The run of events that a command caused; see the port."""
        run: list[Recorded] = []
        head = self.head()
        while rows := self._database.driver.execute(
            self._few, (self._tenant, after, head)
        ).fetchall():
            for recorded in self._recorded(rows):
                if recorded.causation != command_id:
                    return run
                run.append(recorded)
            after = rows[-1][0]
        return run

    def head(self) -> int:
        """The highest position ever given; see the port."""
        row = self._database.driver.execute(self._dialect.head).fetchone()
        return int(row[0]) if row else 0

    def stored_as(self, event: type[Event]) -> tuple[str, int]:
        """The name and schema version of a class; see the port."""
        return self._codec.stored[event]

    def _select(self, query: Select[Any]) -> Iterator[Recorded]:
        bound = {"tenant": self._tenant}
        return self._recorded(self._database.connection.execute(query, bound))

    def _recorded(self, rows: Iterable[Sequence[Any]]) -> Iterator[Recorded]:
        decode = self._codec.decode
        for row in rows:
            try:
                meant = decode(row[7], row[8], row[3])
            except NotStoredSo:
                raise UndecodableEvent(position=row[0], type=row[7], schema=row[8]) from None
            for one in meant:
                yield Recorded(row[0], row[1], row[2], one, *row[4:])


def _refused(error: Exception, events: Sequence[Pending]) -> Exception:
    # PostgreSQL adds the values to its message, SQLite names the columns alone.
    broken = getattr(getattr(error, "diag", None), "constraint_name", None) or str(error)
    if broken == "events_id" or "events.event_id" in broken:
        return AlreadyRecorded()
    return StaleHistory(stream=events[0].stream)


def _begins_with(prefix: str) -> Iterator[ColumnElement[bool]]:
    # A range, because LIKE has wildcards, and on SQLite takes capitals for small letters.
    if prefix:
        yield _unindexed(_AT.stream) >= prefix
        beyond = _beyond(prefix)
        if beyond:
            yield _unindexed(_AT.stream) < beyond


def _unindexed(column: Column[str]) -> ColumnElement[str]:
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


def _slices(names: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(names), _NAMES_AT_ONCE):
        yield names[start : start + _NAMES_AT_ONCE]
