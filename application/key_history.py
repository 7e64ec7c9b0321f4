"""
What the log tells of keys, whatever a key store has lost or brought back.

Keys and fences lie in a key store, which an exported log leaves behind and a backup takes back in
time. The log itself knows who was erased, and that it holds boxes.
"""

from collections.abc import Collection, Mapping
from typing import Final

from regulars.application.aggregates import erasure_stream_of
from regulars.application.door import BOXED, boxes_of
from regulars.application.events import moment
from regulars.application.ports import EventLog
from regulars.domain.erasure import Erasure, Event, fold
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
            for one in events:
                if isinstance(one.event, Event):
                    fold(state, one.event, moment(one.occurred_at))
            if state.erased:
                found[streams[stream]] = state.erased
        return found

    def has_boxes(self) -> bool:
        """Whether anything personal was ever recorded. Costs a pass over the log if nothing was."""
        return any(boxes_of(one.event) for one in self._log.read(types=_BOXED))
