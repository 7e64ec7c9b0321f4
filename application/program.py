"""The programme of a host that names none."""

from typing import Final

from regulars.domain.earning_rules import Group, Rate, Rule, RuleId, RuleSet
from regulars.domain.program import Command, DefineProgram, PublishEarningRules
from regulars.domain.values import BEGINNING, ProgramId

ONE_PER_UNIT: Final = RuleSet(
    groups=(Group(rules=(Rule(rule=RuleId("earning"), rate=Rate(points=1)),)),)
)
"""One point for each whole unit of money."""


def default_program(program_id: ProgramId) -> tuple[Command, ...]:
    """One point for each whole unit of money, at once and for ever."""
    return (
        DefineProgram(program=program_id, at=BEGINNING, name="Regulars"),
        PublishEarningRules(program=program_id, at=BEGINNING, rules=ONE_PER_UNIT),
    )
