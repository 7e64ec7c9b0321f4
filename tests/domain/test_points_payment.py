"""Points that are held for an order from its placing on."""

from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.due import balance
from regulars.domain.holding import (
    HeldForOrder,
    PointsReservationConfirmed,
    PointsReserved,
    payment_of,
)
from regulars.domain.lots import Allocation
from regulars.domain.points_payment import ConfirmReservation
from regulars.domain.redemption import (
    ImpossiblePoints,
    NotEnoughPoints,
    NothingHeld,
    PointsRedeemed,
    ReservationDiffers,
)
from regulars.domain.values import LotId, OrderId, ReservationId
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
