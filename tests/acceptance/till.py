"""
A process that records orders until it is told enough: `python -m tests.acceptance.till`.

Its arguments are the database, the file of keys, its name, how many orders, and how many of them
at once. It may be killed at any moment, and another of the same name goes on after it. All tills
have the same customers, and so write to the same accounts.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Final

from regulars import Crm, Request, connect
from regulars.domain.order import CompleteOrder
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import CustomerId, OrderId

REGULARS: Final = 40
"""Customers of all tills."""

AT = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)


def requests(name: str, start: int, stop: int) -> list[Request]:
    """Orders that are placed and completed, each in a request of its own."""
    found: list[Request] = []
    for number in range(start, stop):
        order, at = OrderId(f"{name}-{number}"), AT + timedelta(minutes=number)
        found.append(
            Request(
                id=order,
                commands=(
                    PlaceOrder(
                        order=order,
                        at=at,
                        currency="USD",
                        total=100 + number,
                        customer=CustomerId(f"regular-{number % REGULARS}"),
                    ),
                    CompleteOrder(order=order, at=at),
                ),
                by=name,
            )
        )
    return found


def record(crm: Crm, name: str, orders: int, at_once: int) -> None:
    """Record the orders of one till; those that are known stay as they are."""
    for start in range(0, orders, at_once):
        crm.execute_all(requests(name, start, min(orders, start + at_once)))


if __name__ == "__main__":
    url, keys, till, count, together = sys.argv[1:]
    with connect(url, keys=keys, views="deferred", synchronous="NORMAL") as opened:
        record(opened, till, int(count), int(together))
