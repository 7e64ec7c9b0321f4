"""The tables of a database of this product; each is described beside the adapter that owns it."""

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData, Text
from sqlalchemy.dialects import postgresql

from regulars.application.errors import NotOurDatabase, OlderFormat

metadata: Final = MetaData()

BIG: Final = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer, under the name that each database has for it."""

TEXT: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""A text, in the order of its code points on each database."""

APPLICATION_ID: Final = 0x5245_4755
"""Marks an SQLite file as ours (`PRAGMA application_id`): the letters REGU."""

FORMAT: Final = 3
"""
The format of the tables (`PRAGMA user_version`, or `format` in `regulars_log`), counted from 1.

Each has its revision in `adapters/migrations/`; a newer one is not opened, an older one brought up.
"""


def check_format(found: int, *, store: str, older: bool) -> None:
    """
    Whether tables of this format can be used, those of an older one only if `older` allows it.

    Raises:
        NotOurDatabase: they are of a newer format.
        OlderFormat: they are of an older one.
    """
    if found > FORMAT:
        raise NotOurDatabase(store=store, why="was written by a newer version of regulars")
    if found < FORMAT and not older:
        raise OlderFormat(store=store, found=found, needed=FORMAT)
