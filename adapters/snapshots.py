"""The table of snapshots: the state of a stream at one of its versions, kept to load it sooner."""

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, Table

from regulars.adapters.schema import TEXT, metadata

SNAPSHOTS: Final = Table(
    "snapshots",
    metadata,
    Column("tenant", TEXT, primary_key=True),
    Column("stream", TEXT, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("fold", TEXT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_strict=True,
)
