"""The programme of a host that names none."""

from regulars.domain.program import Command, DefineProgram, EarningRule, PublishEarningRule
from regulars.domain.values import BEGINNING, ProgramId


def default_program(program_id: ProgramId) -> tuple[Command, ...]:
    """One point for each whole unit of money."""
    return (
        DefineProgram(program=program_id, at=BEGINNING, name="Regulars"),
        PublishEarningRule(program=program_id, at=BEGINNING, rule=EarningRule(points=1)),
    )
