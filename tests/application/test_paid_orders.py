"""Orders that are paid with points, through the whole core."""

from typing import Any

import pytest
from attrs import evolve

from regulars.application.batch import Receipt
from regulars.application.door import Request
from regulars.domain.coupon import CouponIssued, OfferIsOver
from regulars.domain.discounts import CouponOf
from regulars.domain.earning_rules import Group, Rule, RuleId, RuleSet
from regulars.domain.holding import PointsReservationReleased, PointsReserved
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer import EndOffer
from regulars.domain.order import OrderDelivered
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.redemption import NotEnoughPoints, PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import RedemptionId
from tests.application.memory_crm import Parts, memory_core
from tests.domain.carts import basket, off, place
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import DELIVER, giving
from tests.domain.points import award
from tests.domain.story import NOON
from tests.domain.test_claim import CLAIM, FREE_TEA, PUBLISH
from tests.domain.test_discounts import back
from tests.domain.test_offer import C1, DEFINE, ISSUE, SPRING
from tests.domain.test_policies_payment import CANCEL, PAID
from tests.domain.test_reward_catalogue import MUG


@pytest.fixture
def shop() -> Parts:
    """A shop in which Anna has 300 points."""
    shop = memory_core()
    define = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
    shop.execute(define, award("before", 300_00))
    return shop


def moved(shop: Parts, kind: type[Any]) -> list[int]:
    """The points of each event of a kind."""
    events: list[Any] = [one.event for one in shop.events()]
    return [event.points for event in events if isinstance(event, kind)]


def test_an_order_without_its_points_leaves_no_trace(shop: Parts) -> None:
    shop.execute(DEFINE, ISSUE)
    head = shop.storage.log.head()
    cart = place(basket(75_00, 25_00), off(10_00), points=301)
    coupon = CouponOf(program=PROGRAM, offer=SPRING, coupon=C1)
    discounts = tuple(evolve(one, coupon=coupon) for one in cart.discounts)

    with pytest.raises(NotEnoughPoints):
        shop.execute(evolve(cart, discounts=discounts))

    assert shop.storage.log.head() == head


def test_a_delivery_spends_and_earns_in_one_transaction(shop: Parts) -> None:
    shop.execute(PublishEarningRules(program=PROGRAM, at=NOON, rules=giving(1)))
    shop.execute(PAID)
    head = shop.storage.log.head()
    shop.execute(DELIVER)

    events = [one.event for one in shop.events(after=head)]
    assert [type(event) for event in events] == [OrderDelivered, PointsRedeemed, PointsEarned]


def test_a_life_told_in_one_request_is_the_same(shop: Parts) -> None:
    shop.execute(PublishEarningRules(program=PROGRAM, at=NOON, rules=giving(1)))
    shop.execute(PAID, DELIVER, back("r-1", line_1=1), back("r-2", line_2=1))

    assert moved(shop, PointsRedeemed) == [300]
    assert moved(shop, RedemptionReversed) == [225, 75]
    assert moved(shop, PointsReversed) == [64, 21]


def test_an_order_that_is_cancelled_as_it_is_placed_holds_nothing(shop: Parts) -> None:
    shop.execute(PAID, CANCEL)

    assert moved(shop, PointsReserved) == moved(shop, PointsReservationReleased) == [300]


def test_goods_that_points_paid_for_keep_the_bonus_of_their_order(shop: Parts) -> None:
    bonus = RuleSet(groups=(Group(rules=(Rule(rule=RuleId("each"), bonus=7),)),))
    shop.execute(PublishEarningRules(program=PROGRAM, at=NOON, rules=bonus))
    shop.execute(place(basket(1_50, 1_50), points=300), DELIVER)
    shop.execute(back("r-1", line_1=1))
    shop.execute(back("r-2", line_2=1))

    assert moved(shop, RedemptionReversed) == [150, 150]
    assert moved(shop, PointsReversed) == [0, 7]


def test_a_reward_and_its_coupon_are_one_transaction(shop: Parts) -> None:
    shop.execute(FREE_TEA, PUBLISH)
    head = shop.storage.log.head()
    shop.execute(CLAIM, id="claim-1")
    again = shop.execute(CLAIM, id="claim-1")

    events = [one.event for one in shop.events(after=head)]
    assert [type(event) for event in events] == [PointsRedeemed, CouponIssued]
    assert again.repeated


def test_a_reward_whose_offer_is_over_spends_nothing(shop: Parts) -> None:
    shop.execute(FREE_TEA, PUBLISH, EndOffer(program=PROGRAM, offer=FREE_TEA.offer, at=NOON))

    with pytest.raises(OfferIsOver):
        shop.execute(CLAIM)
    assert moved(shop, PointsRedeemed) == []


def test_many_claims_at_once_are_priced_one_by_one(shop: Parts) -> None:
    shop.execute(FREE_TEA, PUBLISH)
    mugs = [
        Request(
            commands=(evolve(CLAIM, reward=MUG.reward, redemption=RedemptionId(f"mug-{number}")),),
            by="agent:7",
        )
        for number in (1, 2)
    ]
    first, second = shop.execute_all(*mugs)

    assert isinstance(first, Receipt)
    assert isinstance(second, NotEnoughPoints)
