"""Merged customers, past the decision: who is read, found, reached and counted as one person."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, timedelta

import pytest
from attrs import evolve

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.memory_numbers import MemoryNumbers
from regulars.adapters.portable_document import portable_document
from regulars.application.access_log import AccessLog
from regulars.application.balances import PointsBalance
from regulars.application.batch import Receipt
from regulars.application.catalogue import VIEWS
from regulars.application.contacts import ContactTaken
from regulars.application.customer import CustomerProfile, Summary
from regulars.application.number_protection import ProtectedLine
from regulars.application.ports import Erased, Revealed
from regulars.application.program import default_program
from regulars.application.projecting import computed
from regulars.application.reading import BoxIn, DataOf, Outcome, SeveralKept
from regulars.application.report import Report, SalesReport
from regulars.domain.actor import Actor
from regulars.domain.consents import GrantConsent
from regulars.domain.customer import AddDeliveryAddress, RegisterCustomer, UpdateCustomerDetails
from regulars.domain.erasure import PlaceHold
from regulars.domain.merge import ErasureInTheWay, MergeCustomers, RevertMerge
from regulars.domain.order import AcceptOrder, MarkDelivered
from regulars.domain.personal import Address, Contact, Content, DataClass, Profile
from regulars.domain.protection import AssignCourier, NameParty, Party
from regulars.domain.purchase import OrderPlaced, PlaceOrder
from regulars.domain.reading import Denial, Denied
from regulars.domain.records import CustomersMerged, MergedInto
from regulars.domain.review import SubmitReview
from regulars.domain.rights import LiftRestriction, ObjectToProcessing, RestrictProcessing
from regulars.domain.values import AddressId, CustomerId, Money, OrderId
from tests.application.memory_crm import TENANT, Parts, core, memory_core, request, sql_core
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.points import award, give
from tests.domain.story import NOON, minutes

CHEN = CustomerId("chen")
HOME = AddressId("home")
FIRST, SECOND, THIRD = OrderId("o-1"), OrderId("o-2"), OrderId("o-3")
ANNAS = Contact(name="Anna Berg", phone="13812341234")
BOS = Contact(name="A. Berg", phone="13912341234")
STREET = Address(text="Lane 1")
MERGE = MergeCustomers(absorbed=ANNA, survivor=BO, at=NOON + minutes(5), evidence="same-phone")
REVERT = RevertMerge(absorbed=ANNA, survivor=BO, at=NOON + minutes(9), evidence="ticket-12")
FURTHER = evolve(MERGE, absorbed=BO, survivor=CHEN)
HERSELF = Actor(role="customer", id="bo")
ONCE = Actor(role="customer", id="anna")
FINANCE = Actor(role="finance", id="f-1")
COURIER = Actor(role="courier", id="c-3")
MARKETING = Actor(role="marketing", id="m-1")


def place(order: OrderId, customer: CustomerId, total: int = 10_00) -> PlaceOrder:
    return PlaceOrder(order=order, at=NOON, currency="CNY", total=total, customer=customer)


def settled(town: Parts) -> Parts:
    """Anna and Bo are the same person; Anna has an address, and an order that is open."""
    town.execute(*default_program(PROGRAM))
    town.execute(RegisterCustomer(customer=ANNA, at=NOON, contact=ANNAS, source="flyer"))
    town.execute(RegisterCustomer(customer=BO, at=NOON + minutes(1), contact=BOS))
    town.execute(RegisterCustomer(customer=CHEN, at=NOON, profile=Profile(gender="f")))
    town.execute(AddDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME, address=STREET))
    town.execute(evolve(place(FIRST, ANNA), extra=Content(text="ring twice")))
    town.execute(place(SECOND, BO, 20_00), MarkDelivered(order=SECOND, at=NOON))
    return town


@pytest.fixture
def town() -> Parts:
    return settled(memory_core())


def merged(town: Parts) -> Parts:
    town.execute(MERGE)
    return town


def read(town: Parts, customer: CustomerId, data: DataClass, field: str | None = None) -> Outcome:
    sought = DataOf(customer=customer, data_class=data, field=field)
    return town.crm.reveal(sought, purpose="subject_access", actor=HERSELF)


def test_the_survivor_has_their_own_data_and_what_only_the_absorbed_had(town: Parts) -> None:
    assert read(town, ANNA, DataClass.CONTACT) == Denied(Denial.NOT_THEIRS)
    merged(town)

    assert read(town, BO, DataClass.CONTACT) == Revealed(BOS)
    assert read(town, BO, DataClass.ADDRESS) == Revealed(STREET)
    assert read(town, BO, DataClass.ADDRESS, "home") == Revealed(STREET)
    assert read(town, ANNA, DataClass.CONTACT) == Revealed(ANNAS)
    town.execute(REVERT)
    assert read(town, ANNA, DataClass.CONTACT) == Denied(Denial.NOT_THEIRS)


def test_who_comes_under_the_old_id_is_the_same_person(town: Parts) -> None:
    town.execute(MERGE)
    town.execute(FURTHER)
    hers = DataOf(customer=CHEN, data_class=DataClass.PROFILE)

    assert town.crm.reveal(hers, purpose="subject_access", actor=ONCE) == Revealed(
        Profile(gender="f")
    )
    card = town.crm.card(ANNA, purpose="subject_access", actor=ONCE)
    assert [(one.customer, one.field) for one in card.fields] == [
        (ANNA, "contact"),
        (ANNA, "home"),
    ]


def test_of_several_things_that_the_absorbed_had_one_is_to_be_named(town: Parts) -> None:
    office = AddressId("office")
    town.execute(AddDeliveryAddress(customer=ANNA, at=NOON, address_id=office, address=STREET))
    merged(town)

    with pytest.raises(SeveralKept, match="of anna: which of home, office"):
        read(town, BO, DataClass.ADDRESS)


def test_the_card_of_the_survivor_has_what_both_gave_and_says_whose_it_was(town: Parts) -> None:
    card = merged(town).crm.card(BO, purpose="billing", actor=FINANCE)

    shown = [(one.customer, one.field, one.outcome) for one in card.fields if one.field]
    assert shown == [
        (BO, "contact", Revealed(BOS)),
        (ANNA, "contact", Revealed(ANNAS)),
        (ANNA, "home", Revealed(STREET)),
    ]


def test_a_courier_reads_the_address_for_an_order_of_either(town: Parts) -> None:
    merged(town)
    town.execute(place(THIRD, BO))

    for order in (FIRST, THIRD):
        town.execute(AssignCourier(order=order, at=NOON, courier=COURIER.id))
        hers = DataOf(customer=BO, data_class=DataClass.ADDRESS)
        assert town.crm.reveal(hers, purpose="delivery", actor=COURIER, order=order) == Revealed(
            STREET
        )


def test_what_either_refused_is_refused_for_both_until_the_survivor_says_otherwise(
    town: Parts,
) -> None:
    hers = DataOf(customer=ANNA, data_class=DataClass.CONTACT)
    town.execute(GrantConsent(customer=ANNA, at=NOON, purpose="marketing"))
    town.execute(RestrictProcessing(customer=BO, at=NOON))
    assert isinstance(town.crm.reveal(hers, purpose="marketing", actor=MARKETING), Revealed)

    merged(town)

    restricted = town.crm.reveal(hers, purpose="marketing", actor=MARKETING)
    assert restricted == Denied(Denial.RESTRICTED)
    town.execute(LiftRestriction(customer=BO, at=NOON))
    assert isinstance(town.crm.reveal(hers, purpose="marketing", actor=MARKETING), Revealed)
    town.execute(ObjectToProcessing(customer=BO, at=NOON, purpose="marketing"))
    objected = town.crm.reveal(hers, purpose="marketing", actor=MARKETING)
    assert objected == Denied(Denial.OBJECTED)


def test_a_portable_copy_has_both_and_is_made_of_the_survivor(town: Parts) -> None:
    merged(town)
    read(town, ANNA, DataClass.CONTACT)
    read(town, BO, DataClass.CONTACT)

    with pytest.raises(MergedInto, match="into bo"):
        town.crm.export_personal_data(ANNA, export_id="e-1", actor=ONCE)
    copy = portable_document(town.crm.export_personal_data(BO, export_id="e-2", actor=HERSELF))

    assert copy["records"] == [BO, ANNA]
    assert [one["order"] for one in copy["orders"]] == [FIRST, SECOND]
    assert [one["field"] for one in copy["data"]] == ["contact", "contact", "address", "extra"]
    assert {one["outcome"] for one in copy["data"]} == {"revealed"}
    assert len(copy["accesses"]) == 2


def test_the_access_log_of_the_survivor_tells_who_read_either(town: Parts) -> None:
    merged(town)
    for customer in (BO, ANNA, CHEN, BO):
        read(town, customer, DataClass.CONTACT)

    whole = [one.subject for one in town.crm.ask(AccessLog())]
    hers = [one.subject for one in town.crm.ask(AccessLog(customer=BO, actor=HERSELF))]

    assert whole == [f"customer/{one}" for one in (BO, ANNA, CHEN, BO)]
    assert hers == [f"customer/{one}" for one in (BO, ANNA, BO)]
    head = town.storage.log.head()
    for query in (AccessLog(customer=BO), AccessLog(customer=BO, actor=HERSELF)):
        assert town.crm.ask(query, as_of=head) == town.crm.ask(query)
    assert len(town.crm.ask(AccessLog(customer=ANNA))) == 1


def test_personal_data_of_who_was_merged_is_refused_and_orders_are_not(town: Parts) -> None:
    merged(town)
    before = town.events()

    for personal in (
        UpdateCustomerDetails(customer=ANNA, at=NOON, contact=ANNAS),
        evolve(place(THIRD, ANNA), extra=Content(text="no onions")),
        PlaceHold(customer=ANNA, at=NOON, classes=(DataClass.CONTACT,), basis="tax"),
    ):
        with pytest.raises(MergedInto, match="anna was merged into bo: name that one instead"):
            town.execute(personal)
    assert town.events() == before
    town.execute(place(THIRD, ANNA))
    town.execute(MarkDelivered(order=FIRST, at=NOON))
    wordy = SubmitReview(order=FIRST, at=NOON, customer=ANNA, stars=5, text=Content(text="lovely"))
    with pytest.raises(MergedInto):
        town.execute(wordy)
    town.execute(evolve(wordy, text=None))


def test_a_merge_of_customers_merges_their_accounts(town: Parts) -> None:
    before = town.rows()

    merged(town)

    after = town.rows()
    assert {name for name in after if after[name] != before[name]} == {
        "accounts",
        "customers",
        "ledger",
    }
    town.execute(MarkDelivered(order=FIRST, at=NOON))
    balances = [town.crm.ask(PointsBalance(customer=one)) for one in (ANNA, BO)]
    assert [one and one.balance for one in balances] == [None, 30]


def profile(town: Parts, customer: str, as_of: int | None = None) -> Summary:
    found = town.crm.ask(CustomerProfile(customer=customer, timezone=UTC), as_of=as_of)
    assert found is not None
    return found


def test_the_profile_of_the_survivor_counts_the_orders_of_both(town: Parts) -> None:
    apart = profile(town, BO)
    merged(town)
    town.execute(MarkDelivered(order=FIRST, at=NOON))

    hers = profile(town, BO)

    assert (hers.orders, hers.open_orders, hers.addresses) == (2, 0, 1)
    assert hers.spent == (Money(minor=30_00, currency="CNY"),)
    assert (hers.registered_at, hers.source) == (NOON, "flyer")
    assert (hers.absorbed, hers.merged_into) == ((ANNA,), None)
    assert (hers.first_order_at, hers.last_order_at, sum(hers.hours)) == (NOON, NOON, 2)
    head = town.storage.log.head()
    assert profile(town, BO, as_of=head) == hers
    old = profile(town, ANNA)
    assert (old.orders, old.merged_into) == (1, BO)
    town.execute(REVERT)
    assert profile(town, BO) == apart
    assert profile(town, ANNA).merged_into is None


def report(town: Parts) -> Report:
    return town.crm.ask(SalesReport(timezone=UTC))


def test_a_report_counts_who_was_merged_once(town: Parts) -> None:
    town.execute(MarkDelivered(order=FIRST, at=NOON))
    apart = report(town)
    assert (apart.customers, apart.ordering_customers, apart.repeat_customers) == (3, 2, 0)

    merged(town)
    town.execute(FURTHER)

    found = report(town)
    assert (found.customers, found.ordering_customers, found.repeat_customers) == (1, 1, 1)
    (best,) = found.top_customers
    assert (best.customer, best.orders, best.spent.minor, best.points) == (CHEN, 2, 30_00, 30)
    assert (found.orders, found.points, found.sold) == (apart.orders, apart.points, apart.sold)


def test_views_that_are_built_again_are_those_that_were_there(town: Parts) -> None:
    merged(town).execute(FURTHER)
    town.execute(evolve(REVERT, absorbed=BO, survivor=CHEN))

    rows = town.rows()

    built = {view.name: computed(view, town.events()) for view in VIEWS}
    assert {name: [row for _, row in sorted(built[name].items())] for name in built} == rows
    assert town.crm.verify().sound


def test_what_is_merged_in_a_batch_is_merged_for_what_follows(town: Parts) -> None:
    late = UpdateCustomerDetails(customer=ANNA, at=NOON, contact=ANNAS)

    outcomes = town.execute_all(request(MERGE, id="m-1"), request(late), request(MERGE))

    assert isinstance(outcomes[1], MergedInto)
    (receipt,) = town.execute_all(request(MERGE, id="m-1"))
    assert not isinstance(receipt, MergedInto)
    assert len([one for one in town.events() if isinstance(one.event, CustomersMerged)]) == 1


def test_who_was_erased_by_another_process_meanwhile_is_not_merged() -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    here, there = (core(storage, keys, inline=False) for _ in range(2))
    settled(here).execute(evolve(MERGE, absorbed=CHEN))
    here.execute(evolve(REVERT, absorbed=CHEN))
    before = here.events()

    there.crm.erasures.erase(BO, by="officer:1", basis="asked", classes=[DataClass.PAYMENT])

    with pytest.raises(ErasureInTheWay):
        here.execute(MERGE)
    assert len(here.events()) == len(before) + 2


@pytest.fixture(params=["memory", "sqlite"])
def indexed(request: pytest.FixtureRequest) -> Iterator[Parts]:
    """The same people in a shop that finds them, each by a contact that is theirs alone."""
    with closing(Database("sqlite://")) as database:
        town = memory_core() if request.param == "memory" else sql_core(database)
        town.crm.lookup.keep(unique=True, region="CN")
        yield settled(town)


def found(town: Parts, contact: Contact) -> tuple[CustomerId, ...]:
    officer = Actor(role="privacy_officer", id="po-1")
    return town.crm.find_customer(phone=contact.phone, purpose="legal_duty", actor=officer)


def test_the_survivor_is_found_by_either_phone(indexed: Parts) -> None:
    merged(indexed)
    assert found(indexed, ANNAS) == found(indexed, BOS) == (BO,)

    indexed.execute(FURTHER)
    assert found(indexed, ANNAS) == found(indexed, BOS) == (CHEN,)
    indexed.execute(evolve(REVERT, absorbed=BO, survivor=CHEN))
    indexed.execute(REVERT)
    assert (found(indexed, ANNAS), found(indexed, BOS)) == ((ANNA,), (BO,))


def test_the_survivor_may_take_the_phone_of_the_absorbed_and_nobody_else_may(
    indexed: Parts,
) -> None:
    hers = UpdateCustomerDetails(customer=BO, at=NOON, contact=ANNAS)
    with pytest.raises(ContactTaken):
        indexed.execute(hers)
    merged(indexed)

    with pytest.raises(ContactTaken):
        indexed.execute(evolve(hers, customer=CHEN))
    indexed.execute(hers)
    assert found(indexed, ANNAS) == (BO,)


def test_an_erasure_takes_the_phones_of_both_out_of_the_index(indexed: Parts) -> None:
    merged(indexed)

    certificate = indexed.crm.erasures.erase(BO, by="officer:1", basis="asked")

    assert found(indexed, ANNAS) == found(indexed, BOS) == ()
    (completion,) = certificate.completions
    assert [one.entries for one in completion.purged if one.place == "contact_index"] == [2]
    assert read(indexed, ANNA, DataClass.CONTACT) == Erased()


def reached(town: Parts, order: OrderId) -> str | None:
    """By whose phone the courier of an order is connected."""
    numbers = MemoryNumbers(("+8617000000001",), clock=town.clock)
    protection = evolve(town.crm.protection, numbers=numbers, clock=town.clock)
    town.clock.at = NOON + timedelta(minutes=1)
    rider = NameParty(
        order=order,
        at=NOON,
        party=Party.COURIER,
        who="rider",
        contact=Contact(name="R", phone="13700000000"),
    )
    town.execute(AcceptOrder(order=order, at=NOON), rider)
    protection.settle(order)
    line = protection.line(order, as_="courier")
    assert isinstance(line, ProtectedLine)
    assert line.number is not None
    return numbers.reached(line.number, by="+8613700000000")


def test_an_order_of_the_absorbed_reaches_the_survivor_by_the_phone_they_have_now(
    town: Parts,
) -> None:
    assert reached(merged(town), FIRST) == f"+86{BOS.phone}"


def test_a_survivor_without_a_phone_is_reached_by_the_absorbed_ones(town: Parts) -> None:
    town.execute(MERGE)
    town.execute(FURTHER)
    town.execute(place(THIRD, CHEN))

    assert reached(town, THIRD) == f"+86{BOS.phone}"


def test_a_box_of_an_order_of_the_absorbed_is_the_survivors_to_read(town: Parts) -> None:
    merged(town)
    placed = next(one for one in town.events() if isinstance(one.event, OrderPlaced))

    opened = town.crm.reveal(
        BoxIn(recorded=placed, field="extra"), purpose="subject_access", actor=HERSELF
    )

    assert opened == Revealed(Content(text="ring twice"))


def test_points_change_hands_in_a_batch() -> None:
    town = memory_core()

    outcomes = town.execute_all(request(award("o-1", 30_00)), request(give(20)))

    assert [type(one) for one in outcomes] == [Receipt] * 2
    balances = [town.crm.ask(PointsBalance(customer=one)) for one in (ANNA, BO)]
    assert [one and one.balance for one in balances] == [10, 20]
