import sys
from datetime import date

import pytest

from regulars.adapters.public_holidays import PublicHolidays
from regulars.application.holiday_calendar import NoCalendar

CALENDAR = PublicHolidays()
# As the Hong Kong Observatory has them in its tables of the Gregorian and the lunar calendar.
NEW_YEARS = {
    2020: (1, 25),
    2021: (2, 12),
    2022: (2, 1),
    2023: (1, 22),
    2024: (2, 10),
    2025: (1, 29),
    2026: (2, 17),
    2027: (2, 6),
    2028: (1, 26),
    2033: (1, 31),
}


@pytest.mark.parametrize("region", ["CN", "HK", "US"])
def test_the_lunar_new_year_is_known_everywhere(region: str) -> None:
    for year, (month, day) in NEW_YEARS.items():
        assert CALENDAR.holidays(region, year)["chinese_new_year"] == date(year, month, day)


def test_a_holiday_is_its_first_day_and_two_may_fall_on_one() -> None:
    found = CALENDAR.holidays("CN", 2020)

    assert found["national_day"] == found["mid_autumn_festival"] == date(2020, 10, 1)
    assert CALENDAR.holidays("CN", 2026)["labor_day"] == date(2026, 5, 1)
    assert CALENDAR.holidays("US", 2026)["new_years_day"] == date(2026, 1, 1)


def test_a_day_off_instead_is_no_holiday() -> None:
    for year in NEW_YEARS:
        assert not any("day_off" in name for name in CALENDAR.holidays("CN", year))


def test_a_region_that_nobody_knows_is_told() -> None:
    with pytest.raises(NoCalendar, match="is no country"):
        CALENDAR.holidays("XX", 2026)


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)

    with pytest.raises(NoCalendar, match=r"regulars\[care\]"):
        CALENDAR.holidays("CN", 1999)
