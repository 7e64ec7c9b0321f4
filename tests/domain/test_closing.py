from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.account import AccountClosed, AccountMerged, NoAccount
from regulars.domain.closing import LoyaltyAccountClosed, PaysForOrders
from regulars.domain.codes import NoCode
from regulars.domain.due import balance
from regulars.domain.holding import PointsReservationReleased
from regulars.domain.lots import Allocation, PointsExpired
from regulars.domain.loyalty import Command, RecordDuePoints
from regulars.domain.points_payment import ConfirmReservation
from regulars.domain.values import LotId, ReservationId
from tests.domain.chronicle import PROGRAM, Chronicle
from tests.domain.examples import ANNA, ORDER
from tests.domain.points import (
    adjust,
    award,
    close,
    join,
    limit,
    migrate,
    redeem,
    refunded,
    release,
    reserve,
)
from tests.domain.story import NOON, account_story, minutes


def test_everything_that_is_left_is_forfeited_and_what_was_held_comes_back_first() -> None:
    story = account_story().given(
        award("o-1", 20_00),
        award("o-2", 5_00, pending=True),
        award("o-3", 9_00, expires_at=NOON + minutes(30)),
        reserve(12),
    )

    events = story.when(close(NOON + minutes(60)))

    assert [type(event) for event in events] == [
        PointsReservationReleased,
        PointsExpired,
        LoyaltyAccountClosed,
    ]
    assert events[-1] == LoyaltyAccountClosed(
        program=PROGRAM,
        customer=ANNA,
        reason="left",
        forfeited=25,
        allocations=(
            Allocation(lot=LotId("o-1"), points=20),
            Allocation(lot=LotId("o-2"), points=5),
        ),
    )
    then = balance(story.state, NOON + minutes(60))
    assert (then.available, then.pending, then.reserved, then.debt) == (0, 0, 0, 0)
    assert story.when(close(NOON + minutes(61))) == []


def test_a_hold_that_lapsed_is_not_released_again() -> None:
    story = account_story().given(
        award("o-1", 20_00), reserve(12, lapses_at=NOON + minutes(1)), limit(3)
    )

    first, *others = story.when(close(NOON + timedelta(days=4)))

    assert isinstance(first, PointsReservationReleased)
    assert first.lapsed
    assert PointsReservationReleased not in map(type, others)


def test_an_account_is_not_closed_under_an_order_that_its_points_pay_for() -> None:
    confirm = ConfirmReservation(
        program=PROGRAM,
        customer=ANNA,
        at=NOON,
        reservation=ReservationId("h-1"),
        points=12,
        order=ORDER,
        amount=1_00,
    )
    story = account_story().given(award("o-1", 20_00), reserve(3, reservation="h-2"), confirm)

    with pytest.raises(PaysForOrders) as refused:
        story.when(close())

    assert (refused.value.customer, refused.value.orders) == (ANNA, (ORDER,))
    assert ORDER in str(refused.value)
    assert balance(story.state, NOON).reserved == 15


def test_a_basket_that_was_not_ordered_yet_keeps_no_account_open() -> None:
    basket = evolve(reserve(12), order=ORDER)
    story = account_story().given(award("o-1", 20_00), basket)

    released, closed = story.when(close())

    assert isinstance(released, PointsReservationReleased)
    assert isinstance(closed, LoyaltyAccountClosed)
    assert closed.forfeited == 20


def test_what_is_owed_stays_owed() -> None:
    story = account_story().given(award("o-1", 20_00), redeem(20), refunded("o-1", 0), close())

    assert balance(story.state, NOON).debt == 20


@pytest.mark.parametrize(
    "command",
    [
        award("o-9", 5_00),
        redeem(1, redemption="s-9"),
        adjust(5),
        migrate(5),
        limit(5),
        refunded("o-1", 0),
        release(),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_closed_account_takes_nothing_more(command: Command) -> None:
    story = account_story().given(award("o-1", 20_00), close())

    with pytest.raises(AccountClosed) as refused:
        story.when(command)

    assert str(refused.value) == "the loyalty account of customer anna is closed"


def test_nothing_falls_due_in_a_closed_account() -> None:
    story = account_story().given(award("o-1", 5_00, expires_at=NOON + minutes(9)), close())

    assert story.when(RecordDuePoints(program=PROGRAM, customer=ANNA, at=NOON + minutes(10))) == []


def test_only_an_account_that_lives_can_be_closed_and_a_reason_is_a_code() -> None:
    written = Chronicle()
    with pytest.raises(NoAccount) as none:
        written.recorded(close())
    assert str(none.value) == "customer anna has no loyalty account in this programme"
    written.recorded(award("o-1", 20_00))
    with pytest.raises(NoCode):
        written.recorded(evolve(close(), reason="moved to Paris"))
    written.recorded(join())
    with pytest.raises(AccountMerged) as merged:
        written.recorded(close())
    assert "was merged into that of bo" in str(merged.value)
