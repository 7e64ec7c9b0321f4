"""
Data keys in a database of their own, apart from the log and from its backups.

What is provisioned there is kept at once, before the box that it sealed is recorded: a crash in
between leaves a key that seals nothing. A row in the log's own table of keys tells that they are
elsewhere, so that nobody opens the log without them and makes others; it bears an id, as does a row
among the keys, so that nobody takes the keys of another log for its own.
"""

from secrets import token_hex
from typing import Any, Final, NoReturn

from sqlalchemy import func, insert, select

from regulars.adapters.database import Database
from regulars.adapters.key_ring import UnusableKeys
from regulars.adapters.keys import KEYS
from regulars.application.keys import KeyState
from regulars.domain.personal import DataClass

_TOLD: Final = "kept in another database"
_ROW: Final[dict[str, Any]] = {
    "tenant": "",
    "data_class": DataClass.CONTENT.value,
    "version": 1,
    "state": KeyState.ERASED.value,
    "wrapped": None,
    "kek": None,
    "held": False,
    "created_at": 0,
    "erased_at": 0,
}


def kept_apart_as(database: Database) -> str | None:
    """The id under which the data keys of a log are in another database; None if they are not."""
    found = select(KEYS.c.kek).where(KEYS.c.tenant == _ROW["tenant"], KEYS.c.subject == _TOLD)
    return database.connection.scalar(found)


def keep_apart_as(database: Database, log_id: str) -> None:
    """
    Tell of a log without keys that its data keys are in another database, under that id.

    Raises:
        UnusableKeys: the database has data keys of its own, or others elsewhere.
    """
    known = kept_apart_as(database)
    if known == log_id:
        return
    if known is not None or database.connection.scalar(select(func.count()).select_from(KEYS)):
        why = "has data keys of its own or elsewhere, and those of this log are in a third place"
        raise UnusableKeys(source=database.name, why=f"{why}: take a database for it alone")
    told = _ROW | {"subject": _TOLD, "kek": log_id}
    database.connection.execute(insert(KEYS).values(told))


def check_kept_here(database: Database) -> None:
    """
    Refuse to work on a log whose keys are kept in another database.

    Raises:
        UnusableKeys: they are.
    """
    if kept_apart_as(database) is not None:
        why = "its data keys are kept in another database: name that one as its keys_database"
        raise UnusableKeys(source=database.name, why=why)


def keys_apart(
    database: Database, url: str, *, create: bool, busy_seconds: float, read_only: bool = False
) -> Database:
    """
    The database at `url`, in which the data keys of the log in `database` are kept.

    Raises:
        UnusableKeys: the log has data keys of its own, or keeps them elsewhere, or is the same
            database; or, unless `create` allows it, its keys were not kept there before.
        StorageUnavailable: it cannot be opened or made.
        NotOurDatabase: it is something else.
        OlderFormat: its tables are of an older format.
    """
    kept = Database(url, create=create, busy_seconds=busy_seconds, read_only=read_only)
    try:
        log_id = kept_apart_as(database)
        if log_id is None:
            _tell(database, kept, create=create)
        else:
            _check_are_of(log_id, database, kept)
    except BaseException:
        kept.close()
        raise
    return kept


def _tell(database: Database, kept: Database, *, create: bool) -> None:
    if database.is_same(kept):
        why = "is the database of the log itself, where keys are kept without being told"
        raise UnusableKeys(source=kept.name, why=why)
    with database.transaction():
        if database.connection.scalar(select(func.count()).select_from(KEYS)):
            why = f"has data keys of its own, so that they cannot be kept in {kept.name}"
            raise UnusableKeys(source=database.name, why=why)
        if not create:
            why = f"has no data keys in {kept.name} yet, and none may be made"
            raise UnusableKeys(source=database.name, why=why)
        log_id = token_hex(16)
        # Among the keys first: what a crash leaves there alone is told of by no log.
        with kept.transaction():
            kept.connection.execute(insert(KEYS).values(_ROW | {"subject": _keys_of(log_id)}))
        keep_apart_as(database, log_id)


class KeysElsewhere:
    """The `KeyStore` port of a log whose keys are not at hand: what is asked of it is refused."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getattr__(self, name: str) -> NoReturn:
        check_kept_here(self._database)
        why = f"was opened without keys, and {name} needs them"
        raise UnusableKeys(source=self._database.name, why=why)


def _keys_of(log_id: str) -> str:
    return f"keys of the log {log_id}"


def _check_are_of(log_id: str, database: Database, kept: Database) -> None:
    of_the_log = KEYS.c.subject == _keys_of(log_id)
    rows = select(func.count()).where(KEYS.c.tenant == _ROW["tenant"], of_the_log)
    if not kept.connection.scalar(rows):
        why = f"holds no keys of {database.name}: name the database that they were kept in"
        raise UnusableKeys(source=kept.name, why=why)
