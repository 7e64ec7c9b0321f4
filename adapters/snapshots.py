"""Snapshots in SQL: a row a stream, with the mark of the fold that made it."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Column, Integer, LargeBinary, Select, Table, bindparam, delete, select

from regulars.adapters.database import Database
from regulars.adapters.dialect import Dialect
from regulars.adapters.schema import TEXT, metadata
from regulars.adapters.state_codec import STATES, StateCodec
from regulars.application.aggregates import Aggregate
from regulars.application.snapshots import Snapshot

SNAPSHOTS: Final = Table(
    "snapshots",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("stream", TEXT, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("fold", TEXT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_strict=True,
)
_COLUMNS: Final = ("stream", "version", "fold", "body")
_ONE_BY_ONE: Final = 8
_NAMES_AT_ONCE: Final = 500


@frozen(kw_only=True)
class _Statements:
    """What is asked of the table: of many streams, of one, and to keep one."""

    columns: Select[Any]
    one: str
    put: str


@cache  # every store says the same, and SQLAlchemy compiles them for each
def _statements(dialect: type[Dialect]) -> _Statements:
    at = SNAPSHOTS.c
    columns: Select[Any] = select(*(at[name] for name in _COLUMNS)).where(
        at.tenant == bindparam("tenant")
    )
    put = dialect.insert(SNAPSHOTS)
    new: Any = put.excluded
    kept = put.on_conflict_do_update(
        index_elements=["tenant", "stream"],
        set_={"version": new.version, "fold": new.fold, "body": new.body},
    )
    return _Statements(
        columns=columns,
        one=dialect.compile(columns.where(at.stream == bindparam("stream"))),
        put=dialect.compile(kept),
    )


class SqlSnapshots:
    """The `Snapshots` port over one tenant's rows."""

    def __init__(
        self, database: Database, *, tenant: str = "default", states: StateCodec = STATES
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._states = states
        self._sql = _statements(type(database.dialect))

    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        """The snapshots of these streams; see the port."""
        found: dict[str, Snapshot] = {}
        for stream, version, fold, body in self._rows(wanted):
            aggregate = wanted[stream]
            if fold == self._states.mark(aggregate):
                state = self._states.decode(aggregate, body)
                if state is not None:
                    found[stream] = Snapshot(version, state)
        return found

    def _rows(self, streams: Collection[str]) -> Iterator[Any]:
        if len(streams) <= _ONE_BY_ONE:
            for stream in streams:
                yield from self._database.driver.execute(self._sql.one, (self._tenant, stream))
            return
        names = list(streams)
        for start in range(0, len(names), _NAMES_AT_ONCE):
            some = SNAPSHOTS.c.stream.in_(names[start : start + _NAMES_AT_ONCE])
            yield from self._database.connection.execute(
                self._sql.columns.where(some), {"tenant": self._tenant}
            )

    def keep(self, stream: str, aggregate: Aggregate, snapshot: Snapshot) -> None:
        """Keep this; see the port."""
        body = self._states.encode(snapshot.state)
        if body is not None:
            row = (self._tenant, stream, snapshot.version, self._states.mark(aggregate), body)
            with self._database.transaction():
                self._database.driver.execute(self._sql.put, row)

    def streams(self) -> list[str]:
        """The streams of which something is kept; see the port."""
        at = SNAPSHOTS.c
        query = select(at.stream).where(at.tenant == self._tenant).order_by(at.stream)
        return list(self._database.connection.scalars(query))

    def forget(self, streams: Collection[str] | None = None) -> int:
        """Let go of some or all; see the port."""
        at = SNAPSHOTS.c
        gone = delete(SNAPSHOTS).where(at.tenant == self._tenant).returning(at.stream)
        if streams is not None:
            gone = gone.where(at.stream.in_(list(streams)))
        with self._database.transaction():
            return len(self._database.connection.execute(gone).all())
