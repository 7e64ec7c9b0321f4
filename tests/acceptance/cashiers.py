"""Cashiers in processes of their own, on one database: started, heard, and held to their word."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import frozen

import regulars
from regulars import Crm, connect
from regulars.application.balances import PointsBalance
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import OrderCompleted, OrderDelivered
from regulars.domain.purchase import OrderPlaced
from tests.acceptance.cashier import total
from tests.forked import Forked

ROOT: Final = Path(__file__).parents[2]
CUSTOMERS: Final = ("ada", "bob", "eve")
WHOLE: Final = ["OrderPlaced", "OrderDelivered", "OrderCompleted", "PointsEarned"]
"""What an order leads to: the first by one command, the others by a second one."""


@frozen
class Till:
    """A database that cashiers share, and its keys."""

    url: str
    keys: Path

    def open(self) -> Crm:
        return connect(self.url, keys=self.keys, create=False)


def started(till: Till, cashier: str, orders: int, *, closing: ExitStack) -> Forked:
    """A cashier who waits for the word to begin."""
    return running("cashier", till, cashier, str(orders), *CUSTOMERS, closing=closing)


def running(module: str, till: Till, *words: str, closing: ExitStack) -> Forked:
    """A process of a module of these tests, on the database of `till`."""
    process = closing.enter_context(
        Forked(f"tests.acceptance.{module}", till.url, str(till.keys), *words)
    )
    closing.callback(process.kill)
    return process


def begin(*all_of_them: Forked) -> None:
    """Give the word, once all are ready."""
    for one in all_of_them:
        assert one.stdout.readline() == "ready\n"
    for one in all_of_them:
        one.stdin.write("go\n")
        one.stdin.flush()


def acknowledged(running: Forked, most: int | None = None) -> list[str]:
    """The orders that a cashier says are recorded; at most so many of them are waited for."""
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
                    | PointsEarned(lot=order)
                ):
                    found[order].append(type(one.event).__name__)
                case _:
                    pass
    return found


def is_sound(till: Till) -> bool:
    """Whether no event is amiss, versions have no gap and views are what the log adds up to."""
    with till.open() as crm:
        return crm.verify().sound and regulars.check_log(till.url).sound


def balances(till: Till) -> dict[str, int]:
    """The points of every customer who has some."""
    with till.open() as crm:
        found = {one: crm.ask(PointsBalance(customer=one)) for one in CUSTOMERS}
    return {customer: one.balance for customer, one in found.items() if one}


def due(orders: Iterable[int]) -> Counter[str]:
    """The points that orders of these numbers earn their customers."""
    points = Counter[str]()
    for number in orders:
        points[CUSTOMERS[number % len(CUSTOMERS)]] += total(number) // 100
    return points
