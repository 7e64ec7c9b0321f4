"""Snapshots: states of long streams, kept so that not all of a stream is folded again."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Protocol

from regulars.application.aggregates import Aggregate


class Snapshot(NamedTuple):
    """The state of a stream, with everything folded up to `version`."""

    version: int
    state: Any


class Snapshots(Protocol):
    """
    One snapshot a stream, beside the log and written with it.

    A cache, never the truth: what was lost, cannot be read, or was made by another fold, from
    other events or into another state than today's is as if it had never been kept.
    """

    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        """
        The snapshots of these streams, each of its aggregate; streams without one are left out.

        The caller owns the states.
        """
        ...

    def keep(self, stream: str, aggregate: Aggregate, snapshot: Snapshot) -> None:
        """
        Keep this in the place of what was kept of the stream before.

        A state that cannot be written down is not kept; the one before stays.
        """
        ...

    def streams(self) -> list[str]:
        """The streams of which something is kept, whether it can be used or not, in order."""
        ...

    def forget(self, streams: Collection[str] | None = None) -> int:
        """Let go of what is kept of these streams, or of all. Returns of how many it was."""
        ...
