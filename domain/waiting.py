"""Points that wait: what of an account cannot be used yet, and from when on it can."""

from datetime import datetime

from attrs import frozen

from regulars.domain.account import Account
from regulars.domain.due import AccountAt
from regulars.domain.values import LotId


@frozen(kw_only=True)
class Awaited:
    """Points of a lot that can be used from `activates_at` on, or once something says so."""

    lot: LotId
    points: int
    activates_at: datetime | None


def awaited(state: Account, at: datetime) -> tuple[Awaited, ...]:
    """The points that are pending at a moment, the next to be used first."""
    then, lots = AccountAt(state, at), state.lots
    waiting = (lots.ids[number] for _, number in lots.to_activate)
    return tuple(
        Awaited(lot=one, points=left, activates_at=lots.known[one].activates_at)
        for one in waiting
        if then.is_pending(one) and (left := then.left(one))
    )
