"""`regulars member`: what a member's own page shows, on one screen."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo

import click
from rich.console import RenderableType

from regulars.adapters.cli_balance import posting_document, shown_postings
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
from regulars.adapters.cli_coupons import coupon_document
from regulars.adapters.cli_profile import known_customer
from regulars.adapters.cli_screen import (
    clock,
    count,
    facts,
    listing,
    plain,
    section,
    show,
    time_text,
    write_json,
)
from regulars.adapters.cli_tier import benefit_facts, tier_document, tier_facts
from regulars.application.coupons import HeldCoupon
from regulars.application.member_center import AccountStanding, Member, MemberCenter
from regulars.application.programs import ProgramsOf
from regulars.domain.values import CustomerId, ProgramId
from regulars.domain.waiting import Awaited


@click.command(
    epilog=examples(
        "regulars member 1609",
        "regulars member 1609 --as-of 2017-02-28",
        "regulars member 1609 --postings 3",
        "regulars member 1609 --program club",
    )
)
@click.argument("customer")
@as_of_option
@click.option(
    "--postings",
    metavar="N",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="How many of the last postings to show.",
)
@program_option(
    "The programme to show; by default every one that the customer has part in.", every=True
)
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def member(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    customer: str,
    as_of: str | None,
    postings: int,
    program: ProgramId | None,
    timezone: tzinfo,
) -> None:
    """
    Show what CUSTOMER has: points, tier, coupons.

    In each programme that they have part in, with the benefits of the tier, and what comes and ends
    when. All of it is as of one moment, now or any time, whether or not anything was recorded
    since.
    """
    at = moment_of(as_of, timezone)
    who = CustomerId(customer)
    with call.read(program) as crm:
        programs = crm.ask(ProgramsOf(customer=who)) if program is None else (program,)
        asked = [
            MemberCenter(customer=who, program=one, postings=postings)
            for one in programs or (PROGRAM,)
        ]
        found = [crm.ask(one, as_of=at) for one in asked]
        if not any(map(_has_part, found)):
            known_customer(crm, customer)
    found = [one for one in found if _has_part(one)] or found[:1]
    if call.as_json:
        told = {"customer": customer, "as_of": time_text(at, timezone)}
        write_json({**told, "programs": [_document(one, timezone) for one in found]})
    else:
        show(*(part for one in found for part in _shown(one, timezone)))


def _has_part(found: Member) -> bool:
    is_there = found.account is not AccountStanding.NONE
    return bool(is_there or found.postings or found.coupons)


def _document(found: Member, timezone: tzinfo) -> dict[str, object]:
    points = found.points
    tier = tier_document(found.tier, found.outlook, found.benefits, timezone)
    return {
        "program": found.program,
        "account": found.account.value,
        "merged_into": found.merged_into,
        "points": {
            "available": points.available,
            "pending": points.pending,
            "reserved": points.reserved,
            "debt": points.debt,
        },
        "expiring": [
            {
                "lot": one.lot,
                "points": one.points,
                "expires_at": time_text(one.expires_at, timezone),
            }
            for one in found.expiring
        ],
        "awaited": [
            {
                "lot": one.lot,
                "points": one.points,
                "activates_at": time_text(one.activates_at, timezone),
            }
            for one in found.awaited
        ],
        **tier,
        "coupons": [coupon_document(one, found.at, timezone) for one in found.coupons],
        "postings": [posting_document(one, timezone) for one in found.postings],
    }


def _shown(found: Member, timezone: tzinfo) -> Iterator[RenderableType]:
    title = f"Customer {plain(found.customer)} at {clock(found.at, timezone)}"
    tier = plain(found.tier.tier or "no tier")
    yield section(
        f"{title}: {tier}, {count(found.points.available)} points",
        facts(
            *_account(found),
            *_points(found, timezone),
            *tier_facts(found.tier, found.outlook, timezone),
            ("Programme", found.program),
        ),
    )
    if found.benefits:
        yield section("What the tier brings", facts(*benefit_facts(found.benefits)))
    if found.coupons:
        yield section("Coupons that can be used", _coupons(found.coupons, timezone))
    if found.awaited:
        yield section("Points still to come", _awaited(found.awaited, timezone))
    if found.postings:
        postings = shown_postings(found.postings, timezone)
        yield section(f"Last postings ({timezone})", postings)


def _account(found: Member) -> Iterator[tuple[str, str]]:
    if found.merged_into is not None:
        yield "Account", f"merged: all of it is with customer {plain(found.merged_into)}"
    elif found.account is AccountStanding.CLOSED:
        yield "Account", "closed: it takes nothing more"


def _points(found: Member, timezone: tzinfo) -> Iterator[tuple[str, str]]:
    points = found.points
    yield "Can be used", count(points.available)
    for name, number in (
        ("Pending", points.pending),
        ("Reserved", points.reserved),
        ("Owed", points.debt),
    ):
        if number:
            yield name, count(number)
    if found.expiring:
        first = found.expiring[0]
        points_then = sum(
            one.points for one in found.expiring if one.expires_at == first.expires_at
        )
        yield "Next to end", f"{count(points_then)} at {clock(first.expires_at, timezone)}"


def _coupons(coupons: Sequence[HeldCoupon], timezone: tzinfo) -> RenderableType:
    rows = ((one.offer, one.coupon, clock(one.valid_until, timezone)) for one in coupons)
    return listing(("Offer", "Coupon", "Until"), rows, left=3)


def _awaited(points: Sequence[Awaited], timezone: tzinfo) -> RenderableType:
    rows = ((one.lot, clock(one.activates_at, timezone), count(one.points)) for one in points)
    return listing(("Of", "From", "Points"), rows, left=2)
