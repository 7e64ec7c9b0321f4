"""`regulars tier`: the tier of one customer, why it is held, and what is lacking for the next."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any, Final

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import (
    Call,
    as_of_option,
    call_options,
    examples,
    moment_of,
    program_option,
    timezone_option,
)
from regulars.adapters.cli_document import document
from regulars.adapters.cli_profile import known_customer
from regulars.adapters.cli_program import benefit_words
from regulars.adapters.cli_screen import (
    amount,
    clock,
    count,
    facts,
    how_many,
    listing,
    money_document,
    plain,
    progress,
    section,
    show,
    time_text,
    write_json,
)
from regulars.application.tiers import Because, ProjectedTier, TierAt, TierBenefits, TierHeld
from regulars.domain.benefits import Benefit
from regulars.domain.tier_ladder import Basis
from regulars.domain.tier_outlook import Goal, Outlook
from regulars.domain.values import CustomerId, Money, ProgramId

_UNITS: Final = {
    Basis.EARNED: "points",
    Basis.ORDERS: "orders",
    Basis.BALANCE: "points at hand",
}
_WIDTH: Final = 24


@click.command(
    epilog=examples(
        "regulars tier 1609",
        "regulars tier 1609 --as-of 2017-02-28 --explain",
        "regulars tier 1609 --until 2026-01-01",
        "regulars tier 1609 --program club",
    )
)
@click.argument("customer")
@as_of_option
@click.option(
    "--until",
    metavar="T",
    help="Tell what the tier will be at that time if nothing more happens, not at the end of its"
    " term.",
)
@click.option("--explain", is_flag=True, help="List the awards that the tier was counted from.")
@program_option()
@timezone_option("On whose clocks times are shown, and --as-of and --until are read.")
@call_options(keys=False)
def tier(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    customer: str,
    as_of: str | None,
    until: str | None,
    explain: bool,
    program: ProgramId,
    timezone: tzinfo,
) -> None:
    """
    Show the tier of CUSTOMER in a programme, now or at any time.

    A tier is held to the end of its term, which is told with what is lacking to keep it and to
    reach the next one. --explain tells what it was counted from, award by award.
    """
    at = moment_of(as_of, timezone)
    then = moment_of(until, timezone, option="--until")
    who = CustomerId(customer)
    with call.read(program) as crm:
        held = crm.ask(TierAt(customer=who, program=program), as_of=at)
        if held.because is None:
            known_customer(crm, customer)
        try:
            asked = ProjectedTier(customer=who, program=program, at=then)
            ahead = crm.ask(asked, as_of=at)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--until") from None
        brought = crm.ask(TierBenefits(customer=who, program=program), as_of=at)
    if call.as_json:
        write_json(
            {
                "customer": customer,
                "program": held.program,
                "as_of": time_text(at, timezone),
                **tier_document(held, ahead, brought.benefits, timezone),
            }
        )
    else:
        show(*_shown(held, ahead, brought.benefits, timezone, explain=explain))


def tier_document(
    held: TierHeld, ahead: Outlook, benefits: Sequence[Benefit], timezone: tzinfo
) -> dict[str, object]:
    """A tier in JSON, with why it is held, what becomes of it and what it brings."""
    return {
        "tier": held.tier,
        "since": time_text(held.since, timezone),
        "ends": time_text(held.ends, timezone),
        "in_grace": held.in_grace,
        "because": None if held.because is None else _reason(held.because, timezone),
        "outlook": {
            "at": time_text(ahead.at, timezone),
            "tier": ahead.tier,
            "events": [
                {
                    "what": type(one).__name__,
                    "tier": one.tier,
                    "at": time_text(one.valid_from, timezone),
                }
                for one in ahead.events
            ],
            "keep": _goal(ahead.keep, timezone),
            "reach": _goal(ahead.reach, timezone),
        },
        "benefits": [document(one, timezone) for one in benefits],
    }


def _reason(found: Because, timezone: tzinfo) -> dict[str, Any]:
    by = found.assessment
    return {
        "what": found.what,
        "event": found.position,
        "ladder": by.ladder,
        "basis": by.basis.value,
        "counted_at": time_text(by.at, timezone),
        "counted_after": time_text(by.since, timezone),
        "value": _exact(found, by.value),
        "least": None if found.least is None else _exact(found, found.least),
        "evidence": [
            {"lot": one.lot, "value": _exact(found, one.value), "events": list(one.events)}
            for one in found.evidence
        ],
    }


def _goal(goal: Goal | None, timezone: tzinfo) -> dict[str, Any] | None:
    if goal is None:
        return None
    return {
        "tier": goal.tier,
        "basis": goal.basis.value,
        "least": _exact(goal, goal.least),
        "value": _exact(goal, goal.value),
        "lacking": _exact(goal, goal.lacking),
        "until": time_text(goal.until, timezone),
    }


def _exact(of: Goal | Because, value: int) -> int | dict[str, str] | None:
    if of.currency is None:
        return value
    return money_document(Money(minor=value, currency=of.currency))


def _shown(
    held: TierHeld,
    ahead: Outlook,
    benefits: Sequence[Benefit],
    timezone: tzinfo,
    *,
    explain: bool,
) -> Iterator[RenderableType]:
    name = plain(held.tier or "no tier")
    title = f"Customer {plain(held.customer)} at {clock(held.at, timezone)}: {name}"
    told = (*tier_facts(held, ahead, timezone), ("Programme", held.program))
    yield section(title, facts(*told))
    if benefits:
        yield section("What it brings", facts(*benefit_facts(benefits)))
    if explain and held.because is not None:
        rows = [
            (one.lot, ", ".join(map(str, one.events)), _counted(held.because, one.value))
            for one in held.because.evidence
        ]
        title = f"Counted from {how_many(len(rows), 'award')}"
        yield section(title, listing(("Award", "Events", "Counts"), rows, left=2))


def tier_facts(held: TierHeld, ahead: Outlook, timezone: tzinfo) -> Iterator[tuple[str, str]]:
    """A tier for people: since when, why, what becomes of it, and what is lacking."""
    if held.tier is not None:
        grace = ", in its grace" if held.in_grace else ""
        end = "for ever" if held.ends is None else f"until {clock(held.ends, timezone)}"
        yield "Held", f"since {clock(held.since, timezone)}, {end}{grace}"
    if held.because is not None:
        yield "Because", _words(held.because, timezone)
    if held.tier is not None or ahead.tier is not None:
        yield "If nothing happens", f"{ahead.tier or 'no tier'} at {clock(ahead.at, timezone)}"
    if ahead.keep is not None:
        yield f"To keep {plain(ahead.keep.tier)}", _progress(ahead.keep, timezone)
    if ahead.reach is not None:
        yield f"To reach {plain(ahead.reach.tier)}", _progress(ahead.reach, timezone)


def benefit_facts(benefits: Sequence[Benefit]) -> Iterator[tuple[str, str]]:
    """What a tier brings, for people."""
    return ((plain(one.benefit), benefit_words(one)) for one in benefits)


def _words(found: Because, timezone: tzinfo) -> str:
    by = found.assessment
    after = "" if by.since is None else f" after {clock(by.since, timezone)}"
    asked = "" if found.least is None else f"; {_counted(found, found.least)} are asked for"
    where = "not recorded yet" if found.position is None else f"event {count(found.position)}"
    return (
        f"{found.what}: {_counted(found, by.value)} by {by.basis.value}{after} up to"
        f" {clock(by.at, timezone)}{asked} (ladder {by.ladder}, {where})"
    )


def _progress(goal: Goal, timezone: tzinfo) -> str:
    bar = progress(goal.value, goal.least, width=_WIDTH)
    until = "" if goal.until is None else f" until {clock(goal.until, timezone)}"
    lacks = f"{_amount(goal, goal.lacking)} lacking{until}" if goal.lacking else "reached"
    return f"{bar} {_amount(goal, goal.value)} of {_amount(goal, goal.least)}, {lacks}"


def _amount(goal: Goal, value: int) -> str:
    told = _counted(goal, value)
    return told if goal.currency is not None else f"{told} {_UNITS[goal.basis]}"


def _counted(of: Goal | Because, value: int) -> str:
    if of.currency is None:
        return count(value)
    return amount(Money(minor=value, currency=of.currency))
