"""`regulars log export` and `regulars log import`: the log as a file, and back."""

import sys
from pathlib import Path
from typing import Final

import click

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import Bars, how_many, plain, write_json
from regulars.adapters.log_export import export_log
from regulars.adapters.log_import import import_log

_PIPE: Final = "-"
"""The name that stands for standard output, or input."""


@click.command(
    epilog=examples(
        "regulars log export log.jsonl.gz",
        "regulars log export log.jsonl --database sqlite:///shop.db",
        "regulars log export - | ssh there regulars log import -",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace FILE if there is one.")
@call_options(keys=False)
def export(call: Call, *, file: Path, replace: bool) -> None:
    """
    Write the log to FILE, or to standard output if that is -.

    JSON Lines, compressed if FILE ends in .gz: what it is, then an event a line as it is stored,
    then the checksum of all of it. It is the log at one moment, whoever writes meanwhile, and
    appears whole or not at all. Boxes of personal data stay sealed, and no keys are in it; where
    they are in a --keys-database, it tells so. With - the answer goes to standard error, and
    nothing is compressed.
    """
    piped = str(file) == _PIPE
    with Bars() as bars:
        written = export_log(
            call.database,
            sys.stdout.buffer if piped else file,
            tenant=call.tenant,
            replace=replace,
            progress=lambda done, of: bars.tell("Exporting", done, of),
        )
    if call.as_json:
        write_json(
            {
                "file": str(file),
                "tenant": written.tenant,
                "events": written.events,
                "head": written.head,
                "hash": written.hash,
            },
            aside=piped,
        )
    else:
        to = "standard output" if piped else file
        click.echo(plain(f"Exported {how_many(written.events, 'event')} to {to}"), err=piped)
        click.echo(f"Hash {written.hash}", err=piped)


@click.command(
    "import",
    epilog=examples(
        "regulars log import log.jsonl.gz --database sqlite:///copy.db",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@call_options(keys=False)
def import_(call: Call, *, file: Path) -> None:
    """
    Bring an exported log back from FILE, or from standard input if that is -.

    Into a log without events, in a database that is made if it is not there. The whole of FILE is
    proven first: a line that is damaged, missing or edited is named, and nothing is imported.
    Events keep their positions, and so none of them may be taken by another tenant of the database:
    a log from elsewhere wants a database of its own. Then every view is computed.

    Boxes of personal data open only with the keys of the database that the log came from, which
    FILE does not hold: bring them along with a backup, name the same --keys-database, or give up
    what is sealed: regulars keys renounce.
    """
    piped = str(file) == _PIPE
    with Bars() as bars:
        source = sys.stdin.buffer if piped else file
        events = import_log(call.database, source, tenant=call.tenant, told=bars.tell)
    if call.as_json:
        write_json({"file": str(file), "events": events})
    else:
        said = "standard input" if piped else file
        click.echo(
            plain(f"Imported {how_many(events, 'event')} from {said}; every view is computed")
        )
