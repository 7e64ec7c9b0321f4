import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import cast

import pytest
from attrs import evolve, frozen

from regulars.application import importing
from regulars.application.balances import PointsBalance
from regulars.application.catalogue import VIEWS
from regulars.application.customer import CustomerProfile
from regulars.application.events import moment
from regulars.application.history import (
    CustomerRow,
    MerchantRow,
    OrderRow,
    Place,
    Reject,
    ReviewRow,
)
from regulars.application.importing import Counts, Imported, Importing
from regulars.application.projecting import computed
from regulars.application.report import SalesReport
from regulars.domain.purchase import Line
from regulars.domain.values import BEGINNING, ItemId, OrderId
from tests.application.memory_crm import Parts, core, memory_core
from tests.domain.examples import PLACE
from tests.domain.story import NOON, minutes


@frozen
class Past:
    """A history that is told from memory."""

    orders_: Sequence[OrderRow] = ()
    customers_: Sequence[CustomerRow] = ()
    merchants_: Sequence[MerchantRow] = ()
    reviews_: Sequence[ReviewRow] = ()

    def merchants(self) -> Iterator[MerchantRow]:
        return iter(self.merchants_)

    def customers(self) -> Iterator[CustomerRow]:
        return iter(self.customers_)

    def orders(self) -> Iterator[OrderRow]:
        return iter(self.orders_)

    def reviews(self) -> Iterator[ReviewRow]:
        return iter(self.reviews_)


def at(row: int, file: str = "orders.csv") -> Place:
    return Place(file=file, row=row)


def an_order(
    number: int, customer: str | None = "anna", merchant: str | None = "noodles"
) -> OrderRow:
    return OrderRow(
        place=at(number),
        order_id=f"o-{number}",
        placed_at=NOON + minutes(number),
        currency="CNY",
        total=100_00,
        customer_id=customer,
        merchant_id=merchant,
    )


ANNA = CustomerRow(
    place=at(1, "customers.csv"),
    customer_id="anna",
    name="Anna Müller",
    phone="13812345678",
    email="anna@example.com",
    birth_date=date(1990, 2, 28),
    gender="f",
    occupation="teacher",
    address="Lane 7, Room 302",
    registered_at=NOON,
    source="flyer",
    extra=(("shoe size", "38"),),
)
BO = CustomerRow(place=at(2, "customers.csv"), customer_id="bo")
NOODLES = MerchantRow(
    place=at(1, "merchants.csv"),
    merchant_id="noodles",
    name="Noodles",
    brand="Noodle Co",
    category="mains",
    address="7 Harbour Street",
    region="north",
    extra=(("floor", "2"),),
)
FULL = OrderRow(
    place=at(1),
    order_id="o-1",
    placed_at=NOON,
    currency="CNY",
    total=100_00,
    customer_id="anna",
    merchant_id="noodles",
    accepted_at=NOON + minutes(1),
    prepared_at=NOON + minutes(2),
    picked_up_at=NOON + minutes(3),
    delivered_at=NOON + minutes(4),
    discount=5_00,
    delivery_fee=6_00,
    tip=7_00,
    refund=30_50,
    refunded_at=NOON + minutes(5),
    channel="pickup",
    payment_method="card",
    region="north",
    lines=(
        Line(line=1, item=ItemId("soup"), quantity=2, name="Soup", unit_price=50_00),
        Line(line=2, item=ItemId("tea"), quantity=1, category="drinks"),
    ),
    line_rows=(("lines.csv", (1, 2)),),
    extra=(("note", "ring twice"),),
)
REVIEW = ReviewRow(
    place=at(1, "reviews.csv"),
    order_id="o-1",
    stars=5,
    dish_stars=4,
    delivery_stars=3,
    text="Warm.",
)
WHOLE = Past([FULL], [ANNA, BO], [NOODLES], [REVIEW])


@pytest.fixture
def town() -> Parts:
    return memory_core()


def imported(town: Parts, past: Past) -> tuple[Imported, list[Reject]]:
    rejects: list[Reject] = []
    return town.crm.import_history(past, reject=rejects.append), rejects


def facts(town: Parts) -> list[tuple[str, int, str, bytes, int]]:
    """What the import recorded, but for boxes, which are never sealed alike."""
    return [
        (one.stream, one.version, one.type, one.event_id, one.occurred_at)
        for one in town.events()
        if one.actor != "host"
    ]


def kinds(town: Parts, stream: str) -> list[str]:
    return [one.type for one in town.crm.events(stream=stream)]


def test_a_history_becomes_what_would_have_been_recorded(town: Parts) -> None:
    done, rejects = imported(town, WHOLE)

    assert rejects == []
    assert (done.orders, done.customers, done.merchants, done.reviews) == (1, 2, 1, 1)
    assert done.events == len(town.events()) - 2
    assert done.flagged == 0
    assert done.rows == {
        "merchants": Counts(recorded=1),
        "customers": Counts(recorded=2),
        "orders": Counts(recorded=1),
        "lines": Counts(recorded=2),
        "reviews": Counts(recorded=1),
    }
    assert kinds(town, "order-o-1") == [
        "OrderPlaced",
        "OrderAccepted",
        "OrderReady",
        "OrderPickedUp",
        "OrderDelivered",
        "RefundIssued",
        "ReviewSubmitted",
    ]
    assert kinds(town, "customer-anna") == ["CustomerRegistered", "DeliveryAddressAdded"]
    assert kinds(town, "customer-bo") == ["CustomerRegistered"]


def test_what_was_imported_is_in_the_views(town: Parts) -> None:
    imported(town, WHOLE)

    balance = town.crm.ask(PointsBalance(customer="anna"))
    profile = town.crm.ask(CustomerProfile(customer="anna", timezone=UTC))
    report = town.crm.ask(SalesReport(timezone=UTC))

    assert balance is not None
    assert (balance.earned, balance.balance) == (100, 69)
    assert profile is not None
    assert (profile.registered_at, profile.source, profile.addresses) == (NOON, "flyer", 1)
    assert report.top_merchants[0].name == "Noodles"
    assert town.crm.verify().sound


def test_what_happened_happened_at_its_own_time(town: Parts) -> None:
    imported(town, WHOLE)

    when = {one.type: one.occurred_at for one in town.crm.events(stream="order-o-1")}
    placed = when["OrderPlaced"]
    assert [(time - placed) // 60_000_000 for time in when.values()] == [0, 1, 2, 3, 4, 5, 4]
    assert {one.actor for one in town.events()[2:]} == {"import", "policy"}


def test_rows_that_know_no_times_happen_when_they_can_have(town: Parts) -> None:
    bare = evolve(an_order(1), refund=10_00)
    past = Past([bare], [BO], [], [evolve(REVIEW, reviewed_at=NOON + minutes(60))])

    imported(town, past)

    when = {one.type: one.occurred_at for one in town.crm.events(stream="order-o-1")}
    placed = when["OrderPlaced"]
    assert [(time - placed) // 60_000_000 for time in when.values()] == [0, 0, 0, 59]
    (registered,) = town.crm.events(stream="customer-bo")
    assert moment(registered.occurred_at) == BEGINNING


def test_an_import_that_runs_again_records_nothing(town: Parts) -> None:
    imported(town, WHOLE)
    before = town.events()

    done, rejects = imported(town, WHOLE)

    assert town.events() == before
    assert rejects == []
    assert (done.orders, done.customers, done.merchants, done.reviews, done.events) == (0,) * 5
    assert done.rows == {
        "merchants": Counts(skipped=1),
        "customers": Counts(skipped=2),
        "orders": Counts(skipped=1),
        "lines": Counts(skipped=2),
        "reviews": Counts(skipped=1),
    }


def test_new_rows_are_added_to_what_was_imported(town: Parts) -> None:
    imported(town, WHOLE)

    done, rejects = imported(town, evolve(WHOLE, orders_=[FULL, an_order(2, "carl", "bakery")]))

    assert rejects == []
    assert (done.orders, done.customers, done.merchants) == (1, 1, 1)
    assert done.rows["orders"] == Counts(recorded=1, skipped=1)


def test_a_row_of_the_same_id_with_other_content_is_rejected(town: Parts) -> None:
    imported(town, WHOLE)
    before = town.events()

    done, rejects = imported(
        town,
        Past(
            [evolve(FULL, total=1)],
            [evolve(ANNA, phone="13900000000")],
            [evolve(NOODLES, name="Other")],
            [evolve(REVIEW, stars=1)],
        ),
    )

    assert town.events() == before
    assert [one.place for one in rejects if one.place.file != "lines.csv"] == [
        NOODLES.place,
        ANNA.place,
        FULL.place,
        REVIEW.place,
    ]
    assert done.rows["orders"] == Counts(rejected=1)
    assert [one.place for one in rejects if one.place.file == "lines.csv"] == [
        at(1, "lines.csv"),
        at(2, "lines.csv"),
    ]


def test_of_the_same_row_twice_one_is_recorded(town: Parts) -> None:
    past = Past([], [ANNA, evolve(ANNA, place=at(9))], [NOODLES, evolve(NOODLES, place=at(8))], [])

    done, rejects = imported(town, past)

    assert rejects == []
    assert (done.customers, done.merchants) == (1, 1)
    assert done.rows == {
        "customers": Counts(recorded=1, skipped=1),
        "merchants": Counts(recorded=1, skipped=1),
    }


def test_of_two_rows_with_one_id_the_second_is_rejected(town: Parts) -> None:
    past = Past(
        [],
        [ANNA, evolve(ANNA, place=at(9), name="Other")],
        [NOODLES, evolve(NOODLES, place=at(8), name="Other")],
        [],
    )

    done, rejects = imported(town, past)

    assert [one.place for one in rejects] == [at(8), at(9)]
    assert (done.customers, done.merchants) == (1, 1)


def test_whoever_an_order_names_is_known_from_then_on(town: Parts) -> None:
    past = Past([an_order(1), an_order(2), an_order(3, None, None), an_order(4, "bo", "bakery")])

    done, _ = imported(town, past)

    assert (done.orders, done.customers, done.merchants) == (4, 2, 2)
    (anna,) = town.crm.events(stream="customer-anna")
    assert anna.occurred_at == next(town.crm.events(stream="order-o-1")).occurred_at


def test_whoever_was_known_by_id_alone_is_told_more_about_later(town: Parts) -> None:
    imported(town, Past([an_order(1)]))

    done, rejects = imported(town, Past([], [ANNA, BO], [NOODLES], []))

    assert rejects == []
    assert (done.customers, done.merchants) == (1, 0)
    assert done.rows == {"customers": Counts(recorded=2), "merchants": Counts(recorded=1)}
    assert kinds(town, "customer-anna") == [
        "CustomerRegistered",
        "CustomerDetailsUpdated",
        "DeliveryAddressAdded",
    ]
    assert kinds(town, "merchant-noodles") == ["MerchantRegistered", "MerchantDetailsUpdated"]
    profile = town.crm.ask(CustomerProfile(customer="anna", timezone=UTC))
    assert profile is not None
    assert profile.favourite_merchants[0].name == "Noodles"

    again, _ = imported(town, Past([], [ANNA, BO], [NOODLES], []))
    assert again.events == 0
    assert again.rows["customers"] == Counts(skipped=2)


def test_a_merchant_of_whom_the_file_knows_the_id_alone_is_counted_once(town: Parts) -> None:
    bare = MerchantRow(place=at(1, "merchants.csv"), merchant_id="noodles")

    done, rejects = imported(town, Past([an_order(1)], [], [bare], []))

    assert rejects == []
    assert done.merchants == 1


@pytest.mark.parametrize(
    ("change", "flagged"),
    [
        ({}, 0),
        ({"prepared_at": NOON - minutes(1)}, 1),
        ({"refund": 100_01}, 1),
        ({"refunded_at": NOON}, 1),
        ({"refund": 0}, 0),
        ({"cancelled": True}, 1),
        ({"cancelled": True, "refund": 0, "cancelled_at": NOON + minutes(9)}, 0),
        ({"cancelled": True, "refund": 0, "cancelled_at": NOON - minutes(1)}, 1),
    ],
)
def test_what_is_odd_is_recorded_and_flagged(
    town: Parts, change: dict[str, int | datetime], flagged: int
) -> None:
    order = cast("Callable[..., OrderRow]", evolve)(FULL, **change)

    done, rejects = imported(town, Past([order]))

    assert rejects == []
    assert (done.orders, done.flagged) == (1, flagged)
    again, _ = imported(town, Past([order]))
    assert again.flagged == 0


def test_a_cancelled_order_is_placed_and_cancelled(town: Parts) -> None:
    imported(town, Past([evolve(an_order(1), cancelled=True)]))

    assert kinds(town, "order-o-1") == ["OrderPlaced", "OrderCancelled"]


def test_an_order_that_cannot_be_is_rejected_with_its_lines(town: Parts) -> None:
    done, rejects = imported(town, Past([evolve(FULL, total=-1), an_order(2)]))

    assert done.orders == 1
    assert done.rows["orders"] == Counts(recorded=1, rejected=1)
    assert done.rows["lines"] == Counts(rejected=2)
    assert [one.place for one in rejects] == [
        FULL.place,
        at(1, "lines.csv"),
        at(2, "lines.csv"),
    ]
    assert rejects[1].field == "order_id"
    assert kinds(town, "order-o-1") == []


@pytest.mark.parametrize(
    ("review", "orders"),
    [
        (evolve(REVIEW, order_id="o-9"), [FULL]),
        (evolve(REVIEW, stars=6), [FULL]),
        (REVIEW, [evolve(FULL, cancelled=True, refund=0)]),
        (evolve(REVIEW, text=" "), [FULL]),
    ],
)
def test_a_review_that_cannot_be_is_rejected(
    town: Parts, review: ReviewRow, orders: list[OrderRow]
) -> None:
    done, rejects = imported(town, Past(orders, [], [], [review]))

    assert [one.place for one in rejects] == [REVIEW.place]
    assert done.rows["reviews"] == Counts(rejected=1)


def test_a_review_of_an_order_of_nobody_is_recorded(town: Parts) -> None:
    done, rejects = imported(town, Past([an_order(1, None)], [], [], [REVIEW]))

    assert (done.reviews, rejects) == (1, [])


def test_of_two_reviews_of_an_order_the_second_is_rejected(town: Parts) -> None:
    second = evolve(REVIEW, place=at(2, "reviews.csv"), stars=1)

    done, rejects = imported(town, Past([FULL], [], [], [REVIEW, second]))

    assert done.reviews == 1
    assert [one.place for one in rejects] == [second.place]


def test_ids_are_as_long_as_ids_may_be(town: Parts) -> None:
    longest, other = "北" * 200, "北" * 199 + "京"
    past = Past(
        [evolve(FULL, order_id=longest, customer_id=longest, merchant_id=other)],
        [evolve(BO, customer_id=other)],
        [evolve(NOODLES, merchant_id=longest)],
        [evolve(REVIEW, order_id=longest)],
    )

    done, rejects = imported(town, past)
    again, _ = imported(town, past)

    assert rejects == []
    assert (done.orders, done.customers, done.merchants, done.reviews) == (1, 2, 2, 1)
    assert again.events == 0


@pytest.mark.parametrize("order_id", ["x" * 201, "\ud800" * 3, "\ud800" * 200, " "])
def test_a_row_whose_id_cannot_name_anything_is_rejected(town: Parts, order_id: str) -> None:
    done, rejects = imported(town, Past([evolve(FULL, order_id=order_id), an_order(2)]))

    assert done.orders == 1
    assert [one.place for one in rejects][:1] == [FULL.place]


def test_a_reject_says_nothing_personal(town: Parts) -> None:
    bad = [
        evolve(ANNA, name=" "),
        evolve(ANNA, place=at(2), birth_date=date(1700, 1, 1)),
        evolve(ANNA, place=at(3), customer_id=""),
    ]

    _, rejects = imported(town, Past([], bad, [], []))

    assert [(one.place.row, one.field) for one in rejects] == [
        (1, "name"),
        (2, "birth_date"),
        (3, "customer"),
    ]
    for secret in ("Müller", "138", "example.com", "1700", "Lane", "teacher"):
        assert secret not in repr(rejects)
        assert secret not in repr(bad)


def many(amount: int, *, customers: int = 60) -> Past:
    orders = [an_order(number, f"c-{number % (customers + 10)}") for number in range(1, amount + 1)]
    known = [
        CustomerRow(
            place=at(number, "customers.csv"), customer_id=f"c-{number}", phone=f"1{number}"
        )
        for number in range(customers)
    ]
    return Past(orders, known, [NOODLES], [REVIEW])


class PowerCut(Exception):
    """Ends an import in its middle."""


@pytest.mark.parametrize("last", [0, 1, 3, 6, 7, 47, 48, 67])
def test_an_import_that_was_interrupted_goes_on_where_it_stopped(
    town: Parts, last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH", 20)
    past, rows = many(60, customers=6), 0

    def cut(_kind: str, _rows: int) -> None:
        nonlocal rows
        rows += 1
        if rows > last:
            raise PowerCut

    with pytest.raises(PowerCut):
        town.crm.import_history(past, reject=lambda _: None, told=cut)
    _, rejects = imported(town, past)
    whole = memory_core()
    imported(whole, past)

    assert rejects == []
    assert facts(town) == facts(whole)
    report = SalesReport(timezone=UTC)
    assert town.crm.ask(report) == whole.crm.ask(report)


def test_an_import_tells_how_far_it_is(town: Parts) -> None:
    told: list[tuple[str, int]] = []

    town.crm.import_history(
        many(3), reject=lambda _: None, told=lambda kind, rows: told.append((kind, rows))
    )

    assert told[0] == ("merchants", 1)
    assert told[1:61] == [("customers", number) for number in range(1, 61)]
    assert told[61:] == [("orders", 1), ("orders", 2), ("orders", 3), ("reviews", 1)]


def test_an_import_that_has_seen_many_forgets_whom_it_has_seen(town: Parts) -> None:
    importing = Importing(
        commands=town.commands,
        log=town.storage.log,
        reject=lambda _: None,
        seen={f"customer/{number}" for number in range(100_001)},
    )

    done = importing.run(Past([an_order(1), an_order(2)]))

    assert (done.orders, done.customers) == (2, 1)
    assert importing.seen == {"customer/anna", "merchant/noodles"}


def test_nothing_is_imported_from_an_empty_history(town: Parts) -> None:
    done, rejects = imported(town, Past())

    assert (done, rejects) == (Imported(), [])


def test_a_long_import_frees_its_memory_now_and_then(
    town: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_COLLECTED", 2)
    merchants = [MerchantRow(place=at(row), merchant_id=f"m-{row}") for row in range(401)]
    collected: list[str] = []

    def watch(phase: str, _: object) -> None:
        # Once the import is over the collector is on again, and may have to catch up.
        if not gc.isenabled():
            collected.append(phase)

    gc.callbacks.append(watch)
    try:
        done, _ = imported(town, Past([], [], merchants, []))
    finally:
        gc.callbacks.remove(watch)

    assert done.merchants == 401
    assert collected == ["start", "stop"]


def test_views_fold_an_import_without_reading_it_back(town: Parts) -> None:
    imported(town, Past([an_order(number) for number in range(450)]))
    reads: list[int] = []

    town.projector.catch_up(progress=lambda done, _: reads.append(done))

    assert not reads
    for view in VIEWS:
        kept = {view.key_of(row): row for row in town.storage.views.rows(view)}
        assert kept == computed(view, town.events())


def test_what_others_record_meanwhile_is_not_counted(town: Parts) -> None:
    other = core(town.storage, town.keys)

    def told(kind: str, rows: int) -> None:
        if (kind, rows) == ("orders", 2):
            other.execute(evolve(PLACE, order=OrderId("elsewhere")), by="checkout")

    past = Past([an_order(number) for number in range(3)])
    done = town.crm.import_history(past, reject=lambda _: None, told=told)

    actors = Counter(one.actor for one in town.events())
    assert actors["checkout"] == 1
    assert done.events == actors["import"] + actors["policy"]
