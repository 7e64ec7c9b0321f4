from typing import Any

from attrs import evolve

from regulars.domain.coupon import (
    AtCheckout,
    IssueCoupon,
    RedeemCoupon,
    RestoreCoupon,
    RevokeCoupon,
)
from regulars.domain.discounts import CouponOf, Discount, Share
from regulars.domain.offer_terms import Basket, Taken
from regulars.domain.order import OrderCancelled
from regulars.domain.policies_coupons import give_back_coupons, take_back_coupons, use_coupons
from regulars.domain.purchase import OrderPlaced
from regulars.domain.refund import RefundIssued
from regulars.domain.values import CouponId, OfferId
from tests.domain.chronicle import PROGRAM, Chronicle
from tests.domain.examples import ANNA, FIRST, ORDER
from tests.domain.story import NOON

USED = CouponOf(program=PROGRAM, offer=OfferId("spring"), coupon=CouponId("c-1"))
BROUGHT = CouponOf(program=PROGRAM, offer=OfferId("thanks"), coupon=CouponId("c-2"))
PLACED = OrderPlaced(order=ORDER, currency="CNY", total=90_00, customer=ANNA)
REFUNDED = RefundIssued(
    order=ORDER,
    refund=FIRST,
    currency="CNY",
    amount=90_00,
    goods=90_00,
    goodwill=0,
    goods_refunded=90_00,
    total=90_00,
    placed_at=NOON,
    customer=ANNA,
)


def of(coupon: CouponOf) -> dict[str, Any]:
    return {
        "program": PROGRAM,
        "offer": coupon.offer,
        "coupon": coupon.coupon,
        "at": NOON,
    }


def test_an_order_uses_the_coupons_of_its_discounts_and_brings_others() -> None:
    ten_off = Discount(
        source="coupon", amount=10_00, shares=(Share(line=1, amount=10_00),), coupon=USED
    )
    promotion = Discount(source="friday", amount=5_00)
    placed = evolve(PLACED, discounts=(promotion, ten_off), brings=(BROUGHT,))

    told = AtCheckout(
        discount=ten_off,
        basket=Basket(currency="CNY", lines=()),
        taken=(Taken(discount=promotion),),
        untold=("tiers", "merchant_categories", "first_order"),
    )

    assert use_coupons(placed, NOON, Chronicle()) == [
        RedeemCoupon(**of(USED), order=ORDER, amount=10_00, customer=ANNA, checkout=told),
        IssueCoupon(**of(BROUGHT), customer=ANNA, order=ORDER),
    ]


def test_a_cancelled_order_gives_back_what_it_used_and_loses_what_it_brought() -> None:
    cancelled = OrderCancelled(
        order=ORDER, currency="CNY", placed_at=NOON, coupons=(USED,), takes_back=(BROUGHT,)
    )

    assert give_back_coupons(cancelled, NOON) == [
        RestoreCoupon(**of(USED), order=ORDER),
        RevokeCoupon(**of(BROUGHT), reason="order-cancelled"),
    ]


def test_an_order_that_is_paid_back_loses_what_it_brought() -> None:
    assert take_back_coupons(evolve(REFUNDED, takes_back=(BROUGHT,)), NOON) == [
        RevokeCoupon(**of(BROUGHT), reason="order-refunded")
    ]
