"""The member centre: all that a member's own page shows, in one answer, as of one moment."""

from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Final

from attrs import frozen

from regulars.application.balances import Expiry, ExpirySchedule
from regulars.application.coupons import CouponsOf, CouponStanding, HeldCoupon
from regulars.application.postings import PointsLedger, Posting
from regulars.application.questions import Look, Question, asked_at
from regulars.application.tiers import ProjectedTier, TierAt, TierBenefits, TierHeld
from regulars.application.views import View
from regulars.domain.account import Account
from regulars.domain.benefits import Benefit
from regulars.domain.due import AccountBalance, balance
from regulars.domain.tier_outlook import Outlook
from regulars.domain.values import CustomerId, ProgramId
from regulars.domain.waiting import Awaited, awaited

_DEFAULT: Final = ProgramId("default")


class AccountStanding(Enum):
    """Whether an account takes points: a closed one never again, a merged one in another."""

    NONE = "none"
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@frozen(kw_only=True)
class Member:
    """
    A member at a moment.

    `merged_into` is whose account has by then what was in that of the member, if it was merged.
    `expiring` are the points that can be used and end, `awaited` those that cannot be used yet,
    each the next first. `coupons` can be used now, the next to end first. `postings` are the last
    ones, the newest first.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    account: AccountStanding
    merged_into: CustomerId | None
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
            account=_standing(account),
            merged_into=_end_of(look, program, account),
            points=balance(account, now),
            expiring=ExpirySchedule(customer=who, program=program).answer(look),
            awaited=awaited(account, now),
            tier=TierAt(customer=who, program=program).answer(look),
            outlook=ProjectedTier(customer=who, program=program).answer(look),
            benefits=TierBenefits(customer=who, program=program).answer(look).benefits,
            coupons=tuple(sorted(usable, key=_end)),
            postings=ledger[::-1][: self.postings],
        )


def _standing(account: Account) -> AccountStanding:
    if account.closed:
        return AccountStanding.CLOSED
    if account.merged_into is not None:
        return AccountStanding.MERGED
    return AccountStanding.OPEN if account.opened else AccountStanding.NONE


def _end_of(look: Look, program: ProgramId, account: Account) -> CustomerId | None:
    """Where a merged account went, through those that were merged themselves."""
    into = account.merged_into
    while into is not None and (further := look.account(program, into).merged_into) is not None:
        into = further
    return into


def _end(coupon: HeldCoupon) -> tuple[bool, datetime]:
    """Where a coupon stands: those without an end are last."""
    until = coupon.valid_until
    return until is None, until or coupon.valid_from
