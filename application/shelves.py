"""Finding a personal value: where the box stands that is meant, among all records of a person."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

from regulars.application.aggregates import CUSTOMER, Aggregate, customer_stream
from regulars.application.boxed import boxes_of
from regulars.application.erasure_sinks import CUSTOMER as OF_CUSTOMER
from regulars.application.looks import customer_of
from regulars.application.ports import EventLog
from regulars.application.reading import BoxIn, SeveralKept, Sought
from regulars.application.shelf import Placed, Shelf, placed, shelf_of
from regulars.application.states import Held
from regulars.domain.customer import Customer
from regulars.domain.records import answering, person_of
from regulars.domain.values import CustomerId

Load: TypeAlias = Callable[[str, Aggregate], Held]


class Shelves:
    """Where the boxes of at most `capacity` customers stand, sealed as they are, in memory."""

    def __init__(self, log: EventLog, capacity: int) -> None:
        self._log = log
        self._capacity = capacity
        self._shelves: OrderedDict[str, tuple[int, Shelf]] = OrderedDict()

    def clear(self) -> None:
        """Trust nothing that is in memory."""
        self._shelves.clear()

    def found(self, sought: Sought, load: Load) -> Placed | None:
        """
        The box that is meant; None if nothing is kept there any more.

        Raises:
            SeveralKept: it is not clear which of several.
        """
        customer = customer_of(sought)
        if isinstance(sought, BoxIn):
            box = boxes_of(sought.recorded.event).get(sought.field)
            if box is None:
                return None
            found = placed(sought.recorded, sought.field, box)
            if customer is None or type(sought.recorded.event) not in CUSTOMER.events:
                return found
            # What was replaced or removed is no longer shown.
            return found if found in self.of(customer, load).values() else None
        # Their own first, then that of whoever was merged into them.
        for record in records_in(load, sought.customer):
            shelf = self.of(record, load)
            fields = [
                slot
                for of, slot in shelf
                if of is sought.data_class and sought.field in {None, slot}
            ]
            if len(fields) > 1:
                raise SeveralKept(
                    customer=record, data_class=sought.data_class, fields=tuple(fields)
                )
            if fields:
                return shelf[sought.data_class, fields[0]]
        return None

    def of(self, customer: CustomerId, load: Load) -> Shelf:
        """Where the boxes of one record of a customer stand."""
        stream = customer_stream(customer)
        version = load(stream, CUSTOMER).version
        kept, shelf = self._shelves.get(stream, (0, Shelf()))
        if kept != version:
            shelf = shelf_of(self._log.stream(stream))
            self._shelves[stream] = (version, shelf)
            if len(self._shelves) > self._capacity:
                self._shelves.popitem(last=False)
        return shelf


def customer_in(load: Load, customer: CustomerId) -> Customer:
    """What is known of a customer."""
    state: Customer = load(customer_stream(customer), CUSTOMER).state
    return state


def person_in(load: Load, customer: CustomerId) -> tuple[CustomerId, ...]:
    """Who speaks for a customer, and every record that they speak for."""
    return person_of(customer, lambda one: customer_in(load, one).records)


def answering_in(load: Load, subject: str) -> tuple[str, ...]:
    """A subject of keys, and everybody who ever spoke for them: the last one speaks."""
    if not subject.startswith(OF_CUSTOMER):
        return (subject,)
    customer = CustomerId(subject.removeprefix(OF_CUSTOMER))
    merged = answering(customer, lambda one: customer_in(load, one).records)
    return tuple(f"{OF_CUSTOMER}{one}" for one in merged)


def records_in(load: Load, customer: CustomerId) -> tuple[CustomerId, ...]:
    """A customer and whoever was merged into them."""
    return (customer, *customer_in(load, customer).records.others)
