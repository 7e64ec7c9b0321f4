"""Which address is meant where somebody reads for an order."""

from typing import Any, Final

import pytest
from attrs import evolve

from regulars.application.ports import Revealed
from regulars.application.reading import BoxIn, Card, DataOf, Masked, NotKept, Outcome, SeveralKept
from regulars.domain.actor import Actor
from regulars.domain.customer import (
    AddDeliveryAddress,
    DeliveryAddressAdded,
    RegisterCustomer,
    RemoveDeliveryAddress,
)
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.personal import Address, DataClass
from regulars.domain.protection import AssignCourier, RedirectOrder
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reading import Denial, Denied
from regulars.domain.values import AddressId, CustomerId, MerchantId, OrderId
from tests.application.memory_crm import Parts, memory_core
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON

HOME, OFFICE, NOWHERE = AddressId("home"), AddressId("office"), AddressId("nowhere")
ROW, STREET, HARBOUR = Address(text="12 Row"), Address(text="5 Street"), Address(text="7 Harbour")
COURIER = Actor(role="courier", id="c-3")
KITCHEN = Actor(role="merchant", id="noodles")
SAM = Actor(role="support", id="s-7")
HERSELF = Actor(role="customer", id="anna")
PLACE = PlaceOrder(
    order=OrderId("o-1"),
    at=NOON,
    currency="CNY",
    total=100,
    customer=ANNA,
    merchant=MerchantId(KITCHEN.id),
)
MERGE: Final[dict[str, Any]] = {
    "absorbed": ANNA,
    "survivor": BO,
    "at": NOON,
    "evidence": "same-phone",
}
ELSEWHERE = Denied(Denial.OTHER_ADDRESS)
HIDDEN = Masked(Address(text="****"))


def lives(customer: CustomerId, address_id: AddressId, address: Address) -> AddDeliveryAddress:
    return AddDeliveryAddress(customer=customer, at=NOON, address_id=address_id, address=address)


@pytest.fixture
def town() -> Parts:
    """Anna has two addresses and Bo one; nobody has ordered."""
    town = memory_core()
    town.execute(
        RegisterCustomer(customer=ANNA, at=NOON),
        lives(ANNA, HOME, STREET),
        lives(ANNA, OFFICE, HARBOUR),
        RegisterCustomer(customer=BO, at=NOON),
        lives(BO, HOME, ROW),
    )
    return town


def ordered(
    town: Parts, order: str, address: AddressId | None, customer: CustomerId | None = ANNA
) -> None:
    one = OrderId(order)
    town.execute(
        evolve(PLACE, order=one, address_id=address, customer=customer),
        AssignCourier(order=one, at=NOON, courier=COURIER.id),
    )


def shown(
    town: Parts,
    order: str,
    address: AddressId | None = None,
    *,
    customer: CustomerId = ANNA,
    actor: Actor = COURIER,
) -> Outcome:
    sought = DataOf(customer=customer, data_class=DataClass.ADDRESS, field=address)
    return town.crm.reveal(sought, purpose="delivery", actor=actor, order=OrderId(order))


def card(town: Parts, actor: Actor, order: str, purpose: str = "delivery") -> Card:
    return town.crm.card(ANNA, purpose=purpose, actor=actor, order=OrderId(order))


def addresses(card: Card) -> dict[str | None, Outcome]:
    return {one.field: one.outcome for one in card.fields if one.data_class is DataClass.ADDRESS}


def test_who_serves_an_order_is_shown_the_address_that_it_names(town: Parts) -> None:
    ordered(town, "o-1", OFFICE)

    assert shown(town, "o-1") == shown(town, "o-1", OFFICE) == Revealed(HARBOUR)
    assert shown(town, "o-1", actor=KITCHEN) == HIDDEN
    for actor in (COURIER, KITCHEN):
        assert shown(town, "o-1", HOME, actor=actor) == ELSEWHERE
        assert shown(town, "o-1", NOWHERE, actor=actor) == ELSEWHERE
    assert addresses(card(town, COURIER, "o-1")) == {OFFICE: Revealed(HARBOUR)}


def test_an_order_that_names_none_of_several_shows_none_and_not_which_there_are(
    town: Parts,
) -> None:
    ordered(town, "o-1", None)

    for actor in (COURIER, KITCHEN):
        assert {shown(town, "o-1", one, actor=actor) for one in (None, HOME, OFFICE)} == {ELSEWHERE}
        assert addresses(card(town, actor, "o-1")) == {None: ELSEWHERE}


def test_an_order_that_names_none_goes_to_the_only_one_there_is(town: Parts) -> None:
    ordered(town, "o-1", None)
    assert shown(town, "o-1") == ELSEWHERE
    town.execute(RemoveDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME))
    assert shown(town, "o-1") == Revealed(HARBOUR)
    town.execute(RemoveDeliveryAddress(customer=ANNA, at=NOON, address_id=OFFICE))

    assert shown(town, "o-1") == ELSEWHERE


def test_an_order_that_is_redirected_goes_to_the_other_address_alone(town: Parts) -> None:
    ordered(town, "o-1", None)
    redirect = RedirectOrder(order=OrderId("o-1"), at=NOON, address_id=OFFICE)

    town.execute(redirect)
    assert (shown(town, "o-1"), shown(town, "o-1", HOME)) == (Revealed(HARBOUR), ELSEWHERE)
    town.execute(evolve(redirect, address_id=HOME))
    assert (shown(town, "o-1"), shown(town, "o-1", OFFICE)) == (Revealed(STREET), ELSEWHERE)


def test_an_address_that_is_gone_leads_to_no_other(town: Parts) -> None:
    ordered(town, "o-1", HOME)
    town.execute(RemoveDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME))

    assert shown(town, "o-1") == shown(town, "o-1", HOME) == NotKept()
    assert shown(town, "o-1", OFFICE) == ELSEWHERE
    assert addresses(card(town, COURIER, "o-1")) == {}


def test_a_box_is_read_for_the_order_that_goes_there(town: Parts) -> None:
    ordered(town, "o-1", OFFICE)
    there, here, his = (
        BoxIn(recorded=one, field="address")
        for one in town.events()
        if isinstance(one.event, DeliveryAddressAdded)
    )

    def read(box: BoxIn) -> Outcome:
        return town.crm.reveal(box, purpose="delivery", actor=COURIER, order=OrderId("o-1"))

    assert (read(there), read(here)) == (ELSEWHERE, Revealed(HARBOUR))
    assert read(his) == Denied(Denial.NOT_THEIRS)


def test_an_order_leads_to_nobody_elses_address(town: Parts) -> None:
    ordered(town, "o-1", HOME)
    ordered(town, "nobodys", HOME, None)

    assert shown(town, "o-1", customer=BO) == Denied(Denial.NOT_THEIRS)
    assert shown(town, "nobodys") == Denied(Denial.NOT_THEIRS)


def test_who_reads_all_addresses_means_that_of_the_order_and_may_name_others(town: Parts) -> None:
    ordered(town, "o-1", OFFICE)

    def read(address: AddressId | None, order: str | None = "o-1") -> Outcome:
        sought = DataOf(customer=ANNA, data_class=DataClass.ADDRESS, field=address)
        return town.crm.reveal(
            sought,
            purpose="subject_access",
            actor=HERSELF,
            order=None if order is None else OrderId(order),
        )

    assert (read(None), read(HOME)) == (Revealed(HARBOUR), Revealed(STREET))
    with pytest.raises(SeveralKept):
        read(None, order=None)
    assert len(addresses(card(town, SAM, "o-1", "service"))) == 2


def test_a_merge_takes_no_order_to_another_address(town: Parts) -> None:
    ordered(town, "hers", HOME)
    ordered(town, "his", None, BO)
    town.execute(MergeCustomers(**MERGE))
    ordered(town, "later", OFFICE, BO)

    for customer in (ANNA, BO):
        assert shown(town, "hers", customer=customer) == Revealed(STREET)
        assert shown(town, "his", customer=customer) == Revealed(ROW)
        assert shown(town, "later", customer=customer) == Revealed(HARBOUR)
    assert shown(town, "hers", HOME, customer=BO) == ELSEWHERE  # that is his
    assert shown(town, "hers", HOME, customer=ANNA) == Revealed(STREET)
    both = town.crm.card(BO, purpose="delivery", actor=COURIER, order=OrderId("hers"))
    assert addresses(both) == {HOME: Revealed(STREET)}
    town.execute(RevertMerge(**MERGE))
    assert shown(town, "hers") == Revealed(STREET)
    assert shown(town, "his") == Denied(Denial.NOT_THEIRS)
