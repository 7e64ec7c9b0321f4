"""
A process that erases a customer, or writes of one: `python -m tests.acceptance.eraser`.

Its arguments are the database, the file of keys, and what to do: `erase` or `resume`, and the step
after which it kills itself; `write`, until that is refused because the customer was erased; or
`begin`, with a seed, which tells the first of every class of data of `MANY`, in any order, again
and again until all of it is refused.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from signal import SIGKILL
from time import monotonic
from typing import Final

from regulars import (
    AddDeliveryAddress,
    Contact,
    Content,
    Crm,
    CustomerId,
    OrderId,
    PlaceOrder,
    SubjectErased,
    UpdateCustomerDetails,
    connect,
)
from regulars.application.erasing import Step
from regulars.application.events import Command
from regulars.domain.bank_card import BindBankCard
from regulars.domain.personal import Address, Identity, Payment, Profile
from regulars.domain.real_name import VerifyRealName
from regulars.domain.values import AddressId, CardId, Refusal
from regulars.privacy import ErasureWaits

CUSTOMER = CustomerId("zofie")
AT = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
MANY: Final = tuple(CustomerId(f"c{number}") for number in range(24))
"""Customers of whom nothing personal is known at first."""

PATIENCE: Final = 240
"""Seconds after which the erasures that are waited for will not come any more."""


def main(database: str, keys: str, work: str, killed_after: str = "") -> None:
    """Do as it was told."""

    def told(step: Step) -> None:
        if step.value == killed_after:
            os.kill(os.getpid(), SIGKILL)

    with connect(database, keys=keys, create=False, environment={}) as crm:
        match work:
            case "erase":
                crm.erasures.erase(CUSTOMER, by="officer:1", basis="asked", told=told)
            case "resume":
                crm.erasures.resume(told=told)
            case "begin":
                print("ready", flush=True)  # noqa: T201 - whoever started this waits for it
                sys.stdin.readline()
                begin(crm, seed=int(killed_after))
            case _:
                change = UpdateCustomerDetails(customer=CUSTOMER, at=AT, contact=Contact(name="Z"))
                crm.execute(change, by="app")
                print("ready", flush=True)  # noqa: T201 - whoever started this waits for it
                while True:
                    try:
                        with suppress(ErasureWaits):
                            crm.execute(change, by="app")
                    except SubjectErased:
                        return


def begin(crm: Crm, *, seed: int) -> None:
    """
    Tell of everybody until nobody's data is taken any more.

    Raises:
        TimeoutError: somebody's data is still taken after all that time.
    """
    told = [one for customer in MANY for one in firsts(customer, seed)]
    Random(seed).shuffle(told)  # noqa: S311 - an order, and no secret
    end = monotonic() + PATIENCE
    while told:
        if monotonic() > end:
            raise TimeoutError
        told = [one for one in told if not refused(crm, one)]


def firsts(customer: CustomerId, seed: int) -> Iterator[Command]:
    """A value of each class, under ids that no other process has."""
    name = f"{customer}-{seed}"
    contact, profile = Contact(name="Z"), Profile(gender="z")
    yield UpdateCustomerDetails(customer=customer, at=AT, contact=contact)
    yield UpdateCustomerDetails(customer=customer, at=AT, profile=profile)
    yield AddDeliveryAddress(
        customer=customer, at=AT, address_id=AddressId(name), address=Address(text="Z")
    )
    yield BindBankCard(
        customer=customer, at=AT, card=CardId(name), payment=Payment(card_tail="1234")
    )
    yield VerifyRealName(
        customer=customer, at=AT, identity=Identity(real_name="Z"), method="id", evidence=name
    )
    yield PlaceOrder(
        order=OrderId(name),
        at=AT,
        currency="USD",
        total=1,
        customer=customer,
        extra=Content(text="Z"),
    )


def refused(crm: Crm, command: Command) -> bool:
    """Whether that is refused because the customer was erased."""
    with suppress(Refusal):  # it is there already
        try:
            crm.execute(command, by="app")
        except SubjectErased:
            return True
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])
