"""The tenants of a database, so that a name that is spelt wrong is not taken for an empty log."""

from collections.abc import Iterator
from contextlib import closing

from attrs import frozen
from sqlalchemy import func, select

from regulars.adapters.database import Database
from regulars.adapters.event_log import EVENTS
from regulars.application.fields import check_id


@frozen(kw_only=True)
class UnknownTenant(Exception):
    """A tenant has no event in a database in which others have. Who they are is not told."""

    store: str
    tenant: str

    def __str__(self) -> str:
        who = "others have some: `regulars log tenants` tells who"
        return f"{self.store}: no event is of the tenant {self.tenant}, and {who}"


def refuse_unknown_tenant(database: Database, tenant: str, *, said: str | None = None) -> None:
    """
    Raise if the tenant has no event and others have; a database without any is new to all.

    Raises:
        UnknownTenant: calls the store `said` if that is given.
        InvalidId: it is blank, too long or no text.
    """
    check_id("tenant", tenant)
    query = select(EVENTS.c.position).where(EVENTS.c.tenant == tenant).limit(1)
    if database.connection.scalar(query) is None and next(_tenants(database), None) is not None:
        raise UnknownTenant(store=said or database.name, tenant=tenant)


def tenants_of(database: str) -> dict[str, int]:
    """
    The tenants that have events in the database under this URL, and how many each has, by name.

    Raises:
        StorageUnavailable, NotOurDatabase: the database cannot be opened or read.
    """
    with closing(Database(database, older=True, read_only=True)) as opened, opened.snapshot():
        count = select(func.count()).select_from(EVENTS)
        return {
            name: opened.connection.scalar(count.where(EVENTS.c.tenant == name)) or 0
            for name in _tenants(opened)
        }


def _tenants(database: Database) -> Iterator[str]:
    # Name by name, because a list of all would be read from every event.
    query = select(func.min(EVENTS.c.tenant))
    found = database.connection.scalar(query)
    while found is not None:
        yield found
        found = database.connection.scalar(query.where(EVENTS.c.tenant > found))
