"""Public holidays by the library `holidays`, and the lunar festivals of China for every region."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Final

from regulars.application.holiday_calendar import NoCalendar

_ASIDE: Final = re.compile(r"\s*\([^)]*\)")
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]+")
_DAY_OFF: Final = "Day off"
_CHINA: Final = "CN"
_LUNAR: Final = ("chinese_new_year", "dragon_boat_festival", "mid_autumn_festival")


class PublicHolidays:
    """
    The `HolidayCalendar` port over ISO 3166 codes of countries, as `CN`.

    Names are those that the library has in English, in small letters: `chinese_new_year`. Some
    regions leave a festival out where it falls on a Sunday, so that those of the Chinese lunar
    calendar are told for all by the calendar of China. Days off instead are no holidays.
    """

    def holidays(self, region: str, year: int) -> Mapping[str, date]:
        """The first day of each holiday; see the port."""
        china = _holidays(_CHINA, year)
        return {
            **_holidays(region, year),
            **{name: china[name] for name in _LUNAR if name in china},
        }


@cache
def _holidays(region: str, year: int) -> Mapping[str, date]:
    try:
        from holidays import country_holidays  # noqa: PLC0415 - not every host has it
    except ModuleNotFoundError:
        why = "needs holidays: install regulars[care]"
        raise NoCalendar(region=region, why=why) from None
    try:
        found = country_holidays(region, years=year, language="en_US", observed=False)
    except NotImplementedError:
        why = "is no country that the library holidays knows, such as CN"
        raise NoCalendar(region=region, why=why) from None
    first: dict[str, date] = {}
    for day, told in sorted(found.items()):
        for name in _names(told):
            first.setdefault(name, day)
    return first


def _names(told: str) -> Iterator[str]:
    for one in told.split(";"):
        if not one.strip().startswith(_DAY_OFF):
            yield _NO_LETTERS.sub("_", _ASIDE.sub("", one).lower().replace("'", "")).strip("_")
