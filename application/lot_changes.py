"""What each event of an account does with the points of its lots, in words."""

from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias

from attrs import frozen

from regulars.domain.account_merge import LoyaltyAccountAbsorbed
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.holding import PointsReservationReleased, PointsReserved
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import Event, PointsEarned
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut
from regulars.domain.values import LotId, OrderId, RefundId


class Moved(Enum):
    """What an event does with points of a lot. `value` reads on from their number."""

    EARNED = "earned"
    ACTIVATED = "activated"
    HELD = "held"
    RELEASED = "released"
    SPENT = "spent"
    RESTORED = "restored"
    REVERSED = "reversed"
    SETTLED = "settled"
    EXPIRED = "expired"
    BROUGHT = "brought along"
    PUT_IN = "put in"
    TAKEN_OUT = "taken out"
    RECEIVED = "received"
    GIVEN = "given"
    FORFEITED = "forfeited"


Under: TypeAlias = tuple[Moved, str]
"""A hold or a spending, and the id under which it was."""


@frozen(kw_only=True)
class Change:
    """What an event does with points of one lot: each adds `left` and `held` to what it has."""

    of: Allocation
    what: Moved
    why: str
    left: int = -1
    held: int = 0
    order: OrderId | None = None
    refund: RefundId | None = None
    under: Under | None = None


def changes(event: Event) -> Iterator[Change]:
    """What an event does with points of each lot that it names."""
    match event:
        case PointsEarned(lot=lot, order=order):
            yield Change(
                of=Allocation(lot=lot, points=event.points),
                what=Moved.EARNED,
                why=f"earned by order {order}" if order is not None else f"earned: {event.on}",
                left=1,
                order=order,
            )
        case PointsActivated(lot=lot):
            of = Allocation(lot=lot, points=event.points)
            yield Change(of=of, what=Moved.ACTIVATED, why="can be used from now on", left=0)
        case PointsExpired(lot=lot):
            of = Allocation(lot=lot, points=event.points)
            yield Change(of=of, what=Moved.EXPIRED, why="expired unused")
        case PointsDebtSettled(allocations=allocations):
            for one in allocations:
                yield Change(of=one, what=Moved.SETTLED, why="paid what was owed")
        case PointsReversed(allocations=allocations, lot=lot):
            for one in allocations:
                why = f"taken back by refund {event.refund}"
                yield Change(
                    of=one,
                    what=Moved.REVERSED,
                    why=why if one.lot == lot else f"{why}, which {lot} had too few left for",
                    order=event.order,
                    refund=event.refund,
                )
        case _:
            yield from _spending(event)


def _spending(event: Event) -> Iterator[Change]:
    match event:
        case PointsReserved(order=order):
            whom = "" if order is None else f" for order {order}"
            why = f"held{whom} under {event.reservation}"
            for one in event.allocations:
                yield Change(of=one, what=Moved.HELD, why=why, held=1, order=order)
        case PointsReservationReleased():
            over = ", whose time was over" if event.lapsed else ""
            why = f"no longer held under {event.reservation}{over}"
            for one in event.allocations:
                yield Change(
                    of=one,
                    what=Moved.RELEASED,
                    why=why,
                    left=1,
                    held=-1,
                    under=(Moved.HELD, event.reservation),
                )
        case PointsRedeemed(reward=reward, order=order):
            what = f"spent on {reward.kind}{'' if reward.id is None else f' {reward.id}'}"
            why = what if order is None else f"{what}, order {order}"
            left, held = (-1, 0) if event.reservation is None else (0, -1)
            for one in event.allocations:
                yield Change(of=one, what=Moved.SPENT, why=why, left=left, held=held, order=order)
        case RedemptionReversed(refund=refund):
            why = f"given back by refund {refund}"
            for one in event.allocations:
                yield Change(
                    of=one,
                    what=Moved.RESTORED,
                    why=why,
                    left=1,
                    refund=refund,
                    under=(Moved.SPENT, event.redemption),
                )
        case _:
            yield from _corrections(event)


def _corrections(event: Event) -> Iterator[Change]:
    match event:
        case PointsMigrated(lot=lot, points=points):
            why = f"brought along as {event.legacy_ref}"
            of = Allocation(lot=lot, points=points)
            yield Change(of=of, what=Moved.BROUGHT, why=why, left=1)
        case PointsAdjusted(lot=str(lot), points=points):
            of = Allocation(lot=LotId(lot), points=points)
            yield Change(of=of, what=Moved.PUT_IN, why=f"put in: {event.reason}", left=1)
        case PointsAdjusted(allocations=allocations):
            for one in allocations:
                yield Change(of=one, what=Moved.TAKEN_OUT, why=f"taken out: {event.reason}")
        case LoyaltyAccountClosed(allocations=allocations):
            for one in allocations:
                yield Change(of=one, what=Moved.FORFEITED, why=f"closed: {event.reason}")
        case _:
            yield from _between(event)


def _between(event: Event) -> Iterator[Change]:
    match event:
        case PointsTransferredOut(lots=lots):
            for gone in lots:
                of = Allocation(lot=gone.of, points=gone.points)
                yield Change(of=of, what=Moved.GIVEN, why=f"given to {event.receiver}")
        case PointsTransferredIn(lots=lots):
            for came in lots:
                of = Allocation(lot=came.lot, points=came.points)
                why = f"given by {event.sender}, of {came.of}"
                yield Change(of=of, what=Moved.RECEIVED, why=why, left=1)
        case LoyaltyAccountAbsorbed(lots=lots, reservations=reservations):
            why = f"came with the account of {event.absorbed}"
            for lot in lots:
                of = Allocation(lot=lot.lot, points=lot.left)
                yield Change(of=of, what=Moved.RECEIVED, why=why, left=1)
            for held in reservations:
                for one in held.allocations:
                    yield Change(of=one, what=Moved.RECEIVED, why=why, left=0, held=1)
        case _:
            pass
