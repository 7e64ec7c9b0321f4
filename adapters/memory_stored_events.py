"""Stored events in memory: what a log in memory would have written to a disk."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from regulars.adapters.codec import encode
from regulars.adapters.memory import MemoryLog
from regulars.adapters.stored_events import decodes
from regulars.application.events import Recorded
from regulars.application.stored import Stored


class MemoryStoredEvents:
    """The `StoredEvents` port over a log in memory. For one thread."""

    def __init__(self, log: MemoryLog, *, tenant: str = "default") -> None:
        self._log = log
        self.tenant = tenant

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """Nobody else writes here; see the port."""
        yield

    def settle(self) -> None:
        """Nothing is more durable than memory; see the port."""

    def head(self) -> int:
        """The highest position ever given; see the port."""
        return self._log.head()

    def count(self, *, after: int | None = None) -> int:
        """How many events there are, or stand past a position; see the port."""
        return sum(1 for _ in self._log.read(after=after or 0))

    def read(self) -> Iterator[Stored]:
        """Every event; see the port."""
        return map(_stored, self._log.read())

    def repeats(self) -> Iterator[Stored]:
        """The events whose id was there; see the port."""
        known = set[bytes]()
        for stored in self.read():
            if stored.event_id in known:
                yield stored
            known.add(stored.event_id)

    def decodes(self, stored: Stored) -> bool:
        """Whether the body is what it should be; see the port."""
        return decodes(stored)


def _stored(recorded: Recorded) -> Stored:
    return Stored(
        position=recorded.position,
        stream=recorded.stream,
        version=recorded.version,
        type=recorded.type,
        schema=recorded.schema,
        event_id=recorded.event_id,
        occurred_at=recorded.occurred_at,
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        correlation=recorded.correlation,
        causation=recorded.causation,
        fingerprint=recorded.fingerprint,
        body=encode(recorded.event),
    )
