"""Orders that are paid in part with points, from the placing to the last refund."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from regulars.domain.due import AccountBalance, balance
from regulars.domain.holding import (
    PointsReservationConfirmed,
    PointsReservationReleased,
    PointsReserved,
)
from regulars.domain.ledger_policies import (
    USUAL_RETURNS,
    Capture,
    Restore,
    ReturnPolicy,
    SpendOrder,
)
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import (
    AcceptOrder,
    CancelOrder,
    OrderAccepted,
    OrderDelivered,
)
from regulars.domain.policies_payment import restore_on_refund, spend_on_acceptance
from regulars.domain.program import DefineProgram, PublishEarningRules, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.purchase import ImpossiblePayment, OrderPlaced, PlaceOrder
from regulars.domain.redemption import (
    NotEnoughPoints,
    PointsRedeemed,
    RedemptionReversed,
    ReservationDiffers,
)
from regulars.domain.refund import IssueRefund, RefundIssued
from regulars.domain.reward import Reward
from regulars.domain.values import Money, OrderId, RefundId
from tests.domain.carts import basket, paid_by_points, place
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, DELIVER, ORDER, REFUND, giving
from tests.domain.points import award, day, reserve
from tests.domain.story import NOON, minutes
from tests.domain.test_discounts import back

PAID = place(basket(75_00, 25_00), points=300, value=5)
"""wR11: goods for ¥100, of which 300 points pay ¥15."""
ACCEPT = AcceptOrder(order=ORDER, at=NOON + minutes(1))
CANCEL = CancelOrder(order=ORDER, at=NOON + minutes(2))


def town(
    *commands: Command,
    points: int = 300,
    capture: Capture = Capture.DELIVERY,
    returns: ReturnPolicy = USUAL_RETURNS,
) -> Chronicle:
    """The town in which Anna has so many points, and no order earns any unless that is told."""
    policies = ProgramPolicies(capture=capture, returns=returns)
    told = chronicle(
        [
            DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
            SetProgramPolicies(program=PROGRAM, at=NOON, policies=policies),
            award("before", points * 100),
        ]
    )
    for command in commands:
        told.tell(command)
    return told


def here(told: Chronicle, at: datetime = NOON) -> AccountBalance:
    state = told.accounts[PROGRAM, ANNA].state
    return balance(state, max(at, state.as_of))


def came_back(told: Chronicle, *refunds: IssueRefund) -> list[tuple[int, int]]:
    """The points and the money of each refund."""
    result: list[tuple[int, int]] = []
    for command in refunds:
        had = sum(one.points for one in told.all(RedemptionReversed))
        told.tell(command)
        points = sum(one.points for one in told.all(RedemptionReversed)) - had
        result.append((points, told.all(RefundIssued)[-1].amount))
    return result


def test_an_order_holds_its_points_as_it_is_placed() -> None:
    told = town(PAID)

    assert [type(fact.event) for fact in told.facts[-3:]] == [
        OrderPlaced,
        PointsReserved,
        PointsReservationConfirmed,
    ]
    assert here(told) == AccountBalance(available=0, pending=0, reserved=300, debt=0)


def test_an_order_holds_first_what_the_programme_spends_first() -> None:
    first = SetProgramPolicies(
        program=PROGRAM,
        at=NOON,
        policies=ProgramPolicies(spend_order=SpendOrder.FIFO),
        effective_from=NOON,
    )
    sooner = award("sooner", 300_00, expires_at=NOON + timedelta(days=1))

    fefo, fifo = town(sooner, PAID), town(sooner, first, PAID)

    assert fefo.all(PointsReserved)[0].allocations[0].lot == "sooner"
    assert fifo.all(PointsReserved)[0].allocations[0].lot == "before"


def test_an_order_is_not_placed_with_points_that_nobody_has() -> None:
    with pytest.raises(NotEnoughPoints):
        town(PAID, points=299)
    for nobodys in (evolve(PAID, customer=None), paid_by_points(place(basket(1_00)), 0, 0)):
        with pytest.raises(ImpossiblePayment):
            town(nobodys)


def test_a_delivered_order_has_spent_its_points() -> None:
    told = town(PAID, ACCEPT, DELIVER)

    (spent,) = told.all(PointsRedeemed)
    assert (spent.points, spent.order, spent.reservation) == (300, ORDER, "hold")
    assert spent.reward == Reward(kind="payment", value=Money(minor=15_00, currency="CNY"))
    assert told.facts[-1].at == DELIVER.at
    assert here(told) == AccountBalance(available=0, pending=0, reserved=0, debt=0)


@pytest.mark.parametrize(
    ("capture", "step", "spent"),
    [
        (Capture.DELIVERY, ACCEPT, False),
        (Capture.DELIVERY, DELIVER, True),
        (Capture.ACCEPTANCE, ACCEPT, True),
        (Capture.ACCEPTANCE, DELIVER, True),
    ],
)
def test_the_programme_says_which_step_spends_the_points(
    capture: Capture, step: Command, *, spent: bool
) -> None:
    assert bool(town(PAID, step, capture=capture).all(PointsRedeemed)) is spent


def test_what_was_spent_at_acceptance_is_not_spent_again_at_delivery() -> None:
    told = town(PAID, ACCEPT, DELIVER, capture=Capture.ACCEPTANCE)

    assert [one.points for one in told.all(PointsRedeemed)] == [300]


def test_a_programme_that_changes_its_mind_changes_no_order_that_was_placed() -> None:
    sooner = SetProgramPolicies(
        program=PROGRAM,
        at=NOON,
        policies=ProgramPolicies(capture=Capture.ACCEPTANCE),
        effective_from=NOON + minutes(1),
    )

    assert town(PAID, sooner, ACCEPT).all(PointsRedeemed) == []


def test_a_basket_that_the_host_spent_itself_is_not_spent_again() -> None:
    told = town(PAID, DELIVER)
    told.accounts[PROGRAM, ANNA].state.held.clear()
    delivered = told.all(OrderDelivered)[0]

    assert told.reactions(delivered, NOON) == []


def test_an_order_whose_points_the_host_spent_gives_none_back_by_itself() -> None:
    told = town(PAID, DELIVER)
    told.accounts[PROGRAM, ANNA].state.redemptions.clear()

    assert came_back(told, back("r-1", line_1=1)) == [(0, 63_75)]


def test_a_cancelled_order_releases_its_points() -> None:
    told = town(PAID, CANCEL)

    assert [one.points for one in told.all(PointsReservationReleased)] == [300]
    assert here(told).available == 300


def test_a_cancelled_order_gives_back_what_it_had_spent() -> None:
    told = town(PAID, ACCEPT, CANCEL, capture=Capture.ACCEPTANCE)

    (back,) = told.all(RedemptionReversed)
    assert (back.points, back.redemption, back.refund) == (300, "payment/o-1", "cancelled/o-1")
    assert here(told).available == 300


@pytest.mark.parametrize(("cancelled", "left"), [("2025-06-10", 160), ("2025-07-05", 100)])
@pytest.mark.parametrize("capture", Capture)
def test_wr10_a_cancelled_order_gives_points_back_with_the_end_that_they_had(
    cancelled: str, left: int, capture: Capture
) -> None:
    bought = evolve(place(basket(100_00), points=100), at=day("2025-06-01"))
    told = chronicle(
        [
            DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
            SetProgramPolicies(program=PROGRAM, at=NOON, policies=ProgramPolicies(capture=capture)),
            award("a", 60_00, expires_at=day("2025-07-01")),
            award("b", 100_00, expires_at=day("2026-01-01")),
            bought,
            evolve(ACCEPT, at=bought.at),
            evolve(CANCEL, at=day(cancelled)),
        ]
    )

    assert here(told, day(cancelled)).available == left


def test_wr11_refunded_goods_bring_the_points_and_the_money_that_paid_for_them() -> None:
    told = town(PAID, DELIVER)

    assert came_back(told, back("r-1", line_1=1), back("r-2", line_2=1)) == [
        (225, 63_75),
        (75, 21_25),
    ]


def test_wr11_an_amount_brings_the_same_part_of_the_points_as_of_the_money() -> None:
    told = town(PAID, DELIVER)
    first, second = (
        evolve(REFUND, refund=RefundId(f"r-{amount}"), amount=amount) for amount in (63_75, 21_25)
    )

    assert came_back(told, first, second) == [(225, 63_75), (75, 21_25)]


def test_wr12_where_only_the_whole_gives_points_back_a_part_gives_none() -> None:
    full_only = ReturnPolicy(restore=Restore.FULL_ONLY)
    told = town(
        PublishEarningRules(program=PROGRAM, at=NOON, rules=giving(1)),
        PAID,
        DELIVER,
        returns=full_only,
    )

    assert came_back(told, back("r-1", line_1=1)) == [(0, 63_75)]
    assert here(told).available == told.all(PointsEarned)[-1].points - 64
    assert came_back(told, back("r-2", line_2=1)) == [(300, 21_25)]


def test_wr13_thirds_of_the_points_come_back_whole() -> None:
    told = town(place(basket(10_00, units=3), points=100, value=30), DELIVER)
    thirds = [back(f"r-{number}", line_1=1) for number in (1, 2, 3)]

    assert came_back(told, *thirds) == [(33, 0), (33, 0), (34, 0)]


def test_wr06b_refunds_take_what_was_earned_and_give_back_what_was_spent() -> None:
    told = town(
        PublishEarningRules(program=PROGRAM, at=NOON, rules=giving(1)),
        place(basket(10_00, 10_00), points=500),
        DELIVER,
        points=1000,
    )
    balances = [here(told).available]
    for refund in (back("r-1", line_1=1), back("r-2", line_2=1)):
        told.tell(refund)
        balances.append(here(told).available)

    assert balances == [515, 757, 1000]


def test_a_refund_told_twice_gives_back_once() -> None:
    told = town(PAID, DELIVER)

    assert came_back(told, back("r-1", line_1=1), back("r-1", line_1=1)) == [
        (225, 63_75),
        (0, 63_75),
    ]


def test_goods_and_an_amount_bring_back_all_of_it_together() -> None:
    lines_first, amount_first = town(PAID, DELIVER), town(PAID, DELIVER)
    amount = evolve(REFUND, refund=RefundId("r-2"), amount=21_25)

    assert came_back(lines_first, back("r-1", line_1=1), amount) == [(225, 63_75), (75, 21_25)]
    assert came_back(amount_first, amount, back("r-1", line_1=1)) == [(75, 21_25), (225, 63_75)]
    assert came_back(lines_first, back("r-3", line_2=1)) == [(0, 0)]


def test_a_basket_may_hold_the_points_before() -> None:
    held = reserve(300, reservation="hold", lapses_at=NOON + minutes(15))
    told = town(held, PAID, evolve(DELIVER, at=NOON + timedelta(days=1)))

    assert [one.points for one in told.all(PointsReserved)] == [300]
    assert [one.points for one in told.all(PointsRedeemed)] == [300]


def without_points(place: PlaceOrder) -> Sequence[Command]:
    return place, ACCEPT, DELIVER, evolve(REFUND, amount=1_00)


def test_an_order_without_points_moves_none() -> None:
    told = town(*without_points(place(basket(100_00))))

    assert told.all(PointsReserved) == []
    assert told.all(PointsRedeemed) == []
    assert told.all(RedemptionReversed) == []


def test_an_order_that_was_never_placed_asks_for_nothing() -> None:
    told, unknown = town(), OrderId("o-9")

    assert spend_on_acceptance(OrderAccepted(order=unknown), NOON, PROGRAM, told) == []
    refund = town(PAID, DELIVER, back("r-1", line_1=1)).all(RefundIssued)[0]
    assert restore_on_refund(evolve(refund, order=unknown), NOON, PROGRAM, told) == []


def test_one_basket_pays_for_one_order() -> None:
    with pytest.raises(ReservationDiffers):
        town(PAID, evolve(PAID, order=OrderId("o-2")), points=600)
