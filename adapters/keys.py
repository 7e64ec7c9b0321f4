"""Wrapped keys in a table, beside the events whose boxes they open."""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from typing import Any, Final, Protocol

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Table,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from regulars.adapters.schema import BIG, TEXT, metadata
from regulars.application.errors import StorageUnavailable
from regulars.application.keys import (
    KeyCount,
    KeyName,
    KeyState,
    Rewrapped,
    StoredKey,
    erased,
    fences,
    is_held,
    marks_of,
)
from regulars.domain.personal import DataClass

KEYS: Final = Table(
    "keys",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("subject", TEXT, primary_key=True),
    Column("data_class", TEXT, primary_key=True),
    Column("version", BIG, primary_key=True),
    Column("state", TEXT, nullable=False),
    Column("wrapped", LargeBinary),
    Column("kek", TEXT),
    Column("held", Boolean().with_variant(Integer, "sqlite"), nullable=False),
    Column("created_at", BIG, nullable=False),
    Column("erased_at", BIG),
    CheckConstraint("state IN ('active', 'superseded', 'erased')", name="keys_state"),
    CheckConstraint("(state = 'erased') = (wrapped IS NULL)", name="keys_erased"),
    CheckConstraint("version BETWEEN 1 AND 4294967295", name="keys_version"),
    sqlite_strict=True,
)

GENERATIONS: Final = Table(
    "key_generations",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("generation", BIG, nullable=False),
    sqlite_strict=True,
)

# SQLite looks for a list of names in the whole table, for a list of subjects in its index.
_VERSIONS: Final = (
    select(KEYS)
    .where(
        KEYS.c.tenant.in_(bindparam("tenants", expanding=True)),
        KEYS.c.subject.in_(bindparam("subjects", expanding=True)),
        KEYS.c.data_class.in_(bindparam("classes", expanding=True)),
    )
    .order_by(KEYS.c.tenant, KEYS.c.subject, KEYS.c.data_class, KEYS.c.version)
)
# The row comes back if it was inserted. The row count would not tell: on PostgreSQL it can be -1.
_INSERTS: Final = {
    "postgresql": postgresql.insert(KEYS).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(KEYS).on_conflict_do_nothing(),
}
_NAMES_AT_ONCE: Final = 500
_PLACE: Final = tuple_(*KEYS.primary_key)
_REWRAP: Final = (
    update(KEYS)
    .where(
        KEYS.c.tenant == bindparam("in_tenant"),
        KEYS.c.subject == bindparam("of_subject"),
        KEYS.c.data_class == bindparam("of_class"),
        KEYS.c.version == bindparam("of_version"),
        KEYS.c.wrapped == bindparam("before"),
    )
    .values(wrapped=bindparam("wrapped"), kek=bindparam("kek"))
)
_KIND: Final = case((KEYS.c.subject == marks_of("").subject, "marks"), else_=KEYS.c.data_class)
# Rows of no tenant are no keys; they tell where those of a log are.
_COUNTS: Final = (
    select(_KIND, KEYS.c.state, KEYS.c.kek, func.count())
    .where(KEYS.c.tenant != "")
    .group_by(literal_column("1"), KEYS.c.state, KEYS.c.kek)
)

_ERASE: Final = (
    update(KEYS)
    .where(
        KEYS.c.tenant == bindparam("of_tenant"),
        KEYS.c.subject == bindparam("of_subject"),
        KEYS.c.data_class == bindparam("of_class"),
        KEYS.c.version == bindparam("of_version"),
    )
    .values(state=KeyState.ERASED.value, wrapped=None, erased_at=bindparam("at"))
)
_LIVING: Final = KEYS.c.state != KeyState.ERASED.value
_HOLD: Final = (
    update(KEYS)
    .where(
        KEYS.c.tenant == bindparam("of_tenant"),
        KEYS.c.subject == bindparam("of_subject"),
        KEYS.c.data_class == bindparam("of_class"),
        _LIVING,
    )
    .values(held=bindparam("held"))
)
_SUBJECTS: Final = (
    select(KEYS.c.subject)
    .where(
        KEYS.c.tenant == bindparam("tenant"),
        KEYS.c.subject >= bindparam("first"),
        KEYS.c.subject < bindparam("end"),
        _LIVING,
    )
    .distinct()
    .order_by(KEYS.c.subject)
)
_GENERATION: Final = select(GENERATIONS.c.generation).where(
    GENERATIONS.c.tenant == bindparam("tenant")
)
# A transaction of a host may read as of a moment before the fence. The lock that it takes before
# it writes is on a row that has changed since, and PostgreSQL then refuses it.
_NOBODY_WHO_READS_THE_PAST: Final = {
    "postgresql": text("UPDATE regulars_log SET position = position"),
    "sqlite": None,
}


class Transactions(Protocol):
    """A held connection and its transactions, such as `Database` has."""

    @property
    def connection(self) -> Connection:
        """The one connection, inside a transaction or not."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Keep all or nothing of what is written inside; an inner one joins the outer."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Read inside as of one moment; in a transaction, as of now in it."""
        ...


class SqlKeyStore:
    """The `KeyStore` port over the table `keys`, on SQLite and PostgreSQL."""

    def __init__(self, database: Transactions) -> None:
        self._database = database
        kind = database.connection.dialect.name
        self._touch = _NOBODY_WHO_READS_THE_PAST[kind]
        self._insert_many = _INSERTS[kind]
        self._insert = self._insert_many.returning(KEYS.c.version)

    def get_many(self, names: Collection[KeyName]) -> dict[KeyName, list[StoredKey]]:
        """Every version under each name; see the port."""
        with _our_words(), self._database.snapshot():
            found = {
                name: list(versions)
                for some in _slices(list(names))
                for name, versions in groupby(self._versions(some), _name)
            }
        return {name: found[name] for name in names if name in found}

    def provision_many(self, keys: Sequence[StoredKey]) -> None:
        """Store those of `keys` whose version is not there; see the port."""
        with _our_words(), self._database.transaction():
            self._database.connection.execute(self._insert_many, [_row(key) for key in keys])

    def provision(self, key: StoredKey) -> StoredKey:
        """Store `key` unless its version is there; see the port."""
        with _our_words(), self._database.transaction():
            inserted = self._database.connection.execute(self._insert, _row(key))
            if inserted.first() is not None:
                return key
            stored = self.get_many([key.name])[key.name]
            return next(winner for winner in stored if winner.version == key.version)

    def scan(self, kek: str, *, after: StoredKey | None, limit: int) -> list[StoredKey]:
        """The next keys that are wrapped under `kek`; see the port."""
        query = select(KEYS).where(KEYS.c.kek == kek, KEYS.c.wrapped.is_not(None))
        if after is not None:
            tenant, subject, data_class = after.name
            query = query.where(tuple_(tenant, subject, data_class.value, after.version) < _PLACE)
        query = query.order_by(*KEYS.primary_key).limit(limit)
        with _our_words(), self._database.snapshot():
            return [_stored_key(row) for row in self._database.connection.execute(query)]

    def rewrap(self, keys: Sequence[Rewrapped]) -> int:
        """Wrap anew those that did not change; see the port."""
        if not keys:
            return 0
        rows = [
            {
                "in_tenant": one.key.name.tenant,
                "of_subject": one.key.name.subject,
                "of_class": one.key.name.data_class.value,
                "of_version": one.key.version,
                "before": one.key.wrapped,
                "wrapped": one.wrapped,
                "kek": one.kek,
            }
            for one in keys
        ]
        with _our_words(), self._database.transaction():
            return self._database.connection.execute(_REWRAP, rows).rowcount

    def supersede(self, name: KeyName, version: int) -> None:
        """Let an active key seal no more; see the port."""
        with _our_words(), self._database.transaction():
            self._database.connection.execute(
                update(KEYS)
                .where(
                    KEYS.c.tenant == name.tenant,
                    KEYS.c.subject == name.subject,
                    KEYS.c.data_class == name.data_class.value,
                    KEYS.c.version == version,
                    KEYS.c.state == KeyState.ACTIVE.value,
                )
                .values(state=KeyState.SUPERSEDED.value)
            )

    def counts(self) -> list[KeyCount]:
        """How many there are of each kind; see the port."""
        with _our_words(), self._database.snapshot():
            return [
                KeyCount(kind=kind, state=KeyState(state), kek=kek, keys=keys)
                for kind, state, kek, keys in self._database.connection.execute(_COUNTS)
            ]

    def fence(self, names: Collection[KeyName], *, at: int) -> None:
        """Let nothing more be sealed under these names; see the port."""
        with _our_words(), self._database.transaction():
            new = fences(dict.fromkeys(names), self.get_many(names), at)
            if new:
                self._database.connection.execute(insert(KEYS), [_row(key) for key in new])
                self._changed(new)

    def destroy(self, names: Collection[KeyName], *, at: int) -> list[StoredKey]:
        """Erase every key under these names; see the port."""
        with _our_words(), self._database.transaction():
            free = {name for name, keys in self.get_many(names).items() if not is_held(keys)}
            living = [key for keys in self.get_many(free).values() for key in erased(keys, at)]
            if living:
                self._database.connection.execute(_ERASE, [_erased_row(key) for key in living])
                self._changed(living)
            return [key for keys in self.get_many(free).values() for key in keys if key.kek]

    def hold(self, names: Collection[KeyName]) -> None:
        """Let these keys be neither fenced nor erased; see the port."""
        self._hold(names, held=True)

    def release(self, names: Collection[KeyName]) -> None:
        """End what `hold` began; see the port."""
        self._hold(names, held=False)

    def subjects(self, tenant: str, *, prefix: str) -> Iterator[str]:
        """The subjects that have a key, with names that begin so; see the port."""
        # In the order of code points the names that begin so end before the next last letter.
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        asked = {"tenant": tenant, "first": prefix, "end": end}
        with _our_words(), self._database.snapshot():
            return iter(self._database.connection.scalars(_SUBJECTS, asked).all())

    def generation(self, tenant: str) -> int:
        """A number that changes with whatever is fenced or erased; see the port."""
        with _our_words(), self._database.snapshot():
            return self._database.connection.scalar(_GENERATION, {"tenant": tenant}) or 0

    def raise_generation(self, tenant: str) -> None:
        """Have that number change; see the port."""
        with _our_words(), self._database.transaction():
            self._raise_generations({tenant})

    def _versions(self, names: Sequence[KeyName]) -> Iterator[StoredKey]:
        """Keys of these subjects and classes in order, those of `names` among them."""
        asked = {
            "tenants": sorted({name.tenant for name in names}),
            "subjects": sorted({name.subject for name in names}),
            "classes": sorted({name.data_class.value for name in names}),
        }
        return map(_stored_key, self._database.connection.execute(_VERSIONS, asked))

    def _hold(self, names: Collection[KeyName], *, held: bool) -> None:
        rows = [
            {
                "of_tenant": name.tenant,
                "of_subject": name.subject,
                "of_class": name.data_class.value,
                "held": held,
            }
            for name in names
        ]
        if rows:
            with _our_words(), self._database.transaction():
                self._database.connection.execute(_HOLD, rows)

    def _changed(self, keys: Collection[StoredKey]) -> None:
        self._raise_generations({key.name.tenant for key in keys})

    def _raise_generations(self, tenants: Collection[str]) -> None:
        for tenant in tenants:
            of = GENERATIONS.c
            generation = self.generation(tenant) + 1
            new = insert(GENERATIONS).values(tenant=tenant, generation=generation)
            rise = update(GENERATIONS).where(of.tenant == tenant).values(generation=generation)
            self._database.connection.execute(new if generation == 1 else rise)
        if self._touch is not None:
            self._database.connection.execute(self._touch)


def _row(key: StoredKey) -> dict[str, object]:
    return {
        "tenant": key.name.tenant,
        "subject": key.name.subject,
        "data_class": key.name.data_class.value,
        "version": key.version,
        "state": key.state.value,
        "wrapped": key.wrapped,
        "kek": key.kek,
        "held": key.held,
        "created_at": key.created_at,
        "erased_at": key.erased_at,
    }


def _erased_row(key: StoredKey) -> dict[str, object]:
    return {
        "of_tenant": key.name.tenant,
        "of_subject": key.name.subject,
        "of_class": key.name.data_class.value,
        "of_version": key.version,
        "at": key.erased_at,
    }


def _stored_key(row: Row[Any]) -> StoredKey:
    return StoredKey(
        name=KeyName(row.tenant, row.subject, DataClass(row.data_class)),
        version=row.version,
        state=KeyState(row.state),
        wrapped=row.wrapped,
        kek=row.kek,
        created_at=row.created_at,
        erased_at=row.erased_at,
        held=bool(row.held),
    )


def _name(key: StoredKey) -> KeyName:
    return key.name


def _slices(names: Sequence[KeyName]) -> Iterator[Sequence[KeyName]]:
    for start in range(0, len(names), _NAMES_AT_ONCE):
        yield names[start : start + _NAMES_AT_ONCE]


@contextmanager
def _our_words() -> Generator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # The driver's words name conditions, ids and columns; SQLAlchemy's could add parameters.
        why = str(getattr(error, "orig", None) or type(error).__name__)
        raise StorageUnavailable(store="key store", why=why) from None
    except ValueError:
        why = "holds a key in a state that this version does not know"
        raise StorageUnavailable(store="key store", why=why) from None
