"""`regulars points`: what is to be done about points, from time to time or by a person."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import click
from rich.console import RenderableType

from regulars.adapters.cli_account import adjust, close, migrate, transfer
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
    clock,
    count,
    how_many,
    listing,
    show,
    time_text,
    write_json,
)
from regulars.application.noticing import NoticeDays, Noticing
from regulars.domain.expiry_notice import PointsExpiryNoticeIssued
from regulars.domain.rule_flaws import MOST_DAYS
from regulars.domain.values import ProgramId

_A_DAY: Final = timedelta(days=1)
_SHOWN = 50


@click.group(no_args_is_help=False)
def points() -> None:
    """
    Correct, move and end points; tell who loses some.

    Points activate and expire by themselves: no balance depends on a job. Let cron run notices
    once a day:

    \b
      30 3 * * *  regulars points notices --database sqlite:////var/lib/shop.db
    """  # noqa: D301 - click's own backspace


for _command in (adjust, transfer, migrate, close):
    points.add_command(_command)


@points.command(
    epilog=examples(
        "regulars points notices",
        "regulars points notices --days 10",
        "regulars points notices --program club",
        "regulars points notices --json | jq '.notices[].customer'",
    )
)
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(1, MOST_DAYS),
    help="How many days before their end points are told of; by default as the programme says.",
)
@click.option(
    "--at",
    metavar="T",
    help="As of that time instead of now: 2026-05-31T18:00:00+02:00, 2026-05-31T18:00 on the clocks"
    " of --timezone, or 2026-05-31 for the end of that day.",
)
@program_option()
@timezone_option("On whose clocks times are shown, and --at is read.")
@call_options(keys=False)
def notices(
    call: Call, *, days: int | None, at: str | None, program: ProgramId, timezone: tzinfo
) -> None:
    """
    Record whom to tell that points are about to expire, and list them. Nothing is sent.

    Each customer is told once of each lot that can be used. Stopped at any time and run again, it
    does what is left.
    """
    now = datetime.now(UTC)
    when = moment_of(at, timezone, option="--at", recorded=True) or now
    if when > now + _A_DAY:
        raise click.BadParameter(f"{at} is yet to come", param_hint="--at")
    # The end of today is still to come, and what ends by then has not ended yet.
    when = min(when, now)
    issued: list[PointsExpiryNoticeIssued] = []
    with call.open(program) as crm, Bars() as bars:
        ahead = crm.ask(NoticeDays(program=program), as_of=when) if days is None else days
        if ahead is None:
            raise click.UsageError(
                "the programme does not say how long before: add notice_days to its policies,"
                " or --days here"
            )
        accounts = Noticing(crm).run(
            program,
            at=when,
            days=ahead,
            told=issued.append,
            progress=lambda done, of: bars.tell("Looking", done, of),
        )
    if call.as_json:
        listed = [_document(one, timezone) for one in issued]
        write_json({"program": program, "accounts": accounts, "notices": listed})
        return
    if issued:
        show(_listed(issued, timezone))
    if len(issued) > _SHOWN:
        click.echo(f"and {count(len(issued) - _SHOWN)} more: --json lists them all")
    told, looked = how_many(len(issued), "notice"), how_many(accounts, "account")
    click.echo(f"{told} for {looked}")


def _listed(issued: list[PointsExpiryNoticeIssued], timezone: tzinfo) -> RenderableType:
    return listing(
        ("Customer", "Points", "First end"),
        (
            (one.customer, count(one.points), clock(one.lots[0].expires_at, timezone))
            for one in issued[:_SHOWN]
        ),
    )


def _document(one: PointsExpiryNoticeIssued, timezone: tzinfo) -> dict[str, object]:
    return {
        "customer": one.customer,
        "points": one.points,
        "lots": [
            {
                "lot": lot.lot,
                "points": lot.points,
                "expires_at": time_text(lot.expires_at, timezone),
            }
            for lot in one.lots
        ],
    }
