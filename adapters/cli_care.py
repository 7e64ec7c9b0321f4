"""`regulars care`: birthdays and holidays of customers, day by day."""

from datetime import UTC, date, datetime, timedelta

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import Call, call_options, examples, program_option
from regulars.adapters.cli_screen import (
    Bars,
    count,
    facts,
    how_many,
    plain,
    section,
    show,
    warn,
    write_json,
)
from regulars.adapters.public_holidays import PublicHolidays
from regulars.application.caring import Cared, Caring
from regulars.domain.values import ProgramId

_EARLIEST = timedelta(hours=14)
"""So far ahead of UTC are the clocks on which a day begins first."""


def _day(ctx: click.Context, param: click.Parameter, value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no day; one is 2026-02-17", ctx=ctx, param=param
        ) from None
    if day > (datetime.now(UTC) + _EARLIEST).date():
        raise click.BadParameter(f"{value} is yet to come", ctx=ctx, param=param)
    return day


@click.group()
def care() -> None:
    """
    Care for customers on birthdays and holidays.

    The programme says how, in its table [[care]] (docs/programme.md). Only those are cared for who
    consented to the purpose `care`. Nothing is sent: what comes is recorded, earns by the rules
    for it, and the host follows it. Let cron run it once a day:

    \b
      5 0 * * *  regulars care run --on $(date +%F) --database sqlite:////var/lib/shop.db
    """  # noqa: D301 - click's own backspace


@care.command(
    epilog=examples(
        "regulars care run --on 2026-02-17",
        "regulars care run --on $(date +%F) --json",
        "regulars care run --on 2026-02-17 --program club",
    )
)
@click.option(
    "--on",
    "day",
    metavar="DAY",
    required=True,
    callback=_day,
    help="The day to care for, by the calendar of the programme: 2026-02-17.",
)
@program_option()
@call_options(policy=True)
def run(call: Call, *, day: date, program: ProgramId) -> None:
    """
    Record the birthdays and holidays of a day, each once.

    Grants of the plan's campaign are made, and merchants reminded ahead. Run again, it does what
    is left, and then nothing; it may be stopped at any time. A birthday comes once in 365 days,
    whatever becomes of the birth date.
    """
    with call.open(program) as crm, Bars() as bars:
        done = Caring(crm, PublicHolidays()).run(
            program, day, progress=lambda done, of: bars.tell("Looking", done, of)
        )
    for name in done.unknown:
        warn(f"nobody knows the holiday {plain(name)} in {day.year}")
    if call.as_json:
        write_json(_document(done))
    else:
        show(section(f"Care on {day.isoformat()}", _shown(done)))


def _document(done: Cared) -> dict[str, object]:
    return {
        "on": done.on.isoformat(),
        "people": done.people,
        "occasions": dict(done.occasions),
        "grants": {
            name: {
                "granted": one.granted,
                "amount": one.amount,
                "nothing": one.nothing,
                "held_out": one.held_out,
                "others": one.others,
                "repeated": one.repeated,
            }
            for name, one in done.grants.items()
        },
        "reminders": done.reminders,
        "unknown_holidays": list(done.unknown),
    }


def _shown(done: Cared) -> RenderableType:
    new = [(name, how_many(number, "customer")) for name, number in done.occasions.items()]
    granted = [
        (name, f"{count(one.amount)} to {how_many(one.granted, 'customer')}")
        for name, one in done.grants.items()
    ]
    return facts(
        ("May be cared for", how_many(done.people, "customer")),
        *((f"New: {name}", number) for name, number in new),
        *((f"Granted: {name}", amount) for name, amount in granted),
        ("Merchants reminded", how_many(done.reminders, "time")),
    )
