"""Occasions that the host tells: a birthday, a filled-in survey, a customer who stays away."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import define, frozen

from regulars.domain.earning_rules import ORDER
from regulars.domain.empty import empty
from regulars.domain.rule_flaws import MOST_DAYS
from regulars.domain.told_ids import ToldIds, ToldOccasion
from regulars.domain.validity import clamped, is_zone, midnight
from regulars.domain.values import CustomerId, OccasionId, ProgramId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class OccasionRecorded:
    """An occasion came that `on` names; the rules that are for it give what they give."""

    program: ProgramId
    customer: CustomerId
    occasion: OccasionId
    on: str


@define
class ToldOccasions:
    """
    When the last occasion of each name was.

    `moments` has those of each name, in order, of this account and none that was merged into it.
    """

    last: dict[str, datetime] = empty(dict[str, datetime])
    moments: dict[str, list[datetime]] = empty(dict[str, list[datetime]])


def fold(state: ToldOccasions, told: ToldIds, event: OccasionRecorded, at: datetime) -> None:
    """Record in `state` and in `told` what happened."""
    told.occasions[event.occasion] = ToldOccasion(occasion=event.occasion, on=event.on)
    state.last[event.on] = max(at, state.last.get(event.on, at))
    insort(state.moments.setdefault(event.on, []), at)


@frozen(kw_only=True)
class RecordOccasion:
    """
    Tell that an occasion came. Its id tells a repeat.

    With `apart` it counts only if so many x 24 hours lie between it and the last of its name, or
    with a `zone` so many days of the calendar there, of which not all have 24 hours. With `most` it
    counts only if fewer than so many of its name came within `days` x 24 hours before it.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    occasion: OccasionId
    on: str
    apart: int = 0
    zone: str | None = None
    most: int | None = None
    days: int = 0


@frozen(kw_only=True)
class NotToBeTold(Refusal):
    """Orders are no occasions to tell: they earn when they are delivered."""

    occasion: OccasionId

    def __str__(self) -> str:
        return f"occasion {self.occasion} cannot be an order"


@frozen(kw_only=True)
class OccasionDiffers(Refusal):
    """Under this id an occasion of another name was told before."""

    occasion: OccasionId

    def __str__(self) -> str:
        return f"occasion {self.occasion} was told already, of another name"


@frozen(kw_only=True)
class ImpossibleOccasion(Refusal):
    """An occasion comes in a time zone that there is, and is counted within a hundred years."""

    occasion: OccasionId

    def __str__(self) -> str:
        return f"occasion {self.occasion} is of no time zone, or counted within too many days"


_A_DAY: Final = timedelta(days=1)


def decide(command: RecordOccasion, state: ToldOccasions) -> Sequence[OccasionRecorded]:
    """
    The occasion to record; nothing if it comes too soon.

    Raises:
        NotToBeTold: it is an order, which is placed and delivered.
        ImpossibleOccasion: its zone is none, or its days are too many or less than none.
    """
    if command.on == ORDER:
        raise NotToBeTold(occasion=command.occasion)
    if not 0 <= command.days <= MOST_DAYS or not (command.zone is None or is_zone(command.zone)):
        raise ImpossibleOccasion(occasion=command.occasion)
    last, moments = state.last.get(command.on), state.moments.get(command.on, [])
    if last is not None and _days(command.at, last, command.zone) < command.apart:
        return []
    if command.most is not None and _within(command, moments) >= command.most:
        return []
    return [
        OccasionRecorded(
            program=command.program,
            customer=command.customer,
            occasion=command.occasion,
            on=command.on,
        )
    ]


def _within(command: RecordOccasion, moments: Sequence[datetime]) -> int:
    start = command.at - timedelta(days=command.days)
    return bisect_right(moments, command.at) - bisect_right(moments, start)


def _days(at: datetime, last: datetime, zone: str | None) -> int:
    if zone is None:
        return abs(at - last) // _A_DAY
    there = ZoneInfo(zone)
    return abs(at.astimezone(there).date() - last.astimezone(there).date()).days


def birthday(born: date, year: int, zone: str) -> datetime:
    """When the birthday of a year begins: where there is no 29 February, on the 28th."""
    return midnight(clamped(year, born.month, born.day), zone)
