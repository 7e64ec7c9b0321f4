"""
An event log over any application recorder of the `eventsourcing` library.

Hosts import this module, nothing else does: that library patches `dataclasses` process-wide.
"""

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import groupby, takewhile
from threading import Lock
from typing import Final
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    ApplicationRecorder,
    ConnectionPoolClosedError,
    IntegrityError,
    Notification,
    PersistenceError,
    StoredEvent,
)

from regulars.adapters.codec import CODEC, Codec, NotStoredSo
from regulars.application.errors import (
    AlreadyRecorded,
    StaleHistory,
    StorageUnavailable,
    UndecodableEvent,
)
from regulars.application.events import (
    Event,
    EventId,
    Fact,
    Occurrence,
    Pending,
    Recorded,
    Retired,
    chosen,
)
from regulars.application.ports import NOTHING_HELD

IDS_TOPIC: Final = "regulars/ids"
"""The topic of what keeps event ids apart. It is no event and takes a notification id."""

_PAGE: Final = 1_000
_NEAR: Final = 16
"""Notifications that are read at once to find the position of an event."""


class _Envelope(msgspec.Struct, array_like=True):
    """
    What a stored event says beside its topic, without names, which would stand in every event.

    `beyond` is a position that the event's own is past: the next, if nobody else wrote.
    """

    tenant: str
    stream: str
    schema: int
    event_id: bytes
    occurred_at: int
    recorded_at: int
    actor: str
    correlation: str
    causation: str | None
    fingerprint: bytes | None
    beyond: int
    body: msgspec.Raw


class _Entry(msgspec.Struct, array_like=True):
    """The stream and version under which an event id was recorded."""

    event_id: bytes
    stream: str
    version: int


_encode: Final = msgspec.json.Encoder().encode
_envelope: Final = msgspec.json.Decoder(_Envelope).decode
_entries: Final = msgspec.json.Decoder(list[_Entry]).decode


class RecorderLog:
    """
    The `EventLog` port over a recorder that keeps nothing but the logs of our tenants.

    A stream is a sequence of that library under an id made of tenant and name: a UUID, or the name
    itself if `text_ids`, for recorders whose ORIGINATOR_ID_TYPE is text. An event's topic is its
    stored name, its state JSON with the rest; its position is its notification id. Each block of
    event ids is a sequence of its own, by which events are found and ids are recorded once. It is
    written in the same insert and before the events: their positions have gaps between appends.

    What no recorder of that library promises, and so this log does not:

    - Whoever writes past it to the same recorder may leave a version out, or record an id twice.
    - Another process, or another log over this recorder, may move what is held while it appends.
    - It is in no transaction: `append` is kept when it returns, whatever is raised after it.
    - Reads of several pages do not see one moment.
    - Tenants are told apart here, so that each reads past the events of the others.
    - Filters by prefix and time are applied here, and no page is bounded by positions.
    - Of recorders that give the ids of deleted events again, as that library's SQLite does, the
      newest positions may be given again once somebody has deleted them.
    """

    def __init__(
        self,
        recorder: ApplicationRecorder,
        *,
        tenant: str = "default",
        text_ids: bool = False,
        codec: Codec = CODEC,
    ) -> None:
        self._recorder = recorder
        self._tenant = tenant
        self._text_ids = text_ids
        self._codec = codec
        self._lock = Lock()

    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        """Record `events`; see the port. What is held, other processes may move meanwhile."""
        # The recorder tells who was faster at a version, but not at what is held.
        with self._lock:
            return self._append(events, recorded_at, held)

    def _append(self, events: Sequence[Pending], recorded_at: int, held: Mapping[str, int]) -> int:
        head = self.head()
        if not events:
            return head
        for stream, version in held.items():
            if self._end(stream) != version:
                raise StaleHistory(stream=stream)
        index = self._index(events)
        self._refuse_others_than_the_next(events)
        stored = [
            self._stored(pending, recorded_at, before)
            for before, pending in enumerate(events, head + len(index))
        ]
        try:
            with _our_words():
                positions = self._recorder.insert_events([*index, *stored])
        except IntegrityError:
            # Somebody was faster, and what is there now tells at what.
            self._index(events)
            raise StaleHistory(stream=events[0].stream) from None
        return positions[-1] if positions else self.head()

    def _index(self, events: Sequence[Pending]) -> Sequence[StoredEvent]:
        """What is to be added to the blocks of the events' ids, whose next versions are taken."""
        added: list[StoredEvent] = []
        if len({pending.event_id for pending in events}) < len(events):
            raise AlreadyRecorded
        ordered = sorted(events, key=lambda pending: pending.event_id)
        for block, those in groupby(ordered, key=lambda pending: pending.event_id[:13]):
            several = list(those)
            entries = [_Entry(one.event_id, one.stream, one.version) for one in several]
            known = list(self._block(block))
            ids = {entry.event_id for _, found in known for entry in found}
            if any(entry.event_id in ids for entry in entries):
                raise AlreadyRecorded
            if known and any(one.fingerprint is not None for one in several):
                raise AlreadyRecorded
            version = max((version for version, _ in known), default=0) + 1
            added.append(
                StoredEvent(self._named("ids", block.hex()), version, IDS_TOPIC, _encode(entries))
            )
        return added

    def _block(self, block: bytes) -> Iterator[tuple[int, list[_Entry]]]:
        for stored in self._select(self._named("ids", block.hex())):
            yield stored.originator_version, _entries(stored.state)

    def _refuse_others_than_the_next(self, events: Sequence[Pending]) -> None:
        ends: dict[str, int] = {}
        for pending in events:
            name = pending.stream
            if name not in ends:
                ends[name] = self._end(name)
            if pending.version != ends[name] + 1:
                raise StaleHistory(stream=name)
            ends[name] += 1

    def _end(self, stream: str) -> int:
        newest = self._select(self._named("stream", stream), desc=True, limit=1)
        return newest[0].originator_version if newest else 0

    def _stored(self, pending: Pending, recorded_at: int, before: int) -> StoredEvent:
        name, schema, body = self._codec.encode(pending.event)
        envelope = _Envelope(
            tenant=self._tenant,
            stream=pending.stream,
            schema=schema,
            event_id=pending.event_id,
            occurred_at=pending.occurred_at,
            recorded_at=recorded_at,
            actor=pending.actor,
            correlation=pending.correlation,
            causation=pending.causation,
            fingerprint=pending.fingerprint,
            beyond=before,
            body=msgspec.Raw(body),
        )
        originator = self._named("stream", pending.stream)
        return StoredEvent(originator, pending.version, name, _encode(envelope))

    def _named(self, kind: str, name: str) -> UUID | str:
        # The length keeps two different tenants and names from being one text.
        text = f"{kind}:{len(self._tenant)}:{self._tenant}:{name}"
        if self._text_ids:
            return text
        digest = bytearray(
            blake2b(text.encode(), digest_size=16, person=b"regulars/stream").digest()
        )
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        return UUID(bytes=bytes(digest))

    def stream(self, name: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        """The events of one stream; see the port."""
        near: Mapping[int, int] = {}
        for stored in self._select(self._named("stream", name), gt=after, lte=upto):
            version = stored.originator_version
            if version not in near:
                near = self._positions(stored)
            yield from self._recorded(stored, near[version])

    def _positions(self, wanted: StoredEvent) -> Mapping[int, int]:
        """The position of an event by its version, with those of its stream that stand near."""
        after = _opened(wanted).beyond
        while page := self._notifications(after, None, (), _NEAR):
            near = {
                one.originator_version: one.id
                for one in page
                if one.originator_id == wanted.originator_id
            }
            if wanted.originator_version in near:
                return near
            after = page[-1].id
        raise StorageUnavailable(store="recorder", why="an event has no notification")

    def facts(self, name: str, *, after: int = 0) -> Iterator[Fact]:
        """The events of one stream without their envelopes; see the port."""
        for stored in self._select(self._named("stream", name), gt=after):
            envelope = _opened(stored)
            for event in self._meant(stored, envelope, None):
                yield stored.originator_version, event, envelope.occurred_at

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
        topics = None if types is None else sorted(self._codec.names(types))
        return chosen(
            self._read(after, self.head() if upto is None else upto, topics),
            types=types,
            prefix=prefix,
            recorded_by=recorded_by,
            occurred_by=occurred_by,
        )

    def _read(
        self, after: int, last: int, topics: Sequence[str] | None, size: int = _PAGE
    ) -> Iterator[Recorded]:
        # That library takes no topics for all of them.
        while after < last and topics != []:
            page = self._notifications(after, last, topics or (), size)
            for one in page:
                if one.topic != IDS_TOPIC:
                    yield from self._recorded(one, one.id)
            if len(page) < size:
                return
            after = page[-1].id

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
        found: dict[EventId, Recorded] = {}
        for given in event_ids:
            entries = [entry for _, some in self._block(given[:13]) for entry in some]
            if entries:
                first = min(entries, key=lambda entry: entry.event_id)
                between = {"after": first.version - 1, "upto": first.version}
                found[given] = next(self.stream(first.stream, **between))
        return found

    def caused_by(self, command_id: str, *, after: int) -> Sequence[Recorded]:
        """The run of events that a command caused; see the port."""
        events = self._read(after, self.head(), None, _NEAR)
        return list(takewhile(lambda one: one.causation == command_id, events))

    def head(self) -> int:
        """The highest position of any tenant; see the port."""
        with _our_words():
            return self._recorder.max_notification_id() or 0

    def stored_as(self, event: type[Event]) -> tuple[str, int]:
        """The name and schema version of a class; see the port."""
        return self._codec.stored[event]

    def _select(
        self,
        originator: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        with _our_words():
            return self._recorder.select_events(originator, gt=gt, lte=lte, desc=desc, limit=limit)

    def _notifications(
        self, after: int, last: int | None, topics: Sequence[str], size: int
    ) -> Sequence[Notification]:
        with _our_words():
            return self._recorder.select_notifications(
                after, size, last, topics, inclusive_of_start=False
            )

    def _recorded(self, stored: StoredEvent, position: int) -> Iterator[Recorded]:
        envelope = _opened(stored)
        if envelope.tenant != self._tenant:
            return
        for event in self._meant(stored, envelope, position):
            yield Recorded(
                position=position,
                stream=envelope.stream,
                version=stored.originator_version,
                event=event,
                event_id=EventId(envelope.event_id),
                occurred_at=envelope.occurred_at,
                recorded_at=envelope.recorded_at,
                type=stored.topic,
                schema=envelope.schema,
                tenant=envelope.tenant,
                actor=envelope.actor,
                correlation=envelope.correlation,
                causation=envelope.causation,
                fingerprint=envelope.fingerprint,
            )

    def _meant(
        self, stored: StoredEvent, envelope: _Envelope, position: int | None
    ) -> Iterable[Event | Retired]:
        try:
            return self._codec.decode(stored.topic, envelope.schema, bytes(envelope.body))
        except NotStoredSo:
            if position is None:
                position = self._positions(stored)[stored.originator_version]
            raise UndecodableEvent(
                position=position, type=stored.topic, schema=envelope.schema
            ) from None


def _opened(stored: StoredEvent) -> _Envelope:
    try:
        return _envelope(stored.state)
    except (msgspec.MsgspecError, RecursionError):
        position = stored.id if isinstance(stored, Notification) else 0
        raise UndecodableEvent(position=position, type=stored.topic, schema=0) from None


@contextmanager
def _our_words() -> Generator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (PersistenceError, ConnectionPoolClosedError) as error:
        # What that library says may quote values.
        raise StorageUnavailable(store="recorder", why=type(error).__name__) from None
