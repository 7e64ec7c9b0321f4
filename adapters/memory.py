"""The event log and the views in memory: for a host's tests, and for replays that keep nothing."""

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from itertools import chain, takewhile
from threading import RLock
from typing import Any, TypeVar

from regulars.adapters.codec import CODEC, Codec
from regulars.adapters.memory_contact_index import MemoryContactIndex
from regulars.adapters.memory_snapshots import MemorySnapshots
from regulars.adapters.wakeup import Commits, CommitWakeup
from regulars.application.errors import AlreadyRecorded, StaleHistory
from regulars.application.events import (
    Event,
    EventId,
    Fact,
    Occurrence,
    Pending,
    Recorded,
    chosen,
)
from regulars.application.ports import NOTHING_HELD, Finding
from regulars.application.views import Key, View

Row = TypeVar("Row")
Part = TypeVar("Part")


class MemoryLog:
    """The `EventLog` port over lists. Events go through the codec, as they would to a disk."""

    def __init__(self, *, tenant: str = "default", codec: Codec = CODEC) -> None:
        self._tenant = tenant
        self._codec = codec
        self._rows: list[list[Recorded]] = []
        self._streams: dict[str, list[list[Recorded]]] = {}
        self._ids: dict[EventId, Recorded] = {}
        self._blocks: dict[bytes, Recorded] = {}
        self.lock = RLock()
        self.commits = Commits()

    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        """Record `events`; see the port."""
        with self.lock:
            for stream, version in held.items() if events else ():
                if len(self._streams.get(stream, ())) != version:
                    raise StaleHistory(stream=stream)
            before = len(self._rows)
            try:
                for pending in events:
                    self._append(pending, recorded_at)
            except BaseException:
                self.truncate(before)
                raise
            # Whoever is woken inside a transaction waits for its lock.
            self.commits.tell()
            return len(self._rows)

    def _append(self, pending: Pending, recorded_at: int) -> None:
        known = pending.fingerprint is not None and pending.event_id[:13] in self._blocks
        if known or pending.event_id in self._ids:
            raise AlreadyRecorded
        stream = self._streams.setdefault(pending.stream, [])
        if pending.version != len(stream) + 1:
            raise StaleHistory(stream=pending.stream)
        name, schema, body = self._codec.encode(pending.event)
        row = [
            Recorded(
                position=len(self._rows) + 1,
                stream=pending.stream,
                version=pending.version,
                event=event,
                event_id=pending.event_id,
                occurred_at=pending.occurred_at,
                recorded_at=recorded_at,
                type=name,
                schema=schema,
                tenant=self._tenant,
                actor=pending.actor,
                correlation=pending.correlation,
                causation=pending.causation,
                fingerprint=pending.fingerprint,
            )
            for event in self._codec.decode(name, schema, body)
        ]
        self._rows.append(row)
        stream.append(row)
        self._ids[pending.event_id] = row[0]
        self._keep_block(row[0])

    def _keep_block(self, recorded: Recorded) -> None:
        block = recorded.event_id[:13]
        first = self._blocks.setdefault(block, recorded)
        if recorded.event_id < first.event_id:
            self._blocks[block] = recorded

    def truncate(self, position: int) -> None:
        """Take back the events past `position`, which were never committed."""
        for first, *_ in self._rows[position:]:
            self._streams[first.stream].pop()
            del self._ids[first.event_id]
        del self._rows[position:]
        self._blocks.clear()
        for first, *_ in self._rows:
            self._keep_block(first)

    def stream(self, name: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        """The events of one stream; see the port."""
        return chain.from_iterable(self._streams.get(name, [])[after:upto])

    def facts(self, name: str, *, after: int = 0) -> Iterator[Fact]:
        """The events of one stream without their envelopes; see the port."""
        for recorded in self.stream(name, after=after):
            yield recorded.version, recorded.event, recorded.occurred_at

    def streams(self, names: Collection[str]) -> dict[str, list[Occurrence]]:
        """The events of several streams; see the port."""
        found = {name: [one.occurrence for one in self.stream(name)] for name in names}
        return {name: events for name, events in found.items() if events}

    def read(  # noqa: PLR0913 - as the port has it
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
        prefix: str = "",
        recorded_by: int | None = None,
        occurred_by: int | None = None,
    ) -> Iterator[Recorded]:
        """Events in the order of the log; see the port."""
        return chosen(
            chain.from_iterable(self._rows[after:upto]),
            types=types,
            prefix=prefix,
            recorded_by=recorded_by,
            occurred_by=occurred_by,
        )

    def occurrences(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
        occurred_by: int | None = None,
    ) -> Iterator[Occurrence]:
        """What `read` gives, without the rest of the envelope; see the port."""
        found = self.read(after=after, upto=upto, types=types, occurred_by=occurred_by)
        return (one.occurrence for one in found)

    def find(self, event_ids: Collection[EventId]) -> dict[EventId, Recorded]:
        """The first event of each block of ids; see the port."""
        blocks = self._blocks
        return {given: blocks[given[:13]] for given in event_ids if given[:13] in blocks}

    def caused_by(self, command_id: str, *, after: int) -> Sequence[Recorded]:
        """The run of events that a command caused; see the port."""
        return list(takewhile(lambda one: one.causation == command_id, self.read(after=after)))

    def head(self) -> int:
        """The highest position ever given; see the port."""
        return len(self._rows)

    def stored_as(self, event: type[Event]) -> tuple[str, int]:
        """The name and schema version of a class; see the port."""
        return self._codec.stored[event]


class MemoryViews:
    """The `ViewStore` port over dictionaries."""

    def __init__(self) -> None:
        self.kept: dict[View[Any, Any], dict[Key, Any]] = {}
        self.marks: dict[View[Any, Any], int] = {}

    def checkpoint(self, view: View[Row, Part]) -> int:
        """The position the view has reached; see the port."""
        return self.marks.get(view, 0)

    def is_empty(self, view: View[Any, Any]) -> bool:
        """Whether the view has no row; see the port."""
        return not self.kept.get(view)

    def load(self, view: View[Row, Part], keys: Collection[Key]) -> dict[Key, Row]:
        """The rows under `keys`; see the port."""
        kept = self.kept.get(view, {})
        return {key: deepcopy(kept[key]) for key in keys if key in kept}

    def save(self, changed: Mapping[View[Any, Any], Iterable[Any]], *, checkpoint: int) -> None:
        """Write rows and checkpoint; see the port."""
        for view, rows in changed.items():
            kept = self.kept.setdefault(view, {})
            for row in rows:
                kept[view.key_of(row)] = deepcopy(row)
            self.marks[view] = checkpoint

    def rows(self, view: View[Row, Part], **equal: str | int) -> Iterator[Row]:
        """Rows in the order of their keys; see the port."""
        kept = self.kept.get(view, {})
        for key in sorted(kept):
            row = kept[key]
            if all(getattr(row, name) == value for name, value in equal.items()):
                yield deepcopy(row)

    def clear(self, view: View[Row, Part]) -> None:
        """Forget rows and checkpoint; see the port."""
        self.kept.pop(view, None)
        self.marks.pop(view, None)


class MemoryFindings:
    """The `Findings` port over a dictionary. One that is found again replaces the old."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int, str], Finding] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        """Keep these; see the port."""
        self.kept.update(((one.file, one.row, one.field), one) for one in findings)

    def forget(self, files: Collection[str]) -> None:
        """Let go of what was found in these files; see the port."""
        self.kept = {place: one for place, one in self.kept.items() if one.file not in files}

    def all(self) -> Iterator[Finding]:
        """Every finding; see the port."""
        return iter([self.kept[place] for place in sorted(self.kept)])


class MemoryCheckpoints:
    """The `Checkpoints` port over a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    def position(self, follower: str) -> int:
        """How far a follower is; see the port."""
        return self.kept.get(follower, 0)

    def keep(self, follower: str, position: int) -> None:
        """Write down how far it is; see the port."""
        self.kept[follower] = position

    def forget(self, follower: str) -> None:
        """Let go of a follower; see the port."""
        self.kept.pop(follower, None)


class MemoryStorage:
    """
    The `Storage` port in memory. Safe to share between threads, which take turns.

    Up to `optimistic` requests at once the core decides before it appends; see the port.
    """

    def __init__(self, *, tenant: str = "default", optimistic: int = 0) -> None:
        self.optimistic = optimistic
        self.incarnation = 0
        self.log = MemoryLog(tenant=tenant)
        self.views = MemoryViews()
        self.snapshots = MemorySnapshots()
        self.findings = MemoryFindings()
        self.contacts = MemoryContactIndex()
        self.checkpoints = MemoryCheckpoints()
        self._lock = self.log.lock
        self._depth = 0

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Keep everything written inside, or nothing; see the port."""
        with self._lock:
            if self._depth:
                yield
                return
            head = self.log.head()
            # Rows are never changed in place, so that shallow copies are enough to go back to.
            kept = {view: dict(rows) for view, rows in self.views.kept.items()}
            marks = dict(self.views.marks)
            snapshots = dict(self.snapshots.kept)
            findings = dict(self.findings.kept)
            contacts = dict(self.contacts.known), dict(self.contacts.kept)
            checkpoints = dict(self.checkpoints.kept)
            self._depth = 1
            try:
                yield
            except BaseException:
                self.log.truncate(head)
                self.views.kept, self.views.marks = kept, marks
                self.snapshots.kept = snapshots
                self.findings.kept = findings
                self.contacts.known, self.contacts.kept = contacts
                self.checkpoints.kept = checkpoints
                raise
            finally:
                self._depth = 0

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """Nobody else writes meanwhile; see the port."""
        with self._lock:
            yield

    def settle(self) -> None:
        """Nothing here outlives the process; see the port."""

    def wakeup(self, *, poll_seconds: float) -> CommitWakeup:
        """What a reader waits on; see the port."""
        return CommitWakeup(self.log.commits, poll_seconds=poll_seconds)
