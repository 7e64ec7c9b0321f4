"""Points that pay for an order: held from its placing on, and how much of them a refund brings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from fractions import Fraction
from math import gcd

from attrs import frozen

from regulars.domain.account import Account
from regulars.domain.discounts import PointsPayment
from regulars.domain.due import AccountAt
from regulars.domain.holding import PointsReservationConfirmed, PointsReserved
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.names import MERGED
from regulars.domain.purchase import OrderPlaced, priced
from regulars.domain.redemption import NothingHeld, ReservationDiffers, taken
from regulars.domain.reward_catalogue import PricedReward
from regulars.domain.values import CustomerId, OrderId, ProgramId, Refusal, ReservationId


@frozen(kw_only=True)
class ConfirmReservation:
    """
    Let points pay for an order that was placed: those held before, or as many that can be spent.

    What was held for a basket under the same id, for that order or for none, is taken over.
    They pay `amount`, at the price of `cash` if the programme has one.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    reservation: ReservationId
    points: int
    order: OrderId
    amount: int
    cash: PricedReward | None = None
    spend: SpendOrder = SpendOrder.FEFO


@frozen(kw_only=True)
class WorthDiffers(Refusal):
    """Points pay exactly what the programme says that they are worth (R6)."""

    order: OrderId
    points: int
    amount: int

    def __str__(self) -> str:
        return f"order {self.order}: {self.points} points are not worth {self.amount} minor units"


def decide(
    command: ConfirmReservation, state: Account, now: AccountAt
) -> Sequence[PointsReserved | PointsReservationConfirmed]:
    """
    What is held for an order from now on; nothing a second time.

    Raises:
        NothingHeld: what was held is spent, released or lapsed, or did not come with a merge.
        ReservationDiffers: other points are held under this id, or for another order.
        NotEnoughPoints: nothing is held, and fewer points can be spent.
        WorthDiffers: they are worth another amount.
    """
    _require_worth(command)
    confirmed = PointsReservationConfirmed(
        program=command.program,
        customer=command.customer,
        reservation=command.reservation,
        points=command.points,
        order=command.order,
    )
    if command.reservation not in state.told.reservations:
        if command.reservation.startswith(f"{MERGED}/"):  # no host begins a name with it
            raise NothingHeld(reservation=command.reservation)
        reserved = PointsReserved(
            program=command.program,
            customer=command.customer,
            reservation=command.reservation,
            points=command.points,
            allocations=taken(now, command.points, command.spend),
            order=command.order,
        )
        return [reserved, confirmed]
    if not now.holds(command.reservation):
        raise NothingHeld(reservation=command.reservation)
    held = state.held[command.reservation]
    if held.points != command.points or held.order not in {None, command.order}:
        raise ReservationDiffers(reservation=command.reservation)
    return [] if held.confirmed else [confirmed]


def _require_worth(command: ConfirmReservation) -> None:
    cash = command.cash
    if cash is None or cash.value is None:
        return
    if command.points * cash.value.minor != command.amount * cash.points:
        raise WorthDiffers(order=command.order, points=command.points, amount=command.amount)


class Bound(Enum):
    """
    Why no more points may pay for an order.

    No more can be spent (`BALANCE`) or is left to pay for goods (`GOODS`); points are shared by
    `LINES` whose prices add up, and spent by who has an account: `NOBODY` does.
    """

    BALANCE = "balance"
    GOODS = "goods"
    LINES = "lines"
    NOBODY = "nobody"


@frozen(kw_only=True)
class MostPoints:
    """
    The most points that may pay for an order, and the `amount` of its goods that they pay.

    The amount is None where the programme does not say what points are worth. `step` is how many
    points at once pay whole minor units, so that only multiples of it pay.
    """

    points: int
    amount: int | None
    bound: Bound
    step: int = 1


def most_points(available: int, goods: int, cash: PricedReward | None) -> MostPoints:
    """
    The most of `available` points that may pay for goods of so many minor units.

    At the price of `cash`, exactly (R6), or at one that the host sets.
    """
    if cash is None or cash.value is None:
        bound = Bound.BALANCE if goods else Bound.GOODS
        return MostPoints(points=available if goods else 0, amount=None, bound=bound)
    common = gcd(cash.points, cash.value.minor)
    step, paid = cash.points // common, cash.value.minor // common
    affordable, payable = available // step, goods // paid
    times = min(affordable, payable)
    return MostPoints(
        points=times * step,
        amount=times * paid,
        bound=Bound.BALANCE if affordable < payable else Bound.GOODS,
        step=step,
    )


def part_back(
    placed: OrderPlaced, paid: PointsPayment, goods_refunded: int, returned: Mapping[int, int]
) -> Fraction:
    """
    The part of what points paid that came back, once `goods_refunded` did and units by line.

    Goods that go back bring the points that paid for them, by the shares that the order was placed
    with. An amount brings of the goods that are kept the same part of the points as of the money.
    """
    gone = [line.part(returned.get(line.line, 0)) for line in priced(placed)]
    cash = sum(line.cash for line in gone)
    points = sum(line.points for line in gone)
    amount, kept = max(0, goods_refunded - cash), placed.total - cash
    of_kept = Fraction(amount, kept) if kept else Fraction(0)
    return (points + (paid.amount - points) * of_kept) / paid.amount
