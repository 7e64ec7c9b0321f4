"""Orders with discounts and points, and their refunds by line, under the ids of the examples."""

from collections.abc import Callable

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.discounts import (
    Discount,
    DoesNotAddUp,
    NoPrice,
    OnReturn,
    PointsPayment,
    Priced,
    Share,
    falling_to,
    lost,
)
from regulars.domain.occasions import occasion
from regulars.domain.offer_terms import Scope
from regulars.domain.purchase import OrderPlaced, PlaceOrder
from regulars.domain.refund import (
    ImpossibleRefund,
    IssueRefund,
    NotSoManyToReturn,
    PricesDoNotTell,
    RefundDiffers,
    RefundIssued,
    Returned,
)
from regulars.domain.values import RefundId, ReservationId
from tests.domain.carts import basket, bought, off, percent, place, places
from tests.domain.examples import PLACE, REFUND, delivered
from tests.domain.story import NOON, OrderStory, order_story


def back(refund_id: str, **units: int) -> IssueRefund:
    """A refund of so many units of lines: back("r-1", line_2=1)."""
    lines = tuple(
        Returned(line=int(name.removeprefix("line_")), quantity=count)
        for name, count in units.items()
    )
    return evolve(REFUND, refund=RefundId(refund_id), amount=None, lines=lines)


def refunded(story: OrderStory, command: IssueRefund) -> RefundIssued:
    (event,) = story.when(command)
    assert isinstance(event, RefundIssued)
    return event


def amounts(story: OrderStory, *commands: IssueRefund) -> list[int]:
    return [refunded(story, command).amount for command in commands]


def reclaiming(command: PlaceOrder) -> PlaceOrder:
    reclaim = [evolve(one, on_return=OnReturn.RECLAIM) for one in command.discounts]
    return evolve(command, discounts=tuple(reclaim))


def test_wc04_each_line_pays_back_what_was_paid_for_it() -> None:
    story = bought(place(basket(150_00, 60_00), percent(20)))

    assert amounts(story, back("r-1", line_1=1), back("r-2", line_2=1)) == [120_00, 48_00]


def test_wc05_units_of_a_line_share_its_discount() -> None:
    story = bought(place(basket(100_00, units=3), percent(10)))

    assert amounts(story, back("r-1", line_1=2), back("r-2", line_1=1)) == [180_00, 90_00]


def test_wc06_a_locked_discount_stays_with_what_is_kept_and_a_reclaimed_one_does_not() -> None:
    order = place(basket(50_00, units=6), percent(10, at_least=300_00))

    locked = refunded(bought(order), back("r-1", line_1=5))
    reclaimed = refunded(bought(reclaiming(order)), back("r-1", line_1=5))

    assert (locked.amount, locked.withheld) == (225_00, 0)
    assert (reclaimed.amount, reclaimed.withheld) == (220_00, 5_00)


def test_what_was_withheld_comes_back_with_the_last_goods() -> None:
    order = reclaiming(place(basket(50_00, units=6), percent(10, at_least=300_00)))
    story = bought(order)

    assert amounts(story, back("r-1", line_1=5), back("r-2", line_1=1)) == [220_00, 50_00]


def test_what_is_lost_is_found_discount_by_discount_each_after_those_that_stand() -> None:
    def reclaimed(at_least: int, **shares: int) -> Discount:
        parts = [Share(line=int(name[-1]), amount=amount) for name, amount in shares.items()]
        return Discount(
            source="x",
            amount=sum(shares.values()),
            shares=tuple(parts),
            at_least=at_least,
            on_return=OnReturn.RECLAIM,
        )

    gone = reclaimed(100_00, line_1=6_00, line_2=4_01, line_3=0)
    stands = reclaimed(60_00, line_1=5_00)
    stands_too = reclaimed(55_00, line_1=1_00)
    gone_after_it = reclaimed(54_01, line_1=3_00)
    lines = (
        Priced(line=1, quantity=1, gross=60_00),
        Priced(line=2, quantity=2, gross=40_00),
        Priced(line=3, quantity=0, gross=0),
    )

    assert lost([gone, stands, stands_too, gone_after_it], lines, {2: 1}) == 6_00 + 2_01 + 3_00


def test_goods_that_are_worth_less_than_what_is_lost_pay_back_nothing() -> None:
    order = reclaiming(place(basket(50_00, units=6), off(200_00, at_least=300_00)))
    story = bought(order)

    assert amounts(story, back("r-1", line_1=1), back("r-2", line_1=5)) == [0, 100_00]


def test_wc07_a_promotion_and_the_delivery_stay_when_two_pizzas_go_back() -> None:
    story = bought(place(basket(5_50, units=5, delivery=50), percent(10)))

    two = refunded(story, back("r-1", line_1=2))

    assert two.amount == 9_90
    assert (two.lines[0].gross, two.lines[0].discount, two.lines[0].cash) == (11_00, 1_10, 9_90)


@pytest.mark.parametrize(("points", "cash"), [(20, 60_00), (50, 0)])
def test_wc14_points_pay_what_they_are_worth(points: int, cash: int) -> None:
    (placed,) = order_story().when(place(basket(100_00), points=points, value=2_00))

    assert isinstance(placed, OrderPlaced)
    assert placed.total == cash


def test_goods_that_points_paid_for_bring_no_money_back() -> None:
    story = bought(place(basket(75_00, 25_00), points=300, value=5))

    first, rest = refunded(story, back("r-1", line_1=1)), refunded(story, back("r-2", line_2=1))

    assert [first.amount, rest.amount] == [63_75, 21_25]
    assert [first.lines[0].points, rest.lines[0].points] == [11_25, 3_75]


def test_an_amount_that_went_back_before_does_not_go_back_with_the_goods() -> None:
    story = delivered(place(basket(60_00, 40_00))).given(evolve(REFUND, amount=70_00))

    assert amounts(story, back("r-2", line_1=1), back("r-3", line_2=1)) == [30_00, 0]


def test_refunded_goods_leave_less_to_be_paid_back_as_an_amount() -> None:
    story = bought(place(basket(60_00, 40_00))).given(back("r-1", line_1=1))

    rest = refunded(story, evolve(REFUND, refund=RefundId("r-2"), amount=50_00))

    assert (rest.goods, rest.goodwill, rest.goods_refunded) == (40_00, 10_00, 100_00)


def test_a_refund_of_lines_is_issued_once() -> None:
    story = bought(place(basket(60_00, units=2))).given(back("r-1", line_1=1))

    assert story.when(back("r-1", line_1=1)) == []
    for other in (back("r-1", line_1=2), evolve(REFUND, refund=RefundId("r-1"), amount=60_00)):
        with pytest.raises(RefundDiffers):
            story.when(other)


@pytest.mark.parametrize(
    "command",
    [
        back("r-2", line_1=2),
        back("r-2", line_1=0),
        back("r-2", line_3=1),
        evolve(back("r-2"), lines=(Returned(line=2, quantity=1),) * 2),
    ],
    ids=["more than are left", "none", "no such line", "twice"],
)
def test_no_unit_goes_back_that_was_not_bought(command: IssueRefund) -> None:
    story = bought(place(basket(10_00, 20_00, units=2))).given(back("r-1", line_1=1))

    with pytest.raises(NotSoManyToReturn):
        story.when(command)


def test_lines_and_an_amount_are_two_refunds() -> None:
    for command in (evolve(back("r-1", line_1=1), amount=1), evolve(REFUND, amount=None)):
        with pytest.raises(ImpossibleRefund):
            bought(place(basket(10_00))).when(command)


@pytest.mark.parametrize(
    "order",
    [
        evolve(PLACE, lines=basket(60_00, 40_01).lines),
        evolve(PLACE, lines=basket(50_00).lines * 2),
    ],
    ids=["another sum", "one number twice"],
)
def test_lines_that_do_not_tell_the_total_are_not_refunded_one_by_one(order: PlaceOrder) -> None:
    with pytest.raises(PricesDoNotTell):
        delivered(order).when(back("r-1", line_1=1))


ORDER = place(basket(60_00, 40_00, delivery=5_00), off(10_00), points=10, value=1_00)
(OFF,) = ORDER.discounts
POINTS = PointsPayment(
    reservation=ReservationId("hold"),
    points=10,
    amount=10_00,
    shares=(Share(line=1, amount=6_00), Share(line=2, amount=4_00)),
)
ODD: dict[str, Callable[[PlaceOrder], PlaceOrder]] = {
    "total": lambda order: evolve(order, total=order.total + 1),
    "discount": lambda order: evolve(order, discount=order.discount - 1),
    "discount 1": lambda order: evolve(order, discounts=(evolve(OFF, amount=10_01),)),
    "discount 1 on delivery": lambda order: evolve(
        order, discounts=(evolve(OFF, delivery=5_01, amount=15_01),)
    ),
    "payment by points": lambda order: evolve(order, points_payment=evolve(POINTS, amount=9_99)),
    "line 1": lambda order: evolve(
        order, discounts=(Discount(source="x", amount=1, shares=(Share(line=1, amount=60_01),)),)
    ),
    "line 2": lambda order: evolve(
        order, discounts=(Discount(source="x", amount=-1, shares=(Share(line=2, amount=-1),)),)
    ),
}


@pytest.mark.parametrize("part", ODD)
def test_an_order_whose_parts_are_not_its_whole_is_refused(part: str) -> None:
    with pytest.raises(DoesNotAddUp) as refused:
        order_story().when(ODD[part](ORDER))

    assert refused.value.part == part


@pytest.mark.parametrize(
    "order",
    [
        evolve(ORDER, lines=(evolve(ORDER.lines[0], unit_price=None), ORDER.lines[1])),
        evolve(ORDER, lines=(ORDER.lines[0], ORDER.lines[0])),
        evolve(ORDER, lines=ORDER.lines[1:]),
    ],
    ids=["no price", "one number twice", "no line"],
)
def test_discounts_fall_to_lines_with_prices(order: PlaceOrder) -> None:
    with pytest.raises(NoPrice) as refused:
        order_story().when(order)

    assert refused.value.line == 1


def test_we08_an_order_earns_on_what_its_lines_cost_after_discounts_and_points() -> None:
    (placed,) = order_story().when(place(basket(80_00, delivery=6_00), off(20_00), points=10_00))

    assert isinstance(placed, OrderPlaced)
    (line,) = occasion(placed, NOON).lines
    assert (line.gross, line.net) == (80_00, 50_00)


def test_a_line_earns_on_its_own_discount_alone() -> None:
    cart = basket(40_00, 60_00)
    hot = evolve(cart, lines=(evolve(cart.lines[0], category="hot"), cart.lines[1]))
    half_of_hot = evolve(percent(50), scope=Scope(categories=("hot",)))
    (placed,) = order_story().when(place(hot, half_of_hot))

    assert isinstance(placed, OrderPlaced)
    assert [line.net for line in occasion(placed, NOON).lines] == [20_00, 60_00]


def test_what_is_kept_earns_by_its_own_shares() -> None:
    (placed,) = order_story().when(place(basket(150_00, 60_00), percent(20)))

    assert isinstance(placed, OrderPlaced)
    left = occasion(placed, NOON, refunded=120_00, returned={1: 1}).lines
    assert [(line.quantity, line.gross, line.net) for line in left] == [
        (0, 0, 0),
        (1, 60_00, 48_00),
    ]
    less = occasion(placed, NOON, refunded=144_00, returned={1: 1}).lines
    assert [(line.gross, line.net) for line in less] == [(0, 0), (30_00, 24_00)]


@given(places())
def test_law_o1_and_o2_lines_are_discounts_points_and_what_is_paid(command: PlaceOrder) -> None:
    (placed,) = order_story().when(command)

    assert isinstance(placed, OrderPlaced)
    goods = sum((line.unit_price or 0) * line.quantity for line in placed.lines)
    by_points = placed.points_payment.amount if placed.points_payment else 0
    discounts = sum(one.amount for one in placed.discounts)
    delivery = placed.delivery_fee - sum(one.delivery for one in placed.discounts)
    assert goods + placed.delivery_fee - discounts == placed.total + delivery + by_points
    for one in placed.discounts:
        assert one.amount == one.delivery + sum(share.amount for share in one.shares)


@given(places(), st.data())
def test_law_o3_and_o4_any_way_of_returning_goods_pays_back_the_same(
    command: PlaceOrder, data: st.DataObject
) -> None:
    units = [line.line for line in command.lines for _ in range(line.quantity)]
    whole, parts = bought(command), bought(command)
    everything = tuple(Returned(line=line.line, quantity=line.quantity) for line in command.lines)
    total = refunded(whole, evolve(back("r-0"), lines=everything)).amount

    issued = [
        refunded(parts, back(f"r-{place}", **{f"line_{line}": 1}))
        for place, line in enumerate(data.draw(st.permutations(units)))
    ]

    assert total == sum(one.amount for one in issued) == command.total
    assert min(one.amount for one in issued) >= 0
    for line in command.lines:
        pieces = [piece for one in issued for piece in one.lines if piece.line == line.line]
        shares = sum(falling_to(line.line, one.shares) for one in command.discounts)
        price = (line.unit_price or 0) * line.quantity
        paid = command.points_payment.shares if command.points_payment else ()
        assert sum(piece.discount for piece in pieces) == shares
        assert sum(piece.points for piece in pieces) == falling_to(line.line, paid)
        assert sum(piece.gross for piece in pieces) == price
        assert min(min(one.cash, one.points, one.discount) for one in pieces) >= 0
        assert all(one.gross == one.cash + one.points + one.discount for one in pieces)


@given(places(), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6))
def test_law_o7_a_repeated_refund_adds_nothing(
    command: PlaceOrder, asked: list[tuple[int, int]]
) -> None:
    story = bought(command)
    for place_, (line, quantity) in enumerate(asked):
        refund = back(f"r-{place_ % 3}", **{f"line_{line}": quantity})
        story.attempt(refund)

        assert story.attempt(refund) == []
    assert story.when(command) == []
