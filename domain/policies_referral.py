"""
Policies of referrals: what claims, first orders and their refunds lead to. Pure.

Referrals are those of the programme in which orders earn; what they give, its rules for the
occasions `referrer` and `referee` say.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from regulars.domain import loyalty, referral
from regulars.domain.account import Account
from regulars.domain.earning_rules import Occasion
from regulars.domain.holders import lot_of, taker
from regulars.domain.ledger_policies import ReturnPolicy
from regulars.domain.names import REFERRAL
from regulars.domain.order import OrderCompleted
from regulars.domain.policies import Present, occasion_lot, older_occasion_lot
from regulars.domain.referral import (
    ClawBackReferral,
    DecideReferral,
    QualifyReferral,
    Referral,
    ReferralClaimed,
    ReferralClawedBack,
    ReferralQualified,
)
from regulars.domain.refund import RefundIssued, is_all_back, returned_by
from regulars.domain.reversal import ReversePoints
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.values import CustomerId, LotId, OccasionId, OrderId, ProgramId

REFERRER: Final = "referrer"
REFEREE: Final = "referee"
"""The occasions on which a referral earns."""


class Referrals(Present, Protocol):
    """The states that a claim is decided by, with all that was recorded so far."""

    def referral(self, referee: CustomerId) -> Referral:
        """The referral of a customer in that programme."""
        ...


def decide_claim(
    event: ReferralClaimed, at: datetime, program_id: ProgramId, look: Referrals
) -> Sequence[referral.Command]:
    """
    A claim is decided at once.

    Nobody is referred who has ordered before, nor by themselves or by whom they referred.
    """
    if event.program != program_id:
        return []
    referee, referrer = (taker(look, one) or one for one in (event.referee, event.referrer))
    brought_by = look.referral(event.referrer).accepted
    return [
        DecideReferral(
            program=program_id,
            referee=event.referee,
            at=at,
            referrer=event.referrer,
            ordered=look.account(referee).patronage.orders > 0,
            merged=referee == referrer,
            mutual=brought_by is not None and (taker(look, brought_by) or brought_by) == referee,
        )
    ]


def qualify_on_completion(
    event: OrderCompleted, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[referral.Command]:
    """The first order of a customer, with what is left of it once it is completed."""
    order = look.order(event.order)
    placed, back = order.placed, order.refunds
    if placed is None or placed.customer is None:
        return []
    if not _is_first(look, placed.customer, event.order):
        return []
    last = next(reversed(back.issued), None)
    return [
        QualifyReferral(
            program=program_id,
            referee=placed.customer,
            at=at,
            order=event.order,
            currency=placed.currency,
            total=placed.total - back.goods,
            undone=last is not None and is_all_back(placed, back.goods, returned_by(back, last)),
        )
    ]


def claw_back_on_refund(
    event: RefundIssued, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[referral.Command]:
    """A first order that is paid back in full was none."""
    if event.customer is None or not (event.goods or event.lines):
        return []
    order = look.order(event.order)
    returned = returned_by(order.refunds, event.refund)
    if order.placed is None or not is_all_back(order.placed, event.goods_refunded, returned):
        return []
    if not _is_first(look, event.customer, event.order):
        return []
    return [
        ClawBackReferral(
            program=program_id,
            referee=event.customer,
            at=at,
            order=event.order,
            refund=event.refund,
        )
    ]


def _is_first(look: Present, customer: CustomerId, order: OrderId) -> bool:
    """Whether the customer had no order that earned before this one was delivered."""
    found = lot_of(look, customer, LotId(order))
    if found is None:
        return False
    whose, lot = found
    return not look.account(whose).awards[lot].standing.orders_before


def reward_both(event: ReferralQualified, at: datetime, look: Present) -> Sequence[loyalty.Command]:
    """
    For both sides it is an occasion, which the rules of the programme may be for.

    For the referrer only as often as the terms say; the referee has what was promised. Sides that
    have become one customer since have brought nobody.
    """
    if taker(look, event.referrer) == taker(look, event.referee):
        return []
    return [
        RecordOccasion(
            program=event.program,
            customer=customer,
            at=at,
            occasion=_occasion(event.referee),
            on=on,
            most=event.most if on == REFERRER else None,
            days=event.most_days,
        )
        for side, on in _sides(event)
        if (customer := taker(look, side)) is not None
    ]


def take_back_both(
    event: ReferralClawedBack, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[loyalty.Command]:
    """
    What both sides earned is taken back as that of an order that was paid back in full.

    What they have spent of it meanwhile is owed or forgiven as the programme now says of refunds.
    """
    returns = look.program().policies_at(at).returns
    earned = [
        (customer, lot, look.account(customer).awards[lot].rules_version)
        for side, on in _sides(event)
        for customer, lot in earned_by(look, side, on, event.referee)
    ]
    return [
        ReversePoints(
            program=program_id,
            customer=customer,
            at=at,
            lot=lot,
            refund=event.refund,
            remaining=Occasion(at=at),
            rules=look.program().version(version),
            rules_version=version,
            policy=ReturnPolicy(reversal=returns.reversal),
        )
        for customer, lot, version in earned
        if version is not None
    ]


def earned_by(
    look: Present, side: CustomerId, on: str, referee: CustomerId
) -> Sequence[tuple[CustomerId, LotId]]:
    """Where the lot is that one side earned for a referral; nowhere if it earned nothing."""
    older = OccasionId(referee)
    for lot in (
        occasion_lot(on, _occasion(referee)),
        occasion_lot(on, older),
        older_occasion_lot(on, older),
    ):
        found = lot_of(look, side, lot)
        if found is not None and not _is_order(look.account(found[0]), found[1]):
            return [found]
    return []


def _is_order(account: Account, lot: LotId) -> bool:
    gain = account.tier.gains.of.get(lot)
    return gain is not None and gain.is_order


def _occasion(referee: CustomerId) -> OccasionId:
    """The occasion that a referral is for both sides."""
    return OccasionId(f"{REFERRAL}/{referee}")


def _sides(event: ReferralQualified | ReferralClawedBack) -> tuple[tuple[CustomerId, str], ...]:
    return (event.referrer, REFERRER), (event.referee, REFEREE)
