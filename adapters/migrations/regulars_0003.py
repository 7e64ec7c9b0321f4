"""Format 3: how often keys were fenced or erased, for each tenant."""

from typing import Final

from alembic import op
from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Integer, Text
from sqlalchemy.dialects import postgresql

revision: Final = "regulars_0003"
down_revision: Final = "regulars_0002"
branch_labels: Final = None

_TEXT: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_BIG: Final = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """As Alembic calls it."""
    apply(Operations(op.get_context()))


def downgrade() -> None:
    """There is no way back but a backup."""
    message = "restore the backup that was made before: there is no other way back"
    raise NotImplementedError(message)


def apply(to: Operations) -> None:
    """Make the table, and mark the database."""
    to.create_table(
        "key_generations",
        Column("tenant", _TEXT, primary_key=True),
        Column("generation", _BIG, nullable=False),
        sqlite_strict=True,
    )
    if to.get_context().dialect.name == "postgresql":
        to.execute("UPDATE regulars_log SET format = 3")
    else:
        to.execute("PRAGMA user_version = 3")
