from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias, get_args

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain import keeping
from regulars.domain.bank_card import BankCardBound, BankCardUnbound
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn
from regulars.domain.customer import (
    CustomerDetailsUpdated,
    CustomerRegistered,
    DeliveryAddressAdded,
    DeliveryAddressRemoved,
)
from regulars.domain.erasure import (
    CustomerErased,
    ErasureRequested,
    LegalHoldPlaced,
    LegalHoldReleased,
    NewLifeAuthorised,
)
from regulars.domain.evidence import Traces
from regulars.domain.keeping import Event, Kept, expired
from regulars.domain.order import (
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderPickedUp,
    OrderReady,
    PreparationStarted,
)
from regulars.domain.personal import DataClass, Sealed
from regulars.domain.protection import CourierAssigned, OrderRedirected, Party, PartyNamed
from regulars.domain.purchase import OrderPlaced
from regulars.domain.real_name import RealNameVerified
from regulars.domain.refund import RefundIssued
from regulars.domain.retention import DataSubject, Retention, Since
from regulars.domain.review import ReviewSubmitted
from regulars.domain.rights import (
    PersonalDataExported,
    PrivacyPolicyAccepted,
    ProcessingRestricted,
    RestrictionLifted,
)
from regulars.domain.subject import (
    Subject,
    SubjectErasureCompleted,
    SubjectErasureRequested,
    SubjectHoldPlaced,
    SubjectHoldReleased,
    SubjectKind,
    SubjectLifeAuthorised,
)
from regulars.domain.values import AddressId, CardId, ErasureId, RefundId
from tests.domain.examples import ANNA, ORDER
from tests.domain.story import NOON

BOX = Sealed(b"box")
DAY = timedelta(days=1)
Told: TypeAlias = tuple[int, Event]
"""On which day something happened."""

REGISTERED = CustomerRegistered(customer=ANNA, contact=BOX)
HOME = DeliveryAddressAdded(customer=ANNA, address_id=AddressId("home"), address=BOX)
PLACED = OrderPlaced(order=ORDER, currency="CNY", total=1, customer=ANNA)
ERASED = CustomerErased(
    customer=ANNA,
    erasure=ErasureId("e-1"),
    classes=(DataClass.ADDRESS,),
    keys=(),
    purged=(),
    readable_for=300,
    traces=Traces.GONE,
)

ORDERS = Retention(
    kind="order",
    classes=frozenset({DataClass.PAYMENT, DataClass.CONTENT, DataClass.ADDRESS}),
    days=10,
    since=Since.ORDER,
)
CUSTOMERS = Retention(
    kind="customer", classes=frozenset({DataClass.CONTACT, DataClass.IDENTITY}), days=10
)
ALLOWED = Retention(
    kind="profile",
    classes=frozenset({DataClass.PROFILE}),
    days=10,
    since=Since.CONSENT,
    purpose="marketing",
)
RULES = (ORDERS, CUSTOMERS, ALLOWED)


def day(number: int) -> datetime:
    return NOON + number * DAY


def kept(*told: Told) -> Kept:
    state = Kept()
    for number, event in told:
        keeping.fold(state, event, day(number))
    return state


def over(
    *told: Told, on: int, rules: Sequence[Retention] = RULES
) -> dict[DataClass, tuple[str, int]]:
    """The classes whose time is over on a day, by which rule, and the day it counted from."""
    return {
        one.data_class: (one.rule.kind, (one.since - NOON) // DAY)
        for one in expired(rules, ANNA, kept(*told), day(on))
    }


def test_what_was_never_given_is_never_over() -> None:
    assert over((0, CustomerRegistered(customer=ANNA)), (0, PLACED), on=9_000) == {}


def test_time_is_over_on_the_day_itself_and_not_before() -> None:
    assert over((0, REGISTERED), on=9) == {}
    assert over((0, REGISTERED), on=10) == {DataClass.CONTACT: ("customer", 0)}
    assert expired(RULES, ANNA, kept((0, REGISTERED)), day(10) - timedelta(microseconds=1)) == []


@pytest.mark.parametrize(
    "event",
    [
        PLACED,
        OrderAccepted(order=ORDER),
        PreparationStarted(order=ORDER),
        OrderReady(order=ORDER),
        OrderPickedUp(order=ORDER),
        OrderRedirected(order=ORDER, address_id=AddressId("office")),
        CourierAssigned(order=ORDER, courier="c-7"),
        PartyNamed(order=ORDER, party=Party.COURIER, who="c-7", contact=BOX),
        OrderDelivered(order=ORDER, currency="CNY", total=1, placed_at=NOON, customer=ANNA),
        OrderCompleted(order=ORDER),
        OrderCancelled(order=ORDER, currency="CNY", placed_at=NOON, customer=ANNA),
        RefundIssued(
            order=ORDER,
            refund=RefundId("r"),
            currency="CNY",
            amount=1,
            goods=1,
            goodwill=0,
            goods_refunded=1,
            total=1,
            placed_at=NOON,
            customer=ANNA,
        ),
        ReviewSubmitted(order=ORDER, customer=ANNA, stars=5),
    ],
)
def test_whatever_happens_of_an_order_starts_the_clocks_anew(event: Event) -> None:
    story: tuple[Told, ...] = ((0, REGISTERED), (0, HOME), (5, event))

    assert over(*story, on=14) == {}
    assert over(*story, on=15) == {
        DataClass.CONTACT: ("customer", 5),
        DataClass.ADDRESS: ("order", 5),
    }


@pytest.mark.parametrize(
    "event",
    [
        CustomerDetailsUpdated(customer=ANNA, source="web"),
        DeliveryAddressRemoved(customer=ANNA, address_id=AddressId("home")),
        BankCardUnbound(customer=ANNA, card=CardId("c")),
        PrivacyPolicyAccepted(customer=ANNA, policy_version="2"),
        ConsentGranted(customer=ANNA, purpose="sms"),
        ConsentWithdrawn(customer=ANNA, purpose="sms"),
    ],
)
def test_what_a_customer_does_keeps_the_customer_but_not_what_is_for_orders(event: Event) -> None:
    story: tuple[Told, ...] = ((0, REGISTERED), (0, HOME), (5, event))

    assert over(*story, on=14) == {DataClass.ADDRESS: ("order", 0)}


def test_a_copy_that_is_made_of_their_data_is_nothing_that_they_did() -> None:
    copied = PersonalDataExported(customer=ANNA, export_id="x", classes=(), recipient="r")

    assert over((0, REGISTERED), (5, copied), on=10) == {DataClass.CONTACT: ("customer", 0)}


def test_what_was_given_lately_is_kept_however_long_ago_the_last_order_is() -> None:
    assert over((0, PLACED), (20, HOME), on=29) == {}
    assert over((0, PLACED), (20, HOME), on=30) == {DataClass.ADDRESS: ("order", 20)}


def test_an_event_that_is_told_late_does_not_set_a_clock_back() -> None:
    assert over((5, HOME), (8, PLACED), (2, OrderCompleted(order=ORDER)), on=17) == {}


@pytest.mark.parametrize(
    ("event", "data_class"),
    [
        (REGISTERED, DataClass.CONTACT),
        (CustomerDetailsUpdated(customer=ANNA, profile=BOX), DataClass.PROFILE),
        (CustomerDetailsUpdated(customer=ANNA, extra=BOX), DataClass.CONTENT),
        (HOME, DataClass.ADDRESS),
        (BankCardBound(customer=ANNA, card=CardId("c"), payment=BOX), DataClass.PAYMENT),
        (
            RealNameVerified(customer=ANNA, identity=BOX, method="m", evidence="e"),
            DataClass.IDENTITY,
        ),
        (
            OrderPlaced(order=ORDER, currency="CNY", total=1, customer=ANNA, extra=BOX),
            DataClass.CONTENT,
        ),
        (ReviewSubmitted(order=ORDER, customer=ANNA, text=BOX), DataClass.CONTENT),
    ],
)
def test_what_is_given_is_kept_from_then_on(event: Event, data_class: DataClass) -> None:
    assert kept((3, event)).given == {data_class: day(3)}


def test_every_box_of_an_event_about_customers_counts_as_given() -> None:
    boxed = {
        event: {one.name for one in fields(event) if "Sealed" in str(one.type)}
        for event in get_args(Event)
        if event is not PartyNamed  # of who serves the order
    }

    assert {event.__name__: names for event, names in boxed.items() if names} == {
        "CustomerRegistered": {"contact", "profile", "extra"},
        "CustomerDetailsUpdated": {"contact", "profile", "extra"},
        "DeliveryAddressAdded": {"address"},
        "BankCardBound": {"payment"},
        "RealNameVerified": {"identity"},
        "OrderPlaced": {"extra"},
        "ReviewSubmitted": {"text"},
    }


COURIER = Subject(kind=SubjectKind.COURIER, id="c-7")
SERVICE = Retention(
    kind="service",
    classes=frozenset({DataClass.CONTACT}),
    days=10,
    since=Since.ORDER,
    of=frozenset({DataSubject.COURIER}),
)


@pytest.mark.parametrize(
    "event",
    [CourierAssigned(order=ORDER, courier="c-7"), OrderCompleted(order=ORDER), PLACED],
)
def test_whatever_happens_of_an_order_starts_the_clock_of_who_serves_it_anew(
    event: keeping.Bought,
) -> None:
    named = PartyNamed(order=ORDER, party=Party.COURIER, who="c-7", contact=BOX)
    state = Kept()
    keeping.serve(state, named, day(0))
    keeping.serve(state, event, day(5))

    assert state.given == {DataClass.CONTACT: day(0)}
    assert expired([SERVICE], COURIER, state, day(14)) == []
    (over,) = expired([SERVICE], COURIER, state, day(15))
    assert (over.customer, over.since) == (COURIER, day(5))
    assert expired([SERVICE], ANNA, state, day(99)) == []


def test_what_was_erased_of_a_subject_is_no_longer_kept_and_what_is_held_stays() -> None:
    state = Kept()
    keeping.serve(
        state, PartyNamed(order=ORDER, party=Party.COURIER, who="c-7", contact=BOX), day(0)
    )
    contact = (DataClass.CONTACT,)
    held = SubjectHoldPlaced(subject=COURIER, classes=contact, basis="case-17")
    asked = SubjectErasureRequested(
        subject=COURIER,
        erasure=ErasureId("e"),
        classes=contact,
        restricted=contact,
        basis="retention:service",
        new_life=True,
    )

    keeping.fold(state, held, day(1))
    assert expired([SERVICE], COURIER, state, day(99)) == []
    keeping.fold(state, SubjectHoldReleased(subject=COURIER, classes=contact, basis="x"), day(1))
    keeping.fold(state, asked, day(1))
    assert expired([SERVICE], COURIER, state, day(99)) != []
    keeping.fold(
        state,
        SubjectErasureCompleted(
            subject=COURIER,
            erasure=ErasureId("e"),
            classes=contact,
            keys=(),
            purged=(),
            readable_for=300,
            traces=Traces.GONE,
        ),
        day(10),
    )
    keeping.fold(state, SubjectLifeAuthorised(subject=COURIER, classes=contact, basis="x"), day(10))

    assert state.given == {}
    assert state.erasure is not None
    assert state.erasure.erased == set()


GIVEN: Told = (0, CustomerDetailsUpdated(customer=ANNA, profile=BOX))
GRANTED = ConsentGranted(customer=ANNA, purpose="marketing")
WITHDRAWN = ConsentWithdrawn(customer=ANNA, purpose="marketing")


@pytest.mark.parametrize(
    ("story", "since"),
    [
        ((), None),
        (((1, GRANTED),), None),
        (((1, GRANTED), (3, WITHDRAWN)), 3),
        (((1, GRANTED), (3, WITHDRAWN), (4, GRANTED)), None),
        (((1, ConsentGranted(customer=ANNA, purpose="marketing", valid_until=day(7))),), 7),
        (((1, ConsentGranted(customer=ANNA, purpose="marketing", valid_until=day(99))),), None),
        (
            (
                (1, GRANTED),
                (2, ConsentGranted(customer=ANNA, purpose="marketing", channel="sms")),
                (3, WITHDRAWN),
            ),
            None,
        ),
        (((1, ConsentGranted(customer=ANNA, purpose="sms")), (2, WITHDRAWN)), 2),
    ],
)
def test_what_is_kept_on_consent_is_over_so_long_after_the_last_consent_ended(
    story: Sequence[Told], since: int | None
) -> None:
    found = {} if since is None else {DataClass.PROFILE: ("profile", since)}

    assert over(GIVEN, *story, on=30) == found


def test_the_rule_that_ended_first_is_the_one_that_counts() -> None:
    longer = Retention(kind="longer", classes=frozenset({DataClass.CONTACT}), days=12)
    shorter = Retention(kind="shorter", classes=frozenset({DataClass.CONTACT}), days=3)

    for rules in ((longer, shorter, CUSTOMERS), (CUSTOMERS, shorter, longer)):
        found = over((0, REGISTERED), on=20, rules=rules)
        assert found == {DataClass.CONTACT: ("shorter", 0)}


@pytest.mark.parametrize(
    ("kept_back", "let_go"),
    [
        (
            LegalHoldPlaced(customer=ANNA, classes=(DataClass.ADDRESS,), basis="tax"),
            LegalHoldReleased(customer=ANNA, classes=(DataClass.ADDRESS,), basis="over"),
        ),
        (
            ProcessingRestricted(customer=ANNA, data_class=DataClass.ADDRESS),
            RestrictionLifted(customer=ANNA, data_class=DataClass.ADDRESS),
        ),
        (ProcessingRestricted(customer=ANNA), RestrictionLifted(customer=ANNA)),
    ],
)
def test_what_is_held_or_restricted_is_kept_until_that_ends(
    kept_back: Event, let_go: Event
) -> None:
    assert over((0, HOME), (1, kept_back), on=99) == {}
    assert over((0, HOME), (1, kept_back), (2, let_go), on=99) == {DataClass.ADDRESS: ("order", 0)}


def test_what_was_erased_is_over_once_and_again_only_when_it_is_given_again() -> None:
    asked = ErasureRequested(
        customer=ANNA,
        erasure=ErasureId("e-1"),
        classes=(DataClass.ADDRESS,),
        restricted=(),
        basis="retention:order",
        new_life=True,
    )
    life = NewLifeAuthorised(customer=ANNA, classes=(DataClass.ADDRESS,), basis="retention:order")
    gone: tuple[Told, ...] = ((0, HOME), (10, asked), (10, ERASED), (10, life))

    assert over((0, HOME), (10, asked), on=20) == {DataClass.ADDRESS: ("order", 0)}
    assert over(*gone, on=99) == {}
    assert over(*gone, (15, HOME), on=24) == {}
    assert over(*gone, (15, HOME), on=25) == {DataClass.ADDRESS: ("order", 15)}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(0, 60))
def test_what_is_over_stays_over_and_nothing_that_happens_brings_it_forward(
    days: list[int], on: int
) -> None:
    story: list[Told] = [(number, HOME) for number in days]

    found = over(*story, on=on)

    assert (found == {}) == (on < max(days) + 10)
    assert over(*story, on=on + 1).keys() >= found.keys()
    assert over(*story, (on, PLACED), on=on) == {}
