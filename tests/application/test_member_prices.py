"""A simulated order has what its customer's tier takes off, and can be placed as it is told."""

from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve

from regulars.application.simulating import PointsOffered, Simulate, Simulation
from regulars.domain.benefits import Benefit, BenefitId, BenefitKind
from regulars.domain.coupon import ReserveCoupon
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Kind, Reason, Terms
from regulars.domain.program import PublishTierBenefits
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import BEGINNING, CouponId, OfferId
from tests.application.memory_crm import Parts
from tests.application.test_simulating import of, shop, simulated
from tests.application.test_why_not import coupon, named, offer
from tests.domain.carts import basket, off, place
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, ORDER, PLACE
from tests.domain.points import award
from tests.domain.story import NOON, minutes

SILVER: Final = ("silver",)
FREE: Final = Benefit(
    benefit=BenefitId("free"),
    kind=BenefitKind.FREE_DELIVERY,
    tiers=SILVER,
    terms=Terms(kind=Kind.FREE_DELIVERY, currency="CNY", value=0, most=5_00),
)
TENTH: Final = Benefit(
    benefit=BenefitId("tenth"),
    kind=BenefitKind.DISCOUNT,
    tiers=SILVER,
    terms=Terms(kind=Kind.PERCENT, currency="CNY", value=10_00, at_least=50_00),
)
CART: Final = basket(60_00, delivery=6_00)


@pytest.fixture
def town() -> Parts:
    """Anna is silver, and has a coupon of 1 yuan that has to be reserved."""
    return shop(
        PublishTierBenefits(program=PROGRAM, at=BEGINNING, benefits=(FREE, TENTH)),
        award("before", 250_00, NOON - minutes(60)),
        offer("held", off(1_00), Limits(reservation_required=True)),
        coupon("h-1", "held"),
    )


def taken_off(found: Simulation) -> list[tuple[str, int]]:
    return [(one.source, one.amount) for one in found.order.discounts]


def test_an_order_has_the_benefits_of_the_tier_and_is_placed_as_it_was_told(town: Parts) -> None:
    found = simulated(town, Simulate(order=of(CART)))

    assert taken_off(found) == [("tier/free", 5_00), ("tier/tenth", 6_00)]
    assert (found.order.discount, found.order.total, found.to_pay) == (6_00, 54_00, 55_03)
    assert found.before is not None
    assert found.before.tier == "silver"
    assert simulated(town, Simulate(order=found.order)).order == found.order
    town.execute(found.order)


def test_points_pay_what_the_tier_leaves(town: Parts) -> None:
    points = PointsOffered(points=54, amount=54_00)

    assert simulated(town, Simulate(order=of(CART), points=points)).order.total == 0


@pytest.mark.parametrize(
    "order",
    [
        evolve(of(CART), customer=None),
        of(basket(delivery=6_00)),
        PLACE,
        evolve(of(CART), lines=(evolve(CART.lines[0], unit_price=None),)),
        place(CART, points=20),
    ],
    ids=["of nobody", "without lines", "in all", "without a price", "paid by points"],
)
def test_what_cannot_be_counted_is_left_as_it_is(town: Parts, order: PlaceOrder) -> None:
    assert simulated(town, Simulate(order=order)).order == order


def test_what_does_not_come_to_enough_has_the_delivery_alone(town: Parts) -> None:
    small = simulated(town, Simulate(order=of(basket(49_99, delivery=6_00))))

    assert taken_off(small) == [("tier/free", 5_00)]


def test_a_coupon_that_has_to_be_reserved_counts_only_if_it_is(town: Parts) -> None:
    held = named("h-1", "held")
    simulate = Simulate(order=of(CART), coupons=(held,))

    (refused,) = simulated(town, simulate).coupons
    assert [one.reason for one in refused.objections] == [Reason.RESERVATION_REQUIRED]
    assert refused.discount is None
    town.execute(
        ReserveCoupon(
            program=PROGRAM,
            offer=OfferId("held"),
            coupon=CouponId("h-1"),
            at=NOON,
            order=ORDER,
            customer=ANNA,
            basket=CART,
            lapses_at=NOON + timedelta(minutes=30),
        )
    )
    found = simulated(town, simulate)
    assert taken_off(found)[-1] == ("held", 1_00)
    assert simulated(town, Simulate(order=found.order)).order == found.order
