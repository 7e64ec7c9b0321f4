"""`regulars what-if`: what other rules would have given for the orders of the log, and to whom."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import (
    Call,
    call_options,
    examples,
    moment_of,
    program_option,
    timezone_option,
)
from regulars.adapters.cli_screen import (
    Bars,
    amount,
    count,
    facts,
    listing,
    money_document,
    plain,
    section,
    show,
    time_text,
    write_json,
)
from regulars.adapters.cli_worth import worth_of
from regulars.adapters.new_file import new_file, refuse_own_files
from regulars.adapters.program_file import read_program
from regulars.adapters.what_if_plot import plotted
from regulars.application.program import as_published
from regulars.application.replaying import Compared
from regulars.application.what_if import WhatIf, what_if
from regulars.domain.values import Money, ProgramId

_MOMENT: Final = timedelta(microseconds=1)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_SHOWN: Final = 10


@click.command(
    name="what-if",
    epilog=examples(
        "regulars what-if double-weekends.toml",
        "regulars what-if new.toml --from 2024-01-01 --to 2024-12-31 --worth 0.01 USD",
        "regulars what-if new.toml --json | jq '.by_customer[] | select(.difference < 0)'",
        "regulars what-if new.toml --plot new.svg",
        "regulars what-if new.toml --program club",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "since",
    metavar="T",
    help="Orders placed from that time on: 2024-05-31T18:00:00+02:00, 2024-05-31T18:00 on the"
    " clocks of --timezone, or 2024-05-31 for the beginning of that day.",
)
@click.option(
    "--to",
    "until",
    metavar="T",
    help="Orders placed up to that time, that instant included; of a day, to its end.",
)
@program_option(
    "The programme whose rules, as they were in force, are compared with those of FILE."
)
@timezone_option("On whose clocks --from and --to are read.")
@click.option(
    "--worth",
    metavar="AMOUNT CURRENCY",
    nargs=2,
    callback=worth_of,
    help="What a point costs, to tell the difference in money: 0.01 USD, or 0.005 USD.3.",
)
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(0),
    help=f"List the N customers with the largest differences; {_SHOWN} if it is left out, and in"
    " JSON all of them, by id.",
)
@click.option(
    "--plot",
    metavar="FILE.svg",
    type=click.Path(path_type=Path),
    help="Draw the differences of all customers into a new file.",
)
@call_options(keys=False)
def what_if_(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    file: Path,
    since: str | None,
    until: str | None,
    program: ProgramId,
    timezone: tzinfo,
    worth: Money | None,
    top: int | None,
    plot: Path | None,
) -> None:
    """
    Replay other rules over the orders of the log.

    Tells what each customer would have by those of FILE, for orders placed in a period and net of
    their refunds, beside what they have by the rules that were in force. Nothing is recorded.

    What customers did is taken as it was. Tiers are as recorded unless FILE has a ladder, and
    policies are those of the log unless FILE has some.
    """
    begin = moment_of(since, timezone, option="--from", first=True)
    end = moment_of(until, timezone, option="--to")
    rules = as_published(read_program(file, program_id=program))
    if plot is not None:
        refuse_own_files(plot, call.file())
    drawing = nullcontext() if plot is None else new_file(plot, replace=False)
    with drawing as draft, call.open(program) as crm, Bars() as bars:
        found = what_if(
            crm,
            rules,
            since=begin,
            until=None if end is None else _behind(end),
            program_id=program,
            progress=lambda done, of: bars.tell("Replaying the log", done, of),
        )
        if draft is not None:
            draft.write_text(plotted(found, title=f"Points by {file.name}"), encoding="utf-8")
    if call.as_json:
        period = {
            "program": program,
            "from": time_text(begin, timezone),
            "to": time_text(end, timezone),
        }
        write_json({**period, **_document(found, worth, top)})
    else:
        show(*_shown(found, plain(file.name), worth, _SHOWN if top is None else top))


def _behind(at: datetime) -> datetime | None:
    """The first moment after `at`, if there is one."""
    return at + _MOMENT if at < _LAST else None


def _largest(found: WhatIf, top: int) -> Sequence[Compared]:
    return sorted(found.customers, key=lambda one: (-abs(one.difference), one.customer))[:top]


def _document(found: WhatIf, worth: Money | None, top: int | None) -> dict[str, object]:
    listed = found.customers if top is None else _largest(found, top)
    return {
        "orders": found.orders,
        "customers": len(found.customers),
        "recorded": found.recorded,
        "other": found.other,
        "difference": found.difference,
        "winners": found.winners,
        "losers": found.losers,
        "cost": None if worth is None else money_document(found.cost(worth)),
        "by_customer": [
            {
                "customer": one.customer,
                "orders": one.orders,
                "recorded": one.recorded,
                "other": one.other,
                "difference": one.difference,
            }
            for one in listed
        ],
    }


def _shown(found: WhatIf, name: str, worth: Money | None, top: int) -> Iterator[RenderableType]:
    told = [
        ("Orders", f"{count(found.orders)} of {count(len(found.customers))} customers"),
        ("Points as recorded", count(found.recorded)),
        (f"Points by {name}", count(found.other)),
        ("Difference", f"{found.difference:+,}"),
        ("Would have more", count(found.winners)),
        ("Would have less", count(found.losers)),
    ]
    if worth is not None:
        told.append(("Cost", amount(found.cost(worth))))
    yield section(f"What if {name} had been in force", facts(*told))
    largest = [one for one in _largest(found, top) if one.difference]
    if largest:
        yield section("Largest differences", _customers(largest))


def _customers(listed: Sequence[Compared]) -> RenderableType:
    return listing(
        ("Customer", "Orders", "Recorded", "Other", "Difference"),
        (
            (
                one.customer,
                count(one.orders),
                count(one.recorded),
                count(one.other),
                f"{one.difference:+,}",
            )
            for one in listed
        ),
    )
