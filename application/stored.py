"""Events as they are stored: what can be counted, checked and copied without reading any."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol, TypeAlias

from regulars.application.events import microseconds
from regulars.application.fields import FIRST_YEAR, LAST_YEAR, is_text
from regulars.application.projecting import Progress

FOREIGN_ACTOR: Final = "eventsourcing"
"""Who asked for what an application of that library recorded in a tenant of its own."""

_TOLD_EVERY: Final = 1_000
_ID_BYTES: Final = 16
_A_DAY: Final = timedelta(days=1)
# The years are those of any clock of the world.
_EARLIEST: Final = microseconds(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - _A_DAY)
_LATEST: Final = microseconds(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) + _A_DAY)


class Stored(NamedTuple):
    """
    An event as it stands in the store, its body never decoded, so that its boxes stay sealed.

    The fields are those of `Recorded`, the tenant left out: all events of a log share it.
    """

    position: int
    stream: str
    version: int
    type: str
    schema: int
    event_id: bytes
    occurred_at: int
    recorded_at: int
    actor: str
    correlation: str
    causation: str | None
    fingerprint: bytes | None
    body: bytes

    @property
    def foreign(self) -> bool:
        """
        Whether an application of the `eventsourcing` library recorded it, which alone can read it.

        The core records nothing without a correlation.
        """
        return self.actor == FOREIGN_ACTOR and not self.correlation


Line: TypeAlias = Callable[[Stored], bytes]
"""Writes an event as one line, its end included: the same for the same event, for ever."""


class StoredEvents(Protocol):
    """The log of one tenant, as it is stored."""

    @property
    def tenant(self) -> str:
        """Whose log it is."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read inside is as of one moment, whatever is written meanwhile."""
        ...

    def settle(self) -> None:
        """Return once what was read before is as durable as a receipt. Not inside a snapshot."""
        ...

    def head(self) -> int:
        """The highest position ever given, of whichever tenant; 0 for a new store."""
        ...

    def count(self, *, after: int | None = None) -> int:
        """How many events stand past position `after`; all of them without it."""
        ...

    def read(self) -> Iterator[Stored]:
        """Every event in the order of the log, in bounded memory, whether it decodes or not."""
        ...

    def repeats(self) -> Iterator[Stored]:
        """The events whose id an event before them in the store has, in bounded memory."""
        ...

    def decodes(self, stored: Stored) -> bool:
        """Whether the body is what the event's type and schema version promise."""
        ...


def is_time(micros: int) -> bool:
    """Whether these microseconds from 1970 on are a time that is recorded."""
    return _EARLIEST <= micros < _LATEST


def flaws(stored: Stored) -> Iterator[str]:
    """What nobody could have recorded of an event by itself, whatever comes before it."""
    if stored.position < 1:
        yield "its position is below 1, where nobody who reads the log sees it"
    if len(stored.event_id) != _ID_BYTES:
        yield f"its id has not {_ID_BYTES} bytes"
    for name, at in (("occurred_at", stored.occurred_at), ("recorded_at", stored.recorded_at)):
        if not is_time(at):
            yield f"its {name} lies outside of the years {FIRST_YEAR} to {LAST_YEAR}"
    for name in ("stream", "type", "actor", "correlation", "causation"):
        text: str = getattr(stored, name) or ""
        if not (text.isprintable() or is_text(text)):
            yield f"its {name} holds a NUL"


class Continuity:
    """
    Follows events one after the other and tells what cannot follow those before it.

    Holds the last version of every stream, and nothing of the events.
    """

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self._position = 0

    @property
    def streams(self) -> int:
        """How many streams there were."""
        return len(self._versions)

    def next_of(self, stream: str) -> int:
        """The version that comes next in a stream."""
        return self._versions.get(stream, 0) + 1

    def take(self, stored: Stored) -> list[str]:
        """What is wrong with the place of the next event, which is followed all the same."""
        wrong: list[str] = []
        if 1 <= stored.position <= self._position:
            wrong.append(f"its position does not rise above {self._position}")
        expected = self.next_of(stored.stream)
        if stored.version != expected:
            wrong.append(f"it has version {stored.version}, and {expected} is next")
        self._position = max(self._position, stored.position)
        self._versions[stored.stream] = stored.version
        return wrong


def counted(events: Iterable[Stored], total: int, progress: Progress | None) -> Iterator[Stored]:
    """The events as they come; `progress` is told now and then how many there were."""
    if progress is None:
        yield from events
        return
    for done, stored in enumerate(events, 1):
        yield stored
        if done % _TOLD_EVERY == 0:
            progress(done, total)
    progress(total, total)
