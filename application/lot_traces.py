"""What became of each lot of an account: every event that moved its points, and where they went."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from attrs import Factory, define, frozen

from regulars.application.lot_changes import Change, Moved, Under, changes
from regulars.domain.account_merge import LoyaltyAccountAbsorbed, LoyaltyAccountMerged
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.holding import (
    PointsReservationConfirmed,
    PointsReserved,
)
from regulars.domain.idleness import LoyaltyAccountWentIdle
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled
from regulars.domain.loyalty import Event, PointsEarned
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed
from regulars.domain.transfer import PointsTransferredIn
from regulars.domain.values import LotId, OrderId, RefundId


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


@define
class _Book:
    lots: dict[LotId, _Lot] = Factory(dict[LotId, _Lot])
    owed: list[Owed] = Factory(list[Owed])
    debt: int = 0
    orders: dict[Under, OrderId | None] = Factory(dict[Under, OrderId | None])
    """For which order points were held or spent."""

    def enter(self, one: Told) -> None:
        self._note_order(one.event)
        for change in self._changes(one.event):
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
            case LoyaltyAccountWentIdle(idle_at=idle_at):
                for lot in self.lots.values():
                    lot.expires_at = min(lot.expires_at or idle_at, idle_at)
            case _:
                self._note_others(one)

    def _note_others(self, one: Told) -> None:
        """What corrections and other accounts bring along beside points."""
        match one.event:
            case PointsMigrated(lot=str(name)) | PointsAdjusted(lot=str(name)):
                self.lots[LotId(name)].expires_at = one.event.expires_at
            case PointsAdjusted(debt_added=owed, reason=reason) if owed:
                self._owe(one, owed, f"adjusted: {reason}")
            case PointsTransferredIn(lots=lots):
                for given in lots:
                    self.lots[given.lot].expires_at = given.expires_at
            case LoyaltyAccountMerged(survivor=survivor) if self.debt:
                self._owe(one, -self.debt, f"merged into the account of {survivor}")
            case LoyaltyAccountAbsorbed():
                self._take_over(one, one.event)
            case _:
                pass

    def _changes(self, event: Event) -> Iterator[Change]:
        if not isinstance(event, LoyaltyAccountMerged):
            yield from changes(event)
            return
        why = f"merged into the account of {event.survivor}"
        for lot in [*self.lots.values()]:
            free, held = (Allocation(lot=lot.lot, points=n) for n in (lot.left, lot.held))
            yield Change(of=free, what=Moved.GIVEN, why=why)
            if lot.held:
                yield Change(of=held, what=Moved.GIVEN, why=why, left=0, held=-1)

    def _note_order(self, event: Event) -> None:
        match event:
            case PointsReserved() | PointsReservationConfirmed():
                self.orders[Moved.HELD, event.reservation] = event.order
            case PointsRedeemed():
                self.orders[Moved.SPENT, event.redemption] = event.order
            case _:
                pass

    def _order_of(self, change: Change) -> OrderId | None:
        return change.order if change.under is None else self.orders.get(change.under)

    def _take_over(self, one: Told, event: LoyaltyAccountAbsorbed) -> None:
        for came in event.lots:
            lot = self.lots[came.lot]
            lot.pending, lot.activates_at = came.pending, came.activates_at
            lot.expires_at = came.expires_at
        for held in event.reservations:
            self.orders[Moved.HELD, held.reservation] = held.order
        if event.debt:
            self._owe(one, event.debt, f"owed by the account of {event.absorbed}")

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
