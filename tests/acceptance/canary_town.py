"""A town whose people are canaries, and all that a service does with what they tell."""

from collections.abc import Callable
from datetime import UTC, timedelta
from itertools import cycle
from typing import Any, Final, cast

from attrs import define, evolve, field

from regulars import Crm, Request
from regulars.adapters.memory_numbers import MemoryNumbers
from regulars.application.access_log import AccessLog
from regulars.application.aggregates import CUSTOMER
from regulars.application.balances import PointsBalance
from regulars.application.customer import CustomerProfile
from regulars.application.erasing import Step
from regulars.application.events import Command
from regulars.application.postings import PointsLedger
from regulars.application.reading import DataOf
from regulars.application.report import SalesReport
from regulars.domain.actor import Actor
from regulars.domain.audience import Audience
from regulars.domain.bank_card import BindBankCard, UnbindBankCard
from regulars.domain.campaign import DraftCampaign, LaunchCampaign
from regulars.domain.campaign_plan import Plan
from regulars.domain.care_plan import CarePlan, SetCarePlan
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.coupon import IssueCoupon
from regulars.domain.customer import (
    AddDeliveryAddress,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UpdateCustomerDetails,
)
from regulars.domain.holdout import Variant
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_terms import Kind, Terms
from regulars.domain.order import AcceptOrder, CompleteOrder, MarkDelivered
from regulars.domain.personal import Contact, Content, DataClass
from regulars.domain.protection import AssignCourier, NameParty, Party
from regulars.domain.purchase import PlaceOrder
from regulars.domain.real_name import VerifyRealName
from regulars.domain.refund import IssueRefund
from regulars.domain.review import SubmitReview
from regulars.domain.rights import ObjectToProcessing, RestrictProcessing
from regulars.domain.values import (
    AddressId,
    CampaignId,
    CardId,
    CouponId,
    CustomerId,
    OfferId,
    OrderId,
    ProgramId,
    RefundId,
)
from regulars.testing import CanaryPerson
from regulars.testing.number_protections import NOON, Hands
from tests.acceptance.canary_club import merged_for_a_while, told_of_points
from tests.acceptance.overheard import Overheard

HOME, OFFICE = AddressId("home"), AddressId("office")
DAY: Final = timedelta(days=1)


def customer_of(person: CanaryPerson) -> CustomerId:
    """The id under which a person is registered."""
    return CustomerId(f"c{person.number}")


def order_of(person: CanaryPerson) -> OrderId:
    """The id of the one order of a person."""
    return OrderId(f"o{person.number}")


def registration(person: CanaryPerson) -> RegisterCustomer:
    """How a person is registered."""
    return RegisterCustomer(
        customer=customer_of(person),
        at=NOON,
        contact=person.contact,
        profile=person.profile,
        extra=person.content,
    )


def told_by(person: CanaryPerson, courier: CanaryPerson) -> tuple[Command, ...]:
    """What is recorded until the order of a person is on its way, every class of data in it."""
    customer, order = customer_of(person), order_of(person)
    home = AddDeliveryAddress(
        customer=customer, at=NOON, address_id=HOME, address=person.address, district="north"
    )
    card = BindBankCard(customer=customer, at=NOON, card=CardId("visa"), payment=person.payment)
    return (
        registration(person),
        UpdateCustomerDetails(
            customer=customer, at=NOON, contact=person.contact, profile=person.profile
        ),
        home,
        evolve(home, address_id=OFFICE),
        RemoveDeliveryAddress(customer=customer, at=NOON, address_id=OFFICE),
        card,
        evolve(card, card=CardId("old")),
        UnbindBankCard(customer=customer, at=NOON, card=CardId("old")),
        VerifyRealName(
            customer=customer, at=NOON, identity=person.identity, method="id-card", evidence="e-1"
        ),
        GrantConsent(customer=customer, at=NOON, purpose="marketing", channel="sms"),
        PlaceOrder(
            order=order,
            at=NOON,
            currency="CZK",
            total=1_999,
            customer=customer,
            extra=person.content,
            address_id=HOME,
        ),
        PlaceOrder(
            order=OrderId(f"nobodys-{person.number}"),
            at=NOON,
            currency="CZK",
            total=1,
            extra=person.content,
        ),
        NameParty(order=order, at=NOON, party=Party.COURIER, who="r-1", contact=courier.contact),
        NameParty(order=order, at=NOON, party=Party.MERCHANT, who="m-1", contact=courier.contact),
        AssignCourier(order=order, at=NOON, courier="r-0"),
        AssignCourier(order=order, at=NOON, courier="r-1"),
        AcceptOrder(order=order, at=NOON),
    )


def told_at_last(person: CanaryPerson) -> tuple[Command, ...]:
    """What is recorded from the delivery on."""
    customer, order = customer_of(person), order_of(person)
    return (
        MarkDelivered(order=order, at=NOON),
        CompleteOrder(order=order, at=NOON),
        SubmitReview(order=order, at=NOON, customer=customer, stars=5, text=person.content),
        IssueRefund(order=order, at=NOON, refund=RefundId("r"), amount=500, reason="late"),
        WithdrawConsent(customer=customer, at=NOON, purpose="marketing", channel="sms"),
        ObjectToProcessing(customer=customer, at=NOON, purpose="analytics"),
        RestrictProcessing(customer=customer, at=NOON, data_class=DataClass.PROFILE),
    )


def told_of_the_shop(first: CanaryPerson) -> tuple[Command, ...]:
    """An offer, a campaign and a plan of care, for the first person among others."""
    program, customer = ProgramId("default"), customer_of(first)
    terms = Terms(kind=Kind.FIXED, currency="CZK", value=1_00)
    offer: dict[str, Any] = {"program": program, "offer": OfferId("spring"), "at": NOON}
    campaign: dict[str, Any] = {"program": program, "campaign": CampaignId("spring"), "at": NOON}
    plan = Plan(variants=(Variant(name="mail"),), audience=Audience(customers=(customer,)))
    care = CarePlan(holidays=("chinese_new_year",), remind_days=3)
    return (
        DefineOffer(**offer, terms=terms),
        IssueCoupon(**offer, coupon=CouponId("c-1"), customer=customer),
        DraftCampaign(**campaign, plan=plan),
        LaunchCampaign(**campaign),
        SetCarePlan(program=program, at=NOON, plan=care),
        GrantConsent(customer=customer, at=NOON, purpose="care"),
    )


def refused(person: CanaryPerson) -> tuple[Command, ...]:
    """Commands with what a person tells that cannot be."""
    customer, stranger = customer_of(person), CustomerId(f"stranger-{person.number}")
    register = RegisterCustomer(customer=stranger, at=NOON, contact=person.contact)
    return (
        evolve(register, customer=customer),
        register,  # somebody else has that phone number
        evolve(register, contact=Contact(name=f"{person.contact.name}\0")),
        evolve(register, contact=Contact(phone=f"{person.contact.phone} or so")),
        evolve(register, contact=Contact(name=(person.contact.name or "") * 1_000)),
        evolve(register, contact=cast("Any", person.contact.name)),
        evolve(register, contact=cast("Any", person.address)),
        UpdateCustomerDetails(customer=stranger, at=NOON, contact=person.contact),
        AddDeliveryAddress(customer=customer, at=NOON, address_id=HOME, address=person.address),
        BindBankCard(customer=customer, at=NOON, card=CardId("visa"), payment=person.payment),
        BindBankCard(
            customer=customer,
            at=NOON,
            card=CardId("new"),
            payment=evolve(person.payment, card_tail=person.identity.document_number or ""),
        ),
        VerifyRealName(
            customer=customer, at=NOON, identity=person.identity, method="id-card", evidence="e-1"
        ),
        PlaceOrder(
            order=order_of(person),
            at=NOON,
            currency="CZK",
            total=2_999,
            customer=customer,
            extra=Content(text=person.content.text),
        ),
        SubmitReview(
            order=OrderId("never placed"), at=NOON, customer=customer, stars=5, text=person.content
        ),
    )


class Cut(Exception):
    """Ends an erasure in the middle."""


def cut_after(step: Step) -> Callable[[Step], None]:
    """Who hears of the steps of an erasure, and ends it after this one."""

    def told(done: Step) -> None:
        if done is step:
            raise Cut

    return told


@define
class CanaryTown:
    """A service over one database; everything that it says is listened to."""

    people: list[CanaryPerson]
    overheard: Overheard
    clock: Hands = field(factory=Hands)
    numbers: MemoryNumbers = field(init=False)

    def __attrs_post_init__(self) -> None:
        pool = [f"+86170000000{number:02}" for number in range(len(self.people))]
        self.numbers = MemoryNumbers(pool, clock=self.clock)

    @property
    def erased(self) -> list[CanaryPerson]:
        """Those who are erased in the end, a third of all."""
        return self.people[::3]

    def work(self, crm: Crm) -> None:
        """All of it, in an order in which it may happen."""
        for step in (
            self._orders,
            self._numbers,
            self._reads,
            self._searches,
            self._refusals,
            self._club,
            self._erasures,
            self._looks_around,
        ):
            step(crm)

    def _tell(self, crm: Crm, command: Command, id: str) -> None:  # noqa: A002 - the word that a host uses
        self.overheard.text("a command", command)
        for _ in range(2):
            self.overheard.text("a receipt", crm.execute(command, by="app", id=id))

    def _orders(self, crm: Crm) -> None:
        for person, courier in zip(self.people, reversed(self.people), strict=True):
            for number, command in enumerate(told_by(person, courier)):
                self._tell(crm, command, f"{person.number}/{number}")

    def _numbers(self, crm: Crm) -> None:
        """Numbers are bound, bound anew for another courier, and let go of with the order."""
        crm.protection.catch_up()
        for person in self.people:
            another = NameParty(
                order=order_of(person),
                at=NOON,
                party=Party.COURIER,
                who="r-2",
                contact=evolve(person.contact, phone="+8613900000001"),
            )
            self._tell(crm, another, f"{person.number}/again")
        crm.protection.catch_up()
        for person in self.people:
            for who in ("customer", "courier"):
                line = crm.protection.line(order_of(person), as_=who)
                assert line is not None
                self.overheard.text("a line", line)
        self.overheard.text("who has the numbers", self.numbers, vars(self.numbers))
        for person in self.people:
            for number, command in enumerate(told_at_last(person)):
                self._tell(crm, command, f"{person.number}/last/{number}")
        crm.protection.catch_up()
        assert crm.protection.line(order_of(self.people[0]), as_="customer") is None

    def _reads(self, crm: Crm) -> None:
        """Values are shown, masked and denied; what holds them says nothing of itself."""
        for person in self.people:
            customer = customer_of(person)
            herself = Actor(role="customer", id=customer)
            support = Actor(role="support", id=f"s-{person.number}")
            for actor, purpose in ((herself, "subject_access"), (support, "service")):
                for data_class in DataClass:
                    one = DataOf(customer=customer, data_class=data_class)
                    if data_class is DataClass.CONTENT:
                        one = evolve(one, field="extra")
                    outcome = crm.reveal(one, purpose=purpose, actor=actor)
                    self.overheard.text("an outcome", outcome)
                card = crm.card(customer, purpose=purpose, actor=actor)
                self.overheard.text("a card", card)
            copy = crm.export_personal_data(customer, export_id="x-1", actor=herself)
            self.overheard.text("a portable copy", copy)
        self.overheard.text("the access log", *crm.ask(AccessLog()))

    def _searches(self, crm: Crm) -> None:
        """Customers are found and not found, before and after the index has another key."""
        for _ in range(2):
            for person in self.people:
                contact = person.contact
                assert _found(crm, phone=contact.phone) == (customer_of(person),)
                assert _found(crm, email=contact.email) == (customer_of(person),)
            assert _found(crm, phone="+420 604 728 999") == ()
            self.overheard.text("the index", *crm.lookup.rotate(), *crm.lookup.status())
        contact = self.people[0].contact
        for wrong in (contact.name, f"{contact.phone} or so"):
            self._fails("a search", _found, crm, phone=wrong)

    def _refusals(self, crm: Crm) -> None:
        for person in self.people:
            for command in refused(person):
                self._fails("a refusal", crm.execute, command, by="app")
            changed = evolve(registration(person), contact=Contact(name="Somebody else"))
            self._fails("a conflict", crm.execute, changed, by="app", id=f"{person.number}/0")
        requests = [Request(commands=(one,), by="app") for one in refused(self.people[0])[:3]]
        self.overheard.text("outcomes", *crm.execute_all(requests))

    def _fails(self, place: str, call: Callable[..., object], *words: Any, **named: Any) -> None:  # noqa: ANN401 - those of the call
        try:
            call(*words, **named)
        except Exception as error:  # noqa: BLE001 - whichever it is, it must not tell
            self.overheard.error(place, error)
            if call is not _found and not isinstance(error, TypeError):  # the host has it as text
                self.overheard.frames(place, error)
        else:
            raise AssertionError(f"{place} was none")

    def _club(self, crm: Crm) -> None:
        ids = [customer_of(person) for person in self.people]
        for number, customer in enumerate(ids):
            for command in told_of_points(customer, ids[number - 1]):
                self._tell(crm, command, f"{customer}/{type(command).__name__}")
        for one, other in zip(ids[1::3], ids[2::3], strict=False):
            merged_for_a_while(crm, self.overheard, one, other)

    def _erasures(self, crm: Crm) -> None:
        """Some are erased, each erasure cut short after another step; one begins a new life."""
        asked = {"by": "officer", "basis": "asked"}
        for person, step in zip(self.erased, cycle(Step), strict=False):
            cut = cut_after(step)
            self._fails("an erasure", crm.erasures.erase, customer_of(person), told=cut, **asked)
        self.overheard.text("certificates", *crm.erasures.resume(), *crm.erasures.all())
        for person in self.erased:
            again = UpdateCustomerDetails(
                customer=customer_of(person), at=NOON, contact=person.contact
            )
            self._fails("after an erasure", crm.execute, again, by="app")
            assert _found(crm, phone=person.contact.phone) == ()
        back = self.erased[0]
        crm.erasures.authorise_new_life(customer_of(back), by="officer", basis="came-back")
        anew = UpdateCustomerDetails(customer=customer_of(back), at=NOON, contact=back.contact)
        self._tell(crm, anew, "a new life")

    def _looks_around(self, crm: Crm) -> None:
        """Everything that is kept or can be asked."""
        customer = customer_of(self.people[1])
        consents = tuple(
            GrantConsent(customer=customer, at=NOON, purpose="marketing", channel=f"news/{number}")
            for number in range(CUSTOMER.snapshot_every or 0)
        )
        crm.execute_all([Request(commands=consents, by="app")])
        for query in _queries(customer):
            self.overheard.text("a query", crm.ask(query), crm.ask(query, as_of=NOON + DAY))
        with crm.subscribe() as following:
            last = max(one.position for one in crm.events())
            for recorded in following:
                self.overheard.text("what a subscriber gets", recorded)
                if recorded.position == last:
                    break
        self.overheard.text("keys", crm.keys.status(), crm.keys.rotate(), crm.keys.rewrap())
        verdict = crm.verify()
        assert verdict.sound, verdict
        assert verdict.snapshots >= 1
        assert verdict.boxes_open > verdict.boxes_erased > 0
        crm.rebuild()
        self.overheard.text("verdicts", verdict, crm.verify())


def _found(
    crm: Crm, *, phone: str | None = None, email: str | None = None
) -> tuple[CustomerId, ...]:
    officer = Actor(role="privacy_officer", id="po-1")
    return crm.find_customer(phone=phone, email=email, purpose="legal_duty", actor=officer)


def _queries(customer: CustomerId) -> tuple[Any, ...]:
    return (
        CustomerProfile(customer=customer, timezone=UTC),
        PointsBalance(customer=customer),
        PointsLedger(customer=customer),
        SalesReport(timezone=UTC),
        AccessLog(customer=customer),
    )
