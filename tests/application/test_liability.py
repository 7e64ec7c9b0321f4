"""What a programme owes in points: the sum of all balances, on any day, whatever was recorded."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, Final, cast

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.adapters.memory import MemoryStorage
from regulars.application.balances import PointsBalance
from regulars.application.books import BOOKS, BookEntry, BookRows, Books
from regulars.application.liability import (
    Expiring,
    Liability,
    MonthOfPoints,
    PointsOwed,
    PointValue,
    ValueOfPoints,
)
from regulars.application.loyalty import ACCOUNTS
from regulars.application.projecting import Projector
from regulars.domain.account_merge import MergeAccounts, SeparateAccount
from regulars.domain.idleness import LimitInactivity
from regulars.domain.program import DefineProgram, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.reward_catalogue import PricedReward, PublishRewards, RewardKind
from regulars.domain.validity import ExpiryPolicy, midnight
from regulars.domain.values import BEGINNING, Money, RewardId
from tests.application.histories import copied, tell
from tests.application.memory_crm import TENANT, Parts, memory_core
from tests.application.shop_week import shop_week
from tests.domain.account_histories import lives
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO
from tests.domain.points import award, day, join, redeem, refunded, reserve
from tests.domain.story import NOON

SHANGHAI: Final = "Asia/Shanghai"
START: Final = NOON.date()


def owed(town: Parts, on: date, as_of: datetime | int | None = None) -> PointsOwed:
    return town.crm.ask(Liability(on=on), as_of=as_of)


def summed(town: Parts, on: date) -> list[int]:
    """Available, pending, reserved, owed and all in all, account by account."""
    end = midnight(on + timedelta(days=1), SHANGHAI) - timedelta(microseconds=1)
    found = [town.crm.ask(PointsBalance(customer=one), as_of=end) for one in (ANNA, BO)]
    sums = [
        (one.available, one.pending, one.reserved, one.debt, one.balance, one.expired)
        for one in found
        if one is not None
    ]
    return [sum(column) for column in zip(*sums, strict=True)] or [0] * 6


def columns(found: PointsOwed) -> list[int]:
    return [
        found.available,
        found.pending,
        found.reserved,
        found.debt,
        found.months[-1].closing if found.months else 0,
        sum(month.expired for month in found.months),
    ]


def of_bo(commands: Sequence[Command]) -> list[Command]:
    return [evolve(cast("Any", command), customer=BO) for command in commands]


@settings(max_examples=40)
@given(lives(), lives(), st.integers(0, 9), st.integers(-1, 30))
def test_liability_is_the_sum_of_all_balances_on_any_day(
    anna: tuple[Command, ...], bo: tuple[Command, ...], early: int, days: int
) -> None:
    # Some of what is told of Bo is late by days.
    town = tell(memory_core(), chain(anna[:early], of_bo(bo[early:])))
    owed(town, START)
    tell(town, chain(anna[early:], of_bo(bo[:early])))
    on = START + timedelta(days=days)

    found = owed(town, on)

    assert columns(found) == summed(town, on)
    assert found == owed(town, on, as_of=town.storage.log.head())
    assert found.available + found.pending == sum(
        one.available + one.pending for one in found.expiring
    )


def test_what_books_were_corrected_to_nothing_for_makes_no_month() -> None:
    may = BookEntry(program=PROGRAM, day=date(2024, 5, 17).toordinal(), expires=0, earned=90)
    june = BookEntry(program=PROGRAM, day=date(2024, 6, 3).toordinal(), expires=0)
    corrected = BookRows({(PROGRAM, row.day, 0): row for row in (may, june)})

    (month,) = Liability(on=date(2024, 6, 30)).answer(corrected).months

    assert (month.month, month.closing) == (date(2024, 5, 1), 90)


SPRING: Sequence[Command] = [
    award("o-1", 100_00, day("2024-03-30"), expires_at=day("2024-05-01")),
    award("o-2", 50_00, day("2024-04-10")),
    award("o-3", 20_00, day("2024-04-20"), pending=True, activates_at=day("2024-05-20")),
    redeem(40, day("2024-04-20")),
    reserve(5, day("2024-04-25"), lapses_at=day("2024-06-01")),
    *of_bo([award("o-4", 10_00, day("2024-04-01")), redeem(10, day("2024-04-02"))]),
    *of_bo([refunded("o-4", 0, day("2024-04-03"), price=10_00)]),
]


def test_a_statement_says_what_is_owed_until_when_and_how_it_came_about() -> None:
    town = tell(memory_core(), SPRING)

    assert owed(town, date(2024, 4, 30)) == PointsOwed(
        program=PROGRAM,
        on=date(2024, 4, 30),
        available=105,
        pending=20,
        reserved=5,
        debt=10,
        expiring=(
            Expiring(month=date(2024, 4, 1), available=55, pending=0),
            Expiring(month=None, available=50, pending=20),
        ),
        months=(
            MonthOfPoints(month=date(2024, 3, 1), opening=0, earned=100),
            MonthOfPoints(month=date(2024, 4, 1), opening=100, earned=80, reversed=10, redeemed=50),
        ),
    )


def test_points_that_end_with_a_month_are_gone_the_day_after() -> None:
    town = tell(memory_core(), SPRING)

    found = [owed(town, date(2024, month, 1)).months[-1] for month in (5, 6)]

    assert [(one.opening, one.expired, one.closing) for one in found] == [
        (120, 55, 65),
        (65, 5, 60),
    ]
    assert owed(town, date(2024, 5, 31)).outstanding == 75


def test_what_is_told_late_of_an_account_that_went_away_and_came_back_is_owed() -> None:
    gone, back = NOON + timedelta(days=1), NOON + timedelta(days=2)
    separate = SeparateAccount(program=PROGRAM, customer=ANNA, at=back)
    town = tell(memory_core(), [join(gone), separate, award("o-1", 100_00, NOON)])

    for days in range(4):
        on = START + timedelta(days=days)
        assert columns(owed(town, on)) == summed(town, on)
    assert owed(town, back.date()).available == 100


def test_what_had_been_recorded_by_then_can_be_asked_for() -> None:
    town = tell(memory_core(), SPRING[:3])
    then = town.storage.log.head()
    before = owed(town, date(2024, 4, 30))

    tell(town, SPRING[3:])

    assert owed(town, date(2024, 4, 30), as_of=then) == before
    assert owed(town, date(2024, 4, 30), as_of=day("2024-04-05")).outstanding == 100
    assert owed(town, date(2024, 3, 29)).months == ()


def test_the_books_are_made_anew_in_another_time_zone() -> None:
    town = tell(memory_core(), [DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars")])
    tell(town, [award("o-1", 100_00, day("2024-04-01"))])
    on = date(2024, 3, 31)
    assert owed(town, on).outstanding == 0

    west = ProgramPolicies(expiry=ExpiryPolicy(zone="America/New_York"))
    tell(town, [SetProgramPolicies(program=PROGRAM, at=NOON, policies=west)])

    assert owed(town, on).outstanding == 100


def test_books_are_kept_once_by_whoever_comes_first() -> None:
    town = tell(memory_core(), SPRING)
    on = date(2024, 4, 30)
    first = owed(town, on)

    assert owed(town, on) == first
    town.crm.rebuild()
    assert owed(town, on) == first


class Overtaken(MemoryStorage):
    """A storage in which somebody else is quicker, once, to keep the books."""

    quicker = True

    @contextmanager
    def transaction(self) -> Generator[None]:
        if self.quicker:
            self.quicker = False
            Books(self).catch_up()
        with super().transaction():
            yield


def test_books_are_entered_once_though_two_make_them() -> None:
    town = tell(memory_core(), SPRING)
    storage = Overtaken(tenant=TENANT)
    copied(town.events(), storage.log)
    Projector(storage, [ACCOUNTS]).catch_up()
    storage.quicker = True

    Books(storage).catch_up()

    rows = list(storage.views.rows(BOOKS))
    assert rows == list(BookRows({BOOKS.key_of(row): row for row in rows}).rows(BOOKS))
    assert sum(row.earned for row in rows) == 180


def test_nothing_but_books_is_in_books() -> None:
    entry = BOOKS.row(PROGRAM, 1, 0)
    rows = BookRows({(PROGRAM, 1, 0): entry})

    assert rows.load(BOOKS, [(PROGRAM, 1, 0), ("night", 1, 0)]) == {(PROGRAM, 1, 0): entry}
    assert list(rows.rows(BOOKS, program="night")) == []
    assert list(BOOKS.parts(shop_week().events()[0])) == []


def test_an_idle_account_ends_whatever_is_told_of_it_late() -> None:
    limit = LimitInactivity(program=PROGRAM, customer=ANNA, at=day("2024-04-06"), days=40)
    late = award("o-9", 7_00, day("2024-04-01"))
    town = tell(memory_core(), [award("o-1", 9_00, day("2024-04-05")), late, limit])
    on = [date(2024, 4, 10), date(2024, 6, 1)]

    assert [owed(town, one).outstanding for one in on] == [16, 0]
    assert [columns(owed(town, one)) for one in on] == [summed(town, one) for one in on]


def test_what_went_to_another_account_is_counted_there() -> None:
    merge = MergeAccounts(program=PROGRAM, at=day("2024-04-28"), absorbed=BO, survivor=ANNA)
    late = award("o-9", 7_00, day("2024-04-01"))
    town = tell(memory_core(), [*SPRING, merge, late])
    on = date(2024, 4, 30)

    found = owed(town, on)

    assert columns(found) == summed(town, on)
    assert (found.debt, found.months[-1].transferred) == (0, 0)


def cash(points: int, money: Money, *, kind: RewardKind = RewardKind.CASH) -> PricedReward:
    name = RewardId(f"{kind.value} in {money.currency}")
    return PricedReward(reward=name, kind=kind, points=points, value=money)


CENTS: Final = cash(3, Money(minor=2, currency="USD"))


@pytest.mark.parametrize(
    ("rewards", "value"),
    [
        ((CENTS,), PointValue(money=Money(minor=2, currency="USD"), points=3)),
        ((CENTS, cash(1, Money(minor=7, currency="CNY"))), None),
        ((cash(9, Money(minor=50, currency="USD"), kind=RewardKind.GIFT),), None),
    ],
    ids=["one cash", "cash of two currencies", "a gift"],
)
def test_points_are_worth_the_cash_that_is_in_the_catalogue_at_the_end_of_the_day(
    rewards: tuple[PricedReward, ...], value: PointValue | None
) -> None:
    start = midnight(START, SHANGHAI) + timedelta(hours=23)
    publish = PublishRewards(program=PROGRAM, at=BEGINNING, rewards=rewards, effective_from=start)
    town = memory_core()
    town.crm.publish([DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"), publish])

    told = [
        town.crm.ask(ValueOfPoints(program=PROGRAM, on=on))
        for on in (START - timedelta(days=1), START, date.max)
    ]

    assert told == [None, value, value]


def test_what_points_are_worth_is_rounded_up() -> None:
    value = PointValue(money=Money(minor=2, currency="USD"), points=3)

    assert [value.of(points).minor for points in (0, 1, 3, 4, -1)] == [0, 1, 2, 3, 0]
