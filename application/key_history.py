"""
What the log tells of keys, whatever a key store has lost or brought back.

Keys and fences lie in a key store, which an exported log leaves behind and a backup takes back in
time. The log itself knows who was erased, and that it holds boxes.
"""

from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from regulars.application.aggregates import ERASURE, erasure_stream_of
from regulars.application.boxed import BOXED, boxes_of
from regulars.application.errors import ErasureWaits, SubjectErased
from regulars.application.events import moment
from regulars.application.ports import EventLog
from regulars.application.states import Held
from regulars.domain.erasure import Erasure, ErasureRequested
from regulars.domain.personal import DataClass
from regulars.domain.subject import SubjectErasureRequested

_BOXED: Final = frozenset(event for boxed in BOXED.values() for _, event in boxed)
"""Events that boxes may be in."""

Closed: TypeAlias = SubjectErased | ErasureWaits
"""Why data of a class is not taken in."""


class KeyHistory:
    """What a vault asks of the log before it trusts that a key may be made, or may seal."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def closed(self, subjects: Collection[str]) -> Mapping[str, Mapping[DataClass, Closed]]:
        """
        The classes of each subject of which no data is taken in, with why it is refused.

        They were erased and no new life was authorised since, or their erasure was asked for and
        is not done. Subjects who have none are left out.
        """
        streams = {erasure_stream_of(subject): subject for subject in subjects}
        found: dict[str, Mapping[DataClass, Closed]] = {}
        for stream, events in self._log.streams(streams).items():
            subject, state = streams[stream], Erasure()
            Held(ERASURE, state).fold((one.version, one.event, one.occurred_at) for one in events)
            times = {
                one.event.erasure: one.occurred_at
                for one in events
                if isinstance(one.event, ErasureRequested | SubjectErasureRequested)
            }
            closed: dict[DataClass, Closed] = {
                of: SubjectErased(subject=subject, data_class=of.value) for of in state.erased
            }
            for of, erasure in state.pending.items():
                closed[of] = ErasureWaits(
                    subject=subject,
                    data_class=of.value,
                    erasure=erasure,
                    requested_at=moment(times[erasure]),
                )
            if closed:
                found[subject] = closed
        return found

    def has_boxes(self) -> bool:
        """Whether anything personal was ever recorded. Costs a pass over the log if nothing was."""
        return any(boxes_of(one.event) for one in self._log.read(types=_BOXED))
