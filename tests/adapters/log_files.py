"""Logs in files: what the tests of export and backup begin with and look at."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from regulars.adapters.database import Database
from regulars.adapters.log_status import check_log
from regulars.adapters.storage import SqlStorage
from regulars.application.catalogue import VIEWS
from tests.application.histories import tell
from tests.application.memory_crm import TENANT, sql_core
from tests.domain.chronicle import Command


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def recorded_in(path: Path, commands: Sequence[Command]) -> Path:
    """A database in which `commands` were executed."""
    with closing(Database(url_of(path))) as database:
        tell(sql_core(database), commands)
    return path


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    """The rows of the events table, as they are."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM events ORDER BY position").fetchall()


def hash_of(path: Path) -> str:
    return check_log(url_of(path), tenant=TENANT).hash


def views_of(path: Path) -> dict[str, tuple[int, list[Any]]]:
    """The checkpoint and rows of every view."""
    with closing(Database(url_of(path), create=False)) as database:
        views = SqlStorage(database, VIEWS, tenant=TENANT).views
        return {view.name: (views.checkpoint(view), list(views.rows(view))) for view in VIEWS}


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)
