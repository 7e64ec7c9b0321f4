"""The import of order history: past orders become commands, recorded once however often it runs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from attrs import define, field, frozen

from regulars.application.aggregates import order_stream
from regulars.application.batch import Outcome, Receipt
from regulars.application.collection import collect_young, collection_paused
from regulars.application.door import Request
from regulars.application.errors import IdempotencyConflict, TooFarAhead
from regulars.application.events import moment
from regulars.application.handling import Commands
from regulars.application.history import (
    CustomerRow,
    History,
    MerchantRow,
    OrderRow,
    Place,
    Reject,
    ReviewRow,
)
from regulars.application.history_requests import (
    COLUMNS,
    content,
    order_request_id,
    record_order,
    register_customer,
    register_merchant,
    requested,
    update_customer,
    update_merchant,
)
from regulars.application.ports import EventLog
from regulars.domain.customer import CustomerAlreadyRegistered, RegisterCustomer
from regulars.domain.merchant import MerchantAlreadyRegistered, RegisterMerchant
from regulars.domain.order import OrderDelivered
from regulars.domain.purchase import OrderPlaced
from regulars.domain.refund import RefundIssued
from regulars.domain.review import SubmitReview
from regulars.domain.values import BEGINNING, CustomerId, MerchantId, OrderId, Refusal

# As fast as 1,000, and whoever else writes waits a fifth of the time.
_BATCH: Final = 200
_COLLECTED: Final = 250
_CUSTOMER_SEEN: Final = "first-sight/customer/"
_MERCHANT_SEEN: Final = "first-sight/merchant/"
_KNOWN: Final = 100_000

Row = TypeVar("Row", MerchantRow, CustomerRow, OrderRow, ReviewRow)
Described = TypeVar("Described", MerchantRow, CustomerRow)
Told: TypeAlias = Callable[[str, int], None]
"""Told what is being recorded and how many rows of it are done."""


@define
class Counts:
    """
    What became of the rows of one kind; `recorded` + `skipped` + `rejected` were delivered.

    Lines of orders go with their order.
    """

    recorded: int = 0
    skipped: int = 0
    rejected: int = 0


@define
class Imported:
    """
    What an import recorded. A skipped row was recorded before.

    `customers` and `merchants` are those that are new, with a row of their own or without.
    `flagged` counts new orders with something odd: steps out of order in time, a refund above
    what was paid, a refund of a cancelled order.
    """

    orders: int = 0
    customers: int = 0
    merchants: int = 0
    reviews: int = 0
    events: int = 0
    flagged: int = 0
    rows: dict[str, Counts] = field(factory=dict[str, Counts])


@frozen(kw_only=True)
class Importing:
    """One run of an import. Rows that cannot be recorded are told to `reject`."""

    commands: Commands
    log: EventLog
    reject: Callable[[Reject], None]
    told: Told = lambda _kind, _rows: None
    result: Imported = field(factory=Imported)
    seen: set[str] = field(factory=set[str])

    def run(self, history: History) -> Imported:
        """
        Record merchants, customers, orders and reviews, in batches that are each whole.

        Killed at any moment and run again, it goes on where it stopped.
        """
        before = self.commands.recorded
        with collection_paused():
            for merchants in _batches(history.merchants()):
                self._merchants(merchants)
            for customers in _batches(history.customers()):
                self._customers(customers)
            for orders in _batches(history.orders()):
                self._orders(orders)
            for reviews in _batches(history.reviews()):
                self._reviews(reviews)
        self.result.events = self.commands.recorded - before
        return self.result

    def _execute(self, requests: Sequence[Request]) -> list[Outcome]:
        return self.commands.execute_all(requests, project=False)

    def _described(
        self,
        kind: str,
        rows: Sequence[Described],
        register: Callable[[Described], Request],
        update: Callable[[Described], Request],
        known: type[Refusal],
    ) -> list[Outcome]:
        outcomes = self._execute([register(row) for row in rows])
        # Whoever an order made known by id alone is told more about now, and was counted then.
        late = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, known)]
        updated = self._execute([update(rows[place]) for place in late]) if late else []
        for place, outcome in zip(late, updated, strict=True):
            outcomes[place] = outcome
        for row, outcome in zip(rows, outcomes, strict=True):
            self._count(kind, row.place, outcome)
        again = sum(_is_new(outcome) for outcome in updated)
        setattr(self.result, kind, getattr(self.result, kind) - again)
        return outcomes

    def _count(self, kind: str, place: Place, outcome: Outcome) -> None:
        counts = self.result.rows.setdefault(kind, Counts())
        match outcome:
            case Receipt() if _is_new(outcome):
                counts.recorded += 1
                setattr(self.result, kind, getattr(self.result, kind) + 1)
            case Receipt():
                counts.skipped += 1
            case _:
                counts.rejected += 1
                self.reject(_reject(place, outcome))
        self.told(kind, counts.recorded + counts.skipped + counts.rejected)

    def _merchants(self, rows: Sequence[MerchantRow]) -> None:
        known = MerchantAlreadyRegistered
        self._described("merchants", rows, register_merchant, update_merchant, known)

    def _customers(self, rows: Sequence[CustomerRow]) -> None:
        outcomes = self._described(
            "customers", rows, register_customer, update_customer, CustomerAlreadyRegistered
        )
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, Receipt) and len(self.seen) < _KNOWN:
                self.seen.add(f"customer/{row.customer_id}")

    def _orders(self, rows: Sequence[OrderRow]) -> None:
        outcomes = dict(
            zip(
                map(order_request_id, rows),
                self._execute([record_order(row) for row in rows]),
                strict=True,
            )
        )
        self._see([row for row in rows if isinstance(outcomes[order_request_id(row)], Receipt)])
        for row in rows:
            outcome = outcomes[order_request_id(row)]
            self._count("orders", row.place, outcome)
            self._count_lines(row, outcome)
            if isinstance(outcome, Receipt) and _is_new(outcome):
                self.result.flagged += _is_odd(row, outcome)

    def _count_lines(self, row: OrderRow, outcome: Outcome) -> None:
        counts = self.result.rows.setdefault("lines", Counts())
        match outcome:
            case Receipt() if _is_new(outcome):
                counts.recorded += len(row.lines)
            case Receipt():
                counts.skipped += len(row.lines)
            case _:
                counts.rejected += len(row.lines)
                reason = "is that of an order that is rejected"
                for file, numbers in row.line_rows:
                    for number in numbers:
                        place = Place(file=file, row=number)
                        self.reject(Reject(place=place, field="order_id", reason=reason))

    def _see(self, rows: Sequence[OrderRow]) -> None:
        # In a transaction of their own: an order that is rejected makes nobody known.
        requests = dict(sight for row in rows for sight in self._first_sights(row))
        executed = self._execute(list(requests.values())) if requests else []
        for name, outcome in zip(requests, executed, strict=True):
            if _is_new(outcome):
                self.result.customers += name.startswith(_CUSTOMER_SEEN)
                self.result.merchants += name.startswith(_MERCHANT_SEEN)

    def _first_sights(self, row: OrderRow) -> Iterator[tuple[str, Request]]:
        if len(self.seen) > _KNOWN:
            self.seen.clear()
        if row.customer_id and self._is_unseen(f"customer/{row.customer_id}"):
            customer = RegisterCustomer(customer=CustomerId(row.customer_id), at=row.placed_at)
            name = f"{_CUSTOMER_SEEN}{row.customer_id}"
            yield name, requested(name, customer)
        if row.merchant_id and self._is_unseen(f"merchant/{row.merchant_id}"):
            merchant = RegisterMerchant(merchant=MerchantId(row.merchant_id), at=row.placed_at)
            name = f"{_MERCHANT_SEEN}{row.merchant_id}"
            yield name, requested(name, merchant)

    def _is_unseen(self, name: str) -> bool:
        if name in self.seen:
            return False
        self.seen.add(name)
        return True

    def _reviews(self, rows: Sequence[ReviewRow]) -> None:
        recorded = self.log.streams({order_stream(OrderId(row.order_id)) for row in rows})
        requests: list[Request] = []
        for row in rows:
            events = recorded.get(order_stream(OrderId(row.order_id)), [])
            placed = next((e.event for e in events if isinstance(e.event, OrderPlaced)), None)
            delivered = [e.occurred_at for e in events if isinstance(e.event, OrderDelivered)]
            at = moment(delivered[0]) if delivered else BEGINNING
            review = SubmitReview(
                order=OrderId(row.order_id),
                at=row.reviewed_at or at,
                customer=placed.customer if placed is not None else None,
                stars=row.stars,
                dish_stars=row.dish_stars,
                delivery_stars=row.delivery_stars,
                text=content(row.text, row.extra),
            )
            requests.append(requested(f"import/review/{row.order_id}", review))
        outcomes = self._execute(requests)
        for row, outcome in zip(rows, outcomes, strict=True):
            self._count("reviews", row.place, outcome)


def _is_new(outcome: Outcome) -> bool:
    return isinstance(outcome, Receipt) and not outcome.repeated and bool(outcome.events)


def _reject(place: Place, refusal: Refusal) -> Reject:
    if isinstance(refusal, IdempotencyConflict):
        return Reject(place=place, field="", reason="the same id with other content")
    if isinstance(refusal, TooFarAhead):
        return Reject(place=place, field=COLUMNS[refusal.command], reason=refusal.why)
    return Reject(place=place, field=getattr(refusal, "field", ""), reason=str(refusal))


def _is_odd(row: OrderRow, receipt: Receipt) -> bool:
    if row.cancelled and row.refund:
        return True
    return any(
        getattr(event, "late_entry", False)
        or (isinstance(event, RefundIssued) and event.goodwill > 0)
        for event in receipt.events
    )


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    done = 0
    while some := list(islice(waiting, _BATCH)):
        yield some
        done += 1
        if not done % _COLLECTED:
            collect_young()
