"""
A process that erases a customer, or writes of one: `python -m tests.acceptance.eraser`.

Its arguments are the database, the file of keys, and what to do: `erase` or `resume`, and the step
after which it kills itself; or `write`, until that is refused because the customer was erased.
"""

import os
import sys
from datetime import UTC, datetime
from signal import SIGKILL

from regulars import Contact, CustomerId, SubjectErased, UpdateCustomerDetails, connect
from regulars.application.erasures import Step

CUSTOMER = CustomerId("zofie")
AT = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)


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
            case _:
                change = UpdateCustomerDetails(customer=CUSTOMER, at=AT, contact=Contact(name="Z"))
                crm.execute(change, by="app")
                print("ready", flush=True)  # noqa: T201 - whoever started this waits for it
                while True:
                    try:
                        crm.execute(change, by="app")
                    except SubjectErased:
                        return


if __name__ == "__main__":
    main(*sys.argv[1:])
