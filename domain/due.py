"""
What becomes of an account by itself: points activate, expire, and are released when they lapse.

Every answer and every decision counts it in, so that a balance is the same whether or not anybody
recorded it before (L4 of docs/loyalty.md).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from enum import IntEnum
from heapq import heapify, heappop, heappush, merge
from typing import TypeAlias, assert_never

from attrs import frozen

from regulars.domain.account import Account
from regulars.domain.holding import PointsReservationReleased
from regulars.domain.idleness import LoyaltyAccountWentIdle
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.lots import (
    Allocation,
    Place,
    PointsActivated,
    PointsDebtSettled,
    PointsExpired,
    place,
)
from regulars.domain.values import LotId, ReservationId

Event: TypeAlias = (
    PointsActivated
    | PointsExpired
    | PointsDebtSettled
    | PointsReservationReleased
    | LoyaltyAccountWentIdle
)
"""What is recorded of an account although nobody asked for it."""


def fold(state: Account, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case PointsActivated(lot=lot, expires_at=expires_at):
            state.lots.activate(lot, expires_at)
        case PointsExpired(lot=lot, points=points):
            state.lots.expire(lot, points)
            state.totals.expired += points
        case PointsDebtSettled(points=points, allocations=allocations):
            state.lots.take(allocations)
            state.debt -= points
        case PointsReservationReleased(reservation=reservation, allocations=allocations):
            state.lots.put_back(allocations)
            state.held.pop(reservation, None)
            state.told.released.add(reservation)
        case LoyaltyAccountWentIdle(idle_at=idle_at):
            state.lots.end(idle_at)
            state.idleness.since = None
        case _:
            assert_never(event)


_Turn: TypeAlias = "tuple[datetime, _Kind, int]"


class _Kind(IntEnum):
    """What happens of one moment, in this order: a point is gone at the end of its time."""

    EXPIRY = 0
    IDLENESS = 1
    ACTIVATION = 2
    LAPSE = 3


@frozen(kw_only=True)
class AccountBalance:
    """`available` can be spent; the others can not yet, not now, or are owed."""

    available: int
    pending: int
    reserved: int
    debt: int


@frozen(kw_only=True)
class Expiring:
    """Points of a lot that can be used until `expires_at`."""

    lot: LotId
    points: int
    expires_at: datetime


def balance(state: Account, at: datetime) -> AccountBalance:
    """What the account holds at a moment, which is not before its last event."""
    then = AccountAt(state, at)
    return AccountBalance(
        available=then.available, pending=then.pending, reserved=then.reserved, debt=then.debt
    )


def available(state: Account, at: datetime) -> int:
    """
    What could or can be spent at a moment.

    Of the past it is known since the end of the term of the present tier; earlier than that it is
    what can be spent now.
    """
    for until, points in state.tier.held:
        if at < until:
            return points
    return AccountAt(state, max(at, state.as_of)).available


def schedule(state: Account, at: datetime) -> tuple[Expiring, ...]:
    """The points that can be spent at a moment and expire later, the next to expire first."""
    then = AccountAt(state, at)
    return tuple(
        Expiring(lot=one.lot, points=one.points, expires_at=expires_at)
        for one in then.usable(SpendOrder.FEFO)
        if (expires_at := then.expires_at(one.lot)) is not None
    )


class AccountAt:
    """
    An account as of a moment, with all counted in that fell due; the state stays as it is.

    `due` is what fell due, in the order of its moments. The methods that change what is counted
    tell the events of it.
    """

    def __init__(self, state: Account, at: datetime) -> None:
        self.at = at
        self.due: list[Event] = []
        self.debt = state.debt
        self.available = state.lots.available
        self.pending = state.lots.pending
        self._state = state
        self._lots = state.lots.known
        self._left: dict[LotId, int] = {}
        self._expired: dict[LotId, int] = {}
        self._activated: set[LotId] = set()
        self._released: set[ReservationId] = set()
        self._idle_at = state.idleness.ends_at
        self._turns = self._due_from_the_state()
        heapify(self._turns)
        while self._turns:
            moment, kind, number = heappop(self._turns)
            self.due += self._turn(moment, kind, number)

    @property
    def reserved(self) -> int:
        """The points that are held."""
        return sum(held.points for one, held in self._state.held.items() if self.holds(one))

    def holds(self, reservation: ReservationId) -> bool:
        """Whether anything is held under this id."""
        return reservation in self._state.held and reservation not in self._released

    def left(self, lot: LotId) -> int:
        """What is left of a lot."""
        return self._left.get(lot, self._lots[lot].left)

    def expired(self, lot: LotId) -> int:
        """What expired of a lot so far."""
        return self._lots[lot].expired + self._expired.get(lot, 0)

    def is_pending(self, lot: LotId) -> bool:
        """Whether a lot waits to be activated."""
        return self._lots[lot].pending and lot not in self._activated

    def expires_at(self, lot: LotId) -> datetime | None:
        """When a lot cannot be used any more, by its own end or that of an idle account."""
        own = self._lots[lot].expires_at
        if own is None or self._idle_at is None:
            return own or self._idle_at
        return min(own, self._idle_at)

    def is_past(self, lot: LotId, at: datetime) -> bool:
        """Whether the points of a lot cannot be used any more at a moment."""
        expires_at = self.expires_at(lot)
        return expires_at is not None and expires_at <= at

    def rest(self) -> tuple[Allocation, ...]:
        """What is left of any lot, usable or pending, in the order of their recording."""
        lots = self._state.lots
        numbers = {number for order in (lots.by_award, lots.to_expire) for _, number in order}
        numbers.update(self._lots[lot].number for lot in self._left)
        return tuple(
            Allocation(lot=lot, points=left)
            for lot in (lots.ids[number] for number in sorted(numbers))
            if (left := self.left(lot))
        )

    def usable(self, order: SpendOrder) -> Iterator[Allocation]:
        """What can be spent, in that order."""
        for _, number in self._active(order):
            lot = self._state.lots.ids[number]
            left = self.left(lot)
            if left:
                yield Allocation(lot=lot, points=left)

    def taken(self, points: int, order: SpendOrder) -> tuple[Allocation, ...]:
        """Up to so many points that can be spent, in that order."""
        allocations: list[Allocation] = []
        for one in self.usable(order) if points else ():
            part = min(points, one.points)
            allocations.append(Allocation(lot=one.lot, points=part))
            points -= part
            if not points:
                break
        return tuple(allocations)

    def taken_of(self, lot: LotId, points: int) -> tuple[Allocation, ...]:
        """So many points of a lot, which are then counted out."""
        if not points:
            return ()
        self._take(lot, points)
        return (Allocation(lot=lot, points=points),)

    def activate(self, lot: LotId, at: datetime, expires_at: datetime | None) -> list[Event]:
        """Let what is left of a pending lot be used; it expires at once if it is past."""
        left = self.left(lot)
        if not left or not self.is_pending(lot):
            return []
        self.pending -= left
        self.available += left
        self._left[lot] = left
        self._activated.add(lot)
        activated = PointsActivated(
            program=self._state.program,
            customer=self._state.customer,
            lot=lot,
            points=left,
            activated_at=at,
            expires_at=expires_at,
        )
        if expires_at is not None and expires_at <= at:
            return [activated, *self._expire(lot, at)]
        return [activated, *self._settle([Allocation(lot=lot, points=left)], at)]

    def release(self, reservation: ReservationId, at: datetime, *, lapsed: bool) -> list[Event]:
        """Put what is held back in its lots."""
        held = self._state.held[reservation]
        self._released.add(reservation)
        released = PointsReservationReleased(
            program=self._state.program,
            customer=self._state.customer,
            reservation=reservation,
            points=held.points,
            allocations=held.allocations,
            released_at=at,
            lapsed=lapsed,
        )
        return [released, *self.give_back(held.allocations, at)]

    def give_back(
        self, allocations: Sequence[Allocation], at: datetime, prolonged: Collection[LotId] = ()
    ) -> list[Event]:
        """
        Count in points that are in their lots again: what is past expires, debt goes first.

        The lots of `prolonged` are not past, whatever they were.
        """
        events: list[Event] = []
        usable: list[Allocation] = []
        for one in allocations:
            self.available += one.points
            self._left[one.lot] = self.left(one.lot) + one.points
            lot = self._lots[one.lot]
            if one.lot in prolonged or not self.is_past(one.lot, at):
                usable.append(one)
                if lot.is_past(self.at):
                    moment, number = place(lot, SpendOrder.FEFO)
                    heappush(self._turns, (moment, _Kind.EXPIRY, number))
            else:
                events += self._expire(one.lot, at)
        return [*events, *self._settle(usable, at)]

    def pay(self, allocations: Sequence[Allocation], at: datetime) -> list[PointsDebtSettled]:
        """Pay what is owed with these points, as far as they go."""
        paid: list[Allocation] = []
        for one in allocations:
            part = min(self.debt, one.points)
            if part:
                paid.append(Allocation(lot=one.lot, points=part))
                self.debt -= part
        if not paid:
            return []
        return [
            PointsDebtSettled(
                program=self._state.program,
                customer=self._state.customer,
                points=sum(one.points for one in paid),
                allocations=tuple(paid),
                settled_at=at,
            )
        ]

    def pay_with_new(
        self, lot: LotId, points: int, expires_at: datetime | None
    ) -> list[PointsDebtSettled]:
        """Pay what is owed with a new lot that can be used, unless it is past."""
        if expires_at is not None and expires_at <= self.at:
            return []
        return self.pay([Allocation(lot=lot, points=points)], self.at)

    def _settle(self, allocations: Sequence[Allocation], at: datetime) -> list[Event]:
        owed = self.debt
        events: list[Event] = [*self.pay(allocations, at)]
        for one in allocations:
            part = min(owed, one.points)
            owed -= part
            self._take(one.lot, part)
        return events

    def _expire(self, lot: LotId, at: datetime) -> list[Event]:
        left = self.left(lot)
        if not left:
            return []
        self._take(lot, left)
        self._expired[lot] = self._expired.get(lot, 0) + left
        return [
            PointsExpired(
                program=self._state.program,
                customer=self._state.customer,
                lot=lot,
                points=left,
                expired_at=at,
            )
        ]

    def _end(self, idle_at: datetime) -> list[Event]:
        idle = LoyaltyAccountWentIdle(
            program=self._state.program,
            customer=self._state.customer,
            idle_at=idle_at,
        )
        return [idle, *(event for one in self.rest() for event in self._expire(one.lot, idle_at))]

    def _take(self, lot: LotId, points: int) -> None:
        if self.is_pending(lot):
            self.pending -= points
        else:
            self.available -= points
        self._left[lot] = self.left(lot) - points

    def _active(self, order: SpendOrder) -> Iterator[Place]:
        lots = self._state.lots
        match order:
            case SpendOrder.FEFO:
                standing = lots.by_expiry
            case SpendOrder.FIFO:
                standing = lots.by_award
            case _:
                assert_never(order)
        changed = (self._lots[lot] for lot in self._left)
        new = [lot for lot in changed if lot.pending or not lot.left]
        if not new:
            return iter(standing)
        return merge(standing, sorted(place(lot, order) for lot in new))

    def _due_from_the_state(self) -> list[_Turn]:
        lots = self._state.lots
        turns: list[_Turn] = []
        for order, kind in (
            (lots.by_expiry, _Kind.EXPIRY),
            (lots.to_expire, _Kind.EXPIRY),
            (lots.to_activate, _Kind.ACTIVATION),
        ):
            for moment, number in order:
                if moment > self.at:
                    break
                turns.append((moment, kind, number))
        if self._idle_at is not None and self._idle_at <= self.at:
            turns.append((self._idle_at, _Kind.IDLENESS, 0))
        for number, held in enumerate(self._state.held.values()):
            lapses_at = held.lapses_at
            if lapses_at is not None and lapses_at <= self.at:
                turns.append((lapses_at, _Kind.LAPSE, number))
        return turns

    def _turn(self, moment: datetime, kind: _Kind, number: int) -> list[Event]:
        match kind:
            case _Kind.EXPIRY:
                return self._expire(self._state.lots.ids[number], moment)
            case _Kind.IDLENESS:
                return self._end(moment)
            case _Kind.ACTIVATION:
                lot = self._state.lots.ids[number]
                return self.activate(lot, moment, self._lots[lot].expires_at)
            case _Kind.LAPSE:
                return self.release([*self._state.held][number], moment, lapsed=True)
            case _:
                assert_never(kind)
