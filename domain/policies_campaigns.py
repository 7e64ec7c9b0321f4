"""Policies of campaigns: what a grant asks of the offer that its variant has. Pure."""

from collections.abc import Sequence
from datetime import datetime

from regulars.domain.budget import BudgetConsumed, BudgetRestored
from regulars.domain.checkout import Shop
from regulars.domain.coupon import Command, IssueCoupon, RevokeCoupon
from regulars.domain.names import CAMPAIGN, named
from regulars.domain.values import CampaignId, CouponId, GrantId


def issue_on_grant(event: BudgetConsumed, at: datetime) -> Sequence[Command]:
    """Whoever is granted anything gets a coupon, if the variant has an offer."""
    if event.offer is None or not event.amount:
        return []
    return [
        IssueCoupon(
            program=event.program,
            offer=event.offer,
            coupon=coupon_of(event.campaign, event.grant),
            at=at,
            customer=event.customer,
        )
    ]


def revoke_on_cancelled_grant(event: BudgetRestored, at: datetime, look: Shop) -> Sequence[Command]:
    """The coupon of a grant that was cancelled no longer counts."""
    if event.offer is None or not event.amount:
        return []
    coupon = coupon_of(event.campaign, event.grant)
    if coupon not in look.within(event.program).offer(event.offer).coupons.all:
        coupon = CouponId(f"{event.campaign}/{event.grant}")  # what older versions called it
    return [
        RevokeCoupon(
            program=event.program,
            offer=event.offer,
            coupon=coupon,
            at=at,
            reason="grant-cancelled",
        )
    ]


def coupon_of(campaign: CampaignId, grant: GrantId) -> CouponId:
    """The coupon that a grant brings."""
    return CouponId(named(CAMPAIGN, campaign, grant))
