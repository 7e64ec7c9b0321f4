"""What an account brings along that is merged into another: all that is still needed of it."""

from datetime import datetime

from attrs import define, frozen

from regulars.domain.discounts import CouponOf
from regulars.domain.empty import empty
from regulars.domain.lots import Allocation
from regulars.domain.occasions import Standing
from regulars.domain.values import (
    CustomerId,
    LotId,
    OrderId,
    RedemptionId,
    RefundId,
    ReservationId,
)


@frozen(kw_only=True)
class MergedAward:
    """What refunds need of an award: see `Award`. It counts for tiers as before."""

    kept: int
    amount: int
    remaining: int
    written_off: int
    exact_numerator: int
    exact_denominator: int
    rules_version: int | None
    standing: Standing
    refunds: tuple[RefundId, ...]
    currency: str | None
    is_order: bool


@frozen(kw_only=True)
class MergedLot:
    """A lot as it came, see `Lot`; in the absorbed account it was called `of`."""

    lot: LotId
    of: LotId
    points: int
    left: int
    expired: int
    awarded_at: datetime
    pending: bool
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    told_end: datetime | None = None
    award: MergedAward | None = None


@frozen(kw_only=True)
class MergedReservation:
    """Points that are still held; in the absorbed account the reservation was called `of`."""

    reservation: ReservationId
    of: ReservationId
    points: int
    allocations: tuple[Allocation, ...]
    lapses_at: datetime | None = None
    order: OrderId | None = None
    confirmed: bool = False


@frozen(kw_only=True)
class MergedRedemption:
    """Points that were spent, of which `restored` came back; it was called `of` before."""

    redemption: RedemptionId
    of: RedemptionId
    points: int
    allocations: tuple[Allocation, ...]
    restored: int = 0
    reservation: ReservationId | None = None
    brings: tuple[CouponOf, ...] = ()


@define
class Came:
    """What is called how since it came: by whose it was before, and what it was called there."""

    lots: dict[tuple[CustomerId, LotId], LotId] = empty(dict[tuple[CustomerId, LotId], LotId])
    reservations: dict[tuple[CustomerId, ReservationId], ReservationId] = empty(
        dict[tuple[CustomerId, ReservationId], ReservationId]
    )
    redemptions: dict[tuple[CustomerId, RedemptionId], RedemptionId] = empty(
        dict[tuple[CustomerId, RedemptionId], RedemptionId]
    )
