from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given

from regulars.domain.loyalty import EarnPoints, PointsEarned, PointsReversed, ReversePoints
from regulars.domain.order import OrderDelivered
from regulars.domain.policies import earn_on_delivery, reverse_on_refund
from regulars.domain.program import DefineProgram, EarningRule, Program, PublishEarningRule
from regulars.domain.refund import RefundIssued
from regulars.domain.values import OrderId
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, FIRST, NOODLES, ORDER
from tests.domain.story import NOON, minutes, program_story
from tests.domain.strategies import histories

ONE_PER_TEN = EarningRule(points=1, per_numerator=10)
LATER = NOON + minutes(40)
DEFINE = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
PUBLISH = PublishEarningRule(program=PROGRAM, at=NOON, rule=ONE_PER_TEN)
DELIVERY = OrderDelivered(
    order=ORDER, currency="CNY", total=100_00, placed_at=NOON, customer=ANNA, merchant=NOODLES
)
REFUNDED = RefundIssued(
    order=ORDER,
    refund=FIRST,
    currency="CNY",
    amount=50_00,
    goods=30_00,
    goodwill=20_00,
    goods_refunded=70_00,
    total=100_00,
    placed_at=NOON,
    customer=ANNA,
)


def programme(*published: PublishEarningRule) -> Program:
    return program_story().given(DEFINE, *published).state


def test_a_delivered_order_earns_on_what_was_paid_for_goods() -> None:
    assert earn_on_delivery(DELIVERY, LATER, PROGRAM, programme(PUBLISH)) == [
        EarnPoints(
            program=PROGRAM,
            customer=ANNA,
            at=LATER,
            order=ORDER,
            base=100_00,
            currency="CNY",
            rule_version=1,
            rule=ONE_PER_TEN,
        )
    ]


def test_an_order_earns_by_the_rule_of_the_time_when_it_was_placed() -> None:
    rules = programme(
        PUBLISH, evolve(PUBLISH, rule=EarningRule(points=5), effective_from=NOON + minutes(1))
    )
    before = evolve(DELIVERY, placed_at=NOON)
    after = evolve(DELIVERY, placed_at=NOON + minutes(1))

    (first,) = earn_on_delivery(before, LATER, PROGRAM, rules)
    (second,) = earn_on_delivery(after, LATER, PROGRAM, rules)

    assert isinstance(first, EarnPoints)
    assert isinstance(second, EarnPoints)
    assert (first.rule_version, second.rule_version) == (1, 2)


def test_an_order_of_nobody_known_earns_nothing() -> None:
    anonymous = evolve(DELIVERY, customer=None)

    assert earn_on_delivery(anonymous, LATER, PROGRAM, programme(PUBLISH)) == []


def test_an_order_from_before_the_first_rule_earns_nothing() -> None:
    early = evolve(DELIVERY, placed_at=NOON - timedelta(microseconds=1))

    assert earn_on_delivery(DELIVERY, LATER, PROGRAM, programme()) == []
    assert (
        earn_on_delivery(early, LATER, PROGRAM, programme(evolve(PUBLISH, effective_from=NOON)))
        == []
    )


def test_an_order_in_a_currency_without_a_rule_earns_nothing() -> None:
    yuan = programme(evolve(PUBLISH, rule=evolve(ONE_PER_TEN, currency="CNY")))

    assert earn_on_delivery(evolve(DELIVERY, currency="USD"), LATER, PROGRAM, yuan) == []
    assert earn_on_delivery(DELIVERY, LATER, PROGRAM, yuan)


def test_a_refund_takes_back_what_the_goods_refunded_so_far_earned() -> None:
    assert reverse_on_refund(REFUNDED, LATER, PROGRAM) == [
        ReversePoints(
            program=PROGRAM, customer=ANNA, at=LATER, order=ORDER, refund=FIRST, remaining=30_00
        )
    ]


@pytest.mark.parametrize(
    "refunded",
    [evolve(REFUNDED, goods=0, goodwill=50_00), evolve(REFUNDED, customer=None)],
    ids=["goodwill alone", "nobody known"],
)
def test_goodwill_and_orders_of_nobody_cost_no_points(refunded: RefundIssued) -> None:
    assert reverse_on_refund(refunded, LATER, PROGRAM) == []


def kept(town: Chronicle) -> dict[OrderId, int]:
    """The points that each order keeps, by the facts."""
    points = {event.order: event.points for event in town.all(PointsEarned)}
    for event in town.all(PointsReversed):
        points[event.order] -= event.points
    return points


@given(histories())
def test_every_order_keeps_the_points_of_the_goods_that_stayed_paid_for(
    history: tuple[Command, ...],
) -> None:
    town = chronicle(history)
    earned = {event.order: event for event in town.all(PointsEarned)}
    stayed = {event.order: event.total for event in town.all(OrderDelivered) if event.customer}
    for refund in town.all(RefundIssued):
        if refund.customer:
            stayed[refund.order] -= refund.goods

    assert set(earned) <= set(stayed)
    assert kept(town) == {
        order: int(event.rule.points_for(stayed[order], event.currency))
        for order, event in earned.items()
    }
    assert sum(account.state.balance for account in town.accounts.values()) == sum(
        kept(town).values()
    )
