"""Whose data an erasure destroys: the keys it lies under, and those that came back after it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from regulars.application.aggregates import ERASURE, erasure_stream, order_stream
from regulars.application.certificate import Certificate, certificates
from regulars.application.erasure_sinks import CUSTOMER
from regulars.application.events import Recorded
from regulars.application.keys import KeyName, KeyState, StoredKey
from regulars.application.ports import EventLog
from regulars.application.states import Held
from regulars.domain.erasure import Erasure
from regulars.domain.evidence import DestroyedKey
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId, OrderId, Refusal

Whose: TypeAlias = CustomerId | Subject

KeysOf: TypeAlias = Callable[[Collection[KeyName]], Mapping[KeyName, Sequence[StoredKey]]]
"""Every version under each name, as `KeyStore.get_many` gives them."""


@frozen(kw_only=True)
class OrderHasCustomer(Refusal):
    """What was written on an order is its customer's, and is erased with their data."""

    order: OrderId
    customer: CustomerId

    def __str__(self) -> str:
        return f"order {self.order} is of customer {self.customer}: erase data of theirs"


def named(whose: str | Subject) -> Whose:
    """Whose data is meant: a customer's, by their id, or that of a subject that is none."""
    return whose if isinstance(whose, Subject) else CustomerId(whose)


def key_subject(whose: Whose) -> str:
    """The subject that keys are stored under."""
    return str(whose) if isinstance(whose, Subject) else f"{CUSTOMER}{whose}"


def state_of(log: EventLog, whose: Whose) -> Erasure:
    """What is held, erased, and asked to be erased, of a subject's data."""
    state = Erasure()
    Held(ERASURE, state).fold(log.facts(erasure_stream(whose)))
    return state


def refuse_customers_order(log: EventLog, whose: Whose) -> None:
    """
    See that an order is nobody's.

    Raises:
        OrderHasCustomer: a customer is named for it.
    """
    if not isinstance(whose, Subject) or whose.kind is not SubjectKind.ORDER:
        return
    order = OrderId(whose.id)
    for _, event, _ in log.facts(order_stream(order)):
        customer = getattr(event, "customer", None)
        if customer is not None:
            raise OrderHasCustomer(order=order, customer=customer)


def destroyed(keys: Iterable[StoredKey], classes: Collection[DataClass]) -> Iterator[DestroyedKey]:
    """The versions of these classes that once held a key; the others were only ever fences."""
    for key in keys:
        if key.kek is not None and key.name.data_class in classes:
            yield DestroyedKey(
                subject=key.name.subject,
                data_class=key.name.data_class,
                version=key.version,
                kek=key.kek,
            )


@frozen(kw_only=True)
class Returned:
    """
    Keys that are there although the log tells that they were destroyed, as with a backup.

    Where the class has a `new_life`, they are older than it.
    """

    customer: Whose
    data_class: DataClass
    keys: int
    new_life: bool


def returned(
    done: Sequence[Certificate], erased: Collection[DataClass], keys: KeysOf
) -> list[Returned]:
    """The keys of one subject that contradict its certificates; `erased` is erased now."""
    if not done:
        return []
    tenant, whose = done[0].tenant, done[0].customer
    destroyed = {
        (KeyName(tenant, key.subject, key.data_class), key.version)
        for one in done
        for completion in one.completions
        for key in completion.keys
    }
    own = {KeyName(tenant, key_subject(whose), one) for one in erased}
    found = [
        key
        for versions in keys(own | {name for name, _ in destroyed}).values()
        for key in versions
        if key.state is not KeyState.ERASED
        and (key.name.data_class in erased or (key.name, key.version) in destroyed)
    ]
    counts = {of: sum(key.name.data_class is of for key in found) for of in DataClass}
    return [
        Returned(customer=whose, data_class=of, keys=number, new_life=of not in erased)
        for of, number in counts.items()
        if number
    ]


def all_returned(recorded: Iterable[Recorded], keys: KeysOf) -> list[Returned]:
    """The same of every subject, from the events of all erasures."""
    streams: dict[str, list[Recorded]] = {}
    for one in recorded:
        streams.setdefault(one.stream, []).append(one)
    found: list[Returned] = []
    for events in streams.values():
        state = Erasure()
        Held(ERASURE, state).fold((one.version, one.event, one.occurred_at) for one in events)
        found += returned(certificates(events), state.erased, keys)
    return found
