"""Databases of an older format of the tables, made by its own revision, with events in them."""

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, insert, make_url, select

from regulars.adapters.database import Database
from regulars.adapters.event_log import EVENTS
from regulars.adapters.keys import KEYS
from regulars.adapters.migrations import run
from tests.application.histories import tell
from tests.application.memory_crm import TENANT, sql_core
from tests.application.shop_week import WEEK
from tests.domain.chronicle import Command


def revisions(*formats: int) -> list[str]:
    return [f"regulars_{number:04}" for number in formats]


def engine_of(url: str, **settings: Any) -> Engine:  # noqa: ANN401 - whatever an engine takes
    made = make_url(url)
    if made.get_backend_name() == "postgresql":
        made = made.set(drivername="postgresql+psycopg")
    return create_engine(made, **settings)


@contextmanager
def connected(url: str) -> Generator[Connection]:
    """A host's connection, on which each statement is a transaction."""
    engine = engine_of(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def make_tables(url: str, *formats: int) -> None:
    """Make in an empty database what the revisions of these formats make of it."""
    with connected(url) as connection:
        run(connection, revisions(*formats))


def record_in_first_format(
    url: str, commands: Sequence[Command] = WEEK, *, tenant: str = TENANT
) -> None:
    """As `record_in_format`, in the first."""
    record_in_format(1, url, commands, tenant=tenant)


def record_in_format(
    number: int, url: str, commands: Sequence[Command] = WEEK, *, tenant: str = TENANT
) -> None:
    """
    Make a database of an older format that holds what `commands` recorded, and no views of it.

    Its boxes open only where it is the log of `TENANT`.
    """
    make_tables(url, *range(1, number + 1))
    with closing(Database("sqlite://")) as today, connected(url) as older:
        tell(sql_core(today), commands)
        for table in (EVENTS, KEYS):
            rows = today.connection.execute(select(table).order_by(*table.primary_key))
            older.execute(insert(table), [{**row, "tenant": tenant} for row in rows.mappings()])
