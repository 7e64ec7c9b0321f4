"""The list of requests: what is to be answered by when, now and as of any moment."""

from datetime import UTC, datetime, timedelta

from regulars.application.subject_requests import RequestStanding, SubjectRequests
from regulars.domain.customer import RegisterCustomer
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.subject_request import (
    AnswerSubjectRequest,
    ExtendSubjectRequest,
    ReceiveSubjectRequest,
    Right,
)
from regulars.domain.values import SubjectRequestId
from tests.application.memory_crm import Parts, memory_core
from tests.domain.examples import ANNA, BO

FIRST, SECOND = SubjectRequestId("q-1"), SubjectRequestId("q-2")
BEFORE = datetime(2025, 12, 1, tzinfo=UTC)
"""A month before the clock of the core begins."""


def town() -> Parts:
    town = memory_core()
    town.execute(
        ReceiveSubjectRequest(request=SECOND, customer=BO, at=BEFORE, right=Right.ERASURE),
        ReceiveSubjectRequest(
            request=FIRST,
            customer=ANNA,
            at=BEFORE,
            right=Right.ACCESS,
            due_at=BEFORE + timedelta(days=9),
        ),
    )
    return town


def standing(town: Parts, asked: SubjectRequests, as_of: datetime | None = None) -> list[str]:
    return [one.request for one in town.crm.ask(asked, as_of=as_of)]


def test_what_waits_is_listed_by_when_it_is_due() -> None:
    shop = town()

    first, second = shop.crm.ask(SubjectRequests())

    assert (first.request, second.request) == (FIRST, SECOND)
    assert (first.overdue, second.overdue) == (True, True)
    assert second.due_at == datetime(2026, 1, 1, tzinfo=UTC)
    soon = shop.crm.ask(SubjectRequests(), as_of=BEFORE + timedelta(days=10))
    assert [one.overdue for one in soon] == [True, False]
    assert standing(shop, SubjectRequests(customer=BO)) == [SECOND]


def test_what_was_answered_is_listed_only_where_that_is_asked_for() -> None:
    shop, day = town(), timedelta(days=1)
    shop.execute(
        ExtendSubjectRequest(request=FIRST, at=BEFORE + day, reason="many-orders"),
        AnswerSubjectRequest(request=FIRST, at=BEFORE + 40 * day, granted=False, reason="others"),
        AnswerSubjectRequest(request=SECOND, at=BEFORE + 40 * day),
    )

    assert standing(shop, SubjectRequests()) == []
    late, told = shop.crm.ask(SubjectRequests(answered=True))
    assert (late.request, late.overdue, late.granted) == (SECOND, True, True)
    assert told == RequestStanding(
        request=FIRST,
        customer=ANNA,
        person=ANNA,
        right=Right.ACCESS,
        received_at=BEFORE,
        due_at=datetime(2026, 3, 1, tzinfo=UTC),
        overdue=False,
        extended="many-orders",
        answered_at=BEFORE + 40 * day,
        granted=False,
        reason="others",
    )
    assert standing(shop, SubjectRequests(), BEFORE + day) == [SECOND, FIRST]


def test_a_request_goes_with_a_merge_and_comes_back_with_its_reversal() -> None:
    shop = town()
    merged = BEFORE + timedelta(days=1)
    shop.execute(
        RegisterCustomer(customer=ANNA, at=BEFORE),
        RegisterCustomer(customer=BO, at=BEFORE),
        MergeCustomers(absorbed=BO, survivor=ANNA, at=merged, evidence="same-phone"),
    )

    assert standing(shop, SubjectRequests(customer=ANNA)) == [FIRST, SECOND]
    assert standing(shop, SubjectRequests(customer=BO)) == [FIRST, SECOND]
    assert [(one.customer, one.person) for one in shop.crm.ask(SubjectRequests())] == [
        (ANNA, ANNA),
        (BO, ANNA),
    ]
    shop.execute(
        RevertMerge(absorbed=BO, survivor=ANNA, at=merged + timedelta(days=1), evidence="two")
    )
    assert standing(shop, SubjectRequests(customer=ANNA)) == [FIRST]
    assert standing(shop, SubjectRequests(customer=BO)) == [SECOND]
    assert standing(shop, SubjectRequests(customer=ANNA), merged) == [FIRST, SECOND]
