"""Plans of care: when an occasion of a day comes, and which plans cannot be."""

from datetime import UTC, date, datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.care_plan import CarePlan, care_flaw
from regulars.domain.rule_flaws import Place
from regulars.domain.values import MOST_MINOR

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
