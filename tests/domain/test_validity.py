from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.validity import (
    Activation,
    ActivationPolicy,
    ExpiryPolicy,
    Period,
    clamped,
    midnight,
    months_later,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEVER = ExpiryPolicy()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def expiry(policy: ExpiryPolicy, text: str) -> datetime | None:
    return policy.expires_at(local(text))


def test_wp01_points_locked_for_14_days_are_valid_365_days_from_then() -> None:
    lock = ActivationPolicy(activation=Activation.DELAY, days=14)
    active = lock.activates_at(local("2025-03-01T12:00"))

    assert active is not None
    assert active == local("2025-03-15T12:00")
    assert ExpiryPolicy(days=365).expires_at(active) == local("2026-03-16T00:00")


def test_wp02_twelve_months_to_the_end_of_the_month() -> None:
    policy = ExpiryPolicy(months=12, period=Period.MONTH)

    assert expiry(policy, "2020-07-06T10:00") == local("2021-08-01T00:00")


@pytest.mark.parametrize(
    ("months", "earned", "expires"),
    [
        (1, "2025-01-25", "2025-02-26"),
        (1, "2025-01-31", "2025-03-01"),
        (1, "2024-01-31", "2024-03-01"),
        (0, "2025-01-01", "2025-01-02"),
    ],
)
def test_wp03_a_month_later_is_the_same_day_or_the_last(
    months: int, earned: str, expires: str
) -> None:
    assert expiry(ExpiryPolicy(months=months), earned) == local(expires)


@pytest.mark.parametrize(
    ("period", "earned", "expires"),
    [
        (Period.MONTH, "2018-01-22", "2018-02-01"),
        (Period.MONTH, "2018-12-31T23:59:59", "2019-01-01"),
        (Period.QUARTER, "2018-05-31", "2018-07-01"),
        (Period.HALF_YEAR, "2018-06-30", "2018-07-01"),
        (Period.YEAR, "2018-01-01", "2019-01-01"),
        (Period.YEAR, "2018-12-31T23:59:59", "2019-01-01"),
    ],
)
def test_wp04_points_expire_with_the_period(period: Period, earned: str, expires: str) -> None:
    assert expiry(ExpiryPolicy(period=period), earned) == local(expires)


@pytest.mark.parametrize(
    ("earned", "expires"),
    [("2025-03-31T23:59", "2025-04-01"), ("2025-04-01", "2026-04-01")],
)
def test_a_fixed_day_is_the_last_of_the_year_in_which_points_can_be_used(
    earned: str, expires: str
) -> None:
    assert expiry(ExpiryPolicy(month=3, day=31), earned) == local(expires)


def test_points_never_expire_unless_something_is_told() -> None:
    assert expiry(NEVER, "2025-03-01") is None
    assert expiry(ExpiryPolicy(inactivity=90), "2025-03-01") is None


def test_a_day_begins_with_the_programme_not_with_utc() -> None:
    evening = datetime(2025, 1, 31, 16, 30, tzinfo=UTC)

    assert ExpiryPolicy(period=Period.MONTH).expires_at(evening) == local("2025-03-01")
    london = ExpiryPolicy(period=Period.MONTH, zone="Europe/London")
    assert london.expires_at(evening) == datetime(2025, 2, 1, tzinfo=UTC)


def test_a_midnight_is_told_in_utc() -> None:
    assert midnight(date(2025, 1, 31), "Asia/Shanghai").tzinfo is UTC


def test_a_day_of_23_hours_ends_at_midnight() -> None:
    berlin = ExpiryPolicy(days=1, zone="Europe/Berlin")

    assert berlin.expires_at(datetime(2025, 3, 29, 12, tzinfo=UTC)) == datetime(
        2025, 3, 30, 22, tzinfo=UTC
    )


@pytest.mark.parametrize("activation", [Activation.COMPLETION, Activation.MANUAL])
def test_points_that_wait_for_something_have_no_moment_yet(activation: Activation) -> None:
    policy = ActivationPolicy(activation=activation)

    assert policy.activates_at(local("2025-03-01")) is None


def test_immediate_points_are_active_when_awarded() -> None:
    policy = ActivationPolicy(activation=Activation.IMMEDIATE)

    assert policy.activates_at(local("2025-03-01")) == local("2025-03-01")


@pytest.mark.parametrize(("year", "day"), [(2025, 28), (2028, 29)])
def test_29_february_is_the_28th_in_a_common_year(year: int, day: int) -> None:
    assert clamped(year, 2, 29) == date(year, 2, day)


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(0, 240))
def test_months_later_lie_in_the_right_month_and_never_after_the_day(
    day: date, months: int
) -> None:
    later = months_later(day, months)

    assert later.year * 12 + later.month == day.year * 12 + day.month + months
    assert later.day <= day.day


@given(
    st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.builds(
        ExpiryPolicy,
        days=st.none() | st.integers(0, 800),
        months=st.none() | st.integers(0, 40),
        period=st.sampled_from(Period),
        zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
    ),
)
def test_points_are_usable_when_earned_and_expire_at_a_local_midnight(
    at: datetime, policy: ExpiryPolicy
) -> None:
    expires = policy.expires_at(at)

    assert expires is not None
    assert expires > at
    day = expires.astimezone(ZoneInfo(policy.zone)).date()
    assert midnight(day, policy.zone) == expires
