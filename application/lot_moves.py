"""What each event of an account does with the points of its lots, in words too."""

from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias, assert_never

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
from regulars.domain.values import OrderId, RefundId


class Moved(Enum):
    """
    What an event does with points of a lot. `value` reads on from their number.

    `GIVEN` and `TAKEN` are corrections by a person, `RECEIVED` and `SENT` are about other accounts
    and other systems.
    """

    EARNED = "earned"
    ACTIVATED = "activated"
    HELD = "held"
    RELEASED = "released"
    SPENT = "spent"
    RESTORED = "restored"
    REVERSED = "reversed"
    SETTLED = "settled"
    EXPIRED = "expired"
    GIVEN = "given"
    TAKEN = "taken"
    RECEIVED = "received"
    SENT = "sent"
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
    """What an event does with points of lots; what a merge takes away is for who knows them."""
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
        case (
            PointsReserved() | PointsReservationReleased() | PointsRedeemed() | RedemptionReversed()
        ):
            yield from _spending(event)
        case _:
            yield from _from_outside(event)


def _spending(
    event: PointsReserved | PointsReservationReleased | PointsRedeemed | RedemptionReversed,
) -> Iterator[Change]:
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
            assert_never(event)


def _from_outside(event: Event) -> Iterator[Change]:
    match event:
        case PointsAdjusted(lot=lot, reason=reason, approver=approver):
            why = f"corrected for {reason}, approved by {approver}"
            if lot is not None:
                of = Allocation(lot=lot, points=event.points)
                yield Change(of=of, what=Moved.GIVEN, why=why, left=1)
            for one in event.allocations:
                yield Change(of=one, what=Moved.TAKEN, why=why)
        case PointsMigrated(lot=lot, legacy_ref=legacy):
            of = Allocation(lot=lot, points=event.points)
            why = f"brought along from elsewhere, where they were {legacy}"
            yield Change(of=of, what=Moved.RECEIVED, why=why, left=1)
        case PointsTransferredOut(receiver=receiver):
            for sent in event.lots:
                of = Allocation(lot=sent.of, points=sent.points)
                yield Change(of=of, what=Moved.SENT, why=f"given to customer {receiver}")
        case PointsTransferredIn(sender=sender):
            for came in event.lots:
                of = Allocation(lot=came.lot, points=came.points)
                why = f"given by customer {sender}, of lot {came.of}"
                yield Change(of=of, what=Moved.RECEIVED, why=why, left=1)
        case LoyaltyAccountClosed(reason=reason):
            for one in event.allocations:
                why = f"forfeited: the account was closed for {reason}"
                yield Change(of=one, what=Moved.FORFEITED, why=why)
        case LoyaltyAccountAbsorbed():
            yield from _absorbed(event)
        case _:
            pass


def _absorbed(event: LoyaltyAccountAbsorbed) -> Iterator[Change]:
    for lot in event.lots:
        of = Allocation(lot=lot.lot, points=lot.left)
        why = f"came with the account of customer {event.absorbed}, as lot {lot.of} there"
        yield Change(of=of, what=Moved.RECEIVED, why=why, left=1)
    for held in event.reservations:
        for one in held.allocations:
            yield Change(
                of=one,
                what=Moved.RECEIVED,
                why=f"came held under {held.of} with the account of customer {event.absorbed}",
                left=0,
                held=1,
                order=held.order,
            )


def owed_by(
    event: PointsDebtSettled | PointsAdjusted | LoyaltyAccountAbsorbed,
) -> tuple[int, str]:
    """How many points an event adds to what is owed, below zero if it pays, and why."""
    match event:
        case PointsDebtSettled(points=points, allocations=allocations):
            named = ", ".join(one.lot for one in allocations)
            return -points, f"paid with points of {named}"
        case PointsAdjusted(debt_added=points, reason=reason):
            return points, f"corrected for {reason}, by more than there was"
        case LoyaltyAccountAbsorbed(debt=points, absorbed=absorbed):
            return points, f"came with the account of customer {absorbed}"
        case _:
            assert_never(event)
