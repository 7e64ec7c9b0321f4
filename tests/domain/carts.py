"""Baskets of noodles and tea, offers on them, and the orders that they become."""

from typing import Final

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from regulars.domain.discounts import PointsPayment, Share, falling_to
from regulars.domain.offer_terms import Basket, Kind, Offered, Quote, Scope, Terms, quote
from regulars.domain.order import MarkDelivered
from regulars.domain.purchase import Line, PlaceOrder
from regulars.domain.shares import shares
from regulars.domain.values import ItemId, ReservationId
from regulars.testing.program_strategies import offer_terms
from tests.domain.examples import PLACE
from tests.domain.story import OrderStory, order_story

TEA: Final = ItemId("tea")


def basket(*prices: int, delivery: int = 0, units: int = 1) -> Basket:
    """A basket with a line of noodles for each price."""
    return Basket(
        currency="CNY",
        lines=tuple(
            Line(line=place, item=ItemId(f"noodles-{place}"), quantity=units, unit_price=price)
            for place, price in enumerate(prices, 1)
        ),
        delivery_fee=delivery,
    )


def off(minor: int, at_least: int = 0) -> Terms:
    """`minor` off, once the goods come to `at_least`."""
    kind = Kind.THRESHOLD_OFF if at_least else Kind.FIXED
    return Terms(kind=kind, currency="CNY", value=minor, at_least=at_least)


def percent(points: int, at_least: int = 0, *, whole: bool = False) -> Terms:
    """So many per cent off."""
    return Terms(
        kind=Kind.PERCENT, currency="CNY", value=points * 100, at_least=at_least, whole=whole
    )


def quoted(of: Basket, *terms: Terms) -> Quote:
    return quote(of, [Offered(terms=one, source="coupon") for one in terms])


def place(of: Basket, *terms: Terms, points: int = 0, value: int = 1) -> PlaceOrder:
    """The order of a basket with these offers, part of it paid by points of `value` each."""
    offered = quoted(of, *terms)
    command = evolve(
        PLACE,
        total=offered.total,
        lines=of.lines,
        discount=offered.discount,
        delivery_fee=of.delivery_fee,
        discounts=offered.discounts,
    )
    return paid_by_points(command, points, value) if points else command


def paid_by_points(command: PlaceOrder, points: int, value: int) -> PlaceOrder:
    nets = [
        (line.unit_price or 0) * line.quantity
        - sum(falling_to(line.line, discount.shares) for discount in command.discounts)
        for line in command.lines
    ]
    amount = points * value
    parts = zip(command.lines, shares(amount, nets), strict=True)
    payment = PointsPayment(
        reservation=ReservationId("hold"),
        points=points,
        amount=amount,
        shares=tuple(Share(line=line.line, amount=part) for line, part in parts),
    )
    return evolve(command, total=command.total - amount, points_payment=payment)


def bought(command: PlaceOrder) -> OrderStory:
    return order_story().given(command, MarkDelivered(order=command.order, at=command.at))


SCOPES: Final = st.sampled_from(
    [Scope(), Scope(items=(TEA,)), Scope(categories=("hot",)), Scope(tiers=("gold",))]
)


def any_terms() -> SearchStrategy[Terms]:
    return offer_terms("CNY", SCOPES)


@st.composite
def baskets(draw: DrawFn) -> Basket:
    goods = st.tuples(
        st.sampled_from([TEA, ItemId("soup")]),
        st.integers(1, 4),
        st.none() | st.just("hot"),
        st.integers(0, 9_999),
    )
    return Basket(
        currency="CNY",
        lines=tuple(
            Line(line=place, item=item, quantity=units, category=category, unit_price=price)
            for place, (item, units, category, price) in enumerate(
                draw(st.lists(goods, min_size=1, max_size=4)), 1
            )
        ),
        delivery_fee=draw(st.integers(0, 900)),
        tier=draw(st.none() | st.just("gold")),
    )


@st.composite
def places(draw: DrawFn) -> PlaceOrder:
    """Any order with up to three offers that count for it, perhaps paid in part by points."""
    command = place(draw(baskets()), *draw(st.lists(any_terms(), max_size=3)))
    if not command.total or draw(st.booleans()):
        return command
    return paid_by_points(command, draw(st.integers(1, command.total)), 1)
