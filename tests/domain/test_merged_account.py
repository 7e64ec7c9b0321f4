"""What comes along with an account stays what it was, down to its last field."""

from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.adjustment import MigrationDiffers
from regulars.domain.due import balance
from regulars.domain.lots import PointsDebtSettled
from regulars.domain.loyalty import Command
from regulars.domain.values import CustomerId, LotId
from tests.domain.chronicle import Chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.points import award, capture, join, limit, migrate, redeem, refunded, reserve
from tests.domain.story import NOON, minutes
from tests.domain.test_account_merge import BACK, LATER, available, of_bo, town

MUCH_LATER = LATER + timedelta(days=9)


def told(written: Chronicle, whose: CustomerId, *commands: Command) -> None:
    for command in commands:
        written.recorded(evolve(command, customer=whose))


def test_an_award_is_judged_and_counted_as_it_was_before() -> None:
    written = town(
        award("o-1", 20_50, expires_at=NOON + minutes(30)),
        redeem(5),
        refunded("o-1", 10_00, NOON + minutes(40), price=20_50),
    )
    account, lot = written.account(ANNA), LotId("o-1")
    award_before, gain_before = evolve(account.awards[lot]), evolve(account.tier.gains.of[lot])
    assert (award_before.written_off, gain_before.currency) == (10, "CNY")

    written.recorded(join(LATER))

    assert written.account(BO).awards == {lot: award_before}
    assert written.account(BO).tier.gains.of == {lot: gain_before}


def test_points_that_wait_can_be_used_when_they_could_have_been() -> None:
    written = town(award("o-1", 20_00, activates_at=MUCH_LATER), join(LATER))

    assert available(written) == 0
    assert balance(written.account(BO), MUCH_LATER).available == 20


def test_what_is_held_lapses_when_it_would_have() -> None:
    written = town(award("o-1", 20_00), reserve(6, lapses_at=MUCH_LATER), join(LATER))

    assert available(written) == 14
    assert balance(written.account(BO), MUCH_LATER).available == 20


def test_what_was_held_is_spent_once() -> None:
    written = town(award("o-1", 20_00), reserve(6), capture(), join(LATER))

    assert written.recorded(*of_bo(capture(LATER))) == []


def test_an_account_that_is_not_idle_yet_gives_its_lots_no_end() -> None:
    written = town(limit(9), award("o-1", 20_00), join(LATER))

    assert written.account(BO).lots.known[LotId("o-1")].expires_at is None


def test_a_lot_that_came_back_is_known_by_its_points_again() -> None:
    there = migrate(20)
    written = town(there, join(LATER), BACK, evolve(join(LATER), absorbed=BO, survivor=ANNA))

    assert written.recorded(there) == []
    with pytest.raises(MigrationDiffers):
        written.recorded(migrate(21))


@pytest.mark.parametrize("order", [(ANNA, BO), (BO, ANNA)], ids=["absorbed owes", "survivor owes"])
def test_what_waits_pays_nothing_and_the_rest_is_owed(order: tuple[CustomerId, CustomerId]) -> None:
    owing, rich = order
    written = Chronicle()
    told(written, owing, award("o-1", 20_00), redeem(20), refunded("o-1", 0))
    told(written, rich, award("o-2", 8_00), award("o-3", 9_00), award("o-4", 8_00, pending=True))

    *_, paid = written.recorded(join(LATER))

    assert isinstance(paid, PointsDebtSettled)
    assert [(one.lot, one.points) for one in paid.allocations] == [("o-2", 8), ("o-3", 9)]
    held = balance(written.account(BO), LATER)
    assert (held.available, held.pending, held.debt) == (0, 8, 3)


def test_orders_of_the_absorbed_are_orders_of_the_survivor_when_they_were() -> None:
    written = town(award("o-1", 20_00), *of_bo(award("o-2", 5_00, NOON + minutes(1))), join(LATER))

    assert [*written.account(BO).patronage.recent] == [NOON, NOON + minutes(1)]


def test_a_merge_is_not_before_the_last_event_of_the_account_that_goes() -> None:
    written = town(award("o-1", 20_00, LATER), *of_bo(award("o-2", 5_00)))

    written.recorded(join(NOON))

    assert [fact.at for fact in written.facts[-2:]] == [LATER, LATER]
