"""The worked examples of discounts under their ids, and what holds for every basket."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.discounts import CouponOf, Discount, OnReturn, Share
from regulars.domain.offer_terms import (
    Basket,
    Kind,
    Offered,
    Quote,
    Reason,
    Rejection,
    Scope,
    Terms,
    after,
    flaw,
    granted,
    in_the_way,
    nothing_counted,
    objections,
    out_of_scope,
    quote,
    rejection,
)
from regulars.domain.purchase import Channel
from regulars.domain.values import MOST_MINOR, CouponId, MerchantId, OfferId
from tests.domain.carts import TEA, any_terms, basket, baskets, off, percent, quoted
from tests.domain.chronicle import PROGRAM

FREE_DELIVERY = Terms(kind=Kind.FREE_DELIVERY, currency="CNY", value=0)
FREE_TEA = Terms(kind=Kind.FREE_ITEM, currency="CNY", value=2, scope=Scope(items=(TEA,)))


def parts(of: Basket, *terms: Terms) -> list[int]:
    """What of the last discount falls to each line."""
    return [share.amount for share in quoted(of, *terms).discounts[-1].shares]


def reasons(of: Basket, *terms: Terms) -> list[Reason]:
    return [why.reason for _, why in quoted(of, *terms).rejected]


def test_wc01_ten_off_fifty_begins_at_fifty() -> None:
    ten_off_fifty = off(10_00, at_least=50_00)

    assert quoted(basket(50_00), ten_off_fifty).total == 40_00
    assert rejection(ten_off_fifty, basket(50_00)) is None
    assert rejection(ten_off_fifty, basket(49_99)) == Rejection(
        reason=Reason.CONDITION_FAILED, needed=50_00, found=49_99
    )


def test_wc02_offers_are_counted_in_the_order_in_which_they_are_given() -> None:
    a, b = percent(10), percent(20, at_least=100_00)

    assert quoted(basket(105_00), a, b).total == 94_50
    assert reasons(basket(105_00), a, b) == [Reason.CONDITION_FAILED]
    assert quoted(basket(105_00), b, a).total == 75_60


def test_wc03_what_rounding_leaves_goes_to_who_lost_most_by_it() -> None:
    assert parts(basket(33_33, 33_33, 33_34), off(10_00)) == [3_33, 3_33, 3_34]
    assert parts(basket(30_00, 30_00, 30_00), off(10_00)) == [3_34, 3_33, 3_33]


@pytest.mark.parametrize(("price", "yuan"), [(100, 10), (47, 5), (32, 3), (45, 5)])
def test_wc12_a_whole_yuan_coupon_is_rounded_half_up(price: int, yuan: int) -> None:
    assert quoted(basket(price * 100), percent(10, whole=True)).discount == yuan * 100


def test_a_percentage_is_rounded_down_to_the_minor_unit() -> None:
    assert quoted(basket(9_99), percent(10)).discount == 99


def test_a_discount_ends_at_what_there_is_and_at_its_most() -> None:
    assert quoted(basket(5_00), off(10_00)).total == 0
    assert quoted(basket(100_00), evolve(percent(50), most=20_00)).discount == 20_00


def test_free_delivery_is_off_the_fee_and_not_off_the_goods() -> None:
    free = quoted(basket(30_00, delivery=6_00), FREE_DELIVERY)

    assert (free.total, free.discount, free.delivery) == (30_00, 0, 6_00)
    assert quoted(basket(30_00, delivery=6_00), evolve(FREE_DELIVERY, value=4_00)).delivery == 4_00
    assert reasons(basket(30_00), FREE_DELIVERY) == [Reason.CONDITION_FAILED]


def test_the_dearest_items_are_free_as_many_as_the_offer_says() -> None:
    cart = basket(5_00, 8_00, 6_00)
    tea = tuple(evolve(line, item=TEA) for line in cart.lines[:2])
    one, three = evolve(FREE_TEA, value=1), evolve(FREE_TEA, value=3)
    cart = evolve(cart, lines=(*tea, cart.lines[2]))

    assert parts(cart, one) == [0, 8_00]
    assert parts(cart, FREE_TEA) == parts(cart, three) == [5_00, 8_00]
    assert parts(cart, evolve(FREE_TEA, most=10_00)) == [2_00, 8_00]


def test_an_offer_discounts_the_lines_that_it_is_for() -> None:
    cart = basket(40_00, 60_00)
    hot = evolve(cart, lines=(evolve(cart.lines[0], category="hot"), cart.lines[1]))
    half_of_hot = evolve(percent(50), scope=Scope(categories=("hot",)))

    assert quoted(hot, half_of_hot).total == 80_00
    assert reasons(cart, half_of_hot) == [Reason.OUT_OF_SCOPE]


@pytest.mark.parametrize(
    "scope",
    [
        Scope(merchants=(MerchantId("noodles"),)),
        Scope(channels=(Channel.PICKUP,)),
        Scope(tiers=("gold",)),
        Scope(items=(TEA,)),
    ],
    ids=["merchant", "channel", "tier", "item"],
)
def test_an_offer_is_for_the_orders_that_it_names(scope: Scope) -> None:
    named = evolve(
        basket(40_00), merchant=MerchantId("noodles"), channel=Channel.PICKUP, tier="gold"
    )
    named = evolve(named, lines=(evolve(named.lines[0], item=TEA),))

    assert quoted(named, evolve(off(1_00), scope=scope)).total == 39_00
    assert reasons(basket(40_00), evolve(off(1_00), scope=scope)) == [Reason.OUT_OF_SCOPE]


def test_an_offer_in_another_currency_does_not_count() -> None:
    assert reasons(basket(40_00), evolve(off(1_00), currency="USD")) == [Reason.OUT_OF_SCOPE]


def test_offers_of_one_group_do_not_stack_and_exclusive_ones_stack_with_nothing() -> None:
    grouped, alone = evolve(off(1_00), stack_group="a"), evolve(off(2_00), exclusive=True)
    cart = basket(40_00)

    assert quoted(cart, grouped, evolve(off(3_00), stack_group="b")).total == 36_00
    assert reasons(cart, grouped, grouped) == [Reason.NOT_STACKABLE]
    assert reasons(cart, alone, off(1_00)) == [Reason.NOT_STACKABLE]
    assert reasons(cart, off(1_00), alone) == [Reason.NOT_STACKABLE]


def test_an_offer_without_effect_keeps_no_other_from_counting() -> None:
    alone = evolve(off(2_00, at_least=100_00), exclusive=True)

    assert quoted(basket(40_00), alone, off(1_00)).total == 39_00


@pytest.mark.parametrize("price", [None, 1_00])
def test_lines_without_a_price_of_their_own_cannot_be_discounted(price: int | None) -> None:
    line = evolve(basket(1_00).lines[0], unit_price=price)

    with pytest.raises(ValueError, match="line 1"):
        quoted(evolve(basket(), lines=(line, line)), off(1_00))


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (off(-1), "value"),
        (off(MOST_MINOR + 1), "value"),
        (off(1, at_least=-1), "at_least"),
        (off(1, at_least=MOST_MINOR + 1), "at_least"),
        (evolve(off(1), most=-1), "most"),
        (evolve(off(1), most=MOST_MINOR + 1), "most"),
        (evolve(off(1), currency="yuan"), "currency"),
        (evolve(percent(100), value=100_01), "value"),
        (percent(0), "value"),
        (evolve(off(1), whole=True), "whole"),
        (off(0), "value"),
        (evolve(off(1), kind=Kind.THRESHOLD_OFF), "at_least"),
        (evolve(FREE_TEA, scope=Scope()), "items"),
    ],
)
def test_impossible_terms_are_named_by_their_field(terms: Terms, field: str) -> None:
    assert flaw(terms) == field


@pytest.mark.parametrize(
    "terms",
    [
        off(MOST_MINOR),
        off(1, at_least=MOST_MINOR),
        evolve(off(1), most=MOST_MINOR),
        evolve(off(1), most=0),
        percent(100),
        evolve(percent(1), value=1),
        percent(1, whole=True),
        FREE_DELIVERY,
        FREE_TEA,
    ],
)
def test_terms_may_go_as_far_as_their_bounds(terms: Terms) -> None:
    assert flaw(terms) is None


def test_a_discount_tells_its_shares_its_coupon_and_what_it_asks_for() -> None:
    coupon = CouponOf(program=PROGRAM, offer=OfferId("spring"), coupon=CouponId("c-1"))
    terms = evolve(off(10_00, at_least=50_00), on_return=OnReturn.RECLAIM)
    offered = Offered(terms=terms, source="coupon", coupon=coupon)
    delivery = Offered(terms=FREE_DELIVERY, source="member")

    found = quote(basket(60_00, 40_00, delivery=6_00), [offered, delivery])

    assert found == Quote(
        discounts=(
            Discount(
                source="coupon",
                amount=10_00,
                shares=(Share(line=1, amount=6_00), Share(line=2, amount=4_00)),
                coupon=coupon,
                at_least=50_00,
                on_return=OnReturn.RECLAIM,
            ),
            Discount(
                source="member",
                amount=6_00,
                shares=(Share(line=1, amount=0), Share(line=2, amount=0)),
                delivery=6_00,
            ),
        ),
        rejected=(),
        discount=10_00,
        delivery=6_00,
        total=90_00,
    )


def test_an_offer_without_effect_is_told_with_its_reason() -> None:
    dear = Offered(terms=off(10_00, at_least=50_00), source="coupon")

    assert quote(basket(40_00), [dear]).rejected == (
        (dear, Rejection(reason=Reason.CONDITION_FAILED, needed=50_00, found=40_00)),
    )


def test_a_second_offer_on_delivery_finds_what_the_first_left_of_the_fee() -> None:
    four = evolve(FREE_DELIVERY, value=4_00)

    assert quoted(basket(30_00, delivery=6_00), four, four).delivery == 6_00
    assert reasons(basket(30_00, delivery=6_00), FREE_DELIVERY, four) == [Reason.CONDITION_FAILED]


def test_units_of_a_line_are_free_at_their_share_of_what_is_left() -> None:
    cart = basket(8_00, 5_00, units=3)
    tea = evolve(cart, lines=tuple(evolve(line, item=TEA) for line in cart.lines))

    assert parts(tea, FREE_TEA) == [16_00, 0]
    assert parts(tea, evolve(FREE_TEA, value=4)) == [24_00, 5_00]
    assert parts(tea, percent(50), FREE_TEA) == [8_00, 0]


def test_what_costs_nothing_is_not_given_free_before_what_costs_little() -> None:
    cart = basket(0, 1)
    tea = evolve(cart, lines=tuple(evolve(line, item=TEA) for line in cart.lines))

    assert parts(tea, evolve(FREE_TEA, value=1)) == [0, 1]


def test_an_offer_for_items_and_categories_is_for_either() -> None:
    cart = basket(10_00, 20_00, 30_00)
    lines = (evolve(cart.lines[0], item=TEA), evolve(cart.lines[1], category="hot"), cart.lines[2])
    half = evolve(percent(50), scope=Scope(items=(TEA,), categories=("hot",)))

    assert parts(evolve(cart, lines=lines), half) == [5_00, 10_00]


def test_a_whole_percentage_is_rounded_in_the_units_of_its_currency() -> None:
    yen = evolve(percent(10, whole=True), currency="JPY")

    assert quoted(evolve(basket(45), currency="JPY"), yen).discount == 5
    assert quoted(basket(44_99), percent(10, whole=True)).discount == 4_00


@given(any_terms())
def test_terms_that_can_be_counted_have_no_flaw(terms: Terms) -> None:
    assert flaw(terms) is None


@given(baskets(), st.lists(any_terms(), max_size=4))
def test_whatever_is_offered_every_minor_unit_is_accounted_for(
    cart: Basket, terms: list[Terms]
) -> None:
    found = quoted(cart, *terms)

    prices = {line.line: (line.unit_price or 0) * line.quantity for line in cart.lines}
    for discount in found.discounts:
        assert discount.amount > 0
        assert discount.amount == discount.delivery + sum(one.amount for one in discount.shares)
        for share in discount.shares:
            prices[share.line] -= share.amount
    assert min(prices.values()) >= 0
    assert sum(prices.values()) == found.total
    assert found.discount == sum(one.amount - one.delivery for one in found.discounts)
    assert len(found.discounts) + len(found.rejected) == len(terms)


def test_an_item_is_worth_what_is_left_to_pay_for_it() -> None:
    cart = basket(8_00)
    tea = evolve(cart, lines=(evolve(cart.lines[0], item=TEA),))

    assert quoted(tea, percent(50), evolve(FREE_TEA, value=1)).total == 0
    assert parts(tea, percent(50), evolve(FREE_TEA, value=1)) == [4_00]
    assert reasons(basket(8_00), FREE_TEA) == [Reason.OUT_OF_SCOPE]
    assert reasons(evolve(tea, lines=(evolve(tea.lines[0], quantity=0),)), FREE_TEA) == [
        Reason.CONDITION_FAILED
    ]


def test_an_offer_says_what_of_a_basket_it_is_not_for_and_which_offers_are_in_its_way() -> None:
    scope = Scope(
        merchants=(MerchantId("m-1"),), channels=(Channel.PICKUP,), tiers=("gold",), items=(TEA,)
    )
    meal = evolve(off(5_00, at_least=100_00), stack_group="meal", scope=scope)
    cart = basket(30_00)
    other = Offered(terms=evolve(off(1_00), stack_group="meal"), source="other")
    beside = Offered(terms=off(1_00), source="beside")
    so_far = nothing_counted(cart)
    for offer in (beside, other):
        so_far = after(so_far, granted(offer, cart, so_far), offer)

    assert out_of_scope(meal, cart) == ("lines", "merchants", "channels", "tiers")
    assert out_of_scope(off(1_00), evolve(cart, currency="EUR")) == ("currency",)
    assert in_the_way(meal, so_far) == (other,)
    assert list(objections(meal, cart, so_far)) == [
        Rejection(reason=Reason.OUT_OF_SCOPE),
        Rejection(reason=Reason.NOT_STACKABLE),
        Rejection(reason=Reason.CONDITION_FAILED, needed=100_00, found=0),
    ]
    assert list(objections(evolve(meal, at_least=0), cart, nothing_counted(cart))) == [
        Rejection(reason=Reason.OUT_OF_SCOPE)
    ]


@given(baskets(), st.lists(any_terms(), max_size=3))
def test_an_offer_counts_if_nothing_is_said_against_it(cart: Basket, terms: list[Terms]) -> None:
    offers = [Offered(terms=one, source=str(place)) for place, one in enumerate(terms)]
    found = quote(cart, offers)
    why = {offer.source: first for offer, first in found.rejected}
    so_far = nothing_counted(cart)

    for offer in offers:
        against = list(objections(offer.terms, cart, so_far))
        assert next(iter(against), None) == why.get(offer.source)
        if not against:
            so_far = after(so_far, granted(offer, cart, so_far), offer)
    assert sum(so_far.left.values()) == found.total
