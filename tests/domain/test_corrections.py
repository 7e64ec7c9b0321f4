"""Corrections to the last point, and what is wrong where a code is none."""

from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.adjustment import PointsAdjusted
from regulars.domain.codes import NoCode
from regulars.domain.due import balance
from regulars.domain.holding import PointsReservationReleased
from regulars.domain.loyalty import Command
from regulars.domain.values import LotId
from tests.domain.points import adjust, award, close, migrate, redeem, refunded, reserve
from tests.domain.story import NOON, account_story


def corrected(events: list[object]) -> PointsAdjusted:
    (found,) = (event for event in events if isinstance(event, PointsAdjusted))
    return found


def test_one_point_that_is_put_in_is_a_lot_and_takes_nothing() -> None:
    story = account_story().given(award("o-1", 20_00))

    found = corrected([*story.when(adjust(1))])

    assert (found.lot, found.allocations) == (LotId("adjustment/a-1"), ())


def test_one_point_is_taken_out_and_what_is_taken_out_has_no_end() -> None:
    story = account_story().given(award("o-1", 20_00))

    found = corrected([*story.when(adjust(-1, expires_at=NOON + timedelta(days=1)))])

    assert (found.lot, found.expires_at) == (None, None)
    assert balance(story.state, NOON).available == 19


def test_what_is_put_in_too_late_to_be_used_pays_nothing() -> None:
    story = account_story().given(award("o-1", 20_00), redeem(20), refunded("o-1", 0))

    story.given(adjust(50, expires_at=NOON))

    assert (balance(story.state, NOON).available, balance(story.state, NOON).debt) == (0, 20)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (evolve(adjust(1), reason="she was cross"), "reason"),
        (evolve(adjust(1), approver="Ms Wang"), "approver"),
        (evolve(migrate(1), legacy_ref="who knows"), "legacy_ref"),
        (evolve(close(), reason="moved to Paris"), "reason"),
    ],
)
def test_what_is_no_code_is_told_by_its_field(command: Command, field: str) -> None:
    with pytest.raises(NoCode) as refused:
        account_story().given(award("o-1", 20_00)).when(command)

    assert refused.value.field == field


def test_what_a_closing_puts_back_did_not_lapse() -> None:
    story = account_story().given(award("o-1", 20_00), reserve(12))

    released, _ = story.when(close())

    assert isinstance(released, PointsReservationReleased)
    assert not released.lapsed


def test_what_is_owed_adds_up() -> None:
    story = account_story().given(
        award("o-1", 20_00), adjust(-23, owed=True), adjust(-5, adjustment="a-2", owed=True)
    )

    assert balance(story.state, NOON).debt == 8
