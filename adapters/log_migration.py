"""The tables of a database brought from an older format to the newest, or the SQL that does it."""

from contextlib import ExitStack, closing
from types import ModuleType
from typing import Final

from attrs import frozen
from sqlalchemy import Connection

from regulars.adapters.database import Database
from regulars.adapters.dialect import Dialect, Driver, Opening
from regulars.adapters.dialects import dialect_of
from regulars.adapters.schema import FORMAT, check_format
from regulars.application.errors import StorageUnavailable

_BEGIN: Final = {
    "sqlite": "BEGIN IMMEDIATE;\n\n",
    "postgresql": "BEGIN;\n\nSET LOCAL search_path TO {schema};\n\n{lock};\n\n",
}
_SCHEMA: Final = "SELECT quote_ident(current_schema())"


@frozen(kw_only=True)
class Migration:
    """From which format of the tables to which; by which revisions, if any is needed."""

    before: int
    after: int
    revisions: tuple[str, ...]


def migrate(database: str | Connection, *, check: bool = False) -> Migration:
    """
    Bring the tables of a database to the format of this version, or tell what would be done.

    All of it is one transaction, which waits for writers as they do for each other. A URL of a
    database that is there; or a connection of the host's in a transaction of the host's, such as
    that of its own migration, which then is kept or lost with it.

    Raises:
        NotOurDatabase: it is something else, or of a newer version.
        StorageUnavailable: it cannot be opened or changed, or Alembic is not installed.
        TypeError: the connection is over another driver than a URL would use.
        RuntimeError: no transaction is begun on it, or the driver commits each statement.
    """
    if isinstance(database, Connection):
        return _migrate_inside(database, check=check)
    with closing(Database(database, create=False, older=True, read_only=check)) as opened:
        with opened.snapshot():
            found = _planned(opened.dialect, opened.driver)
        if check or not found.revisions:
            return found
        migrations = _migrations(opened.name)
        with opened.transaction():
            found = _planned(opened.dialect, opened.driver)
            migrations.run(opened.connection, found.revisions)
    return found


def migration_sql(database: str) -> str:
    """
    The SQL that `migrate` would run, a transaction of its own; a comment if nothing is to be done.

    Raises:
        NotOurDatabase: it is something else, or of a newer version.
        StorageUnavailable: it cannot be opened, or Alembic is not installed.
    """
    with closing(Database(database, older=True, read_only=True)) as opened, opened.snapshot():
        found = _planned(opened.dialect, opened.driver)
        if not found.revisions:
            return f"-- The tables are of format {found.after}: nothing is to be done.\n"
        kind = opened.connection.dialect.name
        begin = _BEGIN[kind]
        if kind == "postgresql":
            (schema,) = opened.driver.execute(_SCHEMA).fetchone()
            begin = begin.format(schema=schema, lock=opened.dialect.lock)
        head = f"-- The tables from format {found.before} to {found.after}: stop at any error.\n\n"
        return f"{head}{begin}{_migrations(opened.name).written(kind, found.revisions)}COMMIT;\n"


def _migrate_inside(connection: Connection, *, check: bool) -> Migration:
    if connection.get_transaction() is None:
        message = "no transaction is begun on the host's connection"
        raise RuntimeError(message)
    url = connection.engine.url
    # Whether the driver is ours is asked of the connection, and its options are the host's.
    plain = url.set(drivername=url.get_backend_name(), query={})
    dialect = dialect_of(plain, Opening(create=False))
    with ExitStack() as parting:
        driver = dialect.join(connection, parting)
        found = _planned(dialect, driver)
        if check or not found.revisions:
            return found
        migrations = _migrations(dialect.name)
        driver.execute(dialect.lock)
        found = _planned(dialect, driver)
        migrations.run(connection, found.revisions)
        return found


def _planned(dialect: Dialect, driver: Driver) -> Migration:
    before = dialect.format(driver)
    check_format(before, store=dialect.name, older=True)
    revisions = tuple(f"regulars_{number:04}" for number in range(before + 1, FORMAT + 1))
    return Migration(before=before, after=FORMAT, revisions=revisions)


def _migrations(store: str) -> ModuleType:
    try:
        from regulars.adapters import migrations  # noqa: PLC0415 - needs what not every host has
    except ModuleNotFoundError:
        why = "cannot be migrated without Alembic: install regulars[migrate]"
        raise StorageUnavailable(store=store, why=why) from None
    return migrations
