"""The portable copy as a document: it has all that the log tells of a person, and of them alone."""

import json
from typing import Any, get_args, get_type_hints

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from regulars.adapters import portable_document as module
from regulars.adapters.portable_document import portable_document
from regulars.application.events import Event
from regulars.domain.actor import Actor
from regulars.domain.adjustment import AdjustPoints
from regulars.domain.bank_card import BindBankCard, UnbindBankCard
from regulars.domain.coupon import IssueCoupon, RevokeCoupon
from regulars.domain.customer import (
    AddDeliveryAddress,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UpdateCustomerDetails,
)
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.offer import DefineOffer
from regulars.domain.order import MarkDelivered
from regulars.domain.personal import Address, Contact, Content, DataClass, Identity, Payment
from regulars.domain.program import DefineProgram
from regulars.domain.protection import NameParty, Party
from regulars.domain.purchase import PlaceOrder
from regulars.domain.real_name import VerifyRealName
from regulars.domain.refund import IssueRefund
from regulars.domain.review import SubmitReview
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.transfer import TransferPoints
from regulars.domain.values import (
    AddressId,
    AdjustmentId,
    CardId,
    CouponId,
    CustomerId,
    OccasionId,
    OfferId,
    OrderId,
    RefundId,
    TransferId,
)
from tests.application.memory_crm import Parts, memory_core
from tests.architecture.repository import ROOT
from tests.domain.carts import off
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON

ZOE = CustomerId("zoe")
ORDER = OrderId("o-1")


def town() -> Parts:
    """A town of which Anna's part is spread over every kind of stream."""
    town = memory_core()
    town.execute(
        *(
            RegisterCustomer(customer=one, at=NOON, contact=Contact(name=one), source=f"ads-{one}")
            for one in (ANNA, BO, ZOE)
        ),
        AddDeliveryAddress(
            customer=ANNA,
            at=NOON,
            address_id=AddressId("home"),
            address=Address(text="Lane 1"),
            district="D-1",
            region="R-1",
        ),
        BindBankCard(
            customer=ANNA,
            at=NOON,
            card=CardId("c-1"),
            payment=Payment(card_tail="1234"),
            co_brand="jade",
        ),
        VerifyRealName(
            customer=ANNA,
            at=NOON,
            identity=Identity(real_name="Anna", document_number="123"),
            method="id-card",
            evidence="check-7",
        ),
        PlaceOrder(order=ORDER, customer=ANNA, at=NOON, currency="EUR", total=5_00),
        MarkDelivered(order=ORDER, at=NOON),
        IssueRefund(order=ORDER, refund=RefundId("r-1"), at=NOON, amount=1_50, reason="late"),
    )
    return town


def document(town: Parts, customer: CustomerId | Subject = ANNA) -> dict[str, Any]:
    kind, _, name = str(customer).rpartition("/")
    actor = Actor(role=kind or "customer", id=name)
    copy = town.crm.export_personal_data(customer, export_id="e-1", actor=actor)
    made: dict[str, Any] = json.loads(json.dumps(portable_document(copy)))
    text = (ROOT / "docs" / "portable-export.schema.json").read_text(encoding="utf-8")
    schema: Any = Draft202012Validator(json.loads(text))  # its stubs are partly unknown
    schema.validate(made)
    return made


def test_each_value_tells_what_it_belongs_to() -> None:
    story = town()
    story.execute(
        PlaceOrder(
            order=OrderId("o-2"),
            customer=ANNA,
            at=NOON,
            currency="EUR",
            total=1,
            extra=Content(text="no onions"),
        ),
        SubmitReview(order=ORDER, at=NOON, customer=ANNA, stars=5, text=Content(text="lovely")),
        MergeCustomers(absorbed=BO, survivor=ANNA, at=NOON, evidence="same-phone"),
    )

    data = document(story)["data"]

    told = {
        (one["event"], one["field"]): [
            one[name] for name in ("customer", "order", "address", "card")
        ]
        for one in data
        if one["customer"] == ANNA
    }
    assert told == {
        ("CustomerRegistered", "contact"): [ANNA, None, None, None],
        ("DeliveryAddressAdded", "address"): [ANNA, None, "home", None],
        ("BankCardBound", "payment"): [ANNA, None, None, "c-1"],
        ("RealNameVerified", "identity"): [ANNA, None, None, None],
        ("OrderPlaced", "extra"): [ANNA, "o-2", None, None],
        ("ReviewSubmitted", "text"): [ANNA, "o-1", None, None],
    }
    assert [one["class"] for one in data if one["customer"] == BO] == ["contact"]
    recorded = {one.event_id.hex() for one in story.events()}
    assert {one["event_id"] for one in data} < recorded
    assert len({one["event_id"] for one in data}) == len(data)


@pytest.mark.parametrize("kind", [SubjectKind.COURIER, SubjectKind.MERCHANT])
def test_a_copy_of_who_serves_orders_is_as_published(kind: SubjectKind) -> None:
    story, whose = town(), Subject(kind=kind, id="s-1")
    contact = Contact(name="Rita", phone="13900000001")
    name = NameParty(order=ORDER, at=NOON, party=Party(kind.value), who="s-1", contact=contact)
    story.execute(name, evolve(name, contact=Contact(name="Rita")), name)

    made = document(story, whose)

    assert {name for name in ("customer", "courier", "merchant") if name in made} == {kind.value}
    assert made[kind.value] == "s-1"
    assert (made["records"], made["orders"], made["consents"]) == ([], [], [])
    (value,) = made["data"]
    assert value["value"] == {"name": "Rita", "phone": "13900000001", "email": None}
    assert [value[name] for name in ("event", "customer", "order")] == ["PartyNamed", None, "o-1"]
    assert {one["kind"] for one in made["retention"]} == {"order", "address", "service"}
    assert {one["role"] for one in made["uses"]} >= {kind.value, "privacy_officer"}
    assert "customer" not in {one["role"] for one in made["uses"]}
    assert facts(made, "PartyNamed")[0] == {"order": "o-1", "party": kind.value, "who": "s-1"}
    assert [one["what"] for one in made["left_out"]][-1] == "older contact"
    own = {(one["role"], one["purpose"]) for one in document(story)["uses"]}
    assert (kind.value, "subject_access") not in own


def facts(made: dict[str, Any], event: str) -> list[dict[str, Any]]:
    return [one["fields"] for one in made["facts"] if one["event"] == event]


def older(town: Parts, customer: CustomerId = ANNA) -> dict[str, str]:
    return {
        one["what"].removeprefix("older "): one["why"].split()[0]
        for one in document(town, customer)["left_out"]
        if one["what"].startswith("older ")
    }


def test_a_copy_says_how_much_of_each_class_was_replaced_or_removed_and_is_sealed_still() -> None:
    story = town()
    told = UpdateCustomerDetails(customer=ANNA, at=NOON, contact=Contact(name="Ann"), source="web")
    assert older(story) == {}

    story.execute(
        told,
        UpdateCustomerDetails(customer=BO, at=NOON, contact=Contact(name="Bob"), source="web"),
        RemoveDeliveryAddress(customer=ANNA, at=NOON, address_id=AddressId("home")),
        UnbindBankCard(customer=ANNA, at=NOON, card=CardId("c-1")),
    )
    assert older(story) == {"contact": "1", "address": "1", "payment": "1"}
    story.execute(MergeCustomers(absorbed=BO, survivor=ANNA, at=NOON, evidence="same-phone"))
    assert older(story) == {"contact": "2", "address": "1", "payment": "1"}

    erasures, contact = story.crm.erasures, [DataClass.CONTACT]
    erasures.erase(ANNA, by="po", basis="request", classes=contact)
    assert older(story) == {"address": "1", "payment": "1"}
    erasures.authorise_new_life(ANNA, by="po", basis="told-anew", classes=contact)
    story.execute(told)
    made = document(story)

    assert older(story) == {"address": "1", "payment": "1"}
    assert [one["value"] for one in made["data"] if one["class"] == "contact"].count(None) == 1
    assert "'name': 'Ann'" in str(made["data"])


def test_a_copy_has_what_is_in_clear_of_what_a_person_gave() -> None:
    made = document(town())

    assert facts(made, "CustomerRegistered") == [{"customer": ANNA, "source": "ads-anna"}]
    assert facts(made, "DeliveryAddressAdded") == [
        {"customer": ANNA, "address_id": "home", "district": "D-1", "region": "R-1"}
    ]
    assert facts(made, "BankCardBound") == [{"customer": ANNA, "card": "c-1", "co_brand": "jade"}]
    assert facts(made, "RealNameVerified") == [
        {"customer": ANNA, "method": "id-card", "evidence": "check-7"}
    ]
    assert [one["refunds"] for one in made["orders"]] == [
        [{"refund": "r-1", "at": NOON.isoformat(), "amount": "1.50", "reason": "late"}]
    ]


def test_a_copy_warns_nobody_of_an_inquiry() -> None:
    shop, other = town(), town()
    for whose in (BO, ANNA):
        shop.crm.erasures.hold(whose, by="counsel:1", basis="case-17", classes=[DataClass.CONTACT])
    shop.crm.erasures.release(ANNA, by="counsel:1", basis="case-17", classes=[DataClass.CONTACT])

    for whose in (ANNA, BO):
        held, free = (document(one, whose) for one in (shop, other))
        for made in (held, free):
            made["made_at"] = ""
            for value in made["data"]:
                del value["event_id"]  # which no two logs share
        assert held == free


def test_a_copy_has_occasions_points_and_coupons() -> None:
    shop = town()
    offer, coupon = OfferId("welcome"), CouponId("k-1")
    shop.execute(
        DefineProgram(program=PROGRAM, at=NOON, name="Points"),
        RecordOccasion(
            program=PROGRAM, customer=ANNA, at=NOON, occasion=OccasionId("b-1"), on="birthday"
        ),
        AdjustPoints(
            program=PROGRAM,
            customer=ANNA,
            at=NOON,
            adjustment=AdjustmentId("a-1"),
            points=9,
            reason="sorry",
            approver="boss-1",
        ),
        DefineOffer(program=PROGRAM, offer=offer, at=NOON, terms=off(10_00)),
        *(
            IssueCoupon(program=PROGRAM, offer=offer, coupon=one, at=NOON, customer=whose)
            for one, whose in ((coupon, ANNA), (CouponId("k-2"), BO))
        ),
        *(
            RevokeCoupon(program=PROGRAM, offer=offer, coupon=one, at=NOON)
            for one in (coupon, CouponId("k-2"))
        ),
    )

    made = document(shop)

    assert facts(made, "OccasionRecorded")[0]["on"] == "birthday"
    assert facts(made, "PointsAdjusted")[0]["points"] == 9
    assert [one["coupon"] for one in facts(made, "CouponIssued")] == [coupon]
    assert [one["coupon"] for one in facts(made, "CouponRevoked")] == [coupon]
    assert "boss-1" not in json.dumps(made)


def test_a_copy_names_nobody_else() -> None:
    shop = town()
    shop.execute(MergeCustomers(absorbed=BO, survivor=ANNA, at=NOON, evidence="same-phone"))
    merged = document(shop)
    shop.execute(RevertMerge(absorbed=BO, survivor=ANNA, at=NOON, evidence="mistake"))

    parted = document(shop)

    assert facts(merged, "CustomerAbsorbed")[0]["absorbed"] == BO
    assert "absorbed" not in facts(parted, "CustomerAbsorbed")[0]
    assert [BO in json.dumps(one) for one in (merged, parted)] == [True, False]


def test_who_is_given_points_does_not_learn_of_whom() -> None:
    shop = town()
    shop.execute(
        DefineProgram(program=PROGRAM, at=NOON, name="Points"),
        AdjustPoints(
            program=PROGRAM,
            customer=ANNA,
            at=NOON,
            adjustment=AdjustmentId("a-1"),
            points=9,
            reason="sorry",
            approver="boss-1",
        ),
        TransferPoints(
            program=PROGRAM,
            customer=ANNA,
            at=NOON,
            transfer=TransferId("t-1"),
            receiver=ZOE,
            points=4,
        ),
    )

    given, taken = document(shop), document(shop, ZOE)

    assert facts(given, "PointsTransferredOut")[0]["points"] == 4
    assert facts(taken, "PointsTransferredIn")[0]["points"] == 4
    assert ZOE not in json.dumps(given["facts"])
    assert ANNA not in json.dumps(taken["facts"])


def test_every_field_that_names_a_customer_is_looked_at() -> None:
    naming = {
        name
        for event in get_args(Event)
        for name, kind in get_type_hints(event).items()
        if CustomerId in (kind, *get_args(kind))
    }

    assert naming == module._PEOPLE  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - the list
