"""Several processes on one database: nothing is lost, and what was acknowledged stays."""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

from regulars import Crm, connect
from regulars.application.loyalty import PointsBalance
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import OrderCompleted, OrderDelivered
from regulars.domain.purchase import OrderPlaced
from tests.acceptance.cashier import total
from tests.postgres_server import new_database

ROOT: Final = Path(__file__).parents[2]
CUSTOMERS: Final = ("ada", "bob", "eve")


@frozen
class Till:
    """A database that cashiers share, and its keys."""

    url: str
    keys: Path

    def open(self) -> Crm:
        return connect(self.url, keys=self.keys, create=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path: Path) -> Till:
    sqlite = f"sqlite:///{tmp_path / 'shop.db'}"
    url = sqlite if request.param == "sqlite" else new_database()
    return Till(url, tmp_path / "shop.keys")


def started(till: Till, cashier: str, orders: int, *, closing: ExitStack) -> subprocess.Popen[str]:
    """A cashier who waits for the word to begin."""
    running = closing.enter_context(
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.acceptance.cashier"),
                *(till.url, str(till.keys), cashier, str(orders), *CUSTOMERS),
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )
    closing.callback(running.kill)
    assert running.stdout
    assert running.stdout.readline() == "ready\n"
    return running


def begin(running: subprocess.Popen[str]) -> None:
    """Give the word."""
    assert running.stdin
    running.stdin.write("go\n")
    running.stdin.flush()


def acknowledged(running: subprocess.Popen[str], most: int | None = None) -> list[str]:
    """The orders that a cashier says are recorded; at most so many of them are waited for."""
    assert running.stdout
    return [line.strip() for line in islice(running.stdout, most)]


def recorded(till: Till) -> dict[str, list[str]]:
    """The kinds of events that each order led to."""
    found: dict[str, list[str]] = defaultdict(list)
    with till.open() as crm:
        for one in crm.events():
            match one.event:
                case (
                    OrderPlaced(order=order)
                    | OrderDelivered(order=order)
                    | OrderCompleted(order=order)
                    | PointsEarned(order=order)
                ):
                    found[order].append(type(one.event).__name__)
                case _:
                    pass
    return found


def is_sound(till: Till) -> bool:
    """Whether versions have no gap and views are what the log adds up to."""
    with till.open() as crm:
        return crm.verify().sound


def balances(till: Till) -> dict[str, int]:
    with till.open() as crm:
        found = {one: crm.ask(PointsBalance(customer=one)) for one in CUSTOMERS}
    return {customer: one.balance for customer, one in found.items() if one}


WHOLE: Final = ["OrderPlaced", "OrderDelivered", "OrderCompleted", "PointsEarned"]


@pytest.mark.parametrize(
    ("cashiers", "orders"), [(2, 60), pytest.param(4, 200, marks=pytest.mark.slow)]
)
def test_cashiers_at_work_at_once_lose_nothing(till: Till, cashiers: int, orders: int) -> None:
    with ExitStack() as closing:
        all_of_them = [
            started(till, f"till-{number}", orders, closing=closing) for number in range(cashiers)
        ]
        for one in all_of_them:
            begin(one)
        told = [acknowledged(one) for one in all_of_them]
        ends = [one.wait() for one in all_of_them]

    assert ends == [0] * cashiers
    assert [len(one) for one in told] == [orders] * cashiers
    assert recorded(till) == {order: WHOLE for one in told for order in one}
    points = Counter[str]()
    for number in range(orders):
        points[CUSTOMERS[number % len(CUSTOMERS)]] += cashiers * (total(number) // 100)
    assert balances(till) == points
    assert is_sound(till)


@pytest.mark.parametrize("after", [3, pytest.param(150, marks=pytest.mark.slow)])
def test_what_a_killed_cashier_had_a_receipt_for_is_in_the_log(till: Till, after: int) -> None:
    with ExitStack() as closing:
        killed, other = (
            started(till, name, orders, closing=closing)
            for name, orders in (("killed", 1_000_000), ("other", after))
        )
        begin(killed)
        begin(other)
        told = acknowledged(killed, after)
        killed.kill()
        told += acknowledged(killed) + acknowledged(other)

    found = recorded(till)
    assert {order: found[order] for order in told} == dict.fromkeys(told, WHOLE)
    # At most one order was under way: it is there in whole steps, or not at all.
    (more,) = [found[order] for order in found.keys() - {*told}] or [[]]
    assert more in ([], WHOLE[:1], WHOLE)
    assert is_sound(till)
