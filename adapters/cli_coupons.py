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
    timezone_option,
)
from regulars.adapters.cli_profile import UnknownCustomer
from regulars.adapters.cli_screen import (
    amount,
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
from regulars.application.coupons import CouponsOf, HeldCoupon, OfferStanding, OfferStatus
from regulars.application.customer import CustomerProfile
from regulars.domain.offer_terms import Terms
from regulars.domain.values import Money, OfferId


@click.group()
def coupons() -> None:
    """
    Look at coupons, now or at any time.

    What a coupon is at a moment follows from that moment: nothing has to run for it to expire.
    """


@coupons.command(
    epilog=examples("regulars coupons of 1609", "regulars coupons of 1609 --as-of 2026-05-31")
)
@click.argument("customer")
@as_of_option
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def of(call: Call, *, customer: str, as_of: str | None, timezone: tzinfo) -> None:
    """List the coupons of CUSTOMER, with whether each can be used, and why not."""
    asked = moment_of(as_of, timezone)
    with call.read() as crm:
        found = crm.ask(CouponsOf(customer=customer), as_of=asked)
        profile = CustomerProfile(customer=customer, timezone=UTC, top=0)
        if not found and crm.ask(profile) is None:
            raise UnknownCustomer(customer)
    at = asked or datetime.now(UTC)
    if call.as_json:
        document = [coupon_document(one, at, timezone) for one in found]
        write_json({"customer": customer, "as_of": time_text(at, timezone), "coupons": document})
    elif found:
        show(section(f"Coupons of customer {plain(customer)}", _listed(found, at, timezone)))
    else:
        click.echo(f"Customer {plain(customer)} has no coupons")


@coupons.command(epilog=examples("regulars coupons offer spring"))
@click.argument("name", metavar="OFFER")
@as_of_option
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def offer(call: Call, *, name: str, as_of: str | None, timezone: tzinfo) -> None:
    """Show what OFFER takes off, within which limits, and what is used of it."""
    with call.open() as crm:
        status = crm.ask(OfferStanding(offer=OfferId(name)), as_of=moment_of(as_of, timezone))
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
        "took_off": one.amount,
    }


def _listed(found: Sequence[HeldCoupon], at: datetime, timezone: tzinfo) -> RenderableType:
    return listing(
        ("Offer", "Coupon", "Standing", "Until", "Order"),
        (
            (
                plain(one.offer),
                plain(one.coupon),
                one.standing(at).value,
                clock(one.valid_until, timezone),
                plain(one.order or "-"),
            )
            for one in found
        ),
        left=5,
    )


def _offer_document(status: OfferStatus, timezone: tzinfo) -> dict[str, object]:
    terms, limits = status.terms, status.limits
    return {
        "program": status.program,
        "offer": status.offer,
        "kind": terms.kind.value,
        "currency": terms.currency,
        "value": terms.value,
        "at_least": terms.at_least,
        "since": time_text(limits.since, timezone),
        "until": time_text(limits.until, timezone),
        "per_customer": limits.per_customer,
        "total": limits.total,
        "ended": status.ended,
        "issued": status.issued,
        "used": status.used,
        "held": status.held,
        "left": status.left,
        "took_off": status.amount,
    }


def _offer(status: OfferStatus, timezone: tzinfo) -> Iterator[RenderableType]:
    limits = status.limits
    yield section(
        f"Offer {plain(status.offer)}{': over' if status.ended else ''}",
        facts(
            ("Takes off", _terms(status.terms)),
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


def _limit(most: int | None) -> str:
    return "any number" if most is None else count(most)


def _terms(terms: Terms) -> str:
    least = Money(minor=terms.at_least, currency=terms.currency)
    above = f", from {amount(least)} on" if terms.at_least else ""
    return f"{terms.kind.value.replace('_', ' ')} {terms.value}{above}"
