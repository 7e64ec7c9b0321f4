"""The worked examples of earning under their ids, and what holds for every set of rules."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.earning import MOST_EARNED, Evaluation, Passed, Step, Unmet, evaluate
from regulars.domain.earning_rules import (
    Base,
    EarningLine,
    Goods,
    Group,
    Mode,
    Multiplier,
    Nth,
    Occasion,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.values import MOST_MINOR, ItemId, MerchantId

NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)
BLUE_SKU, RED_SKU = ItemId("000"), ItemId("123")
RED = EarningLine(line=1, item=RED_SKU, category="red", gross=12_00, net=12_00)
BLUE = EarningLine(line=2, item=BLUE_SKU, category="blue", gross=100_00, net=100_00)
CART = Occasion(at=NOON, lines=(RED, BLUE), delivery=40_00)
TEN = Rate(points=1, per_numerator=10)
ALL = Goods()
ALWAYS = When()
ONLY_RED = Goods(categories=("red",))
ONLY_BLUE = Goods(categories=("blue",))


def rule(
    points: int = 1,
    *,
    rate: Rate | None = None,
    goods: Goods = ALL,
    when: When = ALWAYS,
    stop: bool = False,
) -> Rule:
    rate = rate or Rate(points=points)
    return Rule(rule=RuleId("rate"), rate=rate, goods=goods, when=when, stop=stop)


def bonus(points: int, *, goods: Goods = ALL, when: When = ALWAYS, each: bool = False) -> Rule:
    name = RuleId(f"bonus {points}")
    return Rule(rule=name, bonus=points, goods=goods, when=when, each=each)


def times(ratio: str, goods: Goods = ALL, when: When = ALWAYS) -> Multiplier:
    of = Fraction(ratio)
    return Multiplier(
        rule=RuleId(f"times {ratio}"),
        numerator=of.numerator,
        denominator=of.denominator,
        goods=goods,
        when=when,
    )


def rule_set(*rules: Rule, by: tuple[Multiplier, ...] = (), mode: Mode = Mode.SUM) -> RuleSet:
    return RuleSet(groups=(Group(rules=rules, mode=mode),), multipliers=by, delivery=True)


def order(*amounts: int) -> Occasion:
    lines = (EarningLine(line=n, gross=one, net=one) for n, one in enumerate(amounts, 1))
    return Occasion(at=NOON, lines=tuple(lines))


def points(rules: RuleSet, occasion: Occasion = CART) -> int:
    return evaluate(rules, occasion).points


def reasons(found: Evaluation) -> list[Unmet]:
    return [passed.why for passed in found.passed]


@pytest.mark.parametrize(("amount", "expected"), [(105_00, 10), (9_99, 0), (10_00, 1)])
def test_we01_every_full_ten_earns_a_point(amount: int, expected: int) -> None:
    assert points(rule_set(rule(rate=TEN)), order(amount)) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (rule(4), 608),
        (rule(4, goods=Goods(except_items=(BLUE_SKU,))), 208),
        (rule(4, goods=Goods(except_categories=("red",))), 560),
        (rule(4, goods=ONLY_RED), 48),
        (rule(4, goods=Goods(except_categories=("red",), delivery=False)), 400),
        (rule(4, when=When(at_least=300_00)), 0),
    ],
)
def test_we02_filters_choose_the_goods_that_earn(told: Rule, expected: int) -> None:
    assert points(rule_set(told)) == expected


SKU_000 = Goods(items=(BLUE_SKU,))
SKU_123 = Goods(items=(RED_SKU,))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (rule_set(rule(4), rule(10)), 2128),
        (
            rule_set(
                rule(4),
                rule(10),
                bonus(200, goods=SKU_000),
                by=(times("3", ONLY_RED), times("5", ONLY_BLUE)),
            ),
            8264,
        ),
        (rule_set(rule(4), by=(times("3", ONLY_RED),)), 704),
        (rule_set(rule(4), by=(times("3", ONLY_RED), times("6", ONLY_BLUE))), 2704),
        (rule_set(rule(4), bonus(100, goods=SKU_123)), 708),
    ],
)
def test_we03_rates_add_up_multipliers_have_their_goods_and_a_bonus_stands_alone(
    rules: RuleSet, expected: int
) -> None:
    assert points(rules) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (rule_set(rule(1), rule(1, stop=True), rule(10)), 304),
        (rule_set(rule(1), rule(1, stop=True, when=When(at_least=1_000_000_00)), rule(2)), 456),
    ],
)
def test_we04_a_rule_that_applied_and_stops_ends_its_group(rules: RuleSet, expected: int) -> None:
    assert points(rules) == expected


@pytest.mark.parametrize(
    ("base", "rules", "expected"),
    [
        (5_00, rule_set(rule(), by=(times("3"),)), 15),
        (4_00, rule_set(rule(), by=(times("3/2"),)), 6),
        (5_00, rule_set(rule(), by=(times("3/2"),)), 7),
        (5_00, rule_set(rule(), bonus(3)), 8),
    ],
)
def test_we05_a_base_is_multiplied_or_added_to(base: int, rules: RuleSet, expected: int) -> None:
    assert points(rules, order(base)) == expected


def test_we06_gold_is_rounded_down_once() -> None:
    gold = times("6/5", when=When(tiers=("gold",)))
    found = evaluate(rule_set(rule(rate=TEN), by=(gold,)), evolve(order(159_00), tier="gold"))

    assert found.points == 19
    assert found.exact == Fraction("19.08")


def test_we07_two_lines_are_rounded_down_together() -> None:
    assert points(rule_set(rule(rate=TEN)), order(15_50, 15_50)) == 3


@pytest.mark.parametrize(("base", "expected"), [(Base.NET, 50), (Base.GROSS, 80)])
def test_we08_what_coupons_and_points_paid_earns_only_gross(base: Base, expected: int) -> None:
    line = EarningLine(line=1, gross=80_00, net=50_00)
    rules = RuleSet(groups=(Group(rules=(rule(),)),), base=base)

    assert points(rules, Occasion(at=NOON, lines=(line,), delivery=6_00)) == expected


@pytest.mark.parametrize(
    ("mode", "expected", "left"),
    [
        (Mode.BEST_OF, 80, [("bonus 50", Unmet.NOT_BEST), ("bonus 30", Unmet.NOT_BEST)]),
        (Mode.SUM, 160, []),
        (Mode.FIRST, 50, [("bonus 80", Unmet.NOT_FIRST), ("bonus 30", Unmet.NOT_FIRST)]),
    ],
)
def test_we09_a_group_gives_the_best_the_sum_or_the_first(
    mode: Mode, expected: int, left: list[tuple[RuleId, Unmet]]
) -> None:
    found = evaluate(rule_set(bonus(50), bonus(80), bonus(30), mode=mode), Occasion(at=NOON))

    assert found.points == expected
    assert found.passed == tuple(Passed(rule=one, why=why) for one, why in left)


def test_the_third_order_within_seven_days_is_counted_by_the_moments_before() -> None:
    third = rule_set(bonus(30, when=When(nth=Nth(n=3, days=7))))
    sunday = Occasion(at=NOON + timedelta(days=6), recent=(NOON, NOON + timedelta(days=2)))

    assert points(third, sunday) == 30
    assert points(third, evolve(sunday, at=NOON + timedelta(days=7))) == 0


def test_the_first_order_ever_is_the_one_with_none_before() -> None:
    first = rule_set(bonus(5, when=When(nth=Nth(n=1))))

    assert points(first, order(1_00)) == 5
    assert reasons(evaluate(first, evolve(order(1_00), orders_before=1))) == [Unmet.NTH]


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (When(on="birthday"), Unmet.OCCASION),
        (When(merchants=(MerchantId("m-1"),)), Unmet.MERCHANT),
        (When(channels=("pickup",)), Unmet.CHANNEL),
        (When(tiers=("gold",)), Unmet.TIER),
        (When(currency="USD"), Unmet.CURRENCY),
        (When(at_least=152_01), Unmet.AT_LEAST),
        (When(nth=Nth(n=2)), Unmet.NTH),
        (When(since=NOON + timedelta(microseconds=1)), Unmet.PERIOD),
        (When(until=NOON), Unmet.PERIOD),
    ],
)
def test_a_rule_that_gave_nothing_says_why(when: When, why: Unmet) -> None:
    found = evaluate(rule_set(rule(when=when), by=(times("2", when=when),)), CART)

    assert found.points == 0
    assert reasons(found) == [why, why]


def test_a_rule_for_goods_that_were_not_bought_gives_nothing() -> None:
    found = evaluate(rule_set(bonus(5, goods=Goods(items=(ItemId("tea"),)))), CART)

    assert reasons(found) == [Unmet.GOODS]


def test_an_occasion_that_meets_all_conditions_earns() -> None:
    when = When(
        merchants=(MerchantId("m-1"),),
        channels=("pickup",),
        tiers=("gold",),
        currency="CNY",
        at_least=152_00,
        since=NOON,
        until=NOON + timedelta(microseconds=1),
    )
    met = evolve(CART, merchant=MerchantId("m-1"), channel="pickup", tier="gold")

    assert points(rule_set(rule(when=when)), met) == 152


def test_a_bonus_for_each_unit_counts_quantities() -> None:
    cart = evolve(CART, lines=(evolve(RED, quantity=3), BLUE))

    assert points(rule_set(bonus(5, goods=ONLY_RED, each=True)), cart) == 15


def test_caps_of_a_group_and_of_the_set_cut_what_was_desired() -> None:
    capped = Group(rules=(rule(),), most=100)
    rules = RuleSet(groups=(capped, Group(rules=(bonus(30),))), most=120)
    found = evaluate(rules, CART)

    assert (found.points, found.desired, len(found.steps)) == (120, 142, 2)
    assert points(evolve(rules, most=None)) == 130


def test_an_evaluation_tells_every_step_and_what_was_passed_over() -> None:
    by = (times("3/2", ONLY_RED), times("5", Goods(items=(ItemId("tea"),))))
    told = rule_set(rule(rate=TEN), bonus(7, when=When(on="birthday")), bonus(5), by=by)

    assert evaluate(told, CART) == Evaluation(
        points=20,
        desired=20,
        exact_numerator=104,
        exact_denominator=5,
        amount=152_00,
        steps=(
            Step(
                rule=RuleId("rate"),
                base=12_00,
                multipliers=(RuleId("times 3/2"),),
                exact_numerator=9,
                exact_denominator=5,
            ),
            Step(
                rule=RuleId("rate"),
                base=140_00,
                multipliers=(),
                exact_numerator=14,
                exact_denominator=1,
            ),
            Step(
                rule=RuleId("bonus 5"),
                base=0,
                multipliers=(),
                exact_numerator=5,
                exact_denominator=1,
            ),
        ),
        passed=(
            Passed(rule=RuleId("times 5"), why=Unmet.GOODS),
            Passed(rule=RuleId("bonus 7"), why=Unmet.OCCASION),
        ),
    )


def test_a_delivery_fee_that_does_not_earn_counts_for_nothing() -> None:
    rules = evolve(rule_set(rule()), delivery=False)
    at_least = evolve(rule_set(rule(when=When(at_least=112_01))), delivery=False)

    assert evaluate(rules, CART).amount == 112_00
    assert points(at_least) == 0


def test_multipliers_of_the_same_goods_multiply() -> None:
    assert points(rule_set(rule(), by=(times("3/2"), times("5/3"))), order(10_00)) == 25


def test_no_occasion_earns_more_than_the_most() -> None:
    rich = rule_set(rule(10_000), by=(times("1000"),))

    assert points(rich, order(MOST_MINOR)) == MOST_EARNED


def test_a_rule_that_did_not_apply_stops_nothing() -> None:
    tea = Goods(items=(ItemId("tea"),))
    found = evaluate(rule_set(rule(goods=tea, stop=True), bonus(5), rule(stop=True), rule(9)), CART)

    assert found.points == 157
    assert reasons(found) == [Unmet.GOODS, Unmet.STOPPED]


lines = st.builds(
    EarningLine,
    line=st.integers(1, 9),
    gross=st.integers(0, 10**6),
    net=st.integers(0, 10**6),
    category=st.sampled_from(["red", "blue", None]),
    quantity=st.integers(1, 5),
)
goods = st.sampled_from(
    [Goods(), ONLY_RED, Goods(except_categories=("red",)), Goods(delivery=False)]
)
rates = st.builds(Rate, points=st.integers(0, 20), per_numerator=st.integers(1, 50))
earning = st.builds(
    Rule,
    rule=st.just(RuleId("r")),
    rate=st.none() | rates,
    bonus=st.integers(0, 50),
    each=st.booleans(),
    goods=goods,
    stop=st.booleans(),
)
multipliers = st.builds(
    Multiplier,
    rule=st.just(RuleId("m")),
    numerator=st.integers(0, 5),
    denominator=st.integers(1, 3),
    goods=goods,
)
groups = st.builds(
    Group, rules=st.lists(earning, max_size=3).map(tuple), mode=st.sampled_from(Mode)
)
sets = st.builds(
    RuleSet,
    groups=st.lists(groups, max_size=3).map(tuple),
    multipliers=st.lists(multipliers, max_size=2).map(tuple),
    base=st.sampled_from(Base),
    delivery=st.booleans(),
)
occasions = st.builds(
    Occasion,
    at=st.just(NOON),
    lines=st.lists(lines, max_size=4).map(tuple),
    delivery=st.integers(0, 1000),
)


@given(sets, occasions)
def test_without_caps_the_steps_add_up_to_the_points(rules: RuleSet, occasion: Occasion) -> None:
    found = evaluate(rules, occasion)

    assert found.points == found.desired == floor(sum(step.exact for step in found.steps))


@given(sets, occasions, st.integers(0, 100))
def test_the_order_of_lines_and_a_cap_above_change_nothing(
    rules: RuleSet, occasion: Occasion, more: int
) -> None:
    found = evaluate(rules, occasion)
    turned = evolve(occasion, lines=occasion.lines[::-1])

    assert evaluate(rules, turned).points == found.points
    assert points(evolve(rules, most=found.points + more + 1), occasion) == found.points
    assert points(evolve(rules, most=more), occasion) <= more
