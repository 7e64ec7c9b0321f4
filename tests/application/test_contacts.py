from collections.abc import Iterator
from contextlib import closing

import pytest

from regulars.adapters.database import Database
from regulars.application.batch import Receipt
from regulars.application.contacts import ContactTaken
from regulars.application.door import Request
from regulars.application.errors import InvalidPersonalData
from regulars.domain.actor import Actor
from regulars.domain.consents import GrantConsent
from regulars.domain.customer import (
    CustomerAlreadyRegistered,
    RegisterCustomer,
    UpdateCustomerDetails,
)
from regulars.domain.personal import Contact
from regulars.domain.values import CustomerId
from tests.application.memory_crm import Parts, memory_core, request, sql_core
from tests.domain.story import NOON

ADA, BOB, EVE = CustomerId("ada"), CustomerId("bob"), CustomerId("eve")
PHONE, OTHER = "138 1234 5678", "139 1234 5678"
EMAIL = "ada@example.org"
SAM = Actor(role="support", id="s-7")


@pytest.fixture(params=["memory", "sqlite"])
def town(request: pytest.FixtureRequest) -> Iterator[Parts]:
    """A shop in which contacts are unique."""
    if request.param == "memory":
        town = memory_core()
        town.crm.lookup.keep(unique=True, region="CN")
        yield town
        return
    with closing(Database("sqlite://")) as database:
        town = sql_core(database)
        town.crm.lookup.keep(unique=True, region="CN")
        yield town


def register(customer: CustomerId, **contact: str) -> RegisterCustomer:
    return RegisterCustomer(customer=customer, at=NOON, contact=Contact(name="A", **contact))


def update(customer: CustomerId, **contact: str) -> UpdateCustomerDetails:
    return UpdateCustomerDetails(customer=customer, at=NOON, contact=Contact(name="A", **contact))


def phones(town: Parts, *texts: str) -> list[tuple[CustomerId, ...]]:
    return [town.crm.find_customer(phone=text, purpose="service", actor=SAM) for text in texts]


@pytest.mark.parametrize("again", [{"phone": "+8613812345678"}, {"email": "ADA@example.org"}])
def test_a_contact_is_one_customers(town: Parts, again: dict[str, str]) -> None:
    town.execute(register(ADA, phone=PHONE, email=EMAIL))
    before = town.events()

    with pytest.raises(ContactTaken) as refused:
        town.execute(register(BOB, **again))

    assert refused.value.field in again
    assert not any(text in str(refused.value) for text in (PHONE, "86138", EMAIL, ADA, BOB))
    assert town.events() == before
    town.execute(register(BOB, phone=OTHER))
    assert phones(town, PHONE, OTHER) == [(ADA,), (BOB,)]


def test_who_repeats_their_registration_is_not_in_their_own_way(town: Parts) -> None:
    first = town.execute(register(ADA, phone=PHONE), id="r-1")

    again = town.execute(register(ADA, phone=PHONE), id="r-1")

    assert (again.repeated, again.position) == (True, first.position)
    with pytest.raises(CustomerAlreadyRegistered):
        town.execute(register(ADA, phone=PHONE))
    town.execute(update(ADA, phone="+86 138-1234-5678"))
    assert phones(town, PHONE) == [(ADA,)]


def test_new_details_free_the_old_number(town: Parts) -> None:
    town.execute(register(ADA, phone=PHONE, email=EMAIL))
    town.execute(register(BOB, phone="137 1234 5678"))

    town.execute(update(ADA, phone=OTHER))
    town.execute(update(BOB, phone=PHONE))

    assert phones(town, PHONE, OTHER, "13712345678") == [(BOB,), (ADA,), ()]
    assert town.crm.find_customer(email=EMAIL, purpose="service", actor=SAM) == ()
    with pytest.raises(ContactTaken):
        town.execute(update(BOB, phone=OTHER))
    assert phones(town, PHONE, OTHER) == [(BOB,), (ADA,)]


def test_details_without_a_contact_leave_the_number_where_it_is(town: Parts) -> None:
    town.execute(register(ADA, phone=PHONE))

    town.execute(UpdateCustomerDetails(customer=ADA, at=NOON, source="spring"))
    town.execute(GrantConsent(customer=ADA, at=NOON, purpose="marketing"))
    town.execute(RegisterCustomer(customer=BOB, at=NOON))

    assert phones(town, PHONE) == [(ADA,)]


def test_what_is_recorded_together_is_told_apart(town: Parts) -> None:
    outcomes = town.execute_all(
        request(register(ADA, phone=PHONE)),
        request(register(BOB, phone=PHONE)),
        request(update(ADA, phone=OTHER)),
        request(register(EVE, phone=PHONE)),
        request(update(ADA, phone=PHONE)),
    )

    assert [type(one) for one in outcomes] == [
        Receipt,
        ContactTaken,
        Receipt,
        Receipt,
        ContactTaken,
    ]
    assert phones(town, PHONE, OTHER) == [(EVE,), (ADA,)]


def test_a_refused_request_leaves_no_claim_behind(town: Parts) -> None:
    both = Request(commands=(register(ADA, phone=PHONE), register(ADA, phone=OTHER)), by="agent:7")

    outcomes = town.execute_all(
        request(register(EVE, phone="137 1234 5678")),
        both,
        request(register(BOB, phone=PHONE)),
        request(update(EVE, phone=OTHER)),
    )

    assert [type(one) for one in outcomes] == [
        Receipt,
        CustomerAlreadyRegistered,
        Receipt,
        Receipt,
    ]
    assert phones(town, PHONE, OTHER, "13712345678") == [(BOB,), (EVE,), ()]


def test_what_fails_as_a_whole_leaves_nothing(town: Parts) -> None:
    town.execute(register(ADA, phone=PHONE))

    def fail_late() -> None:
        with town.storage.transaction():
            town.execute(update(ADA, phone=OTHER))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_late()
    town.commands.forget()

    assert phones(town, PHONE, OTHER) == [(ADA,), ()]


def test_what_nobody_could_be_found_by_is_refused(town: Parts) -> None:
    for contact, field in (({"phone": "12"}, "phone"), ({"email": "ada"}, "email")):
        with pytest.raises(InvalidPersonalData) as refused:
            town.execute(register(ADA, **contact))
        assert refused.value.field == field

    assert town.events() == []


def test_where_contacts_are_shared_all_who_have_one_are_found(town: Parts) -> None:
    town.crm.lookup.keep(unique=False, region="CN")
    town.execute(register(BOB, phone=PHONE))
    town.execute(register(ADA, phone=PHONE))
    assert phones(town, PHONE) == [(ADA, BOB)]

    town.execute(update(ADA, phone=OTHER))
    town.crm.lookup.keep(unique=True, region="CN")

    with pytest.raises(ContactTaken):
        town.execute(register(EVE, phone=PHONE))
    assert phones(town, PHONE) == [(BOB,)]


def test_without_an_index_any_text_is_taken_as_it_is() -> None:
    town = memory_core()

    town.execute(register(ADA, phone="12"))
    town.execute(register(BOB, phone="12"))

    assert town.storage.contacts.versions() == []
