"""
Format 3: erasures counted by tenant, the contact index, how far followers are, faster appends.

The last is PostgreSQL's, as the whole of `FORMAT_3`.
"""

from typing import Final

from alembic import op
from alembic.operations import Operations
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, LargeBinary, Text
from sqlalchemy.dialects import postgresql

from regulars.adapters.migrations import verbatim
from regulars.adapters.postgres_formats import FORMAT_3

revision: Final = "regulars_0003"
down_revision: Final = "regulars_0002"
branch_labels: Final = None

_BIG: Final = BigInteger().with_variant(Integer, "sqlite")
_TEXT: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_FLAG: Final = Boolean().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """As Alembic calls it."""
    apply(Operations(op.get_context()))


def downgrade() -> None:
    """There is no way back but a backup."""
    message = "restore the backup that was made before: there is no other way back"
    raise NotImplementedError(message)


def apply(to: Operations) -> None:
    """Make the tables and what stands behind them, and mark the database."""
    _generations(to)
    _contacts(to)
    _followers(to)
    if to.get_context().dialect.name == "postgresql":
        for statement in FORMAT_3:
            to.execute(verbatim(statement))
        to.execute("UPDATE regulars_log SET format = 3")
    else:
        to.execute("PRAGMA user_version = 3")


def _generations(to: Operations) -> None:
    to.create_table(
        "key_generations",
        Column("tenant", _TEXT, primary_key=True),
        Column("generation", _BIG, nullable=False),
        sqlite_strict=True,
    )


def _contacts(to: Operations) -> None:
    to.create_table(
        "contact_tokens",
        Column("tenant", _TEXT, primary_key=True),
        Column("field", _TEXT, primary_key=True),
        Column("version", Integer, primary_key=True),
        Column("normaliser", Integer, primary_key=True),
        Column("token", LargeBinary, primary_key=True),
        Column("subject", _TEXT, primary_key=True),
        CheckConstraint("length(token) = 32", name="contact_tokens_length"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    to.create_index("contact_tokens_subject", "contact_tokens", ["tenant", "subject"])
    to.create_table(
        "contact_versions",
        Column("tenant", _TEXT, primary_key=True),
        Column("version", Integer, primary_key=True),
        Column("normaliser", Integer, nullable=False),
        Column("region", _TEXT),
        Column("sole", _FLAG, nullable=False),
        Column("complete", _FLAG, nullable=False),
        Column("position", _BIG, nullable=False),
        Column("left_out", _BIG, nullable=False),
        sqlite_strict=True,
    )


def _followers(to: Operations) -> None:
    to.create_table(
        "follower_checkpoints",
        Column("tenant", _TEXT, primary_key=True),
        Column("follower", _TEXT, primary_key=True),
        Column("position", _BIG, nullable=False),
        sqlite_strict=True,
    )
