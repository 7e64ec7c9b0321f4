"""An import that is killed, at a moment that is told by how far its log has come."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from attrs import frozen

from tests.forked import Forked

DATABASE: Final = "shop.db"
PATIENCE: Final = 60
"""Seconds in which an import must show that it goes on."""


@frozen(kw_only=True)
class Moment:
    """
    When to kill: `seconds` after the log has `events`, or after the start if that is 0.

    With `views`, once the first view has come further than 0.
    """

    events: int
    seconds: float
    views: bool = False


@frozen(kw_only=True)
class Cut:
    """What a killed import left: events in the log, and events that the views have folded."""

    events: int
    folded: int


WORDS: Final = (
    "import",
    "history",
    "--keep-extra",
    "--json",
    "--database",
    f"sqlite:///{DATABASE}",
)
"""The import of everything in `history`, into the database of the current folder."""


def environment(folder: Path) -> dict[str, str]:
    """That of this process, with temporary files in `folder`."""
    told = {key: value for key, value in os.environ.items() if key != "REGULARS_KEYS"}
    return told | {"TMPDIR": str(folder), "SQLITE_TMPDIR": str(folder)}


def run_killed(folder: Path, moment: Moment) -> Cut | None:
    """Starts an import and kills it at that moment; None if it had ended by itself before."""
    with Forked("regulars", *WORDS, cwd=folder, environment=environment(folder)) as importing:
        try:
            _wait(folder / DATABASE, moment, importing)
        finally:
            importing.kill()
        ended = importing.wait() >= 0
    return None if ended else cut(folder / DATABASE)


def _wait(database: Path, moment: Moment, importing: Forked) -> None:
    start = monotonic()
    while importing.poll() is None and not _has_come(database, moment):
        assert monotonic() - start < PATIENCE, f"{moment} did not come"
        sleep(0.002)
    sleep(moment.seconds)


def _has_come(database: Path, moment: Moment) -> bool:
    if not moment.events:
        return True
    now = cut(database)
    return now.folded > 0 if moment.views else now.events >= moment.events


def cut(database: Path) -> Cut:
    """How far log and views have come; nowhere, if they are not there yet."""
    if not database.exists():
        return Cut(events=0, folded=0)
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as reader:
        return Cut(
            events=_number(reader, "SELECT max(position) FROM events"),
            folded=_number(reader, "SELECT max(position) FROM view_checkpoints"),
        )


def _number(reader: sqlite3.Connection, query: str) -> int:
    try:
        return reader.execute(query).fetchone()[0] or 0
    except sqlite3.OperationalError:  # no table yet, or locked while it is made
        return 0
