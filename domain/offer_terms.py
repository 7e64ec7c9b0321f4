"""
What an offer takes off an order, and which orders it is for.

Offers are counted one after another, each on what those before it left to pay. The amounts are
those of docs/coupons.md; how they fall to lines is kept as `regulars.domain.discounts` says.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, assert_never

from attrs import frozen

from regulars.domain.discounts import CouponOf, Discount, OnReturn, Share
from regulars.domain.purchase import Channel, Line
from regulars.domain.shares import shares
from regulars.domain.values import MOST_MINOR, ItemId, MerchantId, digits, is_currency

WHOLE: Final = 10_000
"""Basis points in a whole."""


class Kind(Enum):
    """How an offer's `value` is meant."""

    THRESHOLD_OFF = "threshold_off"  # 满减: minor units off, once the goods come to `at_least`
    PERCENT = "percent"  # basis points
    FIXED = "fixed"  # minor units
    FREE_DELIVERY = "free_delivery"  # at most so many minor units of the fee; 0 for all of it
    FREE_ITEM = "free_item"  # so many units of `items`, the dearest first


class Reason(Enum):
    """Why a coupon does not count for an order, in the order in which it is found out."""

    NOT_FOUND = "not_found"
    NOT_RUNNING = "not_running"
    REVOKED = "revoked"
    WRONG_RECIPIENT = "wrong_recipient"
    USED = "used"
    RESERVED = "reserved"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    CAMPAIGN_LIMIT = "campaign_limit"
    CUSTOMER_LIMIT = "customer_limit"
    RESERVATION_REQUIRED = "reservation_required"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_STACKABLE = "not_stackable"
    CONDITION_FAILED = "condition_failed"


@frozen(kw_only=True)
class Rejection:
    """A reason, and where it is about an amount or a number: what was needed and what there was."""

    reason: Reason
    needed: int | None = None
    found: int | None = None


@frozen(kw_only=True)
class Scope:
    """
    What an offer is for; what is left empty stands for any.

    `merchants`, `channels` and `tiers` are about the order and who places it; `categories` and
    `items` choose the lines that are discounted, and that `at_least` is about.
    """

    merchants: tuple[MerchantId, ...] = ()
    channels: tuple[Channel, ...] = ()
    tiers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    items: tuple[ItemId, ...] = ()


@frozen(kw_only=True)
class Terms:
    """
    An offer in full. Amounts are minor units of `currency`; `most` is the largest discount.

    `whole` rounds a percentage half up to major units (R5), otherwise it is rounded down.
    Of offers with one `stack_group` only the first counts, and `exclusive` ones count alone.
    """

    kind: Kind
    currency: str
    value: int
    at_least: int = 0
    most: int | None = None
    whole: bool = False
    scope: Scope = Scope()
    stack_group: str | None = None
    exclusive: bool = False
    on_return: OnReturn = OnReturn.LOCKED


def flaw(terms: Terms) -> str | None:
    """The field that makes these terms impossible; None if they are well."""
    numbers = {"value": terms.value, "at_least": terms.at_least, "most": terms.most or 0}
    for name, number in numbers.items():
        if not 0 <= number <= MOST_MINOR:
            return name
    if not is_currency(terms.currency):
        return "currency"
    if terms.kind is Kind.PERCENT and terms.value > WHOLE:
        return "value"
    if terms.kind is not Kind.PERCENT and terms.whole:
        return "whole"
    if terms.kind is not Kind.FREE_DELIVERY and not terms.value:
        return "value"
    if terms.kind is Kind.THRESHOLD_OFF and not terms.at_least:
        return "at_least"
    if terms.kind is Kind.FREE_ITEM and not terms.scope.items:
        return "items"
    return None


@frozen(kw_only=True)
class Basket:
    """
    An order as it is to be placed, before any discount. Each line has a price of its own.

    `merchant_category` is the host's word for the kind of merchant, and `orders_before` how many
    orders of the customer were delivered by then, None if nobody says.
    """

    currency: str
    lines: tuple[Line, ...]
    delivery_fee: int = 0
    merchant: MerchantId | None = None
    channel: Channel = Channel.DELIVERY
    tier: str | None = None
    merchant_category: str | None = None
    orders_before: int | None = None


@frozen(kw_only=True)
class Offered:
    """An offer that is to be counted, by a coupon or without one. `source` is the host's code."""

    terms: Terms
    source: str
    coupon: CouponOf | None = None


@frozen(kw_only=True)
class Quote:
    """
    What offers make of a basket: the discounts in their order, and the offers without effect.

    `discount` is off the goods, of which `total` is left to pay; `delivery` is off the fee.
    """

    discounts: tuple[Discount, ...]
    rejected: tuple[tuple[Offered, Rejection], ...]
    discount: int
    delivery: int
    total: int


@frozen(kw_only=True)
class Counted:
    """What is left to pay of a basket, by line and of the delivery fee, after some offers."""

    left: Mapping[int, int]
    delivery: int
    offers: tuple[Offered, ...] = ()


@frozen(kw_only=True)
class Taken:
    """A discount of an order, and the offer that it is by; None where the host gave it itself."""

    discount: Discount
    offer: Offered | None = None


def quote(basket: Basket, offers: Iterable[Offered]) -> Quote:
    """
    Count `offers` in the order in which they are given, each on what is left to pay.

    Raises:
        ValueError: a line has no price, or two lines have one number.
    """
    so_far = nothing_counted(basket)
    whole = sum(so_far.left.values())
    discounts: list[Discount] = []
    rejected: list[tuple[Offered, Rejection]] = []
    for offer in offers:
        why = next(objections(offer.terms, basket, so_far), None)
        if why is not None:
            rejected.append((offer, why))
            continue
        discount = granted(offer, basket, so_far)
        discounts.append(discount)
        so_far = after(so_far, discount, offer)
    total = sum(so_far.left.values())
    return Quote(
        discounts=tuple(discounts),
        rejected=tuple(rejected),
        discount=whole - total,
        delivery=basket.delivery_fee - so_far.delivery,
        total=total,
    )


def nothing_counted(basket: Basket) -> Counted:
    """
    A basket before any offer.

    Raises:
        ValueError: a line has no price, or two lines have one number.
    """
    prices = dict[int, int]()
    for line in basket.lines:
        if line.unit_price is None or line.line in prices:
            raise ValueError(f"line {line.line} has no price, or none of its own")
        prices[line.line] = line.unit_price * line.quantity
    return Counted(left=prices, delivery=basket.delivery_fee)


def counted(basket: Basket, taken: Iterable[Taken]) -> Counted:
    """
    A basket after these discounts.

    Raises:
        ValueError: as `nothing_counted`.
    """
    so_far = nothing_counted(basket)
    for one in taken:
        so_far = after(so_far, one.discount, one.offer)
    return so_far


def after(so_far: Counted, discount: Discount, offer: Offered | None = None) -> Counted:
    """What is left to pay once this discount is taken off as well, by an offer or by the host."""
    left = dict(so_far.left)
    for share in discount.shares:
        left[share.line] -= share.amount
    return Counted(
        left=left,
        delivery=so_far.delivery - discount.delivery,
        offers=so_far.offers if offer is None else (*so_far.offers, offer),
    )


def rejection(terms: Terms, basket: Basket) -> Rejection | None:
    """
    Why an offer has no effect on a basket by itself; None if it has.

    Raises:
        ValueError: as `quote`.
    """
    return next(objections(terms, basket, nothing_counted(basket)), None)


def objections(terms: Terms, basket: Basket, so_far: Counted) -> Iterator[Rejection]:
    """
    Every reason why an offer has no effect on what others left, in the order of `Reason`.

    Amounts of two currencies are not compared.
    """
    if out_of_scope(terms, basket):
        yield Rejection(reason=Reason.OUT_OF_SCOPE)
    yield from without_effect(terms, basket, so_far)


def without_effect(terms: Terms, basket: Basket, so_far: Counted) -> Iterator[Rejection]:
    """Every reason of those but the scope: other offers, and amounts."""
    if in_the_way(terms, so_far):
        yield Rejection(reason=Reason.NOT_STACKABLE)
    if basket.currency != terms.currency:
        return
    lines = _lines(terms, basket)
    base = sum(so_far.left[line.line] for line in lines)
    if base < terms.at_least:
        yield Rejection(reason=Reason.CONDITION_FAILED, needed=terms.at_least, found=base)
    elif lines and not _off(terms, lines, so_far):
        yield Rejection(reason=Reason.CONDITION_FAILED)


def out_of_scope(terms: Terms, basket: Basket) -> tuple[str, ...]:
    """What of a basket an offer is not for: `currency`, `lines`, or a field of its `Scope`."""
    scope = terms.scope
    fits = {
        "currency": basket.currency == terms.currency,
        "lines": bool(_lines(terms, basket)),
        "merchants": not scope.merchants or basket.merchant in scope.merchants,
        "channels": not scope.channels or basket.channel in scope.channels,
        "tiers": not scope.tiers or basket.tier in scope.tiers,
    }
    return tuple(name for name, fit in fits.items() if not fit)


def in_the_way(terms: Terms, so_far: Counted) -> tuple[Offered, ...]:
    """The offers that counted before and keep this one from counting."""
    return tuple(other for other in so_far.offers if _clash(terms, other.terms))


def granted(offer: Offered, basket: Basket, so_far: Counted) -> Discount:
    """The discount of an offer that nothing is said against, on what others left to pay."""
    terms, left = offer.terms, so_far.left
    lines = _lines(terms, basket)
    off = _off(terms, lines, so_far)
    if terms.kind is Kind.FREE_DELIVERY:
        parts: Sequence[int] = [0] * len(lines)
    elif terms.kind is Kind.FREE_ITEM:
        parts = _free(lines, left, terms.value, off)
    else:
        parts = shares(off, [left[line.line] for line in lines])
    return Discount(
        source=offer.source,
        amount=off,
        shares=tuple(
            Share(line=line.line, amount=part) for line, part in zip(lines, parts, strict=True)
        ),
        delivery=off if terms.kind is Kind.FREE_DELIVERY else 0,
        coupon=offer.coupon,
        at_least=terms.at_least,
        on_return=terms.on_return,
    )


def _clash(one: Terms, other: Terms) -> bool:
    same = one.stack_group is not None and one.stack_group == other.stack_group
    return one.exclusive or other.exclusive or same


def _lines(terms: Terms, basket: Basket) -> list[Line]:
    return [line for line in basket.lines if _is_in(line, terms.scope)]


def _is_in(line: Line, scope: Scope) -> bool:
    named = scope.items or scope.categories
    return not named or line.item in scope.items or line.category in scope.categories


def _off(terms: Terms, lines: Sequence[Line], so_far: Counted) -> int:
    """What the offer takes off: never more than there is, or than `most`."""
    left = so_far.left
    base = sum(left[line.line] for line in lines)
    match terms.kind:
        case Kind.THRESHOLD_OFF | Kind.FIXED:
            off = terms.value
        case Kind.PERCENT:
            off = _percent(base, terms)
        case Kind.FREE_DELIVERY:
            base = so_far.delivery
            off = terms.value or base
        case Kind.FREE_ITEM:
            off = sum(_free(lines, left, terms.value, base))
        case _:
            assert_never(terms.kind)
    return min(off, base, base if terms.most is None else terms.most)


def _percent(base: int, terms: Terms) -> int:
    if not terms.whole:
        return base * terms.value // WHOLE
    unit: int = 10 ** digits(terms.currency)
    return (2 * base * terms.value + WHOLE * unit) // (2 * WHOLE * unit) * unit


def _free(lines: Sequence[Line], left: Mapping[int, int], units: int, most: int) -> list[int]:
    """What of each line is free: `units` in all, of the dearest lines first, up to `most`."""
    free = dict.fromkeys((line.line for line in lines), 0)
    for line in sorted(lines, key=lambda line: -(line.unit_price or 0)):
        taken = min(units, line.quantity)
        units -= taken
        if taken:
            free[line.line] = min(left[line.line] * taken // line.quantity, most)
            most -= free[line.line]
    return list(free.values())
