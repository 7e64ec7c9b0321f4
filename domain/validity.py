"""
When points can be used: from when on, and until when.

Days, months and ends of periods are those of the programme's time zone; every end is exclusive.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from attrs import frozen

MONTHS_OF_A_YEAR: Final = 12


class Period(Enum):
    """The calendar period to whose end an expiry is put off. `value` is its length in months."""

    MONTH = 1
    QUARTER = 3
    HALF_YEAR = 6
    YEAR = 12


class Counted(Enum):
    """The moment from which an expiry is counted."""

    AWARD = "award"
    ACTIVATION = "activation"


class Activation(Enum):
    """What makes points usable."""

    IMMEDIATE = "immediate"
    DELAY = "delay"
    COMPLETION = "completion"
    MANUAL = "manual"


@frozen(kw_only=True)
class ActivationPolicy:
    """Points can be used from their award on, `days` x 24 hours later, or when they are told to."""

    activation: Activation = Activation.COMPLETION
    days: int = 0

    def activates_at(self, awarded_at: datetime) -> datetime | None:
        """From when on points can be used; None until something else activates them."""
        match self.activation:
            case Activation.IMMEDIATE:
                return awarded_at
            case Activation.DELAY:
                return awarded_at + timedelta(days=self.days)
            case Activation.COMPLETION | Activation.MANUAL:
                return None
            case _:
                assert_never(self.activation)


@frozen(kw_only=True)
class ExpiryPolicy:
    """
    How long points can be used.

    They can be for `days`, for `months`, or until the next `month` and `day` of the calendar, and
    always to the end of the day that this leads to, then of the `period` that it lies in, if any.
    A month later is the same day, or the last if that month is shorter.
    Where nothing is told but a period, it is the period of the moment itself; where nothing is
    told at all, points never expire. `inactivity` x 24 hours without an earning or a redemption
    end all points of the account, whatever else is told; the account knows when it moved.
    """

    days: int | None = None
    months: int | None = None
    month: int | None = None
    day: int | None = None
    period: Period | None = None
    inactivity: int | None = None
    counted: Counted = Counted.ACTIVATION
    zone: str = "Asia/Shanghai"

    def expires_at(self, counted_from: datetime) -> datetime | None:
        """The first moment at which points cannot be used any more; None if they never expire."""
        last = self._last_day(counted_from.astimezone(ZoneInfo(self.zone)).date())
        if last is None:
            return None
        if self.period is not None:
            last = _end(last, self.period)
        return midnight(last + timedelta(days=1), self.zone)

    def _last_day(self, start: date) -> date | None:
        if self.days is not None:
            return start + timedelta(days=self.days)
        if self.months is not None:
            return months_later(start, self.months)
        if self.month is not None and self.day is not None:
            this = clamped(start.year, self.month, self.day)
            return this if start <= this else clamped(start.year + 1, self.month, self.day)
        return None if self.period is None else start


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name, such as Asia/Shanghai."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return False
    return True


def midnight(day: date, zone: str) -> datetime:
    """The moment at which a day begins in a time zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def months_later(day: date, months: int) -> date:
    """The same day of the month that lies `months` later, or the last day of a shorter one."""
    years, month = divmod(day.month - 1 + months, MONTHS_OF_A_YEAR)
    return clamped(day.year + years, month + 1, day.day)


def clamped(year: int, month: int, day: int) -> date:
    """That day, or the last of its month: 29 February is 28 February in a year without one."""
    _, last = monthrange(year, month)
    return date(year, month, min(day, last))


def _end(day: date, period: Period) -> date:
    length = period.value
    first = (day.month - 1) // length * length + 1
    return months_later(date(day.year, first, 1), length) - timedelta(days=1)
