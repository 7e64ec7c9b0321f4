"""The fold of points that were held, spent and given back: what an account knows of them."""

from typing import TypeAlias, assert_never

from regulars.domain import idleness, redemption
from regulars.domain.account import Account, Redemption
from regulars.domain.holding import PointsReservationConfirmed, PointsReserved, Reservation
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.told_ids import ToldRedemption, ToldReservation

Event: TypeAlias = redemption.Event | PointsReservationConfirmed


def fold(state: Account, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case PointsReserved(reservation=name, points=points, allocations=allocations):
            state.lots.take(allocations)
            state.told.reservations[name] = ToldReservation(
                reservation=name, points=points, lapses_at=event.lapses_at, order=event.order
            )
            state.held[name] = Reservation(
                points=points, allocations=allocations, lapses_at=event.lapses_at, order=event.order
            )
            idleness.moved(state.idleness, state.as_of)
        case PointsReservationConfirmed(reservation=name):
            held = state.held[name]
            held.confirmed, held.order, held.lapses_at = True, event.order, None
        case PointsRedeemed():
            state.totals.redeemed += event.points
            if event.reservation is None:
                state.lots.take(event.allocations)
            else:
                state.held.pop(event.reservation, None)
            state.redemptions[event.redemption] = Redemption(
                points=event.points,
                allocations=event.allocations,
                reservation=event.reservation,
                brings=event.brings,
            )
            state.told.redemptions[event.redemption] = ToldRedemption(
                redemption=event.redemption,
                points=event.points,
                reward=event.reward,
                reservation=event.reservation,
                order=event.order,
                units=event.units,
                catalogue=event.catalogue,
            )
            idleness.moved(state.idleness, state.as_of)
        case RedemptionReversed():
            if event.reinstated_until is not None:
                for lot in event.reinstated:
                    state.lots.prolong(lot, event.reinstated_until)
            state.lots.put_back(event.allocations)
            spent = state.redemptions[event.redemption]
            spent.restored += event.points
            state.told.restored[event.redemption, event.refund] = spent.restored
            state.totals.redeemed -= event.points
        case _:
            assert_never(event)
