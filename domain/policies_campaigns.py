"""Policies of campaigns: what a grant asks of the offer that its variant has. Pure."""

from collections.abc import Sequence
from datetime import datetime

from regulars.domain.budget import BudgetConsumed, BudgetRestored
from regulars.domain.coupon import Command, IssueCoupon, RevokeCoupon
from regulars.domain.values import CouponId


def issue_on_grant(event: BudgetConsumed, at: datetime) -> Sequence[Command]:
    """Whoever is granted anything gets a coupon, if the variant has an offer."""
    if event.offer is None or not event.amount:
        return []
    return [
        IssueCoupon(
            program=event.program,
            offer=event.offer,
            coupon=_coupon(event),
            at=at,
            customer=event.customer,
        )
    ]


def revoke_on_cancelled_grant(event: BudgetRestored, at: datetime) -> Sequence[Command]:
    """The coupon of a grant that was cancelled no longer counts."""
    if event.offer is None or not event.amount:
        return []
    return [
        RevokeCoupon(
            program=event.program,
            offer=event.offer,
            coupon=_coupon(event),
            at=at,
            reason="grant-cancelled",
        )
    ]


def _coupon(event: BudgetConsumed | BudgetRestored) -> CouponId:
    return CouponId(f"{event.campaign}/{event.grant}")
