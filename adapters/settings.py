"""The settings of a host: that each is one of what it can be."""

from datetime import timedelta
from math import isfinite
from typing import Final

from regulars.domain.personal import DataClass
from regulars.domain.protection import DELIVERY, NUMBER_PROTECTION
from regulars.domain.reading import (
    Consent,
    OrderState,
    Question,
    ReadingPolicy,
    Shown,
    may_read,
)

_MOST_SECONDS: Final = (2**31 - 1) // 1000
"""What both databases can wait, at most: they count milliseconds."""

_MOST_DAYS: Final = 365


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """
    See that a setting is one of its choices, letter for letter.

    Raises:
        ValueError: names the setting and the choices.
    """
    if value not in choices:
        raise ValueError(f"{name} must be {' or '.join(choices)}, not {value!r}")


def check_seconds(name: str, value: object) -> None:
    """
    See that a setting is a time that one can wait.

    Raises:
        TypeError: it is no number.
        ValueError: it is less than 0, no number that there is, or too much.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be int or float, not {type(value).__name__}")
    if not isfinite(value) or not 0 <= value <= _MOST_SECONDS:
        raise ValueError(f"{name} must be from 0 to {_MOST_SECONDS}, not {value}")


def check_span(name: str, value: object) -> None:
    """
    See that a setting is a span of time, of a year at most, or None.

    Raises:
        TypeError: it is neither.
        ValueError: it is less than nothing, or too much.
    """
    if value is None:
        return
    if not isinstance(value, timedelta):
        raise TypeError(f"{name} must be timedelta or None, not {type(value).__name__}")
    if not timedelta(0) <= value <= timedelta(days=_MOST_DAYS):
        raise ValueError(f"{name} must be from 0 to {_MOST_DAYS} days, not {value}")


def check_opens_numbers(policy: ReadingPolicy) -> None:
    """
    See that a policy lets phone numbers be read by who has virtual ones bound to them.

    Raises:
        ValueError: it does not, so that everybody would be left in the chat.
    """
    asked = Question(
        role=NUMBER_PROTECTION,
        data_class=DataClass.CONTACT,
        purpose=DELIVERY,
        order=OrderState.OPEN,
        consent=Consent.GIVEN,
        party=True,
    )
    if may_read(policy, asked) is not Shown.REVEALED:
        raise ValueError(
            f"policy must have a rule that reveals contact to {NUMBER_PROTECTION} for {DELIVERY}"
            " while an order is open, for there are numbers to be bound"
        )
