"""Which programmes there are, who has part in one, and what is said of one that is not there."""

import pytest
from attrs import evolve

from regulars.application.programs import (
    ProgramEntry,
    Programs,
    ProgramsOf,
    known_program,
)
from regulars.domain.program import DefineProgram, UnknownProgram
from regulars.domain.values import BEGINNING, CustomerId, ProgramId
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.application.test_member_center import NIGHT, club
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.points import award
from tests.domain.story import NOON, minutes

DAY = ProgramId("a/day")


def two_clubs() -> Parts:
    """The club, coupons of a programme that nobody defined, and one where Bo has points."""
    town = club()
    bos = evolve(award("b-1", 30_00), program=DAY, customer=BO, at=NOON + minutes(60))
    return tell(town, [DefineProgram(program=DAY, at=BEGINNING, name="By day"), bos])


def test_programmes_are_listed_with_what_was_published_of_each() -> None:
    day, default = two_clubs().crm.ask(Programs())

    assert (day.program, day.name, day.rules) == (DAY, "By day", 0)
    assert default == ProgramEntry(
        program=PROGRAM,
        name="Regulars",
        rules=0,
        policies=0,
        ladders=1,
        catalogues=0,
        benefits=1,
        cares=0,
    )


def test_a_customer_has_part_where_they_have_points_or_coupons() -> None:
    crm = two_clubs().crm

    assert crm.ask(ProgramsOf(customer=ANNA)) == (PROGRAM, NIGHT)
    assert crm.ask(ProgramsOf(customer=BO)) == (DAY,)
    assert crm.ask(ProgramsOf(customer=BO), as_of=NOON + minutes(30)) == ()
    assert crm.ask(ProgramsOf(customer=CustomerId("nobody"))) == ()


def test_a_programme_that_is_not_there_is_named_with_those_that_are() -> None:
    crm = two_clubs().crm

    with pytest.raises(UnknownProgram) as refused:
        known_program(crm, ProgramId("clbu"))

    assert refused.value.known == (DAY, PROGRAM)
    assert str(refused.value) == "programme clbu is not defined; there are a/day, default"
    known_program(crm, DAY)
    known_program(crm, NIGHT)  # it has offers, though nobody defined it


def test_where_no_programme_is_none_is_less_known_than_another() -> None:
    known_program(memory_core().crm, ProgramId("any"))
