from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.discounts import CouponOf, Discount, DoesNotAddUp, PointsPayment, Share
from regulars.domain.personal import Content, Sealed
from regulars.domain.purchase import (
    AmountBelowZero,
    AmountTooLarge,
    Channel,
    CouponTwice,
    Line,
    NoSuchCurrency,
    OrderAlreadyPlaced,
    OrderPlaced,
    PlaceOrder,
)
from regulars.domain.values import (
    MOST_MINOR,
    AddressId,
    CouponId,
    ItemId,
    OfferId,
    ReservationId,
)
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO, NOODLES, ORDER, PLACE
from tests.domain.fillings import SEALED, built
from tests.domain.story import NOON, order_story

SOUP = Line(line=1, item=ItemId("soup"), quantity=2, unit_price=12_00)
RICE = Line(line=2, item=ItemId("rice"), quantity=1)
BROUGHT = (CouponOf(program=PROGRAM, offer=OfferId("card"), coupon=CouponId("card-1")),)


def test_an_order_is_placed_by_a_customer_at_a_merchant() -> None:
    assert order_story().when(PLACE) == [
        OrderPlaced(order=ORDER, currency="CNY", total=100_00, customer=ANNA, merchant=NOODLES)
    ]


def test_an_order_may_come_from_nobody_known() -> None:
    placed = order_story().when(PlaceOrder(order=ORDER, at=NOON, currency="CNY", total=1_00))

    assert placed == [OrderPlaced(order=ORDER, currency="CNY", total=1_00)]


def test_an_order_keeps_everything_that_was_said_of_it() -> None:
    place = PlaceOrder(
        order=ORDER,
        at=NOON,
        currency="CNY",
        total=20_00,
        customer=ANNA,
        merchant=NOODLES,
        lines=(SOUP, RICE),
        discount=4_00,
        delivery_fee=3_00,
        tip=1_00,
        channel=Channel.PICKUP,
        payment_method="card",
        region="north",
        extra=Sealed(b"box"),
        brings=BROUGHT,
        address_id=AddressId("home"),
    )

    assert order_story().when(place) == [
        OrderPlaced(
            order=ORDER,
            currency="CNY",
            total=20_00,
            customer=ANNA,
            merchant=NOODLES,
            lines=(SOUP, RICE),
            discount=4_00,
            delivery_fee=3_00,
            tip=1_00,
            channel=Channel.PICKUP,
            payment_method="card",
            region="north",
            extra=Sealed(b"box"),
            brings=BROUGHT,
            address_id=AddressId("home"),
        )
    ]


def test_an_order_may_cost_nothing() -> None:
    assert order_story().when(evolve(PLACE, total=0))


AMOUNTS: dict[str, Callable[[int], PlaceOrder]] = {
    "total": lambda amount: evolve(PLACE, total=amount),
    "discount": lambda amount: evolve(PLACE, discount=amount),
    "delivery fee": lambda amount: evolve(PLACE, delivery_fee=amount),
    "tip": lambda amount: evolve(PLACE, tip=amount),
    "quantity of line 2": lambda amount: evolve(PLACE, lines=(SOUP, evolve(RICE, quantity=amount))),
    "unit price of line 1": lambda amount: evolve(
        PLACE, lines=(evolve(SOUP, quantity=1, unit_price=amount),)
    ),
}


@pytest.mark.parametrize("field", AMOUNTS)
def test_amounts_go_from_nothing_to_the_most(field: str) -> None:
    assert order_story().when(AMOUNTS[field](0))
    assert order_story().when(AMOUNTS[field](MOST_MINOR))


@pytest.mark.parametrize("field", AMOUNTS)
def test_nothing_of_an_order_is_below_zero(field: str) -> None:
    with pytest.raises(AmountBelowZero) as refused:
        order_story().when(AMOUNTS[field](-1))

    assert (refused.value.order, refused.value.field, refused.value.amount) == (ORDER, field, -1)


@pytest.mark.parametrize("field", AMOUNTS)
def test_nothing_of_an_order_is_above_the_most(field: str) -> None:
    with pytest.raises(AmountTooLarge) as refused:
        order_story().when(AMOUNTS[field](MOST_MINOR + 1))

    assert (refused.value.order, refused.value.field) == (ORDER, field)


def test_a_whole_line_does_not_cost_more_than_the_most() -> None:
    with pytest.raises(AmountTooLarge) as refused:
        order_story().when(evolve(PLACE, lines=(evolve(SOUP, unit_price=MOST_MINOR // 2 + 1),)))

    assert refused.value.field == "price of line 1"


def test_of_two_lines_of_one_number_each_is_looked_at() -> None:
    with pytest.raises(AmountBelowZero):
        order_story().when(evolve(PLACE, lines=(evolve(SOUP, quantity=-1), SOUP)))


@pytest.mark.parametrize("currency", ["yuan", "GBP.x", ""])
def test_an_order_is_paid_in_a_currency_with_a_code(currency: str) -> None:
    with pytest.raises(NoSuchCurrency) as refused:
        order_story().when(evolve(PLACE, currency=currency))

    assert refused.value.currency == currency


def test_an_order_placed_twice_alike_is_placed_once() -> None:
    assert order_story().given(PLACE).when(PLACE) == []


@pytest.mark.parametrize(
    "other",
    [
        evolve(PLACE, at=NOON + timedelta(microseconds=1)),
        evolve(PLACE, total=100_01),
        evolve(PLACE, currency="USD"),
        evolve(PLACE, customer=BO),
        evolve(PLACE, customer=None),
        evolve(PLACE, lines=(SOUP,)),
        evolve(PLACE, channel=Channel.GROCERY),
        evolve(PLACE, extra=Sealed(b"box")),
    ],
    ids=["time", "total", "currency", "customer", "nobody", "lines", "channel", "extra"],
)
def test_another_order_under_the_same_id_is_refused(other: PlaceOrder) -> None:
    with pytest.raises(OrderAlreadyPlaced) as refused:
        order_story().given(PLACE).when(other)

    assert refused.value.order == ORDER


def test_no_order_brings_plain_personal_data() -> None:
    with pytest.raises(TypeError):
        order_story().when(evolve(PLACE, extra=Content(text="ring twice")))


@given(built(PlaceOrder, SEALED), st.timedeltas(timedelta(1), timedelta(9)))
def test_any_order_is_placed_once(place: PlaceOrder, later: timedelta) -> None:
    story = order_story()

    assert len(story.when(place)) == 1
    assert story.when(place) == []
    assert story.attempt(evolve(place, at=place.at + later)) == []


def test_a_coupon_is_taken_off_an_order_once() -> None:
    def off(coupon: str) -> Discount:
        named = CouponOf(program=PROGRAM, offer=OfferId("spring"), coupon=CouponId(coupon))
        shares = (Share(line=SOUP.line, amount=2_00),)
        return Discount(source="coupon", amount=2_00, shares=shares, coupon=named)

    place = evolve(PLACE, lines=(SOUP,), discount=4_00, total=20_00)

    assert order_story().when(evolve(place, discounts=(off("c-1"), off("c-2"))))
    with pytest.raises(CouponTwice, match="coupon c-1 of offer spring off twice"):
        order_story().when(evolve(place, discounts=(off("c-1"), off("c-1"))))


def test_discounts_without_points_account_for_an_order_too() -> None:
    shares = (Share(line=SOUP.line, amount=2_00),)
    place = evolve(
        PLACE,
        lines=(SOUP,),
        total=24_00,
        discounts=(Discount(source="till", amount=2_00, shares=shares),),
    )

    with pytest.raises(DoesNotAddUp):
        order_story().when(place)
    assert order_story().when(evolve(place, discount=2_00, total=22_00))


def test_points_may_pay_for_a_single_minor_unit() -> None:
    paid = PointsPayment(
        reservation=ReservationId("h-1"),
        points=1,
        amount=1,
        shares=(Share(line=SOUP.line, amount=1),),
    )

    assert order_story().when(evolve(PLACE, lines=(SOUP,), total=23_99, points_payment=paid))
