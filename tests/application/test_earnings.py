"""What each rule gave or why it gave nothing, by the worked examples of docs/loyalty.md."""

from datetime import timedelta
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.application.earnings import Earning, earning, exact_text
from regulars.domain.earning import Unmet, evaluate
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
from regulars.domain.loyalty import PointsEarned
from regulars.domain.occasions import NEWCOMER, Standing
from regulars.domain.program import EarningRulesPublished
from regulars.domain.values import ItemId, LotId, MerchantId, OrderId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.story import NOON

RED = EarningLine(line=1, item=ItemId("123"), category="red", gross=12_00, net=12_00)
BLUE = EarningLine(line=2, item=ItemId("000"), category="blue", gross=100_00, net=100_00)
CART = Occasion(at=NOON, lines=(RED, BLUE), delivery=40_00)
EVERYTHING = Goods()
ALWAYS = When()


def rate(
    name: str,
    points: int,
    per: int = 1,
    *,
    goods: Goods = EVERYTHING,
    when: When = ALWAYS,
    stop: bool = False,
) -> Rule:
    of = Rate(points=points, per_numerator=per)
    return Rule(rule=RuleId(name), rate=of, goods=goods, when=when, stop=stop)


def times(name: str, ratio: str, category: str | None = None, when: When = ALWAYS) -> Multiplier:
    of = Fraction(ratio)
    return Multiplier(
        rule=RuleId(name),
        numerator=of.numerator,
        denominator=of.denominator,
        goods=EVERYTHING if category is None else Goods(categories=(category,)),
        when=when,
    )


def explained(rules: RuleSet, occasion: Occasion = CART, standing: Standing = NEWCOMER) -> Earning:
    """What an order earned by version 3 of the rules, and how."""
    return earning(
        PointsEarned(
            program=PROGRAM,
            customer=ANNA,
            lot=LotId("o-1"),
            order=OrderId("o-1"),
            points=evaluate(rules, occasion).points,
            evaluation=evaluate(rules, occasion),
            on=occasion.on,
            currency=occasion.currency,
            rules_version=3,
            standing=standing,
        ),
        EarningRulesPublished(program=PROGRAM, version=3, rules=rules),
    )


def one_group(*rules: Rule, by: tuple[Multiplier, ...] = (), mode: Mode = Mode.SUM) -> RuleSet:
    return RuleSet(groups=(Group(rules=rules, mode=mode),), multipliers=by, delivery=True)


def told(found: Earning) -> list[tuple[str, str]]:
    """Every rule with each thing it gave, or with why it gave nothing."""
    return [
        (rule.rule, one)
        for group in found.groups
        for rule in group.rules
        for one in (
            [f"{given.why} = {exact_text(given.exact)}" for given in rule.given] or [rule.why]
        )
    ]


def test_we02_the_goods_that_a_rule_looks_at_are_its_base() -> None:
    red = Goods(categories=("red",))
    found = explained(
        one_group(
            rate("all", 4),
            rate("red", 4, goods=red),
            rate("large", 4, when=When(at_least=300_00, currency="CNY")),
        )
    )

    assert told(found) == [
        ("all", "152.00 CNY at 4 for each 1 CNY = 608"),
        ("red", "12.00 CNY at 4 for each 1 CNY = 48"),
        ("large", "is for 300.00 CNY or more, and this came to 152.00, 148.00 too little"),
    ]
    assert (found.amount, found.base, found.points, found.why) == (
        152_00,
        Base.NET,
        656,
        "656 points by rules 3",
    )


def test_we03_each_multiplier_stands_with_the_goods_that_it_multiplied() -> None:
    extra = Rule(rule=RuleId("sku"), bonus=200, goods=Goods(items=(ItemId("000"),)))
    by = (times("red", "3", "red"), times("blue", "5", "blue"))
    found = explained(one_group(rate("four", 4), rate("ten", 10), extra, by=by))

    assert told(found) == [
        ("four", "12.00 CNY at 4 for each 1 CNY x 3 (red) = 144"),
        ("four", "100.00 CNY at 4 for each 1 CNY x 5 (blue) = 2000"),
        ("four", "40.00 CNY at 4 for each 1 CNY = 160"),
        ("ten", "12.00 CNY at 10 for each 1 CNY x 3 (red) = 360"),
        ("ten", "100.00 CNY at 10 for each 1 CNY x 5 (blue) = 5000"),
        ("ten", "40.00 CNY at 10 for each 1 CNY = 400"),
        ("sku", "200 points = 200"),
    ]
    first = found.groups[0].rules[0].given[0]
    assert (first.base, first.rate, first.factors) == (
        12_00,
        Rate(points=4),
        (("red", Fraction(3)),),
    )
    assert found.points == 8264


def test_we04_a_rule_behind_one_that_stopped_says_that_it_was_not_looked_at() -> None:
    stop = rate("stop", 1, stop=True)
    far = When(at_least=1_000_000_00, currency="CNY")
    stopped = explained(one_group(rate("first", 1), stop, rate("ten", 10)))
    unmet = explained(one_group(rate("first", 1), evolve(stop, when=far), rate("two", 2)))

    assert told(stopped)[2] == ("ten", "was not looked at: a rule before it ended its group")
    assert [one.unmet for one in stopped.groups[0].rules] == [None, None, Unmet.STOPPED]
    assert stopped.points == 304
    assert [one.unmet for one in unmet.groups[0].rules] == [None, Unmet.AT_LEAST, None]
    assert unmet.points == 456


def test_we06_the_exact_value_stands_before_what_it_is_rounded_down_to() -> None:
    gold = When(tiers=("gold",))
    rules = one_group(rate("ten", 1, 10), by=(times("gold", "6/5", when=gold),))
    line = EarningLine(line=1, gross=159_00, net=159_00)
    golden = Occasion(at=NOON, lines=(line,), tier="gold")

    found = explained(rules, golden, Standing(tier="gold", orders_before=4))
    plain = explained(rules, evolve(golden, tier="silver"), Standing(tier="silver"))

    assert told(found) == [("ten", "159.00 CNY at 1 for each 10 CNY x 1.2 (gold) = 19.08")]
    assert (found.exact, found.points) == (Fraction("19.08"), 19)
    assert found.why == "19.08 points by rules 3, rounded down to 19"
    assert (found.rules_version, found.tier, found.orders_before) == (3, "gold", 4)
    assert found.idle == ()
    assert [(one.rule, one.unmet, one.why) for one in plain.idle] == [
        ("gold", Unmet.TIER, "is for gold, and the tier was silver")
    ]


@pytest.mark.parametrize(
    ("when", "goods", "why"),
    [
        (When(on="birthday"), EVERYTHING, "is for birthday, not for orders"),
        (When(merchants=(MerchantId("a"), MerchantId("b"))), EVERYTHING, "is for orders at a or b"),
        (When(channels=("pickup",)), EVERYTHING, "is for orders by pickup"),
        (When(tiers=("gold",)), EVERYTHING, "is for gold, and the tier was none"),
        (When(currency="EUR"), EVERYTHING, "is for EUR, and CNY was paid"),
        (When(nth=Nth(n=3)), EVERYTHING, "is for order number 3, and this was number 1"),
        (When(nth=Nth(n=3, days=7)), EVERYTHING, "is for order number 3 within 7 days"),
        (When(since=NOON + timedelta(1)), EVERYTHING, "holds from 2024-05-18 12:00:00+00:00"),
        (When(until=NOON), EVERYTHING, "holds until 2024-05-17 12:00:00+00:00"),
        (ALWAYS, Goods(items=(ItemId("tea"),)), "is for tea, and there was none"),
    ],
)
def test_a_rule_that_gave_nothing_says_what_it_is_for(when: When, goods: Goods, why: str) -> None:
    assert told(explained(one_group(rate("rule", 1, when=when, goods=goods)))) == [("rule", why)]


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        (Mode.BEST_OF, "another rule of its group gave as much or more, and only the best counts"),
        (Mode.FIRST, "another rule of its group came first, and only the first counts"),
    ],
)
def test_we09_a_rule_that_lost_within_its_group_says_so(mode: Mode, why: str) -> None:
    found = explained(one_group(rate("five", 5), rate("one", 1), mode=mode))

    assert told(found)[1] == ("one", why)


def test_caps_of_a_group_and_of_the_occasion_stand_beside_what_they_cut() -> None:
    each = Rule(rule=RuleId("each"), bonus=30, each=True)
    rules = RuleSet(
        groups=(Group(rules=(rate("four", 4),), most=400), Group(rules=(each,))), most=450
    )

    found = explained(rules)

    first, second = found.groups
    assert [first.exact, first.counted, second.counted] == [448, 400, 60]
    assert told(found)[1] == ("each", "30 points for each of 2 = 60")
    assert (found.why, found.points, found.desired) == (
        "460 points by rules 3, of which 450 count",
        450,
        508,
    )


def test_a_rule_with_nothing_to_count_says_so_and_what_no_rule_gave_names_its_occasion() -> None:
    empty = explained(
        one_group(rate("rate", 1, when=When(on="birthday"))), Occasion(at=NOON, on="birthday")
    )
    found = evaluate(RuleSet(groups=()), CART)
    given = earning(
        PointsEarned(
            program=PROGRAM,
            customer=ANNA,
            lot=LotId("gift"),
            points=80,
            evaluation=evolve(found, points=80, exact_numerator=80),
            on="referral",
        ),
        None,
    )

    assert told(empty) == [("rate", "found nothing to count")]
    assert (given.why, given.groups, given.base) == ("80 points for referral", (), None)


@given(st.fractions(min_value=0, max_value=10**6, max_denominator=10**4))
def test_an_exact_number_in_words_is_that_number(exact: Fraction) -> None:
    assert sum(map(Fraction, exact_text(exact).split())) == exact
