"""The `Storage` port on one database: log, views, snapshots, findings, contacts, together."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

from sqlalchemy import Column, Table, delete, select

import regulars.adapters.snapshots  # noqa: F401 # pyright: ignore[reportUnusedImport] - its table is to be made
from regulars.adapters.contact_index import SqlContactIndex
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.schema import BIG, TEXT, metadata
from regulars.adapters.snapshots import SqlSnapshots
from regulars.adapters.view_store import SqlViews
from regulars.application.ports import Finding, Wakeup
from regulars.application.views import View

_FINDINGS: Final = Table(
    "import_findings",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("file", TEXT, primary_key=True),
    Column("row", BIG, primary_key=True),
    Column("field", TEXT, primary_key=True),
    Column("reason", TEXT, nullable=False),
    sqlite_strict=True,
)


class SqlFindings:
    """The `Findings` port over one tenant's rows. One that is found again replaces the old."""

    def __init__(self, database: Database, *, tenant: str) -> None:
        self._database = database
        self._tenant = tenant

    def add(self, findings: Iterable[Finding]) -> None:
        """Keep these; see the port."""
        rows = [
            {"tenant": self._tenant, "file": one.file, "row": one.row}
            | {"field": one.field, "reason": one.reason}
            for one in findings
        ]
        if rows:
            put = self._database.dialect.insert(_FINDINGS)
            upsert = put.on_conflict_do_update(
                index_elements=["tenant", "file", "row", "field"],
                set_={"reason": put.excluded.reason},
            )
            with self._database.transaction():
                self._database.connection.execute(upsert, rows)

    def forget(self, files: Collection[str]) -> None:
        """Let go of what was found in these files; see the port."""
        at = _FINDINGS.c
        with self._database.transaction():
            self._database.connection.execute(
                delete(_FINDINGS).where(at.tenant == self._tenant, at.file.in_(list(files)))
            )

    def all(self) -> Iterator[Finding]:
        """Every finding; see the port."""
        at = _FINDINGS.c
        query = (
            select(at.file, at.row, at.field, at.reason)
            .where(at.tenant == self._tenant)
            .order_by(at.file, at.row, at.field)
        )
        for file, row, field, reason in self._database.connection.execute(query):
            yield Finding(file=file, row=row, field=field, reason=reason)


_CHECKPOINTS: Final = Table(
    "follower_checkpoints",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("follower", TEXT, primary_key=True),
    Column("position", BIG, nullable=False),
    sqlite_strict=True,
)


class SqlCheckpoints:
    """The `Checkpoints` port over one tenant's rows."""

    def __init__(self, database: Database, *, tenant: str) -> None:
        self._database = database
        self._tenant = tenant

    def position(self, follower: str) -> int:
        """How far a follower is; see the port."""
        at = _CHECKPOINTS.c
        query = select(at.position).where(at.tenant == self._tenant, at.follower == follower)
        return self._database.connection.scalar(query) or 0

    def keep(self, follower: str, position: int) -> None:
        """Write down how far it is; see the port."""
        row = {"tenant": self._tenant, "follower": follower, "position": position}
        put = self._database.dialect.insert(_CHECKPOINTS)
        upsert = put.on_conflict_do_update(
            index_elements=["tenant", "follower"], set_={"position": put.excluded.position}
        )
        with self._database.transaction():
            self._database.connection.execute(upsert, row)

    def forget(self, follower: str) -> None:
        """Let go of a follower; see the port."""
        at = _CHECKPOINTS.c
        with self._database.transaction():
            self._database.connection.execute(
                delete(_CHECKPOINTS).where(at.tenant == self._tenant, at.follower == follower)
            )


def follower_positions(database: Database, tenant: str) -> dict[str, int]:
    """How far each follower of a tenant's log is, by its name; older formats know none."""
    if not database.dialect.present(database.driver, [_CHECKPOINTS.name]):
        return {}
    at = _CHECKPOINTS.c
    query = select(at.follower, at.position).where(at.tenant == tenant).order_by(at.follower)
    return {row.follower: row.position for row in database.connection.execute(query)}


class SqlStorage:
    """One tenant's log, views, snapshots, findings and contacts in `database`."""

    def __init__(
        self, database: Database, views: Iterable[View[Any, Any]], *, tenant: str = "default"
    ) -> None:
        self._database = database
        self.log = SqlLog(database, tenant=tenant)
        self.views = SqlViews(database, views, tenant=tenant)
        self.snapshots = SqlSnapshots(database, tenant=tenant)
        self.findings = SqlFindings(database, tenant=tenant)
        self.contacts = SqlContactIndex(database, tenant=tenant)
        self.checkpoints = SqlCheckpoints(database, tenant=tenant)

    @property
    def optimistic(self) -> int:
        """Up to how many to decide first and then append; see the port."""
        return self._database.optimistic

    @property
    def incarnation(self) -> int:
        """Counts the connections; see the port."""
        return self._database.incarnation

    def settle(self) -> None:
        """Wait for the disk; see the port."""
        self._database.settle()

    def transaction(self) -> AbstractContextManager[None]:
        """Keep everything written inside, or nothing; see the port."""
        return self._database.transaction()

    def snapshot(self) -> AbstractContextManager[None]:
        """Read inside as of one moment; see the port."""
        return self._database.snapshot()

    def wakeup(self, *, poll_seconds: float) -> Wakeup:
        """What a reader waits on; see the port."""
        return self._database.wakeup(poll_seconds=poll_seconds)
