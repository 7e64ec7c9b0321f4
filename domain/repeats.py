"""What an account is told again under an id; it is known for good, also once that one is over."""

from regulars.domain.account import Account
from regulars.domain.adjustment import (
    AdjustmentDiffers,
    AdjustPoints,
    MigratePoints,
    MigrationDiffers,
)
from regulars.domain.earning_rules import ORDER
from regulars.domain.redemption import (
    CapturePoints,
    RedeemPoints,
    RedemptionDiffers,
    ReleasePoints,
    ReservationDiffers,
    ReservePoints,
    RestorationDiffers,
    ReverseRedemption,
    part_restored,
)
from regulars.domain.reversal import ReversePoints
from regulars.domain.told_ids import ToldAdjustment, ToldIds
from regulars.domain.told_occasions import OccasionDiffers, RecordOccasion
from regulars.domain.transfer import TransferDiffers, TransferPoints


def is_repeat(command: object, state: Account) -> bool:
    """
    Whether an account was told just this before, and it was done; what has no id is no repeat.

    Raises:
        Refusal: it was told something else under that id; named for its kind.
    """
    told = state.told
    match command:
        case AdjustPoints():
            return _is_corrected(command, told)
        case MigratePoints():
            return _is_brought(command, told)
        case TransferPoints():
            return _is_given(command, told)
        case ReservePoints():
            return _is_held(command, told)
        case ReleasePoints(reservation=reservation):
            return reservation in told.released
        case RedeemPoints():
            return _is_spent(command, told)
        case CapturePoints():
            return _is_captured(command, told)
        case ReverseRedemption():
            return _is_back(command, told)
        case ReversePoints(lot=lot, refund=refund):
            return (lot, refund) in state.refunds
        case RecordOccasion():
            return _has_come(command, told)
        case _:
            return False


def _is_corrected(command: AdjustPoints, told: ToldIds) -> bool:
    """Moments that are not named, and the end of what was taken out, are not compared."""
    known = told.adjustments.get(command.adjustment)
    if known is None:
        return False
    again = ToldAdjustment(
        adjustment=command.adjustment,
        points=command.points,
        reason=command.reason,
        approver=command.approver,
        effective_at=command.effective_at or known.effective_at,
        expires_at=command.expires_at if command.points > 0 else known.expires_at,
    )
    if again != known:
        raise AdjustmentDiffers(adjustment=command.adjustment)
    return True


def _is_brought(command: MigratePoints, told: ToldIds) -> bool:
    known = told.migrations.get(command.lot)
    if known is None:
        return False
    there = (known.points, known.legacy_ref, known.expires_at)
    if there != (command.points, command.legacy_ref, command.expires_at):
        raise MigrationDiffers(lot=command.lot)
    return True


def _is_given(command: TransferPoints, told: ToldIds) -> bool:
    known = told.transfers.get(command.transfer)
    if known is None:
        return False
    if (known.receiver, known.points) != (command.receiver, command.points):
        raise TransferDiffers(transfer=command.transfer)
    return True


def _has_come(command: RecordOccasion, told: ToldIds) -> bool:
    """How far apart such occasions are to be is not compared."""
    known = told.occasions.get(command.occasion)
    if known is None or command.on == ORDER:
        return False
    if known.on not in {None, command.on}:
        raise OccasionDiffers(occasion=command.occasion)
    return True


def _is_held(command: ReservePoints, told: ToldIds) -> bool:
    known = told.reservations.get(command.reservation)
    if known is None:
        return False
    there = (known.points, known.lapses_at, known.order)
    if there != (command.points, command.lapses_at, command.order):
        raise ReservationDiffers(reservation=command.reservation)
    return True


def _is_spent(command: RedeemPoints, told: ToldIds) -> bool:
    known = told.redemptions.get(command.redemption)
    if known is None:
        return False
    there = (known.points, known.reward, known.reservation, known.order, known.units)
    if there != (command.points, command.reward, None, command.order, command.units):
        raise RedemptionDiffers(redemption=command.redemption)
    return True


def _is_captured(command: CapturePoints, told: ToldIds) -> bool:
    """The order that the points were held for need not be named."""
    known = told.redemptions.get(command.redemption)
    if known is None:
        return False
    there = (known.reservation, known.reward, known.order)
    again = (command.reservation, command.reward, command.order or known.order)
    if there != again:
        raise RedemptionDiffers(redemption=command.redemption)
    return True


def _is_back(command: ReverseRedemption, told: ToldIds) -> bool:
    known = told.restored.get((command.redemption, command.refund))
    if known is None:
        return False
    if known != part_restored(told.redemptions[command.redemption].points, command):
        raise RestorationDiffers(redemption=command.redemption, refund=command.refund)
    return True
