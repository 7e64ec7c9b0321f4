"""
A request by which a person uses a right of theirs: received, perhaps extended, answered in time.

It is answered within a month, or two months later if the person is told why (GDPR 12(3)), and a
refusal says its reason (12(4)). A month is one of the calendar, its last day if it is shorter.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Final, TypeAlias, assert_never

from attrs import define, evolve, frozen

from regulars.domain.codes import require_code
from regulars.domain.validity import months_later
from regulars.domain.values import CustomerId, Refusal, SubjectRequestId

MONTHS: Final = 1
"""Within so many months a request is answered."""

MONTHS_EXTENDED: Final = 3
"""Within so many if it was extended, both counted from when it was received."""


class Right(Enum):
    """What a person may ask for, with the articles of GDPR and PIPL."""

    ACCESS = "access"
    """15; 44 and 45."""

    PORTABILITY = "portability"
    """20; 45."""

    RECTIFICATION = "rectification"
    """16; 46."""

    ERASURE = "erasure"
    """17; 47."""

    RESTRICTION = "restriction"
    """18; 44."""

    OBJECTION = "objection"
    """21; 44."""

    EXPLANATION = "explanation"
    """Of what was decided by machine, and a look at it by a human being: 22; 24 and 48."""


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class SubjectRequestReceived:
    """A person asks for what a right gives them, to be answered by `due_at`."""

    request: SubjectRequestId
    customer: CustomerId
    right: Right
    due_at: datetime


@frozen(kw_only=True)
class SubjectRequestExtended:
    """The person was told that it takes until `due_at`, and why; `reason` is the code of that."""

    request: SubjectRequestId
    customer: CustomerId
    due_at: datetime
    reason: str


@frozen(kw_only=True)
class SubjectRequestAnswered:
    """The person has their answer; one that refuses what was asked for says why, in a code."""

    request: SubjectRequestId
    customer: CustomerId
    granted: bool
    reason: str | None = None


Event: TypeAlias = SubjectRequestReceived | SubjectRequestExtended | SubjectRequestAnswered


@define
class SubjectRequest:
    """The state of one request, written by `fold` alone."""

    received: SubjectRequestReceived | None = None
    received_at: datetime | None = None
    extended: SubjectRequestExtended | None = None
    answered: SubjectRequestAnswered | None = None
    answered_at: datetime | None = None

    @property
    def due_at(self) -> datetime | None:
        """When it has to be answered; None if it was never received."""
        told = self.extended or self.received
        return None if told is None else told.due_at


def fold(state: SubjectRequest, event: Event, at: datetime) -> None:
    """Record in `state` what happened at `at`."""
    match event:
        case SubjectRequestReceived():
            state.received, state.received_at = event, at
        case SubjectRequestExtended():
            state.extended = event
        case SubjectRequestAnswered():
            state.answered, state.answered_at = event, at
        case _:
            assert_never(event)


@frozen(kw_only=True)
class ReceiveSubjectRequest:
    """Record that a person asked, to be answered by `due_at`: a month later, or sooner."""

    request: SubjectRequestId
    customer: CustomerId
    at: datetime
    right: Right
    due_at: datetime | None = None


@frozen(kw_only=True)
class ExtendSubjectRequest:
    """Take longer, once, and for a reason that the person is told: by default as long as may be."""

    request: SubjectRequestId
    at: datetime
    reason: str
    due_at: datetime | None = None


@frozen(kw_only=True)
class AnswerSubjectRequest:
    """Record the answer that a person was given; one that refuses something says why."""

    request: SubjectRequestId
    at: datetime
    granted: bool = True
    reason: str | None = None


Command: TypeAlias = ReceiveSubjectRequest | ExtendSubjectRequest | AnswerSubjectRequest


@frozen(kw_only=True)
class UnknownSubjectRequest(Refusal):
    """No request was received under this id."""

    request: SubjectRequestId

    def __str__(self) -> str:
        return f"request {self.request}: none was received under this id"


@frozen(kw_only=True)
class SubjectRequestIdTaken(Refusal):
    """Another request was received under this id."""

    request: SubjectRequestId

    def __str__(self) -> str:
        return f"request {self.request}: another was received under this id"


@frozen(kw_only=True)
class SubjectRequestClosed(Refusal):
    """The request was answered, or extended, in another way before."""

    request: SubjectRequestId
    done: str

    def __str__(self) -> str:
        return f"request {self.request}: it was {self.done} before"


@frozen(kw_only=True)
class DueTooLate(Refusal):
    """The answer would come later than the law lets it, or before it was asked for."""

    request: SubjectRequestId
    latest: datetime

    def __str__(self) -> str:
        return f"request {self.request}: it is due by {self.latest} at the latest"


@frozen(kw_only=True)
class AnswerWithoutReason(Refusal):
    """Who refuses what was asked for has to say why."""

    request: SubjectRequestId

    def __str__(self) -> str:
        return f"request {self.request}: a refusal needs a reason"


@frozen(kw_only=True)
class BeforeReceived(Refusal):
    """Nobody answers a request, or takes longer for it, before it was made."""

    request: SubjectRequestId
    received_at: datetime

    def __str__(self) -> str:
        return f"request {self.request} was received later, at {self.received_at}"


def decide(command: Command, state: SubjectRequest) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's, when the command cannot be; or a reason is no code.
    """
    if isinstance(command, ReceiveSubjectRequest):
        return _receive(command, state)
    require_code("reason", command.reason)
    received, received_at = state.received, state.received_at
    if received is None or received_at is None:
        raise UnknownSubjectRequest(request=command.request)
    if command.at < received_at:
        raise BeforeReceived(request=command.request, received_at=received_at)
    if isinstance(command, AnswerSubjectRequest):
        return _answer(command, received.customer, state)
    return _extend(command, received, received_at, state)


def _receive(command: ReceiveSubjectRequest, state: SubjectRequest) -> Sequence[Event]:
    latest = _later(command.at, MONTHS)
    event = SubjectRequestReceived(
        request=command.request,
        customer=command.customer,
        right=command.right,
        due_at=command.due_at or latest,
    )
    if state.received is not None:
        # Told again, it may be told at another moment.
        due_at = command.due_at or state.received.due_at
        if evolve(event, due_at=due_at) != state.received:
            raise SubjectRequestIdTaken(request=command.request)
        return []
    if not command.at <= event.due_at <= latest:
        raise DueTooLate(request=command.request, latest=latest)
    return [event]


def _extend(
    command: ExtendSubjectRequest,
    received: SubjectRequestReceived,
    received_at: datetime,
    state: SubjectRequest,
) -> Sequence[Event]:
    latest = _later(received_at, MONTHS_EXTENDED)
    event = SubjectRequestExtended(
        request=command.request,
        customer=received.customer,
        due_at=command.due_at or latest,
        reason=command.reason,
    )
    if state.extended == event:
        return []
    for done, before in (("answered", state.answered), ("extended", state.extended)):
        if before is not None:
            raise SubjectRequestClosed(request=command.request, done=done)
    # The person is told before the answer is due, or it is late already.
    if command.at > received.due_at:
        raise DueTooLate(request=command.request, latest=received.due_at)
    if not received.due_at < event.due_at <= latest:
        raise DueTooLate(request=command.request, latest=latest)
    return [event]


def _answer(
    command: AnswerSubjectRequest, customer: CustomerId, state: SubjectRequest
) -> Sequence[Event]:
    if not command.granted and command.reason is None:
        raise AnswerWithoutReason(request=command.request)
    event = SubjectRequestAnswered(
        request=command.request, customer=customer, granted=command.granted, reason=command.reason
    )
    if state.answered is None:
        return [event]
    if state.answered != event:
        raise SubjectRequestClosed(request=command.request, done="answered")
    return []


def _later(at: datetime, months: int) -> datetime:
    return datetime.combine(months_later(at.date(), months), at.timetz())
