"""
Revisions of Alembic, one for each format of the tables: `regulars_0001` makes those of format 1.

A revision that was released is never edited, and knows nothing of the tables as they are today.
Its `apply` changes the tables and marks them with their format; nothing else is kept about it, so
that a host's own Alembic may run them too, as a version location with the branch `regulars`.
"""

from collections.abc import Iterable
from importlib import import_module
from io import StringIO
from typing import Any, Final, cast

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import DDL, Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

_DIALECTS: Final = {"postgresql": postgresql.dialect, "sqlite": sqlite.dialect}


def run(connection: Connection, revisions: Iterable[str]) -> None:
    """Apply revisions one after the other, in the transaction that the caller has begun."""
    _apply(MigrationContext.configure(connection), revisions)


def written(name: str, revisions: Iterable[str]) -> str:
    """The SQL that `run` would send to a database of that kind, `sqlite` or `postgresql`."""
    # Where a driver takes its values by %s, a percent sign is doubled; in a script it is not.
    dialect = cast("Dialect", cast(Any, _DIALECTS[name])(paramstyle="named"))
    script = StringIO()
    context = MigrationContext.configure(
        dialect=dialect, opts={"as_sql": True, "literal_binds": True, "output_buffer": script}
    )
    _apply(context, revisions)
    return script.getvalue()


def verbatim(statement: str) -> DDL:
    """A statement as it stands, whatever colons and percent signs are in it."""
    return cast("DDL", cast(Any, DDL)(statement.replace("%", "%%")))


def _apply(context: MigrationContext, revisions: Iterable[str]) -> None:
    # Not through `alembic.op`: it is one for all threads, and a host may be using it right now.
    operations = Operations(context)
    for revision in revisions:
        import_module(f"{__name__}.{revision}").apply(operations)
