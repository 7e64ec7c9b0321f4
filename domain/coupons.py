"""
The coupons of one offer, and the limits that they share.

One state decides on all of them, so that of two who want the last one exactly one gets it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from attrs import Factory, define, frozen

from regulars.domain import offer_terms
from regulars.domain.codes import require_code
from regulars.domain.coupon import (
    Command,
    Coupon,
    CouponAlreadyIssued,
    CouponDoesNotCount,
    CouponExpired,
    CouponIssued,
    CouponRedeemed,
    CouponRejected,
    CouponReservationReleased,
    CouponReserved,
    CouponRestored,
    CouponRevoked,
    CouponWasUsed,
    Event,
    IssueCoupon,
    NoTimeToHold,
    OfferIsOver,
    RedeemCoupon,
    ReleaseCoupon,
    ReserveCoupon,
    RestoreCoupon,
    RevokeCoupon,
    UnknownCoupon,
)
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Basket, Counted, Reason, Rejection, Terms, nothing_counted
from regulars.domain.purchase import AmountBelowZero
from regulars.domain.scene import ANY, Scene
from regulars.domain.values import CouponId, CustomerId, OrderId


@define
class Coupons:
    """The state of an offer's coupons, written by `fold` alone. Orders hold those of `held`."""

    all: dict[CouponId, Coupon] = Factory(dict[CouponId, Coupon])
    held: set[CouponId] = Factory(set[CouponId])
    used: int = 0
    used_by: dict[CustomerId, int] = Factory(dict[CustomerId, int])


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


@frozen(kw_only=True)
class Rules:
    """What the coupons of an offer count by, and whether it is over."""

    terms: Terms
    limits: Limits
    ended: bool
    scene: Scene = ANY


@frozen(kw_only=True)
class Use:
    """
    A coupon, and the order that would use it.

    `basket` is that order before discounts, `so_far` what other offers left of it, if any did.
    The coupons `beside` are of the same offer, and the order would use them as well. Once it
    `is_placed`, nothing can be reserved for it any more.
    """

    coupon: CouponId
    order: OrderId
    at: datetime
    customer: CustomerId | None = None
    basket: Basket | None = None
    so_far: Counted | None = None
    beside: frozenset[CouponId] = frozenset()
    is_placed: bool = False


def decide(command: Command, state: Coupons, rules: Rules) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of `coupon`'s, when the command cannot be.
    """
    if isinstance(command, IssueCoupon):
        return _issue(command, state, rules)
    one = state.all.get(command.coupon)
    if one is None:
        raise UnknownCoupon(offer=command.offer, coupon=command.coupon)
    match command:
        case ReserveCoupon():
            return _reserve(command, state, one, rules)
        case ReleaseCoupon():
            return _release(command, state, one)
        case RedeemCoupon():
            return _redeem(command, state, one, rules)
        case RestoreCoupon():
            return _restore(command, state, one, rules.limits)
        case RevokeCoupon():
            return _revoke(command, one)
        case _:
            assert_never(command)


def _issue(command: IssueCoupon, state: Coupons, rules: Rules) -> Sequence[Event]:
    before, until = state.all.get(command.coupon), rules.limits.until
    if before is not None:
        if (before.customer, before.issued_for) == (command.customer, command.order):
            return []
        raise CouponAlreadyIssued(offer=command.offer, coupon=command.coupon)
    if rules.ended or (until is not None and command.at >= until):
        raise OfferIsOver(offer=command.offer)
    start, end = rules.limits.window(command.at)
    return [
        CouponIssued(
            program=command.program,
            offer=command.offer,
            coupon=command.coupon,
            valid_from=start,
            valid_until=end,
            customer=command.customer,
            order=command.order,
        )
    ]


def refusal(state: Coupons, use: Use, rules: Rules) -> Rejection | None:
    """The first reason why a coupon would not count for an order; None if it would."""
    return next(objections(state, use, rules), None)


def objections(state: Coupons, use: Use, rules: Rules) -> Iterator[Rejection]:
    """Every reason why a coupon would not count for an order, in the order of `Reason`."""
    one = state.all.get(use.coupon)
    if one is None:
        yield Rejection(reason=Reason.NOT_FOUND)
        return
    if rules.ended:
        yield Rejection(reason=Reason.NOT_RUNNING)
    yield from one.objections(use.order, use.customer, use.at)
    yield from _limits(state, use, rules.limits)
    if use.is_placed and rules.limits.reservation_required and not _belongs(one, use):
        yield Rejection(reason=Reason.RESERVATION_REQUIRED)
    yield from dict.fromkeys(_of_order(use, rules))


def _of_order(use: Use, rules: Rules) -> Iterator[Rejection]:
    """What is said against the order, its moment and its basket; the scope perhaps twice."""
    if rules.scene.misfits(use.at, use.basket):
        yield Rejection(reason=Reason.OUT_OF_SCOPE)
    if use.basket is not None:
        so_far = use.so_far or nothing_counted(use.basket)
        yield from offer_terms.objections(rules.terms, use.basket, so_far)


def _limits(state: Coupons, use: Use, limits: Limits) -> Iterator[Rejection]:
    others = [
        one.user for name in state.held - {use.coupon} if (one := state.all[name]).is_held(use.at)
    ]
    others += [use.customer for name in use.beside if not _belongs(state.all[name], use)]
    uses = state.used + len(others)
    if limits.total is not None and uses >= limits.total:
        yield Rejection(reason=Reason.CAMPAIGN_LIMIT, needed=limits.total, found=uses)
    if limits.per_customer is None:
        return
    if use.customer is None:
        if state.all[use.coupon].customer is None:
            yield Rejection(reason=Reason.WRONG_RECIPIENT)
        return
    uses = state.used_by.get(use.customer, 0) + others.count(use.customer)
    if uses >= limits.per_customer:
        yield Rejection(reason=Reason.CUSTOMER_LIMIT, needed=limits.per_customer, found=uses)


def _belongs(one: Coupon, use: Use) -> bool:
    """Whether that order has used a coupon, or holds it."""
    return one.order == use.order and (one.is_used() or one.is_held(use.at))


def _reserve(command: ReserveCoupon, state: Coupons, one: Coupon, rules: Rules) -> Sequence[Event]:
    use = Use(
        coupon=command.coupon,
        order=command.order,
        at=command.at,
        customer=command.customer,
        basket=command.basket,
    )
    if _belongs(one, use):
        return []
    if command.lapses_at <= command.at:
        raise NoTimeToHold(offer=command.offer, coupon=command.coupon)
    why = refusal(state, use, rules)
    if why is None:
        reserved = CouponReserved(
            program=command.program,
            offer=command.offer,
            coupon=command.coupon,
            order=command.order,
            lapses_at=command.lapses_at,
            customer=command.customer,
        )
        return [*_lapsed(command, state), reserved]
    if one.rejected == (command.order, why):
        return []
    return [
        CouponRejected(
            program=command.program,
            offer=command.offer,
            coupon=command.coupon,
            order=command.order,
            rejection=why,
            customer=command.customer,
        )
    ]


def _lapsed(command: ReserveCoupon | RedeemCoupon, state: Coupons) -> list[Event]:
    """What no order holds any more at that moment, so that few are held at any time."""
    return [
        CouponReservationReleased(
            program=command.program,
            offer=command.offer,
            coupon=name,
            order=order,
            lapsed=True,
        )
        for name in sorted(state.held)
        if (order := state.all[name].order) is not None and not state.all[name].is_held(command.at)
    ]


def _release(
    command: ReleaseCoupon | RestoreCoupon, state: Coupons, one: Coupon
) -> Sequence[Event]:
    if one.order != command.order or command.coupon not in state.held:
        return []
    return [
        CouponReservationReleased(
            program=command.program,
            offer=command.offer,
            coupon=command.coupon,
            order=command.order,
        )
    ]


def _redeem(command: RedeemCoupon, state: Coupons, one: Coupon, rules: Rules) -> Sequence[Event]:
    if command.amount < 0:
        raise AmountBelowZero(order=command.order, field="discount", amount=command.amount)
    if one.order == command.order and one.is_used():
        return []
    if one.order != command.order or not one.is_held(command.at):
        use = Use(
            coupon=command.coupon,
            order=command.order,
            at=command.at,
            customer=command.customer,
            is_placed=True,
        )
        why = refusal(state, use, rules)
        if why is not None:
            raise CouponDoesNotCount(offer=command.offer, coupon=command.coupon, reason=why.reason)
    return [
        *_lapsed(command, state),
        CouponRedeemed(
            program=command.program,
            offer=command.offer,
            coupon=command.coupon,
            order=command.order,
            amount=command.amount,
            customer=command.customer,
        ),
    ]


def _restore(
    command: RestoreCoupon, state: Coupons, one: Coupon, limits: Limits
) -> Sequence[Event]:
    if one.order != command.order or not one.is_used():
        return _release(command, state, one)
    often = limits.max_restores is not None and one.restores >= limits.max_restores
    end, grace = one.valid_until, limits.restore_grace_days
    if end is not None and command.at >= end and grace and not often:
        end = command.at + timedelta(days=grace)
    if often or (end is not None and command.at >= end):
        return [
            CouponExpired(
                program=command.program,
                offer=command.offer,
                coupon=command.coupon,
                order=command.order,
                expired_at=command.at if end is None else min(end, command.at),
            )
        ]
    return [
        CouponRestored(
            program=command.program,
            offer=command.offer,
            coupon=command.coupon,
            order=command.order,
            valid_until=end,
        )
    ]


def _revoke(command: RevokeCoupon, one: Coupon) -> Sequence[Event]:
    require_code("reason", command.reason)
    if one.revoked:
        return []
    if command.unused and one.is_used():
        raise CouponWasUsed(offer=command.offer, coupon=command.coupon)
    return [
        CouponRevoked(
            program=command.program,
            offer=command.offer,
            coupon=command.coupon,
            order=one.order if one.is_used() else None,
            lost=one.amount,
            reason=command.reason,
        )
    ]
