"""
Loyalty accounts once more, written another way: every single point is an object with a life.

They are told the same commands, live through them step by step in time, and know nothing of lots in
order, of allocations or of events.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from fractions import Fraction
from typing import Final, TypeAlias

from attrs import Factory, define, evolve, frozen

from regulars.domain import two_accounts
from regulars.domain.account_merge import MergeAccounts
from regulars.domain.adjustment import AdjustPoints, MigratePoints
from regulars.domain.closing import CloseAccount
from regulars.domain.due import AccountBalance
from regulars.domain.idleness import LimitInactivity
from regulars.domain.ledger_policies import Arithmetic, Restore, Reversal, SpendOrder
from regulars.domain.loyalty import ActivatePoints, AwardPoints, Command
from regulars.domain.redemption import (
    CapturePoints,
    RedeemPoints,
    ReleasePoints,
    ReservePoints,
    ReverseRedemption,
)
from regulars.domain.reversal import ReversePoints
from regulars.domain.transfer import TransferPoints
from regulars.domain.values import BEGINNING, CustomerId
from tests.domain.examples import ANNA

FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


class Is(Enum):
    """What a point is."""

    WAITING = "waiting"
    FREE = "free"
    HELD = "held"
    SPENT = "spent"
    EXPIRED = "expired"
    GONE = "gone"


@define(eq=False)
class Point:
    """One point of the lot that came as number `lot`; the moments are those of its lot."""

    name: str
    lot: int
    awarded: datetime
    activates: datetime
    expires: datetime
    state: Is


@define
class Earned:
    """What an award or what is left of it amounts to."""

    exact: Fraction
    paid: int
    kept: int
    forgiven: int = 0


Posting: TypeAlias = Command | two_accounts.Command


@define
class Ledger:
    """Some accounts, which live on with each posting."""

    town: dict[CustomerId, "_Lives"] = Factory(lambda: defaultdict(_Lives))

    def post(self, command: Posting) -> None:
        """Do what was accepted; nothing is dated before what came earlier."""
        lives = [self.town[one] for one in parties(command)]
        when = max([command.at, *(one.now for one in lives)])
        for one in lives:
            one.live(when)
        if isinstance(command, two_accounts.Command):
            giver, taker = lives
            giver.pass_on(command, taker)
        else:
            lives[0].obey(command)

    def balances(self, *moments: datetime, whose: CustomerId = ANNA) -> list[AccountBalance]:
        """What an account holds at moments, in their order, none before its last posting."""
        lives = self.town[whose].again()
        return [lives.balance(at) for at in moments]


def parties(command: Posting) -> tuple[CustomerId, ...]:
    """Whose accounts a command is for."""
    match command:
        case TransferPoints():
            return command.customer, command.receiver
        case MergeAccounts():
            return command.absorbed, command.survivor
        case _:
            return (command.customer,)


Pointwise: TypeAlias = list[Point]


@frozen
class Hold:
    """Points that are held until `lapses`."""

    points: Pointwise
    lapses: datetime


@define
class _Lives:
    now: datetime = BEGINNING
    debt: int = 0
    points: Pointwise = Factory(list[Point])
    earned: dict[str, Earned] = Factory(dict[str, Earned])
    refunds: set[tuple[str, str]] = Factory(set[tuple[str, str]])
    holds: dict[str, Hold] = Factory(dict[str, Hold])
    spent: dict[str, Pointwise] = Factory(dict[str, Pointwise])
    back: dict[str, int] = Factory(dict[str, int])
    lots: int = 0
    idle: timedelta | None = None
    moved: datetime | None = None

    def again(self) -> "_Lives":
        """The same once more, points and all, so that time may pass without being lived."""
        points = {
            id(one): Point(one.name, one.lot, one.awarded, one.activates, one.expires, one.state)
            for one in self.points
        }

        def same(those: Pointwise) -> Pointwise:
            return [points[id(one)] for one in those]

        held = {name: Hold(same(one.points), one.lapses) for name, one in self.holds.items()}
        return evolve(self, points=[*points.values()], holds=held)

    def balance(self, at: datetime) -> AccountBalance:
        self.live(at)
        states = [point.state for point in self.points]
        return AccountBalance(
            available=states.count(Is.FREE),
            pending=states.count(Is.WAITING),
            reserved=states.count(Is.HELD),
            debt=self.debt,
        )

    def usable(self) -> Pointwise:
        """What is free or will be."""
        return [one for one in self.points if one.state is Is.FREE or one.state is Is.WAITING]

    def live(self, until: datetime) -> None:
        """Let time pass, from one moment at which anything changes to the next."""
        while True:
            usable = self.usable()
            moments = [point.expires for point in usable]
            moments += [point.activates for point in usable if point.state is Is.WAITING]
            moments += [hold.lapses for hold in self.holds.values()]
            if self.idle is not None and self.moved is not None:
                moments.append(self.moved + self.idle)
            self.now = min((*moments, until))
            for point in usable:
                if point.expires <= self.now:
                    point.state = Is.EXPIRED
            self.rest()
            awaited = [one for one in usable if one.state is Is.WAITING]
            ripe = [one for one in awaited if one.activates <= self.now]
            self.free(sorted(ripe, key=lambda point: (point.activates, point.lot)))
            for name in [name for name, hold in self.holds.items() if hold.lapses <= self.now]:
                self.free(self.holds.pop(name).points)
            if min((*moments, until)) >= until:
                return

    def rest(self) -> None:
        """Nothing moved for too long: whatever there is ends, what is held or spent too."""
        if self.idle is None or self.moved is None or self.moved + self.idle > self.now:
            return
        self.turn(self.usable(), Is.EXPIRED)
        for point in self.points:
            point.expires = min(point.expires, self.now)
        self.moved = None

    def free(self, points: Iterable[Point]) -> None:
        """Points become usable: they are past, or pay what is owed, or can be spent."""
        for point in [*points]:
            if point.expires <= self.now:
                point.state = Is.EXPIRED
            elif self.debt:
                self.debt -= 1
                point.state = Is.GONE
            else:
                point.state = Is.FREE

    def next_to_go(self, wanted: int, order: SpendOrder) -> Pointwise:
        free = [point for point in self.points if point.state is Is.FREE]
        fefo = order is SpendOrder.FEFO
        free.sort(key=lambda point: (point.expires if fefo else point.awarded, point.lot))
        return free[:wanted]

    def obey(self, command: Command) -> None:
        """Do what the account did, in single points."""
        if isinstance(command, AwardPoints | ReservePoints | CapturePoints | RedeemPoints):
            self.moved = self.now
        match command:
            case AdjustPoints():
                self.adjust(command)
            case MigratePoints(lot=lot, points=count, expires_at=expires):
                self.free(self.bring(lot, count, command.at, expires or FOREVER))
            case LimitInactivity(days=days):
                self.idle = None if days is None else timedelta(days=days)
                self.moved = self.now
            case CloseAccount():
                for name in [*self.holds]:
                    self.free(self.holds.pop(name).points)
                self.lose(self.usable())
            case AwardPoints():
                self.award(command)
            case ActivatePoints(lot=lot, expires_at=expires):
                waiting = [point for point in self.of(lot) if point.state is Is.WAITING]
                for point in waiting:
                    point.expires = expires or point.expires
                self.free(waiting)
            case ReversePoints():
                self.reverse(command)
            case ReservePoints(reservation=name, points=wanted, lapses_at=lapses):
                points = self.next_to_go(wanted, command.spend)
                self.turn(points, Is.HELD)
                self.holds[name] = Hold(points, lapses or FOREVER)
            case CapturePoints(reservation=name, redemption=spent):
                self.spent[spent] = self.holds.pop(name).points
                self.turn(self.spent[spent], Is.SPENT)
            case ReleasePoints(reservation=name):
                self.free(self.holds.pop(name).points)
            case RedeemPoints(redemption=spent, points=wanted):
                self.spent[spent] = self.next_to_go(wanted, command.spend)
                self.turn(self.spent[spent], Is.SPENT)
            case ReverseRedemption():
                self.restore(command)
            case _:
                pass

    def of(self, lot: str) -> Pointwise:
        return [point for point in self.points if point.name == lot]

    @staticmethod
    def turn(points: Sequence[Point], state: Is) -> None:
        for point in points:
            point.state = state

    def bring(
        self,
        name: str,
        count: int,
        awarded: datetime,
        expires: datetime,
        activates: datetime = FOREVER,
    ) -> Pointwise:
        """So many new points, of one lot, that wait."""
        points = [
            Point(
                name=name,
                lot=self.lots,
                awarded=awarded,
                activates=activates,
                expires=expires,
                state=Is.WAITING,
            )
            for _ in range(count)
        ]
        self.lots += 1
        self.points += points
        if self.moved is None:
            self.moved = self.now
        return points

    def adjust(self, command: AdjustPoints) -> None:
        if command.points > 0:
            expires = command.expires_at or FOREVER
            self.free(self.bring(command.adjustment, command.points, command.at, expires))
        else:
            wanted = -command.points
            self.debt += wanted - self.lose(self.next_to_go(wanted, command.spend))

    def pass_on(self, command: two_accounts.Command, taker: "_Lives") -> None:
        """Let points go to another account, some or all of them with all that hangs on them."""
        taker.moved = taker.moved or taker.now
        if isinstance(command, TransferPoints):
            points = self.next_to_go(command.points, command.spend)
            self.turn(points, Is.GONE)
            for lot in dict.fromkeys(point.lot for point in points):
                given = [point for point in points if point.lot == lot]
                one = given[0]
                taker.free(taker.bring(command.transfer, len(given), one.awarded, one.expires))
            return
        for point in self.points:
            point.lot += taker.lots
        taker.lots += self.lots
        taker.points += self.points
        taker.debt += self.debt
        taker.earned |= self.earned
        taker.refunds |= self.refunds
        taker.holds |= self.holds
        taker.spent |= self.spent
        taker.back |= self.back
        taker.debt -= taker.lose(taker.next_to_go(taker.debt, SpendOrder.FEFO))
        self.points, self.earned, self.refunds = [], {}, set()
        self.holds, self.spent, self.back = {}, {}, {}
        self.debt, self.moved = 0, None

    def award(self, command: AwardPoints) -> None:
        made = command.evaluation
        waits = command.pending or (command.activates_at or command.at) > command.at
        points = self.bring(
            command.lot,
            made.points,
            command.at,
            command.expires_at or FOREVER,
            command.activates_at or FOREVER,
        )
        self.earned[command.lot] = Earned(made.exact, made.amount, made.points)
        if not waits:
            self.free(points)

    def reverse(self, command: ReversePoints) -> None:
        self.refunds.add((command.lot, command.refund))
        earned, own, policy = self.earned[command.lot], self.of(command.lot), command.policy
        paid = min(earned.paid, sum(line.net for line in command.remaining.lines))
        match policy.arithmetic:
            case Arithmetic.RECOMPUTE:
                kept = by_one_rate(command) if paid else 0
            case Arithmetic.PRORATE_FLOOR:
                whole = sum(line.gross for line in command.remaining.lines) or 1
                kept = earned.kept - int(earned.exact * (earned.paid - paid) / whole)
            case Arithmetic.FULL_ON_ANY:
                kept = 0
            case Arithmetic.NONE:
                kept = earned.kept
        kept = max(0, min(kept, earned.kept))
        wanted = earned.kept - kept
        earned.kept, earned.paid = kept, paid
        only_pending = policy.reversal is Reversal.ONLY_PENDING
        may = {Is.WAITING} if only_pending else {Is.WAITING, Is.FREE}
        wanted -= self.lose([point for point in own if point.state in may][:wanted])
        expired = sum(point.state is Is.EXPIRED for point in own) - earned.forgiven
        forgiven = max(0, min(wanted, expired))
        wanted -= forgiven
        if not only_pending:
            wanted -= self.lose(self.next_to_go(wanted, SpendOrder.FEFO))
        if policy.reversal is Reversal.ALLOW_DEBT:
            self.debt += wanted
            wanted = 0
        earned.forgiven += forgiven + wanted

    def lose(self, points: Sequence[Point]) -> int:
        self.turn(points, Is.GONE)
        return len(points)

    def restore(self, command: ReverseRedemption) -> None:
        spent = self.spent[command.redemption]
        back = self.back.get(command.redemption, 0)
        due = int(Fraction(len(spent) * command.refunded, command.whole))
        if command.policy.restore is Restore.FULL_ONLY and command.refunded < command.whole:
            due = 0
        coming = spent[::-1][back : max(back, due)]
        days = command.policy.reinstate_days
        late = {point.name for point in coming if days and point.expires <= self.now}
        for point in self.points:
            if point.name in late:
                point.expires = self.now + timedelta(days=days)
        self.back[command.redemption] = max(back, due)
        self.free(coming)


def by_one_rate(command: ReversePoints) -> int:
    """What the rest earns by the only rule there is, in whole numbers."""
    ((rule,),) = (group.rules for group in command.rules.groups)
    assert rule.rate is not None
    paid = sum(line.net for line in command.remaining.lines)
    return rule.rate.points * paid * rule.rate.per_denominator // (rule.rate.per_numerator * 100)
