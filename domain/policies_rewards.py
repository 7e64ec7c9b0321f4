"""Policies of rewards: a coupon that points were spent on, and what becomes of it. Pure."""

from collections.abc import Sequence
from datetime import datetime

from regulars.domain.coupon import Command, IssueCoupon, RevokeCoupon
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed


def issue_reward(event: PointsRedeemed, at: datetime) -> Sequence[Command]:
    """Whoever spent points on a coupon gets it."""
    return [
        IssueCoupon(
            program=coupon.program,
            offer=coupon.offer,
            coupon=coupon.coupon,
            at=at,
            customer=event.customer,
        )
        for coupon in event.brings
    ]


def take_back_reward(event: RedemptionReversed, at: datetime) -> Sequence[Command]:
    """Nobody has both the points and the coupon: one that was used keeps the points spent."""
    return [
        RevokeCoupon(
            program=coupon.program,
            offer=coupon.offer,
            coupon=coupon.coupon,
            at=at,
            reason="points-given-back",
            unused=True,
        )
        for coupon in event.takes_back
    ]
