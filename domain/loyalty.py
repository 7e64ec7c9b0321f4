"""
A loyalty account: the points that one customer earned in one programme, order by order.

What an order earns is rounded down once, and a refund recomputes it on what remains
(R1 and R3 of docs/loyalty.md), so that no way of splitting a refund changes the result.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import Factory, define, frozen

from regulars.domain import patronage, tiers, told_occasions
from regulars.domain.earning import MOST_EARNED, Evaluation, evaluate
from regulars.domain.earning_rules import ORDER, Occasion, RuleSet
from regulars.domain.occasions import NEWCOMER, Standing
from regulars.domain.patronage import Patronage
from regulars.domain.tiers import EvaluateTier, Gain, TierStanding
from regulars.domain.told_occasions import OccasionRecorded, RecordOccasion, ToldOccasions
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId, RefundId, Refusal


@frozen(kw_only=True)
class Allocation:
    """So many points of a lot."""

    lot: LotId
    points: int


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class LoyaltyAccountOpened:
    """The customer takes part in the programme from now on."""

    program: ProgramId
    customer: CustomerId


@frozen(kw_only=True)
class PointsEarned:
    """
    An occasion earned `points`, none if it was too small; they are a lot of their own.

    `evaluation` is how they came about, by the rules of `rules_version` (None where no rules
    gave them) for a customer of that `standing`; `on` names the occasion, `order` the order if it
    was one. Its amounts are minor units of `currency`.
    They can be used from `activates_at` on, at once if it is None, but where they are `pending`
    and it is None, until something activates them. At `expires_at` they cannot be used any more.
    """

    program: ProgramId
    customer: CustomerId
    lot: LotId
    points: int
    evaluation: Evaluation
    on: str = ORDER
    order: OrderId | None = None
    currency: str | None = None
    rules_version: int | None = None
    standing: Standing = NEWCOMER
    pending: bool = False
    activates_at: datetime | None = None
    expires_at: datetime | None = None


@frozen(kw_only=True)
class PointsReversed:
    """
    A refund took back `points` of those awarded as `lot`, leaving `kept` for what `remaining` is.

    `remaining` is what the rules still looked at, in minor units of the lot's currency; `kept`
    is what those that the order earned by give for it.
    `allocations` are the lots that points were taken of. What no lot had is owed (`debt_added`)
    or forgiven (`written_off`): points = allocated + debt_added + written_off.
    """

    program: ProgramId
    customer: CustomerId
    lot: LotId
    refund: RefundId
    points: int
    remaining: int
    kept: int
    order: OrderId | None = None
    allocations: tuple[Allocation, ...] = ()
    debt_added: int = 0
    written_off: int = 0


Event: TypeAlias = (
    LoyaltyAccountOpened | OccasionRecorded | PointsEarned | PointsReversed | tiers.Event
)


@define
class Lot:
    """What is kept of one award, and what a refund is judged by."""

    kept: int
    rules_version: int | None
    standing: Standing


@define
class Account:
    """The state of one loyalty account, written by `fold` alone."""

    opened: bool = False
    balance: int = 0
    lots: dict[LotId, Lot] = Factory(dict[LotId, Lot])
    refunds: set[tuple[LotId, RefundId]] = Factory(set[tuple[LotId, RefundId]])
    patronage: Patronage = Factory(Patronage)
    occasions: ToldOccasions = Factory(ToldOccasions)
    tier: TierStanding = Factory(TierStanding)


def fold(state: Account, event: Event, at: datetime) -> None:
    """Record in `state` what happened."""
    match event:
        case LoyaltyAccountOpened():
            state.opened = True
        case OccasionRecorded():
            told_occasions.fold(state.occasions, event, at)
        case PointsEarned(lot=lot, points=points):
            state.balance += points
            state.lots[lot] = Lot(points, event.rules_version, event.standing)
            tiers.gain(state.tier, lot, _gain(event, at))
            if event.order is not None:
                patronage.count(state.patronage, at)
        case PointsReversed(lot=lot, points=points, refund=refund):
            state.balance -= points
            state.lots[lot].kept -= points
            state.refunds.add((lot, refund))
            tiers.lose(state.tier, lot, points, event.remaining)
        case _:
            tiers.fold(state.tier, event)


def _gain(event: PointsEarned, at: datetime) -> Gain:
    return Gain(
        at=at,
        points=event.points,
        spend=event.evaluation.amount,
        currency=event.currency,
        is_order=event.order is not None,
    )


@frozen(kw_only=True)
class AwardPoints:
    """
    Credit what an occasion earns, as the lot `lot`. Opens the account with the first.

    The fields are those of `PointsEarned`.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    lot: LotId
    evaluation: Evaluation
    on: str = ORDER
    order: OrderId | None = None
    currency: str | None = None
    rules_version: int | None = None
    standing: Standing = NEWCOMER
    pending: bool = False
    activates_at: datetime | None = None
    expires_at: datetime | None = None


@frozen(kw_only=True)
class ReversePoints:
    """
    Take back what an order no longer earns now that only `remaining` of it is paid for.

    `lot` is what it earned, by `rules`, which are those of `rules_version`.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    lot: LotId
    refund: RefundId
    remaining: Occasion
    rules: RuleSet
    rules_version: int
    order: OrderId | None = None


Command: TypeAlias = AwardPoints | RecordOccasion | ReversePoints | EvaluateTier


@frozen(kw_only=True)
class ImpossibleAward(Refusal):
    """An award gives from 0 to 10^16 points."""

    lot: LotId
    points: int

    def __str__(self) -> str:
        return f"lot {self.lot} cannot be of {self.points} points"


def decide(command: Command, state: Account) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        ImpossibleAward: fewer points than none, or more than an occasion earns.
        ValueError: an order is to be judged by other rules than those it earned by, which is a bug.
    """
    match command:
        case AwardPoints():
            return _award(command, state)
        case RecordOccasion():
            return _opened(command, told_occasions.decide(command, state.occasions), state)
        case ReversePoints():
            return _reverse(command, state)
        case EvaluateTier():
            return tiers.decide(command, state.tier)
        case _:
            assert_never(command)


def _award(command: AwardPoints, state: Account) -> Sequence[Event]:
    points = command.evaluation.points
    if not 0 <= points <= MOST_EARNED:
        raise ImpossibleAward(lot=command.lot, points=points)
    if command.lot in state.lots:
        return []
    earned = PointsEarned(
        program=command.program,
        customer=command.customer,
        lot=command.lot,
        points=points,
        evaluation=command.evaluation,
        on=command.on,
        order=command.order,
        currency=command.currency,
        rules_version=command.rules_version,
        standing=command.standing,
        pending=command.pending,
        activates_at=command.activates_at,
        expires_at=command.expires_at,
    )
    return _opened(command, [earned], state)


def _opened(
    command: AwardPoints | RecordOccasion, events: Sequence[Event], state: Account
) -> Sequence[Event]:
    """The events, the first of an account behind its opening."""
    if state.opened or not events:
        return events
    return [LoyaltyAccountOpened(program=command.program, customer=command.customer), *events]


def _reverse(command: ReversePoints, state: Account) -> Sequence[Event]:
    lot = state.lots.get(command.lot)
    if lot is None or (command.lot, command.refund) in state.refunds:
        return []
    if command.rules_version != lot.rules_version:
        raise ValueError(
            f"lot {command.lot} was earned by rules {lot.rules_version},"
            f" not by {command.rules_version}"
        )
    left = evaluate(command.rules, command.remaining)
    # Bonuses ask for no money: of an order that was paid back in full nothing is kept.
    paid_for = any(line.net for line in command.remaining.lines)
    kept = min(lot.kept, left.points if paid_for else 0)
    points = lot.kept - kept
    return [
        PointsReversed(
            program=command.program,
            customer=command.customer,
            lot=command.lot,
            order=command.order,
            refund=command.refund,
            points=points,
            remaining=left.amount,
            kept=kept,
            allocations=(Allocation(lot=command.lot, points=points),) if points else (),
        )
    ]
