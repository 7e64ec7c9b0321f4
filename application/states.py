"""States of streams: folded from the log, from a snapshot on where there is one, and held."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import dropwhile
from typing import Any, Final

from attrs import define

from regulars.application.aggregates import Aggregate
from regulars.application.events import Fact, Retired, moment
from regulars.application.ports import EventLog
from regulars.application.snapshots import Snapshot, Snapshots

_MOST: Final = 10_000


@define
class Held:
    """A stream's state, the version up to which it is folded, and the version of its snapshot."""

    aggregate: Aggregate
    state: Any
    version: int = 0
    kept: int = 0

    def fold(self, facts: Iterable[Fact]) -> None:
        """Fold what comes next in the stream."""
        fold, state = self.aggregate.fold, self.state
        for version, event, occurred_at in facts:
            if not isinstance(event, Retired):
                fold(state, event, moment(occurred_at))
            self.version = version

    def is_due(self) -> bool:
        """Whether its aggregate's policy asks for another snapshot."""
        every = self.aggregate.snapshot_every
        return every is not None and self.version - self.kept >= every


class States:
    """The states of recent streams. Who writes to the log says when they are no longer true."""

    def __init__(self, log: EventLog, snapshots: Snapshots) -> None:
        self._log = log
        self._snapshots = snapshots
        self._held: OrderedDict[str, Held] = OrderedDict()

    def get(self, stream: str) -> Held | None:
        """What is held of a stream; None if it has to be loaded."""
        held = self._held.get(stream)
        if held is not None:
            self._held.move_to_end(stream)
        return held

    def load(self, stream: str, aggregate: Aggregate) -> Held:
        """The state of a stream as the log has it, unless it is held."""
        held = self.get(stream)
        if held is not None:
            return held
        self._resume({stream: aggregate})
        held = self._held.get(stream)
        if held is None:
            held = Held(aggregate, aggregate.state())
            held.fold(self._log.facts(stream))
            self._held[stream] = held
        return held

    def load_ahead(self, wanted: Mapping[str, Aggregate]) -> None:
        """Load those of many streams that are not held, with few reads."""
        missing = {name: wanted[name] for name in wanted if name not in self._held}
        self._resume(missing)
        whole = {name: missing[name] for name in missing if name not in self._held}
        recorded = self._log.streams(whole)
        for stream, aggregate in whole.items():
            held = self._held[stream] = Held(aggregate, aggregate.state())
            held.fold((e.version, e.event, e.occurred_at) for e in recorded.get(stream, ()))

    def _resume(self, wanted: Mapping[str, Aggregate]) -> None:
        asked = {name: one for name, one in wanted.items() if one.snapshot_every is not None}
        if not asked:
            return
        for stream, snapshot in self._snapshots.load(asked).items():
            version = snapshot.version
            # The event that the snapshot ends with has to be there: a log that is shorter than
            # its snapshot is another log.
            facts = self._log.facts(stream, after=version - 1)
            if next(facts, None) is not None:
                held = Held(asked[stream], snapshot.state, version, version)
                # An older event may have become several, which share its version.
                held.fold(dropwhile(partial(_is_at, version), facts))
                self._held[stream] = held

    def keep(self, streams: Iterable[str]) -> None:
        """Keep a snapshot of each of these streams whose policy asks for one."""
        for stream in streams:
            held = self._held.get(stream)
            if held is not None and held.is_due():
                snapshot = Snapshot(held.version, held.state)
                self._snapshots.keep(stream, held.aggregate, snapshot)
                held.kept = held.version

    def forget(self, stream: str) -> None:
        """Let go of a state that is ahead of the log."""
        self._held.pop(stream, None)

    def clear(self) -> None:
        """Let go of every state."""
        self._held.clear()

    def trim(self) -> None:
        """Let go of those not asked for the longest, where there are too many."""
        while len(self._held) > _MOST:
            self._held.popitem(last=False)


def _is_at(version: int, fact: Fact) -> bool:
    return fact[0] == version
