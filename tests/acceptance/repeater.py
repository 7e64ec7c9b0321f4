"""
A process that sends the commands that others send too: `python -m tests.acceptance.repeater`.

Its arguments are the database, the file of keys and how many commands. It says that it is ready,
begins when a line comes in, and tells each receipt: the id, where its events stand, and whether it
was the first to send it.
"""

import sys

from regulars import connect
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import OrderId
from tests.acceptance.cashier import AT, total


def main(url: str, keys: str, commands: str) -> None:
    """Send them."""
    with connect(url, keys=keys, create=False) as crm:
        print("ready", flush=True)  # noqa: T201 - the word that it waits
        sys.stdin.readline()
        for number in range(int(commands)):
            order = f"o-{number}"
            place = PlaceOrder(order=OrderId(order), at=AT, currency="USD", total=total(number))
            receipt = crm.execute(place, by="repeater", id=order)
            said = "again" if receipt.repeated else "first"
            print(order, receipt.position, receipt.version, said, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main(*sys.argv[1:])
