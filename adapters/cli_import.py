"""`regulars import`: order history out of files, each row recorded once."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import tzinfo
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import click

from regulars.adapters.cli_call import Call, call_options, examples, program_option, timezone_of
from regulars.adapters.cli_imported import import_files, run_document, shown_run
from regulars.adapters.cli_screen import Bars, plain, show, warn, write_json
from regulars.adapters.history_files import UnreadableHistory, find_files
from regulars.adapters.history_kinds import KINDS, format_of
from regulars.adapters.program_file import read_program
from regulars.adapters.rejects_file import RejectsFile
from regulars.application.programs import known_program
from regulars.domain.values import ProgramId

REJECTS: Final = 1
"""The exit status of an import that left rows out."""


def _files_option(kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        f"--{kind}",
        metavar="FILE",
        type=click.Path(path_type=Path),
        multiple=True,
        help=f"A file of {kind}, whatever its name begins with. May be repeated.",
    )


@click.command(
    "import",
    epilog=examples(
        "regulars import history/",
        "regulars import orders-2024.csv.gz lines-2024.csv.gz --timezone Europe/Berlin",
        "regulars import --orders export.csv --program earning.toml --database sqlite:///shop.db",
        "regulars import history/ --program club.toml --program-id club",
    ),
)
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(path_type=Path))
@_files_option("orders")
@_files_option("lines")
@_files_option("customers")
@_files_option("merchants")
@_files_option("reviews")
@click.option(
    "--timezone",
    metavar="TZ",
    callback=timezone_of,
    help="On whose clocks times without an offset are; without it, they are rejected.",
)
@click.option(
    "--keep-extra",
    is_flag=True,
    help="Keep columns that the format does not know, sealed where they may be personal.",
)
@click.option(
    "--program",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A TOML file of earning rules. Without one, a new database gives one point for"
    " each whole unit of money.",
)
@program_option(
    "The programme that orders earn in, whose rules --program has: the same for the life of a"
    " database, and the program_id of a host's connect.",
    name="--program-id",
)
@click.option(
    "--rejects",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where rejected rows are listed; by default beside the database, named like it with"
    " .rejects.csv added.",
)
@call_options()
def import_(  # noqa: PLR0913 - what an import can be told, each by name
    call: Call,
    *,
    paths: tuple[Path, ...],
    timezone: tzinfo | None,
    keep_extra: bool,
    program: Path | None,
    program_id: ProgramId,
    rejects: Path | None,
    **named: tuple[Path, ...],
) -> None:
    """
    Record order history from files or folders.

    A file is CSV or JSON Lines (.csv, .jsonl, .ndjson, each also with .gz), and its name begins
    with what it holds: orders, lines, customers, merchants or reviews. The database is made if
    it is not there. Whatever was recorded before is skipped, so an import that was interrupted
    is simply run again.

    Rows that break a rule are listed in the rejects file with file, row, field and reason; all
    others are recorded. Status 1 says that there were some.
    """
    files = _files(paths, named)
    if program is not None:
        read_program(program, program_id=program_id)  # a mistake in it makes no database
    lies = call.file()
    with ExitStack() as closing:
        listed = closing.enter_context(RejectsFile(rejects or _rejects_beside(lies)))
        crm = closing.enter_context(call.record(program=program, program_id=program_id))
        if program is None:  # or a second programme would begin by a word that was left out
            known_program(crm, program_id)
        bars = closing.enter_context(Bars(stay=True))
        run = import_files(
            crm,
            files,
            timezone=timezone,
            keep_extra=keep_extra,
            spool_folder=lies.parent if lies else Path(gettempdir()),
            listed=listed,
            bars=bars,
        )
    for notice in run.notices:
        warn(plain(notice))
    if call.as_json:
        write_json({"database": call.named(), **run_document(run)})
    else:
        show(*shown_run(run, call.named()))
    if run.rejected:
        sys.exit(REJECTS)


def _files(
    paths: Sequence[Path], named: Mapping[str, tuple[Path, ...]]
) -> dict[str, tuple[Path, ...]]:
    """
    The files to read by kind, each once, those that were named for a kind under that one.

    Raises:
        UnreadableHistory: a file is missing, or is not of a format that can be read.
    """
    if not paths and not any(named.values()):
        raise click.UsageError("name the files to import, or a folder with them")
    files: dict[str, tuple[Path, ...]] = {}
    taken: set[Path] = set()
    for kind in KINDS:
        for file in named[kind]:
            if not file.is_file():
                raise UnreadableHistory(str(file), "there is no such file")
            if not format_of(file):
                problem = "is neither .csv, .jsonl nor .ndjson, nor one of them with .gz"
                raise UnreadableHistory(str(file), problem)
            if file.resolve() not in taken:
                taken.add(file.resolve())
                files[kind] = (*files.get(kind, ()), file)
    for kind, found in find_files(paths).items():
        others = tuple(file for file in found if file.resolve() not in taken)
        files[kind] = (*files.get(kind, ()), *others)
    return {kind: tuple(map(_named_once, found)) for kind, found in files.items()}


def _named_once(file: Path) -> Path:
    # What was found in a file is kept under its name, so that a file has one from where one stands.
    whole, here = Path(os.path.abspath(file)), Path.cwd()  # noqa: PTH100 - links keep their names
    return whole.relative_to(here) if whole.is_relative_to(here) else whole


def _rejects_beside(database: Path | None) -> Path:
    return Path(f"{database or 'regulars'}.rejects.csv")
