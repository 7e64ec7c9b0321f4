"""Which of several publications of a programme is in force at a moment."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar

_EVER: Final = datetime.min.replace(tzinfo=UTC)


class Timed(Protocol):
    """What holds from a moment on; since ever if it is None."""

    @property
    def effective_from(self) -> datetime | None:
        """From when on."""
        ...


_Timed = TypeVar("_Timed", bound=Timed)


def in_force(timed: Iterable[_Timed], at: datetime) -> _Timed | None:
    """The one with the latest `effective_from` that is not after `at`; of equals the last given."""
    begun = [one for one in timed if one.effective_from is None or one.effective_from <= at]
    # Of equals, max gives the first: the latest is to come first.
    return max(reversed(begun), key=lambda one: one.effective_from or _EVER, default=None)


def latest(timed: Iterable[_Timed], effective_from: datetime | None) -> _Timed | None:
    """The one that was published last of those that hold from that moment on; None if none was."""
    return next(reversed([one for one in timed if one.effective_from == effective_from]), None)
