"""Format 1: the log, the keys, the checkpoints of views, and the findings of imports."""

from typing import Final

from alembic import op
from alembic.operations import Operations
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql

from regulars.adapters.migrations import verbatim
from regulars.adapters.postgres_formats import FORMAT_1, HEAD

revision: Final = "regulars_0001"
down_revision: Final = None
branch_labels: Final = ("regulars",)

_BIG: Final = BigInteger().with_variant(Integer, "sqlite")
_TEXT: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_CONTIGUOUS: Final = (
    "CREATE TRIGGER events_contiguous BEFORE INSERT ON events"
    " WHEN NEW.version <> 1 AND NOT EXISTS (SELECT 1 FROM events WHERE tenant = NEW.tenant"
    " AND stream = NEW.stream AND version = NEW.version - 1)"
    " BEGIN SELECT RAISE(ABORT, 'version gap'); END"
)


def upgrade() -> None:
    """As Alembic calls it."""
    apply(Operations(op.get_context()))


def downgrade() -> None:
    """There is no way back but a backup."""
    message = "restore the backup that was made before: there is no other way back"
    raise NotImplementedError(message)


def apply(to: Operations) -> None:
    """Make the tables, and mark them."""
    on_postgresql = to.get_context().dialect.name == "postgresql"
    if on_postgresql:
        to.execute(verbatim(HEAD))
        to.execute("INSERT INTO regulars_log VALUES (true, 1, 0)")
    _events(to)
    _keys(to)
    _others(to)
    if on_postgresql:
        for statement in FORMAT_1:
            to.execute(verbatim(statement))
    else:
        to.execute(verbatim(_CONTIGUOUS))
        to.execute("PRAGMA user_version = 1")
        to.execute("PRAGMA application_id = 1380271957")


def _events(to: Operations) -> None:
    to.create_table(
        "events",
        # On PostgreSQL the log gives positions: no sequence.
        Column(
            "position",
            _BIG,
            primary_key=True,
            autoincrement=to.get_context().dialect.name == "sqlite",
        ),
        Column("tenant", _TEXT, nullable=False),
        Column("stream", _TEXT, nullable=False),
        Column("version", Integer, nullable=False),
        Column("type", _TEXT, nullable=False),
        Column("schema_version", Integer, nullable=False),
        Column("event_id", LargeBinary, nullable=False),
        Column("occurred_at", _BIG, nullable=False),
        Column("recorded_at", _BIG, nullable=False),
        Column("actor", _TEXT, nullable=False),
        Column("correlation", _TEXT, nullable=False),
        Column("causation", _TEXT),
        Column("fingerprint", LargeBinary),
        Column("body", LargeBinary, nullable=False),
        UniqueConstraint("tenant", "stream", "version", name="events_version"),
        UniqueConstraint("event_id", name="events_id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


def _keys(to: Operations) -> None:
    to.create_table(
        "keys",
        Column("tenant", _TEXT, primary_key=True),
        Column("subject", _TEXT, primary_key=True),
        Column("data_class", _TEXT, primary_key=True),
        Column("version", _BIG, primary_key=True),
        Column("state", _TEXT, nullable=False),
        Column("wrapped", LargeBinary),
        Column("kek", _TEXT),
        Column("held", Boolean().with_variant(Integer, "sqlite"), nullable=False),
        Column("created_at", _BIG, nullable=False),
        Column("erased_at", _BIG),
        CheckConstraint("state IN ('active', 'superseded', 'erased')", name="keys_state"),
        CheckConstraint("(state = 'erased') = (wrapped IS NULL)", name="keys_erased"),
        CheckConstraint("version BETWEEN 1 AND 4294967295", name="keys_version"),
        sqlite_strict=True,
    )


def _others(to: Operations) -> None:
    to.create_table(
        "view_checkpoints",
        Column("tenant", _TEXT, primary_key=True),
        Column("view", _TEXT, primary_key=True),
        Column("version", _BIG, primary_key=True),
        Column("position", _BIG, nullable=False),
        sqlite_strict=True,
    )
    to.create_table(
        "import_findings",
        Column("tenant", _TEXT, primary_key=True),
        Column("file", _TEXT, primary_key=True),
        Column("row", _BIG, primary_key=True),
        Column("field", _TEXT, primary_key=True),
        Column("reason", _TEXT, nullable=False),
        sqlite_strict=True,
    )
