"""What is told again under its id does nothing, and something else under it is refused."""

from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.account import AccountClosed, AccountMerged
from regulars.domain.account_merge import MergeAccounts, SeparateAccount
from regulars.domain.adjustment import AdjustmentDiffers, MigrationDiffers
from regulars.domain.due import AccountBalance, balance
from regulars.domain.redemption import (
    RedemptionDiffers,
    ReservationDiffers,
    RestorationDiffers,
)
from regulars.domain.reward import Reward
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.transfer import TransferDiffers
from regulars.domain.values import (
    CustomerId,
    OccasionId,
    OrderId,
    RedemptionId,
    Refusal,
    ReservationId,
)
from tests.domain.account_histories import Posting
from tests.domain.chronicle import PROGRAM, Chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.points import (
    adjust,
    award,
    capture,
    close,
    give,
    join,
    migrate,
    redeem,
    refunded,
    release,
    reserve,
    undo,
)
from tests.domain.story import NOON, account_story

LATER = NOON + timedelta(days=3)
CHEN = CustomerId("chen")
APART = SeparateAccount(program=PROGRAM, customer=ANNA, at=LATER)
BIRTHDAY = RecordOccasion(
    program=PROGRAM, customer=ANNA, at=NOON, occasion=OccasionId("2024"), on="birthday"
)
HELD = reserve(10, lapses_at=LATER + timedelta(days=9))

DONE: dict[str, tuple[Posting, ...]] = {
    "an award": (award("o-2", 30_00),),
    "an occasion": (BIRTHDAY,),
    "points put in": (adjust(50),),
    "points taken out": (adjust(-20),),
    "points that are owed": (adjust(-500, owed=True),),
    "points of another system": (migrate(70),),
    "points given away": (evolve(give(15), receiver=CHEN),),
    "a hold": (HELD,),
    "a hold that was released": (HELD, release()),
    "a release": (release(),),
    "a hold that was spent": (HELD, capture()),
    "points spent": (redeem(12),),
    "a refund": (refunded("o-1", 20_00, price=100_00),),
    "points given back": (undo(1, 2),),
}
"""What is done to an account, of which the first is told again."""

BEFORE: dict[str, tuple[Posting, ...]] = {
    "a release": (HELD,),
    "points given back": (redeem(12),),
}


def town(*commands: Posting) -> Chronicle:
    written = Chronicle()
    for command in (award("o-1", 100_00), *commands):
        written.recorded(command)
    return written


def held(written: Chronicle) -> list[AccountBalance]:
    return [balance(written.account(who), LATER) for who in (ANNA, BO, CHEN)]


def done(name: str, *then: Posting) -> Chronicle:
    return town(*BEFORE.get(name, ()), *DONE[name], *then)


def again(name: str, whose: CustomerId) -> Posting:
    first = DONE[name][0]
    assert not isinstance(first, MergeAccounts)
    return evolve(first, customer=whose)


@pytest.mark.parametrize("name", DONE)
def test_told_again_to_who_took_the_account_over_it_does_nothing(name: str) -> None:
    written = done(name, evolve(award("o-9", 60_00), customer=BO), join(LATER))
    before, facts = held(written), list(written.facts)

    assert written.recorded(again(name, BO)) == []
    assert (held(written), written.facts) == (before, facts)


@pytest.mark.parametrize("name", DONE)
def test_told_again_after_two_merges_it_does_nothing(name: str) -> None:
    written = done(name, join(LATER), evolve(join(LATER), absorbed=BO, survivor=CustomerId("dan")))
    facts = list(written.facts)

    assert written.recorded(again(name, CustomerId("dan"))) == []
    assert written.facts == facts


@pytest.mark.parametrize("name", DONE)
@pytest.mark.parametrize(
    "over",
    [(join(LATER),), (close(LATER),), (join(LATER), APART)],
    ids=["merged", "closed", "separated"],
)
def test_told_again_to_an_account_that_is_over_it_does_nothing(
    over: tuple[Posting, ...], name: str
) -> None:
    written = done(name, *over)
    before, facts = held(written), list(written.facts)

    assert written.recorded(again(name, ANNA)) == []
    assert (held(written), written.facts) == (before, facts)


def test_what_is_told_for_the_first_time_to_an_account_that_is_over_is_refused() -> None:
    for name in DONE:
        prepared = BEFORE.get(name, ())
        with pytest.raises(AccountMerged):
            town(*prepared, join(LATER), DONE[name][0])
        if name != "a release":  # closing released it
            with pytest.raises(AccountClosed):
                town(*prepared, close(LATER), DONE[name][0])


def test_what_the_survivor_was_told_is_not_told_to_the_absorbed() -> None:
    written = town(join(LATER), evolve(adjust(-20, LATER), customer=BO))

    with pytest.raises(AccountMerged):
        written.recorded(adjust(-20, LATER))


def test_a_transfer_to_who_is_the_same_by_now_is_known_under_both() -> None:
    written = town(give(15), join(LATER))

    assert written.recorded(give(15, LATER)) == []
    assert written.recorded(evolve(give(15, LATER), customer=BO)) == []


OTHER: dict[str, tuple[tuple[Posting, ...], Posting, type[Refusal]]] = {
    "for another reason": ((adjust(5),), evolve(adjust(5), reason="gift"), AdjustmentDiffers),
    "by another approver": ((adjust(5),), evolve(adjust(5), approver="lead:2"), AdjustmentDiffers),
    "for another moment": (
        (adjust(5),),
        evolve(adjust(5), effective_at=NOON - timedelta(days=1)),
        AdjustmentDiffers,
    ),
    "until another end": ((adjust(5),), adjust(5, expires_at=LATER), AdjustmentDiffers),
    "taken out for another reason": (
        (adjust(-5),),
        evolve(adjust(-5), reason="gift"),
        AdjustmentDiffers,
    ),
    "a lot until another end": ((migrate(5),), migrate(5, expires_at=LATER), MigrationDiffers),
    "a lot from elsewhere": (
        (migrate(5),),
        evolve(migrate(5), legacy_ref="other"),
        MigrationDiffers,
    ),
    "a lot named as an order": ((), migrate(100, lot="o-1"), MigrationDiffers),
    "to another": ((give(5),), evolve(give(5), receiver=CHEN), TransferDiffers),
    "held until another end": ((HELD,), reserve(10), ReservationDiffers),
    "held for an order": ((HELD,), evolve(HELD, order=OrderId("o-9")), ReservationDiffers),
    "on something else": (
        (redeem(12),),
        evolve(redeem(12), reward=Reward(kind="item", id="tea")),
        RedemptionDiffers,
    ),
    "for another order": (
        (redeem(12),),
        evolve(redeem(12), order=OrderId("o-9")),
        RedemptionDiffers,
    ),
    "what was held, at once": ((HELD, capture()), redeem(10), RedemptionDiffers),
    "what was held, on something else": (
        (HELD, capture()),
        evolve(capture(), reward=Reward(kind="item", id="tea")),
        RedemptionDiffers,
    ),
    "more of it back": ((redeem(12), undo(1, 2)), undo(2, 2), RestorationDiffers),
}


@pytest.mark.parametrize(("told", "other", "why"), OTHER.values(), ids=OTHER)
def test_something_else_under_an_id_is_refused_also_when_the_account_is_over(
    told: tuple[Posting, ...], other: Posting, why: type[Refusal]
) -> None:
    for over in ((), (close(LATER),), (join(LATER),)):
        if over and not told:
            continue
        written = town(*told, *over)
        with pytest.raises(why) as refused:
            written.recorded(other)
        assert str(refused.value)


def test_an_adjustment_is_known_whatever_moment_and_end_a_repeat_does_not_name() -> None:
    story = account_story().given(award("o-1", 100_00), adjust(5), adjust(-5, adjustment="a-2"))

    assert story.when(adjust(5, LATER)) == []
    assert story.when(evolve(adjust(5, LATER), effective_at=NOON)) == []
    assert story.when(adjust(-5, LATER, "a-2", expires_at=LATER)) == []


def test_what_was_held_for_an_order_is_spent_once_whether_the_order_is_named_or_not() -> None:
    order = OrderId("o-7")
    story = account_story().given(award("o-1", 100_00), evolve(HELD, order=order), capture())

    assert story.when(capture()) == []
    assert story.when(evolve(capture(), order=order)) == []
    with pytest.raises(RedemptionDiffers):
        story.when(evolve(capture(), order=OrderId("o-9")))


def test_a_single_point_that_was_put_in_has_one_end() -> None:
    with pytest.raises(AdjustmentDiffers):
        account_story().given(adjust(1)).when(adjust(1, expires_at=LATER))


def test_a_lot_that_is_named_as_an_adjustment_is_no_adjustment() -> None:
    with pytest.raises(AdjustmentDiffers):
        account_story().given(award("adjustment/a-1", 5_00)).when(adjust(5))


def test_an_id_that_both_used_stands_for_what_the_survivor_was_told() -> None:
    both = (adjust(-5), redeem(3), HELD)
    theirs = (evolve(adjust(-6), customer=BO), evolve(redeem(3), customer=BO))
    bos = tuple(evolve(one, customer=BO) for one in (award("o-2", 30_00), HELD))
    written = town(*both, *bos, *theirs, join(LATER))

    assert written.recorded(theirs[0]) == []
    with pytest.raises(AdjustmentDiffers):
        written.recorded(evolve(adjust(-5), customer=BO))
    renamed = (
        evolve(redeem(3), customer=BO, redemption=RedemptionId("merged/anna/s-1")),
        evolve(HELD, customer=BO, reservation=ReservationId("merged/anna/h-1")),
    )
    assert [written.recorded(one) for one in renamed] == [[], []]
