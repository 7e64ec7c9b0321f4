"""`regulars coupons`: the coupons of a customer, and an offer with what is used of it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

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
from regulars.adapters.cli_program import terms_words
from regulars.adapters.cli_screen import (
    amount,
    clock,
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
from regulars.application.coupons import CouponsOf, HeldCoupon, OfferStanding, OfferStatus
from regulars.domain.offer_terms import Terms
from regulars.domain.values import Money, OfferId, ProgramId


@click.group()
def coupons() -> None:
    """
    Look at coupons, now or at any time.

    What a coupon is at a moment follows from that moment: nothing has to run for it to expire.
    """


@coupons.command(
    epilog=examples(
        "regulars coupons of 1609",
        "regulars coupons of 1609 --as-of 2026-05-31",
        "regulars coupons of 1609 --program club",
    )
)
@click.argument("customer")
@as_of_option
@program_option("The programme whose coupons are listed; by default every one.", every=True)
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def of(
    call: Call, *, customer: str, as_of: str | None, program: ProgramId | None, timezone: tzinfo
) -> None:
    """List the coupons of CUSTOMER, with whether each can be used, and why not."""
    asked = moment_of(as_of, timezone)
    with call.read(program) as crm:
        every = crm.ask(CouponsOf(customer=customer), as_of=asked)
        if not every:
            known_customer(crm, customer)
    found = [one for one in every if program in {None, one.program}]
    at = asked or datetime.now(UTC)
    if call.as_json:
        told = [coupon_document(one, at, timezone) for one in found]
        write_json({"customer": customer, "as_of": time_text(at, timezone), "coupons": told})
    elif found:
        show(section(f"Coupons of customer {plain(customer)}", _listed(found, at, timezone)))
    else:
        click.echo(f"Customer {plain(customer)} has no coupons")


@coupons.command(
    epilog=examples("regulars coupons offer spring", "regulars coupons offer spring --program club")
)
@click.argument("name", metavar="OFFER")
@as_of_option
@program_option()
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def offer(
    call: Call, *, name: str, as_of: str | None, program: ProgramId, timezone: tzinfo
) -> None:
    """Show what OFFER takes off, within which limits, and what is used of it."""
    asked = OfferStanding(offer=OfferId(name), program=program)
    with call.open(program) as crm:
        status = crm.ask(asked, as_of=moment_of(as_of, timezone))
    if call.as_json:
        write_json(_offer_document(status, timezone))
    else:
        show(*_offer(status, timezone))


def coupon_document(one: HeldCoupon, at: datetime, timezone: tzinfo) -> dict[str, object]:
    """A coupon in JSON, with what it is at a moment."""
    return {
        "program": one.program,
        "offer": one.offer,
        "coupon": one.coupon,
        "issued_to": one.customer,
        "standing": one.standing(at).value,
        "kind": one.terms.kind.value,
        "valid_from": time_text(one.valid_from, timezone),
        "valid_until": time_text(one.valid_until, timezone),
        "order": one.order,
        "took_off": _money(one.amount, one.terms),
    }


def _listed(found: Sequence[HeldCoupon], at: datetime, timezone: tzinfo) -> RenderableType:
    return listing(
        ("Programme", "Offer", "Coupon", "Standing", "Until", "Order"),
        (
            (
                plain(one.program),
                plain(one.offer),
                plain(one.coupon),
                one.standing(at).value,
                clock(one.valid_until, timezone),
                plain(one.order or "-"),
            )
            for one in found
        ),
        left=6,
    )


def _offer_document(status: OfferStatus, timezone: tzinfo) -> dict[str, object]:
    terms, limits = status.terms, status.limits
    return {
        "program": status.program,
        "offer": status.offer,
        "terms": document(terms, timezone),
        "since": time_text(limits.since, timezone),
        "until": time_text(limits.until, timezone),
        "per_customer": limits.per_customer,
        "total": limits.total,
        "ended": status.ended,
        "issued": status.issued,
        "used": status.used,
        "held": status.held,
        "left": status.left,
        "took_off": _money(status.amount, terms),
    }


def _offer(status: OfferStatus, timezone: tzinfo) -> Iterator[RenderableType]:
    limits = status.limits
    yield section(
        f"Offer {plain(status.offer)}{': over' if status.ended else ''}",
        facts(
            ("Takes off", f"{_kind(status.terms)}{terms_words(status.terms)}"),
            ("Since", clock(limits.since, timezone)),
            ("Until", clock(limits.until, timezone)),
            ("Each customer", _limit(limits.per_customer)),
            ("In all", _limit(limits.total)),
            ("Issued", count(status.issued)),
            ("Used", count(status.used)),
            ("Held by orders", count(status.held)),
            ("Left", _limit(status.left)),
            ("Took off", amount(Money(minor=status.amount, currency=status.terms.currency))),
        ),
    )


def _money(minor: int, terms: Terms) -> dict[str, str] | None:
    return money_document(Money(minor=minor, currency=terms.currency))


def _limit(most: int | None) -> str:
    return "any number" if most is None else count(most)


def _kind(terms: Terms) -> str:
    return terms.kind.value.replace("_", " ")
