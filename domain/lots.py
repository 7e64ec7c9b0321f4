"""
Lots: points that came together, and that wait, can be used and expire together.

Those that have something left stand in the order in which they change or are spent, so that an
account of many lots answers as fast as a short one.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.empty import empty
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.values import CustomerId, LotId, ProgramId

NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""Where a lot stands that does not activate or expire by itself: behind all others."""

Place: TypeAlias = tuple[datetime, int]
"""Where a lot stands in an order: its moment, then its number by recording."""


@frozen(kw_only=True)
class Allocation:
    """So many points of a lot."""

    lot: LotId
    points: int


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PointsActivated:
    """What was left of a pending lot can be used from `activated_at` until `expires_at`."""

    program: ProgramId
    customer: CustomerId
    lot: LotId
    points: int
    activated_at: datetime
    expires_at: datetime | None = None


@frozen(kw_only=True)
class PointsExpired:
    """`points` of a lot, pending or active, are gone since `expired_at`."""

    program: ProgramId
    customer: CustomerId
    lot: LotId
    points: int
    expired_at: datetime


@frozen(kw_only=True)
class PointsDebtSettled:
    """Points that became usable at `settled_at` paid what was owed, before anything else."""

    program: ProgramId
    customer: CustomerId
    points: int
    allocations: tuple[Allocation, ...]
    settled_at: datetime


@define
class Lot:
    """
    `left` of `points` are neither held, spent nor gone; `expired` of them expired so far.

    `told_end` is the end that the customer was told of.
    """

    number: int
    points: int
    awarded_at: datetime
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    pending: bool = False
    left: int = 0
    expired: int = 0
    told_end: datetime | None = None

    def is_past(self, at: datetime) -> bool:
        """Whether its points cannot be used any more at a moment."""
        return self.expires_at is not None and self.expires_at <= at


@define
class Lots:
    """
    The lots of one account, written by folds alone.

    `available` is left in active lots, `pending` in pending ones. `by_award` and `by_expiry` are
    the active lots that have something left, `to_activate` and `to_expire` the pending ones.
    """

    known: dict[LotId, Lot] = empty(dict[LotId, Lot])
    ids: list[LotId] = empty(list[LotId])
    available: int = 0
    pending: int = 0
    by_award: list[Place] = empty(list[Place])
    by_expiry: list[Place] = empty(list[Place])
    to_activate: list[Place] = empty(list[Place])
    to_expire: list[Place] = empty(list[Place])

    def add(  # noqa: PLR0913 - the fields of a lot, each by name
        self,
        lot_id: LotId,
        points: int,
        *,
        awarded_at: datetime,
        activates_at: datetime | None = None,
        expires_at: datetime | None = None,
        pending: bool = False,
        left: int | None = None,
        expired: int = 0,
    ) -> None:
        """A new lot, of which everything is left unless it is told what."""
        lot = self.known[lot_id] = Lot(
            number=len(self.ids),
            points=points,
            awarded_at=awarded_at,
            activates_at=activates_at,
            expires_at=expires_at,
            pending=pending,
            left=points if left is None else left,
            expired=expired,
        )
        self.ids.append(lot_id)
        self._sum(lot, lot.left)
        if lot.left:
            self._move(lot, _join)

    def take(self, allocations: Sequence[Allocation]) -> None:
        """These points are no longer there."""
        for one in allocations:
            self._change(one.lot, -one.points)

    def put_back(self, allocations: Sequence[Allocation]) -> None:
        """These points are there again, each in its own lot."""
        for one in allocations:
            self._change(one.lot, one.points)

    def activate(self, lot_id: LotId, expires_at: datetime | None) -> None:
        """A pending lot is active from now on."""
        lot = self.known[lot_id]
        left = lot.left
        self._change(lot_id, -left)
        lot.pending, lot.expires_at = False, expires_at
        self._change(lot_id, left)

    def prolong(self, lot_id: LotId, expires_at: datetime) -> None:
        """A lot expires at another moment than it did."""
        lot = self.known[lot_id]
        left = lot.left
        self._change(lot_id, -left)
        lot.expires_at = expires_at
        self._change(lot_id, left)

    def end(self, at: datetime) -> None:
        """No lot can be used any more from a moment on."""
        for lot_id, lot in self.known.items():
            if not lot.is_past(at):
                self.prolong(lot_id, at)

    def expire(self, lot_id: LotId, points: int) -> None:
        """These points expired."""
        self._change(lot_id, -points)
        self.known[lot_id].expired += points

    def tell(self, ends: Mapping[LotId, datetime]) -> None:
        """The customer was told when these lots expire."""
        for lot_id, expires_at in ends.items():
            self.known[lot_id].told_end = expires_at

    def _change(self, lot_id: LotId, points: int) -> None:
        lot = self.known[lot_id]
        had, lot.left = lot.left, lot.left + points
        self._sum(lot, points)
        if bool(had) != bool(lot.left):
            self._move(lot, _leave if had else _join)

    def _sum(self, lot: Lot, points: int) -> None:
        if lot.pending:
            self.pending += points
        else:
            self.available += points

    def _move(self, lot: Lot, move: Callable[[list[Place], Place], None]) -> None:
        ends = (lot.expires_at or NEVER, lot.number)
        if lot.pending:
            move(self.to_activate, (lot.activates_at or NEVER, lot.number))
            move(self.to_expire, ends)
        else:
            move(self.by_award, (lot.awarded_at, lot.number))
            move(self.by_expiry, ends)


def _join(order: list[Place], where: Place) -> None:
    if order and where < order[-1]:
        insort(order, where)
    else:
        order.append(where)


def _leave(order: list[Place], where: Place) -> None:
    del order[bisect_left(order, where)]


def place(lot: Lot, order: SpendOrder) -> Place:
    """Where a lot stands among those that are spent in that order."""
    match order:
        case SpendOrder.FEFO:
            return lot.expires_at or NEVER, lot.number
        case SpendOrder.FIFO:
            return lot.awarded_at, lot.number
        case _:
            assert_never(order)
