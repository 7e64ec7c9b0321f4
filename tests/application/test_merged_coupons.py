"""Coupons of merged customers through the whole core: used, limited, listed and erased."""

import pytest
from attrs import evolve

from regulars.application.batch import Receipt
from regulars.application.coupons import CouponsOf, CouponStanding
from regulars.application.member_center import MemberCenter
from regulars.application.simulating import Simulate
from regulars.application.why_not import WhyNot
from regulars.domain.coupon import (
    CouponDoesNotCount,
    CouponRedeemed,
    CouponRejected,
    CouponReserved,
    ReserveCoupon,
)
from regulars.domain.customer import RegisterCustomer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Reason
from regulars.domain.values import CustomerId, OrderId
from tests.application.memory_crm import Parts, memory_core, request
from tests.application.test_why_not import coupon, named, offer
from tests.domain.carts import basket, off
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON, minutes
from tests.domain.test_checkout import order
from tests.domain.test_persons import bought, merge, revert

ANNAS, BOS = named("a-1"), named("b-1")


def town(*commands: Command) -> Parts:
    """Anna and Bo have a coupon each of an offer that counts once for a customer."""
    made = memory_core()
    for command in (
        RegisterCustomer(customer=ANNA, at=NOON),
        RegisterCustomer(customer=BO, at=NOON),
        offer("spring", off(1_00), Limits(per_customer=1)),
        coupon("a-1", "spring", ANNA),
        coupon("b-1", "spring", BO),
        *commands,
    ):
        made.execute(command)
    return made


def listed(of: Parts, customer: CustomerId, as_of: int | None = None) -> list[tuple[str, str, str]]:
    found = of.crm.ask(CouponsOf(customer=customer), as_of=as_of)
    return [(one.coupon, one.customer, one.standing(NOON).value) for one in found]


def test_c5_the_survivor_sees_all_coupons_and_each_sees_their_own_once_they_part() -> None:
    shop = town()
    before = shop.storage.log.head()
    shop.execute(merge(ANNA, BO))
    merged = shop.storage.log.head()
    shop.execute(bought("o-1", BO, ANNAS))

    annas = ("a-1", ANNA, "used")
    assert listed(shop, BO) == [annas, ("b-1", BO, "usable")]
    assert listed(shop, ANNA) == [annas]
    member = shop.crm.ask(MemberCenter(customer=BO))
    assert [one.coupon for one in member.coupons] == ["b-1"]
    assert listed(shop, BO, merged) == [("a-1", ANNA, "usable"), ("b-1", BO, "usable")]
    assert listed(shop, BO, before) == [("b-1", BO, "usable")]
    shop.execute(revert(ANNA, BO))
    assert listed(shop, BO) == [("b-1", BO, "usable")]
    assert listed(shop, ANNA) == [annas]


def test_an_order_of_the_survivor_uses_what_the_absorbed_was_given_within_the_limit_of_both() -> (
    None
):
    shop = town(merge(ANNA, BO), bought("o-1", BO, ANNAS))

    with pytest.raises(CouponDoesNotCount) as refused:
        shop.execute(bought("o-2", BO, BOS))

    assert refused.value.reason is Reason.CUSTOMER_LIMIT
    used = [one.event for one in shop.events() if isinstance(one.event, CouponRedeemed)]
    assert [(one.coupon, one.customer) for one in used] == [("a-1", BO)]


def test_what_is_merged_in_a_batch_counts_for_what_follows_in_it() -> None:
    shop = town()

    outcomes = shop.execute_all(
        request(bought("o-1", BO, ANNAS)),
        request(merge(ANNA, BO)),
        request(bought("o-1", BO, ANNAS)),
    )

    assert [isinstance(one, Receipt) for one in outcomes] == [False, True, True]


def test_baskets_that_come_in_a_batch_take_hold_within_the_limit_of_the_person() -> None:
    shop = town(merge(ANNA, BO))
    hold = ReserveCoupon(
        program=PROGRAM,
        offer=ANNAS.offer,
        coupon=ANNAS.coupon,
        at=NOON,
        order=OrderId("o-1"),
        basket=basket(60_00),
        lapses_at=NOON + minutes(15),
        customer=BO,
    )

    shop.execute_all(
        request(hold),
        request(evolve(hold, coupon=BOS.coupon, order=OrderId("o-2"), customer=ANNA)),
        request(evolve(hold, coupon=BOS.coupon, order=OrderId("o-3"), customer=None)),
    )

    held = [one.event for one in shop.events() if isinstance(one.event, CouponReserved)]
    whys = [one.event for one in shop.events() if isinstance(one.event, CouponRejected)]
    assert [one.order for one in held] == ["o-1"]
    assert [(one.order, one.rejection.reason) for one in whys] == [
        ("o-2", Reason.CUSTOMER_LIMIT),
        ("o-3", Reason.WRONG_RECIPIENT),
    ]


def test_why_not_and_simulate_ask_for_the_person_too() -> None:
    place = bought("o-1", BO, ANNAS)
    wish = Simulate(order=evolve(order(basket(60_00)), customer=BO), coupons=(ANNAS,))
    alone, merged = town(), town(merge(ANNA, BO))

    assert alone.crm.ask(WhyNot(coupon=ANNAS, order=place)).objections
    assert not merged.crm.ask(WhyNot(coupon=ANNAS, order=place)).objections
    found = merged.crm.ask(wish)
    assert [one.coupon for one in found.order.discounts] == [ANNAS]
    assert merged.crm.ask(Simulate(order=found.order)).order == found.order
    with pytest.raises(CouponDoesNotCount):
        alone.crm.ask(Simulate(order=found.order))


def test_an_erasure_of_the_survivor_leaves_the_coupons_of_both_as_they_are() -> None:
    shop = town(merge(ANNA, BO), bought("o-1", BO, ANNAS))
    before = listed(shop, BO)

    shop.crm.erasures.erase(BO, by="officer:1", basis="asked")

    assert listed(shop, BO) == before
    assert CouponStanding.USED.value in {standing for *_, standing in before}
