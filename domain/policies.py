"""Policies: what one aggregate's events ask of another. Pure; a policy never asks twice in vain."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from attrs import evolve

from regulars.domain import patronage
from regulars.domain.account import Account
from regulars.domain.account_merge import LoyaltyAccountAbsorbed
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.due import available
from regulars.domain.earning import evaluate
from regulars.domain.earning_rules import NO_CURRENCY, Occasion
from regulars.domain.holders import lot_of, taker
from regulars.domain.loyalty import ActivatePoints, AwardPoints, Command, PointsEarned
from regulars.domain.names import OCCASION, named
from regulars.domain.occasions import Standing, occasion
from regulars.domain.order import Order, OrderCompleted, OrderDelivered
from regulars.domain.program import Program
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.publication import in_force
from regulars.domain.purchase import OrderPlaced
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.refund import RefundIssued, returned_by
from regulars.domain.reversal import PointsReversed, ReversePoints
from regulars.domain.tier_ladder import Basis
from regulars.domain.tiers import EvaluateTier, tier_at
from regulars.domain.told_occasions import OccasionRecorded
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut
from regulars.domain.validity import Activation, Counted
from regulars.domain.values import CustomerId, LotId, OccasionId, OrderId, ProgramId


class Present(Protocol):
    """The states that a policy may look at, with all that was recorded so far."""

    def program(self) -> Program:
        """The programme in which orders earn."""
        ...

    def order(self, order: OrderId) -> Order:
        """An order."""
        ...

    def account(self, customer: CustomerId) -> Account:
        """The customer's account in that programme."""
        ...


def earn_on_delivery(
    event: OrderDelivered, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """
    A delivered order of a known customer earns by the rules in force when it was placed.

    It does so in the account that the customer's was merged into, if it was.
    An order without a customer earns nothing, nor does one placed before the first rules, nor one
    of who closed their account.
    From when on and until when its points can be used, the policies of that time say.
    """
    customer = None if event.customer is None else taker(look, event.customer)
    published = look.program().rules_at(event.placed_at, event.currency)
    if customer is None or published is None:
        return []
    standing = evolve(
        patronage.standing(look.account(customer).patronage, published.rules, event.placed_at),
        tier=tier_of(customer, event.placed_at, program_id, look),
    )
    bought = occasion(_placed(look, event.order), event.placed_at, standing)
    award = AwardPoints(
        program=program_id,
        customer=customer,
        at=at,
        lot=LotId(event.order),
        order=event.order,
        evaluation=evaluate(published.rules, bought),
        currency=event.currency,
        rules_version=published.version,
        standing=standing,
    )
    return [_usable(award, look.program().policies_at(event.placed_at))]


def earn_on_occasion(
    event: OccasionRecorded, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """
    An occasion in the programme earns by the rules and policies in force when it came.

    Where no rule is for it nothing is awarded, and no event says so.
    """
    published = look.program().rules_at(at, NO_CURRENCY)
    if published is None or event.program != program_id:
        return []
    standing = Standing(tier=tier_of(event.customer, at, program_id, look))
    came = Occasion(at=at, on=event.on, currency=NO_CURRENCY, tier=standing.tier)
    evaluation = evaluate(published.rules, came)
    if not evaluation.steps:
        return []
    award = AwardPoints(
        program=program_id,
        customer=event.customer,
        at=at,
        lot=occasion_lot(event.on, event.occasion),
        on=event.on,
        evaluation=evaluation,
        rules_version=published.version,
        standing=standing,
    )
    return [_usable(award, look.program().policies_at(at))]


def occasion_lot(on: str, occasion: OccasionId) -> LotId:
    """The lot of what an occasion that was told earned."""
    return LotId(named(OCCASION, on, occasion))


def older_occasion_lot(on: str, occasion: OccasionId) -> LotId:
    """What an older version called it, which an order may be called too."""
    return LotId(f"{on}/{occasion}")


def evaluate_tier(
    event: PointsEarned | PointsReversed | OccasionRecorded | LoyaltyAccountAbsorbed,
    at: datetime,
    program_id: ProgramId,
    look: Present,
) -> Sequence[Command]:
    """
    Whatever is earned, taken over or taken back may change the tier, by the ladder in force.

    An occasion that is told changes what the end of a term left undone.
    """
    if event.program != program_id:
        return []
    refunded = isinstance(event, PointsReversed)
    asked = _asked(event.customer, at, program_id, look)
    return [] if asked is None else [evolve(asked, refunded=refunded)]


def follow_balance(
    event: PointsRedeemed
    | RedemptionReversed
    | PointsAdjusted
    | PointsMigrated
    | PointsTransferredOut
    | PointsTransferredIn,
    at: datetime,
    program_id: ProgramId,
    look: Present,
) -> Sequence[Command]:
    """What is spent or comes back, is corrected, brought or given may change a tier by balance."""
    asked = _asked(event.customer, at, program_id, look)
    if event.program != program_id or asked is None:
        return []
    published = in_force(asked.ladders, at)
    by_balance = published is not None and published.ladder.basis is Basis.BALANCE
    return [asked] if by_balance else []


def _asked(
    customer: CustomerId, at: datetime, program_id: ProgramId, look: Present
) -> EvaluateTier | None:
    if look.program().ladder_at(at) is None:
        return None
    ladders = tuple(look.program().ladders)
    return EvaluateTier(program=program_id, customer=customer, at=at, ladders=ladders)


def tier_of(customer: CustomerId, at: datetime, program_id: ProgramId, look: Present) -> str | None:
    """The tier that a customer holds at a moment, by which orders placed then earn."""
    asked = _asked(customer, at, program_id, look)
    if asked is None:
        return None
    account = look.account(customer)
    return tier_at(account.tier, asked, partial(available, account))


def _usable(award: AwardPoints, policies: ProgramPolicies) -> AwardPoints:
    """The award, with when its points can be used."""
    usable = policies.activation.activates_at(award.at)
    counted = award.at if policies.expiry.counted is Counted.AWARD else usable
    return evolve(
        award,
        pending=usable != award.at,
        activates_at=None if usable == award.at else usable,
        expires_at=None if counted is None else policies.expiry.expires_at(counted),
    )


def reverse_on_refund(
    event: RefundIssued, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """
    A refund takes back the points of the goods refunded; goodwill costs the customer nothing.

    The rest of the order is judged by the rules and the standing that the order earned by. Where
    the account was merged, the one that it went to is asked; from a closed one nothing is taken.
    """
    if event.customer is None or not (event.goods or event.lines):
        return []
    found = lot_of(look, event.customer, LotId(event.order))
    if found is None:
        return []
    customer, lot = found
    award = look.account(customer).awards[lot]
    if award.rules_version is None:
        return []
    placed = _placed(look, event.order)
    return [
        ReversePoints(
            program=program_id,
            customer=customer,
            at=at,
            lot=lot,
            order=event.order,
            refund=event.refund,
            remaining=occasion(
                placed,
                event.placed_at,
                award.standing,
                refunded=event.goods_refunded,
                returned=returned_by(look.order(event.order).refunds, event.refund),
            ),
            rules=look.program().version(award.rules_version),
            rules_version=award.rules_version,
            policy=look.program().policies_at(event.placed_at).returns,
        )
    ]


def activate_on_completion(
    event: OrderCompleted, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """The points of a completed order can be used, where its policies waited for that."""
    order = look.order(event.order)
    if order.placed is None or order.placed_at is None or order.placed.customer is None:
        return []
    policies = look.program().policies_at(order.placed_at)
    if policies.activation.activation is not Activation.COMPLETION:
        return []
    found = lot_of(look, order.placed.customer, LotId(event.order))
    if found is None:
        return []
    customer, lot = found
    counted = policies.expiry.counted is Counted.ACTIVATION
    return [
        ActivatePoints(
            program=program_id,
            customer=customer,
            at=at,
            lot=lot,
            expires_at=policies.expiry.expires_at(at) if counted else None,
        )
    ]


def _placed(look: Present, order: OrderId) -> OrderPlaced:
    placed = look.order(order).placed
    if placed is None:
        raise ValueError(f"order {order} was never placed")
    return placed
