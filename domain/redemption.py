"""
Points that are spent: held for a while first or at once, and given back when an order is refunded.

What was spent comes back in proportion to the refunds, and the last one gives back the exact rest
(R4 of docs/loyalty.md); the points that were spent last come back first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from attrs import frozen

from regulars.domain.account import Account, Redemption
from regulars.domain.discounts import CouponOf
from regulars.domain.due import AccountAt
from regulars.domain.due import Event as Due
from regulars.domain.holding import PointsReserved, payment_of, require_own
from regulars.domain.ledger_policies import USUAL_RETURNS, Restore, ReturnPolicy, SpendOrder
from regulars.domain.lots import Allocation
from regulars.domain.reward import Reward
from regulars.domain.values import (
    CustomerId,
    LotId,
    OrderId,
    ProgramId,
    RedemptionId,
    RefundId,
    Refusal,
    ReservationId,
)


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PointsRedeemed:
    """
    `points` are spent on `units` of `reward`, held before under `reservation`, if they were.

    `catalogue` is the version of the catalogue that had the price; the coupons that it `brings`
    are issued.
    """

    program: ProgramId
    customer: CustomerId
    redemption: RedemptionId
    points: int
    allocations: tuple[Allocation, ...]
    reward: Reward
    reservation: ReservationId | None = None
    order: OrderId | None = None
    units: int = 1
    catalogue: int | None = None
    brings: tuple[CouponOf, ...] = ()


@frozen(kw_only=True)
class RedemptionReversed:
    """
    A refund gave back `points` of a redemption, each into its own lot.

    The lots of `reinstated` had expired; what came back of them lasts until `reinstated_until`.
    With the first points the coupons that the redemption brought are taken back.
    """

    program: ProgramId
    customer: CustomerId
    redemption: RedemptionId
    refund: RefundId
    points: int
    allocations: tuple[Allocation, ...]
    reinstated: tuple[LotId, ...] = ()
    reinstated_until: datetime | None = None
    takes_back: tuple[CouponOf, ...] = ()


Event: TypeAlias = PointsReserved | PointsRedeemed | RedemptionReversed


@frozen(kw_only=True)
class ReservePoints:
    """Hold points for something that is still to be paid for, until `lapses_at` at most."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    reservation: ReservationId
    points: int
    lapses_at: datetime | None = None
    order: OrderId | None = None
    spend: SpendOrder = SpendOrder.FEFO


@frozen(kw_only=True)
class CapturePoints:
    """Spend all that is held; what pays for an order, as its `payment_of` alone."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    reservation: ReservationId
    redemption: RedemptionId
    reward: Reward
    order: OrderId | None = None


@frozen(kw_only=True)
class ReleasePoints:
    """
    Put what is held back; what is held no more stays as it is.

    What pays for an order that was placed is put back by name of that `order` alone.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    reservation: ReservationId
    order: OrderId | None = None


@frozen(kw_only=True)
class RedeemPoints:
    """Spend points at once; `ClaimReward` does by the catalogue."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    redemption: RedemptionId
    points: int
    reward: Reward
    order: OrderId | None = None
    spend: SpendOrder = SpendOrder.FEFO
    units: int = 1
    catalogue: int | None = None
    brings: tuple[CouponOf, ...] = ()


@frozen(kw_only=True)
class ReverseRedemption:
    """Give back what was spent, once `refunded` of `whole` minor units were paid back in all."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    redemption: RedemptionId
    refund: RefundId
    refunded: int
    whole: int
    policy: ReturnPolicy = USUAL_RETURNS


Command: TypeAlias = (
    ReservePoints | CapturePoints | ReleasePoints | RedeemPoints | ReverseRedemption
)


@frozen(kw_only=True)
class NotEnoughPoints(Refusal):
    """Fewer points can be spent than were asked for."""

    available: int
    wanted: int

    def __str__(self) -> str:
        return f"{self.wanted} points are wanted, and {self.available} can be spent"


@frozen(kw_only=True)
class ImpossiblePoints(Refusal):
    """Points are spent and moved one at least."""

    points: int

    def __str__(self) -> str:
        return f"{self.points} points cannot be spent or moved"


@frozen(kw_only=True)
class ReservationDiffers(Refusal):
    """Other points were held under this id before, or for something else."""

    reservation: ReservationId

    def __str__(self) -> str:
        return f"reservation {self.reservation} is of other points, another order or another end"


@frozen(kw_only=True)
class NothingHeld(Refusal):
    """Under this id no points are held, or no longer."""

    reservation: ReservationId

    def __str__(self) -> str:
        return f"reservation {self.reservation} holds no points, or no longer"


@frozen(kw_only=True)
class RedemptionDiffers(Refusal):
    """Other points were spent under this id before, or on something else."""

    redemption: RedemptionId

    def __str__(self) -> str:
        return f"redemption {self.redemption} spent other points already, or on something else"


@frozen(kw_only=True)
class RestorationDiffers(Refusal):
    """Under this refund another part of what was spent came back before."""

    redemption: RedemptionId
    refund: RefundId

    def __str__(self) -> str:
        return f"refund {self.refund} gave back another part of redemption {self.redemption}"


@frozen(kw_only=True)
class UnknownRedemption(Refusal):
    """Nothing was spent under this id."""

    redemption: RedemptionId

    def __str__(self) -> str:
        return f"redemption {self.redemption} is not known"


@frozen(kw_only=True)
class ImpossibleRestoration(Refusal):
    """A redemption comes back by a part that lies between nothing and the whole."""

    redemption: RedemptionId
    refunded: int
    whole: int

    def __str__(self) -> str:
        return f"redemption {self.redemption} cannot come back for {self.refunded} of {self.whole}"


def decide(command: Command, state: Account, now: AccountAt) -> Sequence[Event | Due]:
    """
    The events that `command` leads to in an account, which is `now` what it is.

    Raises:
        Refusal: one of this module's, when the command cannot be.
    """
    match command:
        case ReservePoints():
            return _reserve(command, now)
        case CapturePoints():
            return _capture(command, state, now)
        case ReleasePoints(reservation=reservation):
            if reservation not in state.told.reservations:
                raise NothingHeld(reservation=reservation)
            if not now.holds(reservation):
                return []
            held = state.held[reservation]
            require_own(held, reservation, own=held.order == command.order)
            return now.release(reservation, now.at, lapsed=False)
        case RedeemPoints():
            return _redeem(command, now)
        case ReverseRedemption():
            return _restore(command, state, now)
        case _:
            assert_never(command)


def taken(now: AccountAt, points: int, order: SpendOrder) -> tuple[Allocation, ...]:
    """
    Exactly so many points that can be spent.

    Raises:
        ImpossiblePoints: not even one is asked for.
        NotEnoughPoints: there are not so many.
    """
    if points < 1:
        raise ImpossiblePoints(points=points)
    if points > now.available:
        raise NotEnoughPoints(available=now.available, wanted=points)
    return now.taken(points, order)


def _reserve(command: ReservePoints, now: AccountAt) -> Sequence[Event]:
    return [
        PointsReserved(
            program=command.program,
            customer=command.customer,
            reservation=command.reservation,
            points=command.points,
            allocations=taken(now, command.points, command.spend),
            lapses_at=command.lapses_at,
            order=command.order,
        )
    ]


def _capture(command: CapturePoints, state: Account, now: AccountAt) -> Sequence[Event]:
    held = state.held.get(command.reservation)
    if held is None or not now.holds(command.reservation):
        raise NothingHeld(reservation=command.reservation)
    own = held.order is not None and command.redemption == payment_of(held.order)
    require_own(held, command.reservation, own=own)
    return [
        PointsRedeemed(
            program=command.program,
            customer=command.customer,
            redemption=command.redemption,
            points=held.points,
            allocations=held.allocations,
            reward=command.reward,
            reservation=command.reservation,
            order=command.order or held.order,
        )
    ]


def _redeem(command: RedeemPoints, now: AccountAt) -> Sequence[Event]:
    return [
        PointsRedeemed(
            program=command.program,
            customer=command.customer,
            redemption=command.redemption,
            points=command.points,
            allocations=taken(now, command.points, command.spend),
            reward=command.reward,
            order=command.order,
            units=command.units,
            catalogue=command.catalogue,
            brings=command.brings,
        )
    ]


def _restore(command: ReverseRedemption, state: Account, now: AccountAt) -> Sequence[Event | Due]:
    spent = state.redemptions.get(command.redemption)
    if spent is None:
        raise UnknownRedemption(redemption=command.redemption)
    back = _coming_back(spent, part_restored(spent.points, command) - spent.restored)
    if not back:
        return []
    days = command.policy.reinstate_days
    past = tuple(one.lot for one in back if days and now.is_past(one.lot, now.at))
    reversed_ = RedemptionReversed(
        program=command.program,
        customer=command.customer,
        redemption=command.redemption,
        refund=command.refund,
        points=sum(one.points for one in back),
        allocations=back,
        reinstated=past,
        reinstated_until=now.at + timedelta(days=days) if past else None,
        takes_back=() if spent.restored else spent.brings,
    )
    return [reversed_, *now.give_back(back, now.at, prolonged=past)]


def part_restored(points: int, command: ReverseRedemption) -> int:
    """
    How much of a redemption is back once so much of the order is.

    Raises:
        ImpossibleRestoration: there is no such part.
    """
    if not 0 <= command.refunded <= command.whole or not command.whole:
        raise ImpossibleRestoration(
            redemption=command.redemption, refunded=command.refunded, whole=command.whole
        )

    match command.policy.restore:
        case Restore.PROPORTIONAL:
            return points * command.refunded // command.whole
        case Restore.FULL_ONLY:
            return points if command.refunded == command.whole else 0
        case _:
            assert_never(command.policy.restore)


def _coming_back(spent: Redemption, points: int) -> tuple[Allocation, ...]:
    """The next so many points that come back, after those that did; none if `points` is below 1."""
    found: list[Allocation] = []
    skipped = spent.restored
    for one in reversed(spent.allocations):
        already = min(skipped, one.points)
        skipped -= already
        part = min(points, one.points - already)
        if part > 0:
            found.append(Allocation(lot=one.lot, points=part))
            points -= part
    return tuple(found)
