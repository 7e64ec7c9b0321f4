"""The member centre: all that a member's own page shows, in one answer, as of one moment."""

from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import frozen

from regulars.application.balances import Expiry, ExpirySchedule
from regulars.application.coupons import CouponsOf, CouponStanding, HeldCoupon
from regulars.application.postings import PointsLedger, Posting
from regulars.application.questions import Look, Question, asked_at
from regulars.application.tiers import ProjectedTier, TierAt, TierBenefits, TierHeld
from regulars.application.views import View
from regulars.domain.benefits import Benefit
from regulars.domain.due import AccountBalance, balance
from regulars.domain.tier_outlook import Outlook
from regulars.domain.values import CustomerId, ProgramId
from regulars.domain.waiting import Awaited, awaited

_DEFAULT: Final = ProgramId("default")


@frozen(kw_only=True)
class Member:
    """
    A member at a moment.

    `expiring` are the points that can be used and end, `awaited` those that cannot be used yet,
    each the next first. `coupons` can be used now, the next to end first. `postings` are the last
    ones, the newest first.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    points: AccountBalance
    expiring: tuple[Expiry, ...]
    awaited: tuple[Awaited, ...]
    tier: TierHeld
    outlook: Outlook
    benefits: tuple[Benefit, ...]
    coupons: tuple[HeldCoupon, ...]
    postings: tuple[Posting, ...]


@frozen(kw_only=True)
class MemberCenter(Question[Member]):
    """What a customer has in a programme, and the last `postings` of the account."""

    views: ClassVar[tuple[View[Any, Any], ...]] = CouponsOf.views

    customer: CustomerId
    program: ProgramId = _DEFAULT
    postings: int = 10

    def answer(self, look: Look) -> Member:
        """The member; without points, tier and coupons for who has no part in the programme."""
        who, program = self.customer, self.program
        account = look.account(program, who)
        now = asked_at(look, account)
        ledger = PointsLedger(customer=who, program=program).answer(look)
        usable = [
            one
            for one in CouponsOf(customer=who).answer(look)
            if one.program == program and one.standing(now) is CouponStanding.USABLE
        ]
        return Member(
            program=program,
            customer=who,
            at=now,
            points=balance(account, now),
            expiring=ExpirySchedule(customer=who, program=program).answer(look),
            awaited=awaited(account, now),
            tier=TierAt(customer=who, program=program).answer(look),
            outlook=ProjectedTier(customer=who, program=program).answer(look),
            benefits=TierBenefits(customer=who, program=program).answer(look).benefits,
            coupons=tuple(sorted(usable, key=_end)),
            postings=ledger[::-1][: self.postings],
        )


def _end(coupon: HeldCoupon) -> tuple[bool, datetime]:
    """Where a coupon stands: those without an end are last."""
    until = coupon.valid_until
    return until is None, until or coupon.valid_from
