"""
Data keys in a database of their own, apart from the log and from its backups.

What is provisioned there is kept at once, before the box that it sealed is recorded: a crash in
between leaves a key that seals nothing. A row in the log's own table of keys tells that they are
elsewhere, so that nobody opens the log without them and makes others.
"""

from typing import Final

from sqlalchemy import func, insert, select

from regulars.adapters.database import Database
from regulars.adapters.key_ring import UnusableKeys
from regulars.adapters.keys import KEYS
from regulars.application.keys import KeyState
from regulars.domain.personal import DataClass

_ELSEWHERE: Final = {
    "tenant": "",
    "subject": "kept in another database",
    "data_class": DataClass.CONTENT.value,
    "version": 1,
    "state": KeyState.ERASED.value,
    "wrapped": None,
    "kek": None,
    "held": False,
    "created_at": 0,
    "erased_at": 0,
}


def check_kept_here(database: Database) -> None:
    """
    Refuse to work on a log whose keys are kept in another database.

    Raises:
        UnusableKeys: they are.
    """
    if _is_told_of(database):
        why = "its data keys are kept in another database: name that one as its keys_database"
        raise UnusableKeys(source=database.name, why=why)


def keys_apart(database: Database, url: str, *, create: bool, busy_seconds: float) -> Database:
    """
    The database at `url`, in which the data keys of the log in `database` are kept.

    Raises:
        UnusableKeys: the log has data keys of its own, or is the same database; or, unless
            `create` allows it, its keys were not kept there before.
        StorageUnavailable: it cannot be opened or made.
        NotOurDatabase: it is something else.
        OlderFormat: its tables are of an older format.
    """
    kept = Database(url, create=create, busy_seconds=busy_seconds)
    try:
        if not _is_told_of(database):
            _tell(database, kept, create=create)
    except BaseException:
        kept.close()
        raise
    return kept


def _tell(database: Database, kept: Database, *, create: bool) -> None:
    if kept.name == database.name:
        why = "is the database of the log itself, where keys are kept without being told"
        raise UnusableKeys(source=kept.name, why=why)
    with database.transaction():
        if database.connection.scalar(select(func.count()).select_from(KEYS)):
            why = f"has data keys of its own, so that they cannot be kept in {kept.name}"
            raise UnusableKeys(source=database.name, why=why)
        if not create:
            why = f"has no data keys in {kept.name} yet, and none may be made"
            raise UnusableKeys(source=database.name, why=why)
        database.connection.execute(insert(KEYS).values(_ELSEWHERE))


def _is_told_of(database: Database) -> bool:
    told = select(func.count()).where(
        KEYS.c.tenant == _ELSEWHERE["tenant"], KEYS.c.subject == _ELSEWHERE["subject"]
    )
    return bool(database.connection.scalar(told))
