"""A referrer earns for so many friends at most, and only for friends."""

import pytest
from attrs import evolve

from regulars.domain.order import OrderCompleted
from regulars.domain.policies_referral import decide_claim, qualify_on_completion, reward_both
from regulars.domain.referral import (
    MOST_DAYS,
    DecideReferral,
    ReferralClaimed,
    ReferralQualified,
    ReferralTerms,
)
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.values import MOST_MINOR, OccasionId
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, BO, ORDER
from tests.domain.points import award, close, join
from tests.domain.story import NOON, referral_story
from tests.domain.test_referral import ANSWER, CHEN, CLAIM, PROGRAMME, QUALIFY, TERMS, completed

LIMITED = evolve(TERMS, most=3, most_days=7)
QUALIFIED = ReferralQualified(
    program=PROGRAM,
    referee=ANNA,
    referrer=BO,
    order=ORDER,
    currency="CNY",
    most=3,
    most_days=7,
)


def test_an_order_qualifies_by_the_limits_that_were_claimed() -> None:
    story = referral_story().given(evolve(CLAIM, terms=LIMITED), ANSWER)

    assert story.when(QUALIFY) == [QUALIFIED]


def test_the_referrer_alone_is_limited() -> None:
    assert reward_both(QUALIFIED, NOON, Chronicle()) == [
        RecordOccasion(
            program=PROGRAM,
            customer=customer,
            at=NOON,
            occasion=OccasionId("referral/anna"),
            on=on,
            most=most,
            days=7,
        )
        for customer, on, most in ((BO, "referrer", 3), (ANNA, "referee", None))
    ]


def test_who_has_become_one_with_the_referrer_is_decided_on_as_one() -> None:
    claimed = ReferralClaimed(program=PROGRAM, referee=ANNA, referrer=BO, terms=TERMS)
    apart, one = chronicle([award("o-1", 1_00)]), chronicle([award("o-1", 1_00), join()])

    for town, merged in ((apart, False), (one, True)):
        assert decide_claim(claimed, NOON, PROGRAM, town) == [
            DecideReferral(
                program=PROGRAM, referee=ANNA, at=NOON, referrer=BO, ordered=True, merged=merged
            )
        ]


def test_who_brought_somebody_is_brought_by_them_under_no_other_id() -> None:
    chens = evolve(CLAIM, referee=CHEN, referrer=ANNA)
    claimed = ReferralClaimed(program=PROGRAM, referee=BO, referrer=CHEN, terms=TERMS)
    apart: list[Command] = [*PROGRAMME, chens, award("o-1", 1_00)]

    for told, mutual in ((apart, False), ([*apart, join()], True)):
        (decided,) = decide_claim(claimed, NOON, PROGRAM, chronicle(told))
        assert isinstance(decided, DecideReferral)
        assert decided.mutual == mutual


def test_an_order_that_earned_for_nobody_qualifies_nobody() -> None:
    town = chronicle([*PROGRAMME, *completed()])
    done = OrderCompleted(order=ORDER)

    assert len(qualify_on_completion(done, NOON, PROGRAM, town)) == 1
    town.tell(close())
    assert qualify_on_completion(done, NOON, PROGRAM, town) == []


@pytest.mark.parametrize(
    "terms",
    [
        ReferralTerms(most=0, most_days=1),
        ReferralTerms(most=MOST_MINOR, most_days=MOST_DAYS),
    ],
)
def test_limits_may_go_as_far_as_their_bounds(terms: ReferralTerms) -> None:
    assert referral_story().when(evolve(CLAIM, terms=terms))
