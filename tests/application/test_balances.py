"""Balances as functions of time: what waits, is held, expired or is owed at any moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from regulars.application.balances import Balance, Expiry, ExpirySchedule, PointsBalance
from regulars.application.postings import PointsLedger
from regulars.domain.loyalty import RecordDuePoints
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA
from tests.domain.points import award, day, redeem, refunded, reserve
from tests.domain.story import NOON

DAY = timedelta(days=1)
WP06: Sequence[Command] = [
    award("o-1", 100_00, day("2024-01-01"), expires_at=day("2024-01-31")),
    award("o-2", 50_00, day("2024-01-15")),
    redeem(80, day("2024-01-20")),
]


def found(town: Parts, at: datetime | int | None = None) -> Balance:
    balance = town.crm.ask(PointsBalance(customer=ANNA), as_of=at)
    assert balance is not None
    assert balance.balance == balance.earned - balance.reversed - balance.expired - balance.redeemed
    ledger = town.crm.ask(PointsLedger(customer=ANNA), as_of=at)
    assert balance.balance == ledger[-1].balance == sum(one.points for one in ledger)
    return balance


@pytest.mark.parametrize("job_runs", [False, True])
def test_wp08_a_balance_is_right_whether_or_not_the_expiry_job_ran(job_runs: bool) -> None:  # noqa: FBT001 - a parameter of the test
    expiry = day("2024-01-31")
    job = RecordDuePoints(program=PROGRAM, customer=ANNA, at=expiry)
    town = tell(memory_core(), [*WP06, *([job] if job_runs else [])])

    before, after = found(town, expiry - timedelta(microseconds=1)), found(town, expiry)

    assert (before.balance, before.expired) == (70, 0)
    assert (after.balance, after.available, after.expired) == (50, 50, 20)
    assert found(town) == after
    assert found(tell(town, [redeem(60, expiry, "s-2")])) == after


def test_a_ledger_shows_what_expired_and_is_not_recorded() -> None:
    town = tell(memory_core(), WP06)

    *_, last = town.crm.ask(PointsLedger(customer=ANNA))

    assert (last.position, last.at, last.lot, last.why) == (
        None,
        day("2024-01-31"),
        "o-1",
        "expired",
    )
    assert (last.points, last.balance) == (-20, 50)


def test_wp01_points_wait_can_be_used_and_expire_at_their_moments() -> None:
    usable, gone = NOON + 14 * DAY, NOON + 100 * DAY
    town = tell(
        memory_core(), [award("o-1", 100_00, pending=True, activates_at=usable, expires_at=gone)]
    )

    waiting, active, expired = (found(town, at) for at in (usable - DAY, usable, gone))

    assert (waiting.pending, waiting.available) == (100, 0)
    assert (active.pending, active.available) == (0, 100)
    assert (expired.balance, expired.expired) == (0, 100)


def test_what_is_held_comes_back_by_itself_and_what_is_owed_is_told() -> None:
    lapse = NOON + DAY
    town = tell(memory_core(), [award("o-1", 100_00), reserve(60, lapses_at=lapse)])
    assert (found(town, NOON).reserved, found(town, NOON).available) == (60, 40)
    assert (found(town, lapse).reserved, found(town, lapse).available) == (0, 100)

    tell(town, [redeem(100, lapse), refunded("o-1", 0, lapse, price=100_00)])

    assert (found(town).debt, found(town).balance) == (100, -100)


def test_as_of_a_position_what_fell_due_by_that_event_counts() -> None:
    town = tell(memory_core(), [*WP06, redeem(10, day("2024-02-02"), "s-2")])

    spent, expired = (one.position for one in town.events()[-3:-1])

    assert found(town, spent).balance == 70
    assert found(town, expired).balance == 50


def test_a_schedule_tells_what_expires_when_the_next_first() -> None:
    town = tell(memory_core(), WP06)
    tell(town, [award("o-3", 5_00, day("2024-01-20"), expires_at=day("2024-01-25"))])
    schedule = ExpirySchedule(customer=ANNA)

    assert town.crm.ask(schedule, as_of=day("2024-01-20")) == (
        Expiry(lot="o-3", points=5, expires_at=day("2024-01-25"), total=5),
        Expiry(lot="o-1", points=20, expires_at=day("2024-01-31"), total=25),
    )
    assert town.crm.ask(schedule, as_of=day("2024-01-30"))[0].total == 20
    assert town.crm.ask(schedule) == ()
    assert town.crm.ask(ExpirySchedule(customer="nobody")) == ()
