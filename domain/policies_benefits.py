"""Policies of benefits: what a tier brings to who holds it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Protocol

from regulars.domain.benefits import BenefitId
from regulars.domain.coupon import Command, IssueCoupon
from regulars.domain.names import BENEFIT, named
from regulars.domain.offer import Offer
from regulars.domain.program import Program
from regulars.domain.tiers import TierEntered, TierRenewed, TierUpgraded
from regulars.domain.values import CouponId, CustomerId, OfferId, ProgramId


class Offers(Protocol):
    """The states that a policy of benefits may look at, with all that was recorded so far."""

    def program(self) -> Program:
        """The programme in which orders earn."""
        ...

    def offer(self, offer: OfferId) -> Offer:
        """An offer of that programme."""
        ...


def issue_on_term(
    event: TierEntered | TierUpgraded | TierRenewed,
    at: datetime,
    program_id: ProgramId,
    look: Offers,
) -> Sequence[Command]:
    """
    Each term of a tier brings a coupon of every offer that its benefits name.

    A term that is over when it is found out brings none, nor does an offer that issues none.
    """
    if event.program != program_id or (event.valid_to is not None and event.valid_to <= at):
        return []
    return [
        IssueCoupon(
            program=event.program,
            offer=one.offer,
            coupon=_next(one.benefit, event.customer, look.offer(one.offer)),
            at=at,
            customer=event.customer,
        )
        for one in look.program().benefits_of(event.tier, at)
        if one.offer is not None and _issues(look.offer(one.offer), at)
    ]


def _next(benefit: BenefitId, customer: CustomerId, offer: Offer) -> CouponId:
    """The first that the offer has not: no coupon that is there keeps an order from a tier."""
    names = (CouponId(named(BENEFIT, benefit, customer, str(number))) for number in count(1))
    return next(name for name in names if name not in offer.coupons.all)


def _issues(offer: Offer, at: datetime) -> bool:
    if offer.defined is None or offer.ended:
        return False
    until = offer.defined.limits.until
    return until is None or at < until
