"""
Care for customers on their birthdays and on holidays, day by day.

It decides and records; nothing is sent. What is recorded holds no birth date.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final, cast

from attrs import frozen

from regulars.application.aggregates import account_stream, program_stream
from regulars.application.cared_for import CARER, CaredFor, Progress
from regulars.application.crm import Crm
from regulars.application.customer import CustomerProfile
from regulars.application.door import Request
from regulars.application.granting import Granted, Granting, Round
from regulars.application.holiday_calendar import HolidayCalendar
from regulars.application.program import programme
from regulars.domain import program
from regulars.domain.account import AccountClosed, AccountMerged
from regulars.domain.care_plan import BIRTHDAY, CarePlan, plan_at
from regulars.domain.empty import empty
from regulars.domain.reminders import RaiseCareReminder
from regulars.domain.told_occasions import OccasionDiffers, OccasionRecorded, RecordOccasion
from regulars.domain.validity import clamped
from regulars.domain.values import CustomerId, MerchantId, OccasionId, ProgramId, Refusal

MERCHANT: Final = "merchant"
"""The channel on which a customer consents to `care` by merchants, who are reminded then."""

_AT_ONCE: Final = 100
_A_YEAR: Final = 365
_ALL: Final = 10_000
_NOON: Final = 12


@frozen(kw_only=True)
class NoCarePlan(Refusal):
    """The programme says nothing of care on that day."""

    program: ProgramId
    on: str

    def __str__(self) -> str:
        return f"programme {self.program} has no plan of care on {self.on}"


@frozen(kw_only=True)
class Cared:
    """
    What the care of a day came to.

    `people` may be cared for. `occasions` counts by name those that were recorded now, `grants`
    tells by name what the campaign of the plan gave for them, and `reminders` counts those raised
    now. `unknown` are holidays of the plan that the calendar does not have this year.
    """

    on: date
    people: int
    occasions: Mapping[str, int] = empty(dict[str, int])
    grants: Mapping[str, Granted] = empty(dict[str, Granted])
    reminders: int = 0
    unknown: tuple[str, ...] = ()


@frozen(kw_only=True)
class _Day:
    """A day, and the holidays that begin on it."""

    on: date
    holidays: tuple[str, ...] = ()

    def occasions(
        self, people: Sequence[CustomerId], born: Mapping[CustomerId, date]
    ) -> Iterator[tuple[str, list[CustomerId]]]:
        """The occasions of the day, each with those who have it."""
        yield BIRTHDAY, [one for one in people if one in born and self._is_birthday(born[one])]
        for name in self.holidays:
            yield name, list(people)

    def named(self, name: str) -> OccasionId:
        """The id of an occasion of this year."""
        return OccasionId(f"{self.on.year}/{name}")

    def _is_birthday(self, born: date) -> bool:
        return clamped(self.on.year, born.month, born.day) == self.on


class Caring:
    """The care of one core for its customers. `calendar` knows the holidays."""

    def __init__(self, crm: Crm, calendar: HolidayCalendar) -> None:
        self._crm = crm
        self._calendar = calendar
        self._cared_for = CaredFor(crm)

    def run(
        self, program_id: ProgramId, on: date, *, progress: Progress = lambda _done, _of: None
    ) -> Cared:
        """
        Record the occasions of a day, and grant and remind as the plan of the programme says.

        Nobody is cared for without a basis in the reading policy, which by default is a consent
        for the purpose `care`. A birthday comes once in 365 days, whatever becomes of the birth
        date, and a holiday once a year. Stopped at any time and run again, it does what is left.

        Raises:
            NoCarePlan: the programme has none on that day.
            NoCalendar: nobody knows the holidays of the region.
            CampaignNotRunning: the campaign of the plan does not; the occasions stand.
            StorageUnavailable: the store does not answer; what was done stands.
        """
        plan = self._plan(program_id, on)
        day, unknown = self._day(plan, on)
        people = self._cared_for.people(plan.channel, plan.moment(on), progress=progress)
        born = self._cared_for.born(people, plan.channel) if plan.birthdays else {}
        occasions: dict[str, int] = {}
        grants: dict[str, Granted] = {}
        for name, customers in day.occasions(people, born):
            came = partial(
                RecordOccasion,
                program=program_id,
                at=plan.moment(on),
                occasion=day.named(name),
                on=name,
                apart=_A_YEAR if name == BIRTHDAY else 0,
                zone=plan.zone,
            )
            had, new = self._recorded([came(customer=one) for one in customers])
            if new:
                occasions[name] = new
            if plan.campaign is not None and had:
                one = Round(
                    program=program_id,
                    campaign=plan.campaign,
                    name=day.named(name),
                    amount=plan.amount,
                    at=plan.moment(on),
                )
                grants[name] = Granting(self._crm).run(one, had)
        reminders = (
            0 if plan.remind_days is None else self._remind(plan, on, plan.remind_days, born)
        )
        return Cared(
            on=on,
            people=len(people),
            occasions=occasions,
            grants=grants,
            reminders=reminders,
            unknown=unknown,
        )

    def _plan(self, program_id: ProgramId, on: date) -> CarePlan:
        recorded = [one.event for one in self._crm.events(stream=program_stream(program_id))]
        told = programme(cast("Iterable[program.Event]", recorded))
        noon = datetime(on.year, on.month, on.day, _NOON, tzinfo=UTC)
        plan = plan_at(told.cares, noon)
        if plan is None:
            raise NoCarePlan(program=program_id, on=on.isoformat())
        return plan

    def _day(self, plan: CarePlan, on: date) -> tuple[_Day, tuple[str, ...]]:
        """The day, and the holidays of the plan that nobody knows this year."""
        known: Mapping[str, date] = {}
        if plan.holidays:
            known = self._calendar.holidays(plan.region, on.year)
        holidays = tuple(name for name in plan.holidays if known.get(name) == on)
        return _Day(on=on, holidays=holidays), tuple(
            name for name in plan.holidays if name not in known
        )

    def _recorded(self, commands: Sequence[RecordOccasion]) -> tuple[list[CustomerId], int]:
        """
        Those who have had the occasion by now, and how many of them had not before.

        Whose account is closed or part of another has none, nor who was told another under its id.
        """
        had: list[CustomerId] = []
        new = 0
        for start in range(0, len(commands), _AT_ONCE):
            some = commands[start : start + _AT_ONCE]
            requests = [Request(commands=(one,), by=CARER.role) for one in some]
            for one, outcome in zip(some, self._crm.execute_all(requests), strict=True):
                if isinstance(outcome, AccountClosed | AccountMerged | OccasionDiffers):
                    continue
                if isinstance(outcome, Refusal):
                    raise outcome
                new += bool(outcome.events)
                if outcome.events or self._is_known(one):
                    had.append(one.customer)
        return had, new

    def _is_known(self, told: RecordOccasion) -> bool:
        """Whether that occasion was recorded: what comes too soon after another was not."""
        recorded = self._crm.events(
            stream=account_stream(told.program, told.customer), types={OccasionRecorded}
        )
        return any(
            cast("OccasionRecorded", one.event).occasion == told.occasion for one in recorded
        )

    def _remind(self, plan: CarePlan, on: date, days: int, known: Mapping[CustomerId, date]) -> int:
        """Tell merchants what is ahead, of those who consented to that. Returns how many."""
        ahead, _ = self._day(plan, on + timedelta(days=days))
        people = self._cared_for.people(MERCHANT, plan.moment(on))
        others = [one for one in people if one not in known]
        born = {**known, **self._cared_for.born(others, MERCHANT)} if plan.birthdays else {}
        raised = 0
        for name, customers in ahead.occasions(people, born):
            for one in customers:
                for merchant in self._merchants(one):
                    command = RaiseCareReminder(
                        merchant=merchant,
                        at=plan.moment(on),
                        customer=one,
                        occasion=ahead.named(name),
                        on=name,
                        days=days,
                    )
                    raised += bool(self._crm.execute(command, by=CARER.role).events)
        return raised

    def _merchants(self, one: CustomerId) -> list[MerchantId]:
        """Those from whom the customer ordered."""
        profile = self._crm.ask(CustomerProfile(customer=one, timezone=UTC, top=_ALL))
        found = () if profile is None else profile.favourite_merchants
        return [MerchantId(merchant.id) for merchant in found]
