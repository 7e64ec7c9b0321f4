from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.adjustment import (
    AdjustmentDiffers,
    MigrationDiffers,
    NotYetEffective,
    PointsAdjusted,
    PointsMigrated,
)
from regulars.domain.codes import NoCode
from regulars.domain.due import balance
from regulars.domain.earning import MOST_EARNED
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.lots import Allocation, PointsDebtSettled
from regulars.domain.loyalty import Command, LoyaltyAccountOpened
from regulars.domain.redemption import ImpossiblePoints, NotEnoughPoints
from regulars.domain.values import AdjustmentId, LotId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.points import adjust, award, close, migrate, redeem, refunded
from tests.domain.story import NOON, account_story, minutes

COMMANDS: dict[str, Command] = {
    "add": adjust(30),
    "add else": adjust(31),
    "take": adjust(-30, adjustment="a-2"),
    "take all": adjust(-500, adjustment="a-2"),
    "owe": adjust(-500, adjustment="a-2", owed=True),
    "add 0": adjust(0, adjustment="a-3"),
    "later": evolve(adjust(1, adjustment="a-3"), effective_at=NOON + minutes(1)),
    "words": evolve(adjust(1, adjustment="a-3"), reason="she was cross"),
    "whom": evolve(adjust(1, adjustment="a-3"), approver="Ms Wang"),
    "old": migrate(120),
    "old else": migrate(121),
    "old 0": migrate(0, lot="migrated/2"),
    "from": evolve(migrate(1, lot="migrated/2"), legacy_ref="who knows"),
}
LEGEND: Legend = {
    AdjustmentDiffers: "!",
    ImpossiblePoints: "0",
    MigrationDiffers: "!",
    NoCode: "c",
    NotEnoughPoints: "<",
    NotYetEffective: "t",
}
TABLE = """
         add  add else  take  take all  owe  add 0  later  words  whom  old  old else  old 0  from
nothing  ++   ++        <     <         ++   0      t      c      c     ++   ++        0      c
added    =    !         +     <         +    0      t      c      c     +    +         0      c
taken    +    +         =     !         !    0      t      c      c     +    +         0      c
brought  +    +         +     <         +    0      t      c      c     =    !         0      c
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "added": (adjust(30),),
    "taken": (award("o-1", 100_00), adjust(-30, adjustment="a-2")),
    "brought": (migrate(120),),
}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(account_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_points_put_in_are_a_lot_and_say_why_and_who_allowed_it() -> None:
    end = NOON + timedelta(days=30)

    assert account_story().when(adjust(30, expires_at=end)) == [
        LoyaltyAccountOpened(program=PROGRAM, customer=ANNA),
        PointsAdjusted(
            program=PROGRAM,
            customer=ANNA,
            adjustment=AdjustmentId("a-1"),
            points=30,
            reason="ticket-12",
            approver="lead:1",
            effective_at=NOON,
            lot=LotId("adjustment/a-1"),
            expires_at=end,
        ),
    ]


def test_points_are_taken_out_in_the_order_of_spending() -> None:
    story = account_story().given(
        award("o-1", 20_00, expires_at=NOON + timedelta(days=9)),
        award("o-2", 20_00, expires_at=NOON + timedelta(days=8)),
    )

    (first,) = story.when(adjust(-5))
    (second,) = story.when(adjust(-5, adjustment="a-2", spend=SpendOrder.FIFO))

    assert isinstance(first, PointsAdjusted)
    assert isinstance(second, PointsAdjusted)
    assert (first.allocations, first.lot, first.expires_at) == (
        (Allocation(lot=LotId("o-2"), points=5),),
        None,
        None,
    )
    assert second.allocations == (Allocation(lot=LotId("o-1"), points=5),)


def test_a_refusal_says_what_is_lacking() -> None:
    story = account_story().given(award("o-1", 20_00))

    with pytest.raises(NotEnoughPoints) as refused:
        story.when(adjust(-21))

    assert (refused.value.available, refused.value.wanted) == (20, 21)


def test_what_is_lacking_may_be_owed_and_is_paid_by_what_is_put_in_later() -> None:
    story = account_story().given(award("o-1", 20_00), adjust(-50, owed=True))
    assert balance(story.state, NOON).debt == 30

    *_, settled = story.when(adjust(40, adjustment="a-2"))

    assert isinstance(settled, PointsDebtSettled)
    assert settled.points == 30
    assert balance(story.state, NOON).available == 10


def test_what_was_past_already_pays_nothing() -> None:
    story = account_story().given(award("o-1", 20_00), redeem(20), refunded("o-1", 0))

    story.given(migrate(50, expires_at=NOON))

    assert (balance(story.state, NOON).available, balance(story.state, NOON).debt) == (0, 20)


def test_what_is_put_in_counts_from_when_it_should_have_been_there() -> None:
    story = account_story().given(award("o-1", 20_00, NOON + minutes(60)))

    story.given(evolve(adjust(5, NOON + minutes(90)), effective_at=NOON + minutes(30)))
    story.given(evolve(adjust(-5, NOON + minutes(99), "a-2"), effective_at=NOON + minutes(30)))

    added, taken = (event for event in story.told if isinstance(event, PointsAdjusted))
    assert added.effective_at == taken.effective_at == NOON + minutes(30)
    assert story.moments[-2:] == [NOON + minutes(30), NOON + minutes(99)]
    assert story.state.lots.known[LotId("adjustment/a-1")].awarded_at == NOON + minutes(30)


def test_points_of_another_system_keep_their_end_and_count_for_no_tier() -> None:
    end = NOON + timedelta(days=30)

    *_, migrated = (story := account_story()).when(migrate(120, expires_at=end))

    assert migrated == PointsMigrated(
        program=PROGRAM,
        customer=ANNA,
        lot=LotId("migrated/1"),
        points=120,
        legacy_ref="old-system/1",
        expires_at=end,
    )
    assert balance(story.state, end).available == 0
    assert story.state.tier.gains.of == {}


def test_nobody_is_given_more_than_an_occasion_can_earn() -> None:
    account_story().given(adjust(MOST_EARNED))
    with pytest.raises(ImpossiblePoints) as refused:
        account_story().when(migrate(MOST_EARNED + 1))
    assert refused.value.points == MOST_EARNED + 1


def test_an_account_that_is_closed_takes_nothing() -> None:
    story = account_story().given(award("o-1", 20_00), close())

    assert [story.attempt(one) for one in (adjust(5), migrate(5))] == [[], []]
