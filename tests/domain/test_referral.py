"""Referrals under the ids of the examples: who is rewarded, who is not, and what comes back."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.codes import NoCode
from regulars.domain.discounts import Discount, Share
from regulars.domain.earning_rules import Group, Occasion, Rate, Rule, RuleId, RuleSet, When
from regulars.domain.ledger_policies import ReturnPolicy, Reversal
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import CompleteOrder, MarkDelivered
from regulars.domain.policies_referral import take_back_both
from regulars.domain.program import DefineProgram, PublishEarningRules, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.purchase import Line, PlaceOrder
from regulars.domain.referral import (
    MOST_DAYS,
    ClaimReferral,
    ClawBackReferral,
    Command,
    DecideReferral,
    ImpossibleReferral,
    NoReferral,
    QualifyReferral,
    ReferralAccepted,
    ReferralClaimed,
    ReferralClawedBack,
    ReferralQualified,
    ReferralRejected,
    ReferralTerms,
)
from regulars.domain.refund import IssueRefund, Returned
from regulars.domain.reversal import PointsReversed, ReversePoints
from regulars.domain.values import (
    MOST_MINOR,
    CustomerId,
    ItemId,
    LotId,
    OrderId,
    ProgramId,
    RefundId,
)
from tests.domain.chronicle import PROGRAM, Chronicle, chronicle
from tests.domain.examples import ANNA, BO, ORDER, PLACE, REFUND, refund
from tests.domain.points import redeem
from tests.domain.story import NOON, minutes, referral_story
from tests.domain.strategies import referral_commands

CHEN = CustomerId("chen")
SHARED = ("occasion/referrer/referral/anna", "occasion/referee/referral/anna")
TERMS = ReferralTerms(currency="CNY", at_least=50_00, claw_back_days=14)
CLAIM = ClaimReferral(program=PROGRAM, referee=ANNA, at=NOON, referrer=BO, terms=TERMS)
ANSWER = DecideReferral(program=PROGRAM, referee=ANNA, at=NOON, referrer=BO, ordered=False)
QUALIFY = QualifyReferral(
    program=PROGRAM, referee=ANNA, at=NOON, order=ORDER, currency="CNY", total=100_00
)
CLAW_BACK = ClawBackReferral(
    program=PROGRAM, referee=ANNA, at=NOON, order=ORDER, refund=RefundId("r-1")
)


def bonus(on: str, points: int) -> Rule:
    return Rule(rule=RuleId(on), bonus=points, when=When(on=on))


RULES = RuleSet(
    groups=(
        Group(rules=(Rule(rule=RuleId("spend"), rate=Rate(points=1)),)),
        Group(rules=(bonus("referrer", 80), bonus("referee", 120))),
    )
)
PROGRAMME = (
    DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
    PublishEarningRules(program=PROGRAM, at=NOON, rules=RULES),
)


def completed(order: str = ORDER, minute: int = 0, **order_fields: Any) -> list[Any]:  # noqa: ANN401 - fields of an order
    place: PlaceOrder = evolve(
        PLACE, order=OrderId(order), at=NOON + minutes(minute), **order_fields
    )
    return [place, CompleteOrder(order=OrderId(order), at=place.at)]


def awards(town: Chronicle) -> dict[tuple[str, str], int]:
    """The points of each lot of a referral, by customer and occasion."""
    return {
        (one.customer, one.on): one.points for one in town.all(PointsEarned) if one.lot in SHARED
    }


def reasons(town: Chronicle) -> list[NoReferral]:
    return [one.reason for one in town.all(ReferralRejected)]


def test_wf01_both_sides_are_rewarded_once_for_the_first_completed_order() -> None:
    first, second = completed(), completed("o-2", 60)

    town = chronicle([*PROGRAMME, CLAIM, *first, *second])

    assert awards(town) == {(BO, "referrer"): 80, (ANNA, "referee"): 120}
    assert len(town.all(ReferralQualified)) == 1
    assert [one.points for one in town.all(PointsEarned) if one.customer == BO] == [80]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ([evolve(CLAIM, referrer=ANNA)], NoReferral.SELF),
        ([evolve(CLAIM, shares=("card",))], NoReferral.SAME_PERSON),
        ([*completed(), evolve(CLAIM, at=NOON + minutes(5))], NoReferral.ORDERED_BEFORE),
        ([CLAIM, evolve(CLAIM, referrer=CHEN)], NoReferral.SECOND_REFERRER),
        ([CLAIM, evolve(CLAIM, referee=BO, referrer=ANNA)], NoReferral.SECOND_REFERRER),
        ([CLAIM, *completed(total=49_99)], NoReferral.ORDER_TOO_SMALL),
        ([CLAIM, *completed(currency="USD")], NoReferral.ORDER_TOO_SMALL),
    ],
    ids=["self", "same person", "ordered", "second", "mutual", "small", "currency"],
)
def test_wf02_a_referral_that_does_not_count_is_rejected_with_the_reason(
    claims: list[Any], reason: NoReferral
) -> None:
    town = chronicle([*PROGRAMME, *claims])

    assert reasons(town) == [reason]
    assert awards(town) == {}


def test_wf02_after_an_order_that_is_too_small_no_other_qualifies() -> None:
    town = chronicle([*PROGRAMME, CLAIM, *completed(total=49_99), *completed("o-2", 60)])

    assert reasons(town) == [NoReferral.ORDER_TOO_SMALL]
    assert awards(town) == {}


def delivered_and_paid_back(*refunds: IssueRefund, **order_fields: Any) -> list[Any]:  # noqa: ANN401 - fields of an order
    """A first order that is completed after what went back of it."""
    placed, closed = completed(**order_fields)
    return [placed, MarkDelivered(order=placed.order, at=NOON), *refunds, closed]


@pytest.mark.parametrize("least", [0, 50_00])
def test_wf03_a_first_order_that_was_paid_back_before_it_was_completed_rewards_nobody(
    least: int,
) -> None:
    claim = evolve(CLAIM, terms=evolve(CLAIM.terms, at_least=least))
    first = delivered_and_paid_back(refund(60_00), refund(40_00, "r-2"))

    town = chronicle([*PROGRAMME, claim, *first, *completed("o-2", 60)])

    assert reasons(town) == [NoReferral.ORDER_TOO_SMALL]
    assert awards(town) == {}


@pytest.mark.parametrize(("part", "rejected"), [(50_00, []), (50_01, [NoReferral.ORDER_TOO_SMALL])])
def test_wf03_of_a_first_order_what_is_left_when_it_is_completed_counts(
    part: int, rejected: list[NoReferral]
) -> None:
    town = chronicle([*PROGRAMME, CLAIM, *delivered_and_paid_back(refund(part))])

    assert reasons(town) == rejected
    assert bool(awards(town)) == (not rejected)


def test_wf03_a_first_order_that_was_free_and_came_back_rewards_nobody() -> None:
    soup = Line(line=1, item=ItemId("soup"), quantity=1, unit_price=20_00)
    off = Discount(source="card", amount=20_00, shares=(Share(line=1, amount=20_00),))
    free: dict[str, Any] = {"total": 0, "discount": 20_00, "discounts": (off,), "lines": (soup,)}
    claim = evolve(CLAIM, terms=evolve(CLAIM.terms, at_least=0))
    back = evolve(REFUND, amount=None, lines=(Returned(line=1, quantity=1),))

    kept = chronicle([*PROGRAMME, claim, *completed(**free)])
    returned = chronicle([*PROGRAMME, claim, *delivered_and_paid_back(back, **free)])

    assert reasons(kept) == []
    assert reasons(returned) == [NoReferral.ORDER_TOO_SMALL]


def test_wf03_a_first_order_that_is_paid_back_takes_both_rewards_with_it() -> None:
    part = evolve(refund(60_00), at=NOON + timedelta(days=1))
    rest = evolve(refund(40_00, "r-2"), at=NOON + timedelta(days=13))

    town = chronicle([*PROGRAMME, CLAIM, *completed(), part, rest])

    assert len(town.all(ReferralClawedBack)) == 1
    reversed_ = {
        one.customer: (one.points, one.kept)
        for one in town.all(PointsReversed)
        if one.lot in SHARED
    }
    assert reversed_ == {BO: (80, 0), ANNA: (120, 0)}
    assert town.accounts[PROGRAM, BO].state.lots.available == 0
    assert town.accounts[PROGRAM, ANNA].state.lots.available == 0


@pytest.mark.parametrize(
    ("reversal", "debt"), [(Reversal.ALLOW_DEBT, 80), (Reversal.WITHIN_BALANCE, 0)]
)
def test_wf03_what_was_spent_of_a_reward_is_owed_as_the_programme_says(
    reversal: Reversal, debt: int
) -> None:
    returns = ProgramPolicies(returns=ReturnPolicy(reversal=reversal))
    policies = SetProgramPolicies(program=PROGRAM, at=NOON, policies=returns)
    spent = evolve(redeem(80), customer=BO, at=NOON + minutes(30))

    town = chronicle([*PROGRAMME, policies, CLAIM, *completed(), spent])
    town.tell(evolve(refund(100_00), at=NOON + timedelta(days=1)))

    assert town.accounts[PROGRAM, BO].state.debt == debt


def test_wf03_what_is_paid_back_after_the_window_takes_nothing() -> None:
    late = evolve(refund(100_00), at=NOON + timedelta(days=14))

    town = chronicle([*PROGRAMME, CLAIM, *completed(), late])

    assert town.all(ReferralClawedBack) == []
    assert town.accounts[PROGRAM, BO].state.lots.available == 80


def test_a_first_order_that_is_paid_back_in_part_takes_nothing() -> None:
    town = chronicle([*PROGRAMME, CLAIM, *completed(), evolve(refund(99_99), at=NOON)])

    assert town.all(ReferralClawedBack) == []


def test_another_order_that_is_paid_back_takes_nothing() -> None:
    second = completed("o-2", 60)
    paid_back = evolve(refund(100_00), order=OrderId("o-2"), at=NOON + minutes(90))

    town = chronicle([*PROGRAMME, CLAIM, *completed(), *second, paid_back])

    assert town.all(ReferralClawedBack) == []


def test_orders_of_nobody_and_programmes_of_others_refer_nobody() -> None:
    elsewhere = evolve(CLAIM, program=ProgramId("night"))

    town = chronicle([*PROGRAMME, elsewhere, *completed(customer=None)])

    assert town.all(ReferralAccepted) == []
    assert town.all(ReferralQualified) == []


def test_a_programme_without_rules_for_referrals_rewards_nobody() -> None:
    spend = RuleSet(groups=RULES.groups[:1])
    paid_back = evolve(refund(100_00), at=NOON + timedelta(days=1))
    no_rules = evolve(PROGRAMME[1], rules=spend)

    town = chronicle([PROGRAMME[0], no_rules, CLAIM, *completed(), paid_back])

    assert awards(town) == {}
    assert len(town.all(ReferralClawedBack)) == 1
    assert {one.order for one in town.all(PointsReversed)} == {ORDER}


def test_what_becomes_of_a_referral_is_told_in_full() -> None:
    of: dict[str, Any] = {"program": PROGRAM, "referee": ANNA, "referrer": BO}
    story = referral_story()

    assert story.when(CLAIM) == [ReferralClaimed(**of, terms=TERMS)]
    assert story.when(ANSWER) == [ReferralAccepted(**of)]
    assert story.when(QUALIFY) == [ReferralQualified(**of, order=ORDER, currency="CNY")]
    assert story.when(CLAW_BACK) == [ReferralClawedBack(**of, order=ORDER, refund=CLAW_BACK.refund)]
    assert story.when(evolve(CLAW_BACK, refund=RefundId("r-2"))) == []


def test_one_order_alone_qualifies_or_is_too_small() -> None:
    other = evolve(QUALIFY, order=OrderId("o-2"))
    qualified = referral_story().given(CLAIM, ANSWER, evolve(QUALIFY, total=TERMS.at_least))
    too_small = referral_story().given(CLAIM, ANSWER, evolve(QUALIFY, total=TERMS.at_least - 1))

    assert [type(story.told[-1]) for story in (qualified, too_small)] == [
        ReferralQualified,
        ReferralRejected,
    ]
    assert qualified.when(other) == too_small.when(other) == []


def test_a_claim_that_is_rejected_tells_what_both_share_and_why() -> None:
    story = referral_story()
    rejected = ReferralRejected(
        program=PROGRAM, referee=ANNA, referrer=BO, reason=NoReferral.SAME_PERSON
    )

    (claimed,) = story.when(evolve(CLAIM, shares=("card", "device")))

    assert isinstance(claimed, ReferralClaimed)
    assert claimed.shares == ("card", "device")
    assert story.when(ANSWER) == [rejected]


def test_a_claim_of_another_takes_nothing_from_the_one_that_was_accepted() -> None:
    others = evolve(CLAIM, referrer=CHEN), evolve(ANSWER, referrer=CHEN)
    story = referral_story().given(CLAIM, ANSWER, *others)

    assert [type(event) for event in story.when(QUALIFY)] == [ReferralQualified]


def test_what_both_sides_earned_is_taken_back_by_the_rules_it_was_earned_by() -> None:
    town = chronicle([*PROGRAMME, CLAIM, *completed()])
    town.tell(evolve(PROGRAMME[1], rules=RuleSet(groups=RULES.groups[:1])))
    event = ReferralClawedBack(
        program=PROGRAM, referee=ANNA, referrer=BO, order=ORDER, refund=RefundId("r-1")
    )

    assert take_back_both(event, NOON, PROGRAM, town) == [
        ReversePoints(
            program=PROGRAM,
            customer=customer,
            at=NOON,
            lot=LotId(lot),
            refund=RefundId("r-1"),
            remaining=Occasion(at=NOON),
            rules=RULES,
            rules_version=1,
        )
        for customer, lot in (
            (BO, "occasion/referrer/referral/anna"),
            (ANNA, "occasion/referee/referral/anna"),
        )
    ]


@pytest.mark.parametrize(
    "terms",
    [
        ReferralTerms(at_least=0, claw_back_days=0),
        ReferralTerms(at_least=MOST_MINOR, claw_back_days=MOST_DAYS),
    ],
)
def test_terms_may_go_as_far_as_their_bounds(terms: ReferralTerms) -> None:
    assert referral_story().when(evolve(CLAIM, terms=terms))


def test_claims_that_were_decided_stay_so() -> None:
    story = referral_story().given(CLAIM, ANSWER)

    assert story.when(CLAIM) == []
    assert story.when(evolve(CLAIM, terms=ReferralTerms())) == []
    assert story.when(evolve(ANSWER, ordered=True)) == []
    assert referral_story().when(ANSWER) == []


def test_what_was_never_referred_is_not_qualified_nor_clawed_back() -> None:
    story = referral_story()

    assert story.when(QUALIFY) == []
    assert story.when(CLAW_BACK) == []
    story.given(CLAIM, ANSWER)
    assert story.when(CLAW_BACK) == []
    story.given(QUALIFY)
    assert story.when(evolve(CLAW_BACK, order=OrderId("o-2"))) == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (ReferralTerms(currency="yuan"), "currency"),
        (ReferralTerms(at_least=-1), "at_least"),
        (ReferralTerms(at_least=MOST_MINOR + 1), "at_least"),
        (ReferralTerms(claw_back_days=-1), "claw_back_days"),
        (ReferralTerms(most=-1), "most"),
        (ReferralTerms(most=MOST_MINOR + 1), "most"),
        (ReferralTerms(most_days=0), "most_days"),
        (ReferralTerms(most_days=MOST_DAYS + 1), "most_days"),
        (ReferralTerms(claw_back_days=MOST_DAYS + 1), "claw_back_days"),
    ],
)
def test_terms_that_cannot_be_met_are_refused_by_their_field(
    terms: ReferralTerms, field: str
) -> None:
    with pytest.raises(ImpossibleReferral) as refused:
        referral_story().when(evolve(CLAIM, terms=terms))

    assert refused.value.field == field


def test_what_both_share_is_told_in_codes() -> None:
    with pytest.raises(NoCode) as refused:
        referral_story().when(evolve(CLAIM, shares=("the same flat",)))

    assert refused.value.field == "shares"


@given(st.lists(referral_commands(), max_size=10))
def test_a_customer_is_referred_once_and_a_repeat_adds_nothing(commands: list[Command]) -> None:
    story = referral_story()
    for command in commands:
        story.attempt(command)

        assert story.attempt(command) == []
    kinds = [type(event) for event in story.told]
    for once in (ReferralAccepted, ReferralQualified, ReferralClawedBack):
        assert kinds.count(once) <= 1
