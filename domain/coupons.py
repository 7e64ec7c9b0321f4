"""
The coupons of one offer, and the limits that they share.

One state decides on all of them, so that of two who want the last one exactly one gets it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, assert_never

from attrs import define, frozen

from regulars.domain import offer_terms
from regulars.domain.coupon import (
    Coupon,
    CouponExpired,
    CouponIssued,
    CouponRedeemed,
    CouponRejected,
    CouponReservationReleased,
    CouponReserved,
    CouponRestored,
    CouponRevoked,
    Event,
)
from regulars.domain.discounts import CouponOf, Discount
from regulars.domain.empty import empty
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import (
    Basket,
    Offered,
    Reason,
    Rejection,
    Taken,
    Terms,
    counted,
    granted,
)
from regulars.domain.scene import ANY, MOMENT, Scene
from regulars.domain.values import CouponId, CustomerId, OfferId, OrderId, ProgramId


@define
class Coupons:
    """The state of an offer's coupons, written by `fold` alone. Orders hold those of `held`."""

    all: dict[CouponId, Coupon] = empty(dict[CouponId, Coupon])
    held: set[CouponId] = empty(set[CouponId])
    used: int = 0
    used_by: dict[CustomerId, int] = empty(dict[CustomerId, int])


def fold(state: Coupons, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case CouponIssued():
            state.all[event.coupon] = Coupon(
                valid_from=event.valid_from,
                valid_until=event.valid_until,
                customer=event.customer,
                issued_for=event.order,
            )
        case CouponReserved():
            one = state.all[event.coupon]
            one.order, one.lapses_at = event.order, event.lapses_at
            one.user, one.rejected = event.customer, None
            state.held.add(event.coupon)
        case CouponReservationReleased():
            _free(state, event.coupon)
        case CouponRedeemed():
            one = state.all[event.coupon]
            one.order, one.lapses_at = event.order, None
            one.user, one.rejected = event.customer, None
            one.amount = event.amount
            state.held.discard(event.coupon)
            _count(state, event.customer, 1)
        case CouponRejected():
            state.all[event.coupon].rejected = (event.order, event.rejection)
        case CouponRestored():
            one = state.all[event.coupon]
            _count(state, one.user, -1)
            one.valid_until = event.valid_until
            one.restores += 1
            _free(state, event.coupon)
        case CouponExpired():
            one = state.all[event.coupon]
            _count(state, one.user, -1)
            one.valid_until = event.expired_at
            _free(state, event.coupon)
        case CouponRevoked():
            state.all[event.coupon].revoked = True
            if event.coupon in state.held:
                _free(state, event.coupon)
        case _:
            assert_never(event)


def _free(state: Coupons, coupon: CouponId) -> None:
    freed = state.all[coupon]
    freed.order = freed.lapses_at = freed.user = None
    freed.amount = 0
    state.held.discard(coupon)


def _count(state: Coupons, customer: CustomerId | None, by: int) -> None:
    state.used += by
    if customer is not None:
        state.used_by[customer] = state.used_by.get(customer, 0) + by


_PERSONAL: Final = frozenset({Reason.WRONG_RECIPIENT, Reason.CUSTOMER_LIMIT})
"""The reasons that are about whose the order is."""


@frozen(kw_only=True)
class Rules:
    """What the coupons of an offer count by, and whether it is over."""

    program: ProgramId
    offer: OfferId
    terms: Terms
    limits: Limits
    ended: bool
    scene: Scene = ANY


@frozen(kw_only=True)
class Use:
    """
    A coupon, and the order that would use it.

    `basket` is that order before discounts, `taken` are those that come before this coupon. Once
    it `is_placed`, nothing can be reserved for it any more. `untold` are the fields of scope and
    scene that nobody tells of the basket. The `person` may have other ids than `customer`.
    """

    coupon: CouponId
    order: OrderId
    at: datetime
    customer: CustomerId | None = None
    basket: Basket | None = None
    taken: tuple[Taken, ...] = ()
    untold: tuple[str, ...] = ()
    is_placed: bool = False
    person: tuple[CustomerId, ...] = ()

    @property
    def ids(self) -> frozenset[CustomerId]:
        """All ids of the person whose order it is; none of who is not known."""
        return frozenset(self.person if self.customer is None else (self.customer, *self.person))


def refusal(state: Coupons, use: Use, rules: Rules) -> Rejection | None:
    """The first reason why a coupon would not count for an order; None if it would."""
    return next(objections(state, use, rules), None)


def objections(state: Coupons, use: Use, rules: Rules) -> Iterator[Rejection]:
    """
    Every reason why a coupon would not count for an order, in the order of `Reason`.

    Against one that the order holds or has used, only the order can speak; and whose the order is,
    where it took hold of the coupon for somebody else.
    """
    one = state.all.get(use.coupon)
    if one is None:
        yield Rejection(reason=Reason.NOT_FOUND)
        return
    belongs = one.belongs_to(use.order, use.at)
    for why in _of_coupon(state, one, use, rules):
        if not belongs or (why.reason in _PERSONAL and not _is_theirs(one, use)):
            yield why
    if misfits(one, use, rules):
        yield Rejection(reason=Reason.OUT_OF_SCOPE)
    if use.basket is not None:
        so_far = counted(use.basket, use.taken)
        yield from offer_terms.without_effect(rules.terms, use.basket, so_far)


def _of_coupon(state: Coupons, one: Coupon, use: Use, rules: Rules) -> Iterator[Rejection]:
    """What is said against the coupon, whatever the order is like."""
    if rules.ended:
        yield Rejection(reason=Reason.NOT_RUNNING)
    yield from one.objections(use.order, use.ids, use.at)
    yield from _limits(state, use, rules)
    if use.is_placed and rules.limits.reservation_required:
        yield Rejection(reason=Reason.RESERVATION_REQUIRED)


def _is_theirs(one: Coupon, use: Use) -> bool:
    """Whether the same person, or nobody known, took hold of the coupon."""
    return one.user == use.customer or one.user in use.ids


def due(use: Use, basket: Basket, rules: Rules) -> Discount:
    """What a coupon takes off the basket of an order, where nothing is said against it."""
    coupon = CouponOf(program=rules.program, offer=rules.offer, coupon=use.coupon)
    offered = Offered(terms=rules.terms, source=rules.offer, coupon=coupon)
    return granted(offered, basket, counted(basket, use.taken))


def misfits(one: Coupon, use: Use, rules: Rules) -> tuple[str, ...]:
    """
    The fields of scope and scene that an order does not fit, as far as a basket tells.

    An order that holds the coupon is asked neither for its moment nor for what nobody tells of it:
    it held the coupon at a moment and with a basket that fitted.
    """
    found = rules.scene.misfits(use.at, use.basket)
    if use.basket is not None:
        found = (*offer_terms.out_of_scope(rules.terms, use.basket), *found)
    settled = MOMENT.union(use.untold) if one.belongs_to(use.order, use.at) else frozenset[str]()
    return tuple(name for name in found if name not in settled)


def _limits(state: Coupons, use: Use, rules: Rules) -> Iterator[Rejection]:
    limits = rules.limits
    others = [
        one.user for name in state.held - {use.coupon} if (one := state.all[name]).is_held(use.at)
    ]
    others += [
        use.customer
        for name in _beside(use, rules)
        if name in state.all and not state.all[name].belongs_to(use.order, use.at)
    ]
    uses = state.used + len(others)
    if limits.total is not None and uses >= limits.total:
        yield Rejection(reason=Reason.CAMPAIGN_LIMIT, needed=limits.total, found=uses)
    if limits.per_customer is None:
        return
    if use.customer is None:
        if state.all[use.coupon].customer is None:
            yield Rejection(reason=Reason.WRONG_RECIPIENT)
        return
    uses = sum(state.used_by.get(one, 0) for one in use.ids)
    uses += sum(one in use.ids for one in others)
    if uses >= limits.per_customer:
        yield Rejection(reason=Reason.CUSTOMER_LIMIT, needed=limits.per_customer, found=uses)


def _beside(use: Use, rules: Rules) -> Iterator[CouponId]:
    """The coupons of the same offer that the order uses before this one."""
    for taken in use.taken:
        coupon = None if taken.offer is None else taken.offer.coupon
        if coupon is not None and (coupon.program, coupon.offer) == (rules.program, rules.offer):
            yield coupon.coupon
