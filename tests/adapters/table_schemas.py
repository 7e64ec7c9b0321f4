"""What stands in a database beside its rows, told by the database itself, a line each."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import psycopg
from sqlalchemy import make_url

_LATER: Final = "recorder_"
"""How tables begin that are made with the others, or when they are first asked for."""

_POSTGRES: Final = (
    """
    SELECT 'column ' || table_name || ' ' || ordinal_position || ' ' || concat_ws(
        ' ', column_name, data_type, collation_name, is_nullable, is_identity, column_default
    ) FROM information_schema.columns WHERE table_schema = current_schema()
    """,
    """
    SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
    """,
    "SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    """
    SELECT 'relation ' || relkind::text || ' ' || relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace
    """,
    """
    SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
    """,
    """
    SELECT 'trigger ' || pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
    """,
)


def schema_of(url: str) -> str:
    """Equal for databases whose tables, indexes, constraints, triggers and functions are equal."""
    told = _sqlite(url) if make_url(url).get_backend_name() == "sqlite" else _postgres(url)
    lines = {" ".join(line.split()) for line in told}
    return "".join(f"{line}\n" for line in sorted(lines) if _LATER not in line)


def _sqlite(url: str) -> Iterator[str]:
    with closing(sqlite3.connect(make_url(url).database or "")) as database:
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master"):
            yield f"{kind} {name} {sql}"
        for mark in ("application_id", "user_version"):
            yield f"{mark} {database.execute(f'PRAGMA {mark}').fetchone()[0]}"


def _postgres(url: str) -> Iterator[str]:
    with closing(psycopg.connect(url, autocommit=True)) as database:
        found = database.execute("SELECT current_schema()").fetchone()
        assert found is not None
        for query in _POSTGRES:
            for (line,) in database.execute(query.encode()):
                yield line.replace(f"{found[0]}.", "")
        for row in database.execute("SELECT format FROM regulars_log"):
            yield f"format {row[0]}"
