"""What stands in a database by the format of its tables, and what of it is gone or changed."""

import re
from collections.abc import Iterator
from typing import Final

from regulars.adapters.database import Database
from regulars.adapters.event_log import CONTIGUOUS
from regulars.adapters.postgres_formats import FORMAT_1, FORMAT_2, FORMAT_3

_OF_BOTH: Final = {
    1: "table events, table import_findings, table keys, table view_checkpoints,"
    " trigger events_contiguous",
    2: "table snapshots",
    3: "table contact_tokens, table contact_versions, table follower_checkpoints,"
    " table key_generations, index contact_tokens_subject",
}
_OF_SQLITE: Final = {
    1: "index sqlite_autoindex_events_1, index sqlite_autoindex_events_2",
}
_OF_POSTGRES: Final = {
    1: "table regulars_log, index events_pkey, index events_id, index events_version,"
    " index keys_pkey, index view_checkpoints_pkey, index import_findings_pkey,"
    " function events_appended",
    2: "index snapshots_pkey, function regulars_append",
    3: "index contact_tokens_pkey, index contact_versions_pkey,"
    " index follower_checkpoints_pkey, index key_generations_pkey,"
    " function regulars_append_one, function regulars_copied, function regulars_moved,"
    " function regulars_refuse_known",
}
"""What each format brought; none took anything away."""

_CALLED: Final = {
    "index sqlite_autoindex_events_1": "unique constraint events_version",
    "index sqlite_autoindex_events_2": "unique constraint events_id",
}
_TEXTS: Final = {1: FORMAT_1, 2: FORMAT_2, 3: FORMAT_3}
_BODY: Final = re.compile(r"(?:FUNCTION|PROCEDURE) (\w+)\(.*?AS \$\$(.*)\$\$", re.DOTALL)

_IN_SQLITE: Final = "SELECT type || ' ' || name, sql FROM sqlite_master"
_IN_POSTGRES: Final = """
    SELECT 'table ' || relname, NULL FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    UNION ALL
    SELECT 'index ' || relname, NULL FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid
    WHERE relnamespace = current_schema()::regnamespace AND indisvalid
    UNION ALL
    SELECT 'trigger ' || tgname, NULL FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = current_schema()::regnamespace AND tgenabled IN ('O', 'A')
    UNION ALL
    SELECT 'function ' || proname, prosrc FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
"""


def objects_amiss(database: Database) -> tuple[str, ...]:
    """
    What a database lacks of the objects of its format, or has otherwise, each in words.

    Those are tables, their keys and indexes, triggers and functions; what stands beside them, and
    the tables of views, which are made again, are left aside.
    """
    number = database.dialect.format(database.driver)
    return tuple(_amiss(database, number))


def _amiss(database: Database, number: int) -> Iterator[str]:
    if database.connection.dialect.name == "postgresql":
        query, own, texts = _IN_POSTGRES, _OF_POSTGRES, _bodies(number)
    else:
        query, own, texts = _IN_SQLITE, _OF_SQLITE, {"trigger events_contiguous": CONTIGUOUS}
    found = dict(database.driver.execute(query).fetchall())
    for name in (*_objects(_OF_BOTH, number), *_objects(own, number)):
        if name not in found:
            yield f"the {_CALLED.get(name, name)} is missing or switched off"
    for name, text in texts.items():
        if name in found and found[name].split() != text.split():
            yield f"the {name} is not as it was made"


def _objects(told: dict[int, str], number: int) -> Iterator[str]:
    for each in range(1, number + 1):
        if each in told:
            yield from told[each].split(", ")


def _bodies(number: int) -> dict[str, str]:
    bodies = dict[str, str]()
    for each in range(1, number + 1):
        for text in _TEXTS[each]:
            for name, body in _BODY.findall(text):
                bodies[f"function {name}"] = body
    return bodies
