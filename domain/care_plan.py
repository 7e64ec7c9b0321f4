"""How a programme cares for its customers: birthdays, holidays, and the hours in which it rests."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from regulars.domain.codes import is_code
from regulars.domain.earning_rules import ORDER
from regulars.domain.publication import in_force, latest
from regulars.domain.rule_flaws import Flaw
from regulars.domain.validity import is_zone
from regulars.domain.values import MOST_MINOR, CampaignId, ProgramId, Refusal

BIRTHDAY: Final = "birthday"
"""The occasion of a birthday; those of holidays have the holiday's name."""

CARE: Final = "care"
"""The purpose that a consent to be cared for is given for."""

HOURS_OF_A_DAY: Final = 24
MOST_DAYS_AHEAD: Final = 60
"""How long before an occasion merchants are reminded of it at most."""


@frozen(kw_only=True)
class CarePlan:
    """
    The occasions of which a programme takes notice, for those who consented to it on `channel`.

    `holidays` are names of the calendar of `region`. From the hour `quiet_from` until
    `quiet_until`, of `zone`, no occasion comes; if they are equal, it may at any. Merchants are
    reminded `remind_days` ahead, unless that is None. With a `campaign`, each occasion is a grant
    of `amount` there.
    """

    birthdays: bool = True
    holidays: tuple[str, ...] = ()
    region: str = "CN"
    channel: str | None = None
    quiet_from: int = 22
    quiet_until: int = 8
    remind_days: int | None = None
    campaign: CampaignId | None = None
    amount: int = 1
    zone: str = "Asia/Shanghai"

    def moment(self, day: date) -> datetime:
        """When an occasion of a day comes: as the day begins, or as the quiet hours end."""
        late = self.quiet_from > self.quiet_until or self.quiet_from == 0
        hour = self.quiet_until if late else 0
        return datetime.combine(day, time(hour), ZoneInfo(self.zone)).astimezone(ZoneInfo("UTC"))


def plan_at(cares: Sequence["CarePlanSet"], at: datetime) -> CarePlan | None:
    """The plan in force at that moment, chosen as earning rules are; None if none is."""
    found = in_force(cares, at)
    return None if found is None else found.plan


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class CarePlanSet:
    """From `effective_from` on customers are cared for by this plan; None means since ever."""

    program: ProgramId
    plan: CarePlan
    effective_from: datetime | None = None


@frozen(kw_only=True)
class SetCarePlan:
    """Care for customers by this plan from `effective_from` on. What came before stands."""

    program: ProgramId
    at: datetime
    plan: CarePlan
    effective_from: datetime | None = None


@frozen(kw_only=True)
class ImpossibleCare(Refusal):
    """A plan has a flaw, for which it cannot be carried out."""

    program: ProgramId
    flaw: Flaw

    def __str__(self) -> str:
        return f"programme {self.program} cannot care so: {self.flaw}"


def set_plan(command: SetCarePlan, before: Sequence[CarePlanSet]) -> Sequence[CarePlanSet]:
    """
    The plan that is set; nothing if it is the one that holds from that moment on.

    Raises:
        ImpossibleCare: it cannot be carried out.
    """
    found = care_flaw(command.plan)
    if found is not None:
        raise ImpossibleCare(program=command.program, flaw=found)
    known = latest(before, command.effective_from)
    if known is not None and known.plan == command.plan:
        return []
    return [
        CarePlanSet(
            program=command.program, plan=command.plan, effective_from=command.effective_from
        )
    ]


def care_flaw(plan: CarePlan) -> Flaw | None:
    """The first flaw of a plan; None if it can be carried out."""
    return next(_flaws(plan), None)


def _flaws(plan: CarePlan) -> Iterator[Flaw]:
    for number, name in enumerate(plan.holidays):
        if not is_code(name) or name in {ORDER, BIRTHDAY}:
            yield Flaw(place=("holidays", number), why="is no name of a holiday")
    for field, hour in (("quiet_from", plan.quiet_from), ("quiet_until", plan.quiet_until)):
        if not 0 <= hour < HOURS_OF_A_DAY:
            yield Flaw(place=(field,), why="must be an hour from 0 to 23")
    if plan.remind_days is not None and not 1 <= plan.remind_days <= MOST_DAYS_AHEAD:
        yield Flaw(place=("remind_days",), why=f"must be from 1 to {MOST_DAYS_AHEAD}")
    if not 0 < plan.amount <= MOST_MINOR:
        yield Flaw(place=("amount",), why=f"must be from 1 to {MOST_MINOR}")
    if not is_zone(plan.zone):
        yield Flaw(place=("zone",), why="is no time zone such as Asia/Shanghai")
