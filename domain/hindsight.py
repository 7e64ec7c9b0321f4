"""
Streams as they stood at a past moment, of which only what occurred by then is told.

What is recorded late may be dated before what it was decided on: a refund before the delivery
that it takes from, or before what was spent in between. As of a moment among them it takes what
was there, and what was not there yet is owed.
"""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve

from regulars.domain import campaign, loyalty, offer
from regulars.domain.account import Account
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.budget import BudgetRestored
from regulars.domain.campaign import Campaign
from regulars.domain.coupon import CouponIssued
from regulars.domain.due import AccountAt
from regulars.domain.holding import PointsReservationReleased
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer import Offer, OfferDefined, OfferEnded
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import LotId


def fold_account(state: Account, event: loyalty.Event, at: datetime) -> None:
    """Record in `state` what happened to an account, as far as it knows what that is about."""
    hear(state, event, at)


def hear(state: Account, event: loyalty.Event, at: datetime) -> Sequence[loyalty.Event]:
    """
    Record in `state` what happened to an account, and tell what that came to by then.

    What is told moves exactly the points that `state` moved, each of a lot that had it.
    """
    match event:
        case PointsReversed():
            return [_taken_back(state, event, at)]
        case (
            PointsEarned(lot=str(lot)) | PointsMigrated(lot=str(lot)) | PointsAdjusted(lot=str(lot))
        ):
            loyalty.fold(state, event, at)
            return [event, *_paid(state, LotId(lot))]
        case PointsExpired(lot=lot):
            there = _there(state, [Allocation(lot=lot, points=event.points)])
            return _told(state, [evolve(event, points=one.points) for one in there], at)
        case PointsDebtSettled():
            paid = _there(state, event.allocations, most=state.debt)
            came = evolve(event, points=_sum(paid), allocations=paid)
            return _told(state, [came] if paid else [], at)
        case PointsActivated(lot=lot) if lot not in state.lots.known:
            return []
        case PointsReservationReleased(reservation=held) if held not in state.held:
            return []
        case _:
            return _told(state, [event], at)


def _told(state: Account, events: Sequence[loyalty.Event], at: datetime) -> Sequence[loyalty.Event]:
    for event in events:
        loyalty.fold(state, event, at)
    return events


def fold_offer(state: Offer, event: offer.Event, at: datetime) -> None:
    """Record in `state` what happened to an offer; what is told of a coupon before it is not."""
    match event:
        case OfferDefined() | OfferEnded() | CouponIssued():
            offer.fold(state, event, at)
        case _:
            if event.coupon in state.coupons.all:
                offer.fold(state, event, at)


def fold_campaign(state: Campaign, event: campaign.Event, at: datetime) -> None:
    """Record in `state` what happened to a campaign; what is told of a grant before it is not."""
    if not isinstance(event, BudgetRestored) or event.grant in state.pool.grants:
        campaign.fold(state, event, at)


def _there(
    state: Account, allocations: Sequence[Allocation], *, most: int | None = None
) -> tuple[Allocation, ...]:
    """What of these points is in its lots, `most` of it at the most."""
    found: list[Allocation] = []
    for one in allocations:
        lot = state.lots.known.get(one.lot)
        points = min(one.points, 0 if lot is None else lot.left)
        if most is not None:
            points = min(points, most - _sum(found))
        if points:
            found.append(Allocation(lot=one.lot, points=points))
    return tuple(found)


def _taken_back(state: Account, event: PointsReversed, at: datetime) -> PointsReversed:
    """What a refund took of what was there; what lacked is owed."""
    there: tuple[Allocation, ...] = ()
    if event.lot in state.awards:
        there = _there(state, event.allocations)
        loyalty.fold(state, evolve(event, allocations=there, debt_added=0), at)
    else:
        state.as_of = max(state.as_of, at)
        state.totals.reversed += event.points - event.written_off
    wanted = event.points - event.written_off - _sum(there)
    more = AccountAt(state, state.as_of).taken(wanted, SpendOrder.FEFO)
    lacking = wanted - _sum(more)
    state.lots.take(more)
    state.debt += lacking
    return evolve(event, allocations=(*there, *more), debt_added=lacking)


def _paid(state: Account, new: LotId) -> Sequence[PointsDebtSettled]:
    """What is owed is paid at once, though it is recorded with what came in between."""
    lot = state.lots.known[new]
    if lot.pending or lot.is_past(state.as_of):
        return []
    paid = _there(state, [Allocation(lot=new, points=lot.left)], most=state.debt)
    if not paid:
        return []
    settled = PointsDebtSettled(
        program=state.program,
        customer=state.customer,
        points=_sum(paid),
        allocations=paid,
        settled_at=state.as_of,
    )
    loyalty.fold(state, settled, state.as_of)
    return [settled]


def _sum(allocations: Sequence[Allocation]) -> int:
    return sum(one.points for one in allocations)
