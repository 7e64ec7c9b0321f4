"""What a portable copy is made of, in one pass over the log."""

from attrs import evolve

from regulars.application.portable import gathered
from regulars.domain.customer import (
    AddDeliveryAddress,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UpdateCustomerDetails,
)
from regulars.domain.personal import Address, Contact, DataClass
from regulars.domain.values import AddressId
from tests.application.memory_crm import Parts, memory_core
from tests.domain.examples import ANNA
from tests.domain.story import NOON

REGISTER = RegisterCustomer(customer=ANNA, at=NOON, contact=Contact(name="Anna"))
MOVE = UpdateCustomerDetails(customer=ANNA, at=NOON, contact=Contact(name="Anne"))
HOME = AddDeliveryAddress(
    customer=ANNA, at=NOON, address_id=AddressId("home"), address=Address(text="Mill Lane 1")
)
LEAVE = RemoveDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME.address_id)


def older(town: Parts) -> dict[DataClass, int]:
    return gathered(town.storage.log, [ANNA]).older.by_class()


def test_values_that_were_replaced_or_removed_are_counted_until_their_class_is_erased() -> None:
    town = memory_core()
    town.execute(REGISTER, HOME)
    assert older(town) == {}

    town.execute(MOVE, LEAVE, evolve(HOME, address=Address(text="Mill Lane 2")))
    assert older(town) == {DataClass.CONTACT: 1, DataClass.ADDRESS: 1}

    town.crm.erasures.erase(ANNA, by="officer", basis="asked", classes=[DataClass.ADDRESS])
    assert older(town) == {DataClass.CONTACT: 1}


def test_a_copy_is_made_without_a_word_about_legal_holds() -> None:
    town = memory_core()
    town.execute(REGISTER)
    before = gathered(town.storage.log, [ANNA]).facts

    town.crm.erasures.hold(ANNA, by="counsel", basis="case-17", classes=[DataClass.CONTACT])
    town.crm.erasures.release(ANNA, by="counsel", basis="case-17", classes=[DataClass.CONTACT])

    assert before
    assert gathered(town.storage.log, [ANNA]).facts == before
