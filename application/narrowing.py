"""The words by which a host narrows what it reads of the log: that each is what it is to be."""

import sys
from collections.abc import Collection
from datetime import datetime
from threading import TIMEOUT_MAX
from typing import Final, cast, get_args

from regulars.application.events import Event
from regulars.application.fields import is_text

POLL_SECONDS: Final = 0.05
"""How often commits of other processes are looked for."""

_EVENTS: Final[frozenset[object]] = frozenset(get_args(Event))


def check_words(  # noqa: PLR0913 - each word by its name
    *,
    after: int,
    types: Collection[type[Event]] | None,
    prefix: str,
    upto: int | None = None,
    stream: str = "",
    recorded_by: datetime | None = None,
    occurred_by: datetime | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """
    See that these are words that one can read or subscribe with.

    Raises:
        TypeError: one is not of its type, or `types` holds what is no class of an event.
        ValueError: `after` or `upto` is less than 0, a text holds what no stream's name does,
            a time has no time zone, `poll_seconds` is not more than 0, or too much.
    """
    for name, place in (("after", after), ("upto", 0 if upto is None else upto)):
        check_kind(name, place, int)
        if not 0 <= place <= sys.maxsize:
            raise ValueError(f"{name} must be a position of the log, 0 or more, not {place}")
    for name, text in (("prefix", prefix), ("stream", stream)):
        check_kind(name, text, str)
        if not is_text(text):
            raise ValueError(f"{name} holds a NUL or half a character, as no stream does")
    for name, at in (("recorded_by", recorded_by), ("occurred_by", occurred_by)):
        if at is not None:
            check_kind(name, at, datetime)
            if at.tzinfo is None:
                raise ValueError(f"{name} needs a time zone")
    check_kind("poll_seconds", poll_seconds, int, float)
    if not 0 < poll_seconds <= TIMEOUT_MAX:
        raise ValueError(f"poll_seconds must be a time to wait, more than 0, not {poll_seconds}")
    if types is not None:
        _check_types(types)


def check_kind(name: str, value: object, *kinds: type) -> None:
    """
    See that what stands under a name is of one of these types, and no truth value.

    Raises:
        TypeError: it is of another.
    """
    if not isinstance(value, kinds) or isinstance(value, bool):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def _check_types(types: object) -> None:
    if isinstance(types, str) or not isinstance(types, Collection):
        found = getattr(types, "__name__", type(types).__name__)
        raise TypeError(f"types must be a collection of classes of events, not {found}")
    for kind in cast("Collection[object]", types):
        if not isinstance(kind, type) or kind not in _EVENTS:
            found = getattr(kind, "__name__", type(kind).__name__)
            raise TypeError(f"types holds {found}, which is no class of an event")
