"""What the recorder for the `eventsourcing` library keeps beside the log, read without it."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Column, MetaData, Table, func, insert, inspect, select

from regulars.adapters.database import Database
from regulars.adapters.schema import BIG, TEXT

# Of their own: a database in which no recorder ever was has neither table.
_METADATA: Final = MetaData()

TRACKING: Final = Table(
    "recorder_tracking",
    _METADATA,
    Column("tenant", TEXT, primary_key=True),
    Column("application", TEXT, primary_key=True),
    Column("notification_id", BIG, nullable=False),
    sqlite_strict=True,
)
# The log counts from 1. That library's aggregates may count from 0: these streams do, and their
# versions are one less than those of the log.
FROM_ZERO: Final = Table(
    "recorder_streams_from_zero",
    _METADATA,
    Column("tenant", TEXT, primary_key=True),
    Column("stream", TEXT, primary_key=True),
    sqlite_strict=True,
)


def make_recorder_tables(database: Database) -> None:
    """Make those of the tables that are not there."""
    _METADATA.create_all(database.connection)


def streams_from_zero(database: Database, tenant: str) -> tuple[str, ...]:
    """The streams of a tenant whose versions are one less than those of the log, by name."""
    if not inspect(database.connection).has_table(FROM_ZERO.name):
        return ()
    query = select(FROM_ZERO.c.stream).where(FROM_ZERO.c.tenant == tenant)
    return tuple(sorted(database.connection.scalars(query)))


def tracked_positions(database: Database, tenant: str) -> dict[str, int]:
    """How far a tenant's application has followed others, by their names."""
    if not database.dialect.present(database.driver, [TRACKING.name]):
        return {}
    at = TRACKING.c
    newest = func.max(at.notification_id).label("notification_id")
    query = select(at.application, newest).where(at.tenant == tenant).group_by(at.application)
    found = database.connection.execute(query.order_by(at.application))
    return {row.application: row.notification_id for row in found}


def keep_streams_from_zero(database: Database, tenant: str, streams: Collection[str]) -> None:
    """Write down that these streams of a tenant without events count from zero, and no others."""
    if not streams and not streams_from_zero(database, tenant):
        return
    make_recorder_tables(database)
    database.connection.execute(FROM_ZERO.delete().where(FROM_ZERO.c.tenant == tenant))
    if streams:
        rows = [{"tenant": tenant, "stream": stream} for stream in streams]
        database.connection.execute(insert(FROM_ZERO), rows)
