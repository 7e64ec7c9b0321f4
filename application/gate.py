"""
The gate: the one way to a personal value. It asks the rules, records the access, and then gives.

What is recorded and what it depends on are read and written in one transaction; a value leaves it
only once the record is kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias, get_args, get_type_hints

from attrs import field, frozen

from regulars.application.aggregates import (
    ACTOR,
    CUSTOMER,
    ORDER,
    Aggregate,
    actor_stream,
    customer_stream,
    order_stream,
)
from regulars.application.audit import spot_of
from regulars.application.door import BOXED, Request, boxes_of, subject_of
from regulars.application.events import Event, Recorded, Retired
from regulars.application.fields import check_id
from regulars.application.handling import Commands
from regulars.application.ports import (
    Clock,
    Erased,
    EventLog,
    KeyUnavailable,
    Revealed,
    Spot,
    Tampered,
    Vault,
)
from regulars.application.states import Held
from regulars.domain.actor import DENIED, Actor, Conduct, Look, RecordAccess, read_within
from regulars.domain.customer import Customer, DeliveryAddressRemoved
from regulars.domain.masks import masked
from regulars.domain.order import Order, Stage
from regulars.domain.personal import DATA_CLASS, DataClass, Personal, Sealed
from regulars.domain.reading import (
    Denial,
    Denied,
    OrderState,
    Question,
    ReadingPolicy,
    Shown,
    may_read,
)
from regulars.domain.values import CustomerId, OrderId, Refusal

MOST_AT_ONCE: Final = 10_000
"""How many values one batch may ask for."""

_MOST_SHELVES: Final = 10_000


@frozen(kw_only=True)
class DataOf:
    """
    What is kept of a customer, of one data class: the newest of it.

    `field` is the id of an address, or the name of a box such as `extra`; it may be left out where
    there is only one.
    """

    customer: CustomerId
    data_class: DataClass
    field: str | None = None


@frozen(kw_only=True)
class BoxIn:
    """The box in one field of a recorded event, such as the `text` of a review."""

    recorded: Recorded
    field: str


Sought: TypeAlias = DataOf | BoxIn


@frozen
class Masked:
    """The box opened, and this is what of it the reader may see. Its `repr` shows nothing."""

    value: Personal = field(repr=False)


@frozen
class NotKept:
    """Nothing of this class is kept under that name, or something newer has taken its place."""


Outcome: TypeAlias = Revealed | Masked | Erased | Tampered | KeyUnavailable | NotKept | Denied

_OUTCOMES: Final[dict[type[Outcome], str]] = {
    Revealed: "revealed",
    Masked: "masked",
    Erased: "erased",
    Tampered: "tampered",
    KeyUnavailable: "key_unavailable",
    NotKept: "not_kept",
    Denied: DENIED,
}


@frozen(kw_only=True)
class SeveralKept(Refusal):
    """There are several of this class, and which one is meant was not said."""

    customer: CustomerId
    data_class: DataClass
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.data_class.value} data of {self.customer}: which of {', '.join(self.fields)}?"
        )


@frozen(kw_only=True)
class TooManyAtOnce(Refusal):
    """A batch asks for more than one access record holds."""

    asked: int

    def __str__(self) -> str:
        return f"{self.asked} values at once: ask for {MOST_AT_ONCE} at most"


def _classes() -> dict[tuple[type[Event], str], DataClass]:
    found: dict[tuple[type[Event], str], DataClass] = {}
    for command, boxed in BOXED.items():
        hints = get_type_hints(command)
        for name, event in boxed:
            kind = next(one for one in get_args(hints[name]) if one in DATA_CLASS)
            found[event, name] = DATA_CLASS[kind]
    return found


_CLASSES: Final = _classes()


class Placed(NamedTuple):
    """A box, where it stands and what it holds."""

    data_class: DataClass
    box: Sealed
    spot: Spot


Shelf: TypeAlias = dict[tuple[DataClass, str], Placed]
"""What is kept of a customer, by data class and by address or name of the box."""


def shelf_of(stream: Iterable[Recorded]) -> Shelf:
    """The newest box of everything in the stream of a customer, but for removed addresses."""
    shelf: Shelf = {}
    for recorded in stream:
        event = recorded.event
        for name, box in boxes_of(event).items():
            slot = getattr(event, "address_id", name)
            shelf[class_of(event, name), slot] = placed(recorded, name, box)
        if isinstance(event, DeliveryAddressRemoved):
            shelf.pop((DataClass.ADDRESS, event.address_id), None)
    return shelf


def placed(recorded: Recorded, name: str, box: Sealed) -> Placed:
    """A box of a recorded event."""
    return Placed(class_of(recorded.event, name), box, spot_of(recorded, name))


def class_of(event: Event | Retired, name: str) -> DataClass:
    """
    The data class of the box in a field of an event.

    Raises:
        ValueError: there is no such box.
    """
    kind: Any = type(event)
    try:
        return _CLASSES[kind, name]
    except KeyError:
        message = f"there is no box {name} in {kind.__name__}"
        raise ValueError(message) from None


@frozen(kw_only=True)
class Visit:
    """
    Who reads, for what, and in which business: of an order, over a channel, with a reason.

    Purpose and reason are codes. A consent for the channel, or for all channels, is asked for.
    """

    actor: Actor
    purpose: str
    order: OrderId | None = None
    channel: str | None = None
    reason: str | None = None


Load: TypeAlias = Callable[[str, Aggregate], Held]


class Gate:
    """Reads personal data for who may, one transaction at a time. `policy` says who may."""

    def __init__(
        self,
        *,
        log: EventLog,
        vault: Vault,
        commands: Commands,
        clock: Clock,
        policy: ReadingPolicy,
    ) -> None:
        self._log = log
        self._vault = vault
        self._commands = commands
        self._clock = clock
        self.policy = policy
        self._shelves: OrderedDict[str, tuple[int, Shelf]] = OrderedDict()

    def read(self, sought: Sequence[Sought], visit: Visit) -> list[Outcome]:
        """
        What each of `sought` holds, or why it is not shown; all of it in one access record.

        Raises:
            Refusal: an id, the purpose or the reason cannot be, or it is not clear what is meant.
            StorageUnavailable: the access cannot be recorded, so that nothing is given.
        """
        check_id("role", visit.actor.role)
        check_id("id", visit.actor.id)
        if len(sought) > MOST_AT_ONCE:
            raise TooManyAtOnce(asked=len(sought))
        if not sought:
            return []
        with self._commands.together() as load:
            return self._read(sought, visit, load)

    def kept(self, customer: CustomerId) -> Shelf:
        """What is kept of a customer now, all of it sealed."""
        with self._commands.together() as load:
            return self._shelf(customer, load)

    def _read(self, sought: Sequence[Sought], visit: Visit, load: Load) -> list[Outcome]:
        at, actor = self._clock.now(), visit.actor
        conduct: Conduct = load(actor_stream(actor), ACTOR).state
        asked = [self._asked(one, visit, load, at, suspended=conduct.suspended) for one in sought]
        verdicts = [may_read(self.policy, one) for one in asked]
        wanted = sum(isinstance(verdict, Shown) for verdict in verdicts)
        limit = self.policy.limit(actor.role)
        if limit is not None and read_within(conduct, limit, at) + wanted > limit.reads:
            too_many = Denied(Denial.TOO_MANY)
            verdicts = [too_many if isinstance(one, Shown) else one for one in verdicts]
        outcomes = [
            verdict if isinstance(verdict, Denied) else self._opened(one, verdict, load)
            for one, verdict in zip(sought, verdicts, strict=True)
        ]
        record = RecordAccess(
            actor=actor,
            at=at,
            purpose=visit.purpose,
            looks=tuple(map(_look, sought, asked, outcomes)),
            wanted=wanted,
            limit=limit,
            order=visit.order,
            reason=visit.reason,
            bulk=len(sought) >= self.policy.bulk_from,
        )
        self._commands.execute(Request(commands=(record,), by=f"{actor.role}:{actor.id}"))
        return outcomes

    def _asked(
        self, sought: Sought, visit: Visit, load: Load, at: datetime, *, suspended: bool
    ) -> Question:
        customer = _customer(sought)
        person = Customer() if customer is None else load(customer_stream(customer), CUSTOMER).state
        order = Order() if visit.order is None else load(order_stream(visit.order), ORDER).state
        bought, actor = order.placed, visit.actor
        return Question(
            role=actor.role,
            data_class=_data_class(sought),
            purpose=visit.purpose,
            order=_order_state(order),
            consent=person.consent(visit.purpose, visit.channel, at, text=self.policy.text),
            own=actor.id == customer,
            party=bought is not None and f"customer/{bought.customer}" == _subject(sought),
            seller=bought is not None and bought.merchant == actor.id,
            restricted=person.rights.restricts(_data_class(sought)),
            objected=visit.purpose in person.rights.objections,
            suspended=suspended,
        )

    def _opened(self, sought: Sought, shown: Shown, load: Load) -> Outcome:
        found = self._found(sought, load)
        if found is None:
            return NotKept()
        opened = self._vault.open(found.box, found.spot)
        if isinstance(opened, Revealed) and shown is Shown.MASKED:
            return Masked(masked(opened.value))
        return opened

    def _found(self, sought: Sought, load: Load) -> Placed | None:
        customer = _customer(sought)
        if isinstance(sought, BoxIn):
            box = boxes_of(sought.recorded.event).get(sought.field)
            if box is None:
                return None
            found = placed(sought.recorded, sought.field, box)
            if customer is None or sought.recorded.stream != customer_stream(customer):
                return found
            # What was replaced or removed is no longer shown.
            return found if found in self._shelf(customer, load).values() else None
        shelf = self._shelf(sought.customer, load)
        if sought.field is not None:
            return shelf.get((sought.data_class, sought.field))
        fields = [slot for of, slot in shelf if of is sought.data_class]
        if len(fields) > 1:
            raise SeveralKept(
                customer=sought.customer, data_class=sought.data_class, fields=tuple(fields)
            )
        return shelf[sought.data_class, fields[0]] if fields else None

    def _shelf(self, customer: CustomerId, load: Load) -> Shelf:
        stream = customer_stream(customer)
        version = load(stream, CUSTOMER).version
        kept, shelf = self._shelves.get(stream, (0, Shelf()))
        if kept != version:
            shelf = shelf_of(self._log.stream(stream))
            self._shelves[stream] = (version, shelf)
            if len(self._shelves) > _MOST_SHELVES:
                self._shelves.popitem(last=False)
        return shelf


def _customer(sought: Sought) -> CustomerId | None:
    if isinstance(sought, DataOf):
        return sought.customer
    return getattr(sought.recorded.event, "customer", None)


def _subject(sought: Sought) -> str:
    if isinstance(sought, DataOf):
        return f"customer/{sought.customer}"
    return subject_of(sought.recorded.event)


def _data_class(sought: Sought) -> DataClass:
    if isinstance(sought, DataOf):
        return sought.data_class
    return class_of(sought.recorded.event, sought.field)


def _order_state(order: Order) -> OrderState:
    if order.placed is None:
        return OrderState.NONE
    ended = order.cancelled or order.stage is Stage.COMPLETED
    return OrderState.CLOSED if ended else OrderState.OPEN


def _look(sought: Sought, asked: Question, outcome: Outcome) -> Look:
    return Look(
        subject=_subject(sought),
        data_class=asked.data_class.value,
        outcome=_OUTCOMES[type(outcome)],
        denial=outcome.reason.value if isinstance(outcome, Denied) else None,
    )
