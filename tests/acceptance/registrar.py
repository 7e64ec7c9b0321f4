"""A process that registers the same people as another one."""

import sys
from datetime import UTC, datetime

from regulars import Contact, ContactTaken, CustomerId, RegisterCustomer, connect


def main(url: str, keys: str, name: str, people: str) -> None:
    """Register people under names of its own, and tell whom it got, once the word is given."""
    with connect(url, keys=keys, create=False) as crm:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for number in range(int(people)):
            command = RegisterCustomer(
                customer=CustomerId(f"{name}-{number}"),
                at=datetime(2024, 1, 1, tzinfo=UTC),
                contact=Contact(phone=f"139{number:08}"),
            )
            try:
                crm.execute(command, by=name, id=f"{name}/{number}")
            except ContactTaken:
                continue
            sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
