"""Erasures asked for again, from a register of them, in a log that knows nothing of them."""

import pytest
from attrs import evolve

from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.certificate import Certificate
from regulars.application.erasing_again import Registered, erase_again, lost
from regulars.domain.customer import RegisterCustomer
from regulars.domain.merge import MergeCustomers
from regulars.domain.personal import Contact, DataClass
from regulars.domain.protection import NameParty, Party
from regulars.domain.purchase import PlaceOrder
from regulars.domain.records import MergedInto
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId, ErasureId
from tests.application.memory_crm import TENANT, Parts, core
from tests.domain.examples import ANNA, ORDER
from tests.domain.story import NOON

BO, CY = CustomerId("bo"), CustomerId("cy")
COURIER = Subject(kind=SubjectKind.COURIER, id="c-7")
CONTACT = (DataClass.CONTACT,)


def town(*, merged: CustomerId | None = None) -> Parts:
    """Three people and a courier; `merged`: Bo was merged into that one."""
    shop = core(MemoryStorage(tenant=TENANT), MemoryKeyStore())
    for one in (ANNA, BO, CY):
        shop.execute(RegisterCustomer(customer=one, at=NOON, contact=Contact(name="Name")))
    shop.execute(PlaceOrder(order=ORDER, at=NOON, currency="CNY", total=100))
    shop.execute(
        NameParty(
            order=ORDER, at=NOON, party=Party.COURIER, who="c-7", contact=Contact(phone="12345678")
        )
    )
    if merged is not None:
        shop.execute(MergeCustomers(absorbed=BO, survivor=merged, at=NOON, evidence="same-phone"))
    return shop


def registered(done: Certificate) -> Registered:
    return Registered(
        whose=done.customer,
        erasure=done.erasure,
        basis=done.basis,
        classes=done.classes,
        keys=tuple(key for one in done.completions for key in one.keys),
    )


def erased(shop: Parts, *whose: CustomerId | Subject) -> list[Registered]:
    return [
        registered(shop.crm.erasures.erase(one, by="po", basis="request", classes=CONTACT))
        for one in whose
    ]


def gone(shop: Parts) -> set[CustomerId | Subject]:
    return {one.customer for one in shop.crm.erasures.all() if one.complete}


def test_what_the_log_does_not_tell_of_is_asked_for_again_and_the_rest_is_left_alone() -> None:
    shop = town()
    register = [*erased(town(), ANNA, COURIER), *erased(shop, BO)]
    over = evolve(register[0], erasure=ErasureId("r"), basis="retention:customer")
    held = evolve(register[0], erasure=ErasureId("h"), classes=())

    missing = lost(shop.crm.erasures, [*register, over, held])
    done = erase_again(shop.crm.erasures, missing, by="po")

    assert missing == register[:2]
    assert [(one.customer, one.erasure) for one in done] == [
        (one.whose, one.erasure) for one in missing
    ]
    assert gone(shop) == {ANNA, COURIER, BO}
    assert lost(shop.crm.erasures, register) == []
    assert erase_again(shop.crm.erasures, missing, by="po") == done
    assert shop.crm.verify().sound


def test_an_id_that_nothing_was_told_of_is_barred_again() -> None:
    shop = core(MemoryStorage(tenant=TENANT), MemoryKeyStore())

    erase_again(shop.crm.erasures, erased(town(), ANNA), by="po")

    assert shop.crm.erasures.state(ANNA).erased == {DataClass.CONTACT}


@pytest.mark.parametrize("merged", [None, ANNA])
def test_who_was_merged_then_is_erased_also_where_the_log_tells_of_no_merge(
    merged: CustomerId | None,
) -> None:
    shop = town(merged=merged)

    erase_again(shop.crm.erasures, erased(town(merged=ANNA), ANNA), by="po")

    assert gone(shop) == ({ANNA} if merged else {ANNA, BO})
    assert shop.crm.verify().boxes_erased == 2


def test_what_is_refused_is_told_after_the_others_were_done() -> None:
    shop = town(merged=CY)
    first, second = erased(town(), BO, ANNA)
    shop.crm.erasures.erase(
        COURIER, by="po", basis="request", classes=CONTACT, erasure=first.erasure
    )
    taken = evolve(first, whose=COURIER, classes=(DataClass.CONTENT,))

    with pytest.raises(MergedInto) as refused:
        erase_again(shop.crm.erasures, [first, taken, second], by="po")

    assert refused.value.into == CY
    assert gone(shop) == {COURIER, ANNA}
