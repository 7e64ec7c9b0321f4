"""
The worked examples and laws of docs/loyalty.md under their ids, from the order to the points.

`pytest -k wR03` finds the example of that id; refunds follow the column RECOMPUTE.
"""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.actor import RecordAccess
from regulars.domain.customer import UpdateCustomerDetails
from regulars.domain.earning_rules import Group, Nth, Rule, RuleId, RuleSet, When
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import CancelOrder, CompleteOrder, MarkDelivered
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.protection import NameParty
from regulars.domain.purchase import Line
from regulars.domain.refund import RefundIssued
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import ItemId, OrderId
from regulars.testing import partitions
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, DELIVER, ORDER, PLACE, giving, refund
from tests.domain.fillings import amounts, currencies, rules
from tests.domain.laws import law
from tests.domain.story import NOON, minutes
from tests.domain.strategies import histories

ONE_PER_ONE = giving(1)
ONE_PER_TEN = giving(1, per=10)


def nth(number: int, days: int | None, bonus: int) -> RuleSet:
    """The set of one bonus for the order of that number."""
    when = When(nth=Nth(n=number, days=days))
    return RuleSet(groups=(Group(rules=(Rule(rule=RuleId("nth"), bonus=bonus, when=when),)),))


THIRD_IN_A_WEEK = nth(3, 7, bonus=30)


def published(told: RuleSet) -> PublishEarningRules:
    return PublishEarningRules(program=PROGRAM, at=NOON, rules=told)


def bought(total: int, told: RuleSet, currency: str = "CNY") -> Chronicle:
    """The town in which Anna's one order was delivered and earned by these rules."""
    define = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
    place = evolve(PLACE, total=total, currency=currency)
    return chronicle([define, published(told), place, DELIVER])


def earned(town: Chronicle) -> int:
    return sum(event.points for event in town.all(PointsEarned))


def taken(town: Chronicle, *parts: int) -> list[int]:
    """What refunds of these amounts, one after another, take back."""
    for number, amount in enumerate(parts, 1):
        town.tell(refund(amount, f"r-{number}"))
    return [event.points for event in town.all(PointsReversed)]


def balance(town: Chronicle) -> int:
    return town.accounts[PROGRAM, ANNA].state.lots.available


@pytest.mark.parametrize(("total", "points"), [(105_00, 10), (9_99, 0), (10_00, 1)])
def test_we01_an_order_earns_for_every_full_ten(total: int, points: int) -> None:
    assert earned(bought(total, ONE_PER_TEN)) == points


def test_we07_points_are_rounded_once_an_order_not_once_a_line() -> None:
    line = Line(line=1, item=ItemId("soup"), quantity=1, unit_price=15_50)
    town = bought(0, ONE_PER_TEN)
    two_lines = evolve(PLACE, order=OrderId("o-2"), total=31_00, lines=(line, evolve(line, line=2)))
    town.tell(two_lines)
    town.tell(evolve(DELIVER, order=OrderId("o-2")))

    assert balance(town) == 3


def weekly(*days: int, told: RuleSet = THIRD_IN_A_WEEK) -> Chronicle:
    """The town in which Anna's orders came on these days, each delivered at once."""
    define = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
    town = chronicle([define, published(told)])
    for number, day in enumerate(days, 1):
        order, at = OrderId(f"o-{number}"), NOON + timedelta(days=day)
        town.tell(evolve(PLACE, order=order, at=at))
        town.tell(evolve(DELIVER, order=order, at=at))
    return town


def test_we10_the_third_order_in_seven_days_gives_a_bonus() -> None:
    assert [event.points for event in weekly(0, 2, 6).all(PointsEarned)] == [0, 0, 30]
    assert [event.points for event in weekly(0, 2, 7).all(PointsEarned)] == [0, 0, 0]
    assert [event.points for event in weekly(0, 2, 3, 4).all(PointsEarned)] == [0, 0, 30, 0]


def test_we10_an_order_that_was_cancelled_is_none_of_the_three() -> None:
    town = weekly(0)
    wednesday = evolve(PLACE, order=OrderId("o-2"), at=NOON + timedelta(days=2))
    sunday = evolve(PLACE, order=OrderId("o-3"), at=NOON + timedelta(days=6))
    for command in (
        wednesday,
        CancelOrder(order=wednesday.order, at=wednesday.at),
        sunday,
        MarkDelivered(order=sunday.order, at=sunday.at),
    ):
        town.tell(command)

    assert [event.points for event in town.all(PointsEarned)] == [0, 0]


def test_we11_the_bonus_of_a_first_order_is_that_of_the_first_that_was_not_cancelled() -> None:
    town = weekly(told=nth(1, None, bonus=5))
    second, third = (evolve(PLACE, order=OrderId(name)) for name in ("o-2", "o-3"))
    for command in (
        PLACE,
        second,
        CancelOrder(order=ORDER, at=NOON),
        evolve(DELIVER, order=second.order),
        CompleteOrder(order=second.order, at=NOON + minutes(60)),
        third,
        evolve(DELIVER, order=third.order),
    ):
        town.tell(command)

    assert [(one.order, one.points) for one in town.all(PointsEarned)] == [("o-2", 5), ("o-3", 0)]


def test_a_refund_keeps_the_bonus_of_an_order_that_is_still_paid_for() -> None:
    town = weekly(0, 2, 6)
    town.tell(evolve(refund(40_00), order=OrderId("o-3"), at=NOON + timedelta(days=6)))
    town.tell(evolve(refund(60_00, "r-2"), order=OrderId("o-3"), at=NOON + timedelta(days=6)))

    assert [event.points for event in town.all(PointsReversed)] == [0, 30]


def test_we13_an_order_delivered_and_completed_twice_earns_once() -> None:
    town = bought(500_00, ONE_PER_ONE)
    complete = CompleteOrder(order=ORDER, at=NOON + minutes(60))
    for command in (DELIVER, complete, complete):
        town.tell(command)

    assert [event.points for event in town.all(PointsEarned)] == [500]
    assert balance(town) == 500


@pytest.mark.parametrize(("amount", "points"), [(1_00, 0), (5_00, 1), (10_00, 1), (20_00, 2)])
def test_wr03_a_refund_takes_back_what_the_rest_no_longer_earns(amount: int, points: int) -> None:
    town = bought(21_90, ONE_PER_TEN, "USD")

    assert earned(town) == 2
    assert taken(town, amount) == [points]


def test_wr04_refunds_in_parts_leak_no_points() -> None:
    town = bought(21_90, ONE_PER_TEN, "USD")

    assert taken(town, 5_00, 5_00, 5_00, 6_90) == [1, 0, 1, 0]
    assert balance(town) == 0


def test_wr05_thirds_are_taken_back_in_whole_points() -> None:
    town = bought(30_00, giving(1, per=3))

    assert earned(town) == 10
    assert taken(town, 10_00, 10_00, 10_00) == [4, 3, 3]


@pytest.mark.parametrize("replacing", [2, 0], ids=["better rule", "rule withdrawn"])
def test_wr14_a_refund_takes_back_by_the_rule_that_gave(replacing: int) -> None:
    town = bought(50_00, ONE_PER_ONE)
    town.tell(published(giving(replacing)))

    assert taken(town, 50_00) == [50]
    assert balance(town) == 0


def test_wr16_the_part_that_is_kept_keeps_its_points() -> None:
    town = bought(100_00, ONE_PER_ONE)

    assert taken(town, 75_00) == [75]
    assert balance(town) == 25


def test_wr17_a_refund_told_twice_takes_back_once() -> None:
    town = bought(100_00, ONE_PER_ONE)
    town.tell(refund(75_00))
    town.tell(refund(75_00))

    assert [event.points for event in town.all(PointsReversed)] == [75]
    assert len(town.all(RefundIssued)) == 1


@pytest.mark.parametrize("total", [100_00, 0])
def test_goodwill_costs_no_points(total: int) -> None:
    town = bought(total, ONE_PER_ONE)
    goodwill = refund(5_00, "r-2")
    if total:
        town.tell(refund(total, "r-1"))
    town.tell(goodwill)

    assert [event.refund for event in town.all(PointsReversed)] == ["r-1"] * bool(total)
    assert balance(town) == 0


@given(rules, currencies, amounts, st.data())
def test_l5_no_way_of_splitting_a_refund_changes_the_points(
    told: RuleSet, currency: str, total: int, data: st.DataObject
) -> None:
    refunded = data.draw(st.integers(0, total + 10_00))
    parts = data.draw(partitions(refunded))
    at_once, in_parts, turned = (bought(total, told, currency) for _ in range(3))
    taken(at_once, *[refunded] * bool(refunded))
    taken(in_parts, *parts)
    taken(turned, *data.draw(st.permutations(parts)))

    assert balance(at_once) == balance(in_parts) == balance(turned)
    for town in (at_once, in_parts, turned):
        goods = sum(event.goods for event in town.all(RefundIssued))
        assert goods == min(refunded, total)


@given(rules, currencies, amounts, st.data())
def test_l6_refunds_take_back_no_more_than_was_earned_and_in_full_all_of_it(
    told: RuleSet, currency: str, total: int, data: st.DataObject
) -> None:
    town = bought(total, told, currency)
    parts = data.draw(partitions(total))

    for number, part in enumerate(parts, 1):
        town.tell(refund(part, f"r-{number}"))
        assert 0 <= balance(town) <= earned(town)

    assert balance(town) == 0


@given(histories())
def test_l7_a_history_told_with_every_command_twice_is_the_same(
    history: tuple[Command, ...],
) -> None:
    # Details and contacts given twice are given anew, and what is read twice is read twice.
    anew = UpdateCustomerDetails | RecordAccess | NameParty
    once = [command for command in history if not isinstance(command, anew)]
    twice = [command for command in once for _ in range(2)]

    assert chronicle(twice).facts == chronicle(once).facts


@law
@given(rules, rules, amounts, st.data())
def test_l11_a_new_rule_changes_nothing_that_was_earned_before(
    old: RuleSet, new: RuleSet, total: int, data: st.DataObject
) -> None:
    parts = data.draw(partitions(total))
    unchanged, changed = bought(total, old), bought(total, old)
    changed.tell(published(new))

    assert changed.all(PointsEarned) == unchanged.all(PointsEarned)
    assert taken(changed, *parts) == taken(unchanged, *parts)
    assert changed.all(PointsReversed) == unchanged.all(PointsReversed)
