"""
Programmes and offers, for Hypothesis to draw: none of them has a flaw.

Each is made of commands that begin to hold at 1970, so that any order after that falls under it.
"""

from typing import Final

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from regulars.domain import program
from regulars.domain.discounts import OnReturn
from regulars.domain.earning_rules import Base, Group, Mode, Multiplier, Rate, Rule, RuleId, RuleSet
from regulars.domain.ledger_policies import (
    Arithmetic,
    Capture,
    Restore,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Kind, Scope, Terms
from regulars.domain.program import DefineProgram, PublishEarningRules, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.validity import (
    Activation,
    ActivationPolicy,
    Counted,
    ExpiryPolicy,
    Period,
)
from regulars.domain.values import BEGINNING, OfferId, ProgramId
from regulars.testing.order_strategies import ITEMS

DEFAULT: Final = ProgramId("default")

rates: Final = st.builds(
    Rate,
    points=st.integers(0, 50),
    per_numerator=st.integers(1, 500),
    per_denominator=st.sampled_from([1, 2, 3, 7, 100]),
)

return_policies: Final = st.builds(
    ReturnPolicy,
    reversal=st.sampled_from(Reversal),
    arithmetic=st.sampled_from(Arithmetic),
    restore=st.sampled_from(Restore),
    reinstate_days=st.sampled_from([0, 30]),
)


@st.composite
def rule_sets(draw: DrawFn) -> RuleSet:
    """One to three earning rules in one group, which may be multiplied and capped."""
    drawn = draw(st.lists(st.tuples(rates, st.integers(0, 20)), min_size=1, max_size=3))
    group = Group(
        rules=tuple(
            Rule(rule=RuleId(f"rule-{place}"), rate=rate, bonus=bonus)
            for place, (rate, bonus) in enumerate(drawn, 1)
        ),
        mode=draw(st.sampled_from(Mode)),
        most=draw(st.none() | st.integers(0, 500)),
    )
    times = draw(st.none() | st.tuples(st.integers(1, 5), st.integers(1, 4)))
    return RuleSet(
        groups=(group,),
        multipliers=()
        if times is None
        else (Multiplier(rule=RuleId("times"), numerator=times[0], denominator=times[1]),),
        base=draw(st.sampled_from(Base)),
        delivery=draw(st.booleans()),
    )


def program_policies() -> SearchStrategy[ProgramPolicies]:
    """When points can be used, until when, and what a refund does to them."""
    return st.builds(
        ProgramPolicies,
        activation=st.builds(
            ActivationPolicy, activation=st.sampled_from(Activation), days=st.integers(0, 30)
        ),
        expiry=st.builds(
            ExpiryPolicy,
            months=st.none() | st.integers(0, 24),
            period=st.none() | st.sampled_from(Period),
            inactivity=st.none() | st.integers(1, 400),
            counted=st.sampled_from(Counted),
            zone=st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"]),
        ),
        returns=return_policies,
        spend_order=st.sampled_from(SpendOrder),
        capture=st.sampled_from(Capture),
    )


def programs(name: ProgramId = DEFAULT) -> SearchStrategy[tuple[program.Command, ...]]:
    """A whole programme: its definition, its earning rules and its policies."""
    return st.tuples(
        st.just(DefineProgram(program=name, at=BEGINNING, name="Drawn")),
        st.builds(
            PublishEarningRules, program=st.just(name), at=st.just(BEGINNING), rules=rule_sets()
        ),
        st.builds(
            SetProgramPolicies,
            program=st.just(name),
            at=st.just(BEGINNING),
            policies=program_policies(),
        ),
    )


_SCOPES: Final = st.sampled_from(
    [Scope(), Scope(items=ITEMS[:1]), Scope(categories=("food",)), Scope(tiers=("gold",))]
)


@st.composite
def offer_terms(
    draw: DrawFn, currency: str = "USD", scopes: SearchStrategy[Scope] = _SCOPES
) -> Terms:
    """What an offer takes off an order: any kind, with a scope of goods or tiers."""
    kind = draw(st.sampled_from(Kind))
    scope = draw(scopes)
    return Terms(
        kind=kind,
        currency=currency,
        value=draw(st.integers(1, 3 if kind is Kind.FREE_ITEM else 9_999)),
        at_least=draw(st.integers(1 if kind is Kind.THRESHOLD_OFF else 0, 20_000)),
        most=draw(st.none() | st.integers(0, 2_000)),
        whole=kind is Kind.PERCENT and draw(st.booleans()),
        scope=evolve(scope, items=scope.items or ITEMS[-1:]) if kind is Kind.FREE_ITEM else scope,
        stack_group=draw(st.sampled_from([None, None, "one"])),
        exclusive=draw(st.sampled_from([False, False, False, True])),
        on_return=draw(st.sampled_from(OnReturn)),
    )


_TERMS: Final = offer_terms()


def offers(
    name: ProgramId = DEFAULT, terms: SearchStrategy[Terms] = _TERMS
) -> SearchStrategy[DefineOffer]:
    """An offer `spring` of a programme, with limits of how often and how long it counts."""
    counts = st.none() | st.integers(1, 3)
    return st.builds(
        DefineOffer,
        program=st.just(name),
        offer=st.just(OfferId("spring")),
        at=st.just(BEGINNING),
        terms=terms,
        limits=st.builds(
            Limits,
            valid_days=st.none() | st.integers(1, 40),
            per_customer=counts,
            total=counts,
            restore_grace_days=st.integers(0, 7),
            max_restores=counts,
        ),
    )
