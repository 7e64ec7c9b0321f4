"""The system's clock."""

from datetime import UTC, datetime


class SystemClock:
    """The `Clock` port over the machine's own clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)
