from collections.abc import Iterator

import pytest
from attrs import evolve

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.aggregates import CUSTOMER
from regulars.application.aggregates import ORDER as AGGREGATE_OF_ORDERS
from regulars.application.audit import Drift, verify
from regulars.application.catalogue import VIEWS
from regulars.application.customer import CUSTOMERS
from regulars.application.errors import UndecodableEvent
from regulars.application.loyalty import ACCOUNTS
from regulars.application.sales import MERCHANTS, SALES
from regulars.application.snapshots import Snapshot
from regulars.application.stray_keys import Unasked
from regulars.domain.customer import AddDeliveryAddress, Customer, RegisterCustomer
from regulars.domain.order import Order
from regulars.domain.personal import Address, Contact, DataClass, Profile
from regulars.domain.values import AddressId, CustomerId
from tests.application.histories import tell
from tests.application.memory_crm import Parts, core, memory_core, sql_core
from tests.application.shop_week import WEEK
from tests.domain.chronicle import Command
from tests.domain.examples import ANNA, BO, ORDER
from tests.domain.story import NOON

PEOPLE: list[Command] = [
    RegisterCustomer(
        customer=BO, at=NOON, contact=Contact(name="Bo"), profile=Profile(gender="male")
    ),
    AddDeliveryAddress(
        customer=BO, at=NOON, address_id=AddressId("home"), address=Address(text="Lane 9")
    ),
]
BOXES = 6
"""Three addresses, the words of a review, and what Bo told of himself."""


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database("sqlite://")
    yield database
    database.close()


@pytest.fixture
def town(database: Database) -> Parts:
    return tell(sql_core(database), [*WEEK, *PEOPLE])


def test_a_log_that_is_whole_is_sound(town: Parts) -> None:
    verdict = town.crm.verify()

    assert verdict.sound
    assert verdict.events == town.storage.log.head()
    assert verdict.streams == len({one.stream for one in town.events()})
    assert dict(verdict.views) == {view: len(rows) for view, rows in town.rows().items()}
    assert (verdict.gaps, verdict.drifts, verdict.boxes_tampered) == ((), (), ())
    assert (verdict.boxes_open, verdict.boxes_erased, verdict.boxes_without_key) == (BOXES, 0, 0)


def test_a_log_in_memory_is_verified_alike(town: Parts) -> None:
    assert tell(memory_core(), [*WEEK, *PEOPLE]).crm.verify() == town.crm.verify()


def test_verifying_changes_nothing(town: Parts) -> None:
    before = town.events(), town.rows()

    town.crm.verify()

    assert (town.events(), town.rows()) == before


def test_a_row_that_was_changed_is_found(town: Parts) -> None:
    row = town.storage.views.load(ACCOUNTS, [("default", ANNA)])["default", ANNA]
    row.balance += 1_000
    town.storage.views.save({ACCOUNTS: [row]}, checkpoint=town.storage.log.head())

    verdict = town.crm.verify()

    assert not verdict.sound
    assert verdict.drifts == (Drift(view="accounts", rows=1, keys=(f"default/{ANNA}",)),)


def test_a_row_that_is_missing_is_found(database: Database, town: Parts) -> None:
    database.driver.execute("DELETE FROM view_customers_3 WHERE customer = ?", (ANNA,))

    assert town.crm.verify().drifts == (Drift(view="customers", rows=1, keys=(ANNA,)),)


def test_a_row_that_nothing_led_to_is_found(town: Parts) -> None:
    town.storage.views.save({MERCHANTS: [MERCHANTS.row("ghost")]}, checkpoint=len(town.events()))

    assert town.crm.verify().drifts == (Drift(view="merchants", rows=1, keys=("ghost",)),)


def test_a_view_that_stands_elsewhere_is_found(town: Parts) -> None:
    head = town.storage.log.head()
    town.storage.views.save({SALES: ()}, checkpoint=head - 3)

    (drift,) = town.crm.verify().drifts

    assert (drift.view, drift.rows) == ("sales", 1)
    assert f"{head - 3} of {head}" in drift.keys[0]


def test_of_many_wrong_rows_some_are_named(town: Parts) -> None:
    ghosts = [CUSTOMERS.row(f"ghost {number}") for number in range(7)]
    town.storage.views.save({CUSTOMERS: ghosts}, checkpoint=town.storage.log.head())

    (drift,) = town.crm.verify().drifts

    assert drift.rows == 7
    assert drift.keys == tuple(f"ghost {number}" for number in range(5))


def test_an_event_that_was_taken_out_leaves_a_gap(database: Database, town: Parts) -> None:
    second = list(town.storage.log.stream(f"customer-{ANNA}"))[1]
    third = list(town.storage.log.stream(f"customer-{ANNA}"))[2]
    database.driver.execute("DELETE FROM events WHERE position = ?", (second.position,))

    verdict = town.crm.verify()

    assert not verdict.sound
    assert verdict.gaps == (f"event {third.position}: customer-{ANNA} 3",)


def test_a_box_that_was_changed_is_found(database: Database, town: Parts) -> None:
    registered = town.events()[-2]
    body = database.driver.execute(
        "SELECT body FROM events WHERE position = ?", (registered.position,)
    ).fetchone()[0]
    place = body.index(b'"envelope":"') + 60
    other = b"A" if body[place : place + 1] != b"A" else b"B"
    database.driver.execute(
        "UPDATE events SET body = ? WHERE position = ?",
        (body[:place] + other + body[place + 1 :], registered.position),
    )

    verdict = town.crm.verify()

    assert not verdict.sound
    assert verdict.boxes_tampered == (f"event {registered.position}: contact",)
    assert verdict.boxes_open == BOXES - 1


def test_a_box_that_stands_in_another_event_is_found(database: Database, town: Parts) -> None:
    first, second = [one for one in town.events() if one.type == "DeliveryAddressAdded"][:2]
    for there, here in ((first, second), (second, first)):
        database.driver.execute(
            "UPDATE events SET event_id = ? WHERE position = ?",
            (here.event_id[:-1] + b"\xff", there.position),
        )

    assert town.crm.verify().boxes_tampered == (
        f"event {first.position}: address",
        f"event {second.position}: address",
    )


@pytest.mark.usefixtures("town")
def test_a_key_that_is_missing_is_no_erasure(database: Database) -> None:
    database.driver.execute("DELETE FROM keys WHERE data_class = 'contact'")

    verdict = sql_core(database).crm.verify()

    assert not verdict.sound
    assert (verdict.boxes_open, verdict.boxes_without_key) == (BOXES - 1, 1)
    assert (verdict.boxes_erased, verdict.boxes_tampered) == (0, ())


def test_an_erased_box_is_as_it_should_be(town: Parts) -> None:
    town.crm.erasures.erase(BO, by="officer:1", basis="asked", classes=[DataClass.ADDRESS])

    verdict = town.crm.verify()

    assert verdict.sound
    assert (verdict.boxes_open, verdict.boxes_erased) == (BOXES - 1, 1)


@pytest.mark.usefixtures("town")
def test_a_key_that_was_marked_as_erased_by_hand_is_named(database: Database) -> None:
    database.driver.execute(
        "UPDATE keys SET state = 'erased', wrapped = NULL, erased_at = 1"
        " WHERE data_class = 'contact'"
    )

    verdict = sql_core(database).crm.verify()

    assert not verdict.sound
    assert verdict.keys_unasked == (
        Unasked(subject="customer/bo", data_class=DataClass.CONTACT, keys=1),
    )


def test_an_event_that_cannot_be_read_stops_the_audit_and_is_named(
    database: Database, town: Parts
) -> None:
    database.driver.execute("UPDATE events SET body = x'7B7D' WHERE position = 3")

    with pytest.raises(UndecodableEvent) as unreadable:
        town.crm.verify()

    assert unreadable.value.position == 3


def test_an_audit_tells_how_far_it_is() -> None:
    town = memory_core(inline=False)
    town.execute(
        *(RegisterCustomer(customer=CustomerId(str(number)), at=NOON) for number in range(2_500))
    )
    seen: list[tuple[int, int]] = []

    verify(
        town.storage,
        town.vault,
        town.crm.keys,
        VIEWS,
        progress=lambda done, of: seen.append((done, of)),
    )

    assert seen == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]


def test_snapshots_are_compared_with_what_their_streams_add_up_to(town: Parts) -> None:
    anna, bo, order = f"customer-{ANNA}", f"customer-{BO}", f"order-{ORDER}"
    keep = town.storage.snapshots.keep
    keep(bo, CUSTOMER, Snapshot(1, Customer(registered=True)))
    keep(anna, CUSTOMER, Snapshot(1, Customer(registered=False)))
    keep(order, AGGREGATE_OF_ORDERS, Snapshot(10_000, Order()))
    keep("parcel-1", CUSTOMER, Snapshot(1, Customer()))
    keep("customer-long-gone", evolve(CUSTOMER, fold_version=99), Snapshot(1, Customer()))

    verdict = town.crm.verify()

    assert not verdict.sound
    assert (verdict.snapshots, verdict.snapshots_drifted) == (3, (anna, order))
    assert (verdict.gaps, verdict.drifts) == ((), ())
    assert town.crm.rebuild() == town.storage.log.head()
    assert town.crm.verify().sound


def test_views_that_are_left_behind_are_told_of() -> None:
    town = tell(memory_core(inline=False), WEEK)

    assert {drift.view for drift in town.crm.verify().drifts} == {view.name for view in VIEWS}
    town.crm.catch_up()
    assert town.crm.verify().sound


def test_an_empty_log_is_sound() -> None:
    town = core(MemoryStorage(tenant="shop"), MemoryKeyStore())

    verdict = town.crm.verify()

    assert verdict.sound
    assert (verdict.events, verdict.streams) == (0, 0)
