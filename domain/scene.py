"""The scene of an offer: the hours and days, the kind of merchant, the first order of somebody."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from regulars.domain.offer_terms import Basket
from regulars.domain.validity import is_zone

MOMENT: Final = frozenset({"hours", "weekdays"})
"""The fields that are about the moment alone."""

_HOURS: Final = range(24)
_WEEKDAYS: Final = range(1, 8)


@frozen(kw_only=True)
class Scene:
    """
    What the moment and the order of an offer have to be like; what is left empty stands for any.

    `hours` are those of the day, 11 from 11:00 until 12:00, and `weekdays` from 1 for Monday, both
    of `zone`, which has to be told with them. `merchant_categories` are the host's words for kinds
    of merchants. `first_order` asks that the customer never had an order delivered.
    """

    hours: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    zone: str = ""
    merchant_categories: tuple[str, ...] = ()
    first_order: bool = False

    def flaw(self) -> str | None:
        """The field that makes this scene impossible; None if it is well."""
        if not all(hour in _HOURS for hour in self.hours):
            return "hours"
        if not all(day in _WEEKDAYS for day in self.weekdays):
            return "weekdays"
        asks = bool(self.hours or self.weekdays)
        return None if is_zone(self.zone) or not (asks or self.zone) else "zone"

    def misfits(self, at: datetime, basket: Basket | None) -> tuple[str, ...]:
        """The fields that an order of that moment does not fit, as far as a basket tells."""
        there = at.astimezone(ZoneInfo(self.zone)) if self.zone else at
        fits = {
            "hours": not self.hours or there.hour in self.hours,
            "weekdays": not self.weekdays or there.isoweekday() in self.weekdays,
            "merchant_categories": basket is None
            or not self.merchant_categories
            or basket.merchant_category in self.merchant_categories,
            "first_order": basket is None or not self.first_order or basket.orders_before == 0,
        }
        return tuple(name for name, fit in fits.items() if not fit)


ANY: Final = Scene()
"""Any moment, and any order."""
