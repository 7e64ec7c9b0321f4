"""The programme of a host that names none."""

from collections.abc import Iterable
from typing import Final

from regulars.domain.earning_rules import Group, Rate, Rule, RuleId, RuleSet
from regulars.domain.program import (
    Command,
    DefineProgram,
    Event,
    Program,
    PublishEarningRules,
    decide,
    fold,
)
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


def programme(events: Iterable[Event]) -> Program:
    """The programme that its events make."""
    state = Program()
    for event in events:
        fold(state, event, BEGINNING)
    return state


def as_published(commands: Iterable[Command]) -> Program:
    """
    The programme that these commands would make of none, were they recorded.

    Raises:
        Refusal: they would be refused.
    """
    state = Program()
    for command in commands:
        for event in decide(command, state):
            fold(state, event, command.at)
    return state
