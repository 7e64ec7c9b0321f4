"""A loyalty programme: its earning rules and its policies, each in force from a moment on."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.benefits import Benefit, benefits_flaw, of_tier
from regulars.domain.care_plan import CarePlanSet, SetCarePlan, set_plan
from regulars.domain.earning_rules import RuleSet
from regulars.domain.empty import empty
from regulars.domain.program_policies import USUAL, ProgramPolicies, policy_flaw
from regulars.domain.publication import in_force, latest
from regulars.domain.reward_catalogue import (
    PublishRewards,
    RewardsPublished,
    catalogue_flaw,
    publish,
)
from regulars.domain.rule_flaws import Flaw, flaw
from regulars.domain.tier_ladder import TierLadder, ladder_flaw
from regulars.domain.values import ProgramId, Refusal, is_currency


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class ProgramDefined:
    """A programme exists from now on."""

    program: ProgramId
    name: str


@frozen(kw_only=True)
class EarningRulesPublished:
    """
    Orders placed from `effective_from` on earn by `rules`; None means since ever.

    With a `currency` only those paid in it do, and others earn by what is in force for them.
    """

    program: ProgramId
    version: int
    rules: RuleSet
    currency: str | None = None
    effective_from: datetime | None = None


@frozen(kw_only=True)
class ProgramPoliciesSet:
    """From `effective_from` on these policies hold, and no others; None means since ever."""

    program: ProgramId
    policies: ProgramPolicies
    effective_from: datetime | None = None


@frozen(kw_only=True)
class TierLadderPublished:
    """From `effective_from` on tiers are won and lost by `ladder`; None means since ever."""

    program: ProgramId
    version: int
    ladder: TierLadder
    effective_from: datetime | None = None


@frozen(kw_only=True)
class TierBenefitsPublished:
    """From `effective_from` on tiers have these benefits, and no others; None means since ever."""

    program: ProgramId
    version: int
    benefits: tuple[Benefit, ...]
    effective_from: datetime | None = None


Event: TypeAlias = (
    ProgramDefined
    | EarningRulesPublished
    | ProgramPoliciesSet
    | TierLadderPublished
    | RewardsPublished
    | TierBenefitsPublished
    | CarePlanSet
)


@define
class Program:
    """
    The state of one programme, written by `fold` alone.

    `published` has the rules, `ladders` the ladders, `benefits` the benefits of tiers and
    `catalogues` the rewards by version, from 1 on; `policies` and `cares` all that were ever set.
    """

    defined: ProgramDefined | None = None
    published: list[EarningRulesPublished] = empty(list[EarningRulesPublished])
    policies: list[ProgramPoliciesSet] = empty(list[ProgramPoliciesSet])
    ladders: list[TierLadderPublished] = empty(list[TierLadderPublished])
    catalogues: list[RewardsPublished] = empty(list[RewardsPublished])
    benefits: list[TierBenefitsPublished] = empty(list[TierBenefitsPublished])
    cares: list[CarePlanSet] = empty(list[CarePlanSet])

    def rules_at(self, placed_at: datetime, currency: str) -> EarningRulesPublished | None:
        """
        The rules in force for an order placed at that moment in that currency; None if none are.

        Of several, those with the latest `effective_from`; of equals, those for this currency
        before those for any; of equals, the latest version.
        """
        meant = (one for one in self.published if one.currency in {None, currency})
        return in_force(sorted(meant, key=lambda one: one.currency is not None), placed_at)

    def policies_at(self, at: datetime) -> ProgramPolicies:
        """The policies in force at that moment, chosen as rules are."""
        found = in_force(self.policies, at)
        return USUAL if found is None else found.policies

    def ladder_at(self, at: datetime) -> TierLadderPublished | None:
        """The ladder in force at that moment, chosen as rules are; None if none is."""
        return in_force(self.ladders, at)

    def benefits_of(self, tier: str | None, at: datetime) -> tuple[Benefit, ...]:
        """The benefits that a tier has at that moment, by those in force, chosen as rules are."""
        found = in_force(self.benefits, at)
        return () if found is None else of_tier(found.benefits, tier)

    def rewards_at(self, at: datetime) -> RewardsPublished | None:
        """The catalogue in force at that moment, chosen as rules are; None if none is."""
        return in_force(self.catalogues, at)

    def version(self, number: int) -> RuleSet:
        """
        The rules that were published under this number, whether or not they are in force.

        Raises:
            LookupError: none were.
        """
        # Of a past moment some may be missing in between.
        for one in self.published:
            if one.version == number:
                return one.rules
        raise LookupError(f"no rules were published under the number {number}")


def fold(state: Program, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    match event:
        case ProgramDefined():
            state.defined = event
        case EarningRulesPublished():
            state.published.append(event)
        case ProgramPoliciesSet():
            state.policies.append(event)
        case TierLadderPublished():
            state.ladders.append(event)
        case RewardsPublished():
            state.catalogues.append(event)
        case TierBenefitsPublished():
            state.benefits.append(event)
        case CarePlanSet():
            state.cares.append(event)
        case _:
            assert_never(event)


@frozen(kw_only=True)
class DefineProgram:
    """Make a programme known."""

    program: ProgramId
    at: datetime
    name: str


@frozen(kw_only=True)
class PublishEarningRules:
    """
    Let orders placed from `effective_from` on earn by `rules`. What was earned before stands.

    With a `currency` only those paid in it do.
    """

    program: ProgramId
    at: datetime
    rules: RuleSet
    currency: str | None = None
    effective_from: datetime | None = None


@frozen(kw_only=True)
class SetProgramPolicies:
    """Let these policies hold from `effective_from` on. What was decided before stands."""

    program: ProgramId
    at: datetime
    policies: ProgramPolicies
    effective_from: datetime | None = None


@frozen(kw_only=True)
class PublishTierLadder:
    """
    Let tiers be won and lost by `ladder` from `effective_from` on.

    Who holds a tier keeps it to the end of its term.
    """

    program: ProgramId
    at: datetime
    ladder: TierLadder
    effective_from: datetime | None = None


@frozen(kw_only=True)
class PublishTierBenefits:
    """
    Let tiers have these benefits from `effective_from` on, and no others.

    Their tiers, and the earning rules that they name, are published before.
    """

    program: ProgramId
    at: datetime
    benefits: tuple[Benefit, ...]
    effective_from: datetime | None = None


Command: TypeAlias = (
    DefineProgram
    | PublishEarningRules
    | SetProgramPolicies
    | PublishTierLadder
    | PublishTierBenefits
    | SetCarePlan
    | PublishRewards
)


@frozen(kw_only=True)
class ProgramAlreadyDefined(Refusal):
    """Another programme of this id, under another name, was recorded before."""

    program: ProgramId

    def __str__(self) -> str:
        return f"programme {self.program} is defined already, under another name"


@frozen(kw_only=True)
class UnknownProgram(Refusal):
    """No programme was defined under this id; those of `known` were, where they are told."""

    program: ProgramId
    known: tuple[ProgramId, ...] = ()

    def __str__(self) -> str:
        there = f"; there are {', '.join(self.known)}" if self.known else ""
        return f"programme {self.program} is not defined{there}"


@frozen(kw_only=True)
class ImpossibleRules(Refusal):
    """What is to be published has a flaw, for which nobody can go by it."""

    program: ProgramId
    flaw: Flaw

    def __str__(self) -> str:
        return f"programme {self.program} cannot have such rules: {self.flaw}"


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
        case _ if state.defined is None:
            raise UnknownProgram(program=command.program)
        case PublishEarningRules():
            return _publish(command, state)
        case SetProgramPolicies():
            return _set(command, state)
        case PublishTierLadder():
            return _ladder(command, state)
        case PublishRewards():
            _require(command, catalogue_flaw(command.rewards))
            return publish(command, state.catalogues)
        case PublishTierBenefits():
            return _benefits(command, state)
        case SetCarePlan():
            return set_plan(command, state.cares)
        case _:
            assert_never(command)


def _require(command: Command, found: Flaw | None) -> None:
    """Refuse what nobody can go by."""
    if found is not None:
        raise ImpossibleRules(program=command.program, flaw=found)


def _publish(command: PublishEarningRules, state: Program) -> Sequence[Event]:
    found = flaw(command.rules)
    if command.currency is not None and not is_currency(command.currency):
        found = Flaw(place=("currency",), why="is no currency code such as USD")
    _require(command, found)
    same = (one for one in state.published if one.currency == command.currency)
    known = latest(same, command.effective_from)
    if known is not None and known.rules == command.rules:
        return []
    return [
        EarningRulesPublished(
            program=command.program,
            version=len(state.published) + 1,
            rules=command.rules,
            currency=command.currency,
            effective_from=command.effective_from,
        )
    ]


def _set(command: SetProgramPolicies, state: Program) -> Sequence[Event]:
    _require(command, policy_flaw(command.policies))
    known = latest(state.policies, command.effective_from)
    if known is not None and known.policies == command.policies:
        return []
    return [
        ProgramPoliciesSet(
            program=command.program,
            policies=command.policies,
            effective_from=command.effective_from,
        )
    ]


def _ladder(command: PublishTierLadder, state: Program) -> Sequence[Event]:
    _require(command, ladder_flaw(command.ladder))
    known = latest(state.ladders, command.effective_from)
    if known is not None and known.ladder == command.ladder:
        return []
    return [
        TierLadderPublished(
            program=command.program,
            version=len(state.ladders) + 1,
            ladder=command.ladder,
            effective_from=command.effective_from,
        )
    ]


def _benefits(command: PublishTierBenefits, state: Program) -> Sequence[Event]:
    ladders = (published.ladder for published in state.ladders)
    rules = (published.rules for published in state.published)
    _require(command, benefits_flaw(command.benefits, ladders, rules))
    known = latest(state.benefits, command.effective_from)
    if known is not None and known.benefits == command.benefits:
        return []
    return [
        TierBenefitsPublished(
            program=command.program,
            version=len(state.benefits) + 1,
            benefits=command.benefits,
            effective_from=command.effective_from,
        )
    ]
