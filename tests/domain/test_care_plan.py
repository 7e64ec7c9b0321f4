"""Plans of care: when an occasion of a day comes, and which plans cannot be."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.care_plan import CarePlan, CarePlanSet, SetCarePlan, care_flaw, set_plan
from regulars.domain.rule_flaws import Place
from regulars.domain.values import MOST_MINOR
from tests.domain.chronicle import PROGRAM
from tests.domain.story import NOON

PLAN = CarePlan(holidays=("chinese_new_year",), remind_days=3)
DAY = date(2026, 2, 17)


@pytest.mark.parametrize(
    ("quiet_from", "quiet_until", "hour"),
    [(22, 8, 8), (0, 7, 7), (12, 14, 0), (9, 9, 0), (0, 0, 0), (23, 0, 0)],
)
def test_an_occasion_comes_as_soon_as_the_day_is_not_quiet(
    quiet_from: int, quiet_until: int, hour: int
) -> None:
    plan = CarePlan(quiet_from=quiet_from, quiet_until=quiet_until, zone="UTC")

    assert plan.moment(DAY) == datetime(2026, 2, 17, hour, tzinfo=UTC)


def test_its_hours_are_those_of_its_zone() -> None:
    assert PLAN.moment(DAY) == datetime(2026, 2, 17, tzinfo=UTC)
    assert PLAN.moment(DAY).tzinfo == ZoneInfo("UTC")


@given(st.integers(0, 23), st.integers(0, 23), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_no_occasion_comes_in_quiet_hours(start: int, end: int, day: date) -> None:
    hour = CarePlan(quiet_from=start, quiet_until=end, zone="UTC").moment(day).hour

    quiet = start <= hour < end if start <= end else hour >= start or hour < end
    assert not quiet


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        (evolve(PLAN, holidays=("ok", "not a code")), ("holidays", 1)),
        (evolve(PLAN, holidays=("order",)), ("holidays", 0)),
        (evolve(PLAN, holidays=("birthday",)), ("holidays", 0)),
        (evolve(PLAN, quiet_from=24), ("quiet_from",)),
        (evolve(PLAN, quiet_until=-1), ("quiet_until",)),
        (evolve(PLAN, remind_days=0), ("remind_days",)),
        (evolve(PLAN, remind_days=61), ("remind_days",)),
        (evolve(PLAN, amount=0), ("amount",)),
        (evolve(PLAN, amount=MOST_MINOR + 1), ("amount",)),
        (evolve(PLAN, zone="nowhere"), ("zone",)),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_told_by_its_place(
    plan: CarePlan, place: Place
) -> None:
    found = care_flaw(plan)

    assert found is not None
    assert found.place == place
    assert care_flaw(PLAN) is None


@pytest.mark.parametrize(
    "plan",
    [
        evolve(PLAN, quiet_from=0, quiet_until=23, remind_days=1, amount=1),
        evolve(PLAN, quiet_from=23, quiet_until=0, remind_days=60, amount=MOST_MINOR),
    ],
)
def test_a_plan_may_go_as_far_as_its_bounds(plan: CarePlan) -> None:
    assert care_flaw(plan) is None


def test_a_plan_is_set_once_for_each_moment_from_which_it_holds() -> None:
    usual = SetCarePlan(program=PROGRAM, at=NOON, plan=PLAN)
    later = evolve(usual, plan=evolve(PLAN, remind_days=5), effective_from=NOON)
    told: list[CarePlanSet] = []
    for one in (usual, usual, later, later, usual):
        told += set_plan(one, told)

    assert [(one.plan.remind_days, one.effective_from) for one in told] == [(3, None), (5, NOON)]
