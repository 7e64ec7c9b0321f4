"""The event log in SQL: one table, exact versions, positions that are never given twice."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import takewhile
from typing import Any, Final, TypeVar, cast

from attrs import frozen
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
from regulars.adapters.dialect import Dialect
from regulars.adapters.log_pages import PAGE, LogPages, begins_with
from regulars.adapters.schema import BIG, TEXT, metadata
from regulars.application.errors import AlreadyRecorded, StaleHistory, UndecodableEvent
from regulars.application.events import Event, EventId, Fact, Occurrence, Pending, Recorded
from regulars.application.ports import NOTHING_HELD

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

CONTIGUOUS: Final = (
    "CREATE TRIGGER events_contiguous BEFORE INSERT ON events"
    " WHEN NEW.version <> 1 AND NOT EXISTS (SELECT 1 FROM events WHERE tenant = NEW.tenant"
    " AND stream = NEW.stream AND version = NEW.version - 1)"
    " BEGIN SELECT RAISE(ABORT, 'version gap'); END"
)
"""What refuses a gap on SQLite, whoever inserts."""

event.listen(EVENTS, "after_create", cast(Any, DDL)(CONTIGUOUS).execute_if(dialect="sqlite"))

_AT: Final = EVENTS.c
_FACT: Final = ("version", "body", "occurred_at", "type", "schema_version", "position")
_OCCURRENCE: Final = ("position", "stream", *_FACT[:-1])
_RECORDED: Final = (
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
# What its own constructor does, without a Python function for each event.
_occurrence: Final[Callable[[tuple[Any, ...]], Occurrence]] = partial(
    cast("Any", tuple).__new__, Occurrence
)

_LAST_VERSION: Final = 2**31 - 1
"""What the column can hold, at most."""

_FEW: Final = 8
"""A command causes a few events, so that its run is read in pages of as many."""

_NAMES_AT_ONCE: Final = 500
_NAMES: Final = "names"
"""Stands where the marks of names come."""


@frozen(kw_only=True)
class _Statements:
    """What a log says to its database, compiled."""

    mark: str
    insert: str
    block: str
    stream: str
    facts: str
    several: str
    end: str


@cache  # a host's transaction has a log of its own, and compiling takes longer than it may
def _statements(dialect: type[Dialect]) -> _Statements:
    of_tenant = _AT.tenant == bindparam("tenant")
    of_stream = (of_tenant, _AT.stream == bindparam("stream"), _AT.version > bindparam("after"))
    block = (
        _select(_RECORDED)
        .where(
            text(dialect.of_tenant),
            _AT.event_id >= bindparam("first"),
            _AT.event_id <= bindparam("last"),
        )
        .order_by(_AT.event_id)
    )
    stream = (
        _select(_RECORDED).where(*of_stream, _AT.version <= bindparam("upto")).order_by(_AT.version)
    )
    facts = _select(_FACT).where(*of_stream).order_by(_AT.version)
    several = (
        _select(_OCCURRENCE)
        .where(of_tenant, _AT.stream.in_([literal_column(_NAMES)]))
        .order_by(_AT.stream, _AT.version)
    )
    end = select(func.max(_AT.version)).where(of_tenant, _AT.stream == bindparam("stream"))
    return _Statements(
        mark=dialect.compile(bindparam("name", type_=TEXT)),
        insert=dialect.compile(insert(EVENTS)),
        block=dialect.compile(block),
        stream=f"{dialect.compile(stream)} LIMIT {PAGE}",
        facts=f"{dialect.compile(facts)} LIMIT {PAGE}",
        several=dialect.compile(several),
        end=dialect.compile(end),
    )


class SqlLog:
    """The `EventLog` port over one tenant's rows of the events table."""

    def __init__(
        self, database: Database, *, tenant: str = "default", codec: Codec = CODEC
    ) -> None:
        self._codec = codec
        self._database = database
        self._dialect = database.dialect
        self._tenant = tenant
        self._sql = _statements(type(database.dialect))
        self._recordings = LogPages(database, EVENTS, _RECORDED, tenant=tenant)
        self._occurrences = LogPages(database, EVENTS, _OCCURRENCE, tenant=tenant)

    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        """Record `events`; see the port."""
        if not events:
            return self.head()
        if self._database.optimistic and self._dialect.is_alone(len(events), held):
            rows = [self._row(pending, recorded_at) for pending in events]
            try:
                head = self._database.append_alone(self._sql.insert, rows, held)
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
            # In a transaction that is wider, its owner has asked which requests are known.
            fresh = not self._database.nested
            rows = [self._row(pending, recorded_at) for pending in events]
            try:
                return self._dialect.append(
                    self._database.driver, self._sql.insert, rows, fresh=fresh
                )
            except self._dialect.conflicts as error:
                raise _refused(error, events) from None

    def _check(self, held: Mapping[str, int]) -> None:
        for stream, version in held.items():
            (end,) = self._database.driver.execute(self._sql.end, (self._tenant, stream)).fetchone()
            if (end or 0) != version:
                raise StaleHistory(stream=stream)

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
        while True:
            rows = self._database.rows(self._sql.stream, (self._tenant, name, after, last))
            yield from self._recorded(rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][2]

    def facts(self, name: str, *, after: int = 0) -> Iterator[Fact]:
        """The events of one stream without their envelopes; see the port."""
        decode = self._codec.decode
        version = after
        while True:
            rows = self._database.rows(self._sql.facts, (self._tenant, name, version))
            for version, body, occurred_at, kind, schema, position in rows:
                try:
                    meant = decode(kind, schema, body)
                except NotStoredSo:
                    raise UndecodableEvent(position=position, type=kind, schema=schema) from None
                for one in meant:
                    yield version, one, occurred_at
            if len(rows) < PAGE:
                return

    def streams(self, names: Collection[str]) -> dict[str, list[Occurrence]]:
        """The events of several streams; see the port."""
        found: dict[str, list[Occurrence]] = {}
        for some in _slices(list(names)):
            marks = ", ".join([self._sql.mark] * len(some))
            rows = self._database.rows(
                self._sql.several.replace(f"({_NAMES})", f"({marks})"), (self._tenant, *some)
            )
            for one in self._occurred(rows):
                found.setdefault(one.stream, []).append(one)
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
        narrow = [
            *self._of(types),
            *begins_with(_AT.stream, prefix),
            *(() if recorded_by is None else (_AT.recorded_at <= recorded_by,)),
            *(() if occurred_by is None else (_AT.occurred_at <= occurred_by,)),
        ]
        last = self.head() if upto is None else upto
        found = self._recorded(self._recordings.read(after, last, narrow))
        # Of an older stored event, what it has become may be of the types in part.
        return found if types is None else (one for one in found if type(one.event) in types)

    def occurrences(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
        occurred_by: int | None = None,
    ) -> Iterator[Occurrence]:
        """What `read` gives, without the rest of the envelope; see the port."""
        narrow = [
            *self._of(types),
            *(() if occurred_by is None else (_AT.occurred_at <= occurred_by,)),
        ]
        last = self.head() if upto is None else upto
        found = self._occurred(self._occurrences.read(after, last, narrow))
        return found if types is None else (one for one in found if type(one.event) in types)

    def _of(self, types: Collection[type[Event]] | None) -> Iterator[ColumnElement[bool]]:
        if types is not None:
            yield _AT.type.in_(sorted(self._codec.names(types)))

    def find(self, event_ids: Collection[EventId]) -> dict[EventId, Recorded]:
        """The first event of each block of ids; see the port."""
        found: dict[EventId, Recorded] = {}
        for given in event_ids:
            block = given[:13]
            bounds = (self._tenant, block + b"\0\0\0", block + b"\xff\xff\xff")
            row = self._database.driver.execute(self._sql.block, bounds).fetchone()
            if row is not None:
                found[given] = next(self._recorded([row]))
        return found

    def caused_by(self, command_id: str, *, after: int) -> Sequence[Recorded]:
        """The run of events that a command caused; see the port."""
        found = self._recorded(self._recordings.read(after, self.head(), size=_FEW))
        return list(takewhile(lambda one: one.causation == command_id, found))

    def head(self) -> int:
        """The highest position ever given; see the port."""
        row = self._database.driver.execute(self._dialect.head).fetchone()
        return int(row[0]) if row else 0

    def stored_as(self, event: type[Event]) -> tuple[str, int]:
        """The name and schema version of a class; see the port."""
        return self._codec.stored[event]

    def _occurred(self, rows: Iterable[Sequence[Any]]) -> Iterator[Occurrence]:
        decode = self._codec.decode
        for position, stream, version, body, occurred_at, kind, schema in rows:
            try:
                meant = decode(kind, schema, body)
            except NotStoredSo:
                raise UndecodableEvent(position=position, type=kind, schema=schema) from None
            for one in meant:
                yield _occurrence((position, stream, version, one, occurred_at))

    def _recorded(self, rows: Iterable[Sequence[Any]]) -> Iterator[Recorded]:
        decode = self._codec.decode
        for row in rows:
            try:
                meant = decode(row[7], row[8], row[3])
            except NotStoredSo:
                raise UndecodableEvent(position=row[0], type=row[7], schema=row[8]) from None
            for one in meant:
                yield Recorded(row[0], row[1], row[2], one, *row[4:])


def _select(columns: Iterable[str]) -> Select[Any]:
    return select(*(_AT[name] for name in columns))


def _refused(error: Exception, events: Sequence[Pending]) -> Exception:
    # PostgreSQL adds the values to its message, SQLite names the columns alone.
    broken = getattr(getattr(error, "diag", None), "constraint_name", None) or str(error)
    if broken == "events_id" or "events.event_id" in broken:
        return AlreadyRecorded()
    return StaleHistory(stream=events[0].stream)


def _slices(names: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(names), _NAMES_AT_ONCE):
        yield names[start : start + _NAMES_AT_ONCE]
