"""A whole SQLite database as a file, proven before it takes its name, and the way back."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, cast

from attrs import frozen
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from regulars.adapters.database import Database
from regulars.adapters.database_url import check_url, file_url, parsed_url, shown
from regulars.adapters.format_objects import objects_amiss
from regulars.adapters.keys import KEYS
from regulars.adapters.keys_database import kept_apart_as
from regulars.adapters.log_import import Told, untold
from regulars.adapters.log_lines import line_of
from regulars.adapters.new_file import (
    OR_REPLACE,
    drop_side_files,
    new_file,
    real,
    refuse_own_files,
)
from regulars.adapters.schema import APPLICATION_ID
from regulars.adapters.stored_events import SqlStoredEvents
from regulars.adapters.tenants import refuse_unknown_tenant
from regulars.application.errors import NotOurDatabase, StorageUnavailable
from regulars.application.log_check import LogCheck, check

_LOG: Final = logging.getLogger("regulars.backup")

_PAGES_AT_ONCE: Final = 1_000
_REPLACE_IT: Final = "replace it (--replace), once nobody uses it"


@frozen(kw_only=True)
class UnusableBackup(Exception):
    """A copy of a database is damaged or no sound log, or what it should replace is in use."""

    file: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.why}"


@frozen(kw_only=True)
class Backup:
    """
    A copy of a database that was proven.

    `hash` is that of a `LogCheck` of the tenant that was checked. `keys` are the ids of the
    key-encryption keys that its personal data needs: those of the key file that belongs to it.
    With `keys_apart` it holds no data key, because they are kept in another database.
    """

    size: int
    events: int
    head: int
    hash: str
    keys: tuple[str, ...]
    keys_apart: bool


def back_up(
    database: str,
    file: Path | str,
    *,
    tenant: str = "default",
    replace: bool = False,
    told: Told = untold,
) -> Backup:
    """
    Copy an SQLite database to `file` as it stands at one moment, while others go on writing.

    The copy has everything but the key file: every tenant, the views, the wrapped keys; tables of
    an older format stay as they are. It is proven before it takes its name: by SQLite, and event
    by event for `tenant`.

    Raises:
        UnusableBackup: the copy is not sound; there is no file then.
        UnknownTenant: the tenant has no event in it, and others have.
        FileInTheWay: something stands at `file`, and `replace` does not allow to replace it.
        StorageUnavailable: the database cannot be opened or read, or is none of SQLite.
        NotOurDatabase: it is something else, or of a newer version.
        OSError: the file cannot be written.
    """
    to = Path(file)
    refuse_own_files(to, _file_of(database))
    with (
        closing(Database(database, create=False, older=True)) as opened,
        new_file(to, replace=replace, instead=OR_REPLACE) as draft,
    ):
        with opened.snapshot():
            # A snapshot begins with the first read. In one, the copy need not begin again when
            # others write.
            refuse_unknown_tenant(opened, tenant)
            _copy(cast("sqlite3.Connection", opened.driver), draft, to, told)
        return _proven(draft, to, tenant, told)


def restore(
    database: str,
    file: Path | str,
    *,
    tenant: str = "default",
    replace: bool = False,
    told: Told = untold,
) -> Backup:
    """
    Put the database of a backup in the place of `database`, once it is proven as by `back_up`.

    With `replace` it may take the place of another, which nobody may have open: stop the host
    first. The key file is left alone, and so is the backup.

    Raises:
        UnusableBackup: the backup is not sound, or the database is in use and was left alone.
        UnknownTenant: the tenant has no event in the backup, and others have.
        FileInTheWay: there is a database, and `replace` does not allow to replace it.
        StorageUnavailable: the URL is none of a file of SQLite.
        NotOurDatabase: the backup is something else, or of a newer version; or another program's
            database is to be replaced.
        OSError: a file cannot be read or written.
    """
    source, to = Path(file), _file_of(database)
    source.open("rb").close()  # raises in plain words what SQLite says in others
    with new_file(to, replace=replace, instead=_REPLACE_IT) as draft:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            _copy(opened, draft, source, told)
        backup = _proven(draft, source, tenant, told)
        _let_go(to)
    return backup


def _file_of(database: str) -> Path:
    """The file of a database of SQLite."""
    url = parsed_url(database)
    check_url(url)
    if url.get_backend_name() != "sqlite":
        why = "is not of SQLite: copy it with its own tools, PostgreSQL with pg_dump"
        raise StorageUnavailable(store=shown(url), why=why)
    if not url.database or url.database == ":memory:":
        raise StorageUnavailable(store=database, why="is in memory, not in a file")
    return Path(url.database)


def _copy(source: sqlite3.Connection, draft: Path, said: Path, told: Told) -> None:
    def copied(_status: int, left: int, pages: int) -> None:
        told("Copying", pages - left, pages)

    try:
        with closing(sqlite3.connect(draft)) as copy:
            source.backup(copy, pages=_PAGES_AT_ONCE, progress=copied)
    except sqlite3.Error as error:
        raise UnusableBackup(file=str(said), why=f"cannot be copied: {error}") from None


def _proven(draft: Path, said: Path, tenant: str, told: Told) -> Backup:
    """What the copy holds, once it has been looked through from end to end."""
    try:
        with closing(Database(file_url(draft), create=False, older=True)) as opened:
            found = _looked_through(opened, said, tenant, told)
            keys, apart = _key_ids(opened), kept_apart_as(opened) is not None
            # Without a journal beside it the file is all there is, and can be read where nothing
            # can be written. The database has one again as soon as it is opened.
            opened.driver.execute("PRAGMA journal_mode = DELETE")
    except NotOurDatabase as error:
        raise NotOurDatabase(store=str(said), why=error.why) from None
    except StorageUnavailable as error:
        raise UnusableBackup(file=str(said), why=error.why) from None
    except (sqlite3.Error, DBAPIError) as error:
        why = f"is damaged: {getattr(error, 'orig', None) or error}"
        raise UnusableBackup(file=str(said), why=why) from None
    return Backup(
        size=draft.stat().st_size,
        events=found.events,
        head=found.head,
        hash=found.hash,
        keys=keys,
        keys_apart=apart,
    )


def _looked_through(database: Database, said: Path, tenant: str, told: Told) -> LogCheck:
    damage = database.driver.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if damage != "ok":
        raise UnusableBackup(file=str(said), why=f"is damaged: {damage}")
    refuse_unknown_tenant(database, tenant, said=str(said))
    found = check(
        SqlStoredEvents(database, tenant=tenant),
        line=line_of,
        missing=objects_amiss(database),
        progress=lambda done, of: told("Checking", done, of),
    )
    if not found.sound:
        raise UnusableBackup(file=str(said), why=f"holds a log that is not sound: {found.first}")
    return found


def _key_ids(database: Database) -> tuple[str, ...]:
    """The ids of the key-encryption keys under which the database's keys are wrapped."""
    query = select(KEYS.c.kek).where(KEYS.c.wrapped.is_not(None)).distinct().order_by(KEYS.c.kek)
    return tuple(database.connection.scalars(query))


def _let_go(path: Path) -> None:
    """
    Take away what SQLite keeps beside a database that is about to be replaced.

    Left there, it would be read as a part of the next one.
    """
    if path.exists():
        try:
            with closing(sqlite3.connect(path, timeout=0)) as old:
                (mark,) = old.execute("PRAGMA application_id").fetchone()
                (tables,) = old.execute("SELECT count(*) FROM sqlite_master").fetchone()
                if tables and mark != APPLICATION_ID:
                    raise NotOurDatabase(store=str(path), why="holds the tables of another program")
                old.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            raise UnusableBackup(file=str(path), why=f"is in use, or cannot be: {error}") from None
        except sqlite3.DatabaseError as error:
            _LOG.warning("%s is replaced, and was damaged: %s", path, error)
    drop_side_files(real(path))
