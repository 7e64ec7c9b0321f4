"""
A loyalty account: the points that one customer earned in one programme, lot by lot.

What an order earns is rounded down once (R1 of docs/loyalty.md).
What refunds take is decided in `reversal`, what is spent in `redemption`, what falls due in `due`,
what a person corrects in `adjustment`, and what concerns two accounts in `two_accounts`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

from attrs import frozen

from regulars.domain import (
    account_merge,
    adjustment,
    closing,
    due,
    expiry_notice,
    idleness,
    patronage,
    points_payment,
    redemption,
    reversal,
    spending,
    tiers,
    told_occasions,
    transfer,
)
from regulars.domain.account import Account, Award, require_open
from regulars.domain.account_merge import (
    LoyaltyAccountAbsorbed,
    LoyaltyAccountMerged,
    LoyaltyAccountSeparated,
    SeparateAccount,
)
from regulars.domain.adjustment import AdjustPoints, MigratePoints, PointsAdjusted, PointsMigrated
from regulars.domain.closing import CloseAccount, LoyaltyAccountClosed
from regulars.domain.due import AccountAt, available
from regulars.domain.earning import MOST_EARNED, Evaluation
from regulars.domain.earning_rules import ORDER
from regulars.domain.expiry_notice import IssueExpiryNotice, PointsExpiryNoticeIssued
from regulars.domain.gains import Gain
from regulars.domain.holding import (
    PointsReservationConfirmed,
    PointsReservationReleased,
    PointsReserved,
)
from regulars.domain.idleness import (
    InactivityLimitSet,
    LimitInactivity,
    LoyaltyAccountWentIdle,
)
from regulars.domain.lots import PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.occasions import NEWCOMER, Standing
from regulars.domain.points_payment import ConfirmReservation
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.repeats import is_repeat
from regulars.domain.reversal import PointsReversed, ReversePoints
from regulars.domain.tiers import EvaluateTier
from regulars.domain.told_occasions import OccasionRecorded, RecordOccasion
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut
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
    | due.Event
    | spending.Event
    | adjustment.Event
    | transfer.Event
    | account_merge.Event
    | LoyaltyAccountClosed
    | InactivityLimitSet
    | PointsExpiryNoticeIssued
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
            told_occasions.fold(state.occasions, state.told, event, at)
        case PointsEarned():
            _earned(state, event, at)
            state.tier.gains.add(event.lot, _gain(event, at))
            if event.order is not None:
                patronage.count(state.patronage, at)
            idleness.moved(state.idleness, state.as_of)
        case PointsExpiryNoticeIssued(lots=lots):
            state.lots.tell({one.lot: one.expires_at for one in lots})
        case PointsReversed():
            reversal.fold(state, event, at)
        case PointsReserved() | PointsReservationConfirmed():
            spending.fold(state, event)
        case PointsRedeemed() | RedemptionReversed():
            spending.fold(state, event)
        case PointsAdjusted() | PointsMigrated():
            adjustment.fold(state, event, at)
        case PointsTransferredOut() | PointsTransferredIn():
            transfer.fold(state, event)
        case LoyaltyAccountMerged() | LoyaltyAccountAbsorbed() | LoyaltyAccountSeparated():
            account_merge.fold(state, event)
        case LoyaltyAccountClosed():
            closing.fold(state, event)
        case InactivityLimitSet(days=days):
            idleness.limit(state.idleness, days, state.as_of)
        case (
            PointsActivated()
            | PointsExpired()
            | PointsDebtSettled()
            | PointsReservationReleased()
            | LoyaltyAccountWentIdle()
        ):
            due.fold(state, event)
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
        case LoyaltyAccountWentIdle(idle_at=when):
            return when
        case PointsTransferredOut(transferred_at=when) | PointsTransferredIn(transferred_at=when):
            return when
        case LoyaltyAccountMerged(merged_at=when) | LoyaltyAccountAbsorbed(merged_at=when):
            return when
        case PointsAdjusted(lot=str(), effective_at=when):
            return when
        case (
            PointsReserved()
            | PointsReservationConfirmed()
            | PointsRedeemed()
            | RedemptionReversed()
            | PointsExpiryNoticeIssued()
            | PointsAdjusted()
            | InactivityLimitSet()
            | LoyaltyAccountSeparated()
            | LoyaltyAccountClosed()
        ):
            return max(at, state.as_of)
        case _:
            return at


@frozen(kw_only=True)
class AwardPoints:
    """Credit what an occasion earns, as `PointsEarned` has it; the first opens the account."""

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
    | LimitInactivity
    | SeparateAccount
    | CloseAccount
    | ConfirmReservation
    | IssueExpiryNotice
    | redemption.Command
    | adjustment.Command
)

_Anyway: TypeAlias = RecordDuePoints | IssueExpiryNotice | SeparateAccount | CloseAccount
"""What an account is told that is closed, or part of another."""

_Opening: TypeAlias = AwardPoints | RecordOccasion | LimitInactivity | adjustment.Command


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
        AccountClosed, AccountMerged: the account is none of its own any more.
        Refusal: one of those of `redemption`, `adjustment`, `closing` or `idleness`.
        ValueError: see `reversal.decide`.
    """
    now = AccountAt(state, max(command.at, state.as_of))
    fell_due: list[Event] = list(now.due)
    added = _added(command, state, now)
    return [*fell_due, *added] if added or isinstance(command, RecordDuePoints) else []


def _added(command: Command, state: Account, now: AccountAt) -> Sequence[Event]:
    if _is_known(command, state):
        return []
    if not isinstance(command, _Anyway):
        require_open(state)
    match command:
        case RecordDuePoints():
            return []
        case IssueExpiryNotice():
            return expiry_notice.decide(command, state, now)
        case SeparateAccount():
            return account_merge.separate(command, state)
        case CloseAccount():
            return closing.decide(command, state, now)
        case AwardPoints():
            return _award(command, state, now)
        case ActivatePoints(lot=lot, expires_at=expires_at):
            known = state.lots.known.get(lot)
            if known is None:
                return []
            return now.activate(lot, now.at, expires_at or known.expires_at)
        case ReversePoints():
            return reversal.decide(command, state, now)
        case RecordOccasion():
            return _opened(command, told_occasions.decide(command, state.occasions), state)
        case EvaluateTier():
            return tiers.decide(command, state.tier, partial(available, state))
        case LimitInactivity():
            return _opened(command, idleness.decide(command, state.idleness), state)
        case AdjustPoints() | MigratePoints():
            return _opened(command, adjustment.decide(command, state, now), state)
        case ConfirmReservation():
            return points_payment.decide(command, state, now)
        case _:
            return redemption.decide(command, state, now)


def _is_known(command: Command, state: Account) -> bool:
    if isinstance(command, AwardPoints):
        if not 0 <= command.evaluation.points <= MOST_EARNED:
            raise ImpossibleAward(lot=command.lot, points=command.evaluation.points)
        return command.lot in state.lots.known or command.lot in state.went
    return is_repeat(command, state)


def _award(command: AwardPoints, state: Account, now: AccountAt) -> Sequence[Event]:
    points = command.evaluation.points
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
    paid = [] if earned.pending else now.pay_with_new(earned.lot, points, earned.expires_at)
    return _opened(command, [earned, *paid], state)


def _opened(command: _Opening, events: Sequence[Event], state: Account) -> Sequence[Event]:
    """The events, the first of an account behind its opening."""
    if state.opened or not events:
        return events
    return [LoyaltyAccountOpened(program=command.program, customer=command.customer), *events]
