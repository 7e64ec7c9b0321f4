"""The databases that a benchmark may run on, new ones of either kind."""

from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.measure import Settings
from benchmarks.server import about, new_schema, new_server

_files: Final = count(1)


@cache
def _server() -> str:
    # It ends with the process.
    return new_server().url


def _url(settings: Settings) -> str:
    return settings.server or _server()


def new_url(settings: Settings, folder: Path) -> str:
    """The URL of a new database of the kind that was asked for."""
    if settings.database == "postgresql":
        return new_schema(_url(settings))
    return f"sqlite:///{folder / f'{next(_files)}.db'}"


def durability(settings: Settings) -> str:
    """How safely both sides write."""
    if settings.database == "postgresql":
        return "PostgreSQL over a socket, fsync and synchronous_commit on, both sides"
    return "SQLite, journal WAL, synchronous FULL, both sides"


def server_settings(settings: Settings) -> dict[str, str]:
    """What the server says of itself; nothing where there is none."""
    return about(_url(settings)) if settings.database == "postgresql" else {}
