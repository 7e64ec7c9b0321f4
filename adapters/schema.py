"""The tables of a database of this product; each is described beside the adapter that owns it."""

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData, Text
from sqlalchemy.dialects import postgresql

metadata: Final = MetaData()

BIG: Final = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer, under the name that each database has for it."""

TEXT: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""A text, in the order of its code points on each database."""

APPLICATION_ID: Final = 0x5245_4755
"""Marks an SQLite file as ours (`PRAGMA application_id`): the letters REGU."""

FORMAT: Final = 1
"""The format of the tables (`PRAGMA user_version`); a newer one is not opened."""
