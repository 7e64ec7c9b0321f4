"""The port to who knows on which day a holiday is this year."""

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from attrs import frozen


@frozen(kw_only=True)
class NoCalendar(Exception):
    """Nobody knows the holidays of a region, and why."""

    region: str
    why: str

    def __str__(self) -> str:
        return f"holidays of {self.region}: {self.why}"


class HolidayCalendar(Protocol):
    """Knows holidays by names that stay the same from year to year, as `chinese_new_year`."""

    def holidays(self, region: str, year: int) -> Mapping[str, date]:
        """
        The first day of each holiday that a region has in a year of the common calendar.

        Raises:
            NoCalendar: nothing is known of the region.
        """
        ...
