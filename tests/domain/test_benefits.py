"""Benefits of tiers: which there can be, who has them, and what they bring."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from regulars.domain.benefits import (
    Benefit,
    BenefitId,
    BenefitKind,
    benefits_flaw,
    has_priority,
    of_tier,
    offered,
)
from regulars.domain.coupon import CouponIssued
from regulars.domain.earning_rules import Group, Multiplier, Rule, RuleId, RuleSet, When
from regulars.domain.offer import DefineOffer, EndOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Kind, Terms, quote
from regulars.domain.policies_benefits import issue_on_term
from regulars.domain.program import DefineProgram, PublishTierBenefits, PublishTierLadder
from regulars.domain.tier_ladder import A_MOMENT, Level, TierLadder, Window
from regulars.domain.tiers import TierEntered, TierRenewed
from regulars.domain.values import OfferId
from tests.domain.carts import basket, off
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA
from tests.domain.points import award
from tests.domain.story import NOON

A_DAY = timedelta(days=1)
CAKE = OfferId("cake")
LADDER = TierLadder(
    levels=(Level(tier="silver", least=100), Level(tier="gold", least=500)),
    window=Window.ROLLING,
    days=365,
)
RULES = RuleSet(
    groups=tuple(Group(rules=(Rule(rule=RuleId(one), bonus=1),)) for one in ("basic", "lunch")),
    multipliers=(
        Multiplier(rule=RuleId("gold"), numerator=2, when=When(tiers=("gold", "silver"))),
        Multiplier(rule=RuleId("platinum"), numerator=3, when=When(tiers=("platinum",))),
    ),
)
FREE = Terms(kind=Kind.FREE_DELIVERY, currency="CNY", value=0)


def benefit(name: str, kind: BenefitKind, *tiers: str, **told: Any) -> Benefit:  # noqa: ANN401 - by name
    return Benefit(benefit=BenefitId(name), kind=kind, tiers=tiers or ("gold",), **told)


DOUBLE = benefit("double", BenefitKind.POINTS, "silver", "gold", rule=RuleId("gold"))
BASIC = benefit("basic", BenefitKind.POINTS, rule=RuleId("basic"))
TENTH = benefit("tenth", BenefitKind.DISCOUNT, terms=off(10_00))
DELIVERY = benefit("delivery", BenefitKind.FREE_DELIVERY, terms=FREE)
FIRST = benefit("first", BenefitKind.PRIORITY_DELIVERY)
GIFT = benefit("gift", BenefitKind.GIFT, "silver", "gold", offer=CAKE)
TRIAL = benefit("trial", BenefitKind.FREE_TRIAL, offer=OfferId("new-dish"))


def test_benefits_of_every_kind_can_be() -> None:
    told = [DOUBLE, BASIC, TENTH, DELIVERY, FIRST, GIFT, TRIAL]

    assert benefits_flaw(told, [LADDER], [RULES]) is None


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (evolve(FIRST, benefit=BenefitId(" ")), ("benefit",)),
        (evolve(FIRST, benefit=DOUBLE.benefit), ("benefit",)),
        (evolve(FIRST, tiers=()), ("tiers",)),
        (evolve(FIRST, tiers=("gold", "platinum")), ("tiers", 1)),
        (evolve(FIRST, offer=CAKE), ("offer",)),
        (evolve(GIFT, offer=None), ("offer",)),
        (evolve(TENTH, terms=None), ("terms",)),
        (evolve(TENTH, terms=off(0)), ("terms", "value")),
        (evolve(TENTH, terms=FREE), ("terms", "kind")),
        (evolve(DELIVERY, terms=off(10_00)), ("terms", "kind")),
        (evolve(BASIC, rule=RuleId("none")), ("rule",)),
        (evolve(BASIC, rule=RuleId("platinum")), ("rule",)),
    ],
)
def test_a_benefit_that_cannot_be_had_is_told_by_its_place(
    wrong: Benefit, place: tuple[str | int, ...]
) -> None:
    found = benefits_flaw([DOUBLE, wrong], [LADDER], [RULES])

    assert found is not None
    assert found.place == ("benefits", 1, *place)


def test_a_tier_has_the_benefits_that_name_it() -> None:
    told = [DOUBLE, TENTH]

    assert of_tier(told, "gold") == (DOUBLE, TENTH)
    assert of_tier(told, "silver") == (DOUBLE,)
    assert of_tier(told, None) == ()


def test_what_benefits_take_off_an_order_is_counted_as_offers_are() -> None:
    found = quote(basket(60_00, delivery=5_00), offered([DOUBLE, TENTH, DELIVERY]))

    assert (found.total, found.delivery) == (50_00, 5_00)
    assert [one.source for one in found.discounts] == ["tier/tenth", "tier/delivery"]


def test_an_order_with_priority_goes_first() -> None:
    assert has_priority([TENTH, FIRST])
    assert not has_priority([TENTH])


def club(*told: Command) -> Chronicle:
    """Where silver and gold bring a cake."""
    return chronicle(
        [
            DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
            PublishTierLadder(program=PROGRAM, at=NOON, ladder=LADDER),
            *told,
            PublishTierBenefits(program=PROGRAM, at=NOON, benefits=(GIFT, FIRST)),
        ]
    )


DEFINE = DefineOffer(program=PROGRAM, offer=CAKE, at=NOON, terms=off(10_00))


def issued(there: Chronicle) -> list[str]:
    return [one.coupon for one in there.all(CouponIssued)]


def test_each_term_of_a_tier_brings_a_coupon() -> None:
    there = club(DEFINE)
    there.tell(award("o-1", 120_00))
    there.tell(award("o-2", 400_00, at=NOON + A_DAY))
    there.tell(award("o-3", 500_00, at=NOON + 200 * A_DAY))
    there.tell(award("o-4", 0, at=NOON + 367 * A_DAY))

    assert issued(there) == [f"benefit/gift/anna/{number}" for number in (1, 2, 3)]
    assert {one.customer for one in there.all(CouponIssued)} == {ANNA}


def test_a_term_brings_a_coupon_until_it_is_over() -> None:
    there = club(DEFINE)
    there.tell(award("o-1", 500_00))
    (term,) = there.all(TierEntered)
    ends = NOON + A_DAY

    last, over = (
        issue_on_term(evolve(term, valid_to=ends), at, PROGRAM, there)
        for at in (ends - A_MOMENT, ends)
    )

    assert (len(last), len(over)) == (1, 0)


def test_a_term_that_is_over_when_it_is_found_out_brings_nothing() -> None:
    there = club(DEFINE)
    there.tell(award("o-1", 500_00))
    there.tell(award("o-2", 500_00, at=NOON + 300 * A_DAY))
    there.tell(award("o-3", 0, at=NOON + 800 * A_DAY))

    assert len(there.all(TierRenewed)) == 1
    assert issued(there) == ["benefit/gift/anna/1"]


@pytest.mark.parametrize(
    "told",
    [
        [],
        [DEFINE, EndOffer(program=PROGRAM, offer=CAKE, at=NOON)],
        [evolve(DEFINE, limits=Limits(until=NOON))],
    ],
    ids=["unknown", "ended", "over"],
)
def test_an_offer_that_issues_nothing_keeps_nobody_from_a_tier(told: list[Command]) -> None:
    there = club(*told)
    there.tell(award("o-1", 500_00))

    assert there.account(ANNA).tier.tier == "gold"
    assert issued(there) == []
