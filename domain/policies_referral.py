"""
Policies of referrals: what claims, first orders and their refunds lead to. Pure.

Referrals are those of the programme in which orders earn; what they give, its rules for the
occasions `referrer` and `referee` say.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from regulars.domain import loyalty, referral
from regulars.domain.earning import evaluate
from regulars.domain.earning_rules import Occasion
from regulars.domain.loyalty import AwardPoints, ReversePoints
from regulars.domain.order import OrderCompleted
from regulars.domain.policies import Present
from regulars.domain.referral import (
    ClawBackReferral,
    DecideReferral,
    QualifyReferral,
    ReferralClaimed,
    ReferralClawedBack,
    ReferralQualified,
)
from regulars.domain.refund import RefundIssued
from regulars.domain.validity import Counted
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId

REFERRER: Final = "referrer"
REFEREE: Final = "referee"
"""The occasions on which a referral earns."""


def decide_claim(
    event: ReferralClaimed, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[referral.Command]:
    """A claim is decided at once: nobody is referred who has ordered before."""
    if event.program != program_id:
        return []
    return [
        DecideReferral(
            program=program_id,
            referee=event.referee,
            at=at,
            referrer=event.referrer,
            ordered=bool(look.account(event.referee).lots),
        )
    ]


def qualify_on_completion(
    event: OrderCompleted, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[referral.Command]:
    """The first order of a customer, once it is completed, qualifies who referred them."""
    placed = look.order(event.order).placed
    if placed is None or placed.customer is None:
        return []
    if not _is_first(look, placed.customer, event.order):
        return []
    return [
        QualifyReferral(
            program=program_id,
            referee=placed.customer,
            at=at,
            order=event.order,
            currency=placed.currency,
            total=placed.total,
        )
    ]


def claw_back_on_refund(
    event: RefundIssued, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[referral.Command]:
    """A first order that is paid back in full was none."""
    if event.customer is None or not event.goods or event.goods_refunded != event.total:
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
    """Whether of all orders of the customer this one was the first that could earn."""
    return next(iter(look.account(customer).lots), None) == LotId(order)


def reward_both(
    event: ReferralQualified, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[loyalty.Command]:
    """Both sides earn by the rules of the moment at which the first order was completed."""
    published = look.program().rules_at(at, event.currency)
    if published is None:
        return []
    policies = look.program().policies_at(at)
    usable = policies.activation.activates_at(at)
    counted = at if policies.expiry.counted is Counted.AWARD else usable
    return [
        AwardPoints(
            program=program_id,
            customer=customer,
            at=at,
            lot=_lot(event.referee),
            on=on,
            evaluation=evaluate(published.rules, Occasion(at=at, on=on, currency=event.currency)),
            currency=event.currency,
            rules_version=published.version,
            pending=usable != at,
            activates_at=None if usable == at else usable,
            expires_at=None if counted is None else policies.expiry.expires_at(counted),
        )
        for customer, on in ((event.referrer, REFERRER), (event.referee, REFEREE))
    ]


def take_back_both(
    event: ReferralClawedBack, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[loyalty.Command]:
    """What both sides earned is taken back as that of an order that was paid back in full."""
    lot = _lot(event.referee)
    earned = [
        (customer, look.account(customer).lots[lot].rules_version)
        for customer in (event.referrer, event.referee)
        if lot in look.account(customer).lots
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
        )
        for customer, version in earned
        if version is not None
    ]


def _lot(referee: CustomerId) -> LotId:
    return LotId(f"referral/{referee}")
