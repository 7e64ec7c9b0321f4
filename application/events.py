"""Every event and command of the model, and the envelope under which an event is recorded."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, NewType, TypeAlias, TypeVar

from attrs import frozen

from regulars.domain import (
    actor,
    campaign,
    claim,
    customer,
    erasure,
    loyalty,
    merchant,
    merge,
    offer,
    order,
    program,
    referral,
    subject_request,
    two_accounts,
)

Event: TypeAlias = (
    customer.Event
    | merchant.Event
    | order.Event
    | program.Event
    | loyalty.Event
    | erasure.Event
    | actor.Event
    | offer.Event
    | campaign.Event
    | referral.Event
    | subject_request.Event
)
Command: TypeAlias = (
    customer.Command
    | merchant.Command
    | order.Command
    | program.Command
    | loyalty.Command
    | two_accounts.Command
    | erasure.Command
    | actor.Command
    | merge.Command
    | offer.Command
    | campaign.Command
    | referral.Command
    | claim.Command
    | subject_request.Command
)

EventId = NewType("EventId", bytes)
"""Sixteen bytes, a UUID of version 8; the same command gives the same ids."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """
    Microseconds from 1970-01-01T00:00Z to `at`, exact.

    Raises:
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        message = f"a time needs a time zone, {at.isoformat()} has none"
        raise ValueError(message)
    return (at - _EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    """The UTC time that lies `micros` microseconds after 1970-01-01T00:00Z."""
    return _EPOCH + micros * _MICROSECOND


@frozen
class Retired:
    """Stands where a stored event means nothing any more, so that its place stays taken."""


Fact: TypeAlias = tuple[int, Event | Retired, int]
"""An event without its envelope: version in its stream, event, when it occurred."""


class Pending(NamedTuple):
    """An event that is to be recorded. `version` is the place it takes in its stream, from 1."""

    stream: str
    version: int
    event: Event
    event_id: EventId
    occurred_at: int
    actor: str
    correlation: str
    causation: str | None = None
    fingerprint: bytes | None = None


class Occurrence(NamedTuple):
    """An event, its place in the log and when it occurred: of `Recorded`, all that views fold."""

    position: int
    stream: str
    version: int
    event: Event | Retired
    occurred_at: int


class Recorded(NamedTuple):
    """
    An event as it stands in the log.

    `position` counts over the whole log and `version` in the stream, both from 1.
    `occurred_at` is when it happened, `recorded_at` when it was written, in microseconds (see
    `moment`). `type` and `schema` are the name and version under which it is stored.
    `causation` names the command or event that led to it, `correlation` the first of the chain.
    Where an older stored event has become several, they share everything but `event`.
    """

    position: int
    stream: str
    version: int
    event: Event | Retired
    event_id: EventId
    occurred_at: int
    recorded_at: int
    type: str
    schema: int
    tenant: str
    actor: str
    correlation: str
    causation: str | None
    fingerprint: bytes | None

    @property
    def occurrence(self) -> Occurrence:
        """The event and its place, without the rest."""
        return Occurrence(self.position, self.stream, self.version, self.event, self.occurred_at)


def as_recorded(
    pending: Pending, *, position: int, recorded_at: int, stored_as: tuple[str, int], tenant: str
) -> Recorded:
    """An event as it stands in the log once that was written."""
    name, schema = stored_as
    return Recorded(
        position=position,
        stream=pending.stream,
        version=pending.version,
        event=pending.event,
        event_id=pending.event_id,
        occurred_at=pending.occurred_at,
        recorded_at=recorded_at,
        type=name,
        schema=schema,
        tenant=tenant,
        actor=pending.actor,
        correlation=pending.correlation,
        causation=pending.causation,
        fingerprint=pending.fingerprint,
    )


Happened: TypeAlias = Occurrence | Recorded
"""What views fold: as it was read for them, or as it was just recorded."""

AnyHappened = TypeVar("AnyHappened", Occurrence, Recorded)


def chosen(
    events: Iterable[Recorded],
    *,
    types: Collection[type[Event]] | None = None,
    prefix: str = "",
    recorded_by: int | None = None,
    occurred_by: int | None = None,
) -> Iterator[Recorded]:
    """Those of `events` that `EventLog.read` would give for the same words."""
    for one in events:
        if (
            (types is None or type(one.event) in types)
            and one.stream.startswith(prefix)
            and (recorded_by is None or one.recorded_at <= recorded_by)
            and (occurred_by is None or one.occurred_at <= occurred_by)
        ):
            yield one


def pages(events: Iterable[AnyHappened], size: int) -> Iterator[list[AnyHappened]]:
    """`events` in lists of at least `size`, but the last; what shares a position is in one list."""
    page: list[AnyHappened] = []
    for happened in events:
        if len(page) >= size and happened.position != page[-1].position:
            yield page
            page = []
        page.append(happened)
    if page:
        yield page
