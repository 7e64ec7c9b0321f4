"""What every event but earning and its reversal adds to a balance, and why, in words."""

from typing import Final, TypeAlias, assert_never, get_args

from attrs import frozen

from regulars.domain.account_merge import LoyaltyAccountAbsorbed, LoyaltyAccountMerged
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.lots import PointsExpired
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut

Mover: TypeAlias = (
    PointsExpired
    | PointsRedeemed
    | RedemptionReversed
    | PointsMigrated
    | PointsAdjusted
    | PointsTransferredIn
    | PointsTransferredOut
    | LoyaltyAccountAbsorbed
    | LoyaltyAccountMerged
    | LoyaltyAccountClosed
)

MOVERS: Final[tuple[type[Mover], ...]] = get_args(Mover)


@frozen(kw_only=True)
class Movement:
    """`points` are added, or taken if below zero; the ids are of what it is about, if anything."""

    points: int
    what: str
    lot: str | None = None
    order: str | None = None
    refund: str | None = None
    redemption: str | None = None


def movement(event: Mover) -> Movement:
    """What an event adds to the balance of its account."""
    match event:
        case PointsExpired(lot=lot, points=points):
            return Movement(points=-points, what="expired", lot=lot)
        case PointsRedeemed(reward=reward):
            what = f"spent on {reward.kind}{'' if reward.id is None else f' {reward.id}'}"
            spent, order = event.redemption, event.order
            return Movement(points=-event.points, what=what, order=order, redemption=spent)
        case RedemptionReversed(refund=refund, points=points):
            what = f"refund {refund} gave back what was spent"
            return Movement(points=points, what=what, refund=refund, redemption=event.redemption)
        case PointsMigrated(lot=lot, points=points):
            return Movement(points=points, what=f"brought along as {event.legacy_ref}", lot=lot)
        case PointsAdjusted(lot=lot, points=points):
            what = f"adjusted: {event.reason}, approved by {event.approver}"
            return Movement(points=points, what=what, lot=lot)
        case _:
            return _between(event)


def _between(
    event: PointsTransferredIn
    | PointsTransferredOut
    | LoyaltyAccountAbsorbed
    | LoyaltyAccountMerged
    | LoyaltyAccountClosed,
) -> Movement:
    match event:
        case PointsTransferredIn(points=points):
            return Movement(points=points, what=f"given by {event.sender}")
        case PointsTransferredOut(points=points):
            return Movement(points=-points, what=f"given to {event.receiver}")
        case LoyaltyAccountAbsorbed(points=points):
            return Movement(points=points, what=f"the account of {event.absorbed} was taken over")
        case LoyaltyAccountMerged(points=points):
            return Movement(points=-points, what=f"merged into the account of {event.survivor}")
        case LoyaltyAccountClosed(forfeited=points):
            return Movement(points=-points, what=f"closed: {event.reason}")
        case _:
            assert_never(event)
