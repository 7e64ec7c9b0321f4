"""The examples of the events of requests of people about their data."""

from datetime import timedelta
from typing import Final

from regulars.application.events import Event
from regulars.domain.subject_request import (
    Right,
    SubjectRequestAnswered,
    SubjectRequestExtended,
    SubjectRequestReceived,
)
from regulars.domain.values import SubjectRequestId
from regulars.testing.example_ids import ADA, PLACED_AT

REQUEST = SubjectRequestId("request-7")

REQUESTS: Final[dict[tuple[str, int], Event]] = {
    ("SubjectRequestReceived", 1): SubjectRequestReceived(
        request=REQUEST, customer=ADA, right=Right.ACCESS, due_at=PLACED_AT
    ),
    ("SubjectRequestExtended", 1): SubjectRequestExtended(
        request=REQUEST, customer=ADA, due_at=PLACED_AT + timedelta(days=60), reason="many-orders"
    ),
    ("SubjectRequestAnswered", 1): SubjectRequestAnswered(
        request=REQUEST, customer=ADA, granted=False, reason="gdpr-17-3-b"
    ),
}
