"""The check of a log by itself: its order, its ids, and whether every event can be read."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from typing import Final

from attrs import frozen

from regulars.application.projecting import Progress
from regulars.application.stored import Continuity, Line, Stored, StoredEvents, counted, flaws

FAULTS_NAMED: Final = 100
"""How many faults a check names; it counts them all."""

_MIXED: Final = "it is of another model than events before it, which need a tenant of their own"


@frozen(kw_only=True)
class Fault:
    """An event that is not as it should be, and why. Names the place, never the content."""

    position: int
    stream: str
    reason: str

    def __str__(self) -> str:
        return f"event {self.position} of {self.stream}: {self.reason}"


@frozen(kw_only=True)
class LogCheck:
    """
    What a pass over every stored event found.

    `faults` are the first of `amiss`. `hash` is the SHA-256 of all events in their order, each as
    the line that an export has of it, in hexadecimal digits: equal for equal logs. `foreign` counts
    the events of an application of the `eventsourcing` library: their places and ids are checked
    as all are, and their contents are not, which only that application can read. `missing` is what
    the store lacks of what keeps a log in order, such as a constraint, each in words.
    """

    tenant: str
    head: int
    events: int
    streams: int
    foreign: int
    hash: str
    amiss: int
    faults: tuple[Fault, ...]
    missing: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is amiss or missing."""
        return not self.amiss and not self.missing

    @property
    def first(self) -> str:
        """What is named first of all that is wrong; empty if nothing is."""
        return next(chain(self.missing, map(str, self.faults)), "")


def check(
    events: StoredEvents,
    *,
    line: Line,
    missing: Sequence[str] = (),
    progress: Progress | None = None,
) -> LogCheck:
    """
    Check every event: its place, its id, its times, and that it decodes if it is of the core.

    Goes on after a fault. Reads one snapshot; opens no box and compares no view. What the store is
    found to be `missing` is told with it.
    """
    gathered = _Gathered()
    digest = sha256()
    continuity = Continuity()
    done = foreign = 0
    with events.snapshot():
        head, total = events.head(), events.count()
        for stored in counted(events.read(), total, progress):
            done += 1
            digest.update(line(stored))
            for reason in chain(continuity.take(stored), flaws(stored)):
                gathered.add(stored, reason)
            if stored.position > head:
                gathered.add(stored, f"it stands past the head of the log, {head}")
            if stored.foreign:
                foreign += 1
                if foreign != done:
                    gathered.add(stored, _MIXED)
            elif foreign:
                gathered.add(stored, _MIXED)
            elif not events.decodes(stored):
                gathered.add(stored, f"it is no {stored.type} of schema version {stored.schema}")
        for stored in events.repeats():
            gathered.add(stored, "an event before it has the same id")
    return LogCheck(
        tenant=events.tenant,
        head=head,
        events=done,
        streams=continuity.streams,
        foreign=foreign,
        hash=digest.hexdigest(),
        amiss=gathered.amiss,
        faults=tuple(gathered.faults),
        missing=tuple(missing),
    )


class _Gathered:
    """The first faults, and how many there are."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.amiss = 0

    def add(self, stored: Stored, reason: str) -> None:
        """One more."""
        self.amiss += 1
        if self.amiss <= FAULTS_NAMED:
            self.faults.append(Fault(position=stored.position, stream=stored.stream, reason=reason))
