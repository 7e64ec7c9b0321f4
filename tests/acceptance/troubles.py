"""Troubles of a store that begin and end: no room left, no leave to write, a lock, no server."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from shutil import disk_usage
from tempfile import mkdtemp
from typing import Final

import psycopg
import pytest
from attrs import frozen
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import make_url

from tests.acceptance.cashiers import Till
from tests.postgres_server import new_database, start

ROOM: Final = 24 << 20
BEFORE_A_CHECKPOINT: Final = 1 << 20
"""Less than the write-ahead log grows to before SQLite copies it into the file."""
AFTER_A_CHECKPOINT: Final = 6 << 20


@frozen
class Troubled:
    """A till whose store gets into trouble for the time of a block, and what is then said."""

    till: Till
    trouble: Callable[[], AbstractContextManager[None]]
    says: str


@contextmanager
def mounted() -> Generator[Path]:
    """A small file system in memory; skips the test where nothing may be mounted."""
    disk = Path(mkdtemp(prefix="disk-"))
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(disk))
    except (FileNotFoundError, subprocess.CalledProcessError):
        disk.rmdir()
        pytest.skip("this user may not mount a small file system to fill")
    try:
        yield disk
    finally:
        _run("umount", "--lazy", str(disk))
        disk.rmdir()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def filled(disk: Path, *, leaving: int) -> Generator[None]:
    """A file takes all room of a disk but some."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(disk_usage(disk).free - leaving))
    yield
    ballast.unlink()


@contextmanager
def read_only(disk: Path) -> Generator[None]:
    """Nothing on a disk may be written."""
    _run("mount", "-o", "remount,ro", str(disk))
    yield
    _run("mount", "-o", "remount,rw", str(disk))


@contextmanager
def _full_sqlite(folder: Path, *, leaving: int) -> Generator[Troubled]:
    with mounted() as disk:
        till = Till(f"sqlite:///{disk / 'shop.db'}", folder / "shop.keys")
        yield Troubled(till, lambda: filled(disk, leaving=leaving), "database or disk is full")


@contextmanager
def full_before_a_checkpoint(folder: Path) -> Generator[Troubled]:
    with _full_sqlite(folder, leaving=BEFORE_A_CHECKPOINT) as troubled:
        yield troubled


@contextmanager
def full_at_a_checkpoint(folder: Path) -> Generator[Troubled]:
    with _full_sqlite(folder, leaving=AFTER_A_CHECKPOINT) as troubled:
        yield troubled


@contextmanager
def full_postgresql(folder: Path) -> Generator[Troubled]:
    url = make_url(new_database())
    options = str(url.query["options"])
    with mounted() as disk, closing(_host(url.render_as_string(hide_password=False))) as host:
        ((data,),) = host.execute("SHOW data_directory")
        owner = Path(data).stat()
        os.chown(disk, owner.st_uid, owner.st_gid)
        small, schema = Identifier(disk.name), Identifier(options.rpartition("=")[2])
        host.execute(SQL("CREATE TABLESPACE {} LOCATION {}").format(small, Literal(str(disk))))
        options += f" -cdefault_tablespace={disk.name}"
        there = url.update_query_dict({"options": options}).render_as_string(hide_password=False)
        yield Troubled(
            Till(there, folder / "shop.keys"),
            lambda: filled(disk, leaving=64 << 10),
            "No space left on device",
        )
        host.execute(SQL("DROP SCHEMA {} CASCADE").format(schema))
        host.execute(SQL("DROP TABLESPACE {}").format(small))


@contextmanager
def locked_sqlite(folder: Path) -> Generator[Troubled]:
    file = folder / "shop.db"

    @contextmanager
    def locked() -> Generator[None]:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield

    yield Troubled(Till(f"sqlite:///{file}", folder / "shop.keys"), locked, "database is locked")


@contextmanager
def locked_postgresql(folder: Path) -> Generator[Troubled]:
    url = new_database()

    @contextmanager
    def locked() -> Generator[None]:
        with closing(_host(url)) as other, other.transaction():
            other.execute("SELECT position FROM regulars_log FOR UPDATE")
            yield

    yield Troubled(Till(url, folder / "shop.keys"), locked, "lock timeout")


def _host(url: str) -> "psycopg.Connection[tuple[str, ...]]":
    return psycopg.connect(url, autocommit=True)


def server_that(end: str) -> Callable[[Path], AbstractContextManager[Troubled]]:
    """A server that is stopped or killed, and started again."""

    @contextmanager
    def troubled(folder: Path) -> Generator[Troubled]:
        data = Path(mkdtemp(prefix="pg-"))
        server = start(data, then_delete=False)

        @contextmanager
        def gone() -> Generator[None]:
            nonlocal server
            getattr(server, end)()
            yield
            server = start(data, then_delete=True)

        yield Troubled(Till(server.url, folder / "shop.keys"), gone, "connection")
        server.stop()

    return troubled
