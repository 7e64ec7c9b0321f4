from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.access_log import Access, AccessLog
from regulars.application.errors import InvalidId, StorageUnavailable
from regulars.application.events import Event, Retired
from regulars.application.gate import Gate
from regulars.application.keys import KeyName
from regulars.application.portable import ExportDenied
from regulars.application.ports import Erased, KeyUnavailable, Revealed, Tampered
from regulars.application.reading import (
    MOST_AT_ONCE,
    BoxIn,
    Card,
    DataOf,
    Masked,
    NotKept,
    Outcome,
    SeveralKept,
    TooManyAtOnce,
    Visit,
)
from regulars.domain.actor import Actor, ActorSuspended, ReinstateActor
from regulars.domain.bank_card import BindBankCard, UnbindBankCard
from regulars.domain.codes import NoCode
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn, GrantConsent, WithdrawConsent
from regulars.domain.coupon import CouponRevoked
from regulars.domain.customer import (
    AddDeliveryAddress,
    CustomerRegistered,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UnknownCustomer,
    UpdateCustomerDetails,
)
from regulars.domain.merge import MergeCustomers
from regulars.domain.order import CancelOrder, CompleteOrder, MarkDelivered
from regulars.domain.personal import (
    Address,
    Contact,
    Content,
    DataClass,
    Payment,
    Profile,
    Sealed,
)
from regulars.domain.protection import AssignCourier, NameParty, Party
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reading import DEFAULT_POLICY, Denial, Denied, Limit, Reach, ReadingPolicy
from regulars.domain.review import ReviewSubmitted, SubmitReview
from regulars.domain.rights import (
    AcceptPolicy,
    LiftRestriction,
    ObjectToProcessing,
    PersonalDataExported,
    RestrictProcessing,
)
from regulars.domain.values import AddressId, CardId, CustomerId, MerchantId, OrderId
from tests.application.histories import storage_of
from tests.application.memory_crm import TENANT, Parts, Ticking, core, memory_core, sql_core
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON
from tests.domain.test_offer import C1, C2, DEFINE, ISSUE, REVOKE
from tests.postgres_server import new_database

NOODLES, ORDER = MerchantId("noodles"), OrderId("o-1")
HOME, OFFICE = AddressId("home"), AddressId("office")
SAM = Actor(role="support", id="s-7")
HERSELF = Actor(role="customer", id="anna")
COURIER = Actor(role="courier", id="c-3")
KITCHEN = Actor(role="merchant", id="noodles")
OFFICER = Actor(role="privacy_officer", id="po-1")
MARKETING = Actor(role="marketing", id="m-1")

CONTACT = Contact(name="张三丰", phone="13812341234", email="anna@example.com")
MASKED = Contact(name="张**", phone="138****1234", email="a***@example.com")
STREET = Address(text="北京市海淀区中关村大街1号")
HERS = DataOf(customer=ANNA, data_class=DataClass.CONTACT)
ADDRESS = DataOf(customer=ANNA, data_class=DataClass.ADDRESS)
PLACE = PlaceOrder(order=ORDER, at=NOON, currency="CNY", total=100, customer=ANNA, merchant=NOODLES)
TIGHT = evolve(DEFAULT_POLICY, limits=(Limit(role="support", reads=3, seconds=60),), bulk_from=2)


def settled(town: Parts) -> Parts:
    """A town in which Anna is registered, lives somewhere and has ordered."""
    town.execute(
        RegisterCustomer(
            customer=ANNA, at=NOON, contact=CONTACT, profile=Profile(occupation="nurse")
        ),
        AddDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME, address=STREET),
        PLACE,
        AssignCourier(order=ORDER, at=NOON, courier=COURIER.id),
    )
    return town


@pytest.fixture
def town() -> Parts:
    return settled(memory_core())


def tight() -> Parts:
    storage = MemoryStorage(tenant=TENANT)
    return settled(core(storage, MemoryKeyStore(), policy=TIGHT))


def served(town: Parts) -> Outcome:
    return town.crm.reveal(HERS, purpose="service", actor=SAM, reason="ticket-12")


def delivered(town: Parts, actor: Actor = COURIER, order: OrderId | None = ORDER) -> Outcome:
    return town.crm.reveal(ADDRESS, purpose="delivery", actor=actor, order=order)


def advertised(town: Parts, channel: str | None = None) -> Outcome:
    return town.crm.reveal(HERS, purpose="marketing", actor=MARKETING, channel=channel)


def log(town: Parts) -> list[tuple[str, str | None]]:
    """What came of each value that was asked for, and why it was denied."""
    return [(access.outcome, access.denial) for access in town.crm.ask(AccessLog())]


def test_a_customer_reads_what_is_theirs(town: Parts) -> None:
    read = town.crm.reveal(HERS, purpose="subject_access", actor=HERSELF)

    assert read == Revealed(CONTACT)
    other = town.crm.reveal(evolve(HERS, customer=BO), purpose="subject_access", actor=HERSELF)
    assert other == Denied(Denial.NOT_THEIRS)


def test_support_recognises_a_customer_and_does_not_know_them(town: Parts) -> None:
    assert served(town) == Masked(MASKED)


def test_an_access_is_recorded_with_all_that_there_is_to_know_of_it(town: Parts) -> None:
    served(town)
    position = town.crm.ask(AccessLog())[0].position

    (access,) = town.crm.ask(AccessLog(customer=ANNA))

    assert access == Access(
        position=position,
        at=access.at,
        actor=SAM,
        purpose="service",
        subject="customer/anna",
        data_class="contact",
        outcome="masked",
        denial=None,
        order=None,
        reason="ticket-12",
        bulk=False,
    )
    assert town.events()[-1].actor == "support:s-7"


def test_what_is_denied_is_recorded_too(town: Parts) -> None:
    denied = town.crm.reveal(HERS, purpose="curiosity", actor=SAM)

    assert denied == Denied(Denial.PURPOSE)
    assert log(town) == [("denied", "purpose")]


def test_a_denial_is_the_same_whether_or_not_there_is_anything(town: Parts) -> None:
    nobody = evolve(HERS, customer=CustomerId("nobody"))

    assert town.crm.reveal(nobody, purpose="curiosity", actor=SAM) == Denied(Denial.PURPOSE)
    assert town.crm.reveal(nobody, purpose="service", actor=SAM) == NotKept()
    assert log(town) == [("denied", "purpose"), ("not_kept", None)]


def test_without_a_record_there_is_no_value(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/shop.db", synchronous="NORMAL")
    town = settled(sql_core(database))
    pragma = database.connection.exec_driver_sql
    pragma(f"PRAGMA max_page_count = {pragma('PRAGMA page_count').scalar()}")
    values: list[Outcome] = []

    def until_full() -> None:
        while len(values) < 1_000:
            values.append(served(town))

    with pytest.raises(StorageUnavailable, match="full"):
        until_full()
    pragma("PRAGMA max_page_count = 100000")

    assert len(log(town)) == len(values)
    served(town)
    assert len(log(town)) == len(values) + 1
    database.close()


def test_an_order_that_nobody_completes_is_closed_a_day_after_its_delivery(town: Parts) -> None:
    def order(name: str, delivered_at: datetime) -> Outcome:
        one = OrderId(name)
        town.execute(
            evolve(PLACE, order=one, at=delivered_at),
            MarkDelivered(order=one, at=delivered_at),
            AssignCourier(order=one, at=NOON, courier=COURIER.id),
        )
        return delivered(town, order=one)

    now = Ticking().at
    assert order("o-2", now - timedelta(hours=24)) == Denied(Denial.ORDER_CLOSED)
    assert order("o-3", now - timedelta(hours=23)) == Revealed(STREET)


@pytest.mark.parametrize("end", [CompleteOrder, CancelOrder])
def test_the_address_is_hidden_from_courier_and_merchant_once_the_order_is_over(
    town: Parts, end: type[CompleteOrder | CancelOrder]
) -> None:
    assert delivered(town) == Revealed(STREET)
    assert delivered(town, KITCHEN) == Masked(Address(text="北京市海淀区****"))

    town.execute(end(order=ORDER, at=NOON))
    town.crm.rebuild()

    assert delivered(town) == delivered(town, KITCHEN) == Denied(Denial.ORDER_CLOSED)
    assert town.crm.reveal(ADDRESS, purpose="subject_access", actor=HERSELF) == Revealed(STREET)


def test_an_address_is_read_for_an_order_of_its_customer_alone(town: Parts) -> None:
    theirs = OrderId("o-2")
    town.execute(RegisterCustomer(customer=BO, at=NOON), evolve(PLACE, order=theirs, customer=BO))

    assert delivered(town, order=None) == Denied(Denial.NO_ORDER)
    assert delivered(town, order=OrderId("o-9")) == Denied(Denial.NO_ORDER)
    assert delivered(town, order=theirs) == Denied(Denial.NOT_THEIRS)
    assert delivered(town, evolve(KITCHEN, id="grocer")) == Denied(Denial.NOT_THEIRS)


def test_an_address_is_shown_to_the_courier_whom_the_order_was_assigned_to_last(
    town: Parts,
) -> None:
    other = evolve(COURIER, id="c-4")
    assert delivered(town, other) == Denied(Denial.NOT_THEIRS)

    town.execute(AssignCourier(order=ORDER, at=NOON, courier=other.id))

    assert delivered(town, other) == Revealed(STREET)
    assert delivered(town) == Denied(Denial.NOT_THEIRS)


def test_an_order_without_a_courier_shows_its_address_to_none_unless_a_host_says_so() -> None:
    def asked(policy: ReadingPolicy) -> Outcome:
        town = settled(core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), policy=policy))
        town.execute(evolve(PLACE, order=OrderId("o-2")))
        return delivered(town, order=OrderId("o-2"))

    anybody = tuple(
        evolve(rule, reach=Reach.ORDER) if rule.role == "courier" else rule
        for rule in DEFAULT_POLICY.rules
    )

    assert asked(DEFAULT_POLICY) == Denied(Denial.NOT_THEIRS)
    assert asked(evolve(DEFAULT_POLICY, rules=anybody)) == Revealed(STREET)


def test_a_withdrawn_consent_stops_the_next_read_though_no_view_has_heard_of_it() -> None:
    town = settled(memory_core(inline=False))
    assert advertised(town) == Denied(Denial.NO_CONSENT)

    town.execute(GrantConsent(customer=ANNA, at=NOON, purpose="marketing"))
    assert advertised(town) == Revealed(CONTACT)
    town.execute(WithdrawConsent(customer=ANNA, at=NOON, purpose="marketing"))

    assert advertised(town) == Denied(Denial.CONSENT_WITHDRAWN)


def test_a_consent_for_one_channel_allows_no_other(town: Parts) -> None:
    town.execute(GrantConsent(customer=ANNA, at=NOON, purpose="marketing", channel="sms"))

    assert advertised(town, "sms") == Revealed(CONTACT)
    assert advertised(town, "mail") == advertised(town) == Denied(Denial.NO_CONSENT)


def test_a_new_text_asks_again() -> None:
    storage = MemoryStorage(tenant=TENANT)
    policy = evolve(DEFAULT_POLICY, text="2027")
    town = settled(core(storage, MemoryKeyStore(), policy=policy))
    grant = GrantConsent(customer=ANNA, at=NOON, purpose="marketing", policy_version="2026")

    town.execute(grant)
    assert advertised(town) == Denied(Denial.CONSENT_OUTDATED)
    town.execute(evolve(grant, policy_version="2027"))
    assert advertised(town) == Revealed(CONTACT)


def test_a_consent_that_has_run_out_allows_nothing(town: Parts) -> None:
    soon = town.clock.at
    town.execute(GrantConsent(customer=ANNA, at=NOON, purpose="marketing", valid_until=soon))

    assert advertised(town) == Denied(Denial.CONSENT_EXPIRED)


def test_an_objection_stops_marketing_whatever_was_allowed(town: Parts) -> None:
    town.execute(
        GrantConsent(customer=ANNA, at=NOON, purpose="marketing"),
        ObjectToProcessing(customer=ANNA, at=NOON, purpose="marketing"),
    )

    assert advertised(town) == Denied(Denial.OBJECTED)


def test_restricted_data_is_kept_and_not_used(town: Parts) -> None:
    town.execute(RestrictProcessing(customer=ANNA, at=NOON, data_class=DataClass.CONTACT))

    assert served(town) == Denied(Denial.RESTRICTED)
    assert delivered(town) == Revealed(STREET)
    assert town.crm.reveal(HERS, purpose="legal_duty", actor=OFFICER) == Revealed(CONTACT)
    town.execute(LiftRestriction(customer=ANNA, at=NOON, data_class=DataClass.CONTACT))
    assert served(town) == Masked(MASKED)


def test_what_was_replaced_is_no_longer_shown(town: Parts) -> None:
    new = Contact(name="Anna Berg")
    first = next(one for one in town.events() if one.stream == "customer-anna")
    old = BoxIn(recorded=first, field="contact")
    assert town.crm.reveal(old, purpose="legal_duty", actor=OFFICER) == Revealed(CONTACT)

    town.execute(UpdateCustomerDetails(customer=ANNA, at=NOON, contact=new))

    assert town.crm.reveal(HERS, purpose="legal_duty", actor=OFFICER) == Revealed(new)
    elsewhere = BoxIn(recorded=first._replace(stream="order-o-1"), field="contact")
    for box in (old, elsewhere):
        assert town.crm.reveal(box, purpose="legal_duty", actor=OFFICER) == NotKept()


def test_which_of_several_addresses_is_meant_is_to_be_said(town: Parts) -> None:
    second = Address(text="7 Harbour Street")
    town.execute(AddDeliveryAddress(customer=ANNA, at=NOON, address_id=OFFICE, address=second))

    def asked(address: AddressId | None) -> Outcome:
        return town.crm.reveal(
            evolve(ADDRESS, field=address), purpose="subject_access", actor=HERSELF
        )

    with pytest.raises(SeveralKept, match="which of home, office"):
        asked(None)
    assert (asked(HOME), asked(OFFICE)) == (Revealed(STREET), Revealed(second))
    town.execute(RemoveDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME))
    assert (asked(HOME), asked(None)) == (NotKept(), Revealed(second))


def test_who_is_told_which_there_are_has_read_and_it_counts() -> None:
    town = tight()
    town.execute(AddDeliveryAddress(customer=ANNA, at=NOON, address_id=OFFICE, address=STREET))

    for _ in range(2):
        with pytest.raises(SeveralKept):
            town.crm.reveal(ADDRESS, purpose="service", actor=SAM)
    assert log(town) == [("several_kept", None)] * 2

    of_a_batch = town.crm.reveal_many([ADDRESS, HERS], purpose="service", actor=SAM)
    assert of_a_batch == [Denied(Denial.TOO_MANY)] * 2
    assert served(town) == Denied(Denial.SUSPENDED)


def test_of_a_batch_what_is_not_clear_keeps_nothing_else_back(town: Parts) -> None:
    town.execute(AddDeliveryAddress(customer=ANNA, at=NOON, address_id=OFFICE, address=STREET))

    unclear, clear = town.crm.reveal_many([ADDRESS, HERS], purpose="service", actor=SAM)

    assert isinstance(unclear, SeveralKept)
    assert unclear.fields == (HOME, OFFICE)
    assert clear == Masked(MASKED)
    assert log(town) == [("several_kept", None), ("masked", None)]


def test_the_words_of_a_review_are_read_where_they_stand(town: Parts) -> None:
    words = Content(text="cold")
    town.execute(
        CompleteOrder(order=ORDER, at=NOON),
        SubmitReview(order=ORDER, at=NOON, customer=ANNA, stars=1, text=words),
    )
    review = town.events()[-1]
    box = BoxIn(recorded=review, field="text")

    assert town.crm.reveal(box, purpose="legal_duty", actor=OFFICER) == Revealed(words)
    moved = evolve(box, recorded=review._replace(schema=2))
    assert isinstance(town.crm.reveal(moved, purpose="legal_duty", actor=OFFICER), Tampered)
    silent = review._replace(event=ReviewSubmitted(order=ORDER))
    nothing = BoxIn(recorded=silent, field="text")
    assert town.crm.reveal(nothing, purpose="legal_duty", actor=OFFICER) == NotKept()
    with pytest.raises(ValueError, match="no box stars in ReviewSubmitted"):
        town.crm.reveal(evolve(box, field="stars"), purpose="legal_duty", actor=OFFICER)


def test_words_on_an_order_of_nobody_belong_to_nobody(town: Parts) -> None:
    anonymous, note = OrderId("o-7"), Content(text="ring twice")
    town.execute(evolve(PLACE, order=anonymous, customer=None, extra=note))
    box = BoxIn(recorded=town.events()[-1], field="extra")

    assert town.crm.reveal(box, purpose="legal_duty", actor=OFFICER) == Revealed(note)
    assert town.crm.reveal(box, purpose="subject_access", actor=HERSELF) == Denied(
        Denial.NOT_THEIRS
    )


def test_what_was_erased_is_recorded_as_such_and_shows_nothing(town: Parts) -> None:
    assert served(town) == Masked(MASKED)
    town.crm.erasures.erase(ANNA, by="officer:1", basis="asked")

    assert served(town) == Erased()
    assert log(town) == [("masked", None), ("erased", None)]


def test_a_key_that_counts_as_erased_although_nobody_asked_makes_nobody_erased(
    town: Parts,
) -> None:
    town.keys.destroy([KeyName(TENANT, "customer/anna", DataClass.CONTACT)], at=1)
    marked = core(town.storage, town.keys)

    assert served(marked) == KeyUnavailable(
        "the key counts as erased, and the log tells of no erasure"
    )
    assert log(marked) == [("key_unavailable", None)]
    assert served(core(town.storage, MemoryKeyStore())) == KeyUnavailable(
        "the key is not in this key store"
    )


def test_a_key_that_counts_as_erased_beside_an_erasure_makes_nothing_erased(town: Parts) -> None:
    contact = KeyName(TENANT, "customer/anna", DataClass.CONTACT)
    town.crm.erasures.erase(ANNA, by="officer:1", basis="asked", classes=[DataClass.ADDRESS])
    town.keys.destroy([contact], at=1)

    assert isinstance(served(core(town.storage, town.keys)), KeyUnavailable)


def test_a_key_of_a_new_life_that_counts_as_erased_makes_nothing_erased(town: Parts) -> None:
    contact = KeyName(TENANT, "customer/anna", DataClass.CONTACT)
    town.crm.erasures.erase(ANNA, by="officer:1", basis="asked")
    town.crm.erasures.authorise_new_life(ANNA, by="officer:1", basis="came-back")
    assert served(town) == Erased()
    town.execute(UpdateCustomerDetails(customer=ANNA, at=NOON, contact=CONTACT))
    assert served(town) == Masked(MASKED)

    town.keys.destroy([contact], at=1)

    assert isinstance(served(core(town.storage, town.keys)), KeyUnavailable)


def _changed(event: Event | Retired) -> Event | Retired:
    """A registration with another last bit in the box of its contact; any other event as it is."""
    if not isinstance(event, CustomerRegistered) or event.contact is None:
        return event
    envelope = event.contact.envelope
    return evolve(event, contact=Sealed(envelope[:-1] + bytes([envelope[-1] ^ 1])))


def test_a_box_of_the_erased_that_was_changed_is_told_as_tampered_with(town: Parts) -> None:
    town.crm.erasures.erase(ANNA, by="officer:1", basis="asked")
    events = [one._replace(event=_changed(one.event)) for one in town.events()]

    assert town.crm.reveal(HERS, purpose="legal_duty", actor=OFFICER) == Erased()
    elsewhere = core(storage_of(events), town.keys)
    assert isinstance(elsewhere.crm.reveal(HERS, purpose="legal_duty", actor=OFFICER), Tampered)


def test_who_reads_too_much_is_suspended_until_an_officer_looks_into_it() -> None:
    town = tight()

    assert [served(town) for _ in range(4)] == [Masked(MASKED)] * 3 + [Denied(Denial.SUSPENDED)]
    assert ActorSuspended in {type(one.event) for one in town.events()}
    assert town.crm.reveal(HERS, purpose="service", actor=evolve(SAM, id="s-8")) == Masked(MASKED)

    town.execute(ReinstateActor(actor=SAM, at=town.clock.now(), officer=OFFICER))
    assert served(town) == Masked(MASKED)


def test_slow_reading_suspends_nobody() -> None:
    town = tight()

    for _ in range(5):
        assert served(town) == Masked(MASKED)
        town.clock.at += timedelta(seconds=30)


def test_a_batch_is_one_record_that_tells_whose_data_it_was(town: Parts) -> None:
    both = [HERS, DataOf(customer=ANNA, data_class=DataClass.PROFILE), evolve(HERS, customer=BO)]
    head = town.storage.log.head()

    outcomes = town.crm.reveal_many(both, purpose="service", actor=SAM)

    assert outcomes == [Masked(MASKED), Masked(Profile(occupation="****")), NotKept()]
    assert town.storage.log.head() == head + 1
    told = [(one.subject, one.data_class, one.bulk) for one in town.crm.ask(AccessLog(actor=SAM))]
    assert told == [
        ("customer/anna", "contact", False),
        ("customer/anna", "profile", False),
        ("customer/bo", "contact", False),
    ]


def test_a_batch_of_many_is_flagged_and_one_beyond_the_limit_shows_nothing() -> None:
    town = tight()

    town.crm.reveal_many([HERS] * 2, purpose="service", actor=SAM)
    assert {one.bulk for one in town.crm.ask(AccessLog())} == {True}
    assert (
        town.crm.reveal_many([HERS] * 2, purpose="service", actor=SAM)
        == [Denied(Denial.TOO_MANY)] * 2
    )
    assert served(town) == Denied(Denial.SUSPENDED)


def test_nothing_asked_for_is_nothing_read(town: Parts) -> None:
    assert town.crm.reveal_many([], purpose="service", actor=SAM) == []
    assert log(town) == []


def test_a_batch_has_an_end(town: Parts) -> None:
    with pytest.raises(TooManyAtOnce, match=str(MOST_AT_ONCE + 1)):
        town.crm.reveal_many([HERS] * (MOST_AT_ONCE + 1), purpose="service", actor=SAM)


@pytest.mark.parametrize("actor", [evolve(SAM, id=" "), evolve(SAM, role=""), evolve(SAM, id="\n")])
def test_nobody_reads_without_a_name(town: Parts, actor: Actor) -> None:
    with pytest.raises(InvalidId):
        town.crm.reveal(HERS, purpose="service", actor=actor)

    assert log(town) == []


@pytest.mark.parametrize("wrong", ["", " ", "\udcff", "x" * 300])
def test_what_is_no_id_is_nobodys_and_refused_before_anything_is_read(
    tmp_path: Path, wrong: str
) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'town.db'}", synchronous="NORMAL")) as database:
        town = settled(sql_core(database))
        crm, nobody, head = town.crm, CustomerId(wrong), town.storage.log.head()
        calls: tuple[tuple[str, Callable[[], object]], ...] = (
            ("customer", lambda: crm.card(nobody, purpose="service", actor=SAM)),
            (
                "customer",
                lambda: crm.reveal(evolve(HERS, customer=nobody), purpose="service", actor=SAM),
            ),
            ("customer", lambda: crm.export_personal_data(nobody, export_id="e", actor=OFFICER)),
            ("order", lambda: delivered(town, order=OrderId(wrong))),
            ("id", lambda: crm.card(ANNA, purpose="service", actor=evolve(SAM, id=wrong))),
        )

        for field, call in calls:
            with pytest.raises(InvalidId, match=f"^{field}: "):
                call()

        assert town.storage.log.head() == head


def test_a_reason_in_a_persons_words_is_refused_and_not_repeated(town: Parts) -> None:
    with pytest.raises(NoCode) as refused:
        town.crm.reveal(HERS, purpose="service", actor=SAM, reason="张三丰 asked")

    assert "张三丰" not in str(refused.value)
    assert log(town) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_count_what_one_reader_reads(tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path}/shop.db" if kind == "sqlite" else new_database()
    first, second = (Database(url, synchronous="NORMAL") for _ in range(2))
    policy = evolve(TIGHT, bulk_from=50)
    here, there = (sql_core(one, policy=policy) for one in (first, second))
    settled(here)

    assert [served(here), served(there), served(here)] == [Masked(MASKED)] * 3
    assert served(there) == served(here) == Denied(Denial.SUSPENDED)
    assert len(there.crm.ask(AccessLog(actor=SAM))) == 5
    first.close()
    second.close()


def test_the_access_log_is_the_same_as_of_then_and_after_a_rebuild(town: Parts) -> None:
    served(town)
    head = town.storage.log.head()
    before = town.crm.ask(AccessLog())
    served(town)

    town.crm.rebuild("accesses")

    assert town.crm.ask(AccessLog(), as_of=head) == before
    assert town.crm.ask(AccessLog(actor=SAM), as_of=head) == before
    assert len(town.crm.ask(AccessLog(customer=ANNA, actor=SAM))) == 2
    assert town.crm.verify().sound


WORDS = st.text(
    st.characters(categories=["Lu", "Ll", "Lo"], min_codepoint=0x100), min_size=6, max_size=12
)


@given(name=WORDS, street=WORDS, actor=st.sampled_from([SAM, HERSELF, COURIER, OFFICER]))
def test_nothing_that_is_kept_shown_or_raised_repeats_a_personal_value(
    name: str, street: str, actor: Actor
) -> None:
    town = memory_core()
    town.execute(
        RegisterCustomer(customer=ANNA, at=NOON, contact=Contact(name=name)),
        AddDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME, address=Address(text=street)),
        PLACE,
    )
    outcomes = [
        town.crm.reveal(one, purpose=purpose, actor=actor, order=ORDER)
        for one in (HERS, ADDRESS)
        for purpose in ("service", "delivery", "subject_access", "marketing")
    ]

    kept = [repr(one) for one in town.events()] + [repr(one) for one in town.crm.ask(AccessLog())]
    told = repr(outcomes) + "".join(kept) + repr(town.rows())
    assert name not in told
    assert street not in told


def shown(card: Card) -> dict[tuple[DataClass, str | None], Outcome]:
    return {(one.data_class, one.field): one.outcome for one in card.fields}


def test_support_has_a_card_of_masks(town: Parts) -> None:
    card = town.crm.card(ANNA, purpose="service", actor=SAM)

    assert shown(card) == {
        (DataClass.CONTACT, "contact"): Masked(MASKED),
        (DataClass.ADDRESS, HOME): Masked(Address(text="北京市海淀区****")),
        (DataClass.PROFILE, "profile"): Masked(Profile(occupation="****")),
        (DataClass.IDENTITY, None): Denied(Denial.PURPOSE),
        (DataClass.CONTENT, None): Denied(Denial.PURPOSE),
    }
    assert len({one.position for one in town.crm.ask(AccessLog(actor=SAM))}) == 1


def test_the_card_of_a_courier_loses_the_address_with_the_order(town: Parts) -> None:
    def card() -> dict[tuple[DataClass, str | None], Outcome]:
        return shown(town.crm.card(ANNA, purpose="delivery", actor=COURIER, order=ORDER))

    before = card()
    town.execute(CompleteOrder(order=ORDER, at=NOON))
    town.crm.rebuild()

    assert before[DataClass.ADDRESS, HOME] == Revealed(STREET)
    assert before[DataClass.CONTACT, "contact"] == Masked(MASKED)
    assert all(isinstance(outcome, Denied) for outcome in card().values())
    hers = town.crm.card(ANNA, purpose="subject_access", actor=HERSELF)
    assert shown(hers)[DataClass.ADDRESS, HOME] == Revealed(STREET)


def test_a_card_that_is_denied_is_the_same_for_anybody_and_nobody(town: Parts) -> None:
    town.execute(
        GrantConsent(customer=ANNA, at=NOON, purpose="marketing"),
        ObjectToProcessing(customer=ANNA, at=NOON, purpose="billing"),
        RestrictProcessing(customer=ANNA, at=NOON, data_class=DataClass.PROFILE),
        AcceptPolicy(customer=ANNA, at=NOON, policy_version="2026"),
    )
    for actor, purpose, denial in (
        (Actor(role="auditor", id="a-1"), "audit", Denial.PURPOSE),
        (Actor(role="customer", id="bo"), "subject_access", Denial.NOT_THEIRS),
    ):
        anna, nobody = (
            town.crm.card(customer, purpose=purpose, actor=actor)
            for customer in (ANNA, CustomerId("nobody"))
        )

        fields = tuple(evolve(one, customer=ANNA) for one in nobody.fields)
        assert anna == evolve(nobody, customer=ANNA, fields=fields)
        assert {one.outcome for one in anna.fields} == {Denied(denial)}


def test_who_comes_for_an_order_does_not_hear_what_its_customer_allows(town: Parts) -> None:
    town.execute(
        GrantConsent(customer=ANNA, at=NOON, purpose="marketing"),
        RestrictProcessing(customer=ANNA, at=NOON, data_class=DataClass.PROFILE),
    )

    card = town.crm.card(ANNA, purpose="delivery", actor=COURIER, order=ORDER)

    assert shown(card)[DataClass.CONTACT, "contact"] == Masked(MASKED)
    assert (card.allowed, card.restricted, card.accepted) == ((), (), None)


def test_who_may_see_data_but_for_what_somebody_said_is_told_what_that_is(town: Parts) -> None:
    town.execute(RestrictProcessing(customer=ANNA, at=NOON))

    card = town.crm.card(ANNA, purpose="service", actor=SAM)

    assert {one.outcome for one in card.fields} == {
        Denied(Denial.RESTRICTED),
        Denied(Denial.PURPOSE),
    }
    assert card.restricted == tuple(DataClass)


def test_a_card_tells_what_a_customer_allows() -> None:
    storage = MemoryStorage(tenant=TENANT)
    policy = evolve(DEFAULT_POLICY, text="2027")
    town = settled(core(storage, MemoryKeyStore(), policy=policy))
    grant = GrantConsent(customer=ANNA, at=NOON, purpose="marketing", policy_version="2027")
    town.execute(
        grant,
        evolve(grant, channel="sms"),
        evolve(grant, purpose="analytics", policy_version="2026"),
        ObjectToProcessing(customer=ANNA, at=NOON, purpose="billing"),
        RestrictProcessing(customer=ANNA, at=NOON, data_class=DataClass.PROFILE),
        AcceptPolicy(customer=ANNA, at=NOON, policy_version="2026"),
    )

    card = town.crm.card(ANNA, purpose="service", actor=SAM)

    assert card.allowed == (("marketing", None), ("marketing", "sms"))
    assert (card.objections, card.restricted) == (("billing",), (DataClass.PROFILE,))
    assert (card.accepted, card.asks_again) == ("2026", True)
    town.execute(AcceptPolicy(customer=ANNA, at=NOON, policy_version="2027"))
    assert not town.crm.card(ANNA, purpose="service", actor=SAM).asks_again


def test_where_boxes_stand_is_remembered_of_a_few_customers(town: Parts) -> None:
    town.execute(RegisterCustomer(customer=BO, at=NOON, contact=Contact(name="Bo")))
    gate = Gate(
        log=town.storage.log,
        vault=town.vault,
        commands=town.commands,
        clock=town.clock,
        policy=DEFAULT_POLICY,
        capacity=1,
    )
    visit = Visit(actor=OFFICER, purpose="legal_duty")
    his = evolve(HERS, customer=BO)

    read = [gate.read([one], visit)[0] for one in (HERS, his, HERS)]

    assert read == [Revealed(CONTACT), Revealed(Contact(name="Bo")), Revealed(CONTACT)]


def test_a_portable_copy_holds_what_was_given_and_not_what_is_others(town: Parts) -> None:
    words, note = Content(text="cold"), Content(text="ring twice")
    grant = GrantConsent(customer=ANNA, at=NOON, purpose="marketing")
    town.execute(
        grant,
        WithdrawConsent(customer=ANNA, at=NOON, purpose="marketing"),
        CompleteOrder(order=ORDER, at=NOON),
        SubmitReview(order=ORDER, at=NOON, customer=ANNA, stars=1, text=words),
        RegisterCustomer(customer=BO, at=NOON, contact=Contact(name="Bo")),
        evolve(grant, customer=BO),
        evolve(PLACE, order=OrderId("o-2"), customer=BO, extra=note),
    )
    served(town)
    town.crm.reveal(evolve(HERS, customer=BO), purpose="service", actor=SAM)

    copy = town.crm.export_personal_data(ANNA, export_id="e-1", actor=HERSELF)

    assert [one.outcome for one in copy.given] == [
        Revealed(CONTACT),
        Revealed(STREET),
        Revealed(Profile(occupation="nurse")),
        Revealed(words),
    ]
    assert list(copy.theirs.orders) == [ORDER]
    assert [type(event) for _, event in copy.theirs.consents] == [ConsentGranted, ConsentWithdrawn]
    assert [event.actor for _, event in copy.theirs.accesses] == ["s-7"]
    assert town.events()[-1].event == PersonalDataExported(
        customer=ANNA,
        export_id="e-1",
        classes=(DataClass.CONTACT, DataClass.ADDRESS, DataClass.PROFILE, DataClass.CONTENT),
        recipient="customer:anna",
    )


def test_a_portable_copy_tells_what_became_of_the_coupons_that_somebody_was_given(
    town: Parts,
) -> None:
    bos = evolve(ISSUE, coupon=C2, customer=BO)
    town.execute(DEFINE, ISSUE, bos, REVOKE, evolve(REVOKE, coupon=C2))

    copy = town.crm.export_personal_data(ANNA, export_id="e-1", actor=HERSELF)

    told = [event for _, event in copy.theirs.facts if isinstance(event, CouponRevoked)]
    assert [one.coupon for one in told] == [C1]


@pytest.mark.parametrize("actor", [HERSELF, OFFICER], ids=lambda one: one.role)
def test_a_portable_copy_tells_nothing_of_who_served_the_order(town: Parts, actor: Actor) -> None:
    rider = Contact(name="Rita", phone="13900000001")
    town.execute(
        NameParty(order=ORDER, at=NOON, party=Party.COURIER, who="c-3", contact=rider),
    )

    copy = town.crm.export_personal_data(ANNA, export_id="e-1", actor=actor)

    assert Revealed(CONTACT) in [one.outcome for one in copy.given]
    assert Revealed(rider) not in [one.outcome for one in copy.given]


def test_who_may_not_have_a_copy_is_told_the_same_of_everybody(town: Parts) -> None:
    told: set[str] = set()
    for customer in (ANNA, CustomerId("nobody")):
        with pytest.raises(ExportDenied) as denied:
            town.crm.export_personal_data(customer, export_id="e-1", actor=SAM)
        told.add(str(denied.value))

    assert told == {"the export is denied: purpose"}
    assert {outcome for outcome, _ in log(town)} == {"denied"}
    with pytest.raises(UnknownCustomer):
        town.crm.export_personal_data(CustomerId("nobody"), export_id="e-1", actor=OFFICER)


def test_which_of_several_cards_is_meant_is_to_be_said_until_one_is_taken_away(town: Parts) -> None:
    cards = {CardId("red"): Payment(card_tail="1234"), CardId("blue"): Payment(card_tail="5678")}
    for card, payment in cards.items():
        town.execute(BindBankCard(customer=ANNA, at=NOON, card=card, payment=payment))

    def asked(card: str | None = None) -> Outcome:
        sought = DataOf(customer=ANNA, data_class=DataClass.PAYMENT, field=card)
        return town.crm.reveal(sought, purpose="subject_access", actor=HERSELF)

    with pytest.raises(SeveralKept, match="which of red, blue"):
        asked()
    assert [asked(card) for card in cards] == [Revealed(payment) for payment in cards.values()]
    town.execute(UnbindBankCard(customer=ANNA, at=NOON, card=CardId("red")))

    assert (asked("red"), asked()) == (NotKept(), Revealed(Payment(card_tail="5678")))


def test_what_is_held_back_from_its_erasure_is_kept_and_not_used(town: Parts) -> None:
    town.crm.erasures.hold("anna", by="counsel", basis="claim", classes=[DataClass.CONTACT])
    town.crm.erasures.erase("anna", by="officer", basis="asked")

    assert served(town) == Denied(Denial.RESTRICTED)
    own = town.crm.reveal(HERS, purpose="subject_access", actor=HERSELF)
    assert own == Revealed(CONTACT)
    assert delivered(town, COURIER, ORDER) == Erased()


def test_what_an_erasure_took_before_two_merges_is_erased_to_who_asks(town: Parts) -> None:
    cleo = CustomerId("cleo")
    for one in (BO, cleo):
        town.execute(RegisterCustomer(customer=one, at=NOON, contact=Contact(name="B")))
    town.crm.erasures.erase("anna", by="officer", basis="asked")
    town.crm.erasures.authorise_new_life("anna", by="officer", basis="came-back")
    town.execute(MergeCustomers(absorbed=ANNA, survivor=BO, at=NOON, evidence="same-phone"))
    assert served(town) == Erased()

    town.execute(MergeCustomers(absorbed=BO, survivor=cleo, at=NOON, evidence="same-phone"))

    assert served(town) == Erased()
    assert town.crm.verify().keys_unasked == ()


def test_a_key_that_another_process_destroyed_opens_nothing_at_the_gate(town: Parts) -> None:
    served(town)
    contact = KeyName(TENANT, "customer/anna", DataClass.CONTACT)
    town.keys.fence([contact], at=1)
    town.keys.destroy([contact], at=2)

    assert isinstance(served(town), KeyUnavailable)  # the log tells of no erasure


def test_keys_that_come_back_from_a_backup_show_nothing_of_who_was_erased() -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    town = settled(core(storage, keys))
    names = [
        KeyName(TENANT, subject, of) for of in DataClass for subject in ("customer/anna", "marks")
    ]
    kept = [key for versions in keys.get_many(names).values() for key in versions]
    town.crm.erasures.erase("anna", by="officer", basis="asked")

    restored = core(storage, MemoryKeyStore(kept))

    assert served(restored) == Erased()
