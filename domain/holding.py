"""Points that are held for something that is not paid for yet: neither usable nor spent."""

from datetime import datetime

from attrs import define, frozen

from regulars.domain.lots import Allocation
from regulars.domain.names import PAYMENT
from regulars.domain.values import (
    CustomerId,
    OrderId,
    ProgramId,
    RedemptionId,
    Refusal,
    ReservationId,
)


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PointsReserved:
    """
    `points` are held under `reservation`, until they are redeemed or released.

    At `lapses_at` they are released by themselves; None holds them for good.
    """

    program: ProgramId
    customer: CustomerId
    reservation: ReservationId
    points: int
    allocations: tuple[Allocation, ...]
    lapses_at: datetime | None = None
    order: OrderId | None = None


@frozen(kw_only=True)
class PointsReservationReleased:
    """What was held is back in its lots since `released_at`; `lapsed` if nobody asked for it."""

    program: ProgramId
    customer: CustomerId
    reservation: ReservationId
    points: int
    allocations: tuple[Allocation, ...]
    released_at: datetime
    lapsed: bool = False


@frozen(kw_only=True)
class PointsReservationConfirmed:
    """What is held pays for `order`, which was placed: it does not lapse any more."""

    program: ProgramId
    customer: CustomerId
    reservation: ReservationId
    points: int
    order: OrderId


@define
class Reservation:
    """Points that are held. Those that are `confirmed` pay for an order that was placed."""

    points: int
    allocations: tuple[Allocation, ...]
    lapses_at: datetime | None = None
    order: OrderId | None = None
    confirmed: bool = False

    def pays_for(self, order: OrderId) -> bool:
        """Whether an order was placed with these points."""
        return self.confirmed and self.order == order


def payment_of(order: OrderId) -> RedemptionId:
    """The redemption by which points pay for an order."""
    return RedemptionId(f"{PAYMENT}/{order}")


@frozen(kw_only=True)
class HeldForOrder(Refusal):
    """An order that was placed is paid with these points: what becomes of it becomes of them."""

    reservation: ReservationId
    pays_for: OrderId | None

    def __str__(self) -> str:
        return f"reservation {self.reservation} pays for order {self.pays_for}"


def require_own(held: Reservation, reservation: ReservationId, *, own: bool) -> None:
    """
    Leave what pays for an order that was placed to that order.

    Raises:
        HeldForOrder: somebody else would spend or release it.
    """
    if held.confirmed and not own:
        raise HeldForOrder(reservation=reservation, pays_for=held.order)
