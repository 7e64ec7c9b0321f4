"""A PostgreSQL server to measure on, a schema for each side, and its raw table of events."""

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, cast
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from benchmarks.files import Row
from benchmarks.measure import Settings
from regulars.adapters.database import Database
from tests.postgres_server import Server, start

RAW: Final = (
    "psycopg: rows ready in memory into the same table with its indexes, without its trigger, in a"
    " schema of its own"
)
DURABILITY: Final = "PostgreSQL, fsync on, synchronous_commit on, all sides; by a Unix socket"
SHARED_BUFFERS: Final = "1GB"
"""As a server is set up that others rely on; it comes with 128 MB, less than a log of a million."""

INSERT: Final = b"INSERT INTO events VALUES (%b)" % b", ".join([b"%s"] * 14)

_TYPES: Final = ("int8 text text int4 text int4 bytea int8 int8 text text text bytea bytea").split()


@contextmanager
def server(settings: Settings) -> Generator[str]:
    """The URL of the server that the settings name, or of a new one that ends with the block."""
    if settings.server is not None:
        yield settings.server
        return
    started = new_server()
    try:
        yield started.url
    finally:
        started.stop()


def new_server() -> Server:
    """A server that keeps in memory what one of its own machine would; see `SHARED_BUFFERS`."""
    folder = Path(mkdtemp(prefix="pg-"))
    plain = start(folder, then_delete=False)
    try:
        with closing(psycopg.connect(plain.url, autocommit=True)) as connection:
            connection.execute(SQL("ALTER SYSTEM SET shared_buffers = {}").format(SHARED_BUFFERS))
    finally:
        plain.stop()
    return start(folder, then_delete=True)


def new_schema(server: str) -> str:
    """The URL of a schema with nothing in it."""
    name = f"benchmark_{uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
    url = make_url(server).update_query_dict({"options": f"-csearch_path={name}"})
    return url.render_as_string(hide_password=False)


def about(server: str) -> dict[str, str]:
    """The version of the server and the settings that its durability hangs on."""
    with closing(psycopg.connect(server)) as connection:
        found: dict[str, str] = {}
        for name in ("server_version", "fsync", "synchronous_commit", "shared_buffers"):
            row = connection.execute(SQL("SHOW {}").format(Identifier(name))).fetchone()
            found[name] = cast("tuple[str]", row)[0]
    return found


def rows_of(database: Database, *, after: int = 0) -> list[Row]:
    """The rows of events past a position."""
    query = "SELECT * FROM events WHERE position > %s ORDER BY position"
    return database.driver.execute(query, (after,)).fetchall()


@contextmanager
def raw_table(url: str) -> Generator[psycopg.Connection[Any]]:
    """An empty table of events without its trigger, on a connection that commits by itself."""
    Database(url).close()
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("DROP TRIGGER events_contiguous ON events")
        yield connection


def copy(raw: psycopg.Connection[Any], rows: Sequence[Row]) -> None:
    """Add rows by one binary COPY."""
    with raw.cursor() as cursor, cursor.copy("COPY events FROM STDIN (FORMAT BINARY)") as copied:
        copied.set_types(_TYPES)
        for row in rows:
            copied.write_row(row)


def stock_settings(server: str) -> dict[str, str]:
    """What stock eventsourcing needs to know of the server, with a new schema for its tables."""
    url = make_url(new_schema(server))
    (host,) = url.normalized_query.get("host", (url.host or "localhost",))
    (options,) = url.normalized_query["options"]
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": url.database or "postgres",
        "POSTGRES_HOST": host,
        "POSTGRES_PORT": str(url.port or 5432),
        "POSTGRES_USER": url.username or "postgres",
        "POSTGRES_PASSWORD": url.password or "",
        "POSTGRES_SCHEMA": options.partition("=")[2],
    }
