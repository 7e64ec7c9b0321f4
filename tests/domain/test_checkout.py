"""An order is placed with what the offers of its coupons take off it, or not at all."""

from typing import Any, Final

import pytest
from attrs import evolve

from regulars.domain.checkout import checkout
from regulars.domain.coupon import (
    CouponDoesNotCount,
    CouponRedeemed,
    IssueCoupon,
    RedeemCoupon,
    ReserveCoupon,
    UnknownCoupon,
)
from regulars.domain.coupons import Use
from regulars.domain.discounts import CouponOf, Discount, OnReturn, Share, WrongDiscount
from regulars.domain.merchant import RegisterMerchant, UpdateMerchantDetails
from regulars.domain.offer import DefineOffer, EndOffer, UnknownOffer
from regulars.domain.offer_limits import UNLIMITED, Limits
from regulars.domain.offer_terms import Basket, Kind, Reason, Scope, Terms
from regulars.domain.order import MarkDelivered
from regulars.domain.program import DefineProgram, PublishEarningRules, PublishTierLadder
from regulars.domain.purchase import Channel, PlaceOrder
from regulars.domain.scene import ANY, Scene
from regulars.domain.tier_ladder import Basis, Level, TierLadder
from regulars.domain.values import BEGINNING, CouponId, MerchantId, OfferId, OrderId
from tests.domain.carts import TEA, basket, off, percent
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, BO, NOODLES, PLACE, giving
from tests.domain.points import award
from tests.domain.story import NOON, minutes

TEN_OFF_FIFTY: Final = off(10_00, at_least=50_00)
TWO: Final = OrderId("o-2")
LADDER: Final = TierLadder(levels=(Level(tier="gold", least=100),), basis=Basis.EARNED)
PROGRAMME: Final = (
    DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
    PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(1)),
    PublishTierLadder(program=PROGRAM, at=BEGINNING, ladder=LADDER),
)


def coupon(offer: str = "spring", number: int = 1) -> CouponOf:
    return CouponOf(program=PROGRAM, offer=OfferId(offer), coupon=CouponId(f"{offer}-{number}"))


def offered(
    terms: Terms,
    offer: str = "spring",
    limits: Limits = UNLIMITED,
    scene: Scene = ANY,
) -> list[Command]:
    """An offer, and two coupons of it for Anna."""
    of: dict[str, Any] = {"program": PROGRAM, "offer": OfferId(offer), "at": BEGINNING}
    return [
        DefineOffer(**of, terms=terms, limits=limits, scene=scene),
        *(
            IssueCoupon(**of, coupon=coupon(offer, number).coupon, customer=ANNA)
            for number in (1, 2)
        ),
    ]


def order(cart: Basket, *discounts: Discount) -> PlaceOrder:
    """The order of a basket that says that these were taken off."""
    off_goods = sum(share.amount for one in discounts for share in one.shares)
    prices = sum((line.unit_price or 0) * line.quantity for line in cart.lines)
    return evolve(
        PLACE,
        currency=cart.currency,
        lines=cart.lines,
        delivery_fee=cart.delivery_fee,
        merchant=cart.merchant,
        channel=cart.channel,
        discount=off_goods,
        total=prices - off_goods,
        discounts=discounts,
    )


def by(of: CouponOf | None, *shares: int, delivery: int = 0) -> Discount:
    """A discount with these shares of the first lines."""
    return Discount(
        source="till",
        amount=sum(shares) + delivery,
        shares=tuple(Share(line=line, amount=part) for line, part in enumerate(shares, 1)),
        delivery=delivery,
        coupon=of,
    )


def why(town: Chronicle, place: PlaceOrder) -> CouponDoesNotCount:
    with pytest.raises(CouponDoesNotCount) as refused:
        town.tell(place)
    return refused.value


def due(town: Chronicle, place: PlaceOrder) -> Discount:
    """What the order had to say instead."""
    with pytest.raises(WrongDiscount) as refused:
        town.tell(place)
    assert str(refused.value)
    return refused.value.due


def test_an_order_below_the_minimum_of_its_coupon_is_not_placed() -> None:
    town = chronicle(offered(TEN_OFF_FIFTY))

    refused = why(town, order(basket(20_00), by(coupon(), 10_00)))

    assert (refused.offer, refused.coupon) == ("spring", "spring-1")
    assert (refused.reason, refused.needed, refused.found) == (
        Reason.CONDITION_FAILED,
        50_00,
        20_00,
    )
    assert str(refused).endswith("condition_failed: 5000 needed, 2000 found")


def test_a_coupon_takes_off_what_its_offer_says_and_nothing_else() -> None:
    cart = basket(30_00, 30_00)
    right = order(cart, by(coupon(), 5_00, 5_00))

    for wrong in (
        by(coupon(), 20_00, 20_00),
        by(coupon(), 4_99, 5_00),
        by(coupon(), 10_00, 0),
        evolve(by(coupon(), 5_00, 5_00), on_return=OnReturn.RECLAIM),
    ):
        found = due(chronicle(offered(TEN_OFF_FIFTY)), order(cart, wrong))
        assert (found.amount, found.shares) == (10_00, right.discounts[0].shares)
    town = chronicle(offered(TEN_OFF_FIFTY))
    town.tell(right)
    assert [one.amount for one in town.all(CouponRedeemed)] == [10_00]


def test_a_wrong_discount_is_told_with_what_it_would_be() -> None:
    town = chronicle(offered(TEN_OFF_FIFTY))

    with pytest.raises(WrongDiscount) as refused:
        town.tell(order(basket(60_00), by(coupon(), 40_00)))

    assert str(refused.value) == (
        "offer spring: the amount of coupon spring-1 is 10.00 for this order, and not 40.00"
    )


def test_lines_without_a_share_are_named_where_goods_may_lose_a_discount_on_return() -> None:
    tea_free = Terms(kind=Kind.FREE_ITEM, currency="CNY", value=1, scope=Scope(items=(TEA,)))
    cups = basket(5_00, 3_00)
    cups = evolve(cups, lines=tuple(evolve(line, item=TEA) for line in cups.lines))
    first_alone, both = by(coupon(), 5_00), by(coupon(), 5_00, 0)

    chronicle(offered(tea_free)).tell(order(cups, first_alone))
    chronicle(offered(tea_free)).tell(order(cups, both))

    returned = offered(evolve(tea_free, on_return=OnReturn.RECLAIM, at_least=8_00))
    found = due(chronicle(returned), order(cups, evolve(first_alone, on_return=OnReturn.RECLAIM)))
    assert found == evolve(both, source="spring", on_return=OnReturn.RECLAIM, at_least=8_00)
    without_line = evolve(first_alone, on_return=OnReturn.RECLAIM, at_least=8_00)
    assert due(chronicle(returned), order(cups, without_line)) == found
    without_least = evolve(both, on_return=OnReturn.RECLAIM)
    assert due(chronicle(returned), order(cups, without_least)) == found
    chronicle(returned).tell(order(cups, evolve(without_least, at_least=8_00)))


def test_free_delivery_is_what_there_is_of_the_fee() -> None:
    free = Terms(kind=Kind.FREE_DELIVERY, currency="CNY", value=4_00)
    cart = basket(20_00, delivery=6_00)

    assert due(chronicle(offered(free)), order(cart, by(coupon(), delivery=6_00))).delivery == 4_00
    chronicle(offered(free)).tell(order(cart, by(coupon(), delivery=4_00)))


def test_wc02_coupons_are_judged_one_after_another_in_the_order_of_the_discounts() -> None:
    two = [*offered(percent(10), "a"), *offered(percent(20, at_least=100_00), "b")]
    cart = basket(105_00)

    first = by(coupon("b"), 21_00)
    chronicle(two).tell(order(cart, first, by(coupon("a"), 8_40)))

    refused = why(chronicle(two), order(cart, by(coupon("a"), 10_50), first))
    assert (refused.offer, refused.reason, refused.found) == ("b", Reason.CONDITION_FAILED, 94_50)
    after_the_host = why(chronicle(two), order(cart, by(None, 6_00), by(coupon("b"), 19_80)))
    assert (after_the_host.reason, after_the_host.found) == (Reason.CONDITION_FAILED, 99_00)


def test_coupons_that_do_not_go_together_are_not_used_together() -> None:
    alone = evolve(off(1_00), exclusive=True)
    meal = evolve(off(2_00), stack_group="meal")
    all_three = [*offered(alone, "alone"), *offered(meal, "noon"), *offered(meal, "night")]
    pairs = [("alone", 1_00, "noon", 2_00), ("noon", 2_00, "alone", 1_00)]

    for one, less, other, more in [*pairs, ("noon", 2_00, "night", 2_00)]:
        both = order(basket(60_00), by(coupon(one), less), by(coupon(other), more))
        refused = why(chronicle(all_three), both)
        assert (refused.offer, refused.reason) == (other, Reason.NOT_STACKABLE)


def test_two_coupons_of_one_offer_count_as_often_as_its_limits_say() -> None:
    both = order(basket(60_00), by(coupon(), 1_00), by(coupon(number=2), 1_00))

    chronicle(offered(off(1_00), limits=Limits(per_customer=2))).tell(both)

    once = why(chronicle(offered(off(1_00), limits=Limits(per_customer=1))), both)
    assert (once.coupon, once.reason) == ("spring-2", Reason.CUSTOMER_LIMIT)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(items=(TEA,)),
        Scope(categories=("soup",)),
        Scope(merchants=(MerchantId("another"),)),
        Scope(channels=(Channel.PICKUP,)),
        Scope(tiers=("gold",)),
    ],
)
def test_an_order_out_of_the_scope_of_its_coupon_is_not_placed(scope: Scope) -> None:
    town = chronicle([*PROGRAMME, *offered(evolve(off(1_00), scope=scope))])

    assert why(town, order(basket(60_00), by(coupon(), 1_00))).reason is Reason.OUT_OF_SCOPE


def test_amounts_of_another_currency_are_not_taken_off() -> None:
    town = chronicle(offered(evolve(off(1_00), currency="EUR")))

    assert why(town, order(basket(60_00), by(coupon(), 1_00))).reason is Reason.OUT_OF_SCOPE


def test_the_tier_is_the_one_that_the_customer_has() -> None:
    gold = offered(evolve(off(1_00), scope=Scope(tiers=("gold",))))
    place = order(basket(60_00), by(coupon(), 1_00))

    chronicle([*PROGRAMME, *gold, award("before", 100_00)]).tell(place)

    silver = chronicle([*PROGRAMME, *gold, award("before", 99_00)])
    assert why(silver, place).reason is Reason.OUT_OF_SCOPE


def test_the_kind_of_merchant_is_the_one_that_was_told_last() -> None:
    noodles = offered(off(1_00), scene=Scene(merchant_categories=("noodles",)))
    soup = RegisterMerchant(merchant=NOODLES, at=NOON, category="soup")
    changed = UpdateMerchantDetails(merchant=NOODLES, at=NOON, category="noodles")
    named = UpdateMerchantDetails(merchant=NOODLES, at=NOON, name="Noodles")
    place = order(evolve(basket(60_00), merchant=NOODLES), by(coupon(), 1_00))

    chronicle([*noodles, soup, changed, named]).tell(place)

    for told in ([soup], [soup, named], []):
        assert why(chronicle([*noodles, *told]), place).reason is Reason.OUT_OF_SCOPE
    nobodys = evolve(place, merchant=None)
    assert why(chronicle([*noodles, soup, changed]), nobodys).reason is Reason.OUT_OF_SCOPE


def test_l10_a_first_order_is_one_before_which_none_earned() -> None:
    first = offered(off(1_00), scene=Scene(first_order=True))
    place = order(basket(60_00), by(coupon(), 1_00))
    before = (evolve(PLACE, order=TWO), MarkDelivered(order=TWO, at=NOON))

    chronicle([*PROGRAMME, *first]).tell(place)

    assert why(chronicle([*PROGRAMME, *first, *before]), place).reason is Reason.OUT_OF_SCOPE
    assert why(chronicle(first), place).reason is Reason.OUT_OF_SCOPE
    for_anybody = IssueCoupon(
        program=PROGRAM, offer=OfferId("spring"), coupon=CouponId("any"), at=NOON
    )
    unknown = evolve(coupon(), coupon=for_anybody.coupon)
    nobodys = evolve(order(basket(60_00), by(unknown, 1_00)), customer=None)
    refused = why(chronicle([*PROGRAMME, *first, for_anybody]), nobodys)
    assert refused.reason is Reason.OUT_OF_SCOPE


def test_an_order_that_is_told_late_is_the_first_if_none_had_earned_by_its_moment() -> None:
    first = offered(off(1_00), scene=Scene(first_order=True))
    place = order(basket(60_00), by(coupon(), 1_00))
    since = (evolve(PLACE, order=TWO), MarkDelivered(order=TWO, at=NOON + minutes(1)))

    town = chronicle([*PROGRAMME, *first, *since])

    later = evolve(place, order=OrderId("later"), at=NOON + minutes(1))
    assert why(town, later).reason is Reason.OUT_OF_SCOPE
    town.tell(place)


def hold(cart: Basket) -> ReserveCoupon:
    return ReserveCoupon(
        program=PROGRAM,
        offer=OfferId("spring"),
        coupon=coupon().coupon,
        at=NOON - minutes(10),
        order=PLACE.order,
        basket=cart,
        lapses_at=NOON + minutes(10),
        customer=ANNA,
    )


def test_what_an_order_holds_it_may_use_at_any_hour_but_on_no_other_basket() -> None:
    morning = Scene(hours=(11,), zone="UTC")
    held = [
        *offered(TEN_OFF_FIFTY, limits=Limits(until=NOON - minutes(5), total=1), scene=morning),
        hold(basket(60_00)),
        EndOffer(program=PROGRAM, offer=OfferId("spring"), at=NOON - minutes(1)),
    ]

    chronicle(held).tell(order(basket(60_00), by(coupon(), 10_00)))

    smaller = order(basket(20_00), by(coupon(), 10_00))
    assert why(chronicle(held), smaller).reason is Reason.CONDITION_FAILED
    assert due(chronicle(held), order(basket(60_00), by(coupon(), 40_00))).amount == 10_00


def test_what_an_order_holds_for_one_customer_is_not_there_for_any_other() -> None:
    held = chronicle([*offered(off(1_00)), hold(basket(60_00))])
    annas = order(basket(60_00), by(coupon(), 1_00))

    assert why(held, evolve(annas, customer=BO)).reason is Reason.WRONG_RECIPIENT


def test_who_takes_over_an_order_with_its_coupon_has_limits_too() -> None:
    once = Limits(per_customer=1, until=NOON - minutes(5))
    first, second = CouponId("first"), CouponId("second")
    of: dict[str, Any] = {"program": PROGRAM, "offer": OfferId("spring"), "at": BEGINNING}
    anybodys = [IssueCoupon(**of, coupon=one) for one in (first, second)]
    held = [
        *offered(off(1_00), limits=once),
        *anybodys,
        evolve(hold(basket(60_00)), coupon=second),
    ]
    using = {
        name: order(basket(60_00), by(evolve(coupon(), coupon=name), 1_00))
        for name in (first, second)
    }
    bos = evolve(using[first], order=TWO, customer=BO, at=NOON - minutes(9))
    place = evolve(using[second], customer=BO)

    told = chronicle(held)
    told.tell(place)
    assert [one.customer for one in told.all(CouponRedeemed)] == [BO]
    assert why(chronicle([*held, bos]), place).reason is Reason.CUSTOMER_LIMIT


def test_what_nobody_tells_of_an_order_was_settled_as_it_took_hold_of_its_coupon() -> None:
    scope = Scope(tiers=("gold",))
    scene = Scene(merchant_categories=("noodles",), first_order=True)
    cart = evolve(
        basket(60_00), tier="gold", merchant_category="noodles", orders_before=0, merchant=NOODLES
    )
    held = [*offered(evolve(off(1_00), scope=scope), scene=scene), hold(cart)]
    place = order(cart, by(coupon(), 1_00))

    chronicle(held).tell(place)

    assert why(chronicle([*PROGRAMME, *held]), place).reason is Reason.OUT_OF_SCOPE
    soup = RegisterMerchant(merchant=NOODLES, at=NOON, category="soup")
    assert why(chronicle([soup, *held]), place).reason is Reason.OUT_OF_SCOPE


def test_a_coupon_that_there_is_not_is_used_by_nobody() -> None:
    town = chronicle(offered(off(1_00)))

    with pytest.raises(UnknownCoupon):
        town.tell(order(basket(60_00), by(coupon(number=9), 1_00)))
    with pytest.raises(UnknownOffer):
        chronicle([]).tell(order(basket(60_00), by(coupon(), 1_00)))


def test_what_a_coupon_took_off_in_the_past_is_told_and_not_judged() -> None:
    town = chronicle(offered(TEN_OFF_FIFTY))
    fact = RedeemCoupon(
        program=PROGRAM,
        offer=OfferId("spring"),
        coupon=coupon().coupon,
        at=NOON,
        order=PLACE.order,
        amount=15_00,
        customer=ANNA,
    )

    town.tell(order(basket(20_00), by(None, 15_00)))
    town.tell(fact)

    (used,) = town.all(CouponRedeemed)
    assert (used.order, used.amount) == (PLACE.order, 15_00)
    town.tell(fact)
    assert town.all(CouponRedeemed) == [used]
    for other in (evolve(fact, order=TWO), evolve(fact, amount=9_00), evolve(fact, customer=BO)):
        with pytest.raises(CouponDoesNotCount) as refused:
            town.tell(other)
        assert str(refused.value) == "offer spring: coupon spring-1 does not count, used"
    before = chronicle([*offered(TEN_OFF_FIFTY), fact])
    assert why(before, order(basket(60_00), by(coupon(), 10_00))).reason is Reason.USED


def test_an_order_that_has_used_its_coupon_is_asked_what_it_would_take_off_again() -> None:
    town = chronicle(offered(off(1_00)))
    place = order(basket(60_00), by(coupon(), 1_00))
    town.tell(place)

    found = checkout(town, place, NOON, ()).verdict(coupon())

    assert (found.rejections, found.discount) == ((), evolve(place.discounts[0], source="spring"))


def test_a_coupon_is_judged_by_all_that_is_known_of_the_order() -> None:
    town = chronicle(offered(off(1_00)))
    cart = evolve(basket(60_00), merchant=NOODLES, channel=Channel.PICKUP)
    place = order(cart, by(None, 6_00))
    bought = checkout(town, place, NOON, place.discounts)

    assert bought.verdict(coupon()).use == Use(
        coupon=coupon().coupon,
        order=PLACE.order,
        at=NOON,
        customer=ANNA,
        basket=cart,
        taken=bought.taken,
        untold=("tiers", "merchant_categories", "first_order"),
        is_placed=True,
        person=(ANNA,),
    )
    assert [one.discount for one in bought.taken] == [by(None, 6_00)]


def test_a_coupon_is_asked_about_beside_another_of_its_offer() -> None:
    town, first = chronicle(offered(off(1_00), limits=Limits(per_customer=1))), by(coupon(), 1_00)
    found = checkout(town, order(basket(60_00), first), NOON, (first,))

    refused = found.verdict(coupon(number=2)).rejections
    assert [one.reason for one in refused] == [Reason.CUSTOMER_LIMIT]
