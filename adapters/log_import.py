"""An exported log brought back: the whole of it, into a log without events, or nothing."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import IO, Final, TypeAlias

from attrs import evolve, frozen

from regulars.adapters.database import Database
from regulars.adapters.database_url import parsed_url, shown
from regulars.adapters.keys_database import keep_apart_as
from regulars.adapters.log_archive import Archive
from regulars.adapters.recorder_tables import keep_streams_from_zero
from regulars.adapters.storage import SqlStorage
from regulars.adapters.stored_events import SqlStoredEvents, decodes
from regulars.application.catalogue import KEPT, VIEWS
from regulars.application.errors import NotOurDatabase
from regulars.application.fields import check_id
from regulars.application.projecting import Projector
from regulars.application.stored import Stored

_KEPT_AT_ONCE: Final = 500
_PACKED: Final = b"\x1f\x8b"
"""How what is compressed begins."""
_STREAM: Final = "the input"
"""What errors call a log that comes from no file."""

Told: TypeAlias = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


def untold(_what: str, _done: int, _of: int) -> None:
    """Tells nobody."""


_Batch: TypeAlias = Sequence[tuple[int, Stored]]


@frozen(kw_only=True)
class LogNotEmpty(Exception):
    """The log into which an exported one should go has events of its own."""

    store: str
    events: int

    def __str__(self) -> str:
        return f"{self.store}: its log has {self.events} events; import into one that has none"


def import_log(
    database: str, file: Path | str | IO[bytes], *, tenant: str = "default", told: Told = untold
) -> int:
    """
    Bring an exported log into a database, made if it is not there, and compute every view.

    Returns how many events there are. The file is read twice: once to check all of it, once more
    to keep it. What is open for reading, as standard input, or is no regular file, as a pipe, is
    first kept in a file for that, and may be compressed. Positions stay as they were, and none up
    to the head of the export is given again. One transaction keeps events and views, or nothing.
    Keys are not in the file: see docs/operations.md. Where the log's were in another database, so
    are the copy's.

    Raises:
        InvalidId: the tenant is blank, too long or no text.
        UnusableArchive: the file is damaged, cut short, edited, of another tenant, or no export, or
            holds an event that this version cannot read.
        LogNotEmpty: the tenant has events in this database.
        UnusableKeys: the log's keys are in another database, and here are those of other tenants.
        StorageUnavailable: the database cannot be opened or written.
        NotOurDatabase: it is something else, or of a newer version.
        OlderFormat: its tables are of an older format.
        OSError: the file cannot be read.
    """
    check_id("tenant", tenant)
    if not isinstance(file, Path | str):
        with _spooled(file) as spool:
            return _imported(database, Archive(spool, tenant=tenant, said=_STREAM), tenant, told)
    path = Path(file)
    if path.exists() and not path.is_file():
        with path.open("rb") as pipe, _spooled(pipe) as spool:
            return _imported(database, Archive(spool, tenant=tenant, said=str(path)), tenant, told)
    return _imported(database, Archive(path, tenant=tenant), tenant, told)


@contextmanager
def _spooled(stream: IO[bytes]) -> Generator[Path]:
    """The stream as a file that only its owner can read, because it is gone through twice."""
    with TemporaryDirectory(prefix="regulars-") as folder:
        start = stream.read(len(_PACKED))
        file = Path(folder, "log.jsonl.gz" if start == _PACKED else "log.jsonl")
        with file.open("wb") as spool:
            spool.write(start)
            copyfileobj(stream, spool)
        yield file


def _imported(database: str, archive: Archive, tenant: str, told: Told) -> int:
    done = 0
    for batch in _batches(archive):
        done += len(batch)
        told("Checking", done, archive.count)
    _refuse_empty_file(database)
    with closing(Database(database)) as opened, opened.transaction():
        ours = _keep(opened, archive, tenant, told)
        keep_streams_from_zero(opened, tenant, archive.from_zero)
        if archive.keys_apart is not None:
            keep_apart_as(opened, archive.keys_apart)
        storage = SqlStorage(opened, KEPT, tenant=tenant)
        # Of a log that was emptied by hand they would fit streams that have the same names.
        storage.snapshots.forget()
        for version in storage.contacts.versions():
            storage.contacts.keep(evolve(version, full=False, position=0))
        if ours:
            Projector(storage, VIEWS).rebuild(
                VIEWS, progress=lambda done, of: told("Computing views", done, of)
            )
    return archive.count


def _refuse_empty_file(database: str) -> None:
    # What is left of a database that was cut short must not look like one that was brought back.
    url = parsed_url(database)
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        if file.is_file() and not file.stat().st_size:
            why = "is an empty file: delete it if nothing is to be in it"
            raise NotOurDatabase(store=shown(url), why=why)


def _keep(database: Database, archive: Archive, tenant: str, told: Told) -> bool:
    """Whether the core can read what was kept: its views have no event of another model."""
    events = SqlStoredEvents(database, tenant=tenant)
    if found := events.count():
        raise LogNotEmpty(store=database.name, events=found)
    done, ours = 0, not archive.count
    for batch in _batches(archive):
        ours = ours or not all(stored.foreign for _, stored in batch)
        _refuse_unreadable(archive, batch)
        _refuse_taken(events, archive, batch)
        events.keep([stored for _, stored in batch])
        done += len(batch)
        told("Importing", done, archive.count)
    events.raise_head(archive.head)
    return ours


def _batches(archive: Archive) -> Iterator[_Batch]:
    events = archive.events()
    while batch := list(islice(events, _KEPT_AT_ONCE)):
        yield batch


def _refuse_unreadable(archive: Archive, batch: _Batch) -> None:
    for line, stored in batch:
        if not stored.foreign and not decodes(stored):
            event = f"no {stored.type} of schema version {stored.schema} that this version reads"
            raise archive.unusable(line, f"holds {event}")


def _refuse_taken(events: SqlStoredEvents, archive: Archive, batch: _Batch) -> None:
    taken = events.taken([stored for _, stored in batch])
    event_ids = set(taken.event_ids)
    for line, stored in batch:
        if stored.event_id in event_ids:
            raise archive.unusable(line, "holds an event whose id is in the database already")
        if stored.position in taken.positions:
            raise archive.unusable(line, "holds an event at a position that another tenant's has")
        event_ids.add(stored.event_id)
