"""Format 2: snapshots of streams, and on PostgreSQL an append in one call."""

from typing import Final

from alembic import op
from alembic.operations import Operations
from sqlalchemy import Column, Integer, LargeBinary, Text
from sqlalchemy.dialects import postgresql

from regulars.adapters.migrations import verbatim
from regulars.adapters.postgres_formats import FORMAT_2

revision: Final = "regulars_0002"
down_revision: Final = "regulars_0001"
branch_labels: Final = None

_TEXT: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """As Alembic calls it."""
    apply(Operations(op.get_context()))


def downgrade() -> None:
    """There is no way back but a backup."""
    message = "restore the backup that was made before: there is no other way back"
    raise NotImplementedError(message)


def apply(to: Operations) -> None:
    """Make the table and the procedure, and mark the database."""
    to.create_table(
        "snapshots",
        Column("tenant", _TEXT, primary_key=True),
        Column("stream", _TEXT, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("fold", _TEXT, nullable=False),
        Column("body", LargeBinary, nullable=False),
        sqlite_strict=True,
    )
    if to.get_context().dialect.name == "postgresql":
        for statement in FORMAT_2:
            to.execute(verbatim(statement))
        to.execute("UPDATE regulars_log SET format = 2")
    else:
        to.execute("PRAGMA user_version = 2")
