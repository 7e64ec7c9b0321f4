from datetime import timedelta

import pytest

from regulars.domain.due import Expiring, balance, schedule
from regulars.domain.holding import PointsReservationReleased
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import ActivatePoints, PointsEarned, RecordDuePoints
from regulars.domain.redemption import PointsRedeemed
from regulars.domain.values import LotId, ReservationId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.points import award, redeem, refunded, release, reserve
from tests.domain.story import NOON, account_story

HOUR = timedelta(hours=1)


def record_due(hours: int) -> RecordDuePoints:
    return RecordDuePoints(program=PROGRAM, customer=ANNA, at=NOON + hours * HOUR)


def activate(lot: str, hours: int, lasting: int | None = None) -> ActivatePoints:
    at = NOON + hours * HOUR
    ends = None if lasting is None else at + lasting * HOUR
    return ActivatePoints(program=PROGRAM, customer=ANNA, at=at, lot=LotId(lot), expires_at=ends)


def test_what_falls_due_is_recorded_in_the_order_of_its_moments() -> None:
    story = account_story().given(
        award("held", 5_00),
        reserve(5, lapses_at=NOON + 3 * HOUR),
        award("gone", 9_00, expires_at=NOON + HOUR),
        award("waiting", 20_00, activates_at=NOON + 2 * HOUR, expires_at=NOON + 9 * HOUR),
    )

    events = story.when(record_due(4))

    assert events == [
        PointsExpired(
            program=PROGRAM,
            customer=ANNA,
            lot=LotId("gone"),
            points=9,
            expired_at=NOON + HOUR,
        ),
        PointsActivated(
            program=PROGRAM,
            customer=ANNA,
            lot=LotId("waiting"),
            points=20,
            activated_at=NOON + 2 * HOUR,
            expires_at=NOON + 9 * HOUR,
        ),
        PointsReservationReleased(
            program=PROGRAM,
            customer=ANNA,
            reservation=ReservationId("h-1"),
            points=5,
            allocations=(Allocation(lot=LotId("held"), points=5),),
            released_at=NOON + 3 * HOUR,
            lapsed=True,
        ),
    ]
    assert story.moments[-3:] == [NOON + hours * HOUR for hours in (1, 2, 3)]
    assert story.when(record_due(4)) == []


def test_points_that_come_of_a_lapse_may_expire_before_anybody_looks() -> None:
    story = account_story().given(
        award("o-1", 9_00, expires_at=NOON + 5 * HOUR), reserve(9, lapses_at=NOON + 3 * HOUR)
    )

    assert balance(story.state, NOON + 4 * HOUR).available == 9
    assert [type(event) for event in story.when(record_due(6))] == [
        PointsReservationReleased,
        PointsExpired,
    ]


def test_points_that_are_released_at_the_end_of_their_time_expire_at_once() -> None:
    story = account_story().given(award("o-1", 9_00, expires_at=NOON + HOUR), reserve(9))

    released, expired = story.when(release(NOON + HOUR))

    assert isinstance(released, PointsReservationReleased)
    assert not released.lapsed
    assert isinstance(expired, PointsExpired)


def test_all_lots_that_are_past_expire_when_their_points_are_released() -> None:
    ends = NOON + HOUR
    lots = [award("o-1", 4_00, expires_at=ends), award("o-2", 5_00, expires_at=ends)]
    story = account_story().given(*lots, reserve(9))

    _, *expired = story.when(release(ends))

    assert [event.points for event in expired if isinstance(event, PointsExpired)] == [4, 5]


@pytest.mark.parametrize(
    ("spend", "lots"),
    [
        (SpendOrder.FEFO, [("waits", 20), ("held", 10), ("last", 5)]),
        (SpendOrder.FIFO, [("held", 10), ("last", 15), ("waits", 10)]),
    ],
)
def test_what_became_usable_by_itself_is_spent_in_its_place(
    spend: SpendOrder, lots: list[tuple[str, int]]
) -> None:
    story = account_story().given(
        award("held", 10_00, expires_at=NOON + 6 * HOUR),
        reserve(10, lapses_at=NOON + 2 * HOUR),
        award("last", 15_00, NOON + HOUR, expires_at=NOON + 9 * HOUR),
        award(
            "waits",
            20_00,
            NOON + HOUR,
            activates_at=NOON + 2 * HOUR,
            expires_at=NOON + 5 * HOUR,
        ),
    )

    *_, redeemed = story.when(redeem(35, NOON + 3 * HOUR, spend=spend))

    assert isinstance(redeemed, PointsRedeemed)
    assert [(one.lot, one.points) for one in redeemed.allocations] == lots


def test_an_activated_lot_pays_what_is_owed_first() -> None:
    story = account_story().given(
        award("o-1", 20_00),
        redeem(20),
        refunded("o-1", 0),
        award("o-2", 30_00, pending=True),
    )

    events = story.when(activate("o-2", 1, lasting=24))

    assert events[1:] == [
        PointsDebtSettled(
            program=PROGRAM,
            customer=ANNA,
            points=20,
            allocations=(Allocation(lot=LotId("o-2"), points=20),),
            settled_at=NOON + HOUR,
        )
    ]
    assert schedule(story.state, NOON + HOUR) == (
        Expiring(lot=LotId("o-2"), points=10, expires_at=NOON + 25 * HOUR),
    )
    assert story.when(activate("o-2", 2)) == []


def test_a_lot_that_is_past_when_it_is_activated_pays_nothing() -> None:
    story = account_story().given(
        award("o-1", 20_00),
        redeem(20),
        refunded("o-1", 0),
        award("o-2", 30_00, pending=True),
    )

    events = story.when(activate("o-2", 1, lasting=0))

    assert [type(event) for event in events] == [PointsActivated, PointsExpired]
    assert balance(story.state, NOON + HOUR).debt == 20


def test_one_award_after_another_pays_what_is_owed() -> None:
    story = account_story().given(award("o-1", 20_00), redeem(20), refunded("o-1", 0))
    lots = [award("o-2", 5_00), award("o-3", 10_00), award("o-4", 30_00)]

    paid = [
        event.allocations
        for event in story.given(*lots).told
        if isinstance(event, PointsDebtSettled)
    ]

    assert paid == [
        (Allocation(lot=LotId("o-2"), points=5),),
        (Allocation(lot=LotId("o-3"), points=10),),
        (Allocation(lot=LotId("o-4"), points=5),),
    ]
    assert (story.state.debt, story.state.lots.available) == (0, 25)


def test_points_that_are_released_pay_what_is_owed_lot_by_lot() -> None:
    story = account_story().given(
        award("o-1", 5_00), award("o-2", 10_00), reserve(15), award("o-3", 12_00), redeem(12)
    )
    story.given(refunded("o-3", 0))

    *_, settled = story.when(release())

    assert isinstance(settled, PointsDebtSettled)
    assert [(one.lot, one.points) for one in settled.allocations] == [("o-1", 5), ("o-2", 7)]
    assert (story.state.debt, story.state.lots.available) == (0, 3)


def test_what_a_lapse_pays_of_what_is_owed_cannot_be_spent() -> None:
    lapsing = reserve(15, lapses_at=NOON + HOUR)
    story = account_story().given(
        award("o-1", 5_00), award("o-2", 10_00), lapsing, award("o-3", 7_00), redeem(7)
    )
    story.given(refunded("o-3", 0))

    *_, redeemed = story.when(redeem(8, NOON + HOUR, "s-2"))

    assert isinstance(redeemed, PointsRedeemed)
    assert redeemed.allocations == (Allocation(lot=LotId("o-2"), points=8),)


def test_an_award_that_is_past_when_it_is_made_pays_nothing() -> None:
    story = account_story().given(award("o-1", 20_00), redeem(20), refunded("o-1", 0))

    events = story.when(award("o-2", 30_00, expires_at=NOON))

    assert [type(event) for event in events] == [PointsEarned]
    assert balance(story.state, NOON).debt == 20


def test_an_award_that_is_active_from_its_moment_on_does_not_wait() -> None:
    (*_, at_once) = account_story().when(award("o-1", 5_00, activates_at=NOON))
    (*_, later) = account_story().when(award("o-1", 5_00, activates_at=NOON + HOUR))

    assert isinstance(at_once, PointsEarned)
    assert isinstance(later, PointsEarned)
    assert (at_once.pending, later.pending) == (False, True)


def test_nothing_is_activated_that_is_not_there() -> None:
    assert account_story().when(activate("o-1", 1)) == []


def test_what_never_expires_is_on_no_schedule() -> None:
    assert schedule(account_story().given(award("o-1", 5_00)).state, NOON) == ()
