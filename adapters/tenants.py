"""The tenants of a database, so that a name that is spelt wrong is not taken for an empty log."""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Final

from attrs import frozen
from sqlalchemy import func, select

from regulars.adapters.database import Database
from regulars.adapters.event_log import EVENTS

_NAMED: Final = 10
"""Tenants that an error names at most."""


@frozen(kw_only=True)
class UnknownTenant(Exception):
    """A tenant has no event in a database in which others have."""

    store: str
    tenant: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        named = ", ".join(self.known[:_NAMED])
        more = " and others" if len(self.known) > _NAMED else ""
        return f"{self.store}: no event is of the tenant {self.tenant}, but of {named}{more}"


def refuse_unknown_tenant(database: Database, tenant: str, *, said: str | None = None) -> None:
    """
    Raise if the tenant has no event and others have; a database without any is new to all.

    Raises:
        UnknownTenant: names some that have; the store is called `said` if that is given.
    """
    query = select(EVENTS.c.position).where(EVENTS.c.tenant == tenant).limit(1)
    if database.connection.scalar(query) is None:
        known = tuple(islice(_tenants(database), _NAMED + 1))
        if known:
            raise UnknownTenant(store=said or database.name, tenant=tenant, known=known)


def look_for_tenant(database: str, tenant: str) -> None:
    """
    Raise if the tenant of the database under this URL is unknown; see `refuse_unknown_tenant`.

    Raises:
        UnknownTenant: the tenant has no event, and others have.
        StorageUnavailable, NotOurDatabase: the database cannot be opened or read.
    """
    with closing(Database(database, create=False, older=True)) as opened:
        refuse_unknown_tenant(opened, tenant)


def _tenants(database: Database) -> Iterator[str]:
    # Name by name, because a list of all would be read from every event.
    query = select(func.min(EVENTS.c.tenant))
    found = database.connection.scalar(query)
    while found is not None:
        yield found
        found = database.connection.scalar(query.where(EVENTS.c.tenant > found))
