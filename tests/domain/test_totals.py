"""What became of the points of an account, all in all."""

from datetime import timedelta

from attrs import evolve

from regulars.domain.account import Totals
from regulars.domain.values import CustomerId
from tests.domain.account_histories import Posting
from tests.domain.chronicle import Chronicle
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
    reserve,
    undo,
)
from tests.domain.story import NOON
from tests.domain.test_account_merge import BACK, of_bo, town


def totals(written: Chronicle, whose: CustomerId) -> Totals:
    found = written.account(whose).totals
    assert found.opened_at == NOON
    return evolve(found, opened_at=None)


def totals_after(*commands: Posting) -> Totals:
    return totals(town(*commands), ANNA)


def test_what_comes_in_is_counted_by_where_it_came_from() -> None:
    assert totals_after(
        award("o-1", 20_00),
        award("o-2", 5_00),
        migrate(7),
        migrate(3, lot="old/2"),
        adjust(9),
        adjust(-4, adjustment="a-2"),
    ) == Totals(earned=25, migrated=10, adjusted=5)


def test_what_was_spent_is_counted_until_it_comes_back() -> None:
    earned = award("o-1", 20_00)
    spent = redeem(9), redeem(4, redemption="s-2"), reserve(3), capture(redemption="s-3")

    assert totals_after(earned, *spent) == Totals(earned=20, redeemed=16)
    assert totals_after(earned, *spent, undo(1, 3)) == Totals(earned=20, redeemed=13)


def test_what_refunds_took_and_what_expired_is_counted_and_what_they_forgave_is_not() -> None:
    soon = NOON + timedelta(days=1)

    assert totals_after(
        award("o-1", 20_00),
        award("o-2", 8_00, expires_at=soon),
        award("o-3", 3_00, expires_at=soon),
        refunded("o-1", 15_00, price=20_00),
        refunded("o-1", 12_00, price=20_00, refund="r-2"),
        refunded("o-2", 0, soon, price=8_00),
    ) == Totals(earned=31, reversed=8, expired=11)


def test_what_was_left_at_the_end_is_forfeited() -> None:
    assert totals_after(award("o-1", 20_00), redeem(5), close()) == Totals(
        earned=20, redeemed=5, forfeited=15
    )


def test_what_goes_between_accounts_is_counted_in_both() -> None:
    back = evolve(give(2, transfer="t-3"), customer=BO, receiver=ANNA)
    written = town(
        award("o-1", 20_00), *of_bo(award("o-2", 9_00)), give(5), give(4, transfer="t-2"), back
    )

    assert totals(written, ANNA) == Totals(earned=20, transferred=-7)
    assert totals(written, BO) == Totals(earned=9, transferred=7)


def test_a_merge_counts_as_what_goes_between_accounts_less_what_is_owed() -> None:
    written = town(
        award("o-1", 20_00),
        give(5),
        adjust(-18, owed=True),
        join(),
        evolve(BACK, at=NOON),
        award("o-3", 6_00),
        evolve(join(), at=NOON + timedelta(days=1)),
    )

    assert totals(written, ANNA) == Totals(earned=26, adjusted=-18, transferred=-8)
    assert totals(written, BO) == Totals(transferred=8)
