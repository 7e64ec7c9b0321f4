"""Views in SQL: a table a view, with typed columns that a host may join, and one of checkpoints."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from attrs import fields, frozen
from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    delete,
    literal,
    select,
    tuple_,
)

from regulars.adapters.database import Database
from regulars.adapters.dialect import Dialect
from regulars.adapters.schema import BIG, TEXT, metadata
from regulars.application.errors import StorageUnavailable
from regulars.application.views import Key, View

Row = TypeVar("Row")
Part = TypeVar("Part")

_CHECKPOINTS: Final = Table(
    "view_checkpoints",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("view", TEXT, primary_key=True),
    Column("version", BIG, primary_key=True),
    Column("position", BIG, nullable=False),
    sqlite_strict=True,
)
_json: Final = msgspec.json.Encoder().encode
_ONE_BY_ONE: Final = 8
_KEYS_AT_ONCE: Final = 400


@frozen(kw_only=True)
class _Stored:
    """How a view's rows are kept: its table, statements, and what turns columns into fields."""

    table: Table
    upsert: str
    one: str
    names: tuple[str, ...]
    values: Callable[[object], tuple[Any, ...]]
    json: tuple[int, ...]
    decoders: tuple[tuple[int, Callable[[str], Any]], ...]


class SqlViews:
    """
    The `ViewStore` port over one tenant's rows, a table `view_<name>_<version>` a view.

    Whole numbers and texts are columns of their own, everything else is JSON; times are
    microseconds since 1970-01-01T00:00Z. Tables are made when the store is.
    """

    def __init__(
        self, database: Database, views: Iterable[View[Any, Any]], *, tenant: str = "default"
    ) -> None:
        self._database = database
        self._tenant = tenant
        kind = type(database.dialect)
        self._stored = {(view.name, view.version): _stored(view, kind) for view in views}
        database.make(*(stored.table.metadata for stored in self._stored.values()))
        self._mark, self._marked = _marks(kind)

    def checkpoint(self, view: View[Row, Part]) -> int:
        """The position the view has reached; see the port."""
        row = self._database.driver.execute(
            self._marked, (self._tenant, view.name, view.version)
        ).fetchone()
        return int(row[0]) if row else 0

    def is_empty(self, view: View[Any, Any]) -> bool:
        """Whether the view has no row; see the port."""
        at = self._of(view).table.c
        one = select(literal(1)).where(at.tenant == self._tenant).limit(1)
        return self._database.connection.scalar(one) is None

    def load(self, view: View[Row, Part], keys: Collection[Key]) -> dict[Key, Row]:
        """The rows under `keys`; see the port."""
        stored = self._of(view)
        width = len(view.key)
        found: dict[Key, Row] = {}
        for columns in self._columns(stored, keys, width):
            found[tuple(columns[:width])] = cast("Row", _row(view, stored, columns))
        return found

    def _columns(
        self, stored: _Stored, keys: Collection[Key], width: int
    ) -> Iterator[Sequence[Any]]:
        if len(keys) <= _ONE_BY_ONE or (width > 1 and self._database.dialect.scans_for_pairs):
            for key in keys:
                yield from self._database.driver.execute(stored.one, (self._tenant, *key))
            return
        wanted = list(keys)
        columns = [stored.table.c[name] for name in stored.names]
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            some = wanted[start : start + _KEYS_AT_ONCE]
            among: ColumnElement[bool] = (
                columns[0].in_([key[0] for key in some])
                if width == 1
                else tuple_(*columns[:width]).in_(some)
            )
            query = select(*columns).where(stored.table.c.tenant == self._tenant, among)
            yield from self._database.connection.execute(query)

    def save(self, changed: Mapping[View[Any, Any], Iterable[Any]], *, checkpoint: int) -> None:
        """Write rows and checkpoint; see the port."""
        with self._database.transaction():
            for view, rows in changed.items():
                stored = self._of(view)
                values = [self._values(stored, row) for row in rows]
                if values:
                    self._database.driver.executemany(stored.upsert, values)
            self._database.driver.executemany(
                self._mark,
                [(self._tenant, view.name, view.version, checkpoint) for view in changed],
            )

    def rows(self, view: View[Row, Part], **equal: str | int) -> Iterator[Row]:
        """Rows in the order of their keys; see the port."""
        stored = self._of(view)
        columns = stored.table.c
        query = (
            select(*(columns[name] for name in stored.names))
            .where(
                columns.tenant == self._tenant,
                *(columns[name] == value for name, value in equal.items()),
            )
            .order_by(*(columns[name] for name in view.key))
            .execution_options(yield_per=500)
        )
        with self._database.snapshot(), self._database.connection.execute(query) as result:
            for found in result:
                yield cast("Row", _row(view, stored, found))

    def clear(self, view: View[Row, Part]) -> None:
        """Forget rows and checkpoint; see the port."""
        table = self._of(view).table
        at = _CHECKPOINTS.c
        with self._database.transaction():
            run = self._database.connection.execute
            run(delete(table).where(table.c.tenant == self._tenant))
            run(
                delete(_CHECKPOINTS).where(
                    at.tenant == self._tenant, at.view == view.name, at.version == view.version
                )
            )

    def _of(self, view: View[Any, Any]) -> _Stored:
        return self._stored[view.name, view.version]

    def _values(self, stored: _Stored, row: object) -> list[Any]:
        values = [self._tenant, *stored.values(row)]
        for place in stored.json:
            values[place] = _json(values[place]).decode()
        return values


def checkpoints(
    database: Database, views: Iterable[View[Any, Any]], *, tenant: str
) -> dict[str, int]:
    """The position that each view has reached, by its name; their tables need not be there."""
    at = _CHECKPOINTS.c
    query = select(at.view, at.version, at.position).where(at.tenant == tenant)
    reached = {(view, version): at for view, version, at in database.connection.execute(query)}
    return {view.name: reached.get((view.name, view.version), 0) for view in views}


def _row(view: View[Any, Any], stored: _Stored, columns: Sequence[Any]) -> object:
    if not stored.decoders:
        return view.row(*columns)
    values = list(columns)
    try:
        for place, decoder in stored.decoders:
            values[place] = decoder(values[place])
    except (msgspec.DecodeError, RecursionError):
        why = "holds a row that is none of this view; rebuild it"
        raise StorageUnavailable(store=f"the view {view.name}", why=why) from None
    return view.row(*values)


@cache  # as below
def _marks(dialect: type[Dialect]) -> tuple[str, str]:
    """What keeps a checkpoint, and what reads it."""
    at = _CHECKPOINTS.c
    mark = dialect.insert(_CHECKPOINTS)
    kept = mark.on_conflict_do_update(
        index_elements=["tenant", "view", "version"], set_={"position": mark.excluded.position}
    )
    marked = select(at.position).where(
        at.tenant == bindparam("tenant"),
        at.view == bindparam("view"),
        at.version == bindparam("version"),
    )
    return dialect.compile(kept), dialect.compile(marked)


@cache  # a host's transaction has a store of its own, and compiling takes longer than it may
def _stored(view: View[Any, Any], dialect: type[Dialect]) -> _Stored:
    hints = get_type_hints(view.row)
    names: tuple[str, ...] = tuple(spec.name for spec in fields(view.row))
    name = f"view_{view.name}_{view.version}"
    typed = [_column(field, hints[field]) for field in names]
    table = Table(
        name,
        MetaData(),
        Column("tenant", TEXT, nullable=False),
        *(column for column, _ in typed),
        PrimaryKeyConstraint("tenant", *view.key),
        *(Index(f"{name}_{field}", "tenant", field) for field in view.indexes),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    json = [(place, hints[names[place]]) for place, (_, plain) in enumerate(typed) if not plain]
    upsert = dialect.insert(table)
    new: Any = upsert.excluded
    others: dict[str, Any] = {field: new[field] for field in names if field not in view.key}
    conflict = upsert.on_conflict_do_update(index_elements=["tenant", *view.key], set_=others)
    columns: list[Column[Any]] = [table.c[field] for field in names]
    key: list[ColumnElement[bool]] = [table.c[field] == bindparam(field) for field in view.key]
    one = select(*columns).where(table.c.tenant == bindparam("tenant"), *key)
    return _Stored(
        table=table,
        upsert=dialect.compile(conflict),
        one=dialect.compile(one),
        names=names,
        values=attrgetter(*names),
        json=tuple(place + 1 for place, _ in json),
        decoders=tuple((place, msgspec.json.Decoder(kind).decode) for place, kind in json),
    )


def _column(name: str, hint: object) -> tuple[Column[Any], bool]:
    optional = get_origin(hint) in {Union, UnionType} and type(None) in get_args(hint)
    kinds = [kind for kind in get_args(hint) if kind is not type(None)] if optional else [hint]
    if kinds == [int]:
        return Column(name, BIG, nullable=optional), True
    if kinds == [str]:
        return Column(name, TEXT, nullable=optional), True
    return Column(name, TEXT, nullable=False), False
