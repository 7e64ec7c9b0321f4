"""Requests of people about their data: received, extended, answered, each once and in time."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.codes import NoCode
from regulars.domain.subject_request import (
    AnswerSubjectRequest,
    AnswerWithoutReason,
    BeforeReceived,
    Command,
    DueTooLate,
    ExtendSubjectRequest,
    ReceiveSubjectRequest,
    Right,
    SubjectRequestAnswered,
    SubjectRequestClosed,
    SubjectRequestExtended,
    SubjectRequestIdTaken,
    SubjectRequestReceived,
    UnknownSubjectRequest,
)
from regulars.domain.values import Refusal, SubjectRequestId
from tests.domain.examples import ANNA, BO
from tests.domain.matrix import Row, outcome, rows
from tests.domain.story import NOON, RequestStory, request_story
from tests.domain.strategies import request_commands

ASKED = SubjectRequestId("q-1")
DUE = datetime(2024, 6, 17, 12, 0, tzinfo=UTC)
RECEIVE = ReceiveSubjectRequest(request=ASKED, customer=ANNA, at=NOON, right=Right.ACCESS)
EXTEND = ExtendSubjectRequest(request=ASKED, at=NOON, reason="many-orders")
GRANT = AnswerSubjectRequest(request=ASKED, at=NOON)
REFUSE = AnswerSubjectRequest(request=ASKED, at=NOON, granted=False, reason="gdpr-12-5")

COMMANDS: dict[str, Command] = {
    "receive": RECEIVE,
    "for another": evolve(RECEIVE, customer=BO),
    "extend": EXTEND,
    "extend otherwise": evolve(EXTEND, reason="holidays"),
    "grant": GRANT,
    "refuse": REFUSE,
}
LEGEND: dict[type[Refusal], str] = {
    UnknownSubjectRequest: "?",
    SubjectRequestIdTaken: "taken",
    SubjectRequestClosed: "closed",
}
TABLE = """
              receive  for another  extend  extend otherwise  grant   refuse
nothing       +        +            ?       ?                 ?       ?
received      =        taken        +       +                 +       +
extended      =        taken        =       closed            +       +
granted       =        taken        closed  closed            =       closed
refused       =        taken        closed  closed            closed  =
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "received": (RECEIVE,),
    "extended": (RECEIVE, EXTEND),
    "granted": (RECEIVE, GRANT),
    "refused": (RECEIVE, REFUSE),
}


def told(*past: Command) -> RequestStory:
    return request_story().given(*past)


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(told(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_a_request_is_answered_within_a_month_or_three_of_the_calendar() -> None:
    story = told()

    assert story.when(RECEIVE) == [
        SubjectRequestReceived(request=ASKED, customer=ANNA, right=Right.ACCESS, due_at=DUE)
    ]
    assert story.when(EXTEND) == [
        SubjectRequestExtended(
            request=ASKED, customer=ANNA, due_at=DUE.replace(month=8), reason="many-orders"
        )
    ]
    assert story.when(REFUSE) == [
        SubjectRequestAnswered(request=ASKED, customer=ANNA, granted=False, reason="gdpr-12-5")
    ]


def test_a_month_ends_with_a_shorter_one() -> None:
    (received,) = told().when(evolve(RECEIVE, at=datetime(2024, 1, 31, 23, 0, tzinfo=UTC)))

    assert received == SubjectRequestReceived(
        request=ASKED,
        customer=ANNA,
        right=Right.ACCESS,
        due_at=datetime(2024, 2, 29, 23, 0, tzinfo=UTC),
    )


def test_a_host_may_promise_an_earlier_day_and_no_later_one() -> None:
    soon = NOON + timedelta(days=15)
    story = told(evolve(RECEIVE, due_at=soon))

    assert story.state.due_at == soon
    assert not story.when(RECEIVE)  # told again, whenever that is
    assert not story.when(evolve(RECEIVE, due_at=soon, at=DUE))
    with pytest.raises(SubjectRequestIdTaken):
        story.when(evolve(RECEIVE, due_at=DUE))
    for wrong in (DUE + timedelta(seconds=1), NOON - timedelta(seconds=1)):
        with pytest.raises(DueTooLate):
            told().when(evolve(RECEIVE, due_at=wrong))


@pytest.mark.parametrize(
    "late",
    [
        evolve(EXTEND, at=DUE + timedelta(seconds=1)),
        evolve(EXTEND, due_at=DUE),
        evolve(EXTEND, due_at=DUE.replace(month=8) + timedelta(seconds=1)),
    ],
)
def test_an_extension_comes_in_time_and_has_an_end(late: ExtendSubjectRequest) -> None:
    with pytest.raises(DueTooLate):
        told(RECEIVE).when(late)


def test_who_refuses_says_why_and_in_a_code() -> None:
    with pytest.raises(AnswerWithoutReason):
        told(RECEIVE).when(evolve(REFUSE, reason=None))
    with pytest.raises(NoCode, match="reason"):
        told(RECEIVE).when(evolve(REFUSE, reason="because Anna asked twice"))


@pytest.mark.parametrize("early", [EXTEND, GRANT, REFUSE])
def test_nothing_is_answered_before_it_was_asked(
    early: ExtendSubjectRequest | AnswerSubjectRequest,
) -> None:
    with pytest.raises(BeforeReceived, match="was received later, at 2024"):
        told(RECEIVE).when(evolve(early, at=NOON - timedelta(seconds=1)))


@given(commands=st.lists(request_commands(), max_size=6))
def test_no_sequence_of_commands_answers_twice_or_takes_longer_than_the_law(
    commands: list[Command],
) -> None:
    stories: dict[str, RequestStory] = {}
    for command in commands:
        story = stories.setdefault(command.request, told())
        outcome(story, command, dict.fromkeys(_all_refusals(), "-"))
        assert not outcome(story, command, dict.fromkeys(_all_refusals(), "")).strip("=")

    for story in stories.values():
        received_at, due_at = story.state.received_at, story.state.due_at
        if received_at is not None and due_at is not None:
            assert due_at - received_at <= timedelta(days=92)


def _all_refusals() -> list[type[Refusal]]:
    return [*LEGEND, DueTooLate, AnswerWithoutReason, BeforeReceived]
