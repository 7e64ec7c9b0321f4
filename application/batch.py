"""What requests of one transaction are about to record, and the receipts for it."""

from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from attrs import Factory, define, frozen

from regulars.application.contacts import Claims
from regulars.application.events import Event, EventId, Pending, Recorded
from regulars.application.states import Held
from regulars.domain.empty import empty
from regulars.domain.erasure import ErasureRequested
from regulars.domain.subject import SubjectErasureRequested
from regulars.domain.values import Refusal

_REQUESTED: Final = (ErasureRequested, SubjectErasureRequested)


@frozen(kw_only=True)
class Receipt:
    """
    What a request led to.

    `events` are its own, not those of reactions; `position` is the log's after the last of them,
    `version` the one that its stream then had.
    Position and version are 0 if nothing had to be recorded. `repeated` tells that the request
    was known: this is the receipt of its first time, and nothing was recorded now.
    """

    request_id: str
    events: tuple[Event, ...]
    position: int
    version: int
    repeated: bool = False


Outcome: TypeAlias = Receipt | Refusal


class Cause(NamedTuple):
    """Who asked, in which conversation, and by which command or after which event."""

    by: str
    correlation: str
    causation: str


class Planned(NamedTuple):
    """A request whose own events are the batch's pending ones from `start` to `stop`."""

    request_id: str
    fingerprint: bytes | None
    start: int
    stop: int
    repeated: bool = False

    @property
    def new(self) -> bool:
        """Whether it records something, now."""
        return self.stop > self.start and not self.repeated


@define
class Batch:
    """
    What the requests of one transaction are about to record.

    They are judged and recorded by what the `clock` showed before the first was decided; `first`
    tells that it is decided before anything is locked, on states that are at hand.
    `asked` are the streams whose states decided on it, and those `due` may need a snapshot then.
    `claims` are the contacts that it brings.
    """

    known: dict[EventId, Recorded]
    clock: datetime
    first: bool = False
    asked: dict[str, Held] = empty(dict[str, Held])
    due: dict[str, None] = empty(dict[str, None])
    pending: list[Pending] = empty(list[Pending])
    plans: dict[str, Planned] = empty(dict[str, Planned])
    claims: Claims = Factory(Claims)
    outcomes: list[Planned | Outcome] = empty(list[Planned | Outcome])

    @property
    def asks_for_erasure(self) -> bool:
        """Whether it records that somebody's data is to be destroyed."""
        return any(isinstance(one.event, _REQUESTED) for one in self.pending)


def receipt(outcome: Planned | Outcome, batch: Batch, last: int) -> Outcome:
    """The outcome of a request, once the last event of its batch stands at position `last`."""
    if not isinstance(outcome, Planned):
        return outcome
    own = batch.pending[outcome.start : outcome.stop]
    return Receipt(
        request_id=outcome.request_id,
        events=tuple(pending.event for pending in own),
        position=last - len(batch.pending) + outcome.stop if own else 0,
        version=own[-1].version if own else 0,
        repeated=outcome.repeated and bool(own),
    )
