"""
A loyalty programme: the earning rules, in versions, each from a moment on.

A rule says how many points a whole unit of money earns, as an exact fraction.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final, TypeAlias, assert_never

from attrs import Factory, define, frozen

from regulars.domain.values import ProgramId, Refusal, digits, is_currency

MOST_POINTS: Final = 10_000
"""The most points that a rule gives for a unit of money."""


@frozen(kw_only=True)
class EarningRule:
    """
    `points` for each `per` major units of money paid for goods, as in 1 point per 10 USD.

    `per` is the fraction `per_numerator / per_denominator`, so that 0.50 is exact.
    `currency` None takes any currency at its own unit.
    """

    points: int
    per_numerator: int = 1
    per_denominator: int = 1
    currency: str | None = None

    def points_for(self, minor: int, currency: str) -> Fraction:
        """
        Exact points for `minor` units of `currency`, before rounding; 0 in another currency.

        points x amount / per, with the amount in major units.
        """
        if self.currency not in {None, currency}:
            return Fraction(0)
        return Fraction(
            self.points * minor * self.per_denominator,
            self.per_numerator * 10 ** digits(currency),
        )


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class ProgramDefined:
    """A programme exists from now on."""

    program: ProgramId
    name: str


@frozen(kw_only=True)
class EarningRulePublished:
    """Orders placed from `effective_from` on earn by `rule`; None means since ever."""

    program: ProgramId
    version: int
    rule: EarningRule
    effective_from: datetime | None = None


Event: TypeAlias = ProgramDefined | EarningRulePublished


@define
class Program:
    """The state of one programme, written by `fold` alone. `rules` in order of publication."""

    defined: ProgramDefined | None = None
    rules: list[EarningRulePublished] = Factory(list[EarningRulePublished])

    def rule_at(self, placed_at: datetime, currency: str) -> EarningRulePublished | None:
        """
        The rule in force for an order placed at that moment in that currency; None if none is.

        Of several, the one with the latest `effective_from`; of equals, the latest version.
        """
        in_force = None
        for published in self.rules:
            if published.rule.currency not in {None, currency}:
                continue
            if published.effective_from is not None and published.effective_from > placed_at:
                continue
            if in_force is None or _start(published) >= _start(in_force):
                in_force = published
        return in_force


_EVER: Final = datetime.min.replace(tzinfo=UTC)


def _start(published: EarningRulePublished) -> datetime:
    return published.effective_from or _EVER


def fold(state: Program, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    match event:
        case ProgramDefined():
            state.defined = event
        case EarningRulePublished():
            state.rules.append(event)
        case _:
            assert_never(event)


@frozen(kw_only=True)
class DefineProgram:
    """Make a programme known."""

    program: ProgramId
    at: datetime
    name: str


@frozen(kw_only=True)
class PublishEarningRule:
    """Add a rule for orders placed from `effective_from` on. What was earned before stands."""

    program: ProgramId
    at: datetime
    rule: EarningRule
    effective_from: datetime | None = None


Command: TypeAlias = DefineProgram | PublishEarningRule


@frozen(kw_only=True)
class ProgramAlreadyDefined(Refusal):
    """Another programme of this id, under another name, was recorded before."""

    program: ProgramId

    def __str__(self) -> str:
        return f"programme {self.program} is defined already, under another name"


@frozen(kw_only=True)
class UnknownProgram(Refusal):
    """No programme was defined under this id."""

    program: ProgramId

    def __str__(self) -> str:
        return f"programme {self.program} is not defined"


@frozen(kw_only=True)
class ImpossibleRule(Refusal):
    """
    A rule that cannot be counted by.

    It needs points of at least 0, an amount of money above 0, a currency code or none, and gives
    at most 10,000 points for a unit of money.
    """

    program: ProgramId
    rule: EarningRule

    def __str__(self) -> str:
        rule = self.rule
        return (
            f"programme {self.program} cannot give {rule.points} points"
            f" per {rule.per_numerator}/{rule.per_denominator}"
        )


def decide(command: Command, state: Program) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's, when the command cannot be.
    """
    match command:
        case DefineProgram(program=program, name=name):
            if state.defined is None:
                return [ProgramDefined(program=program, name=name)]
            if state.defined.name == name:
                return []
            raise ProgramAlreadyDefined(program=program)
        case PublishEarningRule(program=program, rule=rule, effective_from=start):
            if state.defined is None:
                raise UnknownProgram(program=program)
            if not is_possible(rule):
                raise ImpossibleRule(program=program, rule=rule)
            if rule == _latest(state, start, rule.currency):
                return []
            return [
                EarningRulePublished(
                    program=program,
                    version=len(state.rules) + 1,
                    rule=rule,
                    effective_from=start,
                )
            ]
        case _:
            assert_never(command)


def is_possible(rule: EarningRule) -> bool:
    """Whether points can be counted by `rule`; see `ImpossibleRule`."""
    if rule.points < 0 or rule.per_numerator <= 0 or rule.per_denominator <= 0:
        return False
    if rule.currency is not None and not is_currency(rule.currency):
        return False
    return rule.points * rule.per_denominator <= MOST_POINTS * rule.per_numerator


def _latest(state: Program, start: datetime | None, currency: str | None) -> EarningRule | None:
    same = [
        published.rule
        for published in state.rules
        if published.effective_from == start and published.rule.currency == currency
    ]
    return same[-1] if same else None
