"""Several processes on one database: nothing is lost, and what was acknowledged stays."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from regulars import connect
from regulars.application.balances import PointsBalance
from tests.acceptance.cashier import record
from tests.acceptance.cashiers import (
    WHOLE,
    Till,
    acknowledged,
    balances,
    begin,
    due,
    is_sound,
    recorded,
    running,
    started,
)
from tests.postgres_server import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path: Path) -> Till:
    sqlite = f"sqlite:///{tmp_path / 'shop.db'}"
    url = sqlite if request.param == "sqlite" else new_database()
    return Till(url, tmp_path / "shop.keys")


@pytest.mark.slow
def test_of_two_who_redeem_the_last_point_at_once_one_does(till: Till) -> None:
    with connect(till.url, keys=till.keys) as crm:
        record(crm, "o-1", 0, "ada")
    with ExitStack() as closing:
        both = [running("spender", till, f"s-{number}", closing=closing) for number in (1, 2)]
        begin(*both)
        told = sorted(one.answer().strip() for one in both)

    assert told == ["redeemed", "refused"]
    with till.open() as crm:
        left = crm.ask(PointsBalance(customer="ada"))
    assert left is not None
    assert (left.earned, left.redeemed, left.balance) == (1, 1, 0)
    assert is_sound(till)


@pytest.mark.parametrize(
    ("cashiers", "orders"), [(2, 60), pytest.param(4, 200, marks=pytest.mark.slow)]
)
def test_cashiers_at_work_at_once_lose_nothing(till: Till, cashiers: int, orders: int) -> None:
    with ExitStack() as closing:
        all_of_them = [
            started(till, f"till-{number}", orders, closing=closing) for number in range(cashiers)
        ]
        begin(*all_of_them)
        told = [acknowledged(one) for one in all_of_them]
        ends = [one.wait() for one in all_of_them]

    assert ends == [0] * cashiers
    assert [len(one) for one in told] == [orders] * cashiers
    assert recorded(till) == {order: WHOLE for one in told for order in one}
    assert balances(till) == due([*range(orders)] * cashiers)
    assert is_sound(till)


@pytest.mark.parametrize("after", [3, pytest.param(150, marks=pytest.mark.slow)])
def test_what_a_killed_cashier_had_a_receipt_for_is_in_the_log(till: Till, after: int) -> None:
    with ExitStack() as closing:
        killed, other = (
            started(till, name, orders, closing=closing)
            for name, orders in (("killed", 1_000_000), ("other", after))
        )
        begin(killed, other)
        told = acknowledged(killed, after)
        killed.kill()
        told += acknowledged(killed) + acknowledged(other)

    found = recorded(till)
    assert {order: found[order] for order in told} == dict.fromkeys(told, WHOLE)
    # At most one order was under way: it is there in whole steps, or not at all.
    (more,) = [found[order] for order in found.keys() - {*told}] or [[]]
    assert more in ([], WHOLE[:1], WHOLE)
    assert is_sound(till)
