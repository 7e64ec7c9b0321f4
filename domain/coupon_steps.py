"""The steps of a coupon's life: what each command of it leads to, by the rules of its offer."""

from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never

from attrs import evolve

from regulars.domain.codes import require_code
from regulars.domain.coupon import (
    AtCheckout,
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
from regulars.domain.coupons import Coupons, Rules, Use, due, refusal
from regulars.domain.discounts import Discount, WrongDiscount, effect
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Reason, Rejection
from regulars.domain.purchase import AmountBelowZero


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


def _reserve(command: ReserveCoupon, state: Coupons, one: Coupon, rules: Rules) -> Sequence[Event]:
    use = Use(
        coupon=command.coupon,
        order=command.order,
        at=command.at,
        customer=command.customer,
        person=command.person,
        basket=command.basket,
    )
    if one.belongs_to(use.order, use.at):
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
        if command.checkout is None and (one.amount, one.user) == (
            command.amount,
            command.customer,
        ):
            return []
        raise _does_not_count(command, Rejection(reason=Reason.USED))
    use, checkout = _use(command), command.checkout
    why = refusal(state, use, rules)
    if why is not None:
        raise _does_not_count(command, why)
    if checkout is not None:
        _require_due(checkout, due(use, checkout.basket, rules), command)
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


def _does_not_count(command: RedeemCoupon, why: Rejection) -> CouponDoesNotCount:
    return CouponDoesNotCount(
        offer=command.offer,
        coupon=command.coupon,
        reason=why.reason,
        needed=why.needed,
        found=why.found,
    )


def _use(command: RedeemCoupon) -> Use:
    checkout = command.checkout
    use = Use(
        coupon=command.coupon,
        order=command.order,
        at=command.at,
        customer=command.customer,
        person=command.person,
        is_placed=True,
    )
    if checkout is None:
        return use
    return evolve(use, basket=checkout.basket, taken=checkout.taken, untold=checkout.untold)


def _require_due(checkout: AtCheckout, due: Discount, command: RedeemCoupon) -> None:
    stated, currency = checkout.discount, checkout.basket.currency
    if effect(stated, currency) != effect(due, currency):
        raise WrongDiscount(
            offer=command.offer, coupon=command.coupon, currency=currency, stated=stated, due=due
        )


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
