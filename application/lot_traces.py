"""What became of each lot of an account: every event that moved its points, and where they went."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from attrs import Factory, define, frozen

from regulars.domain.holding import (
    PointsReservationConfirmed,
    PointsReservationReleased,
    PointsReserved,
)
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import Event, PointsEarned
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed
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


@frozen(kw_only=True)
class Move:
    """
    So many points of a lot, and what an event did with them; `why` says it in words.

    After it `left` are free and `held` are held. `position` names the event; it is None of what
    fell due and was not recorded yet. `order` and `refund` are those that it came of.
    """

    at: datetime
    position: int | None
    what: Moved
    points: int
    left: int
    held: int
    why: str
    order: OrderId | None = None
    refund: RefundId | None = None


@frozen(kw_only=True)
class TakenBack:
    """
    What a refund asked back of what a lot had earned, and where it was taken from.

    `kept` is what was left to the order, of which money for `remaining` was still paid, in minor
    units. points = those of `taken` + `owed` + `forgiven`.
    """

    at: datetime
    position: int | None
    refund: RefundId
    points: int
    kept: int
    remaining: int
    taken: tuple[Allocation, ...]
    owed: int
    forgiven: int


@frozen(kw_only=True)
class Owed:
    """Points that came to what is owed, or were paid if below zero; `debt` is owed after it."""

    at: datetime
    position: int | None
    points: int
    debt: int
    why: str


@frozen(kw_only=True)
class LotTrace:
    """
    A lot, what is left of it and held of it, and every move that led to that.

    `earned` is the event that made it; None where that lies after the moment asked about.
    """

    lot: LotId
    left: int
    held: int
    pending: bool
    activates_at: datetime | None
    expires_at: datetime | None
    moves: tuple[Move, ...]
    taken_back: tuple[TakenBack, ...]
    earned: PointsEarned | None

    def sum(self, what: Moved) -> int:
        """How many points went that way, over all moves."""
        return sum(move.points for move in self.moves if move.what is what)


@frozen(kw_only=True)
class AccountTrace:
    """The lots of an account in the order in which they came, and what came of its debt."""

    lots: tuple[LotTrace, ...]
    owed: tuple[Owed, ...]

    @property
    def debt(self) -> int:
        """What is owed."""
        return self.owed[-1].debt if self.owed else 0


@frozen(kw_only=True)
class Told:
    """An event of an account, when it occurred, and its position if it was recorded."""

    event: Event
    at: datetime
    position: int | None


def traced(told: Iterable[Told]) -> AccountTrace:
    """What became of the lots of one account by its events, those that fell due at the end."""
    book = _Book()
    for one in told:
        book.enter(one)
    return AccountTrace(lots=tuple(map(_closed, book.lots.values())), owed=tuple(book.owed))


@define
class _Lot:
    lot: LotId
    left: int = 0
    held: int = 0
    pending: bool = False
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    moves: list[Move] = Factory(list[Move])
    taken_back: list[TakenBack] = Factory(list[TakenBack])
    earned: PointsEarned | None = None


def _closed(lot: _Lot) -> LotTrace:
    return LotTrace(
        lot=lot.lot,
        left=lot.left,
        held=lot.held,
        pending=lot.pending,
        activates_at=lot.activates_at,
        expires_at=lot.expires_at,
        moves=tuple(lot.moves),
        taken_back=tuple(lot.taken_back),
        earned=lot.earned,
    )


_Under: TypeAlias = tuple[Moved, str]
"""A hold or a spending, and the id under which it was."""


@frozen(kw_only=True)
class _Change:
    """What an event does with points of one lot: each adds `left` and `held` to what it has."""

    of: Allocation
    what: Moved
    why: str
    left: int = -1
    held: int = 0
    order: OrderId | None = None
    refund: RefundId | None = None
    under: _Under | None = None


@define
class _Book:
    lots: dict[LotId, _Lot] = Factory(dict[LotId, _Lot])
    owed: list[Owed] = Factory(list[Owed])
    debt: int = 0
    orders: dict[_Under, OrderId | None] = Factory(dict[_Under, OrderId | None])
    """For which order points were held or spent."""

    def enter(self, one: Told) -> None:
        self._note_order(one.event)
        for change in _changes(one.event):
            points = change.of.points
            lot = self.lots.setdefault(change.of.lot, _Lot(change.of.lot))
            lot.left += change.left * points
            lot.held += change.held * points
            lot.moves.append(
                Move(
                    at=one.at,
                    position=one.position,
                    what=change.what,
                    points=points,
                    left=lot.left,
                    held=lot.held,
                    why=change.why,
                    order=self._order_of(change),
                    refund=change.refund,
                )
            )
        match one.event:
            case PointsEarned() as earned:
                lot = self.lots[earned.lot]
                lot.earned, lot.pending = earned, earned.pending
                lot.activates_at, lot.expires_at = earned.activates_at, earned.expires_at
            case PointsActivated(lot=activated, expires_at=expires_at):
                lot = self.lots[activated]
                lot.pending, lot.expires_at = False, expires_at
            case RedemptionReversed(reinstated=reinstated, reinstated_until=until):
                for name in reinstated:
                    self.lots[name].expires_at = until
            case PointsReversed():
                self._take_back(one, one.event)
            case PointsDebtSettled(points=points, allocations=paid):
                self._owe(one, -points, f"paid with points of {_named(paid)}")
            case _:
                pass

    def _note_order(self, event: Event) -> None:
        match event:
            case PointsReserved() | PointsReservationConfirmed():
                self.orders[Moved.HELD, event.reservation] = event.order
            case PointsRedeemed():
                self.orders[Moved.SPENT, event.redemption] = event.order
            case _:
                pass

    def _order_of(self, change: _Change) -> OrderId | None:
        return change.order if change.under is None else self.orders.get(change.under)

    def _take_back(self, one: Told, event: PointsReversed) -> None:
        lot = self.lots.setdefault(event.lot, _Lot(event.lot))
        lot.taken_back.append(
            TakenBack(
                at=one.at,
                position=one.position,
                refund=event.refund,
                points=event.points,
                kept=event.kept,
                remaining=event.remaining,
                taken=event.allocations,
                owed=event.debt_added,
                forgiven=event.written_off,
            )
        )
        if event.debt_added:
            why = f"refund {event.refund} of {event.lot} took back more than there was"
            self._owe(one, event.debt_added, why)

    def _owe(self, one: Told, points: int, why: str) -> None:
        self.debt += points
        self.owed.append(
            Owed(at=one.at, position=one.position, points=points, debt=self.debt, why=why)
        )


def _named(allocations: Sequence[Allocation]) -> str:
    return ", ".join(one.lot for one in allocations)


def _changes(event: Event) -> Iterator[_Change]:
    match event:
        case PointsEarned(lot=lot, order=order):
            yield _Change(
                of=Allocation(lot=lot, points=event.points),
                what=Moved.EARNED,
                why=f"earned by order {order}" if order is not None else f"earned: {event.on}",
                left=1,
                order=order,
            )
        case PointsActivated(lot=lot):
            of = Allocation(lot=lot, points=event.points)
            yield _Change(of=of, what=Moved.ACTIVATED, why="can be used from now on", left=0)
        case PointsExpired(lot=lot):
            of = Allocation(lot=lot, points=event.points)
            yield _Change(of=of, what=Moved.EXPIRED, why="expired unused")
        case PointsDebtSettled(allocations=allocations):
            for one in allocations:
                yield _Change(of=one, what=Moved.SETTLED, why="paid what was owed")
        case PointsReversed(allocations=allocations, lot=lot):
            for one in allocations:
                why = f"taken back by refund {event.refund}"
                yield _Change(
                    of=one,
                    what=Moved.REVERSED,
                    why=why if one.lot == lot else f"{why}, which {lot} had too few left for",
                    order=event.order,
                    refund=event.refund,
                )
        case _:
            yield from _spending(event)


def _spending(event: Event) -> Iterator[_Change]:
    match event:
        case PointsReserved(order=order):
            whom = "" if order is None else f" for order {order}"
            why = f"held{whom} under {event.reservation}"
            for one in event.allocations:
                yield _Change(of=one, what=Moved.HELD, why=why, held=1, order=order)
        case PointsReservationReleased():
            over = ", whose time was over" if event.lapsed else ""
            why = f"no longer held under {event.reservation}{over}"
            for one in event.allocations:
                yield _Change(
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
                yield _Change(of=one, what=Moved.SPENT, why=why, left=left, held=held, order=order)
        case RedemptionReversed(refund=refund):
            why = f"given back by refund {refund}"
            for one in event.allocations:
                yield _Change(
                    of=one,
                    what=Moved.RESTORED,
                    why=why,
                    left=1,
                    refund=refund,
                    under=(Moved.SPENT, event.redemption),
                )
        case _:
            pass
