from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.account_merge import MergeAccounts
from regulars.domain.closing import CloseAccount
from regulars.domain.due import Expiring
from regulars.domain.expiry_notice import (
    ImpossibleNotice,
    IssueExpiryNotice,
    PointsExpiryNoticeIssued,
)
from regulars.domain.ledger_policies import ReturnPolicy
from regulars.domain.lots import PointsExpired
from regulars.domain.rule_flaws import MOST_DAYS
from regulars.domain.values import LotId
from tests.domain.chronicle import PROGRAM, chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.points import award, redeem, undo
from tests.domain.story import NOON, AccountStory, account_story

IN_TEN, IN_FORTY = NOON + timedelta(days=10), NOON + timedelta(days=40)
NOTICE = IssueExpiryNotice(program=PROGRAM, customer=ANNA, at=NOON, days=10)


@pytest.fixture
def story() -> AccountStory:
    """An account of 40 points for ten days, 60 for forty and 5 for ever."""
    return account_story().given(
        award("ever", 5_00),
        award("long", 60_00, expires_at=IN_FORTY),
        award("soon", 40_00, expires_at=IN_TEN),
    )


def told(points: int, *lots: Expiring) -> list[PointsExpiryNoticeIssued]:
    return [PointsExpiryNoticeIssued(program=PROGRAM, customer=ANNA, points=points, lots=lots)]


SOON = Expiring(lot=LotId("soon"), points=40, expires_at=IN_TEN)


def test_wp09_a_lot_is_told_of_ten_days_before_its_end_and_once(story: AccountStory) -> None:
    assert story.when(NOTICE) == told(40, SOON)
    assert story.when(NOTICE) == []
    assert story.when(evolve(NOTICE, at=NOON + timedelta(days=9))) == []


def test_a_lot_is_told_of_when_its_time_has_come(story: AccountStory) -> None:
    early = evolve(NOTICE, at=NOON - timedelta(days=1))
    later = IN_FORTY - timedelta(days=10)

    assert (
        account_story().given(award("soon", 40_00, early.at, expires_at=IN_TEN)).when(early) == []
    )
    story.given(NOTICE)
    expired, notice = story.when(evolve(NOTICE, at=later))
    assert isinstance(expired, PointsExpired)
    assert [notice] == told(60, Expiring(lot=LotId("long"), points=60, expires_at=IN_FORTY))


def test_lots_that_end_one_after_another_are_one_notice(story: AccountStory) -> None:
    (notice,) = story.when(evolve(NOTICE, days=40))

    assert isinstance(notice, PointsExpiryNoticeIssued)
    assert (notice.points, [one.lot for one in notice.lots]) == (100, ["soon", "long"])


def test_points_that_are_spent_are_not_told_of(story: AccountStory) -> None:
    assert story.given(redeem(30)).when(NOTICE) == told(10, evolve(SOON, points=10))
    assert story.given(redeem(10, redemption="s-2")).when(evolve(NOTICE, days=11)) == []


def test_a_lot_that_ends_later_than_was_told_is_told_of_again(story: AccountStory) -> None:
    story.given(redeem(40))
    back = NOON + timedelta(days=20)
    story.given(undo(1, 1, back, policy=ReturnPolicy(reinstate_days=3)))

    (notice,) = story.when(evolve(NOTICE, at=back, days=3))

    until = back + timedelta(days=3)
    assert [notice] == told(40, evolve(SOON, expires_at=until))


@pytest.mark.parametrize("days", [0, MOST_DAYS + 1])
def test_a_notice_looks_some_days_ahead(story: AccountStory, days: int) -> None:
    with pytest.raises(ImpossibleNotice):
        story.when(evolve(NOTICE, days=days))


@pytest.mark.parametrize("days", [1, MOST_DAYS])
def test_a_notice_may_look_as_far_as_its_bounds(days: int) -> None:
    end = NOON + timedelta(days=days)
    story = account_story().given(award("last", 3_00, expires_at=end))

    assert story.when(evolve(NOTICE, days=days)) == told(
        3, Expiring(lot=LotId("last"), points=3, expires_at=end)
    )


def test_a_closed_account_is_told_nothing(story: AccountStory) -> None:
    story.given(CloseAccount(program=PROGRAM, customer=ANNA, at=NOON, reason="moved"))

    assert story.when(NOTICE) == []


def test_the_account_that_took_another_over_tells_nothing_twice() -> None:
    told_of = chronicle(
        [
            award("soon", 40_00, expires_at=IN_TEN),
            NOTICE,
            MergeAccounts(program=PROGRAM, absorbed=ANNA, survivor=BO, at=NOON),
            evolve(NOTICE, customer=BO),
        ]
    )

    assert [one.customer for one in told_of.all(PointsExpiryNoticeIssued)] == [ANNA]
