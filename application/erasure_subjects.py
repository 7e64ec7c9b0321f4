"""Whose data an erasure destroys, and the keys that it lies under."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from regulars.application.aggregates import (
    ERASURE,
    customer_stream,
    erasure_stream,
    order_stream,
)
from regulars.application.boxed import subject_of
from regulars.application.erasure_sinks import CUSTOMER
from regulars.application.fields import check_id
from regulars.application.keys import KeyName, KeyState, StoredKey
from regulars.application.merging import records_in
from regulars.application.ports import EventLog
from regulars.application.states import Held
from regulars.domain import subject_request
from regulars.domain.erasure import (
    Erasure,
    ErasureRequested,
    NewLifeAuthorised,
)
from regulars.domain.evidence import DestroyedKey
from regulars.domain.personal import DataClass
from regulars.domain.records import person_of
from regulars.domain.subject import (
    Subject,
    SubjectErasureRequested,
    SubjectKind,
    SubjectLifeAuthorised,
)
from regulars.domain.values import CustomerId, OrderId, Refusal

Whose: TypeAlias = CustomerId | Subject

KeysOf: TypeAlias = Callable[[Collection[KeyName]], Mapping[KeyName, Sequence[StoredKey]]]
"""Every version under each name, as `KeyStore.get_many` gives them."""


@frozen(kw_only=True)
class NobodyKnown(Refusal):
    """
    Nothing was ever told of the one who is to be erased, held or taken in again.

    An erasure would bar that id for good, and a hold would keep nothing of whoever is meant.
    """

    whose: Whose

    def __str__(self) -> str:
        return f"nothing was ever told of {key_subject(self.whose)}: is the id right?"


@frozen(kw_only=True)
class OrderHasCustomer(Refusal):
    """What was written on an order is its customer's, and is erased with their data."""

    order: OrderId
    customer: CustomerId

    def __str__(self) -> str:
        return f"order {self.order} is of customer {self.customer}: erase data of theirs"


@frozen(kw_only=True)
class ErasureNotTold(Refusal):
    """Keys were destroyed, and the log does not say why: no new life begins without an erasure."""

    whose: Whose
    data_class: DataClass

    def __str__(self) -> str:
        kept = f"{self.data_class.value} keys of {key_subject(self.whose)}"
        return f"the {kept} were destroyed, and this log tells of no erasure: erase it again first"


def named(whose: str | Subject) -> Whose:
    """
    Whose data is meant: a customer's, by their id, or that of a subject that is none.

    Raises:
        InvalidId: the id is blank, too long or no text.
    """
    if isinstance(whose, Subject):
        check_id(whose.kind.value, whose.id)
        return whose
    check_id("customer", whose)
    return CustomerId(whose)


def in_order(classes: Collection[DataClass]) -> tuple[DataClass, ...]:
    """
    These classes, each once.

    Raises:
        TypeError: one is no class of personal data.
        ValueError: there is none.
    """
    strange = [kind.__name__ for kind in map(type, classes) if kind is not DataClass]
    if strange:
        raise TypeError(f"classes must be of DataClass, as DataClass.CONTACT is, not {strange[0]}")
    if not classes:
        raise ValueError("classes must name a class of personal data")
    return tuple(one for one in DataClass if one in classes)


def key_subject(whose: Whose) -> str:
    """The subject that keys are stored under."""
    return str(whose) if isinstance(whose, Subject) else f"{CUSTOMER}{whose}"


def state_of(log: EventLog, whose: Whose) -> Erasure:
    """What is held, erased, and asked to be erased, of a subject's data."""
    state = Erasure()
    Held(ERASURE, state).fold(log.facts(erasure_stream(whose)))
    return state


def is_known(log: EventLog, whose: Whose, tenant: str, keys: KeysOf) -> bool:
    """
    Whether anything was ever told of a subject. Costs a pass over the log where it was not.

    What somebody asked for, under whatever id, tells nothing of them.
    """
    subject = key_subject(whose)
    if any(keys([KeyName(tenant, subject, one) for one in DataClass]).values()):
        return True
    streams = {erasure_stream(whose)}
    if not isinstance(whose, Subject):
        streams.add(customer_stream(whose))
    elif whose.kind is SubjectKind.ORDER:
        streams.add(order_stream(OrderId(whose.id)))
    return any(log.streams(streams).values()) or any(
        subject_of(one.event) == subject
        for one in log.read()
        if not isinstance(one.event, subject_request.Event)
    )


def speaker_of(log: EventLog, whose: Whose) -> Whose:
    """Who speaks for a customer: themselves, or the one whom they were merged into."""
    return whose if isinstance(whose, Subject) else person_of(whose, records_in(log))[0]


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


def renewed(log: EventLog, whose: Whose) -> set[DataClass]:
    """The classes that a new life was authorised of, and of which no erasure was asked since."""
    found: set[DataClass] = set()
    for _, event, _ in log.facts(erasure_stream(whose)):
        if isinstance(event, NewLifeAuthorised | SubjectLifeAuthorised):
            found.update(event.classes)
        elif isinstance(event, ErasureRequested | SubjectErasureRequested):
            found.difference_update(event.classes)
    return found


def refuse_untold(
    log: EventLog, whose: Whose, classes: Collection[DataClass], tenant: str, keys: KeysOf
) -> None:
    """
    See that the log tells of every erasure that the key store does.

    Raises:
        ErasureNotTold: it does not of one of these classes.
    """
    state = state_of(log, whose)
    told = state.erased | state.pending.keys() | renewed(log, whose)
    names = [KeyName(tenant, key_subject(whose), one) for one in classes if one not in told]
    for name, versions in keys(names).items():
        if versions[-1].state is KeyState.ERASED:
            raise ErasureNotTold(whose=whose, data_class=name.data_class)


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
