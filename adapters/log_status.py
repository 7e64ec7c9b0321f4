"""What can be asked of a log without its keys: how it stands, and whether it is sound."""

from contextlib import closing
from typing import Final

from sqlalchemy import text

from regulars.adapters.database import Database
from regulars.adapters.format_objects import objects_amiss
from regulars.adapters.log_lines import line_of
from regulars.adapters.recorder_tables import tracked_positions
from regulars.adapters.storage import follower_positions
from regulars.adapters.stored_events import SqlStoredEvents
from regulars.adapters.tenants import refuse_unknown_tenant
from regulars.adapters.view_store import checkpoints
from regulars.application.catalogue import VIEWS
from regulars.application.log_check import LogCheck, check
from regulars.application.log_status import FollowerStatus, LogStatus, status
from regulars.application.projecting import Progress
from regulars.application.protecting import BOUND

_SIZE: Final = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def check_log(
    database: str, *, tenant: str = "default", progress: Progress | None = None
) -> LogCheck:
    """
    Check every event of a tenant as it is stored, and what keeps the log in order.

    See `regulars.application.log_check.check` and `regulars.adapters.format_objects`.

    Tables of an older format are read as they are.

    Raises:
        StorageUnavailable: the database cannot be opened or read.
        NotOurDatabase: it is something else, or of a newer version.
        UnknownTenant: the tenant has no event in it, and others have.
    """
    with closing(Database(database, older=True, read_only=True)) as opened:
        refuse_unknown_tenant(opened, tenant)
        return check(
            SqlStoredEvents(opened, tenant=tenant),
            line=line_of,
            missing=objects_amiss(opened),
            progress=progress,
        )


def log_status(
    database: str, *, tenant: str = "default", progress: Progress | None = None
) -> LogStatus:
    """
    How large a database is, and how the log of a tenant and its views stand.

    Tables of an older format are read as they are.

    Raises:
        StorageUnavailable: the database cannot be opened or read.
        NotOurDatabase: it is something else, or of a newer version.
        UnknownTenant: the tenant has no event in it, and others have.
    """
    with closing(Database(database, older=True, read_only=True)) as opened:
        refuse_unknown_tenant(opened, tenant)
        with opened.snapshot():
            reached = checkpoints(opened, VIEWS, tenant=tenant)
            size = opened.connection.scalar(text(_SIZE[opened.connection.dialect.name]))
            return status(
                SqlStoredEvents(opened, tenant=tenant),
                reached,
                followers=_followers(opened, tenant),
                size=int(size or 0),
                line=line_of,
                progress=progress,
            )


def _followers(database: Database, tenant: str) -> list[FollowerStatus]:
    """The core's and the host's, and what applications of `eventsourcing` follow; by name."""
    kept = follower_positions(database, tenant)
    # Up to there no number is bound any more: nobody follows from it.
    kept.pop(BOUND, None)
    reached = [(name, tenant, at) for name, at in kept.items()]
    reached += [(tenant, of, at) for of, at in tracked_positions(database, tenant).items()]
    found = list[FollowerStatus]()
    for name, of, position in reached:
        followed = SqlStoredEvents(database, tenant=of)
        here = of == tenant or followed.count()
        found.append(
            FollowerStatus(
                follower=name,
                follows=of,
                position=position,
                lag=followed.count(after=position) if here else None,
                ahead=bool(here) and position > followed.head(),
            )
        )
    return found
