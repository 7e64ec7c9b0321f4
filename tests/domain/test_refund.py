from datetime import datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.discounts import CouponOf
from regulars.domain.order import CompleteOrder
from regulars.domain.purchase import Line, PlaceOrder
from regulars.domain.refund import (
    ImpossibleRefund,
    IssueRefund,
    RefundDiffers,
    RefundIssued,
    Refunds,
    Returned,
    fold,
    returned_by,
)
from regulars.domain.values import MOST_MINOR, CouponId, ItemId, OfferId, RefundId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import (
    ANNA,
    DELIVER,
    FIRST,
    NOODLES,
    ORDER,
    PLACE,
    REFUND,
    SECOND,
    delivered,
    refund,
)
from tests.domain.fillings import amounts
from tests.domain.story import NOON, OrderStory, minutes


def refunded(story: OrderStory, command: IssueRefund) -> tuple[int, int, int]:
    """Goods, goodwill, and goods so far."""
    (event,) = story.when(command)
    assert isinstance(event, RefundIssued)
    return event.goods, event.goodwill, event.goods_refunded


def test_a_refund_repeats_what_a_reader_needs_of_the_order() -> None:
    assert delivered().when(evolve(REFUND, reason="cold")) == [
        RefundIssued(
            order=ORDER,
            refund=FIRST,
            currency="CNY",
            amount=40_00,
            goods=40_00,
            goodwill=0,
            goods_refunded=40_00,
            total=100_00,
            placed_at=NOON,
            customer=ANNA,
            merchant=NOODLES,
            reason="cold",
        )
    ]


def test_money_goes_back_in_parts_up_to_the_total() -> None:
    story = delivered()

    assert refunded(story, refund(40_00, FIRST)) == (40_00, 0, 40_00)
    assert refunded(story, refund(60_00, SECOND)) == (60_00, 0, 100_00)


def test_what_goes_back_beyond_the_total_is_goodwill() -> None:
    story = delivered()

    assert refunded(story, refund(100_01, FIRST)) == (100_00, 1, 100_00)
    assert refunded(story, refund(5_00, SECOND)) == (0, 5_00, 100_00)


def test_a_part_that_crosses_the_total_is_split() -> None:
    story = delivered().given(refund(70_00, FIRST))

    assert refunded(story, refund(50_00, SECOND)) == (30_00, 20_00, 100_00)


def test_an_order_that_cost_nothing_is_paid_back_in_goodwill_alone() -> None:
    assert refunded(delivered(evolve(PLACE, total=0)), refund(5_00)) == (0, 5_00, 0)


@pytest.mark.parametrize(("currency", "total"), [("JPY", 1999), ("KWD", 19_990), ("GBP.3", 1)])
def test_amounts_are_minor_units_whatever_the_currency(currency: str, total: int) -> None:
    story = delivered(evolve(PLACE, currency=currency, total=total))
    (event,) = story.when(refund(total + 1))

    assert isinstance(event, RefundIssued)
    assert (event.currency, event.goods, event.goodwill) == (currency, total, 1)


@pytest.mark.parametrize("amount", [0, -1, MOST_MINOR + 1])
def test_a_refund_pays_back_something_and_not_more_than_the_most(amount: int) -> None:
    with pytest.raises(ImpossibleRefund) as refused:
        delivered().when(refund(amount))

    assert (refused.value.order, refused.value.amount) == (ORDER, amount)


def test_a_refund_may_be_anything_from_one_minor_unit_to_the_most() -> None:
    assert refunded(delivered(), refund(1)) == (1, 0, 1)
    assert refunded(delivered(), refund(MOST_MINOR)) == (100_00, MOST_MINOR - 100_00, 100_00)


def test_a_refund_issued_twice_pays_once() -> None:
    story = delivered().given(REFUND)

    assert story.when(REFUND) == []
    assert story.when(evolve(REFUND, at=REFUND.at + minutes(5))) == []


def test_a_refund_id_is_not_used_for_another_amount() -> None:
    with pytest.raises(RefundDiffers) as refused:
        delivered().given(REFUND).when(evolve(REFUND, amount=39_99))

    assert (refused.value.order, refused.value.refund) == (ORDER, FIRST)


def test_the_same_amount_under_another_id_is_another_refund() -> None:
    assert refunded(delivered().given(REFUND), refund(40_00, SECOND)) == (40_00, 0, 80_00)


@pytest.mark.parametrize(
    ("at", "late"), [(DELIVER.at - minutes(1), True), (DELIVER.at, False), (REFUND.at, False)]
)
def test_a_refund_from_before_the_last_step_is_a_late_entry(*, at: datetime, late: bool) -> None:
    (event,) = delivered().when(evolve(REFUND, at=at))

    assert isinstance(event, RefundIssued)
    assert event.late_entry is late


BROUGHT = CouponOf(program=PROGRAM, offer=OfferId("card"), coupon=CouponId("card-1"))


def two_lines(price: int) -> PlaceOrder:
    """An order of two teas, a soup and no cup that brings a coupon."""
    lines = tuple(
        Line(line=line, item=ItemId(item), quantity=units, unit_price=price)
        for line, item, units in ((1, "tea", 2), (2, "soup", 1), (3, "cup", 0))
    )
    return evolve(PLACE, lines=lines, total=3 * price, brings=(BROUGHT,))


def back(number: int, line: int, units: int) -> IssueRefund:
    lines = (Returned(line=line, quantity=units),)
    return evolve(REFUND, refund=RefundId(f"r-{number}"), amount=None, lines=lines)


@pytest.mark.parametrize("price", [0, 5_00])
def test_the_refund_that_pays_the_last_goods_back_takes_the_coupons_back(price: int) -> None:
    for second, third in ((2, 1), (1, 2)):
        story = delivered(two_lines(price))
        story.given(back(1, 1, 1), back(2, second, 1), back(3, third, 1), refund(1_00, "r-4"))

        issued = [event for event in story.told if isinstance(event, RefundIssued)]
        assert [event.takes_back for event in issued] == [(), (), (BROUGHT,), ()]


def test_a_refund_of_lines_has_no_amount_of_its_own() -> None:
    with pytest.raises(ImpossibleRefund) as refused:
        delivered(two_lines(5_00)).when(evolve(back(1, 1, 1), amount=5_00))

    assert refused.value.amount == 5_00


def test_an_amount_takes_the_coupons_back_once_it_makes_the_total() -> None:
    story = delivered(evolve(PLACE, brings=(BROUGHT,)))
    story.given(refund(99_99, FIRST), refund(1_00, SECOND))

    issued = [event for event in story.told if isinstance(event, RefundIssued)]
    assert [event.takes_back for event in issued] == [(), (BROUGHT,)]


def test_units_that_went_back_are_counted_up_to_a_refund() -> None:
    story, state = delivered(two_lines(5_00)), Refunds()
    story.given(back(1, 1, 1), back(2, 2, 1), back(3, 1, 1))
    for event in story.told:
        if isinstance(event, RefundIssued):
            fold(state, event)

    counted = [returned_by(state, RefundId(f"r-{number}")) for number in (1, 2, 3)]
    assert counted == [{1: 1}, {1: 1, 2: 1}, {1: 2, 2: 1}]


def test_a_completed_order_is_still_paid_back() -> None:
    story = delivered().given(CompleteOrder(order=ORDER, at=NOON + minutes(60)))

    assert refunded(story, REFUND) == (40_00, 0, 40_00)


@given(st.lists(amounts, max_size=8), amounts)
def test_no_sequence_of_refunds_pays_back_more_goods_than_were_paid_for(
    parts: list[int], total: int
) -> None:
    story = delivered(evolve(PLACE, total=total))
    for number, part in enumerate(parts):
        story.attempt(refund(part, RefundId(f"r-{number}")))

    issued = [event for event in story.told if isinstance(event, RefundIssued)]
    assert sum(event.goods for event in issued) == min(sum(parts), total)
    for place, event in enumerate(issued, 1):
        assert event.goods + event.goodwill == event.amount
        assert event.goods_refunded == sum(earlier.goods for earlier in issued[:place])
