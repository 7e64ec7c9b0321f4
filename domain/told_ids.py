"""
What an account was told under ids, so that nothing happens a second time when it is told again.

It stays when the account is closed or merged, and is told to the one that it is merged into.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeVar

from attrs import define, frozen

from regulars.domain.empty import empty
from regulars.domain.reward import Reward
from regulars.domain.values import (
    AdjustmentId,
    CustomerId,
    LotId,
    OccasionId,
    OrderId,
    RedemptionId,
    RefundId,
    ReservationId,
    TransferId,
)


# Stored as parts of events, with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class ToldAdjustment:
    """A correction: see `PointsAdjusted`."""

    adjustment: AdjustmentId
    points: int
    reason: str
    approver: str
    effective_at: datetime
    expires_at: datetime | None = None


@frozen(kw_only=True)
class ToldMigration:
    """Points of another system: see `PointsMigrated`."""

    lot: LotId
    points: int
    legacy_ref: str
    expires_at: datetime | None = None


@frozen(kw_only=True)
class ToldTransfer:
    """Points that were given away: see `PointsTransferredOut`."""

    transfer: TransferId
    receiver: CustomerId
    points: int


@frozen(kw_only=True)
class ToldReservation:
    """Points that were held, if they are not any more: see `PointsReserved`."""

    reservation: ReservationId
    points: int
    lapses_at: datetime | None = None
    order: OrderId | None = None


@frozen(kw_only=True)
class ToldRedemption:
    """Points that were spent: see `PointsRedeemed`. The reward is None where nobody kept it."""

    redemption: RedemptionId
    points: int
    reward: Reward | None = None
    reservation: ReservationId | None = None
    order: OrderId | None = None
    units: int = 1
    catalogue: int | None = None


@frozen(kw_only=True)
class ToldOccasion:
    """An occasion: see `OccasionRecorded`. Its name is None where nobody kept it."""

    occasion: OccasionId
    on: str | None


@frozen(kw_only=True)
class ToldThere:
    """All that was told to an account, and to those that were merged into it."""

    adjustments: tuple[ToldAdjustment, ...] = ()
    migrations: tuple[ToldMigration, ...] = ()
    transfers: tuple[ToldTransfer, ...] = ()
    reservations: tuple[ToldReservation, ...] = ()
    redemptions: tuple[ToldRedemption, ...] = ()
    occasions: tuple[ToldOccasion, ...] = ()


NOTHING_TOLD: Final = ToldThere()


@define
class ToldIds:
    """
    By its id, what was told of each kind.

    `released` are the reservations that were let go of, and `restored` tells how many points of a
    redemption were back after each refund.
    Two accounts may have used one id. After their merge it stands for what the survivor was told.
    """

    adjustments: dict[AdjustmentId, ToldAdjustment] = empty(dict[AdjustmentId, ToldAdjustment])
    migrations: dict[LotId, ToldMigration] = empty(dict[LotId, ToldMigration])
    transfers: dict[TransferId, ToldTransfer] = empty(dict[TransferId, ToldTransfer])
    reservations: dict[ReservationId, ToldReservation] = empty(dict[ReservationId, ToldReservation])
    redemptions: dict[RedemptionId, ToldRedemption] = empty(dict[RedemptionId, ToldRedemption])
    occasions: dict[OccasionId, ToldOccasion] = empty(dict[OccasionId, ToldOccasion])
    released: set[ReservationId] = empty(set[ReservationId])
    restored: dict[tuple[RedemptionId, RefundId], int] = empty(
        dict[tuple[RedemptionId, RefundId], int]
    )


Key = TypeVar("Key")
Content = TypeVar("Content")


def join(state: ToldIds, there: ToldThere) -> None:
    """Record in `state` what another account was told; its own ids go first."""
    _add(state.adjustments, ((one.adjustment, one) for one in there.adjustments))
    _add(state.migrations, ((one.lot, one) for one in there.migrations))
    _add(state.transfers, ((one.transfer, one) for one in there.transfers))
    _add(state.reservations, ((one.reservation, one) for one in there.reservations))
    _add(state.redemptions, ((one.redemption, one) for one in there.redemptions))
    _add(state.occasions, ((one.occasion, one) for one in there.occasions))


def _add(known: dict[Key, Content], others: Iterable[tuple[Key, Content]]) -> None:
    for key, content in others:
        known.setdefault(key, content)
