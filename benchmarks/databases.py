"""The databases that a benchmark may run on, new ones of either kind."""

from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.measure import Settings
from tests.postgres_server import new_database

_files: Final = count(1)


def new_url(settings: Settings, folder: Path) -> str:
    """The URL of a new database of the kind that was asked for."""
    if settings.database == "postgresql":
        return new_database()
    return f"sqlite:///{folder / f'{next(_files)}.db'}"


def durability(settings: Settings) -> str:
    """How safely both sides write."""
    if settings.database == "postgresql":
        return "PostgreSQL over a socket, fsync and synchronous_commit on, both sides"
    return "SQLite, journal WAL, synchronous FULL, both sides"
