"""A tier ladder as values: what leads to which tier, for how long, and what happens at its end."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from attrs import frozen

from regulars.domain.rule_flaws import MOST_DAYS, Flaw, Place
from regulars.domain.validity import is_zone, midnight, months_later
from regulars.domain.values import is_currency

MOST_MONTHS: Final = 1_200
"""The longest term and grace of a tier: a hundred years."""

A_MOMENT: Final = timedelta(microseconds=1)


class Basis(Enum):
    """
    What is counted: points that were earned, money or orders that earned them, points at hand.

    Points and money that were earned are net of refunds; none but the balance is touched by
    spending, expiry or debt.
    """

    EARNED = "earned"
    SPEND = "spend"
    ORDERS = "orders"
    BALANCE = "balance"


class Window(Enum):
    """
    Since when it is counted.

    The anniversary is the moment at which the tier was entered or renewed: what led there does
    not count again.
    """

    LIFETIME = "lifetime"
    CALENDAR_YEAR = "calendar_year"
    ROLLING = "rolling"
    ANNIVERSARY = "anniversary"


class Downgrade(Enum):
    """
    What becomes of a tier that is no longer reached.

    It is kept, or lost at once, or at the end of its term: for the next one down, or for the one
    that is reached.
    """

    NONE = "none"
    IMMEDIATE = "immediate"
    ONE_DOWN = "one_down"
    REQUALIFY = "requalify"


@frozen(kw_only=True)
class Level:
    """A tier, and what is needed for it: points, orders, or minor units of money."""

    tier: str
    least: int


@frozen(kw_only=True)
class TierLadder:
    """
    The tiers of a programme, from the lowest up, and how they are won and lost.

    A tier is held for `term_months`, with a calendar year for a window to the end of that year,
    for ever if None; then for `grace_months` more if it is not reached again.
    `days` x 24 hours is how far a rolling window goes back. Money counts in `currency` alone.
    With `refunds_at_once` a refund takes a tier away at once, not at the end of its term.
    """

    levels: tuple[Level, ...]
    basis: Basis = Basis.EARNED
    window: Window = Window.LIFETIME
    days: int = 0
    currency: str | None = None
    term_months: int | None = 12
    grace_months: int = 0
    downgrade: Downgrade = Downgrade.REQUALIFY
    refunds_at_once: bool = False
    zone: str = "Asia/Shanghai"

    def reached(self, value: int) -> int:
        """How many tiers up `value` leads: 0 to none, 1 to the lowest."""
        return sum(level.least <= value for level in self.levels)

    def height(self, tier: str | None) -> int | None:
        """How many tiers up a tier is; 0 for none, None if the ladder does not have it."""
        if tier is None:
            return 0
        heights = {level.tier: number for number, level in enumerate(self.levels, 1)}
        return heights.get(tier)

    def tier(self, height: int) -> str | None:
        """The tier that is so many up; None at 0."""
        return self.levels[height - 1].tier if height else None

    def counted_from(self, at: datetime, since: datetime | None) -> datetime | None:
        """
        The moment after which things count at `at`, in a term that began at `since`.

        None where all counts.
        """
        match self.window:
            case Window.LIFETIME:
                return None
            case Window.CALENDAR_YEAR:
                year = at.astimezone(ZoneInfo(self.zone)).year
                return midnight(date(year, 1, 1), self.zone) - A_MOMENT
            case Window.ROLLING:
                return at - timedelta(days=self.days)
            case Window.ANNIVERSARY:
                return since
            case _:
                assert_never(self.window)

    def term(self, start: datetime) -> datetime | None:
        """The end, exclusive, of a term that begins at `start`; None if it has none."""
        if self.term_months is None:
            return None
        end = self.later(start, self.term_months)
        if self.window is not Window.CALENDAR_YEAR:
            return end
        year = (end - A_MOMENT if self.term_months else end).astimezone(ZoneInfo(self.zone)).year
        return midnight(date(year + 1, 1, 1), self.zone)

    def grace(self, end: datetime) -> datetime:
        """The end, exclusive, of the grace after a term."""
        return self.later(end, self.grace_months)

    def later(self, start: datetime, months: int) -> datetime:
        """The same time of the day so many months later, on the clocks of the programme."""
        zone = ZoneInfo(self.zone)
        local = start.astimezone(zone)
        day = months_later(local.date(), months)
        return datetime.combine(day, local.time(), zone).astimezone(UTC)


def ladder_flaw(ladder: TierLadder) -> Flaw | None:
    """The first flaw of a ladder; None if tiers can be held by it."""
    found = next(_flaws(ladder), None)
    return None if found is None else Flaw(place=found[0], why=found[1])


def _flaws(ladder: TierLadder) -> Iterator[tuple[Place, str]]:
    yield from _levels(ladder.levels)
    if (ladder.window is Window.ROLLING) != (1 <= ladder.days <= MOST_DAYS):
        yield ("days",), f"must be from 1 to {MOST_DAYS} for a rolling window, and 0 for others"
    if (ladder.basis is Basis.SPEND) != (
        ladder.currency is not None and is_currency(ladder.currency)
    ):
        yield ("currency",), "must be a code such as USD if money counts, and none otherwise"
    least = 0 if ladder.window is Window.CALENDAR_YEAR else 1
    if ladder.term_months is not None and not least <= ladder.term_months <= MOST_MONTHS:
        yield ("term_months",), f"must be from {least} to {MOST_MONTHS}"
    if not 0 <= ladder.grace_months <= MOST_MONTHS:
        yield ("grace_months",), f"must be from 0 to {MOST_MONTHS}"
    if not is_zone(ladder.zone):
        yield ("zone",), "is no time zone such as Asia/Shanghai"
    if ladder.window is Window.ANNIVERSARY and (
        ladder.refunds_at_once or ladder.downgrade is Downgrade.IMMEDIATE
    ):
        yield ("window",), "counts anew with each tier, so that none could be lost at once"


def _levels(levels: tuple[Level, ...]) -> Iterator[tuple[Place, str]]:
    if not levels:
        yield ("levels",), "holds no tier"
    known = set[str]()
    below = -1
    for at, level in enumerate(levels):
        if not level.tier.strip() or level.tier in known:
            yield ("levels", at, "tier"), "is blank, or names two tiers"
        if level.least <= below:
            yield ("levels", at, "least"), "must be 0 or more, and more than for the tier below"
        known.add(level.tier)
        below = level.least
