from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from threading import Thread
from typing import Literal

import pytest
from attrs import define, evolve

from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.memory_numbers import MemoryNumbers
from regulars.adapters.storage import SqlStorage
from regulars.application.catalogue import VIEWS
from regulars.application.events import Command
from regulars.application.number_protection import (
    Binding,
    NoNumbers,
    NumbersUnavailable,
    ProtectedLine,
)
from regulars.application.protecting import FOLLOWER, READ, Protecting
from regulars.domain.actor import AccessRecorded
from regulars.domain.customer import RegisterCustomer, UpdateCustomerDetails
from regulars.domain.merge import MergeCustomers
from regulars.domain.order import (
    AcceptOrder,
    CancelOrder,
    CompleteOrder,
    MarkDelivered,
    PickUpOrder,
    UnknownOrder,
)
from regulars.domain.personal import Contact, DataClass
from regulars.domain.protection import (
    NUMBER_PROTECTION,
    AssignCourier,
    ContactIsOver,
    NameParty,
    OpenOrderChat,
    Party,
)
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reading import DEFAULT_POLICY
from regulars.domain.rights import ObjectToProcessing, RestrictProcessing
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId, OrderId
from regulars.testing.canaries import Canaries
from regulars.testing.number_protections import NOON, Hands
from tests.application.memory_crm import TENANT, Parts, core

ADA, ORDER = CustomerId("ada"), OrderId("o-1")
HERS, RIDERS, OTHERS, SHOPS = (f"+861387429183{number}" for number in range(4))
POOL = ("+8617000000001", "+8617000000002")
CHAT = ProtectedLine()
As = Literal["customer", "courier", "merchant"]


@define
class Town:
    """A shop, its numbers, and a clock."""

    parts: Parts
    numbers: MemoryNumbers
    clock: Hands
    protection: Protecting

    def tell(self, *commands: Command) -> None:
        for command in commands:
            self.parts.execute(command)

    def lines(self) -> dict[str, ProtectedLine | None]:
        askers: tuple[As, ...] = ("customer", "courier", "merchant")
        return {who: self.protection.line(ORDER, as_=who) for who in askers}

    def told(self) -> list[str]:
        """The events of contact, in their order."""
        kinds = ("Party", "Courier", "Virtual", "OrderChat", "Address")
        return [one.type for one in self.parts.events() if one.type.startswith(kinds)]

    def again(self) -> Protecting:
        """The one who protects, begun anew without having kept how far it was."""
        self.parts.storage.checkpoints.keep(FOLLOWER, 0)
        return self.protection


def protect(parts: Parts, pool: tuple[str, ...] = POOL) -> Town:
    clock = Hands()
    numbers = MemoryNumbers(pool, clock=clock)
    protection = evolve(parts.crm.protection, numbers=numbers, clock=clock)
    town = Town(parts, numbers, clock, protection)
    contact = Contact(name="Ada Kanarienvogel", phone=HERS)
    town.tell(RegisterCustomer(customer=ADA, at=NOON, contact=contact))
    town.tell(place(customer=ADA))
    return town


@pytest.fixture(params=["memory", "sqlite"])
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    if request.param == "memory":
        yield protect(core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))
        return
    with closing(Database("sqlite://")) as database:
        yield protect(core(SqlStorage(database, VIEWS, tenant=TENANT), SqlKeyStore(database)))


def place(customer: CustomerId | None, order: OrderId = ORDER, at: datetime = NOON) -> PlaceOrder:
    return PlaceOrder(order=order, at=at, customer=customer, currency="CNY", total=1)


def named(phone: str, who: str, party: Party = Party.COURIER) -> NameParty:
    contact = Contact(name="R", phone=phone)
    return NameParty(order=ORDER, at=NOON, party=party, who=who, contact=contact)


ACCEPT = AcceptOrder(order=ORDER, at=NOON)
RIDER = named(RIDERS, "rider")
SHOP = named(SHOPS, "shop", Party.MERCHANT)
COMPLETE = CompleteOrder(order=ORDER, at=NOON)


def test_nobody_reaches_anybody_before_the_order_is_accepted(town: Town) -> None:
    town.tell(RIDER)
    town.protection.catch_up()

    assert town.lines() == {"customer": None, "courier": None, "merchant": None}


def test_from_acceptance_on_all_reach_each_other_by_numbers_that_are_nobodys(town: Town) -> None:
    town.tell(SHOP, ACCEPT, RIDER)
    town.protection.catch_up()

    lines = town.lines()
    courier, merchant = lines["courier"], lines["merchant"]
    assert courier is not None
    assert merchant is not None
    assert lines["customer"] == courier
    assert town.protection.line(ORDER, as_="customer", to=Party.MERCHANT) == merchant
    assert {courier.number, merchant.number} == {*POOL}
    assert town.numbers.reached(courier.number or "", by=RIDERS) == HERS
    assert town.numbers.reached(merchant.number or "", by=HERS) == SHOPS


def test_w_f10_with_the_order_contact_is_over(town: Town) -> None:
    town.tell(SHOP, ACCEPT, RIDER)
    town.protection.catch_up()
    numbers = [line.number for line in town.lines().values() if line]

    town.tell(COMPLETE)

    assert town.lines() == {"customer": None, "courier": None, "merchant": None}
    town.protection.catch_up()
    assert [town.numbers.reached(one or "", by=HERS) for one in numbers] == [None] * 3
    for command in (RIDER, OpenOrderChat(order=ORDER, at=NOON, party=Party.COURIER, who="rider")):
        with pytest.raises(ContactIsOver):
            town.tell(command)
    assert town.told()[-3:] == ["VirtualNumberRevoked"] * 2 + ["AddressHidden"]


def test_a_grace_lets_them_reach_each_other_a_little_longer(town: Town) -> None:
    protection = evolve(town.protection, grace=timedelta(minutes=30))
    town.tell(ACCEPT, RIDER)
    protection.catch_up()
    (number,) = {line.number for line in town.lines().values() if line and line.number}

    town.tell(COMPLETE)
    protection.catch_up()

    town.clock.at = NOON + timedelta(minutes=29)
    assert protection.line(ORDER, as_="courier") == ProtectedLine(number=number)
    assert town.numbers.reached(number, by=RIDERS) == HERS
    town.clock.at = NOON + timedelta(minutes=30)
    assert town.lines() == {"customer": None, "courier": None, "merchant": None}
    assert town.numbers.reached(number, by=RIDERS) is None


def test_a_cancelled_order_lets_go_at_once(town: Town) -> None:
    protection = evolve(town.protection, grace=timedelta(minutes=30))
    town.tell(ACCEPT, RIDER)
    protection.catch_up()

    town.tell(CancelOrder(order=ORDER, at=NOON))
    protection.catch_up()

    assert town.lines() == {"customer": None, "courier": None, "merchant": None}
    assert [town.numbers.reached(number, by=HERS) for number in POOL] == [None, None]


def test_where_there_is_no_number_they_meet_in_a_chat_and_never_by_their_own(town: Town) -> None:
    town.tell(ACCEPT, RIDER)
    evolve(town.protection, numbers=NoNumbers()).catch_up()

    assert town.lines() == {"customer": CHAT, "courier": CHAT, "merchant": CHAT}
    assert CHAT.chat
    assert town.told() == ["PartyNamed", "OrderChatOpened", "OrderChatOpened"]
    town.tell(COMPLETE)
    assert town.told()[-3:] == ["OrderChatClosed", "OrderChatClosed", "AddressHidden"]
    assert town.lines() == {"customer": None, "courier": None, "merchant": None}


def test_one_whose_number_is_not_known_is_met_in_a_chat(town: Town) -> None:
    nameless = OrderId("o-2")
    town.tell(
        RegisterCustomer(customer=CustomerId("bo"), at=NOON),
        place(CustomerId("bo"), nameless),
        AcceptOrder(order=nameless, at=NOON),
        evolve(RIDER, order=nameless),
        ACCEPT,
        evolve(RIDER, contact=Contact(name="R")),
    )
    town.protection.catch_up()

    assert town.protection.line(nameless, as_="courier") == CHAT
    assert town.lines()["courier"] == CHAT


def test_the_next_courier_gets_another_number_and_the_last_one_loses_theirs(town: Town) -> None:
    town.tell(ACCEPT, RIDER)
    town.protection.catch_up()
    before = town.lines()["courier"]

    town.tell(named(OTHERS, "other"))
    town.protection.catch_up()

    after = town.lines()["courier"]
    assert before is not None
    assert after is not None
    assert before.number != after.number
    assert town.numbers.reached(before.number or "", by=RIDERS) is None
    assert town.numbers.reached(after.number or "", by=OTHERS) == HERS
    assert town.told()[-3:] == ["PartyNamed", "VirtualNumberRevoked", "VirtualNumberAssigned"]


def test_a_number_is_bound_to_the_courier_assigned_and_to_no_other(town: Town) -> None:
    town.tell(ACCEPT, RIDER)
    town.protection.catch_up()
    before = town.lines()["courier"]

    town.tell(AssignCourier(order=ORDER, at=NOON, courier="other"))
    between = town.lines()["courier"]
    town.protection.catch_up()
    in_chat = town.lines()["courier"]
    town.tell(named(OTHERS, "other"))
    town.protection.catch_up()

    after = town.lines()["courier"]
    assert (between, in_chat) == (None, CHAT)
    assert before is not None
    assert after is not None
    assert town.numbers.reached(before.number or "", by=RIDERS) is None
    assert town.numbers.reached(after.number or "", by=OTHERS) == HERS
    assert town.told()[3:] == [
        *("CourierAssigned", "VirtualNumberRevoked", "OrderChatOpened"),
        *("PartyNamed", "OrderChatClosed", "VirtualNumberAssigned"),
    ]


def test_a_courier_who_comes_back_is_reached_as_before(town: Town) -> None:
    town.tell(ACCEPT, RIDER, AssignCourier(order=ORDER, at=NOON, courier="other"))
    town.protection.catch_up()
    assert town.lines()["courier"] == CHAT

    town.tell(AssignCourier(order=ORDER, at=NOON, courier="rider"))
    town.protection.catch_up()

    assert [town.numbers.reached(number, by=RIDERS) for number in POOL] == [HERS, None]


ERASE, HOLD, RESTRICT = "erase", "hold", "restrict"


def withdraw(town: Town, how: str) -> None:
    """Her contact may not be used any more."""
    erasures = town.parts.crm.erasures
    if how == RESTRICT:
        town.tell(RestrictProcessing(customer=ADA, at=NOON))
        return
    if how == HOLD:
        erasures.hold(ADA, by="counsel", basis="claim", classes=[DataClass.CONTACT])
    erasures.erase(ADA, by="officer", basis="asked")


@pytest.mark.parametrize("how", [ERASE, HOLD, RESTRICT])
def test_whose_contact_may_not_be_used_is_let_go_of_and_met_in_a_chat(town: Town, how: str) -> None:
    others, hers = OrderId("o-2"), {"customer": CHAT, "courier": CHAT, "merchant": CHAT}
    town.tell(
        RegisterCustomer(customer=CustomerId("bo"), at=NOON, contact=Contact(phone=OTHERS)),
        place(CustomerId("bo"), others),
        *(AcceptOrder(order=others, at=NOON), evolve(SHOP, order=others)),
        *(SHOP, ACCEPT, RIDER),
    )
    town.protection.catch_up()
    before = town.protection.line(others, as_="merchant")

    withdraw(town, how)
    at_once = town.lines()
    town.protection.catch_up()

    assert at_once == town.lines() == hers
    assert [town.numbers.reached(number, by=HERS) for number in POOL] == [None, None]
    assert town.told()[-4:] == ["VirtualNumberRevoked", "OrderChatOpened"] * 2
    assert before != CHAT
    assert town.protection.line(others, as_="merchant") == before
    town.tell(named("+86 138 7429 1839", "next"))
    town.protection.catch_up()
    assert town.lines() == hers


@pytest.mark.parametrize("how", [ERASE, HOLD, RESTRICT])
def test_orders_under_every_id_of_who_may_not_be_called_are_let_go_of(town: Town, how: str) -> None:
    once, after = CustomerId("once"), OrderId("o-2")
    town.tell(
        RegisterCustomer(customer=once, at=NOON, contact=Contact(phone=OTHERS)),
        place(once, after),
        *(AcceptOrder(order=after, at=NOON), evolve(SHOP, order=after)),
        MergeCustomers(absorbed=once, survivor=ADA, at=NOON, evidence="same-phone"),
    )
    town.protection.catch_up()
    assert town.numbers.reached(POOL[0], by=SHOPS) is not None

    withdraw(town, how)
    at_once = town.protection.line(after, as_="merchant")
    town.protection.catch_up()

    assert at_once == town.protection.line(after, as_="merchant") == CHAT
    assert [town.numbers.reached(number, by=SHOPS) for number in POOL] == [None, None]


@pytest.mark.parametrize(
    ("kind", "who"), [(SubjectKind.COURIER, "rider"), (SubjectKind.MERCHANT, "shop")]
)
def test_who_serves_an_order_and_is_erased_is_let_go_of(
    town: Town, kind: SubjectKind, who: str
) -> None:
    town.tell(SHOP, ACCEPT, RIDER)
    town.protection.catch_up()
    before = town.lines()

    town.parts.crm.erasures.erase(Subject(kind=kind, id=who), by="officer", basis="left")
    at_once = town.lines()
    town.protection.catch_up()

    assert before[kind.value] != CHAT
    assert at_once[kind.value] == town.lines()[kind.value] == CHAT
    theirs = RIDERS if kind is SubjectKind.COURIER else SHOPS
    assert [town.numbers.reached(number, by=theirs) for number in POOL] == [None, None]
    other = "merchant" if kind is SubjectKind.COURIER else "courier"
    assert town.lines()[other] == before[other]


@pytest.mark.parametrize("came_back_with", [OTHERS, HERS, None])
def test_a_new_life_begun_before_the_next_turn_has_no_number_of_the_earlier_one(
    town: Town, came_back_with: str | None
) -> None:
    town.tell(SHOP, ACCEPT, RIDER)
    town.protection.catch_up()
    before = {line.number for line in town.lines().values() if line}

    withdraw(town, ERASE)
    town.parts.crm.erasures.authorise_new_life(ADA, by="officer", basis="came-back")
    if came_back_with is not None:
        contact = Contact(phone=came_back_with)
        town.tell(UpdateCustomerDetails(customer=ADA, at=NOON, contact=contact))
    at_once = town.lines()
    protection = evolve(town.protection, numbers=town.numbers)
    protection.catch_up()

    assert at_once == {"customer": CHAT, "courier": CHAT, "merchant": CHAT}
    after = {line.number for line in town.lines().values() if line}
    assert town.told().count("VirtualNumberRevoked") == len(before) == 2
    assert before.isdisjoint(after - {None}) or came_back_with == OTHERS
    reached = {town.numbers.reached(number, by=SHOPS) for number in POOL}
    assert reached <= ({None} if came_back_with != OTHERS else {None, OTHERS})
    told = town.told()
    town.again().catch_up()
    assert town.told() == told


def test_a_courier_who_begins_anew_before_the_next_turn_has_no_number_of_before(
    town: Town,
) -> None:
    rider = Subject(kind=SubjectKind.COURIER, id="rider")
    town.tell(SHOP, ACCEPT, RIDER)
    town.protection.catch_up()

    town.parts.crm.erasures.erase(rider, by="officer", basis="left")
    town.parts.crm.erasures.authorise_new_life(rider, by="officer", basis="came-back")
    at_once = town.lines()["courier"]
    town.protection.catch_up()

    assert at_once == town.lines()["courier"] == CHAT
    assert [town.numbers.reached(number, by=RIDERS) for number in POOL] == [None, None]


def test_a_grace_ends_with_the_erasure_though_a_new_life_begins_at_once(town: Town) -> None:
    protection = evolve(town.protection, grace=timedelta(hours=2))
    town.tell(SHOP, ACCEPT)
    protection.catch_up()
    town.tell(COMPLETE)
    protection.catch_up()

    withdraw(town, ERASE)
    town.parts.crm.erasures.authorise_new_life(ADA, by="officer", basis="came-back")
    at_once = protection.line(ORDER, as_="merchant")
    protection.catch_up()

    assert at_once == CHAT
    assert town.numbers.reached(POOL[0], by=SHOPS) is None


def test_who_was_erased_with_a_survivor_is_let_go_of_with_them(town: Town) -> None:
    bo = CustomerId("bo")
    town.tell(RegisterCustomer(customer=bo, at=NOON), SHOP, ACCEPT)
    town.tell(MergeCustomers(absorbed=ADA, survivor=bo, at=NOON, evidence="same-phone"))
    town.protection.catch_up()

    town.parts.crm.erasures.erase(bo, by="officer", basis="asked")
    town.parts.crm.erasures.authorise_new_life(bo, by="officer", basis="came-back")
    town.protection.catch_up()

    assert town.numbers.reached(POOL[0], by=SHOPS) is None


def looks(town: Town) -> list[tuple[str, str, str | None, str, str]]:
    """Which numbers were opened: in what role, for what, which order, whose, what came of it."""
    return [
        (event.role, event.purpose, event.order, look.subject, look.outcome)
        for event in (one.event for one in town.parts.events())
        if isinstance(event, AccessRecorded)
        for look in event.looks
    ]


def test_a_number_is_opened_for_the_provider_once_that_is_recorded(town: Town) -> None:
    town.tell(SHOP, ACCEPT)
    recorded = list[tuple[str, str, str | None, str, str]]()

    class Watching(MemoryNumbers):
        def bind(self, key: str, a: str, b: str, *, until: datetime) -> Binding | None:
            recorded.extend(looks(town))
            return super().bind(key, a, b, until=until)

    evolve(town.protection, numbers=Watching(POOL, clock=town.clock)).catch_up()

    assert recorded == [
        ("number_protection", "delivery", ORDER, "merchant/shop", "revealed"),
        ("number_protection", "delivery", ORDER, "customer/ada", "revealed"),
    ]


def test_who_objects_to_the_delivery_has_no_number_and_loses_the_one_they_had(town: Town) -> None:
    newer = OrderId("o-2")
    town.tell(SHOP, ACCEPT)
    town.protection.catch_up()

    town.tell(ObjectToProcessing(customer=ADA, at=NOON, purpose="delivery"))
    at_once = town.lines()["merchant"]
    town.tell(place(ADA, newer), AcceptOrder(order=newer, at=NOON), evolve(SHOP, order=newer))
    before = looks(town)
    town.protection.catch_up()

    assert at_once == CHAT
    assert town.protection.line(newer, as_="merchant") == CHAT
    assert [town.numbers.reached(number, by=SHOPS) for number in POOL] == [None, None]
    assert "customer/ada" not in {subject for *_, subject, _ in looks(town)[len(before) :]}


def test_a_policy_without_a_rule_for_it_opens_no_number() -> None:
    rules = tuple(one for one in DEFAULT_POLICY.rules if one.role != NUMBER_PROTECTION)
    policy = evolve(DEFAULT_POLICY, rules=rules)
    town = protect(core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), policy=policy))
    town.tell(SHOP, ACCEPT)
    town.protection.catch_up()

    assert town.lines()["merchant"] == CHAT
    assert {outcome for *_, outcome in looks(town)} == {"denied"}


def test_who_is_merged_into_one_who_may_not_be_called_is_let_go_of(town: Town) -> None:
    bo = CustomerId("bo")
    town.tell(RegisterCustomer(customer=bo, at=NOON), SHOP, ACCEPT)
    town.tell(RestrictProcessing(customer=bo, at=NOON, data_class=DataClass.CONTACT))
    town.protection.catch_up()
    assert town.numbers.reached(POOL[0], by=SHOPS) == HERS

    town.tell(MergeCustomers(absorbed=ADA, survivor=bo, at=NOON, evidence="same-phone"))
    town.protection.catch_up()

    assert town.numbers.reached(POOL[0], by=SHOPS) is None


def test_who_dies_between_the_erasure_and_the_provider_lets_go_all_the_same(town: Town) -> None:
    town.tell(SHOP, ACCEPT, RIDER)
    town.protection.catch_up()
    withdraw(town, HOLD)

    class Away(NoNumbers):
        def unbind(self, key: str, *, at: datetime) -> None:
            raise NumbersUnavailable(why=f"no answer for {key} until {at}")

    with pytest.raises(NumbersUnavailable):
        evolve(town.protection, numbers=Away()).catch_up()
    assert town.numbers.reached(POOL[0], by=SHOPS) == HERS
    town.protection.catch_up()

    assert [town.numbers.reached(number, by=HERS) for number in POOL] == [None, None]


def test_what_another_follower_binds_after_an_erasure_is_let_go_of(town: Town) -> None:
    town.tell(SHOP, ACCEPT)

    class Slow(MemoryNumbers):
        def bind(self, key: str, a: str, b: str, *, until: datetime) -> Binding | None:
            withdraw(town, HOLD)
            evolve(town.protection, numbers=self).catch_up()
            return super().bind(key, a, b, until=until)

    slow = Slow(POOL, clock=town.clock)
    evolve(town.protection, numbers=slow).catch_up()

    assert town.lines()["merchant"] == CHAT
    assert [slow.reached(number, by=HERS) for number in POOL] == [None, None]


def test_a_grace_ends_with_the_erasure(town: Town) -> None:
    protection = evolve(town.protection, grace=timedelta(hours=2))
    town.tell(SHOP, ACCEPT)
    protection.catch_up()
    town.tell(COMPLETE)
    protection.catch_up()
    assert town.numbers.reached(POOL[0], by=SHOPS) == HERS

    withdraw(town, ERASE)
    protection.catch_up()

    assert town.numbers.reached(POOL[0], by=SHOPS) is None


def test_a_number_bound_late_in_a_long_order_is_let_go_of_too(town: Town) -> None:
    town.tell(SHOP, ACCEPT)
    town.clock.at = NOON + timedelta(hours=23)
    town.protection.catch_up()
    town.clock.at = NOON + timedelta(hours=30)
    assert town.numbers.reached(POOL[0], by=SHOPS) == HERS

    withdraw(town, ERASE)
    town.protection.catch_up()

    assert town.numbers.reached(POOL[0], by=SHOPS) is None


def test_an_order_that_was_forgotten_is_not_extended_however_often_it_is_looked_at(
    town: Town,
) -> None:
    town.tell(SHOP, ACCEPT)
    for hours in (0, 23, 46, 69):
        town.clock.at = NOON + timedelta(hours=hours)
        town.again().catch_up()

    assert town.told().count("VirtualNumberAssigned") == 2
    assert [town.numbers.reached(number, by=HERS) for number in POOL] == [None, None]


def test_orders_whose_numbers_are_over_are_passed_over_for_good(town: Town) -> None:
    town.tell(SHOP, ACCEPT)
    town.protection.catch_up()
    town.clock.at = later = NOON + timedelta(hours=25)
    newer = OrderId("o-2")
    town.tell(
        PlaceOrder(order=newer, at=later, customer=ADA, currency="CNY", total=1),
        AcceptOrder(order=newer, at=later),
        evolve(SHOP, order=newer),
    )
    town.protection.catch_up()
    (first, second) = (
        one.position for one in town.parts.events() if one.type == "VirtualNumberAssigned"
    )

    withdraw(town, HOLD)
    town.protection.catch_up()

    done = town.parts.storage.checkpoints.position("number-protection-bound")
    assert first < done == second - 1
    assert town.protection.line(newer, as_="merchant") == CHAT
    withdraw(town, RESTRICT)
    town.clock.at = later + timedelta(hours=25)
    town.tell(RestrictProcessing(customer=ADA, at=town.clock.at, data_class=DataClass.CONTACT))
    town.protection.catch_up()
    assert town.parts.storage.checkpoints.position("number-protection-bound") > second


def test_events_that_come_again_change_nothing(town: Town) -> None:
    town.tell(SHOP, ACCEPT, RIDER)
    town.protection.catch_up()
    before, lines = town.told(), town.lines()

    for _ in range(2):
        town.again().catch_up()

    assert (town.told(), town.lines()) == (before, lines)


def test_a_number_that_was_bound_before_a_crash_is_the_one_that_is_recorded(town: Town) -> None:
    town.tell(SHOP, ACCEPT)

    def die(command: Command) -> None:
        raise InterruptedError(type(command).__name__)

    with pytest.raises(InterruptedError):
        evolve(town.protection, record=die).catch_up()
    assert town.lines()["merchant"] is None
    town.protection.catch_up()

    line = town.lines()["merchant"]
    assert line is not None
    assert line.number == POOL[0]
    assert town.told() == ["PartyNamed", "VirtualNumberAssigned"]


def test_what_was_bound_before_a_crash_is_let_go_of_if_the_order_ended_since(town: Town) -> None:
    town.tell(SHOP, ACCEPT)

    def die(command: Command) -> None:
        raise InterruptedError(type(command).__name__)

    with pytest.raises(InterruptedError):
        evolve(town.protection, record=die).catch_up()
    assert town.numbers.reached(POOL[0], by=SHOPS) == HERS
    town.tell(COMPLETE)
    town.protection.catch_up()

    assert town.numbers.reached(POOL[0], by=SHOPS) is None
    assert town.told() == ["PartyNamed"]


def test_what_changes_while_the_provider_is_asked_is_gone_by(town: Town) -> None:
    town.tell(SHOP, ACCEPT)
    endings: Iterator[Command] = iter([named(OTHERS, "other shop", Party.MERCHANT), COMPLETE])

    class Slow(MemoryNumbers):
        def bind(self, key: str, a: str, b: str, *, until: datetime) -> Binding | None:
            bound = super().bind(key, a, b, until=until)
            town.tell(next(endings))
            return bound

    slow = Slow(POOL, clock=town.clock)
    evolve(town.protection, numbers=slow).catch_up()

    assert town.told() == ["PartyNamed", "PartyNamed"]
    assert [slow.reached(number, by=HERS) for number in POOL] == [None, None]


def test_a_provider_that_does_not_answer_is_asked_again(town: Town) -> None:
    town.tell(SHOP, ACCEPT)

    class Away(NoNumbers):
        def bind(self, key: str, a: str, b: str, *, until: datetime) -> None:
            raise NumbersUnavailable(why=f"no answer for {key} until {until} ({len(a + b)})")

    with pytest.raises(NumbersUnavailable):
        evolve(town.protection, numbers=Away()).catch_up()
    town.protection.catch_up()

    assert town.told() == ["PartyNamed", "VirtualNumberAssigned"]


def test_a_number_is_extended_while_the_order_goes_on(town: Town) -> None:
    town.tell(SHOP, ACCEPT)
    town.protection.catch_up()
    line = town.lines()["merchant"]
    town.clock.at = later = NOON + timedelta(hours=13)
    town.tell(PickUpOrder(order=ORDER, at=later))
    town.protection.catch_up()
    town.tell(MarkDelivered(order=ORDER, at=later))
    town.protection.catch_up()

    town.clock.at = NOON + timedelta(hours=25)

    assert town.lines()["merchant"] == line
    assert town.told() == ["PartyNamed", "VirtualNumberAssigned", "VirtualNumberAssigned"]


def test_past_and_anonymous_orders_need_no_number(town: Town) -> None:
    past, nobodys = OrderId("o-2"), OrderId("o-3")
    long_ago = NOON - timedelta(hours=30)
    town.tell(
        place(ADA, past, long_ago),
        AcceptOrder(order=past, at=long_ago),
        place(ADA, OrderId("o-4"), NOON - timedelta(days=365)),
        AcceptOrder(order=OrderId("o-4"), at=NOON - timedelta(days=365)),
        place(None, nobodys),
        AcceptOrder(order=nobodys, at=NOON),
    )

    assert town.protection.catch_up() == town.parts.storage.log.head()
    assert town.told() == []
    assert town.protection.line(nobodys, as_="courier") is None


@pytest.mark.parametrize(
    "written", [RIDERS[3:], "138 7429 1831", "0086 138-7429-1831", "+86 (138) 74291831"]
)
def test_a_number_is_bound_in_one_form_however_it_was_written(town: Town, written: str) -> None:
    """Digits alone among them: the fault of a rival was to read those back as a whole number."""
    town.tell(ACCEPT, named(written, "rider"))
    town.protection.catch_up()

    assert [town.numbers.reached(number, by=HERS) for number in POOL] == [RIDERS, None]


@pytest.mark.parametrize("written", ["call me maybe", "0411", HERS[3:], f"{HERS[:6]} {HERS[6:]}"])
def test_what_is_no_number_or_the_customers_own_is_met_in_a_chat(town: Town, written: str) -> None:
    town.tell(ACCEPT, named(written, "rider"))
    town.protection.catch_up()

    assert town.lines()["courier"] == CHAT


def test_one_courier_in_two_spellings_has_two_numbers_for_two_customers(town: Town) -> None:
    bo, other = CustomerId("bo"), OrderId("o-2")
    town.tell(
        RegisterCustomer(customer=bo, at=NOON, contact=Contact(phone=OTHERS)),
        place(bo, other),
        AcceptOrder(order=other, at=NOON),
        evolve(named(f"{RIDERS[:3]} {RIDERS[3:]}", "rider"), order=other),
        ACCEPT,
        RIDER,
    )
    town.protection.catch_up()

    reached = {town.numbers.reached(number, by=RIDERS) for number in POOL}
    assert reached == {HERS, OTHERS}


def test_a_courier_with_another_phone_number_is_reached_by_that(town: Town) -> None:
    town.tell(ACCEPT, RIDER)
    town.protection.catch_up()

    town.tell(named(OTHERS, "rider"))
    town.protection.catch_up()

    assert {town.numbers.reached(number, by=OTHERS) for number in POOL} == {HERS, None}
    assert {town.numbers.reached(number, by=RIDERS) for number in POOL} == {None}
    assert town.told()[-3:] == ["PartyNamed", "VirtualNumberRevoked", "VirtualNumberAssigned"]


def test_who_is_named_again_keeps_the_number_that_they_have(town: Town) -> None:
    town.tell(ACCEPT, RIDER)
    town.protection.catch_up()
    before = town.lines()

    town.tell(RIDER)
    town.protection.catch_up()

    assert town.lines() == before


def test_nobody_reaches_anybody_of_an_order_that_never_was(town: Town) -> None:
    with pytest.raises(UnknownOrder):
        town.protection.line(OrderId("o-9"), as_="courier")


def test_it_follows_the_log_until_it_is_stopped() -> None:
    town = protect(core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))
    with town.parts.crm.subscribe(types=READ) as orders:
        thread = Thread(target=town.protection.follow, args=(orders,))
        thread.start()
        town.parts.crm.execute(ACCEPT, by="shop")
        with town.parts.crm.subscribe(prefix="order-") as seen:
            while "OrderChatOpened" not in {one.type for one in seen.page(1)}:
                pass
        orders.stop()
        thread.join(10)

    assert not thread.is_alive()
    assert town.lines()["merchant"] == CHAT


def test_no_event_and_no_log_line_holds_a_real_number(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    phones = {"hers": HERS, "riders": RIDERS, "others": OTHERS, "shops": SHOPS}
    canaries = Canaries(phones)
    caplog.set_level("DEBUG")
    town.tell(SHOP, ACCEPT, RIDER)
    town.protection.catch_up()
    town.tell(named(OTHERS, "other"))
    town.protection.catch_up()
    town.tell(COMPLETE)
    town.protection.catch_up()

    said = f"{town.parts.events()!r} {town.lines()!r} {town.protection!r} {caplog.text}"
    assert canaries.in_text(said, "what was told") == []
    assert canaries.in_text(repr(vars(town.numbers)["_past"]), "the provider's repr") == []
