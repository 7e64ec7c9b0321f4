"""Terms that are looked back to, one after another, as they were when each of them ended."""

from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.program import TierLadderPublished
from regulars.domain.tier_ladder import Basis, Window
from regulars.domain.tiers import EvaluateTier, TierDowngraded, TierRenewed
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.points import award, redeem
from tests.domain.story import NOON, account_story
from tests.domain.test_tiers import THREE, Member, ladder

YEAR = timedelta(days=365)


@pytest.mark.parametrize("terms", [1, 2])
def test_what_a_refund_took_as_a_term_ended_counted_in_it(terms: int) -> None:
    anna = Member(ladder(*THREE))
    anna.earns(210, NOON)

    anna.loses("o-0", 210, NOON + terms * YEAR)

    assert anna.kinds() == ["TierEntered", *["TierRenewed"] * terms]


@pytest.mark.parametrize("terms", [1, 2])
def test_what_was_spent_as_a_term_ended_was_there_in_it(terms: int) -> None:
    by = ladder(*THREE, basis=Basis.BALANCE)
    published = TierLadderPublished(program=PROGRAM, version=1, ladder=by)
    look = EvaluateTier(program=PROGRAM, customer=ANNA, at=NOON, ladders=(published,))
    story = account_story().given(award("o-1", 210_00), look, redeem(200, NOON + terms * YEAR))

    events = [story.when(evolve(look, at=NOON + (n + 1) * YEAR)) for n in range(terms)]

    assert [[type(event) for event in found] for found in events] == [[TierRenewed]] * terms


def test_a_term_of_its_own_counts_from_when_it_began() -> None:
    anna = Member(ladder(*THREE, window=Window.ANNIVERSARY))
    anna.earns(210, NOON)

    anna.look(NOON + YEAR)

    lost = anna.told[-1]
    assert isinstance(lost, TierDowngraded)
    found = lost.assessment
    assert (found.since, found.value, found.evidence) == (NOON, 0, ())
