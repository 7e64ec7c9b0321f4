"""A visit as the rules see it: who comes, whose data it is, and where the order of it goes."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from attrs import evolve

from regulars.application.aggregates import ERASURE, ORDER, erasure_stream_of, order_stream
from regulars.application.looks import class_sought, customer_of, subject_sought
from regulars.application.reading import BoxIn, DataOf, Sought, Visit
from regulars.application.shelves import Load, customer_in, person_in, records_in
from regulars.domain.actor import Actor
from regulars.domain.customer import Customer
from regulars.domain.erasure import Erasure
from regulars.domain.order import Order, Stage
from regulars.domain.personal import DataClass
from regulars.domain.protection import Party
from regulars.domain.reading import OrderState, Question, ReadingPolicy
from regulars.domain.values import AddressId, CustomerId

_PARTIES: Final = frozenset(one.value for one in Party)


class Destination(NamedTuple):
    """An address that an order goes to: which record of a person has it, under which id."""

    record: CustomerId
    address_id: AddressId


def question_of(  # noqa: PLR0913 - each is a part of the question
    sought: Sought,
    visit: Visit,
    load: Load,
    at: datetime,
    policy: ReadingPolicy,
    *,
    suspended: bool,
) -> Question:
    """What the rules are asked of one value, as everything stands in the streams at `at`."""
    customer, whose = customer_of(sought), subject_sought(sought)
    person, records = Customer(), tuple[CustomerId, ...]()
    if customer is not None:
        records = person_in(load, customer)
        person = customer_in(load, records[0])
        whose = f"customer/{records[0]}"
    erasure: Erasure = load(erasure_stream_of(whose), ERASURE).state
    data_class, order = class_sought(sought), _order_of(visit, load)
    bought, actor = order.placed, visit.actor
    return Question(
        role=actor.role,
        data_class=data_class,
        purpose=visit.purpose,
        order=_order_state(order, at, timedelta(hours=policy.closed_after_hours)),
        consent=person.consents.about(visit.purpose, visit.channel, at, text=policy.text),
        own=is_own(actor, whose, records),
        party=bought is not None
        and bought.customer in records
        and subject_sought(sought) in {f"customer/{one}" for one in records},
        seller=bought is not None and bought.merchant == actor.id,
        courier=order.protection.named.get(Party.COURIER) == actor.id,
        destination=is_at(sought, destination_of(visit, load), load),
        # What waits for its erasure, or is held back from it, is kept and not used.
        restricted=person.rights.restricts(data_class) or data_class in erasure.pending,
        objected=visit.purpose in person.rights.objections,
        suspended=suspended,
    )


def is_own(actor: Actor, whose: str, records: Collection[CustomerId]) -> bool:
    """
    Whether a reader is the person themselves, who is known as a customer under these `records`.

    Who serves orders is so by their role: a customer with the id of a courier is somebody else.
    """
    if actor.role in _PARTIES:
        return whose == f"{actor.role}/{actor.id}"
    return actor.id in records


def destination_of(visit: Visit, load: Load) -> Destination | None:
    """
    The address that the order of a visit goes to: the one that it names last, if it names any.

    Of one that names none, the only one of who ordered.

    It is looked for in the record that ordered, then in the others of that person. None if the
    order is nobody's, or it names none of several, or there is none.
    """
    order = _order_of(visit, load)
    bought = order.placed
    if bought is None or bought.customer is None:
        return None
    records = dict.fromkeys((bought.customer, *person_in(load, bought.customer)))
    kept = {record: customer_in(load, record).addresses for record in records}
    named = order.protection.redirected or bought.address_id
    if named is not None:
        holder = next((record for record in kept if named in kept[record]), bought.customer)
        return Destination(holder, named)
    holder = next((record for record in kept if kept[record]), bought.customer)
    (first, *more) = kept[holder] or (None,)
    return None if first is None or more else Destination(holder, first)


def meant(sought: Sought, destination: Destination | None, load: Load) -> Sought:
    """What is asked for; of an address that is not named, the one that the order goes to."""
    if (
        destination is None
        or not isinstance(sought, DataOf)
        or (sought.data_class, sought.field) != (DataClass.ADDRESS, None)
        or destination.record not in person_in(load, sought.customer)
    ):
        return sought
    return evolve(sought, customer=destination.record, field=destination.address_id)


def is_at(sought: Sought, destination: Destination | None, load: Load) -> bool:
    """Whether an address that is asked for is the one that the order goes to."""
    if destination is None or class_sought(sought) is not DataClass.ADDRESS:
        return False
    if isinstance(sought, BoxIn):
        event = sought.recorded.event
        found = getattr(event, "customer", None), getattr(event, "address_id", None)
        return found == destination
    holder = next(
        (
            record
            for record in records_in(load, sought.customer)
            if sought.field in customer_in(load, record).addresses
        ),
        sought.customer,
    )
    return (holder, sought.field) == destination


def _order_of(visit: Visit, load: Load) -> Order:
    if visit.order is None:
        return Order()
    order: Order = load(order_stream(visit.order), ORDER).state
    return order


def _order_state(order: Order, at: datetime, closed_after: timedelta) -> OrderState:
    if order.placed is None:
        return OrderState.NONE
    ended = order.cancelled or order.stage is Stage.COMPLETED
    if order.stage is Stage.DELIVERED and order.last_at is not None:
        ended |= order.last_at + closed_after <= at
    return OrderState.CLOSED if ended else OrderState.OPEN
