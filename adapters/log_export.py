"""A log as a file: every event as it is stored, no box of personal data opened."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import IO

from attrs import frozen
from msgspec import UNSET

from regulars.adapters.database import Database
from regulars.adapters.keys_database import kept_apart_as
from regulars.adapters.log_archive import is_packed, opened_archive
from regulars.adapters.log_lines import Heading, ending_line, heading_line, line_of
from regulars.adapters.new_file import OR_REPLACE, new_file, refuse_own_files
from regulars.adapters.recorder_tables import streams_from_zero
from regulars.adapters.stored_events import SqlStoredEvents
from regulars.adapters.tenants import refuse_unknown_tenant
from regulars.application.projecting import Progress
from regulars.application.stored import StoredEvents, counted


@frozen(kw_only=True)
class Archived:
    """What an exported log holds. `hash` is that of a `LogCheck` of the log."""

    tenant: str
    events: int
    head: int
    hash: str


def export_log(
    database: str,
    file: Path | str | IO[bytes],
    *,
    tenant: str = "default",
    replace: bool = False,
    progress: Progress | None = None,
) -> Archived:
    """
    Write the log of a tenant to `file`, as it stands at one moment; others may write meanwhile.

    The file is compressed if its name ends in `.gz`. It appears whole or not at all; what is open
    for writing, as standard output, is written to as it goes, and not compressed. It holds no
    keys: who has only the file cannot read the personal data in it, and neither can you. Where they
    are in another database, it tells so. Tables of an older format are read as they are.

    Raises:
        StorageUnavailable, NotOurDatabase: the database cannot be opened or read.
        UnknownTenant: the tenant has no event in it, and others have.
        FileInTheWay: something stands at `file`, and `replace` does not allow to replace it.
        OSError: the file cannot be written.
    """
    with closing(Database(database, older=True, read_only=True)) as opened:
        refuse_unknown_tenant(opened, tenant)
        events = SqlStoredEvents(opened, tenant=tenant)
        apart, zeros = kept_apart_as(opened), partial(streams_from_zero, opened, tenant)
        if not isinstance(file, Path | str):
            return _written(events, file, apart, zeros, progress)
        refuse_own_files(Path(file), opened.path)
        return write_archive(
            events,
            Path(file),
            keys_apart=apart,
            from_zero=zeros,
            replace=replace,
            progress=progress,
        )


def write_archive(  # noqa: PLR0913 - each by name
    events: StoredEvents,
    file: Path,
    *,
    keys_apart: str | None = None,
    from_zero: Callable[[], tuple[str, ...]] = tuple,
    replace: bool = False,
    progress: Progress | None = None,
) -> Archived:
    """
    Write a log to `file`; see `export_log`.

    Its data keys are kept apart under the id `keys_apart`; `from_zero` are the streams of another
    model that count from zero, asked for in the snapshot of the events.
    """
    with (
        new_file(file, replace=replace, instead=OR_REPLACE) as draft,
        opened_archive(draft, "wb", packed=is_packed(file)) as out,
    ):
        return _written(events, out, keys_apart, from_zero, progress)


def _written(
    events: StoredEvents,
    out: IO[bytes],
    keys_apart: str | None,
    from_zero: Callable[[], tuple[str, ...]],
    progress: Progress | None,
) -> Archived:
    with events.snapshot():
        heading = Heading(
            tenant=events.tenant,
            count=events.count(),
            head=events.head(),
            keys_apart=keys_apart or UNSET,
            from_zero=from_zero() or UNSET,
        )
        first = heading_line(heading)
        out.write(first)
        whole, rows = sha256(first), sha256()
        for stored in counted(events.read(), heading.count, progress):
            line = line_of(stored)
            out.write(line)
            whole.update(line)
            rows.update(line)
    # Whoever has the file has what no crash takes back.
    events.settle()
    out.write(ending_line(whole.hexdigest()))
    out.flush()
    return Archived(
        tenant=heading.tenant, events=heading.count, head=heading.head, hash=rows.hexdigest()
    )
