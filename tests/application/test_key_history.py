"""Whoever was erased stays so, whatever keys and fences a key store has lost or got back."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from attrs import evolve
from sqlalchemy import delete

from regulars.adapters.database import Database
from regulars.adapters.keys import KEYS, SqlKeyStore
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.storage import SqlStorage
from regulars.application.audit import spot_of
from regulars.application.batch import Receipt
from regulars.application.boxed import boxes_of
from regulars.application.catalogue import VIEWS
from regulars.application.errors import SubjectErased
from regulars.application.key_history import KeyHistory
from regulars.application.keys import KeyName
from regulars.application.ports import Revealed
from regulars.domain.customer import RegisterCustomer, UpdateCustomerDetails
from regulars.domain.personal import Contact, DataClass, Profile
from tests.application.memory_crm import TENANT, Parts, core, request
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON
from tests.postgres_server import new_database

CONTACT = Contact(name="Anna", phone="13812345678")
REGISTER = RegisterCustomer(customer=ANNA, at=NOON, contact=CONTACT, profile=Profile(gender="f"))
UPDATE = UpdateCustomerDetails(customer=ANNA, at=NOON, contact=Contact(name="Anna again"))

Lose: TypeAlias = Callable[[Parts], Parts]


def test_a_log_holds_boxes_once_anything_personal_was_recorded() -> None:
    town = core(MemoryStorage(tenant=TENANT), MemoryKeyStore())
    history = KeyHistory(town.storage.log)
    town.execute(RegisterCustomer(customer=BO, at=NOON))
    assert not history.has_boxes()

    town.execute(REGISTER)

    assert history.has_boxes()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Parts, Lose]]:
    """A core, and how it comes to have the same log over a key store that knows nothing."""
    if request.param == "memory":
        storage = MemoryStorage(tenant=TENANT)
        yield core(storage, MemoryKeyStore()), lambda _: core(storage, MemoryKeyStore())
        return
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'town.db'}" if sqlite else new_database()
    with closing(Database(url, synchronous="NORMAL")) as database:

        def over() -> Parts:
            storage = SqlStorage(database, VIEWS, tenant=TENANT)
            return core(storage, SqlKeyStore(database), scrub=database.scrub)

        def lose(_: Parts) -> Parts:
            with database.transaction():
                database.connection.execute(delete(KEYS))
            return over()

        yield over(), lose


def erased(town: Parts) -> Parts:
    town.execute(REGISTER)
    town.crm.erasures.erase(ANNA, by="officer", basis="asked", classes=[DataClass.CONTACT])
    return town


def test_the_erased_stay_erased_over_a_key_store_that_knows_nothing(
    world: tuple[Parts, Lose],
) -> None:
    town, lose = world
    again = lose(erased(town))

    with pytest.raises(SubjectErased):
        again.execute(UPDATE)
    refused, taken, other = again.execute_all(
        request(UPDATE),
        request(evolve(UPDATE, contact=None, profile=Profile(gender="x"))),
        request(RegisterCustomer(customer=BO, at=NOON, contact=Contact(name="Bo"))),
    )

    assert isinstance(refused, SubjectErased)
    assert [type(one) for one in (taken, other)] == [Receipt, Receipt]


def test_a_new_life_is_one_over_any_key_store(world: tuple[Parts, Lose]) -> None:
    town, lose = world
    erased(town).crm.erasures.authorise_new_life(ANNA, by="officer", basis="came-back")

    again = lose(town)
    again.execute(UPDATE)

    (last,) = again.events(after=town.storage.log.head() - 1)
    assert isinstance(
        again.vault.open(boxes_of(last.event)["contact"], spot_of(last, "contact")), Revealed
    )


@pytest.mark.parametrize("look", [True, False])
def test_a_key_that_came_back_seals_nothing(*, look: bool) -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    town = core(storage, keys)
    town.execute(REGISTER)
    (boxed,) = [one for one in town.events() if boxes_of(one.event)]
    name = KeyName(TENANT, "customer/anna", DataClass.CONTACT)
    kept = keys.get_many([name])[name]
    town.crm.erasures.erase(ANNA, by="officer", basis="asked")
    restored = core(storage, MemoryKeyStore(kept))
    # What it has in memory counts from its first command with personal data on.
    restored.execute(RegisterCustomer(customer=BO, at=NOON, contact=Contact(name="Bo")))

    if look:
        box = boxes_of(boxed.event)["contact"]
        assert isinstance(restored.vault.open(box, spot_of(boxed, "contact")), Revealed)
    with pytest.raises(SubjectErased):
        restored.execute(UPDATE)
    assert [type(one) for one in restored.execute_all(request(UPDATE), request(UPDATE))] == [
        SubjectErased,
        SubjectErased,
    ]
