"""What hosts draw with the kit is accepted as it is, and varied enough to find something."""

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from regulars.domain.offer import DefineOffer
from regulars.domain.order import CancelOrder, MarkDelivered
from regulars.domain.order import Command as OrderCommand
from regulars.domain.purchase import OrderPlaced, PlaceOrder, priced
from regulars.domain.refund import IssueRefund, RefundIssued
from regulars.domain.values import Refusal
from regulars.testing import histories, offers, orders, programs, refunds
from tests.domain.story import offer_story, order_story, program_story


@given(orders())
def test_an_order_that_is_drawn_is_placed_and_adds_up(order: PlaceOrder) -> None:
    (placed,) = order_story().when(order)

    assert isinstance(placed, OrderPlaced)
    assert sum(line.cash for line in priced(placed)) == placed.total


@given(orders(), st.data())
def test_refunds_that_are_drawn_pay_back_at_most_what_was_paid(
    order: PlaceOrder, data: DataObject
) -> None:
    story = order_story().given(order, MarkDelivered(order=order.order, at=order.at))
    before: list[IssueRefund] = []
    back = 0
    for _ in range(3):
        refund = data.draw(refunds(order, before))
        if refund is None:
            assert not order.total or before
            return
        (issued,) = story.when(refund)
        assert isinstance(issued, RefundIssued)
        back += issued.goods
        before.append(refund)
    assert back <= order.total


@given(st.data())
def test_a_programme_that_is_drawn_is_published_as_it_is(data: DataObject) -> None:
    story = program_story()

    assert [len(story.when(command)) for command in data.draw(programs())] == [1, 1, 1]


@given(offers())
def test_an_offer_that_is_drawn_is_defined_as_it_is(offer: DefineOffer) -> None:
    assert len(offer_story().when(offer)) == 1


@settings(max_examples=20)
@given(histories())
def test_most_of_what_a_history_tells_is_accepted(history: tuple[OrderCommand, ...]) -> None:
    stories = {command.order: order_story() for command in history}
    refused = 0
    for command in history:
        try:
            stories[command.order].when(command)
        except Refusal:
            refused += 1

    assert {type(command) for command in history if isinstance(command, PlaceOrder)}
    assert refused <= len(history) / 2


@settings(max_examples=20)
@given(histories(orders().map(lambda order: evolve(order, customer=None)), most_orders=1))
def test_a_history_is_of_the_orders_that_it_is_given(history: tuple[OrderCommand, ...]) -> None:
    placed = [command for command in history if isinstance(command, PlaceOrder)]

    assert {(order.order, order.customer) for order in placed} == {("o-1", None)}
    assert not {CancelOrder, IssueRefund} <= {type(command) for command in history}
