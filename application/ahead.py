"""How far beyond the clock a command may be dated: what is told to happen later is refused."""

from datetime import datetime, timedelta
from typing import Final

from regulars.application.errors import TooFarAhead
from regulars.application.events import Command

A_DAY: Final = timedelta(days=1)
"""As far as the end of today, wherever that is, and as clocks differ."""


def check_moment(command: Command, clock: datetime, ahead: timedelta | None) -> None:
    """
    Refuse a command that is dated too far beyond what the clock shows; None believes any.

    What a command plans, as when an offer ends, is none of this: its `at` alone has happened.

    Raises:
        TooFarAhead: it is.
    """
    at = command.at
    if ahead is not None and at > clock and at - clock > ahead:
        raise TooFarAhead(command=type(command).__name__, at=at, clock=clock, ahead=ahead)
