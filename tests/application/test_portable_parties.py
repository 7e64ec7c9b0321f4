"""Couriers and merchants take along what they told of themselves, and nothing of others."""

import pytest
from attrs import evolve

from regulars.application.access_log import AccessLog
from regulars.application.erasure_subjects import NobodyKnown
from regulars.application.errors import InvalidId
from regulars.application.portable import ExportDenied, Portable
from regulars.application.ports import Erased, Revealed
from regulars.domain.actor import Actor, ReinstateActor
from regulars.domain.customer import RegisterCustomer
from regulars.domain.merchant import RegisterMerchant
from regulars.domain.personal import Contact, DataClass
from regulars.domain.protection import AssignCourier, CourierAssigned, NameParty, Party, PartyNamed
from regulars.domain.purchase import PlaceOrder
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId, MerchantId, OrderId
from tests.application.memory_crm import Parts, memory_core
from tests.domain.story import NOON

RITA = Subject(kind=SubjectKind.COURIER, id="c-7")
SHOP = Subject(kind=SubjectKind.MERCHANT, id="m-1")
HERSELF = Actor(role="courier", id="c-7")
OFFICER = Actor(role="privacy_officer", id="po-1")
FIRST, SECOND = OrderId("o-1"), OrderId("o-2")
OLD, NEW = Contact(name="Rita", phone="13900000001"), Contact(name="Rita", phone="13900000002")
NAME = NameParty(order=FIRST, at=NOON, party=Party.COURIER, who="c-7", contact=OLD)
PLACE = PlaceOrder(order=FIRST, at=NOON, currency="CNY", total=1, customer=CustomerId("anna"))


@pytest.fixture
def town() -> Parts:
    town = memory_core()
    town.execute(
        RegisterMerchant(merchant=MerchantId("m-1"), at=NOON, name="Noodles"),
        # A customer has the id of the courier, and is somebody else.
        RegisterCustomer(customer=CustomerId("c-7"), at=NOON, contact=Contact(name="Cora")),
        PLACE,
        evolve(PLACE, order=SECOND, merchant=MerchantId("m-1")),
        NAME,
        AssignCourier(order=SECOND, at=NOON, courier="c-7"),
        AssignCourier(order=FIRST, at=NOON, courier="c-8"),
        evolve(NAME, order=SECOND, contact=NEW),
    )
    return town


def copy(town: Parts, whose: Subject = RITA, actor: Actor = HERSELF) -> Portable:
    return town.crm.export_personal_data(whose, export_id="e-1", actor=actor)


def accesses(town: Parts) -> list[tuple[str, str, str, str | None]]:
    found = town.crm.ask(AccessLog())
    return [(one.actor.id, one.subject, one.outcome, one.denial) for one in found]


@pytest.mark.parametrize("actor", [HERSELF, OFFICER], ids=lambda one: one.role)
def test_a_courier_takes_along_their_newest_contact_and_what_names_them(
    town: Parts, actor: Actor
) -> None:
    made = copy(town, actor=actor)

    assert [one.outcome for one in made.given] == [Revealed(NEW)]
    assert [type(event) for _, event in made.theirs.facts] == [
        PartyNamed,
        CourierAssigned,
        PartyNamed,
    ]
    assert made.theirs.older.by_class() == {DataClass.CONTACT: 1}
    assert accesses(town) == [(actor.id, "courier/c-7", "revealed", None)]


def test_a_merchant_takes_along_the_business_and_no_order_of_others(town: Parts) -> None:
    made = copy(town, SHOP, Actor(role="merchant", id="m-1"))

    assert [type(event).__name__ for _, event in made.theirs.facts] == ["MerchantRegistered"]
    assert (made.given, made.theirs.orders) == ((), {})
    assert accesses(town) == [("m-1", "merchant/m-1", "not_kept", None)]


def test_a_copy_tells_a_courier_who_read_their_contact_before(town: Parts) -> None:
    copy(town, actor=OFFICER)
    copy(town, SHOP, OFFICER)

    assert [event.actor for _, event in copy(town).theirs.accesses] == ["po-1"]


@pytest.mark.parametrize(
    ("whose", "actor", "reason"),
    [
        (RITA, Actor(role="courier", id="c-8"), "not_theirs"),
        (RITA, Actor(role="merchant", id="c-7"), "not_theirs"),
        (RITA, Actor(role="support", id="s-7"), "purpose"),
        (evolve(RITA, id="nobody"), Actor(role="courier", id="c-8"), "not_theirs"),
        (SHOP, HERSELF, "not_theirs"),
    ],
)
def test_nobody_takes_along_what_is_anothers_and_the_attempt_is_recorded(
    town: Parts, whose: Subject, actor: Actor, reason: str
) -> None:
    with pytest.raises(ExportDenied, match=reason):
        copy(town, whose, actor)

    assert accesses(town) == [(actor.id, str(whose), "denied", reason)]


def test_a_courier_and_a_customer_of_the_same_id_are_two(town: Parts) -> None:
    with pytest.raises(ExportDenied, match="not_theirs"):
        town.crm.export_personal_data(CustomerId("c-7"), export_id="e-1", actor=HERSELF)
    with pytest.raises(ExportDenied, match="not_theirs"):
        copy(town, actor=Actor(role="customer", id="c-7"))


def test_what_was_erased_is_told_as_such(town: Parts) -> None:
    town.crm.erasures.erase(RITA, by="officer:1", basis="asked")

    made = copy(town)

    assert [one.outcome for one in made.given] == [Erased()]
    assert made.theirs.older.by_class() == {}
    assert {type(event).__name__ for _, event in made.theirs.facts} >= {
        "SubjectErasureRequested",
        "SubjectErasureCompleted",
    }


def test_who_reads_too_much_gets_no_copy_until_they_may_go_on(town: Parts) -> None:
    for _ in range(60):
        copy(town)
    with pytest.raises(ExportDenied, match="suspended"):
        copy(town)

    town.execute(ReinstateActor(actor=HERSELF, at=NOON, officer=OFFICER))

    assert copy(town).given


def test_a_copy_of_nobody_and_of_an_order_is_refused(town: Parts) -> None:
    with pytest.raises(NobodyKnown, match="courier/c-9"):
        copy(town, evolve(RITA, id="c-9"), OFFICER)
    with pytest.raises(InvalidId, match="courier"):
        copy(town, evolve(RITA, id=" "), OFFICER)
    with pytest.raises(ValueError, match="a customer's, a courier's or a merchant's"):
        copy(town, Subject(kind=SubjectKind.ORDER, id="o-1"), OFFICER)

    assert accesses(town) == []
