"""Liability: what a programme owes its customers in points at the end of any day."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from attrs import define, frozen

from regulars.application.books import BOOKS, BookEntry
from regulars.application.queries import Query, ViewRows
from regulars.application.views import View


@frozen(kw_only=True)
class Expiring:
    """Points of lots whose last day is in that month; None if they never expire."""

    month: date | None
    available: int
    pending: int


@define(kw_only=True)
class MonthOfPoints:
    """
    A month of a programme's points, to its end or to the day asked about.

    `opening` + earned + migrated + transferred + adjusted - reversed - expired - redeemed -
    forfeited = `closing`, which is what is outstanding less what customers owe.
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
    def closing(self) -> int:
        """What is there at its end."""
        came = self.earned + self.migrated + self.transferred + self.adjusted
        went = self.reversed + self.expired + self.redeemed + self.forfeited
        return self.opening + came - went

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
        told = [row for row in rows.rows(BOOKS, program=self.program) if row.day <= last]
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


def _months(rows: Iterable[BookEntry]) -> list[MonthOfPoints]:
    found: list[MonthOfPoints] = []
    for row in rows:
        month = date.fromordinal(row.day).replace(day=1)
        if not found or found[-1].month != month:
            found.append(MonthOfPoints(month=month, opening=found[-1].closing if found else 0))
        found[-1].add(row)
    return found
