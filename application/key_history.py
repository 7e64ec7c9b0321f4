"""
What the log tells of keys, whatever a key store has lost or brought back.

Keys and fences lie in a key store, which an exported log leaves behind and a backup takes back in
time. The log itself knows who was erased, and that it holds boxes.
"""

from collections.abc import Collection, Mapping
from typing import Final

from regulars.application.aggregates import ERASURE, erasure_stream_of
from regulars.application.boxed import BOXED, boxes_of
from regulars.application.ports import EventLog
from regulars.application.states import Held
from regulars.domain.erasure import Erasure
from regulars.domain.personal import DataClass

_BOXED: Final = frozenset(event for boxed in BOXED.values() for _, event in boxed)
"""Events that boxes may be in."""


class KeyHistory:
    """What a vault asks of the log before it trusts that a key may be made, or may seal."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def erased(self, subjects: Collection[str]) -> Mapping[str, Collection[DataClass]]:
        """
        The classes of each subject that were erased and of which no new life was authorised.

        Subjects of whom nothing was erased are left out.
        """
        streams = {erasure_stream_of(subject): subject for subject in subjects}
        found: dict[str, Collection[DataClass]] = {}
        for stream, events in self._log.streams(streams).items():
            state = Erasure()
            Held(ERASURE, state).fold((one.version, one.event, one.occurred_at) for one in events)
            if state.erased:
                found[streams[stream]] = state.erased
        return found

    def has_boxes(self) -> bool:
        """Whether anything personal was ever recorded. Costs a pass over the log if nothing was."""
        return any(boxes_of(one.event) for one in self._log.read(types=_BOXED))
