"""`regulars log backup` and `regulars log restore`: the whole database as a file, and back."""

from collections.abc import Iterator
from pathlib import Path

import click
from attrs import asdict

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import Bars, count, plain, write_json
from regulars.adapters.key_file import key_file_beside
from regulars.adapters.log_backup import Backup, back_up
from regulars.adapters.log_backup import restore as restore_backup


@click.command(
    epilog=examples(
        "regulars log backup /backups/monday.db",
        "regulars log backup /backups/latest.db --replace --database sqlite:///shop.db",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace FILE if there is one.")
@call_options(keys=False)
def backup(call: Call, *, file: Path, replace: bool) -> None:
    """
    Copy the whole database to FILE.

    Others may read and write meanwhile. The copy has every tenant. It is proven before it takes
    its name, by SQLite and by what `regulars log check` looks at in the log of --tenant. It has
    the sealed data and the wrapped keys, unless those are in a --keys-database, and not the key
    file: keep that one apart from it. PostgreSQL is backed up by pg_dump.
    """
    with Bars() as bars:
        made = back_up(call.database, file, tenant=call.tenant, replace=replace, told=bars.tell)
    if call.as_json:
        write_json({"file": str(file), **asdict(made)})
    else:
        events, size = count(made.events), count(made.size)
        click.echo(plain(f"Backed up {events} events to {file}, {size} bytes"))
        click.echo("\n".join(_about(made)))


@click.command(
    epilog=examples(
        "regulars log restore /backups/monday.db",
        "regulars log restore /backups/monday.db --database sqlite:///shop.db --replace",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--replace", is_flag=True, help="Replace the database if there is one; nobody may use it."
)
@call_options(keys=False)
def restore(call: Call, *, file: Path, replace: bool) -> None:
    """
    Put a backup in the place of the database.

    FILE is copied and proven before anything is replaced, and stays as it is. A database that is
    there is replaced only with --replace, and only if nobody has it open. The key file is left
    alone: it has to be the one of the database that was backed up.
    """
    with Bars() as bars:
        made = restore_backup(
            call.database, file, tenant=call.tenant, replace=replace, told=bars.tell
        )
    keys = str(key_file_beside(call.file() or Path()))
    if call.as_json:
        write_json({"file": str(file), "key_file": keys, **asdict(made)})
    else:
        click.echo(plain(f"Restored {count(made.events)} events from {file}"))
        click.echo("\n".join(_about(made)))
        if made.keys:
            click.echo(plain(f"Expected at {keys}, unless --keys or REGULARS_KEYS says otherwise"))


def _about(made: Backup) -> Iterator[str]:
    yield f"Hash {made.hash}"
    if made.keys:
        yield plain(f"Its personal data opens with the key file that holds {', '.join(made.keys)}")
    elif made.keys_apart:
        yield "Its data keys are kept in another database: back that one up as well"
    else:
        yield "It holds no keys: if personal data is sealed in it, nobody can read that"
