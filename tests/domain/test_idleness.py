from datetime import datetime, timedelta

import pytest

from regulars.domain.due import Expiring, balance, schedule
from regulars.domain.expiry_notice import IssueExpiryNotice, PointsExpiryNoticeIssued
from regulars.domain.idleness import (
    ImpossibleLimit,
    InactivityLimitSet,
    LoyaltyAccountWentIdle,
)
from regulars.domain.ledger_policies import ReturnPolicy
from regulars.domain.lots import PointsExpired
from regulars.domain.loyalty import Command, LoyaltyAccountOpened, RecordDuePoints
from regulars.domain.rule_flaws import MOST_DAYS
from regulars.domain.values import LotId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.points import award, limit, migrate, redeem, reserve, undo
from tests.domain.story import NOON, AccountStory, account_story

DAY = timedelta(days=1)


def after(days: int) -> datetime:
    return NOON + days * DAY


def available(story: AccountStory, days: int) -> int:
    return balance(story.state, after(days)).available


def record(days: int) -> RecordDuePoints:
    return RecordDuePoints(program=PROGRAM, customer=ANNA, at=after(days))


def test_all_points_end_when_nothing_moved_for_so_long() -> None:
    story = account_story().given(
        limit(10), award("o-1", 20_00), award("o-2", 5_00, activates_at=after(30))
    )

    assert balance(story.state, after(10) - timedelta(microseconds=1)).available == 20
    assert (available(story, 10), balance(story.state, after(10)).pending) == (0, 0)
    assert story.when(record(11)) == [
        LoyaltyAccountWentIdle(program=PROGRAM, customer=ANNA, idle_at=after(10)),
        *(
            PointsExpired(
                program=PROGRAM, customer=ANNA, lot=LotId(lot), points=points, expired_at=after(10)
            )
            for lot, points in (("o-1", 20), ("o-2", 5))
        ),
    ]
    assert story.moments[-3:] == [after(10)] * 3
    assert story.when(record(40)) == []


@pytest.mark.parametrize(
    "move",
    [award("o-2", 0, after(5)), redeem(5, after(5)), reserve(5, after(5))],
    ids=["earning", "spending", "holding"],
)
def test_whatever_is_earned_held_or_spent_moves_the_end(move: Command) -> None:
    story = account_story().given(limit(10), award("o-1", 20_00))

    story.given(move)

    assert available(story, 14) > 0
    assert available(story, 15) == 0


def test_what_comes_without_the_customers_doing_moves_nothing_but_what_had_ended() -> None:
    story = account_story().given(limit(10), award("o-1", 20_00), migrate(7, after(5)))

    assert available(story, 10) == 0
    story.given(migrate(7, after(20), "migrated/2"))
    assert (available(story, 29), available(story, 30)) == (7, 0)


def test_a_new_limit_counts_from_when_it_was_set_and_none_from_then_on() -> None:
    story = account_story().given(award("o-1", 20_00))

    assert story.when(limit(2, after(50))) == [
        InactivityLimitSet(program=PROGRAM, customer=ANNA, days=2)
    ]
    assert story.when(limit(2, after(51))) == []
    assert (available(story, 51), available(story, 52)) == (20, 0)
    story.given(limit(None, after(51)))
    assert available(story, 500) == 20


def test_a_limit_opens_the_account_and_has_its_bounds() -> None:
    assert account_story().when(limit(MOST_DAYS)) == [
        LoyaltyAccountOpened(program=PROGRAM, customer=ANNA),
        InactivityLimitSet(program=PROGRAM, customer=ANNA, days=MOST_DAYS),
    ]
    for days in (0, MOST_DAYS + 1):
        with pytest.raises(ImpossibleLimit) as refused:
            account_story().when(limit(days))
        assert refused.value.days == days


def test_what_comes_back_after_the_end_has_ended_too() -> None:
    story = account_story().given(
        limit(10), award("o-1", 20_00), redeem(8), reserve(5, lapses_at=after(11))
    )

    assert balance(story.state, after(10)).reserved == 5
    assert (available(story, 11), balance(story.state, after(11)).reserved) == (0, 0)
    story.given(undo(1, 1, after(12)))
    assert available(story, 12) == 0


def test_what_comes_back_bit_by_bit_after_the_end_has_ended_too() -> None:
    story = account_story().given(limit(10), award("o-1", 20_00), redeem(8))

    story.given(undo(1, 2, after(12)), undo(2, 2, after(13), refund="r-2"))

    assert available(story, 13) == 0


def test_what_is_restored_for_some_days_can_be_used_for_them() -> None:
    kind = ReturnPolicy(reinstate_days=3)
    story = account_story().given(limit(10), award("o-1", 20_00), redeem(8))

    story.given(undo(1, 1, after(12), policy=kind))

    assert (available(story, 14), available(story, 15)) == (8, 0)


def test_a_lot_is_on_the_schedule_for_its_own_end_or_that_of_the_account() -> None:
    story = account_story().given(
        limit(10), award("o-1", 20_00), award("o-2", 5_00, expires_at=after(3))
    )

    assert schedule(story.state, NOON) == (
        Expiring(lot=LotId("o-2"), points=5, expires_at=after(3)),
        Expiring(lot=LotId("o-1"), points=20, expires_at=after(10)),
    )


def test_who_earns_after_the_end_begins_anew() -> None:
    story = account_story().given(limit(10), award("o-1", 20_00), award("o-2", 5_00, after(12)))

    assert [available(story, days) for days in (12, 21, 22)] == [5, 5, 0]


def test_who_is_about_to_be_idle_is_told() -> None:
    story = account_story().given(limit(10), award("o-1", 20_00))
    notice = IssueExpiryNotice(program=PROGRAM, customer=ANNA, at=after(2), days=9)

    (told,) = story.when(notice)

    assert isinstance(told, PointsExpiryNoticeIssued)
    assert [(one.points, one.expires_at) for one in told.lots] == [(20, after(10))]
    assert story.when(notice) == []
