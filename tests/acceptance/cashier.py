"""
A process that records orders and says so after each: `python -m tests.acceptance.cashier`.

Its arguments are the database, the file of keys, the name of the cashier, how many orders, and the
customers. Each line that it prints is an order whose receipt it has; the first one says that it is
ready, and it begins when a line comes in. While the store is gone it sends the same again.
"""

import sys
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Final, Literal

from regulars import Crm, StorageUnavailable, connect
from regulars.application.events import Command
from regulars.domain.order import CompleteOrder
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import CustomerId, OrderId

AT = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)

PATIENCE: Final = 30
"""Seconds in which a store that is gone must come back."""


def total(number: int) -> int:
    """What the order of that number costs, in cents."""
    return 100 + 37 * number


def record(crm: Crm, order: str, number: int, customer: str) -> None:
    """Place an order and complete it."""
    at = AT + timedelta(minutes=number)
    commands: tuple[Command, ...] = (
        PlaceOrder(
            order=OrderId(order),
            at=at,
            currency="USD",
            total=total(number),
            customer=CustomerId(customer),
        ),
        CompleteOrder(order=OrderId(order), at=at),
    )
    for place, command in enumerate(commands):
        insist(crm, command, f"{order}/{place}")


def insist(crm: Crm, command: Command, command_id: str) -> None:
    """Send a command until there is a receipt."""
    end = monotonic() + PATIENCE
    while True:
        try:
            crm.execute(command, by="cashier", id=command_id)
        except StorageUnavailable:
            if monotonic() > end:
                raise
            sleep(0.02)
        else:
            return


def main(database: str, keys: str, cashier: str, orders: int, customers: list[str]) -> None:
    """Record the orders of one cashier, the customers by turns."""
    # Where that differs, commands are to be decided before anything is locked.
    views: Literal["inline", "deferred"] = "inline"
    if database.startswith("postgresql"):
        views = "deferred"
    with connect(database, keys=keys, views=views) as crm:
        print("ready", flush=True)  # noqa: T201 - whoever started this waits for it
        sys.stdin.readline()
        for number in range(orders):
            order = f"{cashier}-{number}"
            record(crm, order, number, customers[number % len(customers)])
            print(order, flush=True)  # noqa: T201 - the acknowledgement


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:])
