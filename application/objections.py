"""What is said against a coupon, in words that support can read to a customer."""

from calendar import day_name
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from regulars.domain.checkout import Verdict
from regulars.domain.coupon import Coupon
from regulars.domain.coupons import Rules, misfits
from regulars.domain.discounts import CouponOf
from regulars.domain.offer import rules
from regulars.domain.offer_terms import (
    Basket,
    Counted,
    Reason,
    Rejection,
    Terms,
    in_the_way,
)
from regulars.domain.values import decimal_text


@frozen(kw_only=True)
class Objection:
    """
    A reason why a coupon does not count, in words too.

    Where it is about an amount or a number, `needed` is what it would take and `found` what there
    is. `others` are the coupons that it does not go together with.
    """

    reason: Reason
    why: str
    needed: int | None = None
    found: int | None = None
    others: tuple[CouponOf, ...] = ()


def objection(rejection: Rejection, verdict: Verdict, so_far: Counted) -> Objection:
    """A reason against a coupon for an order, of which others left `so_far`."""
    offer, use = verdict.offer, verdict.use
    others: tuple[CouponOf, ...] = ()
    why = _PLAIN.get(rejection.reason, "")
    one = offer.coupons.all.get(use.coupon)
    if one is not None and offer.defined is not None:
        terms = offer.defined.terms
        if rejection.reason is Reason.NOT_STACKABLE:
            against = in_the_way(terms, so_far)
            others = tuple(other.coupon for other in against if other.coupon is not None)
        why = why or _of_coupon(one, rejection) or _of_terms(rejection, terms, others)
        if rejection.reason is Reason.OUT_OF_SCOPE:
            by = rules(offer.defined, ended=offer.ended)
            why = "; ".join(_misfit(part, by, verdict.basket) for part in misfits(one, use, by))
    return Objection(
        reason=rejection.reason,
        why=why,
        needed=rejection.needed,
        found=rejection.found,
        others=others,
    )


_PLAIN: Final = {
    Reason.NOT_FOUND: "there is no such coupon",
    Reason.NOT_RUNNING: "its offer was ended",
    Reason.REVOKED: "it was taken away",
    Reason.RESERVATION_REQUIRED: "it has to be reserved before the order is placed",
}


def _of_coupon(one: Coupon, rejection: Rejection) -> str | None:
    needed, found = rejection.needed, rejection.found
    whose = "somebody else" if one.customer is not None else "customers who are known"
    words = {
        Reason.WRONG_RECIPIENT: f"it is for {whose}",
        Reason.USED: f"order {one.order} has used it",
        Reason.RESERVED: f"order {one.order} holds it until {one.lapses_at}",
        Reason.NOT_STARTED: f"it counts from {one.valid_from} on",
        Reason.EXPIRED: f"it counted until {one.valid_until}",
        Reason.CAMPAIGN_LIMIT: f"its offer is for {needed} orders in all, and {found} have it",
        Reason.CUSTOMER_LIMIT: f"each may use its offer {_times(needed)},"
        f" and this customer did {_times(found)}",
    }
    return words.get(rejection.reason)


def _times(number: int | None) -> str:
    return "once" if number == 1 else f"{number} times"


def _of_terms(rejection: Rejection, terms: Terms, others: Sequence[CouponOf]) -> str:
    match rejection.reason:
        case Reason.NOT_STACKABLE:
            names = ", ".join(f"{one.offer} {one.coupon}" for one in others)
            return f"it does not go together with {names}"
        case _:
            if rejection.needed is None or rejection.found is None:
                return "there is nothing left that it could take off"
            needed, found, lacking = (
                decimal_text(minor, terms.currency)
                for minor in (rejection.needed, rejection.found, rejection.needed - rejection.found)
            )
            return (
                f"its goods must come to {needed} {terms.currency}, and they come to {found},"
                f" {lacking} too little"
            )


def _misfit(part: str, by: Rules, basket: Basket) -> str:
    terms, scope, scene = by.terms, by.terms.scope, by.scene
    goods = (*scope.items, *scope.categories)
    days = [day_name[day - 1] for day in scene.weekdays]
    words = {
        "currency": f"it is in {terms.currency}, and the order in {basket.currency}",
        "lines": f"it is for {_any(goods)}, and the order has none",
        "merchants": f"it is for orders at {_any(scope.merchants)}",
        "channels": f"it is for orders by {_any([one.value for one in scope.channels])}",
        "tiers": f"it is for {_any(scope.tiers)}, and the tier is {basket.tier or 'none'}",
        "hours": f"it is for the hours {_any([f'{hour}:00' for hour in scene.hours])}",
        "weekdays": f"it is for {_any(days)}",
        "merchant_categories": f"it is for merchants of {_any(scene.merchant_categories)}",
        "first_order": "it is for a first order",
    }
    return words[part]


def _any(names: Sequence[str]) -> str:
    return " or ".join(names) or "goods"
