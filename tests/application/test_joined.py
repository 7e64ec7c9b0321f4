"""The core inside a host's transaction: whatever is called there begins with nothing in memory."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC

from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.batch import Receipt
from regulars.application.crm import Crm
from regulars.application.customer import CustomerProfile
from regulars.application.door import Request
from regulars.application.joined import Joined
from regulars.domain.customer import RegisterCustomer
from tests.application.memory_crm import TENANT, core
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON


def test_each_call_inside_is_that_of_a_core_of_its_own() -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    made: list[Crm] = []

    def anew() -> Crm:
        made.append(core(storage, keys).crm)
        return made[-1]

    @contextmanager
    def join(connection: object) -> Generator[Joined]:
        assert connection == "theirs"
        yield Joined(anew)

    outside = core(storage, keys, join=join).crm
    with outside.joined("theirs") as inside:
        register = [RegisterCustomer(customer=one, at=NOON) for one in (ANNA, BO)]
        receipt = inside.execute(register[0], by="web", id="signup-1")
        again, new = inside.execute_all(
            [
                Request(id=f"signup-{number}", commands=(command,), by="web")
                for number, command in enumerate(register, 1)
            ]
        )
        inside.positions.keep("billing", receipt.position)
        profiles = [inside.ask(CustomerProfile(customer=one, timezone=UTC)) for one in (ANNA, BO)]

    assert isinstance(again, Receipt)
    assert isinstance(new, Receipt)
    assert (receipt.repeated, again.repeated, new.repeated) == (False, True, False)
    assert None not in profiles
    assert outside.positions.kept("billing") == receipt.position
    assert len(made) == 5
