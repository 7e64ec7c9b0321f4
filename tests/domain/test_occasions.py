import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.earning_rules import EarningLine
from regulars.domain.occasions import Standing, occasion
from regulars.domain.purchase import Line, OrderPlaced
from regulars.domain.values import ItemId, MerchantId, OrderId
from tests.domain.story import NOON

SOUP = Line(line=1, item=ItemId("soup"), quantity=2, category="hot", unit_price=40_00)
TEA = Line(line=2, item=ItemId("tea"), quantity=1, unit_price=20_00)
PLACED = OrderPlaced(
    order=OrderId("o-1"),
    currency="CNY",
    total=75_00,
    discount=25_00,
    delivery_fee=6_00,
    merchant=MerchantId("m-1"),
    lines=(SOUP, TEA),
)


def worths(placed: OrderPlaced, refunded: int = 0) -> list[tuple[int, int]]:
    return [(line.gross, line.net) for line in occasion(placed, NOON, refunded=refunded).lines]


def test_lines_share_the_discount_by_their_prices() -> None:
    assert worths(PLACED) == [(80_00, 60_00), (20_00, 15_00)]


def test_a_refund_leaves_each_line_its_share() -> None:
    assert worths(PLACED, refunded=25_00) == [(53_33, 40_00), (13_33, 10_00)]


def test_a_whole_refund_leaves_no_money_and_no_units() -> None:
    left = occasion(PLACED, NOON, refunded=75_00).lines

    assert [(line.gross, line.net, line.quantity) for line in left] == [(0, 0, 0), (0, 0, 0)]


def test_goods_without_prices_are_a_line_of_no_item() -> None:
    lines = tuple(evolve(line, unit_price=None) for line in PLACED.lines)

    assert worths(evolve(PLACED, lines=lines)) == [(0, 0), (0, 0), (100_00, 75_00)]
    assert worths(evolve(PLACED, lines=())) == [(100_00, 75_00)]
    goods = EarningLine(line=3, gross=100_00, net=75_00)
    assert occasion(evolve(PLACED, lines=lines), NOON).lines[-1] == goods
    assert occasion(evolve(PLACED, lines=()), NOON).lines == (evolve(goods, line=1),)


def test_an_order_that_cost_nothing_has_the_prices_of_its_lines() -> None:
    assert worths(evolve(PLACED, total=0)) == [(80_00, 0), (20_00, 0)]
    assert worths(evolve(PLACED, total=0, discount=0, lines=())) == [(0, 0)]


def test_an_occasion_tells_where_and_by_whom_was_bought() -> None:
    standing = Standing(tier="gold", orders_before=3, recent=(NOON,))
    found = occasion(evolve(PLACED, currency="USD"), NOON, standing)

    assert found.currency == "USD"
    assert (found.at, found.merchant, found.channel) == (NOON, PLACED.merchant, "delivery")
    assert (found.tier, found.orders_before, found.recent) == ("gold", 3, (NOON,))
    assert found.delivery == 6_00
    assert [(line.item, line.category) for line in found.lines] == [("soup", "hot"), ("tea", None)]


@pytest.mark.parametrize("refunded", [-1, 75_01])
def test_no_more_than_the_total_is_paid_back(refunded: int) -> None:
    with pytest.raises(ValueError, match="paid back"):
        occasion(PLACED, NOON, refunded=refunded)


@given(st.integers(0, 75_00))
def test_nets_add_up_to_what_is_still_paid(refunded: int) -> None:
    assert sum(net for _, net in worths(PLACED, refunded)) == 75_00 - refunded
