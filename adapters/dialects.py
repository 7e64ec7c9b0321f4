"""Which dialect a URL is spoken to in."""

from sqlalchemy import URL

from regulars.adapters.database_url import check_url, parsed_url, shown
from regulars.adapters.dialect import Dialect, Opening
from regulars.application.errors import StorageUnavailable


def dialect_of(url: str | URL, opening: Opening) -> Dialect:
    """
    What the kind of database under a URL says in its own way.

    Raises:
        StorageUnavailable: the URL names none, or another driver than ours or an option that does
            not count; or what it needs is not installed or not there.
    """
    parsed = parsed_url(url)
    check_url(parsed)
    # Each dialect needs what needs this module, and PostgreSQL's a driver that not every host has.
    match parsed.get_backend_name():
        case "sqlite":
            from regulars.adapters.sqlite import Sqlite  # noqa: PLC0415 - it needs what needs this module

            return Sqlite(parsed, opening)
        case "postgresql":
            try:
                from regulars.adapters.postgres import Postgres  # noqa: PLC0415 - as above, and its driver
            except ModuleNotFoundError:
                why = "needs a driver: install regulars[postgres]"
                raise StorageUnavailable(store=shown(parsed), why=why) from None

            return Postgres(parsed, opening)
        case _:
            why = "only sqlite:/// and postgresql:// URLs are supported"
            raise StorageUnavailable(store=shown(parsed), why=why)
