"""What became of each lot of an account: every event that moved its points, and where they went."""

from collections.abc import Iterable
from datetime import datetime

from attrs import define, evolve, frozen

from regulars.application.lot_moves import Change, Moved, Under, changes, owed_by
from regulars.domain import hindsight
from regulars.domain.account import Account
from regulars.domain.account_merge import LoyaltyAccountAbsorbed, LoyaltyAccountMerged
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.empty import empty
from regulars.domain.holding import PointsReservationConfirmed, PointsReserved
from regulars.domain.idleness import LoyaltyAccountWentIdle
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled
from regulars.domain.loyalty import Event, PointsEarned
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed
from regulars.domain.transfer import PointsTransferredIn
from regulars.domain.values import CustomerId, LotId, OrderId, RefundId


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

    `earned` is the event that made it; None where something else did, or where that lies after
    the moment asked about. `of` is whose account it was merged from, and its name there.
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
    of: tuple[CustomerId, LotId] | None

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


def heard(recorded: Iterable[Told]) -> tuple[Account, list[Told]]:
    """
    An account as of a moment by which this of it had occurred, and what each event came to by then.

    The one is made of the other. What was paid at once has no position if its event lies later.
    """
    account, told = Account(), list[Told]()
    for one in recorded:
        came = hindsight.hear(account, one.event, one.at)
        known = isinstance(one.event, PointsDebtSettled) and not came
        if known and told and told[-1].position is None:
            told[-1] = evolve(told[-1], at=one.at, position=one.position)
        told += [
            evolve(one, event=event)
            if type(event) is type(one.event)
            else evolve(one, event=event, position=None)
            for event in came
        ]
    return account, told


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
    moves: list[Move] = empty(list[Move])
    taken_back: list[TakenBack] = empty(list[TakenBack])
    earned: PointsEarned | None = None
    of: tuple[CustomerId, LotId] | None = None


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
        of=lot.of,
    )


@define
class _Book:
    lots: dict[LotId, _Lot] = empty(dict[LotId, _Lot])
    owed: list[Owed] = empty(list[Owed])
    debt: int = 0
    orders: dict[Under, OrderId | None] = empty(dict[Under, OrderId | None])
    """For which order points were held or spent."""

    def enter(self, one: Told) -> None:
        self._note_order(one.event)
        for change in changes(one.event):
            self._move(one, change)
        match one.event:
            case PointsReversed() as back:
                self._take_back(one, back)
            case LoyaltyAccountMerged(survivor=survivor):
                self._leave(one, survivor)
            case PointsDebtSettled() | PointsAdjusted() | LoyaltyAccountAbsorbed() as moved:
                self._owe(one, *owed_by(moved))
            case _:
                pass
        self._learn(one.event)

    def _move(self, one: Told, change: Change) -> None:
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

    def _leave(self, one: Told, survivor: CustomerId) -> None:
        """Everything goes to the account of another, what is held and owed too."""
        why = f"went with the account to customer {survivor}"
        for lot in self.lots.values():
            for points, left, held in ((lot.left, -1, 0), (lot.held, 0, -1)):
                if points:
                    of = Allocation(lot=lot.lot, points=points)
                    self._move(one, Change(of=of, what=Moved.SENT, why=why, left=left, held=held))
        self._owe(one, -self.debt, why)

    def _learn(self, event: Event) -> None:
        """What an event tells of lots beside their points."""
        match event:
            case PointsEarned(lot=name):
                lot = self.lots[name]
                lot.earned, lot.pending = event, event.pending
                lot.activates_at, lot.expires_at = event.activates_at, event.expires_at
            case PointsActivated(lot=name, expires_at=expires_at):
                self.lots[name].pending, self.lots[name].expires_at = False, expires_at
            case RedemptionReversed(reinstated=reinstated, reinstated_until=until):
                for name in reinstated:
                    self.lots[name].expires_at = until
            case PointsMigrated(lot=name) | PointsAdjusted(lot=str(name)):
                self.lots[name].expires_at = event.expires_at
            case PointsTransferredIn():
                for came in event.lots:
                    self.lots[came.lot].expires_at = came.expires_at
            case LoyaltyAccountAbsorbed(absorbed=absorbed):
                for merged in event.lots:
                    lot = self.lots[merged.lot]
                    lot.of, lot.pending = (absorbed, merged.of), merged.pending
                    lot.activates_at, lot.expires_at = merged.activates_at, merged.expires_at
            case LoyaltyAccountWentIdle(idle_at=idle_at):
                for lot in self.lots.values():
                    lot.expires_at = min(lot.expires_at or idle_at, idle_at)
            case _:
                pass

    def _note_order(self, event: Event) -> None:
        match event:
            case PointsReserved() | PointsReservationConfirmed():
                self.orders[Moved.HELD, event.reservation] = event.order
            case LoyaltyAccountAbsorbed():
                for held in event.reservations:
                    self.orders[Moved.HELD, held.reservation] = held.order
            case PointsRedeemed():
                self.orders[Moved.SPENT, event.redemption] = event.order
            case _:
                pass

    def _order_of(self, change: Change) -> OrderId | None:
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
        why = f"refund {event.refund} of {event.lot} took back more than there was"
        self._owe(one, event.debt_added, why)

    def _owe(self, one: Told, points: int, why: str) -> None:
        if not points:
            return
        self.debt += points
        self.owed.append(
            Owed(at=one.at, position=one.position, points=points, debt=self.debt, why=why)
        )
