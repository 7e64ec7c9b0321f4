"""Requests of people about their data: which are open, and by when each is to be answered."""

from datetime import datetime
from typing import Final, cast, get_args

from attrs import frozen

from regulars.application.aggregates import CUSTOMER, customer_stream
from regulars.application.events import Event, moment
from regulars.application.questions import Look, Question
from regulars.domain import subject_request
from regulars.domain.customer import Customer
from regulars.domain.records import Records, answering
from regulars.domain.subject_request import Right, SubjectRequest, SubjectRequestReceived
from regulars.domain.values import CustomerId, SubjectRequestId

_READ: Final[frozenset[type[Event]]] = frozenset(get_args(subject_request.Event))


@frozen(kw_only=True)
class RequestStanding:
    """
    How a request stands. `due_at` counts an extension in, of which `extended` is the reason.

    `person` is who speaks for the customer by then: another one where they were merged.
    `granted` is None until it is answered, at `answered_at`; `overdue` if it is not, or was not,
    by then. `reason` is why something was refused.
    """

    request: SubjectRequestId
    customer: CustomerId
    person: CustomerId
    right: Right
    received_at: datetime
    due_at: datetime
    overdue: bool
    extended: str | None = None
    answered_at: datetime | None = None
    granted: bool | None = None
    reason: str | None = None


@frozen(kw_only=True)
class SubjectRequests(Question[tuple[RequestStanding, ...]]):
    """
    The requests that wait for an answer, the one that is due first before the others.

    Those of one `customer` alone if it is named, under whatever id of that person, and with
    `answered` those too that have theirs. Costs a pass over the log.
    """

    customer: CustomerId | None = None
    answered: bool = False

    def answer(self, look: Look) -> tuple[RequestStanding, ...]:
        """The requests by when they are due."""
        states: dict[str, SubjectRequest] = {}
        for one in look.everywhere(_READ):
            state = states.setdefault(one.stream, SubjectRequest())
            event = cast("subject_request.Event", one.event)
            subject_request.fold(state, event, moment(one.occurred_at))
        standing = [_standing(state, look) for state in states.values()]
        person = None if self.customer is None else _person(look, self.customer)
        return tuple(
            sorted(
                (
                    one
                    for one in standing
                    if person in {None, one.person} and (self.answered or one.answered_at is None)
                ),
                key=lambda one: (one.due_at, one.request),
            )
        )


def _person(look: Look, customer: CustomerId) -> CustomerId:
    def records_of(one: CustomerId) -> Records:
        person: Customer = look.state(customer_stream(one), CUSTOMER)
        return person.records

    return answering(customer, records_of)[-1]


def _standing(state: SubjectRequest, look: Look) -> RequestStanding:
    # Nothing of a request is dated before it was received.
    received = cast("SubjectRequestReceived", state.received)
    received_at, due_at = cast("datetime", state.received_at), cast("datetime", state.due_at)
    extended, answered = state.extended, state.answered
    return RequestStanding(
        request=received.request,
        customer=received.customer,
        person=_person(look, received.customer),
        right=received.right,
        received_at=received_at,
        due_at=due_at,
        overdue=(state.answered_at or look.at) > due_at,
        extended=None if extended is None else extended.reason,
        answered_at=state.answered_at,
        granted=None if answered is None else answered.granted,
        reason=None if answered is None else answered.reason,
    )
