"""Liability: what a programme owes its customers in points at the end of any day."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from attrs import NOTHING, define, fields, frozen

from regulars.application.books import BOOKS, BookEntry
from regulars.application.queries import Query, ViewRows
from regulars.application.questions import Look, Question
from regulars.application.views import View
from regulars.domain.lots import NEVER
from regulars.domain.reward_catalogue import RewardKind
from regulars.domain.values import Money, ProgramId


@frozen(kw_only=True)
class Expiring:
    """Points of lots whose last day is in that month; None if they never expire."""

    month: date | None
    available: int
    pending: int


_COLUMNS: Final = tuple(one.name for one in fields(BookEntry) if one.default is not NOTHING)


@define(kw_only=True)
class MonthOfPoints:
    """
    A month of a programme's points, to its end or to the day asked about.

    `opening` + `came` - `went` = `closing`, which is what is outstanding less what customers owe.
    """

    month: date
    opening: int = 0
    earned: int = 0
    migrated: int = 0
    transferred: int = 0
    adjusted: int = 0
    reversed: int = 0
    expired: int = 0
    redeemed: int = 0
    forfeited: int = 0

    @property
    def came(self) -> int:
        """What was earned, brought along, transferred and adjusted."""
        return self.earned + self.migrated + self.transferred + self.adjusted

    @property
    def went(self) -> int:
        """What was reversed, expired, redeemed and forfeited."""
        return self.reversed + self.expired + self.redeemed + self.forfeited

    @property
    def closing(self) -> int:
        """What is there at its end."""
        return self.opening + self.came - self.went

    def add(self, row: BookEntry) -> None:
        """Count in what moved on a day."""
        self.earned += row.earned
        self.migrated += row.migrated
        self.transferred += row.transferred
        self.adjusted += row.adjusted
        self.reversed += row.reversed
        self.expired += row.expired
        self.redeemed += row.redeemed
        self.forfeited += row.forfeited


@frozen(kw_only=True)
class PointsOwed:
    """
    What all accounts of a programme hold at the end of a day in its time zone, in points.

    `outstanding` = available + pending + reserved; customers owe `debt`. `expiring` splits what
    is available and pending by the month until which it can be used, `months` is how it came about.
    """

    program: str
    on: date
    available: int
    pending: int
    reserved: int
    debt: int
    expiring: tuple[Expiring, ...]
    months: tuple[MonthOfPoints, ...]

    @property
    def outstanding(self) -> int:
        """What customers have."""
        return self.available + self.pending + self.reserved


@frozen(kw_only=True)
class Liability(Query[PointsOwed]):
    """
    What a programme owes in points at the end of the day `on` in its time zone.

    It is the sum of all balances as of then, whatever was recorded. Asked as of a time or a
    position it is what had occurred or been recorded by then, which reads every account.
    """

    views: ClassVar[tuple[View[Any, Any], ...]] = (BOOKS,)

    on: date
    program: str = "default"

    def answer(self, rows: ViewRows) -> PointsOwed:
        """The statement."""
        last = self.on.toordinal()
        entries = rows.rows(BOOKS, program=self.program)
        told = [row for row in entries if row.day <= last and _is_of_something(row)]
        return PointsOwed(
            program=self.program,
            on=self.on,
            available=sum(row.available for row in told),
            pending=sum(row.pending for row in told),
            reserved=sum(row.reserved for row in told),
            debt=sum(row.debt for row in told),
            expiring=tuple(_expiring(told)),
            months=tuple(_months(told)),
        )


@frozen(kw_only=True)
class PointValue:
    """`points` are worth `money`."""

    money: Money
    points: int = 1

    def of(self, points: int) -> Money:
        """What so many are worth, rounded up: a debt is not told smaller than it is."""
        minor = -(-points * self.money.minor // self.points)
        return Money(minor=minor, currency=self.money.currency)


@frozen(kw_only=True)
class ValueOfPoints(Question[PointValue | None]):
    """
    What points are worth at the end of the day `on`, by the cash in the programme's catalogue.

    None if it has none, or cash of several currencies, which are worth what nobody can tell.
    """

    on: date
    program: ProgramId

    def answer(self, look: Look) -> PointValue | None:
        """The value of the one cash in the catalogue, as points that pay for orders have it."""
        program = look.program(self.program)
        zone = ZoneInfo(program.policies_at(NEVER).expiry.zone)
        catalogue = program.rewards_at(datetime.combine(self.on, time.max, zone))
        cash = [
            PointValue(money=one.value, points=one.points)
            for one in (() if catalogue is None else catalogue.rewards)
            if one.kind is RewardKind.CASH and one.value is not None
        ]
        return cash[0] if len(cash) == 1 else None


def _expiring(rows: Iterable[BookEntry]) -> list[Expiring]:
    found: dict[date | None, tuple[int, int]] = {}
    for row in rows:
        month = date.fromordinal(row.expires).replace(day=1) if row.expires else None
        available, pending = found.get(month, (0, 0))
        found[month] = available + row.available, pending + row.pending
    return [
        Expiring(month=month, available=available, pending=pending)
        for month, (available, pending) in sorted(found.items(), key=lambda one: one[0] or date.max)
        if available or pending
    ]


def _is_of_something(row: BookEntry) -> bool:
    """Books that were corrected keep rows that come to nothing; made anew, they have none."""
    return any(getattr(row, column) for column in _COLUMNS)


def _months(rows: Iterable[BookEntry]) -> list[MonthOfPoints]:
    found: list[MonthOfPoints] = []
    for row in rows:
        month = date.fromordinal(row.day).replace(day=1)
        if not found or found[-1].month != month:
            found.append(MonthOfPoints(month=month, opening=found[-1].closing if found else 0))
        found[-1].add(row)
    return found
