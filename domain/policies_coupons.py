"""Policies of coupons: what orders ask of the offers whose coupons they use or bring. Pure."""

from collections.abc import Sequence
from datetime import datetime

from regulars.domain.checkout import Checkout, Shop
from regulars.domain.coupon import Command, IssueCoupon, RedeemCoupon, RestoreCoupon, RevokeCoupon
from regulars.domain.discounts import CouponOf
from regulars.domain.order import OrderCancelled
from regulars.domain.purchase import OrderPlaced
from regulars.domain.refund import RefundIssued


def use_coupons(event: OrderPlaced, at: datetime, look: Shop) -> Sequence[Command]:
    """
    An order redeems the coupons of its discounts, and issues those that it brings.

    Each is judged on what the discounts before it left.
    """
    so_far, redeemed = Checkout(shop=look, bought=event, at=at), list[Command]()
    for discount in event.discounts:
        coupon = discount.coupon
        if coupon is not None:
            redeem = RedeemCoupon(
                program=coupon.program,
                offer=coupon.offer,
                coupon=coupon.coupon,
                at=at,
                order=event.order,
                amount=discount.amount,
                customer=event.customer,
                checkout=so_far.stated(coupon, discount),
            )
            redeemed.append(redeem)
        so_far = so_far.having(discount)
    issued = [
        IssueCoupon(
            program=coupon.program,
            offer=coupon.offer,
            coupon=coupon.coupon,
            at=at,
            customer=event.customer,
            order=event.order,
        )
        for coupon in event.brings
    ]
    return [*redeemed, *issued]


def give_back_coupons(event: OrderCancelled, at: datetime) -> Sequence[Command]:
    """A cancelled order gives back the coupons that it used, and loses those that it brought."""
    restored = [
        RestoreCoupon(
            program=coupon.program,
            offer=coupon.offer,
            coupon=coupon.coupon,
            at=at,
            order=event.order,
        )
        for coupon in event.coupons
    ]
    return [*restored, *_revoked(event.takes_back, at, "order-cancelled")]


def take_back_coupons(event: RefundIssued, at: datetime) -> Sequence[Command]:
    """An order whose goods are all paid back loses the coupons that it brought."""
    return _revoked(event.takes_back, at, "order-refunded")


def _revoked(coupons: Sequence[CouponOf], at: datetime, reason: str) -> Sequence[Command]:
    return [
        RevokeCoupon(
            program=coupon.program,
            offer=coupon.offer,
            coupon=coupon.coupon,
            at=at,
            reason=reason,
        )
        for coupon in coupons
    ]
