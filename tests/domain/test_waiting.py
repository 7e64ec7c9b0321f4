from attrs import evolve

from regulars.domain.loyalty import ActivatePoints
from regulars.domain.values import LotId
from regulars.domain.waiting import Awaited, awaited
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.points import award
from tests.domain.story import NOON, account_story, minutes

SOON, LATER = NOON + minutes(10), NOON + minutes(20)


def test_points_that_wait_are_told_the_next_to_be_used_first() -> None:
    story = account_story().given(
        award("used", 7_00),
        award("unsaid", 3_00, pending=True),
        award("later", 5_00, activates_at=LATER),
        award("soon", 4_00, activates_at=SOON),
    )

    later = Awaited(lot=LotId("later"), points=5, activates_at=LATER)
    unsaid = Awaited(lot=LotId("unsaid"), points=3, activates_at=None)
    soon = Awaited(lot=LotId("soon"), points=4, activates_at=SOON)
    assert awaited(story.state, NOON) == (soon, later, unsaid)
    assert awaited(story.state, SOON) == (later, unsaid)
    assert awaited(story.state, LATER) == (unsaid,)


def test_points_that_were_activated_or_ended_wait_no_more() -> None:
    ends = evolve(award("ends", 4_00, pending=True), expires_at=SOON)
    activate = ActivatePoints(program=PROGRAM, customer=ANNA, at=NOON, lot=LotId("o-1"))
    story = account_story().given(award("o-1", 3_00, pending=True), ends, activate)

    assert [one.lot for one in awaited(story.state, NOON)] == ["ends"]
    assert awaited(story.state, SOON) == ()
