from collections.abc import Sequence
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.actor import (
    AccessRecorded,
    Actor,
    ActorReinstated,
    ActorSuspended,
    Command,
    Conduct,
    Look,
    NotAnOfficer,
    RecordAccess,
    RecordRefusal,
    ReinstateActor,
    WriteRefused,
    fold,
)
from regulars.domain.codes import NoCode
from regulars.domain.reading import Limit
from regulars.domain.values import OrderId
from tests.domain.story import NOON, ActorStory, actor_story, minutes
from tests.domain.strategies import actor_commands

ORDER = OrderId("o-1")
SAM = Actor(role="support", id="s-7")
OFFICER = Actor(role="privacy_officer", id="po-1")
LOOK = Look(subject="customer/anna", data_class="contact", outcome="masked")
DENIED = evolve(LOOK, outcome="denied", denial="purpose")
LIMIT = Limit(role="support", reads=3, seconds=60)

READ = RecordAccess(
    actor=SAM, at=NOON, purpose="service", looks=(LOOK,), wanted=1, limit=LIMIT, reason="ticket-12"
)
REINSTATE = ReinstateActor(actor=SAM, at=NOON, officer=OFFICER)


def suspended() -> ActorStory:
    return actor_story().given(READ, READ, READ)


def kinds(events: Sequence[object]) -> list[type[object]]:
    return [type(event) for event in events]


def test_what_somebody_asked_for_is_recorded_with_what_came_of_it() -> None:
    asked = evolve(READ, looks=(LOOK, DENIED), order=ORDER, bulk=True)

    assert actor_story().when(asked) == [
        AccessRecorded(
            role="support",
            actor="s-7",
            purpose="service",
            looks=(LOOK, DENIED),
            order=ORDER,
            reason="ticket-12",
            bulk=True,
        )
    ]


def test_the_same_read_twice_is_two_reads() -> None:
    assert kinds(actor_story().given(READ).when(READ)) == [AccessRecorded]


def test_who_reaches_the_limit_is_suspended() -> None:
    assert actor_story().given(READ, READ).when(READ)[1:] == [
        ActorSuspended(role="support", actor="s-7", reads=3, seconds=60)
    ]


def test_a_batch_beyond_the_limit_suspends_though_it_showed_nothing() -> None:
    batch = evolve(READ, looks=(DENIED,) * 9, wanted=9)

    assert kinds(actor_story().when(batch)) == [AccessRecorded, ActorSuspended]


def test_only_reads_of_the_last_stretch_count() -> None:
    later = evolve(READ, at=NOON + minutes(1))

    assert kinds(actor_story().given(READ, READ).when(later)) == [AccessRecorded]
    just_within = evolve(later, at=NOON + minutes(1) - timedelta(microseconds=1))
    assert len(actor_story().given(READ, READ).when(just_within)) == 2


def test_what_was_denied_does_not_count() -> None:
    denied = evolve(READ, looks=(DENIED,), wanted=0)

    assert kinds(actor_story().given(*[denied] * 5).when(READ)) == [AccessRecorded]


def test_who_has_no_limit_is_never_suspended() -> None:
    free = evolve(READ, limit=None)

    assert kinds(actor_story().given(*[free] * 9).when(free)) == [AccessRecorded]


def test_who_is_suspended_is_not_suspended_again() -> None:
    assert kinds(suspended().when(READ)) == [AccessRecorded]


def test_what_a_role_that_may_not_write_asked_for_is_recorded_by_name() -> None:
    refused = RecordRefusal(actor=SAM, at=NOON, commands=("CancelOrder", "IssueRefund"))

    assert actor_story().given(READ).when(refused) == [
        WriteRefused(role="support", actor="s-7", commands=("CancelOrder", "IssueRefund"))
    ]


def test_a_privacy_officer_lets_a_reader_begin_anew() -> None:
    story = suspended()

    assert story.when(evolve(REINSTATE, reason="explained")) == [
        ActorReinstated(role="support", actor="s-7", officer="po-1", reason="explained")
    ]
    assert story.when(REINSTATE) == []
    assert kinds(story.given(READ).when(READ)) == [AccessRecorded]


@pytest.mark.parametrize(
    "officer",
    [Actor(role="support", id="s-8"), SAM, evolve(OFFICER, id=SAM.id)],
    ids=["agent", "self", "self as officer"],
)
def test_nobody_else_reinstates(officer: Actor) -> None:
    with pytest.raises(NotAnOfficer, match="s-7"):
        suspended().when(evolve(REINSTATE, officer=officer))


def test_an_officer_does_not_reinstate_themselves() -> None:
    with pytest.raises(NotAnOfficer):
        suspended().when(evolve(REINSTATE, actor=OFFICER))
    with pytest.raises(NotAnOfficer):
        suspended().when(evolve(REINSTATE, officer=evolve(OFFICER, id=SAM.id)))


@pytest.mark.parametrize("words", ["", "she asked me", "anna@example.com", "a" * 101, "-", "张三"])
def test_a_reason_is_a_code(words: str) -> None:
    with pytest.raises(NoCode, match="reason: "):
        actor_story().when(evolve(READ, reason=words))
    with pytest.raises(NoCode, match="purpose: "):
        actor_story().when(evolve(READ, purpose=words))
    with pytest.raises(NoCode, match="reason: "):
        suspended().when(evolve(REINSTATE, reason=words))


@given(st.lists(actor_commands(), max_size=15))
def test_no_sequence_of_commands_breaks_the_invariants(commands: list[Command]) -> None:
    story = actor_story()
    barred = False

    for event in (event for command in commands for event in story.attempt(command)):
        match event:
            case ActorSuspended():
                assert not barred
                barred = True
            case ActorReinstated():
                assert barred
                barred = False
            case AccessRecorded() | WriteRefused():
                pass


def test_no_more_reads_are_remembered_than_a_limit_can_count() -> None:
    state = Conduct()
    read = actor_story().when(READ)[0]
    for number in range(1_100):
        fold(state, read, NOON + timedelta(seconds=number))

    assert state.reads_since(NOON) == len(state.recent) == 1_000
    assert state.reads_since(NOON + timedelta(seconds=1_098)) == 1
