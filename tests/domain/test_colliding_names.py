"""Ids of hosts that look like names of the product, or like two ids in one, take nothing."""

from typing import Any, Final

import pytest
from attrs import evolve

from regulars.domain import loyalty
from regulars.domain.account_merge import LoyaltyAccountAbsorbed, SeparateAccount
from regulars.domain.coupon import CouponIssued, CouponRevoked
from regulars.domain.loyalty import AwardPoints, PointsEarned
from regulars.domain.policies_referral import earned_by
from regulars.domain.reversal import PointsReversed
from regulars.domain.told_ids import ToldOccasion, ToldThere
from regulars.domain.told_occasions import OccasionDiffers, OccasionRecorded
from regulars.domain.values import (
    CampaignId,
    CouponId,
    CustomerId,
    GrantId,
    LotId,
    OccasionId,
    OrderId,
    TransferId,
)
from tests.domain.chronicle import PROGRAM, Chronicle, chronicle
from tests.domain.examples import ANNA, BO, DELIVER, PLACE, REFUND
from tests.domain.points import award, give, join
from tests.domain.story import NOON, account_story, minutes
from tests.domain.test_benefits import CAKE, club, issued
from tests.domain.test_benefits import DEFINE as DEFINE_CAKE
from tests.domain.test_campaign import CANCEL, DRAFT, GRANT, LAUNCH, MAIL, PLAN
from tests.domain.test_offer import DEFINE, ISSUE, SPRING
from tests.domain.test_referral import CLAIM, PROGRAMME, completed
from tests.domain.test_told_occasions import TOWN, told
from tests.domain.test_transfer import town

LUNCH: Final = (
    DEFINE,
    evolve(DRAFT, plan=evolve(PLAN, variants=(evolve(MAIL, offer=SPRING),))),
    LAUNCH,
)
"""A campaign that brings coupons of an offer."""


def coupons(there: Chronicle) -> dict[str, CustomerId | None]:
    return {one.coupon: one.customer for one in there.all(CouponIssued)}


def test_an_order_that_is_named_like_an_occasion_earns_and_is_refunded_by_itself() -> None:
    name = OrderId("birthday/2024")
    order: list[Any] = [evolve(one, order=name) for one in (PLACE, DELIVER, REFUND)]
    there = chronicle([*TOWN, told(NOON, "2024"), *order])

    assert [one.points for one in there.all(PointsEarned)] == [50, 100]
    (taken,) = there.all(PointsReversed)
    assert (taken.lot, taken.points) == (LotId(name), 40)
    assert [one.lot for one in taken.allocations] == [LotId(name)]


def test_coupons_of_campaigns_and_grants_that_read_alike_are_two() -> None:
    other = evolve(GRANT, grant=GrantId("b/g-1"), customer=BO)
    some = [evolve(one, campaign=CampaignId("a/b")) for one in (*LUNCH[1:], GRANT, CANCEL)]
    others = [evolve(one, campaign=CampaignId("a")) for one in (*LUNCH[1:], other)]

    there = chronicle([DEFINE, *others, *some])

    assert coupons(there) == {"campaign/a/b/g-1": BO, "campaign/a%2Fb/g-1": ANNA}
    assert [one.coupon for one in there.all(CouponRevoked)] == ["campaign/a%2Fb/g-1"]


def test_a_coupon_that_was_named_like_a_grant_keeps_nobody_from_it() -> None:
    taken = evolve(ISSUE, coupon=CouponId("lunch/g-1"), customer=BO)

    there = chronicle([*LUNCH, taken, GRANT, CANCEL])

    assert coupons(there) == {"lunch/g-1": BO, "campaign/lunch/g-1": ANNA}
    assert [one.coupon for one in there.all(CouponRevoked)] == ["campaign/lunch/g-1"]


def test_a_coupon_that_was_named_like_a_benefit_keeps_no_order_from_its_delivery() -> None:
    there = club(DEFINE_CAKE)
    there.tell(evolve(ISSUE, offer=CAKE, coupon=CouponId("benefit/gift/anna/1"), customer=BO))

    there.tell(award("o-1", 500_00))

    assert there.account(ANNA).tier.tier == "gold"
    assert coupons(there) == {"benefit/gift/anna/1": BO, "benefit/gift/anna/2": ANNA}


def test_each_of_two_terms_within_a_day_brings_a_coupon() -> None:
    there = club(DEFINE_CAKE)
    there.tell(award("o-1", 120_00))
    there.tell(award("o-2", 400_00, at=NOON + minutes(1)))

    assert issued(there) == ["benefit/gift/anna/1", "benefit/gift/anna/2"]


def test_a_referral_is_no_occasion_that_a_host_told_of_who_was_referred() -> None:
    survey = evolve(told(NOON, "anna"), customer=BO, on="survey")

    there = chronicle([*PROGRAMME, survey, CLAIM, *completed()])

    assert [one.occasion for one in there.all(OccasionRecorded) if one.customer == BO] == [
        "anna",
        "referral/anna",
    ]
    assert [one.points for one in there.all(PointsEarned) if one.customer == BO] == [80]


def of_bo(lot: str, *, is_order: bool) -> AwardPoints:
    """Eighty points, of an order or of an occasion that an older version named."""
    order = OrderId(lot) if is_order else None
    return evolve(
        award(lot, 80_00), customer=BO, order=order, on="order" if is_order else "referrer"
    )


def test_what_a_referral_earned_under_an_older_name_is_found_and_no_order_is_taken_for_it() -> None:
    older, order = (
        chronicle([*PROGRAMME, of_bo("referrer/anna", is_order=one)]) for one in (False, True)
    )

    assert earned_by(older, BO, "referrer", ANNA) == [(BO, LotId("referrer/anna"))]
    assert earned_by(order, BO, "referrer", ANNA) == []


def test_transfers_of_customers_that_read_alike_are_lots_of_their_own() -> None:
    slash, plain = CustomerId("a/b"), CustomerId("a")
    written = town(
        *(evolve(award(f"o-{one}", 10_00), customer=one) for one in (slash, plain)),
        evolve(give(4), customer=slash, transfer=TransferId("t")),
        evolve(give(5), customer=plain, transfer=TransferId("b/t")),
    )

    lots = written.account(BO).lots.known
    assert {name: lot.left for name, lot in lots.items()} == {
        "transfer/a%2Fb/t/1": 4,
        "transfer/a/b%2Ft/1": 5,
    }


def test_another_occasion_under_an_id_is_refused_also_after_a_merge() -> None:
    survey = evolve(told(NOON, "2024"), on="survey")
    there = town(told(NOON, "2024"), evolve(told(NOON, "o"), customer=BO), join())

    there.recorded(SeparateAccount(program=PROGRAM, customer=ANNA, at=NOON))
    for whose in (ANNA, BO):
        with pytest.raises(OccasionDiffers):
            there.recorded(evolve(survey, customer=whose))
        assert there.recorded(evolve(told(NOON, "2024"), customer=whose)) == []


def test_an_occasion_that_an_older_merge_brought_is_known_by_its_id_alone() -> None:
    story = account_story().given(award("o-1", 5_00))
    came = LoyaltyAccountAbsorbed(
        program=PROGRAM,
        customer=ANNA,
        absorbed=BO,
        points=0,
        merged_at=NOON,
        told=ToldThere(occasions=(ToldOccasion(occasion=OccasionId("2024"), on=None),)),
    )
    loyalty.fold(story.state, came, NOON)

    assert story.when(evolve(told(NOON, "2024"), on="survey")) == []
