"""How many points may pay for an order that is to be placed, and why no more."""

from attrs import evolve

from regulars.application.simulating import PointsOffered, Simulate
from regulars.domain.points_payment import Bound
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reward_catalogue import PricedReward, PublishRewards, RewardKind
from regulars.domain.values import BEGINNING, Money, OrderId, ReservationId, RewardId
from tests.application.memory_crm import Parts
from tests.application.test_simulating import of, shop, simulated
from tests.application.test_why_not import coupon, named, offer
from tests.domain.carts import basket, off
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ORDER, PLACE
from tests.domain.points import award, reserve


def test_how_many_points_may_pay_is_told_with_why_no_more() -> None:
    bag = (offer("a", off(10_00)), coupon("a-1", "a"), award("before", 100_00))
    cash = PricedReward(
        reward=RewardId("cash"),
        kind=RewardKind.CASH,
        points=1,
        value=Money(minor=5, currency="CNY"),
    )
    catalogue = PublishRewards(program=PROGRAM, at=BEGINNING, rewards=(cash,))
    priced, unpriced = shop(*bag, catalogue), shop(*bag)

    def most(
        town: Parts, order: PlaceOrder, points: PointsOffered | None = None
    ) -> tuple[int, int | None, Bound]:
        wish = Simulate(
            order=order, coupons=(named("a-1", "a"),) if order.lines else (), points=points
        )
        usable = simulated(town, wish).usable
        return usable.points, usable.amount, usable.bound

    cart = of(basket(60_00))
    assert most(unpriced, cart) == (100, None, Bound.BALANCE)
    assert most(priced, cart) == (100, 5_00, Bound.BALANCE)
    assert most(priced, of(basket(12_00))) == (40, 2_00, Bound.GOODS)
    some = PointsOffered(points=20, amount=1_00)
    assert most(priced, of(basket(12_00)), some) == (40, 2_00, Bound.GOODS)
    assert most(priced, PLACE) == (0, 0, Bound.LINES)
    assert most(priced, evolve(PLACE, customer=None)) == (0, 0, Bound.NOBODY)
    for odd in (
        evolve(cart, total=59_00),
        evolve(cart, lines=(evolve(cart.lines[0], unit_price=None),)),
    ):
        found = simulated(priced, Simulate(order=odd)).usable
        assert found.bound is Bound.LINES


def test_points_that_are_held_for_the_basket_may_pay_and_others_that_are_held_may_not() -> None:
    own = evolve(reserve(30), reservation=ReservationId(ORDER))
    other = evolve(own, order=OrderId("another"))
    cart = Simulate(order=of(basket(60_00)))

    for hold, points in ((own, 50), (other, 20), (reserve(30), 20)):
        town = shop(award("before", 50_00), hold)
        assert simulated(town, cart).usable.points == points
