"""Two processes that want the points of one account at one moment: none is lost or had twice."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from regulars import connect
from regulars.application.balances import Balance, PointsBalance
from regulars.domain.adjustment import AdjustPoints
from regulars.domain.values import AdjustmentId, CustomerId
from tests.acceptance.cashier import AT
from tests.acceptance.cashiers import Till, begin, is_sound, running
from tests.acceptance.contender import ADA, BOB, PROGRAM
from tests.postgres_server import new_database

HAD: Final = 5
DONE: Final = "done"
pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path: Path) -> Till:
    """A database in which ada has five points, and bob none."""
    sqlite = f"sqlite:///{tmp_path / 'shop.db'}"
    shop = Till(sqlite if request.param == "sqlite" else new_database(), tmp_path / "shop.keys")
    with connect(shop.url, keys=shop.keys) as crm:
        crm.execute(
            AdjustPoints(
                program=PROGRAM,
                customer=ADA,
                at=AT,
                adjustment=AdjustmentId("a-1"),
                points=HAD,
                reason="gift",
                approver="lead-1",
            ),
            by="shop",
        )
    return shop


def contended(till: Till, *deeds: str) -> list[str]:
    """What the processes say that do these things at once."""
    with ExitStack() as closing:
        all_of_them = [running("contender", till, deed, closing=closing) for deed in deeds]
        begin(*all_of_them)
        return [one.answer().strip() for one in all_of_them]


def held(till: Till, customer: CustomerId) -> Balance:
    with till.open() as crm:
        found = crm.ask(PointsBalance(customer=customer))
    return found or Balance(program=PROGRAM, customer=customer, opened_at=None)


@pytest.mark.parametrize(("deed", "why"), [("close", "AccountClosed"), ("merge", "AccountMerged")])
def test_what_is_redeemed_as_the_account_ends_is_redeemed_before_or_refused(
    till: Till, deed: str, why: str
) -> None:
    redeemed, ended = contended(till, "redeem", deed)

    spent = 3 if redeemed == DONE else 0
    assert (redeemed, ended) in {(DONE, DONE), (why, DONE)}
    ada, bob = held(till, ADA), held(till, BOB)
    assert (ada.redeemed, ada.balance) == (spent, 0)
    rest = HAD - spent
    assert (ada.forfeited, bob.balance) == ((rest, 0) if deed == "close" else (0, rest))
    assert is_sound(till)


def test_of_a_transfer_and_a_redemption_that_are_too_much_together_one_is_refused(
    till: Till,
) -> None:
    heard = contended(till, "redeem", "transfer")

    assert sorted(heard) == ["NotEnoughPoints", DONE]
    ada, bob = held(till, ADA), held(till, BOB)
    assert (ada.redeemed, ada.balance, bob.balance) in {(3, 2, 0), (0, 1, 4)}
    assert is_sound(till)


@pytest.mark.parametrize("deed", ["transfer", "redeem"])
def test_what_two_processes_tell_at_once_under_one_id_happens_once(till: Till, deed: str) -> None:
    assert contended(till, deed, deed) == [DONE, DONE]

    ada, bob = held(till, ADA), held(till, BOB)
    assert (ada.balance, bob.balance) == ((1, 4) if deed == "transfer" else (2, 0))
    assert is_sound(till)
