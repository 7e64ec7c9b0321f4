"""Audit: what proves that the log is whole and that every view is what the log adds up to."""

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from attrs import evolve, frozen

from regulars.application.aggregates import Aggregate, aggregate_of
from regulars.application.boxed import boxes_of, class_of, subject_of
from regulars.application.collection import collection_paused
from regulars.application.events import Recorded
from regulars.application.key_rotation import KeyRotation
from regulars.application.keys import KeyName
from regulars.application.ports import (
    Erased,
    KeyUnavailable,
    Revealed,
    Spot,
    Storage,
    Tampered,
    Vault,
)
from regulars.application.projecting import Rows, fold_into
from regulars.application.states import Held
from regulars.application.stray_keys import Returned, Unasked, all_returned, all_unasked
from regulars.application.views import View
from regulars.domain import erasure


@frozen(kw_only=True)
class Drift:
    """Rows of a view that are not what the log adds up to, some of their keys first."""

    view: str
    rows: int
    keys: tuple[str, ...]


@frozen(kw_only=True)
class Verdict:
    """
    What a replay of the whole log found.

    `events` counts those that are stored, whatever older ones have become.
    `gaps` are events whose version is not the next of their stream; `boxes` counts what became
    of the boxes of personal data. Of `snapshots`, those that commands would use, the `drifted`
    are not what their streams' events add up to. `keys_returned` are there although the log tells
    that they were destroyed, and `keys_unasked` count as erased although it tells of no erasure
    that took them. `sound` if nothing is amiss; an erased box is as it should be.
    """

    events: int
    streams: int
    gaps: tuple[str, ...]
    views: tuple[tuple[str, int], ...]
    drifts: tuple[Drift, ...]
    snapshots: int
    snapshots_drifted: tuple[str, ...]
    boxes_open: int
    boxes_erased: int
    boxes_without_key: int
    boxes_tampered: tuple[str, ...]
    keys_returned: tuple[Returned, ...]
    keys_unasked: tuple[Unasked, ...]

    @property
    def sound(self) -> bool:
        """Whether everything is as it should be."""
        drifted = self.gaps or self.drifts or self.snapshots_drifted
        shut = self.boxes_tampered or self.boxes_without_key
        return not (drifted or shut or self.keys_returned or self.keys_unasked)


_KEYS_SHOWN = 5


def verify(  # noqa: PLR0913 - what it compares, each by name
    storage: Storage,
    vault: Vault,
    keys: KeyRotation,
    views: Sequence[View[Any, Any]],
    *,
    lagging: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """
    Replay the log, compute every view and snapshot from nothing, and compare with what is kept.

    Every box is opened and its content dropped unseen, and the keys that are stored are held
    against every erasure. Reads one snapshot; writes nothing. Views that do not stand at the head
    of the log have drifted; if they may be `lagging`, they are compared as of where they stand.

    Raises:
        UndecodableEvent: an event is not what its name promises.
    """
    # A key that is still in memory would open boxes whose stored key is gone.
    vault.rolled_back()
    with storage.snapshot():
        head = storage.log.head()
        reached = {view: storage.views.checkpoint(view) if lagging else head for view in views}
        replay = _Replay(vault, reached)
        with collection_paused():
            for recorded in storage.log.read(upto=head):
                replay.take(recorded)
                if progress is not None and recorded.position % 1000 == 0:
                    progress(recorded.position, head)
        if progress is not None:
            progress(head, head)
        verdict = replay.verdict(storage, keys)
    return evolve(verdict, keys_unasked=tuple(all_unasked(storage, replay.names, keys.of)))


class _Replay:
    """What a pass over the log gathers."""

    def __init__(self, vault: Vault, views: Mapping[View[Any, Any], int]) -> None:
        self._vault = vault
        self._upto = views
        self._rows: dict[View[Any, Any], Rows] = {view: {} for view in views}
        self._versions: dict[str, int] = {}
        self._gaps: list[str] = []
        self._events = 0
        self._position = 0
        self._boxes: dict[type[Any], int] = {Revealed: 0, Erased: 0, KeyUnavailable: 0}
        self._tampered: list[str] = []
        self._erasures: list[Recorded] = []
        self.names: set[KeyName] = set()

    def take(self, recorded: Recorded) -> None:
        """Count, check and fold one event."""
        if recorded.position != self._position:
            self._count(recorded)
        if isinstance(recorded.event, erasure.Event):
            self._erasures.append(recorded)
        for view, rows in self._rows.items():
            if recorded.position <= self._upto[view]:
                fold_into(view, (recorded,), rows)
        for box, sealed in boxes_of(recorded.event).items():
            subject = subject_of(recorded.event)
            self.names.add(KeyName(recorded.tenant, subject, class_of(recorded.event, box)))
            opened = self._vault.open(sealed, spot_of(recorded, box))
            if isinstance(opened, Tampered):
                self._tampered.append(f"event {recorded.position}: {box}")
            else:
                self._boxes[type(opened)] += 1

    def _count(self, recorded: Recorded) -> None:
        # Once for everything that a stored event has become.
        self._position = recorded.position
        self._events += 1
        expected = self._versions.get(recorded.stream, 0) + 1
        if recorded.version != expected:
            self._gaps.append(f"event {recorded.position}: {recorded.stream} {recorded.version}")
        self._versions[recorded.stream] = recorded.version

    def verdict(self, storage: Storage, keys: KeyRotation) -> Verdict:
        """Compare with what is kept."""
        drifts = [
            drift
            for view, rows in self._rows.items()
            if (drift := _drift(storage, view, rows, self._upto[view])) is not None
        ]
        snapshots = _compared(storage)
        return Verdict(
            events=self._events,
            streams=len(self._versions),
            gaps=tuple(self._gaps),
            views=tuple((view.name, len(rows)) for view, rows in self._rows.items()),
            drifts=tuple(drifts),
            snapshots=len(snapshots),
            snapshots_drifted=tuple(stream for stream, equal in snapshots.items() if not equal),
            boxes_open=self._boxes[Revealed],
            boxes_erased=self._boxes[Erased],
            boxes_without_key=self._boxes[KeyUnavailable],
            boxes_tampered=tuple(self._tampered),
            keys_returned=tuple(all_returned(self._erasures, keys.of)),
            keys_unasked=(),
        )


def spot_of(recorded: Recorded, box: str) -> Spot:
    """Where a box of a recorded event stands."""
    return Spot(
        subject=subject_of(recorded.event),
        type=recorded.type,
        schema=recorded.schema,
        event_id=recorded.event_id,
        box=box,
    )


def _compared(storage: Storage) -> dict[str, bool]:
    """Whether the snapshot of a stream is what its events add up to, for each that is used."""
    known = {stream: aggregate_of(stream) for stream in storage.snapshots.streams()}
    return {
        stream: equal
        for stream, aggregate in known.items()
        if aggregate is not None and (equal := _is_equal(storage, stream, aggregate)) is not None
    }


def _is_equal(storage: Storage, stream: str, aggregate: Aggregate) -> bool | None:
    snapshot = storage.snapshots.load({stream: aggregate}).get(stream)
    if snapshot is None:
        return None
    held = Held(aggregate, aggregate.state())
    facts = storage.log.facts(stream)
    held.fold(takewhile(lambda fact: fact[0] <= snapshot.version, facts))
    return (held.version, held.state) == snapshot


def _drift(storage: Storage, view: View[Any, Any], rows: Rows, upto: int) -> Drift | None:
    wrong: list[str] = []
    reached = storage.views.checkpoint(view)
    if reached != upto:
        wrong.append(f"stands at event {reached} of {upto}")
    missing = set(rows)
    for row in storage.views.rows(view) if upto else ():
        key = view.key_of(row)
        missing.discard(key)
        if rows.get(key) != row:
            wrong.append(_named(key))
    wrong.extend(sorted(map(_named, missing)))
    if not wrong:
        return None
    return Drift(view=view.name, rows=len(wrong), keys=tuple(wrong[:_KEYS_SHOWN]))


def _named(key: tuple[str | int, ...]) -> str:
    return "/".join(map(str, key))
