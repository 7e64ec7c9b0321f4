"""Events to record, and what is said of those that were."""

from collections.abc import Iterable
from itertools import count
from typing import Final

import pytest

from regulars.application.events import Event, EventId, Happened, Pending, Recorded
from regulars.application.ports import EventLog
from regulars.domain.order import OrderAccepted
from regulars.domain.values import OrderId

NOW: Final = 1_767_225_600_000_000
"""When everything is recorded, in microseconds: 2026-01-01T00:00Z."""

_numbers: Final = count(1)


def id_of(request: int, place: int = 0) -> EventId:
    """The id of an event of a request: a block of its own, and a place in it."""
    return EventId(request.to_bytes(13, "big") + place.to_bytes(3, "big"))


def new_request() -> int:
    """The number of a request that no event has an id of."""
    return next(_numbers)


def new_id() -> EventId:
    """An id that no other event of this process has."""
    return id_of(new_request())


def pending(
    stream: str,
    version: int,
    event: Event | None = None,
    *,
    event_id: EventId | None = None,
    causation: str | None = None,
) -> Pending:
    """An event that is to be recorded: by default one that an order's stream may hold."""
    return Pending(
        stream=stream,
        version=version,
        event=event or OrderAccepted(order=OrderId(stream)),
        event_id=event_id or new_id(),
        occurred_at=NOW - 5,
        actor="agent:7",
        correlation="talk-1",
        causation=causation,
    )


def run(stream: str, *versions: int) -> list[Pending]:
    """Events of one stream at these versions."""
    return [pending(stream, version) for version in versions]


def places(happened: Iterable[Happened]) -> list[tuple[str, int]]:
    """The stream and version of each."""
    return [(one.stream, one.version) for one in happened]


def positions(recorded: Iterable[Recorded]) -> list[int]:
    """The position of each."""
    return [one.position for one in recorded]


def append(log: EventLog, *events: Pending) -> int:
    """Record these at `NOW`; the last position."""
    return log.append(events, recorded_at=NOW)


def refuse(log: EventLog, error: type[Exception], *events: Pending) -> None:
    """Fails unless these are refused with this error and leave the log as it was."""
    before = list(log.read())
    with pytest.raises(error):
        append(log, *events)
    assert list(log.read()) == before
