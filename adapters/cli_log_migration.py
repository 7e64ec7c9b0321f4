"""`regulars log migrate`: the tables of an older format brought to the newest."""

import sys
from typing import Final

import click
from attrs import asdict

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import plain, write_json
from regulars.adapters.log_migration import Migration, migration_sql
from regulars.adapters.log_migration import migrate as migrate_tables

TO_MIGRATE: Final = 1
"""The exit status of a check that found tables of an older format."""


@click.command(
    epilog=examples(
        "regulars log migrate --check || regulars log backup before.db",
        "regulars log migrate --database sqlite:///shop.db",
        "regulars log migrate --sql --database postgresql://shop@localhost/shop > migrate.sql",
    )
)
@click.option("--check", is_flag=True, help="Only tell what would be done; status 1 if anything.")
@click.option("--sql", is_flag=True, help="Print the SQL instead of running it.")
@call_options(keys=False, tenant=False)
def migrate(call: Call, *, check: bool, sql: bool) -> None:
    """
    Bring the tables to the format of this version.

    A newer version may need other tables than the one that made the database, and then refuses
    to open it until this has run. Events are not touched: the hash of the log stays the same.
    One transaction changes everything or nothing; stop the processes of the older version, and
    back the database up before, for there is no other way back.

    With --sql somebody else can run it: psql -f migrate.sql, or
    sqlite3 -bail shop.db < migrate.sql.
    """
    if check and sql:
        raise click.UsageError("--check and --sql exclude each other")
    if sql:
        _print_sql(call)
        return
    found = migrate_tables(call.database, check=check)
    if call.as_json:
        write_json({**asdict(found), "migrated": bool(found.revisions) and not check})
    else:
        click.echo(plain(f"{call.named()}: {_said(found, check=check)}"))
    if check and found.revisions:
        sys.exit(TO_MIGRATE)


def _print_sql(call: Call) -> None:
    script = migration_sql(call.database)
    if call.as_json:
        write_json({"sql": script})
    else:
        click.echo(script, nl=False)


def _said(found: Migration, *, check: bool) -> str:
    if not found.revisions:
        return f"its tables are of format {found.after}, nothing is to be done"
    done = "would be migrated" if check else "migrated"
    names = ", ".join(found.revisions)
    return f"{done} from format {found.before} to {found.after} by {names}"
