"""Scenes: lunch on workdays, one kind of merchant, and the first order of a customer."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from regulars.domain.coupon import CouponDoesNotCount, CouponRejected, ReserveCoupon
from regulars.domain.offer import ImpossibleOffer
from regulars.domain.offer_terms import Reason, Rejection
from regulars.domain.scene import ANY, Scene
from regulars.domain.values import OrderId
from tests.domain.carts import basket
from tests.domain.story import OfferStory, offer_story
from tests.domain.test_offer import DEFINE, ISSUE, REDEEM, RESERVE

LUNCH = Scene(hours=(11, 12), weekdays=(1, 2, 3, 4, 5), zone="Asia/Shanghai")
# Friday 17 May 2024 in Shanghai, eleven in the morning.
ELEVEN = datetime(2024, 5, 17, 3, tzinfo=UTC)
FIRST = evolve(basket(60_00), orders_before=0)


def offered(scene: Scene) -> OfferStory:
    return offer_story().given(evolve(DEFINE, scene=scene), ISSUE)


def why(story: OfferStory, reserve: ReserveCoupon) -> Rejection:
    (rejected,) = story.when(reserve)
    assert isinstance(rejected, CouponRejected)
    return rejected.rejection


@pytest.mark.parametrize(
    ("hours", "days", "misfit"),
    [
        (0, 0, None),
        (2, 0, "hours"),
        (1.99, 0, None),
        (-0.01, 0, "hours"),
        (0, 1, "weekdays"),
        (0, 3, None),
    ],
)
def test_a_lunch_offer_counts_at_noon_on_workdays(
    hours: float, days: int, misfit: str | None
) -> None:
    at = ELEVEN + timedelta(hours=hours, days=days)

    assert LUNCH.misfits(at, None) == ((misfit,) if misfit else ())
    assert ANY.misfits(at, FIRST) == ()


def test_a_coupon_out_of_its_scene_is_rejected_and_in_it_counts() -> None:
    story = offered(LUNCH)
    noon = ELEVEN + timedelta(days=7)
    reserve = evolve(RESERVE, at=noon, lapses_at=noon + timedelta(days=1))

    late = evolve(reserve, at=noon + timedelta(hours=2))
    assert why(story, late) == Rejection(reason=Reason.OUT_OF_SCOPE)
    with pytest.raises(CouponDoesNotCount):
        story.when(evolve(REDEEM, at=late.at))
    assert story.given(reserve).when(evolve(REDEEM, at=late.at))


def test_l10_a_discount_on_the_first_order_counts_until_one_was_delivered() -> None:
    scene = Scene(first_order=True)
    story = offered(scene)

    assert scene.misfits(ELEVEN, evolve(FIRST, orders_before=1)) == ("first_order",)
    for before in (1, None):
        other = OrderId(f"after {before}")
        reserve = evolve(RESERVE, order=other, basket=evolve(FIRST, orders_before=before))
        assert why(story, reserve).reason is Reason.OUT_OF_SCOPE
    assert story.when(evolve(RESERVE, basket=FIRST))


def test_an_offer_for_a_kind_of_merchants_counts_at_no_other() -> None:
    scene = Scene(merchant_categories=("noodles",))

    assert scene.misfits(ELEVEN, evolve(FIRST, merchant_category="noodles")) == ()
    assert scene.misfits(ELEVEN, FIRST) == ("merchant_categories",)


@pytest.mark.parametrize(
    ("scene", "field"),
    [
        (Scene(hours=(24,)), "hours"),
        (Scene(weekdays=(0,)), "weekdays"),
        (Scene(zone="nowhere"), "zone"),
        (Scene(hours=(11,)), "zone"),
        (Scene(weekdays=(5,)), "zone"),
    ],
)
def test_a_scene_that_never_is_is_refused_by_its_field(scene: Scene, field: str) -> None:
    with pytest.raises(ImpossibleOffer) as refused:
        offer_story().when(evolve(DEFINE, scene=scene))

    assert refused.value.field == field
