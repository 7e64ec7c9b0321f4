"""The contact index in SQL: a row for each token and subject, and one for each version."""

from collections.abc import Collection
from functools import cache
from hmac import compare_digest
from itertools import groupby
from typing import Any, Final

from attrs import frozen
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from regulars.adapters.database import Database
from regulars.adapters.dialect import Dialect
from regulars.adapters.schema import BIG, TEXT, metadata
from regulars.application.contact_index import (
    FORGOTTEN_WITH,
    ContactField,
    IndexVersion,
    Token,
)
from regulars.domain.personal import DataClass

TOKENS: Final = Table(
    "contact_tokens",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("field", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("normaliser", Integer, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    Column("subject", TEXT, primary_key=True),
    CheckConstraint("length(token) = 32", name="contact_tokens_length"),
    Index("contact_tokens_subject", "tenant", "subject"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
VERSIONS: Final = Table(
    "contact_versions",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("normaliser", Integer, nullable=False),
    Column("region", TEXT),
    Column("sole", Boolean().with_variant(Integer, "sqlite"), nullable=False),
    Column("complete", Boolean().with_variant(Integer, "sqlite"), nullable=False),
    Column("position", BIG, nullable=False),
    Column("left_out", BIG, nullable=False),
    sqlite_strict=True,
)


@frozen(kw_only=True)
class _Statements:
    """What an index says to its database, compiled."""

    versions: str
    keep: str
    insert: str
    clear: str
    holders: str


@cache  # a host's transaction has an index of its own, and compiling takes longer than it may
def _statements(dialect: type[Dialect]) -> _Statements:
    at, of = TOKENS.c, VERSIONS.c
    settled = ("normaliser", "region", "sole", "complete", "position", "left_out")
    versions = (
        select(of.version, *(of[name] for name in settled))
        .where(of.tenant == bindparam("tenant"))
        .order_by(of.version)
    )
    put = dialect.insert(VERSIONS)
    new: Any = put.excluded
    keep = put.on_conflict_do_update(
        index_elements=["tenant", "version"], set_={name: new[name] for name in settled}
    )
    clear = delete(TOKENS).where(
        at.tenant == bindparam("tenant"),
        at.subject == bindparam("subject"),
        at.version == bindparam("version"),
    )
    holders = select(at.token, at.subject).where(
        at.tenant == bindparam("tenant"),
        at.field == bindparam("field"),
        at.version == bindparam("version"),
        at.normaliser == bindparam("normaliser"),
        at.token == bindparam("token"),
    )
    return _Statements(
        versions=dialect.compile(versions),
        keep=dialect.compile(keep),
        insert=dialect.compile(insert(TOKENS)),
        clear=dialect.compile(clear),
        holders=dialect.compile(holders),
    )


class SqlContactIndex:
    """The `ContactIndex` port over one tenant's rows."""

    def __init__(self, database: Database, *, tenant: str = "default") -> None:
        self.name: Final = "contact_index"
        self._database = database
        self._tenant = tenant
        self._sql = _statements(type(database.dialect))

    def versions(self) -> list[IndexVersion]:
        """The versions, oldest first; see the port."""
        rows = self._database.driver.execute(self._sql.versions, (self._tenant,))
        return [
            IndexVersion(
                version=version,
                normaliser=normaliser,
                region=region,
                unique=bool(sole),
                full=bool(complete),
                position=position,
                left_out=left_out,
            )
            for version, normaliser, region, sole, complete, position, left_out in rows
        ]

    def keep(self, version: IndexVersion) -> None:
        """Write down a version; see the port."""
        row = (
            self._tenant,
            version.version,
            version.normaliser,
            version.region,
            version.unique,
            version.full,
            version.position,
            version.left_out,
        )
        with self._database.transaction():
            self._database.driver.execute(self._sql.keep, row)

    def drop(self, version: int) -> None:
        """Let go of a version and its tokens; see the port."""
        with self._database.transaction():
            for table in (TOKENS, VERSIONS):
                self._database.connection.execute(
                    delete(table).where(table.c.tenant == self._tenant, table.c.version == version)
                )

    def put(self, subject: str, tokens: Collection[Token], *, versions: Collection[int]) -> None:
        """Let a subject have these tokens; see the port."""
        with self._database.transaction():
            for version in versions:
                self._database.driver.execute(self._sql.clear, (self._tenant, subject, version))
            rows = [
                (self._tenant, one.kind.value, one.version, one.normaliser, one.value, subject)
                for one in tokens
            ]
            if rows:
                self._database.driver.executemany(self._sql.insert, rows)

    def holders(self, tokens: Collection[Token]) -> dict[Token, frozenset[str]]:
        """The subjects that have each of `tokens`; see the port."""
        found = {token: self._subjects(token) for token in tokens}
        return {token: subjects for token, subjects in found.items() if subjects}

    def _subjects(self, token: Token) -> frozenset[str]:
        key = (self._tenant, token.kind.value, token.version, token.normaliser, token.value)
        rows = self._database.driver.execute(self._sql.holders, key)
        return frozenset(
            subject for kept, subject in rows if compare_digest(bytes(kept), token.value)
        )

    def count(self, version: int) -> int:
        """How many tokens a version has; see the port."""
        at = TOKENS.c
        query = select(func.count()).where(at.tenant == self._tenant, at.version == version)
        return self._database.connection.scalar(query) or 0

    def shared(self, version: int) -> list[tuple[ContactField, tuple[str, ...]]]:
        """Who shares a token of a version; see the port."""
        at = TOKENS.c
        theirs = (at.tenant == self._tenant, at.version == version)
        several = (
            select(at.field, at.normaliser, at.token)
            .where(*theirs)
            .group_by(at.field, at.normaliser, at.token)
            .having(func.count() > 1)
            .subquery()
        )
        same = [at[name] == several.c[name] for name in ("field", "normaliser", "token")]
        query = (
            select(at.field, at.token, at.subject)
            .join_from(TOKENS, several, and_(*same))
            .where(*theirs)
            .order_by(at.field, at.token)
        )
        rows = self._database.connection.execute(query).all()
        found = [
            (field, tuple(sorted(row.subject for row in group)))
            for (field, _), group in groupby(rows, key=lambda row: (row.field, bytes(row.token)))
        ]
        return [(ContactField(field), subjects) for field, subjects in sorted(found)]

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:
        """Let go of every token of these subjects; see the port."""
        if FORGOTTEN_WITH not in classes:
            return 0
        at = TOKENS.c
        gone = 0
        with self._database.transaction():
            for subject in subjects:
                mine = (at.tenant == self._tenant, at.subject == subject)
                count = select(func.count()).select_from(TOKENS).where(*mine)
                gone += self._database.connection.scalar(count) or 0
                self._database.connection.execute(delete(TOKENS).where(*mine))
        return gone
