import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.codes import NoCode
from regulars.domain.erasure import (
    AuthoriseNewLife,
    Command,
    CompleteErasure,
    CustomerErased,
    EraseCustomer,
    ErasureIdTaken,
    ErasureRequested,
    ErasureUnderWay,
    LegalHoldPlaced,
    LegalHoldReleased,
    NewLifeAuthorised,
    PlaceHold,
    ReleaseHold,
    due,
    fold,
)
from regulars.domain.evidence import DestroyedKey, Purged, Traces
from regulars.domain.personal import DataClass
from regulars.domain.subject import (
    Subject,
    SubjectErasureCompleted,
    SubjectErasureRequested,
    SubjectHoldPlaced,
    SubjectHoldReleased,
    SubjectKind,
    SubjectLifeAuthorised,
)
from regulars.domain.values import ErasureId
from tests.domain.examples import ANNA
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, erasure_story
from tests.domain.strategies import erasure_commands

ADDRESS, CONTACT, CONTENT = DataClass.ADDRESS, DataClass.CONTACT, DataClass.CONTENT
BOTH = (CONTACT, ADDRESS)
FIRST, SECOND = ErasureId("first"), ErasureId("second")

ERASE = EraseCustomer(customer=ANNA, at=NOON, erasure=FIRST, classes=BOTH, basis="asked")
COMPLETE = CompleteErasure(
    customer=ANNA,
    at=NOON,
    erasure=FIRST,
    classes=BOTH,
    keys=(DestroyedKey(subject="customer/anna", data_class=CONTACT, version=1, kek="kek-1"),),
    purged=(Purged(place="snapshots", entries=1),),
    readable_for=300,
    traces=Traces.GONE,
)
HOLD = PlaceHold(customer=ANNA, at=NOON, classes=(ADDRESS,), basis="tax")
RELEASE = ReleaseHold(customer=ANNA, at=NOON, classes=(ADDRESS,), basis="tax")
REVIVE = AuthoriseNewLife(customer=ANNA, at=NOON, classes=BOTH, basis="came-back")

COMMANDS: dict[str, Command] = {
    "erase": ERASE,
    "again": evolve(ERASE, erasure=SECOND),
    "complete": COMPLETE,
    "hold": HOLD,
    "release": RELEASE,
    "revive": REVIVE,
}
LEGEND: Legend = {ErasureIdTaken: "!", ErasureUnderWay: "~"}
TABLE = """
                erase  again  complete  hold  release  revive
nothing asked   +      +      =         +     =        =
held            +      +      =         =     +        =
asked           =      =      +         ~     =        =
asked but held  =      =      +         =     +        =
released        =      =      +         ~     =        =
all erased      =      =      =         =     =        +
half erased     =      =      =         =     +        +
revived         !      +      =         +     =        =
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing asked": (),
    "held": (HOLD,),
    "asked": (ERASE,),
    "asked but held": (HOLD, ERASE),
    "released": (HOLD, ERASE, RELEASE),
    "all erased": (ERASE, COMPLETE),
    "half erased": (HOLD, ERASE, COMPLETE),
    "revived": (ERASE, COMPLETE, REVIVE),
}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(erasure_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


@pytest.mark.parametrize("basis", ["", "Anna Berg called", "x" * 101, "电话"])
@pytest.mark.parametrize("asked", [PlaceHold, ReleaseHold, AuthoriseNewLife])
def test_a_basis_is_a_code_and_nothing_about_a_person(
    asked: type[PlaceHold | ReleaseHold | AuthoriseNewLife], basis: str
) -> None:
    with pytest.raises(NoCode, match="basis: a code is") as refused:
        erasure_story().when(
            asked(customer=ANNA, at=NOON, classes=(DataClass.CONTACT,), basis=basis)
        )

    assert not basis or basis not in str(refused.value)


def test_a_held_class_is_restricted_and_the_others_are_erased() -> None:
    story = erasure_story().given(HOLD)

    assert story.when(ERASE) == [
        ErasureRequested(
            customer=ANNA, erasure=FIRST, classes=BOTH, restricted=(ADDRESS,), basis="asked"
        )
    ]
    assert due(story.state) == {FIRST: (CONTACT,)}
    (erased,) = story.when(COMPLETE)
    assert isinstance(erased, CustomerErased)
    assert erased.classes == (CONTACT,)
    assert due(story.state) == {}


def test_what_was_restricted_is_due_once_the_hold_ends() -> None:
    story = erasure_story().given(HOLD, ERASE, COMPLETE)

    assert story.when(RELEASE) == [
        LegalHoldReleased(customer=ANNA, classes=(ADDRESS,), basis="tax")
    ]
    assert due(story.state) == {FIRST: (ADDRESS,)}


def test_each_basis_holds_by_itself_and_a_class_is_due_once_none_does() -> None:
    other = evolve(HOLD, classes=BOTH, basis="case-17")
    story = erasure_story().given(HOLD)
    assert story.when(other) == [LegalHoldPlaced(customer=ANNA, classes=BOTH, basis="case-17")]
    assert story.when(other) == []
    story.when(evolve(ERASE, classes=(ADDRESS,)))
    assert story.when(evolve(HOLD, basis="case-18")) != []  # it is kept anyway

    for basis in ("tax", "tax", "unknown", "case-18"):
        story.when(evolve(RELEASE, basis=basis))
    assert due(story.state) == {}
    assert story.state.held == {CONTACT: {"case-17"}, ADDRESS: {"case-17"}}
    story.when(evolve(RELEASE, classes=BOTH, basis="case-17"))
    assert due(story.state) == {FIRST: (ADDRESS,)}


def test_a_release_that_was_told_by_why_ended_all_holds() -> None:
    state = erasure_story().given(HOLD, evolve(HOLD, basis="case-17")).state

    fold(state, LegalHoldReleased(customer=ANNA, classes=(ADDRESS,), basis="term-over"), NOON)

    assert state.held == {}


def test_only_what_nobody_asked_for_yet_is_asked_for() -> None:
    story = erasure_story().given(evolve(ERASE, classes=(CONTACT,)))

    (asked,) = story.when(evolve(ERASE, erasure=SECOND, classes=(CONTENT, CONTACT)))

    assert isinstance(asked, ErasureRequested)
    assert (asked.erasure, asked.classes) == (SECOND, (CONTENT,))
    assert due(story.state) == {FIRST: (CONTACT,), SECOND: (CONTENT,)}


def test_what_is_being_erased_can_no_longer_be_held() -> None:
    with pytest.raises(ErasureUnderWay) as refused:
        erasure_story().given(ERASE).when(HOLD)

    assert (refused.value.customer, refused.value.data_class) == (ANNA, ADDRESS)


def test_an_id_stands_for_one_erasure() -> None:
    with pytest.raises(ErasureIdTaken) as refused:
        erasure_story().given(ERASE).when(evolve(ERASE, classes=(CONTENT,)))

    assert (refused.value.customer, refused.value.erasure) == (ANNA, FIRST)


def test_a_new_life_ends_like_the_old_one() -> None:
    story = erasure_story().given(ERASE, COMPLETE)

    assert story.when(REVIVE) == [NewLifeAuthorised(customer=ANNA, classes=BOTH, basis="came-back")]
    again = story.when(evolve(ERASE, erasure=SECOND, classes=(CONTACT,)))
    assert [type(event) for event in again] == [ErasureRequested]


def test_a_subject_that_is_no_customer_is_erased_by_the_same_rules() -> None:
    courier = Subject(kind=SubjectKind.COURIER, id="c-7")
    commands = (HOLD, evolve(ERASE, classes=(CONTACT,)), RELEASE, COMPLETE, REVIVE)
    story = erasure_story()

    told = [story.when(evolve(command, customer=courier)) for command in commands]

    assert [[type(event) for event in events] for events in told] == [
        [SubjectHoldPlaced],
        [SubjectErasureRequested],
        [SubjectHoldReleased],
        [SubjectErasureCompleted],
        [SubjectLifeAuthorised],
    ]
    assert {getattr(event, "subject", None) for (event,) in told} == {courier}
    with pytest.raises(ErasureIdTaken, match=r"^courier/c-7: another"):
        story.when(evolve(ERASE, customer=courier))
    story.when(evolve(ERASE, customer=courier, erasure=SECOND))
    with pytest.raises(ErasureUnderWay, match=r"^courier/c-7: address data"):
        story.when(evolve(HOLD, customer=courier))


def test_so_is_one_whose_time_is_over_held_and_taken_in_again() -> None:
    courier = Subject(kind=SubjectKind.COURIER, id="c-7")
    story = erasure_story()
    story.when(evolve(HOLD, customer=courier))

    (asked,) = story.when(evolve(ERASE, customer=courier, new_life=True))
    assert isinstance(asked, SubjectErasureRequested)
    assert (asked.restricted, asked.new_life) == ((ADDRESS,), True)
    erased, life = story.when(evolve(COMPLETE, customer=courier))

    assert isinstance(erased, SubjectErasureCompleted)
    assert life == SubjectLifeAuthorised(subject=courier, classes=(CONTACT,), basis="asked")


def test_what_goes_because_its_time_is_over_begins_a_new_life_by_itself() -> None:
    story = erasure_story().given(HOLD, evolve(ERASE, basis="retention:customer", new_life=True))

    erased, renewed = story.when(COMPLETE)
    assert isinstance(erased, CustomerErased)
    assert renewed == NewLifeAuthorised(
        customer=ANNA, classes=(CONTACT,), basis="retention:customer"
    )
    assert story.when(evolve(ERASE, erasure=SECOND, classes=(CONTACT,))) != []


def test_who_asks_to_be_forgotten_is_also_where_the_time_was_over() -> None:
    story = erasure_story().given(evolve(ERASE, new_life=True))
    again = evolve(ERASE, erasure=SECOND, new_life=True)
    assert story.when(again) == []

    (asked,) = story.when(evolve(again, new_life=False))

    assert isinstance(asked, ErasureRequested)
    assert asked.classes == BOTH
    assert due(story.state) == {SECOND: BOTH}
    assert [type(one) for one in story.when(evolve(COMPLETE, erasure=SECOND))] == [CustomerErased]


@given(st.lists(erasure_commands(st.just(ANNA)), max_size=12))
def test_no_sequence_of_commands_breaks_the_invariants(commands: list[Command]) -> None:
    story = erasure_story()
    held, erased = dict[DataClass, set[str]](), set[DataClass]()
    asked: dict[DataClass, bool] = {}
    """What is to be erased, and whether a new life begins then."""

    for event in (event for command in commands for event in story.attempt(command)):
        classes = set(event.classes)
        assert classes
        match event:
            case ErasureRequested() | SubjectErasureRequested():
                assert not classes & erased
                assert all(asked[one] and not event.new_life for one in classes & asked.keys())
                assert set(event.restricted) == classes & held.keys()
                asked |= dict.fromkeys(classes, event.new_life)
            case CustomerErased() | SubjectErasureCompleted():
                assert classes <= asked.keys() - held.keys()
                for one in classes:
                    del asked[one]
                erased |= classes
            case LegalHoldPlaced() | SubjectHoldPlaced():
                assert not classes & (erased | (asked.keys() - held.keys()))
                for one in classes:
                    assert event.basis not in held.setdefault(one, set())
                    held[one].add(event.basis)
            case LegalHoldReleased() | SubjectHoldReleased():
                for one in classes:
                    held[one].remove(event.basis)
                    if not held[one]:
                        del held[one]
            case NewLifeAuthorised() | SubjectLifeAuthorised():
                assert classes <= erased
                erased -= classes


@given(st.lists(erasure_commands(st.just(ANNA)), max_size=12))
def test_a_repeated_command_adds_nothing(commands: list[Command]) -> None:
    story = erasure_story()
    for command in commands:
        if story.attempt(command):
            assert story.attempt(command) == []
