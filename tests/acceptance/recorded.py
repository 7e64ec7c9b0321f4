"""What a database holds, in a form in which two databases can be compared."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from attrs import fields

from regulars.adapters.clock import SystemClock
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.key_ring import read_key_file
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.vault import EnvelopeVault
from regulars.application.audit import spot_of
from regulars.application.boxed import boxes_of
from regulars.application.events import Recorded
from regulars.application.key_history import KeyHistory
from regulars.application.ports import Revealed
from regulars.domain.personal import Personal

Table: TypeAlias = list[tuple[Any, ...]]


@contextmanager
def opened_log(path: Path) -> Generator[tuple[SqlLog, EnvelopeVault]]:
    """The log of a database, and the vault that opens its boxes with the keys beside it."""
    database = Database(f"sqlite:///{path}", create=False)
    ring = read_key_file(Path(f"{path}.keys"))
    try:
        log = SqlLog(database)
        keys, history = SqlKeyStore(database), KeyHistory(log)
        yield log, EnvelopeVault("default", keys, ring, history=history, clock=SystemClock())
    finally:
        database.close()


def boxes(recorded: Recorded, vault: EnvelopeVault) -> dict[str, Personal]:
    """What the boxes of an event hold, by the name of their field."""
    found: dict[str, Personal] = {}
    for name, box in boxes_of(recorded.event).items():
        opened = vault.open(box, spot_of(recorded, name))
        assert isinstance(opened, Revealed), f"event {recorded.position}: {name}"
        found[name] = opened.value
    return found


def log_content(path: Path) -> Table:
    """
    Every event: all of its envelope but the time of recording, and all it says, boxes opened.

    The fingerprint of a request with boxes is made under a key of its database alone: there only
    whether it has one is told. Events of a request without an id of its own have ids made at
    random, which are left out.
    """
    with opened_log(path) as (log, vault):
        events = list(log.read())
        sealing = {one.causation for one in events if boxes_of(one.event)}
        return [_event(one, vault, sealing) for one in events]


def _event(one: Recorded, vault: EnvelopeVault, sealing: set[str | None]) -> tuple[Any, ...]:
    said = {spec.name: getattr(one.event, spec.name) for spec in fields(type(one.event))}
    left_out = _APART | _IDS if one.actor == "host" else _APART
    return (
        *(getattr(one, name) for name in Recorded._fields if name not in left_out),
        one.fingerprint is not None if one.causation in sealing else one.fingerprint,
        said | boxes(one, vault),
    )


_APART = {"event", "recorded_at", "fingerprint"}
_IDS = {"event_id", "correlation", "causation"}


def derived(path: Path) -> dict[str, Table]:
    """The rows of every view and of the findings, and how far each view has come."""
    return {
        name: rows
        for name, rows in tables(path).items()
        if name.startswith("view_") or name == "import_findings"
    }


def key_names(path: Path) -> Table:
    """Whose keys there are, and what for; not the keys."""
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT tenant, subject, data_class, version, state FROM keys ORDER BY 1, 2, 3, 4"
        return database.execute(query).fetchall()


def tables(path: Path) -> dict[str, Table]:
    """Every row of every table, in a fixed order."""
    with closing(sqlite3.connect(path)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        return {
            name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)  # noqa: S608 - names of its own tables
            for (name,) in names.fetchall()
        }
