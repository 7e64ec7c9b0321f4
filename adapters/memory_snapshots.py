"""Snapshots in memory: what a storage in memory would have written to a disk."""

from collections.abc import Collection, Mapping

from regulars.adapters.state_codec import STATES, StateCodec
from regulars.application.aggregates import Aggregate
from regulars.application.snapshots import Snapshot


class MemorySnapshots:
    """The `Snapshots` port over a dictionary. States go through the codec, as to a disk."""

    def __init__(self, *, states: StateCodec = STATES) -> None:
        self._states = states
        self.kept: dict[str, tuple[int, str, bytes]] = {}

    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        """The snapshots of these streams; see the port."""
        found: dict[str, Snapshot] = {}
        for stream, aggregate in wanted.items():
            version, fold, body = self.kept.get(stream, (0, "", b""))
            if fold == self._states.mark(aggregate):
                state = self._states.decode(aggregate, body)
                if state is not None:
                    found[stream] = Snapshot(version, state)
        return found

    def keep(self, stream: str, aggregate: Aggregate, snapshot: Snapshot) -> None:
        """Keep this; see the port."""
        body = self._states.encode(snapshot.state)
        if body is not None:
            self.kept[stream] = (snapshot.version, self._states.mark(aggregate), body)

    def streams(self) -> list[str]:
        """The streams of which something is kept; see the port."""
        return sorted(self.kept)

    def forget(self, streams: Collection[str] | None = None) -> int:
        """Let go of some or all; see the port."""
        before = len(self.kept)
        gone = self.kept.keys() if streams is None else {*streams}
        self.kept = {stream: kept for stream, kept in self.kept.items() if stream not in gone}
        return before - len(self.kept)
