"""Points that are held for an order from its placing on."""

from datetime import timedelta
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.due import balance
from regulars.domain.holding import (
    HeldForOrder,
    PointsReservationConfirmed,
    PointsReserved,
    Reservation,
    payment_of,
)
from regulars.domain.lots import Allocation
from regulars.domain.points_payment import (
    Bound,
    ConfirmReservation,
    WorthDiffers,
    most_points,
)
from regulars.domain.redemption import (
    ImpossiblePoints,
    NotEnoughPoints,
    NothingHeld,
    PointsRedeemed,
    ReservationDiffers,
)
from regulars.domain.reward_catalogue import PricedReward, RewardKind
from regulars.domain.values import LotId, Money, OrderId, ReservationId, RewardId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, ORDER
from tests.domain.points import award, capture, release, reserve
from tests.domain.story import NOON, AccountStory, account_story, minutes

BASKET = ReservationId("h-1")
CONFIRM = ConfirmReservation(
    program=PROGRAM, customer=ANNA, at=NOON, reservation=BASKET, points=60, order=ORDER, amount=3_00
)
CONFIRMED = PointsReservationConfirmed(
    program=PROGRAM, customer=ANNA, reservation=BASKET, points=60, order=ORDER
)


@pytest.fixture
def story() -> AccountStory:
    """An account of 100 points."""
    return account_story().given(award("o-0", 100_00))


def test_an_order_takes_over_what_was_held_for_its_basket(story: AccountStory) -> None:
    story.given(reserve(60, lapses_at=NOON + minutes(15)))

    assert story.when(CONFIRM) == [CONFIRMED]
    assert balance(story.state, NOON + timedelta(days=9)).reserved == 60


def test_an_order_without_a_basket_holds_the_points_itself(story: AccountStory) -> None:
    reserved, confirmed = story.when(CONFIRM)

    assert reserved == PointsReserved(
        program=PROGRAM,
        customer=ANNA,
        reservation=BASKET,
        points=60,
        allocations=(Allocation(lot=LotId("o-0"), points=60),),
        order=ORDER,
    )
    assert confirmed == CONFIRMED


def test_an_order_holds_nothing_anew_under_a_name_of_what_comes_with_merges(
    story: AccountStory,
) -> None:
    with pytest.raises(NothingHeld):
        story.when(evolve(CONFIRM, reservation=ReservationId("merged/bo/h-1")))
    assert story.when(evolve(CONFIRM, reservation=ReservationId("merged")))


def test_what_is_held_for_an_order_is_held_once(story: AccountStory) -> None:
    story.given(CONFIRM)

    assert story.when(CONFIRM) == []


@pytest.mark.parametrize(("points", "refused"), [(101, NotEnoughPoints), (0, ImpossiblePoints)])
def test_an_order_holds_no_more_than_there_is(
    story: AccountStory, points: int, refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        story.when(evolve(CONFIRM, points=points))
    assert story.state.held == {}


def test_a_basket_whose_time_is_over_pays_for_no_order(story: AccountStory) -> None:
    story.given(reserve(60, lapses_at=NOON + minutes(15)))

    with pytest.raises(NothingHeld):
        story.when(evolve(CONFIRM, at=NOON + minutes(15)))


def test_a_lapse_that_is_on_record_stands_for_an_order_too_that_is_told_late(
    story: AccountStory,
) -> None:
    story.given(reserve(60, lapses_at=NOON + minutes(15)), reserve(40, NOON + minutes(20), "h-2"))
    told_late = evolve(CONFIRM, at=NOON + minutes(10))

    with pytest.raises(NothingHeld):
        story.when(told_late)
    # What can be spent pays for it under another name.
    assert story.when(evolve(told_late, reservation=ReservationId("h-3")))


@pytest.mark.parametrize(
    "other", [evolve(CONFIRM, points=59), evolve(CONFIRM, order=OrderId("o-2"))]
)
def test_points_that_are_held_for_one_order_pay_for_no_other(
    story: AccountStory, other: ConfirmReservation
) -> None:
    story.given(CONFIRM)

    with pytest.raises(ReservationDiffers):
        story.when(other)


def test_what_pays_for_an_order_is_left_to_it(story: AccountStory) -> None:
    story.given(CONFIRM)

    for command in (release(), evolve(release(), order=OrderId("o-2")), capture()):
        with pytest.raises(HeldForOrder) as refused:
            story.when(command)
        assert (refused.value.reservation, refused.value.pays_for) == (BASKET, ORDER)


def test_an_order_spends_or_releases_what_was_held_for_it(story: AccountStory) -> None:
    story.given(CONFIRM)
    spent = account_story().given(award("o-0", 100_00), CONFIRM)

    (redeemed,) = spent.when(evolve(capture(), redemption=payment_of(ORDER)))
    story.when(evolve(release(), order=ORDER))

    assert isinstance(redeemed, PointsRedeemed)
    assert (redeemed.points, redeemed.order) == (60, ORDER)
    assert balance(story.state, NOON).available == 100


def test_points_are_worth_what_so_many_of_them_are(story: AccountStory) -> None:
    fen = PricedReward(
        reward=RewardId("cash"),
        kind=RewardKind.CASH,
        points=20,
        value=Money(minor=1_00, currency="CNY"),
    )

    with pytest.raises(WorthDiffers):
        story.when(evolve(CONFIRM, cash=fen, amount=2_99))
    assert story.when(evolve(CONFIRM, cash=fen))


def test_points_pay_for_an_order_once_it_is_placed_and_for_no_other() -> None:
    held = Reservation(points=60, allocations=(), order=ORDER)

    assert not held.pays_for(ORDER)
    held.confirmed = True
    assert held.pays_for(ORDER)
    assert not held.pays_for(OrderId("o-2"))


def cash(points: int, minor: int) -> PricedReward:
    value = Money(minor=minor, currency="CNY")
    return PricedReward(reward=RewardId("cash"), kind=RewardKind.CASH, points=points, value=value)


@pytest.mark.parametrize(
    ("available", "goods", "at", "points", "amount", "bound"),
    [
        (20, 100_00, cash(1, 2_00), 20, 40_00, Bound.BALANCE),
        (80, 100_00, cash(1, 2_00), 50, 100_00, Bound.GOODS),
        (300, 100_00, cash(1, 5), 300, 15_00, Bound.BALANCE),
        (300, 10_00, cash(1, 5), 200, 10_00, Bound.GOODS),
        (300, 10_03, cash(1, 5), 200, 10_00, Bound.GOODS),
        (250, 10_00, cash(100, 1_00), 250, 2_50, Bound.BALANCE),
        (99, 10_00, cash(100, 1), 0, 0, Bound.BALANCE),
        (300, 0, cash(1, 5), 0, 0, Bound.GOODS),
        (300, 10_00, None, 300, None, Bound.BALANCE),
        (300, 0, None, 0, None, Bound.GOODS),
    ],
)
def test_as_many_points_pay_as_there_are_and_as_the_goods_come_to(  # noqa: PLR0917 - a row of the table
    available: int,
    goods: int,
    at: PricedReward | None,
    points: int,
    amount: int | None,
    bound: Bound,
) -> None:
    most = most_points(available, goods, at)

    assert (most.points, most.amount, most.bound) == (points, amount, bound)


@given(
    available=st.integers(0, 10**6),
    goods=st.integers(0, 10**6),
    at=st.builds(cash, st.integers(1, 999), st.integers(1, 999)),
)
def test_the_most_points_are_worth_what_they_pay_and_one_step_more_is_too_much(
    available: int, goods: int, at: PricedReward
) -> None:
    most = most_points(available, goods, at)

    assert at.value is not None
    assert most.amount is not None
    assert most.points * at.value.minor == most.amount * at.points
    assert most.points <= available
    assert most.amount <= goods
    more = most.points + most.step
    costs = Fraction(more * at.value.minor, at.points)
    assert costs.denominator == 1
    assert costs > goods if most.bound is Bound.GOODS else more > available
