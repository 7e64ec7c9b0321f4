from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.earning import evaluate
from regulars.domain.earning_rules import (
    EarningLine,
    Goods,
    Group,
    Mode,
    Multiplier,
    Nth,
    Occasion,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.rule_flaws import spelled
from regulars.domain.rule_reach import unreached
from regulars.domain.values import ItemId, MerchantId
from tests.domain.story import NOON

A, B = RuleId("a"), RuleId("b")
SOUP, TEA = ItemId("soup"), ItemId("tea")
LATER = NOON + timedelta(days=1)
ANY = When()
ALL = Goods()


def rule(name: RuleId, when: When = ANY, goods: Goods = ALL, *, stop: bool = False) -> Rule:
    return Rule(rule=name, bonus=1, when=when, goods=goods, stop=stop)


def first(*rules: Rule) -> RuleSet:
    return RuleSet(groups=(Group(rules=rules, mode=Mode.FIRST),))


def found(rules: RuleSet, currency: str | None = None, *tiers: str) -> str | None:
    one = unreached(rules, currency=currency, tiers=tiers or None)
    if one is None or one.behind is None:
        return None if one is None else spelled(one.place)
    return f"{spelled(one.place)} behind {spelled(one.behind)}"


BEHIND = "groups[0].rules[1] behind groups[0].rules[0]"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ANY, ANY),
        (ANY, When(merchants=(MerchantId("m"),), nth=Nth(n=1), at_least=1)),
        (When(channels=("delivery", "pickup")), When(channels=("pickup",))),
        (When(channels=("pickup",)), When(channels=("pickup",))),
        (When(at_least=5), When(at_least=5)),
        (When(currency="EUR"), When(currency="EUR", tiers=("gold",))),
        (When(nth=Nth(n=3, days=7)), When(nth=Nth(n=3, days=7))),
        (When(since=NOON, until=LATER), When(since=NOON, until=LATER)),
    ],
)
def test_a_rule_that_is_met_only_when_one_before_it_is_never_counts(one: When, other: When) -> None:
    assert found(first(rule(A, one), rule(B, other))) == BEHIND
    stopping = RuleSet(groups=(Group(rules=(rule(A, one, stop=True), rule(B, other))),))
    assert found(stopping) == BEHIND


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (When(on="birthday"), ANY),
        (When(merchants=(MerchantId("m"),)), ANY),
        (When(channels=("pickup",)), When(channels=("delivery", "pickup"))),
        (When(tiers=("gold",)), When(tiers=("silver",))),
        (When(currency="EUR"), ANY),
        (When(at_least=6), When(at_least=5)),
        (When(nth=Nth(n=3)), When(nth=Nth(n=2))),
        (When(since=LATER), When(since=NOON)),
        (When(since=NOON), ANY),
        (When(until=NOON), When(until=LATER)),
        (When(until=NOON), ANY),
    ],
)
def test_a_rule_that_is_met_without_one_before_it_may_count(one: When, other: When) -> None:
    assert found(first(rule(A, one), rule(B, other))) is None


@pytest.mark.parametrize(
    ("one", "other", "behind"),
    [
        (ALL, Goods(items=(SOUP,)), BEHIND),
        (Goods(except_items=(SOUP,)), ALL, BEHIND),
        (Goods(items=(SOUP, TEA)), Goods(items=(TEA,)), BEHIND),
        (Goods(items=(SOUP,)), Goods(items=(SOUP,)), BEHIND),
        (Goods(items=(SOUP,)), ALL, None),
        (Goods(items=(SOUP,)), Goods(items=(TEA,)), None),
        (Goods(categories=("hot",)), Goods(categories=("hot", "cold")), None),
        (Goods(items=(SOUP,), except_items=(TEA,)), Goods(items=(SOUP,)), None),
        (Goods(items=(SOUP,), except_categories=("hot",)), Goods(items=(SOUP,)), None),
    ],
)
def test_goods_stand_before_others_that_are_among_them(
    one: Goods, other: Goods, behind: str | None
) -> None:
    assert found(first(rule(A, goods=one), rule(B, goods=other))) == behind


@pytest.mark.parametrize("mode", [Mode.SUM, Mode.BEST_OF])
def test_nothing_stands_before_a_rule_where_all_are_weighed(mode: Mode) -> None:
    assert found(RuleSet(groups=(Group(rules=(rule(A), rule(B)), mode=mode),))) is None


@pytest.mark.parametrize(
    ("when", "currency", "place"),
    [
        (When(currency="USD"), "EUR", "currency"),
        (When(on="birthday"), "EUR", "on"),
        (When(on="birthday", currency="EUR"), None, "currency"),
        (When(on="birthday", merchants=(MerchantId("m"),)), None, "merchants"),
        (When(on="birthday", channels=("pickup",)), None, "channels"),
        (When(on="birthday", at_least=1), None, "at_least"),
        (When(tiers=("gold", "glod")), None, "tiers"),
    ],
)
def test_what_nobody_can_meet_is_told_with_its_place(
    when: When, currency: str | None, place: str
) -> None:
    twice = Multiplier(rule=B, numerator=2, when=when)

    assert found(first(rule(A, when)), currency, "gold") == f"groups[0].rules[0].when.{place}"
    told = RuleSet(groups=(), multipliers=(twice,))
    assert found(told, currency, "gold") == f"multipliers[0].when.{place}"


def test_a_birthday_has_no_goods() -> None:
    told = first(rule(A, When(on="birthday"), Goods(items=(SOUP,))))

    assert found(told) == "groups[0].rules[0]"


@pytest.mark.parametrize(
    ("when", "currency"),
    [
        (When(currency="EUR"), "EUR"),
        (When(currency="EUR"), None),
        (When(on="birthday"), None),
        (When(on="birthday", currency="XXX"), "XXX"),
        (When(tiers=("gold",)), "EUR"),
    ],
)
def test_what_can_be_met_is_none(when: When, currency: str | None) -> None:
    assert found(first(rule(A, when)), currency, "gold") is None
    assert found(first(rule(A, when)), currency) is None


goods = st.builds(
    Goods,
    items=st.sampled_from([(), (SOUP,), (SOUP, TEA)]),
    categories=st.sampled_from([(), ("hot",)]),
    except_items=st.sampled_from([(), (TEA,)]),
    except_categories=st.sampled_from([(), ("hot",)]),
)
whens = st.builds(
    When,
    channels=st.sampled_from([(), ("pickup",), ("delivery", "pickup")]),
    tiers=st.sampled_from([(), ("gold",)]),
    currency=st.sampled_from([None, "CNY"]),
    at_least=st.sampled_from([0, 5]),
    nth=st.sampled_from([None, Nth(n=1), Nth(n=1, days=7)]),
    since=st.sampled_from([None, NOON]),
    until=st.sampled_from([None, LATER]),
)
pairs = st.tuples(
    st.builds(rule, st.just(A), whens, goods, stop=st.booleans()),
    st.builds(rule, st.just(B), whens, goods),
)
lines = st.builds(
    EarningLine,
    line=st.just(1),
    gross=st.just(4),
    net=st.just(4),
    item=st.sampled_from([SOUP, TEA]),
    category=st.sampled_from([None, "hot"]),
)
orders = st.builds(
    Occasion,
    at=st.sampled_from([NOON, LATER]),
    lines=st.lists(lines, max_size=2).map(tuple),
    channel=st.sampled_from(["pickup", "delivery"]),
    tier=st.sampled_from([None, "gold"]),
    orders_before=st.integers(0, 1),
)


@given(pairs, st.sampled_from(Mode), orders)
def test_a_rule_that_stands_behind_another_gives_no_order_anything(
    told: tuple[Rule, Rule], mode: Mode, order: Occasion
) -> None:
    rules = RuleSet(groups=(Group(rules=told, mode=mode),))

    if found(rules) == BEHIND:
        assert B not in {step.rule for step in evaluate(rules, order).steps}


def test_a_rule_is_compared_with_each_before_it() -> None:
    narrow = rule(RuleId("narrow"), When(at_least=5))

    assert found(first(narrow, rule(A), evolve(narrow, rule=B))) == (
        "groups[0].rules[2] behind groups[0].rules[0]"
    )
