"""Two accounts of one person become one, and what was earned in either goes on in it."""

from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.account import AccountClosed, AccountMerged
from regulars.domain.account_merge import (
    LoyaltyAccountAbsorbed,
    LoyaltyAccountMerged,
    LoyaltyAccountSeparated,
    SeparateAccount,
)
from regulars.domain.adjustment import MigrationDiffers
from regulars.domain.due import balance
from regulars.domain.expiry_notice import IssueExpiryNotice
from regulars.domain.lots import PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import Command, LoyaltyAccountOpened
from regulars.domain.occasions import Standing
from regulars.domain.reversal import PointsReversed
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.two_accounts import OneAccount
from regulars.domain.values import CustomerId, LotId, OccasionId, RedemptionId, ReservationId
from tests.domain.account_histories import Posting
from tests.domain.chronicle import PROGRAM, Chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.points import (
    award,
    capture,
    close,
    join,
    limit,
    migrate,
    redeem,
    refunded,
    release,
    reserve,
    undo,
)
from tests.domain.story import NOON, minutes

LATER = NOON + timedelta(days=3)
BACK = SeparateAccount(program=PROGRAM, customer=ANNA, at=LATER)


def town(*commands: Posting) -> Chronicle:
    written = Chronicle()
    for command in commands:
        written.recorded(command)
    return written


def of_bo(*commands: Command) -> tuple[Command, ...]:
    return tuple(evolve(command, customer=BO) for command in commands)


def available(written: Chronicle, whose: CustomerId = BO) -> int:
    return balance(written.account(whose), LATER).available


def told(on: str, year: str) -> RecordOccasion:
    return RecordOccasion(program=PROGRAM, customer=ANNA, at=NOON, occasion=OccasionId(year), on=on)


def test_all_that_an_account_has_is_in_the_other_from_then_on() -> None:
    written = town(
        award("o-1", 20_00),
        award("o-2", 5_00, pending=True),
        reserve(6),
        *of_bo(award("o-3", 7_00)),
    )

    *_, went, came = written.recorded(join(LATER))

    assert went == LoyaltyAccountMerged(
        program=PROGRAM, customer=ANNA, survivor=BO, points=25, merged_at=LATER
    )
    assert isinstance(came, LoyaltyAccountAbsorbed)
    assert (came.absorbed, came.points, came.orders, came.merged_at) == (ANNA, 25, 2, LATER)
    held = balance(written.account(BO), LATER)
    assert (held.available, held.pending, held.reserved) == (21, 5, 6)
    nothing = balance(written.account(ANNA), LATER)
    assert (nothing.available, nothing.pending, nothing.reserved, nothing.debt) == (0, 0, 0, 0)
    assert written.account(BO).patronage.orders == 3
    assert written.recorded(join(LATER)) == []


def test_a_refund_of_what_the_absorbed_earned_takes_it_from_the_survivor_once() -> None:
    half = refunded("o-1", 10_00, price=20_00)
    written = town(award("o-1", 20_00), half, join(LATER))

    assert written.recorded(*of_bo(half)) == []
    (taken,) = written.recorded(*of_bo(refunded("o-1", 0, LATER, price=20_00, refund="r-2")))

    assert isinstance(taken, PointsReversed)
    assert (taken.points, taken.kept) == (10, 0)
    assert available(written) == 0
    assert written.account(BO).tier.gains.of[LotId("o-1")].points == 0


def test_what_expired_before_is_not_asked_for_after() -> None:
    soon = NOON + minutes(30)
    written = town(award("o-1", 20_00, expires_at=soon), join(LATER))

    assert PointsExpired in {type(fact.event) for fact in written.facts}
    written.recorded(*of_bo(refunded("o-1", 0, LATER, price=20_00)))

    assert balance(written.account(BO), LATER).debt == 0


def test_what_was_spent_is_given_back_to_the_survivor_the_rest_of_it() -> None:
    written = town(award("o-1", 20_00), redeem(9), undo(1, 3), join(LATER))

    written.recorded(*of_bo(undo(3, 3, LATER, refund="r-2")))

    assert available(written) == 20


def test_what_is_held_is_spent_or_freed_by_the_survivor_and_what_lapsed_is_not_held() -> None:
    written = town(
        award("o-1", 20_00),
        reserve(6),
        reserve(5, reservation="h-2"),
        reserve(4, reservation="h-3", lapses_at=NOON + minutes(5)),
        join(LATER),
    )
    assert set(written.account(BO).held) == {"h-1", "h-2"}

    written.recorded(*of_bo(capture(LATER)))
    written.recorded(*of_bo(release(LATER, "h-2")))

    assert available(written) == 14
    assert balance(written.account(BO), LATER).reserved == 0


def test_names_that_both_use_are_told_apart() -> None:
    both = (award("birthday/2024", 20_00), redeem(3), reserve(2))
    written = town(*both, *of_bo(*both), join(LATER))

    *_, came = (fact.event for fact in written.facts)
    assert isinstance(came, LoyaltyAccountAbsorbed)
    (lot,) = came.lots
    (held,) = came.reservations
    (spent,) = came.redemptions
    assert (lot.of, lot.lot) == (LotId("birthday/2024"), LotId("merged/anna/birthday/2024"))
    assert (held.of, held.reservation) == (ReservationId("h-1"), ReservationId("merged/anna/h-1"))
    assert (spent.of, spent.redemption) == (RedemptionId("s-1"), RedemptionId("merged/anna/s-1"))
    assert {one.lot for part in (held, spent) for one in part.allocations} == {lot.lot}
    written.recorded(*of_bo(undo(1, 1, LATER, redemption="merged/anna/s-1")))
    assert available(written) == 15 + 18


@pytest.mark.parametrize("order", [(ANNA, BO), (BO, ANNA)], ids=["absorbed owes", "survivor owes"])
def test_what_one_owes_the_points_of_the_other_pay(order: tuple[CustomerId, CustomerId]) -> None:
    owing, rich = order
    lots = (
        award("o-2", 15_00),
        award("o-3", 9_00, expires_at=LATER + minutes(1)),
        award("o-4", 8_00, pending=True),
    )
    written = Chronicle()
    for whose, commands in (
        (owing, (award("o-1", 20_00), redeem(20), refunded("o-1", 0))),
        (rich, lots),
    ):
        for command in commands:
            written.recorded(evolve(command, customer=whose))

    *_, paid = written.recorded(join(LATER))

    assert isinstance(paid, PointsDebtSettled)
    assert [(one.lot, one.points) for one in paid.allocations] == [("o-3", 9), ("o-2", 11)]
    held = balance(written.account(BO), LATER)
    assert (held.available, held.pending, held.debt) == (4, 8, 0)


def test_what_is_past_in_the_survivor_pays_nothing() -> None:
    late = LATER + timedelta(days=30)
    written = town(
        award("o-1", 20_00, expires_at=LATER),
        *of_bo(award("o-2", 20_00), redeem(20), refunded("o-2", 0), limit(9, late)),
    )

    events = written.recorded(join(NOON))

    assert PointsDebtSettled not in map(type, events)
    assert balance(written.account(BO), late).debt == 20


def test_an_account_that_was_idle_brings_lots_that_ended() -> None:
    written = town(limit(1), award("o-1", 20_00), redeem(5), join(LATER))

    assert available(written) == 0
    written.recorded(*of_bo(undo(1, 1, LATER)))
    assert available(written) == 0


def test_occasions_that_were_told_of_one_are_known_of_both() -> None:
    written = town(told("birthday", "2024"), told("survey", "s-1"), join(LATER))

    assert written.recorded(*of_bo(told("birthday", "2024"))) == []
    again = evolve(told("birthday", "2024-b"), at=NOON + timedelta(days=9), apart=10)
    assert written.recorded(*of_bo(again)) == []


def test_what_the_order_was_earned_as_stays() -> None:
    gold = Standing(tier="gold", orders_before=4)
    written = town(evolve(award("o-1", 20_00), standing=gold), join(LATER))

    assert written.account(BO).awards[LotId("o-1")].standing == gold


def test_an_account_without_any_points_can_be_absorbed_and_who_had_none_gets_one() -> None:
    events = (written := town(limit(9))).recorded(join(LATER))

    assert [type(event) for event in events] == [
        LoyaltyAccountOpened,
        LoyaltyAccountMerged,
        LoyaltyAccountAbsorbed,
    ]
    assert written.account(BO).opened


def test_who_had_no_account_brings_nothing_and_earns_in_none() -> None:
    written = Chronicle()

    assert written.recorded(join(LATER)) == [
        LoyaltyAccountMerged(program=PROGRAM, customer=ANNA, survivor=BO, points=0, merged_at=LATER)
    ]
    assert not written.account(BO).opened
    with pytest.raises(AccountMerged) as merged:
        written.recorded(award("o-1", 20_00))
    assert merged.value.customer == ANNA


def test_what_cannot_be_merged_says_why() -> None:
    with pytest.raises(OneAccount) as one:
        town(evolve(join(), survivor=ANNA))
    with pytest.raises(AccountClosed):
        town(award("o-1", 1_00), close(), join())
    with pytest.raises(AccountMerged) as merged:
        town(award("o-1", 1_00), join(), evolve(join(), absorbed=BO, survivor=ANNA))

    assert str(one.value) == "points of customer anna are in the account of that customer already"
    assert (merged.value.customer, merged.value.into) == (ANNA, BO)


def test_the_absorbed_account_takes_nothing_until_it_is_separated() -> None:
    written = town(award("o-1", 20_00), join(LATER))
    with pytest.raises(AccountMerged):
        written.recorded(award("o-2", 5_00, LATER))

    assert written.recorded(BACK) == [
        LoyaltyAccountSeparated(program=PROGRAM, customer=ANNA, survivor=BO)
    ]
    assert written.recorded(BACK) == []
    written.recorded(award("o-2", 5_00, LATER))

    assert (available(written, ANNA), available(written)) == (5, 20)
    assert written.recorded(award("o-1", 20_00, LATER)) == []
    with pytest.raises(MigrationDiffers):
        written.recorded(migrate(20, LATER, "o-1"))


def test_what_went_to_and_fro_is_called_as_before() -> None:
    written = town(award("o-1", 20_00), join(LATER), BACK)

    written.recorded(evolve(join(LATER), absorbed=BO, survivor=ANNA))
    written.recorded(refunded("o-1", 5_00, LATER, price=20_00))

    assert available(written, ANNA) == 5
    assert written.recorded(award("o-1", 20_00, LATER)) == []


def test_nobody_is_told_again_of_what_expires_after_a_merge() -> None:
    end = LATER + timedelta(days=5)
    notice = IssueExpiryNotice(program=PROGRAM, customer=ANNA, at=NOON, days=9)
    written = town(award("o-1", 20_00, expires_at=end), notice, join(LATER))

    assert written.recorded(*of_bo(evolve(notice, at=LATER))) == []
