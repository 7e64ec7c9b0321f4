"""The URLs that databases are named by, and how they are told without what is secret in them."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from regulars.application.errors import StorageUnavailable


def shown(url: URL) -> str:
    """A URL without the passwords in it."""
    secret = [name for name in url.query if "password" in name]
    return url.difference_update_query(secret).render_as_string()


def parsed_url(url: str) -> URL:
    """
    The parts of a database's URL.

    Raises:
        StorageUnavailable: it is none; what could hold a password is not repeated.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        why = "is not a database URL such as sqlite:///regulars.db"
        named = "what was given" if "@" in url or "password" in url or "://" in url else url
        raise StorageUnavailable(store=named or "nothing", why=why) from None
