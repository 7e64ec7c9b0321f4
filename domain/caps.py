"""Caps of a budget: how much, and how often, within each day, week or month of a time zone."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from enum import Enum
from typing import TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.validity import months_later
from regulars.domain.values import CustomerId


class Span(Enum):
    """A stretch of the calendar; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@frozen(kw_only=True)
class Cap:
    """
    In each `span` at most `total` in all and `per_customer` to each, in `times` grants to each.

    None is no limit. Grants count on the day on which they were made, and not once cancelled.
    """

    span: Span
    total: int | None = None
    per_customer: int | None = None
    times: int | None = None


@define
class Taken:
    """What was granted on one day: so much, in so many grants."""

    amount: int = 0
    times: int = 0


Days: TypeAlias = Mapping[tuple[CustomerId | None, date], Taken]
"""What each customer was granted on each day, and (None) all of them together."""


def left(
    cap: Cap, taken: Days, person: Collection[CustomerId], on: date
) -> Iterator[tuple[int, str]]:
    """What each limit of a cap leaves to a person on a day, with a name for the limit."""
    span = cap.span.value
    if cap.total is not None:
        yield cap.total - _sum(cap, taken, [None], on).amount, f"total_{span}"
    theirs = _sum(cap, taken, person, on)
    if cap.per_customer is not None:
        yield max(0, cap.per_customer - theirs.amount), f"per_customer_{span}"
    if cap.times is not None and theirs.times >= cap.times:
        yield 0, f"times_{span}"


def _sum(cap: Cap, taken: Days, ids: Collection[CustomerId | None], on: date) -> Taken:
    start, end = bounds(cap.span, on)
    found = [
        one
        for whose in ids
        for day in range((end - start).days)
        if (one := taken.get((whose, start + timedelta(days=day)))) is not None
    ]
    return Taken(sum(one.amount for one in found), sum(one.times for one in found))


def bounds(span: Span, on: date) -> tuple[date, date]:
    """The first day of the span that a day lies in, and the first day after it."""
    match span:
        case Span.DAY:
            return on, on + timedelta(days=1)
        case Span.WEEK:
            start = on - timedelta(days=on.weekday())
            return start, start + timedelta(days=7)
        case Span.MONTH:
            start = on.replace(day=1)
            return start, months_later(start, 1)
        case _:
            assert_never(span)
