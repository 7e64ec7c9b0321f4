"""The URLs that databases are named by, and how they are told without what is secret in them."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from regulars.application.errors import StorageUnavailable

_DRIVERS: Final = {"sqlite": "pysqlite", "postgresql": "psycopg"}
_OPTIONS: Final = frozenset({"cached_statements"})
"""What may stand behind the ? for SQLite: all else is set here, or would change what is read."""


def shown(url: URL) -> str:
    """A URL without the passwords in it."""
    secret = [name for name in url.query if "password" in name]
    return url.difference_update_query(secret).render_as_string()


def file_url(path: Path) -> URL:
    """The URL of a database of SQLite in a file, whatever signs are in its name."""
    return URL.create("sqlite", database=str(path))


def parsed_url(url: str | URL) -> URL:
    """
    The parts of a database's URL.

    Raises:
        StorageUnavailable: it is none; what could hold a password is not repeated.
    """
    if isinstance(url, URL):
        return url
    # Not told from the error, which may quote a password.
    with suppress(ArgumentError, ValueError):
        if "\0" not in url:
            return make_url(url)
    why = "is not a database URL such as sqlite:///regulars.db"
    named = "what was given" if "@" in url or "password" in url or "://" in url else url
    raise StorageUnavailable(store=named or "nothing", why=why)


def check_url(url: URL) -> None:
    """
    See that nothing of a URL would be left aside: another driver, or an option of SQLite.

    Raises:
        StorageUnavailable: it names another driver than ours, both of which are told; or an option
            that does not count for SQLite, as `uri`: a file is named by its path.
    """
    database, _, driver = url.drivername.partition("+")
    ours = _DRIVERS.get(database, driver)
    if driver not in {"", ours}:
        why = f"names the driver {driver}, and {ours} is used: write {database}://"
        raise StorageUnavailable(store=shown(url), why=why)
    if database == "sqlite" and not _OPTIONS.issuperset(url.query):
        why = "has an option behind the ? that does not count here"
        if "uri" in url.query:
            why = "is a URI of SQLite: name the file by its path, as in sqlite:///shop.db"
        raise StorageUnavailable(store=shown(url), why=why)
