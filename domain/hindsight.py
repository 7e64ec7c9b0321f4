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
    match event:
        case PointsReversed(lot=lot) if lot not in state.awards:
            state.as_of = max(state.as_of, at)
            state.totals.reversed += event.points - event.written_off
            _owe(state, event.points - event.written_off)
        case PointsReversed(points=points, written_off=forgiven):
            there = _there(state, event.allocations)
            loyalty.fold(state, evolve(event, allocations=there, debt_added=0), at)
            _owe(state, points - forgiven - _sum(there))
        case (
            PointsEarned(lot=str(lot)) | PointsMigrated(lot=str(lot)) | PointsAdjusted(lot=str(lot))
        ):
            loyalty.fold(state, event, at)
            _pay(state, LotId(lot))
        case PointsExpired(lot=lot):
            for one in _there(state, [Allocation(lot=lot, points=event.points)]):
                loyalty.fold(state, evolve(event, points=one.points), at)
        case PointsDebtSettled():
            paid = _there(state, event.allocations, most=state.debt)
            loyalty.fold(state, evolve(event, points=_sum(paid), allocations=paid), at)
        case PointsActivated(lot=lot) if lot not in state.lots.known:
            pass
        case PointsReservationReleased(reservation=held) if held not in state.held:
            pass
        case _:
            loyalty.fold(state, event, at)


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


def _pay(state: Account, new: LotId) -> None:
    """Pay what is owed at once, though it is recorded with what came in between."""
    lot = state.lots.known[new]
    if not lot.pending and not lot.is_past(state.as_of):
        paid = _there(state, [Allocation(lot=new, points=lot.left)], most=state.debt)
        state.lots.take(paid)
        state.debt -= _sum(paid)


def _owe(state: Account, points: int) -> None:
    """Take from what can be spent; what lacks is owed."""
    if points:
        now = AccountAt(state, state.as_of)
        taken = now.taken(points, SpendOrder.FEFO)
        state.lots.take(taken)
        state.debt += points - _sum(taken)


def _sum(allocations: Sequence[Allocation]) -> int:
    return sum(one.points for one in allocations)
