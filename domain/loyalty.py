"""
A loyalty account: the points that one customer earned in one programme, lot by lot.

What an order earns is rounded down once (R1 of docs/loyalty.md).
What refunds take is decided in `reversal`, what is spent in `redemption`, what falls due in `due`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

from attrs import frozen

from regulars.domain import (
    patronage,
    points_payment,
    redemption,
    reversal,
    tiers,
    told_occasions,
)
from regulars.domain.account import Account, Award, Redemption
from regulars.domain.due import AccountAt, available
from regulars.domain.due import Event as Due
from regulars.domain.earning import MOST_EARNED, Evaluation
from regulars.domain.earning_rules import ORDER
from regulars.domain.gains import Gain
from regulars.domain.holding import (
    PointsReservationConfirmed,
    PointsReservationReleased,
    PointsReserved,
    Reservation,
)
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.occasions import NEWCOMER, Standing
from regulars.domain.points_payment import ConfirmReservation
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed, ReversePoints
from regulars.domain.tiers import EvaluateTier
from regulars.domain.told_occasions import OccasionRecorded, RecordOccasion
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId, Refusal


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


Event: TypeAlias = (
    LoyaltyAccountOpened
    | OccasionRecorded
    | PointsEarned
    | PointsReversed
    | Due
    | redemption.Event
    | PointsReservationConfirmed
    | tiers.Event
)


def fold(state: Account, event: Event, at: datetime) -> None:
    """Record in `state` what happened."""
    state.as_of = max(state.as_of, at)
    tiers.hold(state.tier, state.as_of, state.lots.available)
    match event:
        case LoyaltyAccountOpened():
            state.opened = True
            state.program, state.customer = event.program, event.customer
            state.totals.opened_at = at
        case OccasionRecorded():
            told_occasions.fold(state.occasions, event, at)
        case PointsEarned():
            _earned(state, event, at)
            state.tier.gains.add(event.lot, _gain(event, at))
            if event.order is not None:
                patronage.count(state.patronage, at)
        case PointsReversed():
            _reversed(state, event)
        case PointsActivated(lot=lot, expires_at=expires_at):
            state.lots.activate(lot, expires_at)
        case PointsExpired(lot=lot, points=points):
            state.lots.expire(lot, points)
            state.totals.expired += points
        case PointsDebtSettled(points=points, allocations=allocations):
            state.lots.take(allocations)
            state.debt -= points
        case PointsReserved(reservation=reservation, allocations=allocations):
            state.lots.take(allocations)
            state.reserved[reservation] = event.points
            state.held[reservation] = Reservation(
                points=event.points,
                allocations=allocations,
                lapses_at=event.lapses_at,
                order=event.order,
            )
        case PointsReservationConfirmed(reservation=reservation):
            held = state.held[reservation]
            held.confirmed, held.order, held.lapses_at = True, event.order, None
        case PointsReservationReleased(reservation=reservation, allocations=allocations):
            state.lots.put_back(allocations)
            state.held.pop(reservation, None)
        case PointsRedeemed():
            _redeemed(state, event)
        case RedemptionReversed(redemption=spent, allocations=allocations):
            if event.reinstated_until is not None:
                for lot in event.reinstated:
                    state.lots.prolong(lot, event.reinstated_until)
            state.lots.put_back(allocations)
            state.redemptions[spent].restored += event.points
            state.totals.redeemed -= event.points
        case _:
            tiers.fold(state.tier, event)


def _earned(state: Account, event: PointsEarned, at: datetime) -> None:
    evaluation = event.evaluation
    state.totals.earned += event.points
    state.lots.add(
        event.lot,
        event.points,
        awarded_at=at,
        activates_at=event.activates_at,
        expires_at=event.expires_at,
        pending=event.pending,
    )
    state.awards[event.lot] = Award(
        kept=event.points,
        amount=evaluation.amount,
        remaining=evaluation.amount,
        exact_numerator=evaluation.exact_numerator,
        exact_denominator=evaluation.exact_denominator,
        rules_version=event.rules_version,
        standing=event.standing,
    )


def _gain(event: PointsEarned, at: datetime) -> Gain:
    return Gain(
        at=at,
        points=event.points,
        spend=event.evaluation.amount,
        currency=event.currency,
        is_order=event.order is not None,
    )


def _reversed(state: Account, event: PointsReversed) -> None:
    award = state.awards[event.lot]
    award.kept = event.kept
    award.written_off += event.written_off
    award.remaining = min(award.remaining, event.remaining)
    state.lots.take(event.allocations)
    state.debt += event.debt_added
    state.totals.reversed += event.points - event.written_off
    state.refunds.add((event.lot, event.refund))
    state.tier.gains.lose(event.lot, event.points, event.remaining)


def _redeemed(state: Account, event: PointsRedeemed) -> None:
    state.totals.redeemed += event.points
    if event.reservation is None:
        state.lots.take(event.allocations)
    else:
        state.held.pop(event.reservation, None)
    state.redemptions[event.redemption] = Redemption(
        points=event.points, allocations=event.allocations, reservation=event.reservation
    )


def moment(event: Event, at: datetime, state: Account) -> datetime:
    """
    When `event` occurred, which was decided at `at`.

    What fell due occurred at its own moment; what was held, spent or restored not before what the
    account knows already, so that nothing is spent before it was there.
    """
    match event:
        case PointsActivated(activated_at=when) | PointsExpired(expired_at=when):
            return when
        case PointsDebtSettled(settled_at=when) | PointsReservationReleased(released_at=when):
            return when
        case PointsReserved() | PointsReservationConfirmed():
            return max(at, state.as_of)
        case PointsRedeemed() | RedemptionReversed():
            return max(at, state.as_of)
        case _:
            return at


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
class ActivatePoints:
    """Let a pending lot be used, until `expires_at` where it is told, or as it was awarded."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    lot: LotId
    expires_at: datetime | None = None


@frozen(kw_only=True)
class RecordDuePoints:
    """Record what activated, expired or lapsed by now. No balance is another one for it."""

    program: ProgramId
    customer: CustomerId
    at: datetime


Command: TypeAlias = (
    AwardPoints
    | ActivatePoints
    | RecordOccasion
    | ReversePoints
    | RecordDuePoints
    | EvaluateTier
    | ConfirmReservation
    | redemption.Command
)


@frozen(kw_only=True)
class ImpossibleAward(Refusal):
    """An award gives from 0 to 10^16 points."""

    lot: LotId
    points: int

    def __str__(self) -> str:
        return f"lot {self.lot} cannot be of {self.points} points"


def decide(command: Command, state: Account) -> Sequence[Event]:
    """
    The events that `command` leads to, after those that fell due before it.

    A command that is dated before the account's last event is decided as of that event.

    Raises:
        ImpossibleAward: fewer points than none, or more than an occasion earns.
        Refusal: one of those of `redemption`.
        ValueError: see `reversal.decide`.
    """
    now = AccountAt(state, max(command.at, state.as_of))
    fell_due: list[Event] = list(now.due)
    added = _added(command, state, now)
    return [*fell_due, *added] if added or isinstance(command, RecordDuePoints) else []


def _added(command: Command, state: Account, now: AccountAt) -> Sequence[Event]:
    match command:
        case AwardPoints():
            return _award(command, state, now)
        case ActivatePoints(lot=lot, expires_at=expires_at):
            known = state.lots.known.get(lot)
            if known is None:
                return []
            return now.activate(lot, now.at, expires_at or known.expires_at)
        case ReversePoints():
            return reversal.decide(command, state, now)
        case RecordDuePoints():
            return []
        case RecordOccasion():
            return _opened(command, told_occasions.decide(command, state.occasions), state)
        case EvaluateTier():
            return tiers.decide(command, state.tier, partial(available, state))
        case ConfirmReservation():
            return points_payment.decide(command, state, now)
        case _:
            return redemption.decide(command, state, now)


def _award(command: AwardPoints, state: Account, now: AccountAt) -> Sequence[Event]:
    points = command.evaluation.points
    if not 0 <= points <= MOST_EARNED:
        raise ImpossibleAward(lot=command.lot, points=points)
    if command.lot in state.lots.known:
        return []
    activates_at = command.activates_at
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
        pending=command.pending or (activates_at is not None and activates_at > command.at),
        activates_at=activates_at,
        expires_at=command.expires_at,
    )
    return _opened(command, [earned, *_paid(now, earned)], state)


def _opened(
    command: AwardPoints | RecordOccasion, events: Sequence[Event], state: Account
) -> Sequence[Event]:
    """The events, the first of an account behind its opening."""
    if state.opened or not events:
        return events
    return [LoyaltyAccountOpened(program=command.program, customer=command.customer), *events]


def _paid(now: AccountAt, earned: PointsEarned) -> Sequence[Event]:
    """What an award that can be used pays of what is owed."""
    expires_at = earned.expires_at
    if earned.pending or (expires_at is not None and expires_at <= now.at):
        return []
    return now.pay([Allocation(lot=earned.lot, points=earned.points)], now.at)
