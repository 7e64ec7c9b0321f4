"""When the coupons of an offer count, and how often."""

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

MOST_DAYS: Final = 36_500
"""A hundred years, so that no date leaves the calendar."""


@frozen(kw_only=True)
class Limits:
    """
    When coupons of an offer count, and how often. Intervals do not contain their end.

    A coupon counts from `inactive_days` after its issue, for `valid_days` of 24 hours, and in any
    case from `since` and until `until`; None is no bound. `per_customer` and `total` count orders
    that hold or have used a coupon; those that were cancelled do not count.

    A cancelled order gives its coupon back: as it was while it is still valid, and for
    `restore_grace_days` from then on if it is not, at most `max_restores` times.
    """

    since: datetime | None = None
    until: datetime | None = None
    inactive_days: int = 0
    valid_days: int | None = None
    per_customer: int | None = None
    total: int | None = None
    reservation_required: bool = False
    restore_grace_days: int = 0
    max_restores: int | None = None

    def flaw(self) -> str | None:
        """The field that makes these limits impossible; None if they are well."""
        if self.since is not None and self.until is not None and self.since >= self.until:
            return "until"
        days = (self.inactive_days, self.valid_days, self.restore_grace_days)
        if any(not 0 <= (count or 0) <= MOST_DAYS for count in days):
            return "days"
        counts = (self.per_customer, self.total, self.max_restores)
        if any(count is not None and count < 0 for count in counts):
            return "counts"
        return None

    def window(self, issued_at: datetime) -> tuple[datetime, datetime | None]:
        """From when on, and until when, a coupon counts that is issued at that moment."""
        start = issued_at + timedelta(days=self.inactive_days)
        if self.since is not None:
            start = max(start, self.since)
        end = self.until
        if self.valid_days is not None:
            own = start + timedelta(days=self.valid_days)
            end = own if end is None else min(own, end)
        return start, end


UNLIMITED: Final = Limits()
"""At any time and any number of times."""
