"""The boxes of a customer that count now: the newest of everything, as their stream has it."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeAlias, get_args, get_type_hints

from regulars.application.audit import spot_of
from regulars.application.door import BOXED, boxes_of
from regulars.application.events import Event, Recorded, Retired
from regulars.application.ports import Spot
from regulars.domain.bank_card import BankCardUnbound
from regulars.domain.customer import DeliveryAddressRemoved
from regulars.domain.personal import DATA_CLASS, DataClass, Sealed


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
    """A box and where it stands, the class of its value, and when it was given, in microseconds."""

    data_class: DataClass
    box: Sealed
    spot: Spot
    at: int


Shelf: TypeAlias = dict[tuple[DataClass, str], Placed]
"""What is kept of a customer, by data class and by address, card or name of the box."""


def shelf_of(stream: Iterable[Recorded]) -> Shelf:
    """The newest box of everything in a customer's stream, but for what was taken away again."""
    shelf: Shelf = {}
    for recorded in stream:
        event = recorded.event
        for name, box in boxes_of(event).items():
            slot = getattr(event, "address_id", getattr(event, "card", name))
            shelf[class_of(event, name), slot] = placed(recorded, name, box)
        if isinstance(event, DeliveryAddressRemoved):
            shelf.pop((DataClass.ADDRESS, event.address_id), None)
        elif isinstance(event, BankCardUnbound):
            shelf.pop((DataClass.PAYMENT, event.card), None)
    return shelf


def placed(recorded: Recorded, name: str, box: Sealed) -> Placed:
    """A box of a recorded event."""
    return Placed(
        class_of(recorded.event, name), box, spot_of(recorded, name), recorded.occurred_at
    )


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
