"""`regulars balance`: the points of one customer, and where they come from."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

import click
from rich.console import RenderableType
from rich.text import Text

from regulars.adapters.cli_call import (
    PROGRAM,
    Call,
    as_of_option,
    call_options,
    examples,
    moment_of,
    program_option,
    timezone_option,
)
from regulars.adapters.cli_profile import UnknownCustomer
from regulars.adapters.cli_screen import (
    clock,
    count,
    facts,
    plain,
    section,
    show,
    time_text,
    write_json,
)
from regulars.application.balances import Balance, Expiry, ExpirySchedule, PointsBalance
from regulars.application.crm import Crm
from regulars.application.customer import CustomerProfile
from regulars.application.postings import PointsLedger, Posting
from regulars.application.programs import ProgramsOf
from regulars.domain.values import CustomerId, ProgramId


@click.command(
    epilog=examples(
        "regulars balance 1609",
        "regulars balance 1609 --as-of 2017-02-28 --timezone America/New_York",
        "regulars balance 1609 --explain",
        "regulars balance 1609 --schedule",
        "regulars balance 1609 --program club",
    )
)
@click.argument("customer")
@as_of_option
@click.option(
    "--explain",
    is_flag=True,
    help="List every posting, why it is what it is, and what the account held after it.",
)
@click.option(
    "--schedule",
    is_flag=True,
    help="List when the points that can be used expire, lot by lot, the next first.",
)
@program_option()
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def balance(  # noqa: PLR0913 - its options
    call: Call,
    *,
    customer: str,
    as_of: str | None,
    explain: bool,
    schedule: bool,
    program: ProgramId,
    timezone: tzinfo,
) -> None:
    """
    Show the points of CUSTOMER, now or at any time.

    Points count from the moment at which their order was delivered until they expire, whether or
    not that was recorded; --explain tells order by order where they come from, and --schedule
    until when they can be used.
    """
    at = moment_of(as_of, timezone)
    ledger = PointsLedger(customer=customer, program=program)
    lots = ExpirySchedule(customer=customer, program=program)
    with call.read(program) as crm:
        held = balance_of(crm, customer, at, program=program)
        postings = crm.ask(ledger, as_of=at) if explain else None
        expiries = crm.ask(lots, as_of=at) if schedule else None
        every = crm.ask(ProgramsOf(customer=CustomerId(customer)))
    others = [one for one in every if one != program]
    if call.as_json:
        document = balance_document(held, postings, timezone, at)
        write_json(document | {"other_programs": others} | schedule_document(expiries, timezone))
        return
    show(*shown_balance(held, postings, timezone, at), *shown_schedule(expiries, timezone))
    if others:
        click.echo(f"Has part in other programmes too: {plain(', '.join(others))}")


def balance_of(
    crm: Crm, customer: str, at: datetime | None = None, *, program: ProgramId = PROGRAM
) -> Balance:
    """
    The balance, zero for who had no account yet.

    Raises:
        UnknownCustomer: nobody of this id is known today.
    """
    held = crm.ask(PointsBalance(customer=customer, program=program), as_of=at)
    if held is not None:
        return held
    if crm.ask(CustomerProfile(customer=customer, timezone=UTC, top=0)) is None:
        raise UnknownCustomer(customer)
    return Balance(program=program, customer=customer, opened_at=None)


def balance_document(
    held: Balance,
    postings: Sequence[Posting] | None,
    timezone: tzinfo,
    as_of: datetime | None = None,
) -> dict[str, object]:
    """The balance in JSON, with its postings if there are some to show."""
    document: dict[str, object] = {
        "customer": held.customer,
        "program": held.program,
        "as_of": time_text(as_of, timezone),
        "opened_at": time_text(held.opened_at, timezone),
        "earned": held.earned,
        "migrated": held.migrated,
        "transferred": held.transferred,
        "adjusted": held.adjusted,
        "reversed": held.reversed,
        "expired": held.expired,
        "redeemed": held.redeemed,
        "forfeited": held.forfeited,
        "balance": held.balance,
        "available": held.available,
        "pending": held.pending,
        "reserved": held.reserved,
        "debt": held.debt,
    }
    if postings is not None:
        document["postings"] = [posting_document(one, timezone) for one in postings]
    return document


def posting_document(one: Posting, timezone: tzinfo) -> dict[str, object]:
    """A posting in JSON."""
    return {
        "position": one.position,
        "at": time_text(one.at, timezone),
        "lot": one.lot,
        "order": one.order,
        "refund": one.refund,
        "redemption": one.redemption,
        "points": one.points,
        "balance": one.balance,
        "why": one.why,
    }


def shown_balance(
    held: Balance,
    postings: Sequence[Posting] | None,
    timezone: tzinfo,
    as_of: datetime | None = None,
) -> Iterator[RenderableType]:
    """The balance for people, part by part."""
    when = "" if as_of is None else f" as of {as_of.astimezone(timezone).isoformat(' ')}"
    yield section(
        f"Customer {plain(held.customer)}{when}: {count(held.balance)} points",
        facts(
            ("Earned", count(held.earned)),
            *_more(
                ("Migrated", held.migrated),
                ("Transferred", held.transferred),
                ("Adjusted", held.adjusted),
            ),
            ("Reversed", count(held.reversed)),
            ("Expired", count(held.expired)),
            ("Redeemed", count(held.redeemed)),
            *_more(("Forfeited", held.forfeited)),
            ("Can be used", count(held.available)),
            *_more(("Pending", held.pending), ("Reserved", held.reserved), ("Owed", held.debt)),
            ("Account opened", clock(held.opened_at, timezone)),
            ("Programme", held.program),
        ),
    )
    if postings:
        yield section(f"Posting by posting ({timezone})", shown_postings(postings, timezone))


def _more(*facts: tuple[str, int]) -> Iterator[tuple[str, str]]:
    """Of what most accounts have nothing, what this one has."""
    return ((name, count(points)) for name, points in facts if points)


def shown_postings(postings: Sequence[Posting], timezone: tzinfo) -> RenderableType:
    """Each posting with what it is about, its event, and what the account then held."""
    places = [_about(one) for one in postings]
    width = max(map(len, places))
    lines = Text()
    for one, place in zip(postings, places, strict=True):
        head = f"{clock(one.at, timezone)}  {place:<{width}}"
        sums = f"{one.points:>+9,}  ={count(one.balance):>10}"
        event = "not recorded yet" if one.position is None else f"event {count(one.position)}"
        lines.append(f"{head}{sums}  {event}\n")
        lines.append(f"    {plain(one.why)}\n", style="dim")
    lines.rstrip()
    return lines


def _about(one: Posting) -> str:
    """The order, the lot or the redemption that a posting is about, if it is about one."""
    named = {"order": one.order, "lot": one.lot, "redemption": one.redemption}
    return next((f"{kind} {plain(name)}" for kind, name in named.items() if name is not None), "")


def schedule_document(expiries: Sequence[Expiry] | None, timezone: tzinfo) -> dict[str, object]:
    """When points expire, in JSON, if it was asked for."""
    if expiries is None:
        return {}
    return {
        "expiries": [
            {
                "expires_at": time_text(one.expires_at, timezone),
                "lot": one.lot,
                "points": one.points,
                "total": one.total,
            }
            for one in expiries
        ]
    }


def shown_schedule(expiries: Sequence[Expiry] | None, timezone: tzinfo) -> Iterator[RenderableType]:
    """When points expire, for people, if it was asked for."""
    if expiries is None:
        return
    width = max((len(plain(one.lot)) for one in expiries), default=0)
    lines = [
        f"{clock(one.expires_at, timezone)}  lot {plain(one.lot):<{width}}"
        f"{one.points:>10,}  ={count(one.total):>10}"
        for one in expiries
    ]
    nothing = "None of the points that can be used ever expires."
    yield section(f"What expires when ({timezone})", Text("\n".join(lines) or nothing))
