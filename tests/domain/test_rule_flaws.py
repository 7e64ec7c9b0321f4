from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.earning import MOST_EARNED, evaluate
from regulars.domain.earning_rules import (
    EarningLine,
    Group,
    Multiplier,
    Nth,
    Occasion,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.rule_flaws import MOST_BONUS, MOST_DAYS, MOST_NTH, MOST_TIMES, flaw, spelled
from regulars.domain.values import MOST_MINOR
from tests.domain.fillings import rules
from tests.domain.story import NOON

RULE = Rule(rule=RuleId("basic"), rate=Rate(points=1))
TWICE = Multiplier(rule=RuleId("twice"), numerator=2)


def of(*told: Rule, by: tuple[Multiplier, ...] = ()) -> RuleSet:
    return RuleSet(groups=(Group(rules=told),), multipliers=by)


def rated(points: int, numerator: int = 1, denominator: int = 1) -> RuleSet:
    rate = Rate(points=points, per_numerator=numerator, per_denominator=denominator)
    return of(evolve(RULE, rate=rate))


def when(told: When) -> RuleSet:
    return of(evolve(RULE, when=told))


@pytest.mark.parametrize(
    ("told", "place"),
    [
        (RuleSet(groups=(Group(rules=()),)), "groups[0].rules"),
        (RuleSet(groups=(), most=-1), "most"),
        (RuleSet(groups=(Group(rules=(RULE,), most=-1),)), "groups[0].most"),
        (of(RULE, RULE), "groups[0].rules[1].rule"),
        (of(RULE, by=(evolve(TWICE, rule=RULE.rule),)), "multipliers[0].rule"),
        (of(Rule(rule=RuleId("none"))), "groups[0].rules[0]"),
        (of(evolve(RULE, bonus=-1)), "groups[0].rules[0].bonus"),
        (of(evolve(RULE, bonus=MOST_BONUS + 1)), "groups[0].rules[0].bonus"),
        (rated(-1), "groups[0].rules[0].rate.points"),
        (rated(10_001), "groups[0].rules[0].rate.points"),
        (rated(5_001, 1, 2), "groups[0].rules[0].rate.points"),
        (rated(1, 0), "groups[0].rules[0].rate.per"),
        (rated(1, -1), "groups[0].rules[0].rate.per"),
        (rated(1, 1, 0), "groups[0].rules[0].rate.per"),
        (rated(1, 1, -1), "groups[0].rules[0].rate.per"),
        (of(RULE, by=(evolve(TWICE, numerator=-1),)), "multipliers[0].times"),
        (of(RULE, by=(evolve(TWICE, denominator=0),)), "multipliers[0].times"),
        (of(RULE, by=(evolve(TWICE, numerator=MOST_TIMES + 1),)), "multipliers[0].times"),
        (of(RULE, by=(evolve(TWICE, numerator=0, denominator=0),)), "multipliers[0].times"),
        (of(RULE, by=(evolve(TWICE, numerator=-1, denominator=-1),)), "multipliers[0].times"),
        (of(RULE, by=(evolve(TWICE, numerator=2_001, denominator=2),)), "multipliers[0].times"),
        (of(RULE, by=(evolve(TWICE, when=When(at_least=-1)),)), "multipliers[0].when.at_least"),
        (when(When(currency="yuan")), "groups[0].rules[0].when.currency"),
        (when(When(nth=Nth(n=0))), "groups[0].rules[0].when.nth"),
        (when(When(nth=Nth(n=1, days=0))), "groups[0].rules[0].when.days"),
        (when(When(nth=Nth(n=1, days=36_526))), "groups[0].rules[0].when.days"),
        (when(When(nth=Nth(n=101, days=7))), "groups[0].rules[0].when.nth"),
        (when(When(since=NOON, until=NOON)), "groups[0].rules[0].when.until"),
    ],
    ids=str,
)
def test_a_flaw_is_told_with_its_place(told: RuleSet, place: str) -> None:
    found = flaw(told)

    assert found is not None
    assert spelled(found.place) == place
    assert str(found).startswith(f"{place} ")


@pytest.mark.parametrize(
    "told",
    [
        RuleSet(groups=()),
        rated(0),
        rated(10_000),
        rated(30_000, 3),
        of(Rule(rule=RuleId("birthday"), bonus=50, when=When(on="birthday"))),
        of(RULE, by=(TWICE, evolve(TWICE, rule=RuleId("never"), numerator=0))),
        of(RULE, by=(evolve(TWICE, numerator=2_000, denominator=2),)),
        RuleSet(groups=(Group(rules=(evolve(RULE, bonus=MOST_BONUS),), most=0),), most=0),
        when(When(currency="GBP.3", nth=Nth(n=3, days=7), at_least=0)),
        when(When(nth=Nth(n=MOST_NTH, days=1))),
        when(When(nth=Nth(n=1, days=MOST_DAYS))),
        when(When(nth=Nth(n=1_000))),
        when(When(since=NOON, until=NOON + timedelta(microseconds=1))),
    ],
    ids=str,
)
def test_what_can_be_counted_by_has_no_flaw(told: RuleSet) -> None:
    assert flaw(told) is None


@given(rules, st.integers(0, MOST_MINOR), st.integers(0, MOST_MINOR))
def test_nothing_earns_more_than_the_most(told: RuleSet, paid: int, quantity: int) -> None:
    (group,) = told.groups
    best = evolve(group.rules[0], bonus=MOST_BONUS, each=True)
    line = EarningLine(line=1, gross=paid, net=paid, quantity=quantity)

    rich = of(best, by=(evolve(TWICE, numerator=MOST_TIMES),))

    assert evaluate(rich, Occasion(at=NOON, lines=(line,))).points <= MOST_EARNED
