"""What moved in one account day by day, and what will move there by itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, TypeAlias

from regulars.domain import hindsight, loyalty
from regulars.domain.account import Account
from regulars.domain.account_merge import LoyaltyAccountAbsorbed, LoyaltyAccountMerged
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.due import AccountAt
from regulars.domain.holding import PointsReservationReleased, PointsReserved
from regulars.domain.idleness import InactivityLimitSet
from regulars.domain.lots import NEVER, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import PointsEarned
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import BEGINNING, LotId

Told: TypeAlias = tuple[datetime, loyalty.Event]
"""An event of an account, and when it occurred."""

DayOf: TypeAlias = Callable[[datetime], int]
"""The ordinal of the day in which a moment lies."""

Cell: TypeAlias = tuple[int, int, str]
"""A day, the last day of the lots that are meant (0 if they have none), and a column."""

Moves: TypeAlias = "Counter[Cell]"
"""How many points each cell changes by."""

TOTALS: Final = (
    "earned",
    "migrated",
    "transferred",
    "adjusted",
    "reversed",
    "expired",
    "redeemed",
    "forfeited",
)

_FAR: Final = NEVER - timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)

_SUMS: Final = ("reserved", "debt", *TOTALS)
_totals: Final = attrgetter(*TOTALS)

_Standing: TypeAlias = tuple[list[tuple[int, str, int]], tuple[int, ...]]


def moves_of(told: Sequence[Told], day_of: DayOf) -> Moves:
    """
    What moved by what an account was told, and will move by itself after it.

    Summed up to a day, the columns are what the account holds and what became of its points at
    the end of that day, as a question as of then is answered.
    """
    account = _Account(day_of)
    if _may_be_sorted(told):
        for at, event in sorted(told, key=_when):
            account.happened(event, at, loyalty.fold)
        account.falls_due(_FAR, since=BEGINNING)
    else:
        _by_hindsight(account, told)
    return Counter({cell: points for cell, points in account.moves.items() if points})


class _Account:
    """An account that is folded, and what moves in it."""

    def __init__(self, day_of: DayOf) -> None:
        self.state = Account()
        self.moves: Moves = Counter()
        self._day_of = day_of

    def happened(
        self, event: loyalty.Event, at: datetime, fold: Callable[[Account, Any, datetime], None]
    ) -> None:
        """Fold an event."""
        before = self._standing(event)
        fold(self.state, event, at)
        self._moved(at, before, self._standing(event))

    def falls_due(self, until: datetime, *, since: datetime) -> None:
        """Fold what falls due by then, and is not known before."""
        for event in AccountAt(self.state, max(until, self.state.as_of)).due:
            at = loyalty.moment(event, until, self.state)
            self.happened(event, max(at, since), loyalty.fold)

    def becomes(self, state: Account, at: datetime) -> None:
        """Another state in place of the one that was folded."""
        before = self._standing(None)
        self.state = state
        self._moved(at, before, self._standing(None))

    def _moved(self, at: datetime, before: _Standing, after: _Standing) -> None:
        day, moves = self._day_of(at), self.moves
        for sign, (lots, _) in ((-1, before), (1, after)):
            for expires, column, points in lots:
                moves[day, expires, column] += sign * points
        if before[1] != after[1]:
            for column, had, has in zip(_SUMS, before[1], after[1], strict=True):
                moves[day, 0, column] += has - had

    def _standing(self, event: loyalty.Event | None) -> _Standing:
        state = self.state
        known, lots = state.lots.known, list[tuple[int, str, int]]()
        for one in _touched(event, state):
            lot = known.get(one)
            if lot is not None and lot.left:
                end = lot.expires_at
                expires = 0 if end is None else self._day_of(end - _INSTANT)
                lots.append((expires, "pending" if lot.pending else "available", lot.left))
        held = sum(one.points for one in state.held.values()) if state.held else 0
        return lots, (held, state.debt, *_totals(state.totals))


def _touched(event: loyalty.Event | None, state: Account) -> Iterable[LotId]:
    """The lots that an event may change; all where it does not name them."""
    match event:
        case PointsEarned(lot=lot) | PointsActivated(lot=lot) | PointsExpired(lot=lot):
            return (lot,)
        case (
            PointsReversed(allocations=allocations)
            | PointsDebtSettled(allocations=allocations)
            | PointsReserved(allocations=allocations)
            | PointsReservationReleased(allocations=allocations)
            | PointsRedeemed(allocations=allocations)
            | RedemptionReversed(allocations=allocations)
        ):
            return [one.lot for one in allocations]
        case _:
            return list(state.lots.known)


def _may_be_sorted(told: Sequence[Told]) -> bool:
    """
    Whether events in the order of their moments make of each of these what was told by then.

    They do if nothing is late, or only what brings points or falls due where nothing is owed.
    """
    latest, late, strict = told[0][0], False, False
    for at, event in told:
        if _is_over(event, at):
            return False
        if at < latest:
            late = True
            strict = strict or isinstance(event, PointsReversed)
        latest = max(at, latest)
        strict = strict or _asks_for_order(event)
    return not (late and strict)


def _is_over(event: loyalty.Event, at: datetime) -> bool:
    """Whether the time of what an event brings was over when it came."""
    match event:
        case (
            PointsEarned(expires_at=datetime() as end)
            | PointsAdjusted(expires_at=datetime() as end)
            | PointsMigrated(expires_at=datetime() as end)
            | PointsReserved(lapses_at=datetime() as end)
        ):
            return end <= at
        case _:
            return False


def _asks_for_order(event: loyalty.Event) -> bool:
    """Whether what an account is told later or earlier makes a difference, once this is there."""
    match event:
        case PointsReversed(debt_added=debt) | PointsAdjusted(debt_added=debt):
            return bool(debt)
        case LoyaltyAccountAbsorbed(debt=debt):
            return bool(debt)
        case InactivityLimitSet() | LoyaltyAccountMerged():
            return True
        case _:
            return False


def _by_hindsight(account: _Account, told: Sequence[Told]) -> None:
    """Fold for each moment anew what was told by then."""
    moments = sorted({at for at, _ in told})
    for at, following in zip(moments, [*moments[1:], None], strict=True):
        state = Account()
        for when, event in told:
            if when <= at:
                hindsight.fold_account(state, event, when)
        account.becomes(state, at)
        account.falls_due(_FAR if following is None else following - _INSTANT, since=at)


def _when(told: Told) -> datetime:
    return told[0]
