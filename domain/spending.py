"""The fold of points that were held, spent and given back: what an account knows of them."""

from typing import TypeAlias, assert_never

from regulars.domain import idleness, redemption
from regulars.domain.account import Account, Redemption
from regulars.domain.holding import PointsReservationConfirmed, PointsReserved, Reservation
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed

Event: TypeAlias = redemption.Event | PointsReservationConfirmed


def fold(state: Account, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case PointsReserved(reservation=name, points=points, allocations=allocations):
            state.lots.take(allocations)
            state.reserved[name] = points
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
            idleness.moved(state.idleness, state.as_of)
        case RedemptionReversed():
            if event.reinstated_until is not None:
                for lot in event.reinstated:
                    state.lots.prolong(lot, event.reinstated_until)
            state.lots.put_back(event.allocations)
            state.redemptions[event.redemption].restored += event.points
            state.totals.redeemed -= event.points
        case _:
            assert_never(event)
