"""
Points that a person puts into an account or takes out, and those brought along from elsewhere.

Both say why, by a code, and never count towards a tier.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import frozen

from regulars.domain import idleness
from regulars.domain.account import Account
from regulars.domain.codes import require_code
from regulars.domain.due import AccountAt
from regulars.domain.earning import MOST_EARNED
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.lots import Allocation, PointsDebtSettled
from regulars.domain.names import ADJUSTMENT
from regulars.domain.redemption import ImpossiblePoints, NotEnoughPoints
from regulars.domain.told_ids import ToldAdjustment, ToldMigration
from regulars.domain.values import AdjustmentId, CustomerId, LotId, ProgramId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PointsAdjusted:
    """
    A person corrected the account by `points`, for `reason`, as `approver` allowed.

    Above 0 they are the lot `lot`, which lasts until `expires_at`. Below 0 they were taken of
    `allocations`, and what no lot had is owed (`debt_added`). `effective_at` is the moment that the
    correction is for.
    """

    program: ProgramId
    customer: CustomerId
    adjustment: AdjustmentId
    points: int
    reason: str
    approver: str
    effective_at: datetime
    lot: LotId | None = None
    expires_at: datetime | None = None
    allocations: tuple[Allocation, ...] = ()
    debt_added: int = 0


@frozen(kw_only=True)
class PointsMigrated:
    """
    Points that the customer had in another system are a lot of this one, until `expires_at`.

    `legacy_ref` is what that system called them.
    """

    program: ProgramId
    customer: CustomerId
    lot: LotId
    points: int
    legacy_ref: str
    expires_at: datetime | None = None


Event: TypeAlias = PointsAdjusted | PointsMigrated


def fold(state: Account, event: Event, at: datetime) -> None:
    """Record in `state` what happened."""
    if event.lot is not None:
        state.lots.add(event.lot, event.points, awarded_at=at, expires_at=event.expires_at)
    if isinstance(event, PointsAdjusted):
        state.told.adjustments[event.adjustment] = ToldAdjustment(
            adjustment=event.adjustment,
            points=event.points,
            reason=event.reason,
            approver=event.approver,
            effective_at=event.effective_at,
            expires_at=event.expires_at,
        )
        state.totals.adjusted += event.points
        state.lots.take(event.allocations)
        state.debt += event.debt_added
    else:
        state.told.migrations[event.lot] = ToldMigration(
            lot=event.lot,
            points=event.points,
            legacy_ref=event.legacy_ref,
            expires_at=event.expires_at,
        )
        state.totals.migrated += event.points
    idleness.came(state.idleness, state.as_of)


@frozen(kw_only=True)
class AdjustPoints:
    """
    Put `points` into the account, or take them out if below 0; `reason` is a code.

    `effective_at` is the moment that the correction is for, if it lies before. What is taken is
    taken as if it were spent; what is lacking is refused unless it may be `owed`.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    adjustment: AdjustmentId
    points: int
    reason: str
    approver: str
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    owed: bool = False
    spend: SpendOrder = SpendOrder.FEFO


@frozen(kw_only=True)
class MigratePoints:
    """Bring points along from another system, as a lot of their own; opens the account."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    lot: LotId
    points: int
    legacy_ref: str
    expires_at: datetime | None = None


Command: TypeAlias = AdjustPoints | MigratePoints


@frozen(kw_only=True)
class AdjustmentDiffers(Refusal):
    """Under this id something else was corrected before, or for another reason."""

    adjustment: AdjustmentId

    def __str__(self) -> str:
        return (
            f"adjustment {self.adjustment} was of other points, or for another reason, approver,"
            " moment or end"
        )


@frozen(kw_only=True)
class NotYetEffective(Refusal):
    """A correction is for a moment that has come."""

    adjustment: AdjustmentId

    def __str__(self) -> str:
        return f"adjustment {self.adjustment} cannot be for a later moment than its own"


@frozen(kw_only=True)
class MigrationDiffers(Refusal):
    """There is a lot of this name, which is of other points or came otherwise."""

    lot: LotId

    def __str__(self) -> str:
        return f"lot {self.lot} is there already, of other points, another end or another origin"


def decide(command: Command, state: Account, now: AccountAt) -> Sequence[Event | PointsDebtSettled]:
    """
    What is put in or taken out of an account, which is `now` what it is.

    Raises:
        NoCode: a reason, an approver or a reference is no code.
        Refusal: one of this module's, or of `redemption`, when the command cannot be.
    """
    match command:
        case MigratePoints():
            return _migrate(command, state, now)
        case AdjustPoints():
            require_code("reason", command.reason)
            require_code("approver", command.approver)
            return _adjust(command, state, now)
        case _:
            assert_never(command)


def _migrate(
    command: MigratePoints, state: Account, now: AccountAt
) -> Sequence[Event | PointsDebtSettled]:
    require_code("legacy_ref", command.legacy_ref)
    if command.lot in state.lots.known or command.lot in state.went:
        raise MigrationDiffers(lot=command.lot)
    _require_possible(command.points)
    migrated = PointsMigrated(
        program=command.program,
        customer=command.customer,
        lot=command.lot,
        points=command.points,
        legacy_ref=command.legacy_ref,
        expires_at=command.expires_at,
    )
    return [migrated, *now.pay_with_new(command.lot, command.points, command.expires_at)]


def _adjust(
    command: AdjustPoints, state: Account, now: AccountAt
) -> Sequence[Event | PointsDebtSettled]:
    effective_at = command.effective_at or command.at
    if effective_at > command.at:
        raise NotYetEffective(adjustment=command.adjustment)
    wanted = abs(command.points)
    _require_possible(wanted)
    coming = command.points > 0
    lacking = 0 if coming else max(0, wanted - now.available)
    if lacking and not command.owed:
        raise NotEnoughPoints(available=now.available, wanted=wanted)
    lot = LotId(f"{ADJUSTMENT}/{command.adjustment}") if coming else None
    if lot in state.lots.known or lot in state.went:
        raise AdjustmentDiffers(adjustment=command.adjustment)
    adjusted = PointsAdjusted(
        program=command.program,
        customer=command.customer,
        adjustment=command.adjustment,
        points=command.points,
        reason=command.reason,
        approver=command.approver,
        effective_at=effective_at,
        lot=lot,
        expires_at=command.expires_at if coming else None,
        allocations=() if coming else now.taken(wanted - lacking, command.spend),
        debt_added=lacking,
    )
    if lot is None:
        return [adjusted]
    return [adjusted, *now.pay_with_new(lot, wanted, command.expires_at)]


def _require_possible(points: int) -> None:
    if not 1 <= points <= MOST_EARNED:
        raise ImpossiblePoints(points=points)
