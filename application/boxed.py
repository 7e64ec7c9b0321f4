"""Where personal data stands: which fields are sealed, of which class, and whose it is."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, get_args, get_type_hints

from attrs import fields

from regulars.application.events import Command, Event, Retired
from regulars.domain import bank_card, customer, protection, purchase, real_name, review
from regulars.domain.personal import DATA_CLASS, DataClass, Sealed


class Boxed(NamedTuple):
    """A field of a command that arrives personal and leaves as a box of the event's same field."""

    field: str
    event: type[Event]


BOXED: Final[dict[type[Command], tuple[Boxed, ...]]] = {
    customer.RegisterCustomer: (
        Boxed("contact", customer.CustomerRegistered),
        Boxed("profile", customer.CustomerRegistered),
        Boxed("extra", customer.CustomerRegistered),
    ),
    customer.UpdateCustomerDetails: (
        Boxed("contact", customer.CustomerDetailsUpdated),
        Boxed("profile", customer.CustomerDetailsUpdated),
        Boxed("extra", customer.CustomerDetailsUpdated),
    ),
    customer.AddDeliveryAddress: (Boxed("address", customer.DeliveryAddressAdded),),
    bank_card.BindBankCard: (Boxed("payment", bank_card.BankCardBound),),
    real_name.VerifyRealName: (Boxed("identity", real_name.RealNameVerified),),
    purchase.PlaceOrder: (Boxed("extra", purchase.OrderPlaced),),
    review.SubmitReview: (Boxed("text", review.ReviewSubmitted),),
    protection.NameParty: (Boxed("contact", protection.PartyNamed),),
}
"""
Which fields are sealed, and for which event.

A command listed here records that event first: the box is bound to the id of its first event.
"""


def _classes() -> dict[tuple[type[Event], str], DataClass]:
    found: dict[tuple[type[Event], str], DataClass] = {}
    for command, boxed in BOXED.items():
        hints = get_type_hints(command)
        for name, event in boxed:
            kind = next(one for one in get_args(hints[name]) if one in DATA_CLASS)
            found[event, name] = DATA_CLASS[kind]
    return found


_CLASSES: Final = _classes()


_SLOTS: Final = {
    kind: tuple(
        (spec.name, getattr(kind, spec.name).__get__, getattr(kind, spec.name).__set__)
        for spec in fields(kind)
    )
    for kind in BOXED
}
"""The fields of each of these commands, with what reads and what writes one."""


def is_bare(command: Command) -> bool:
    """Whether a command brings no personal data, so that nothing is sealed for it."""
    boxed = BOXED.get(type(command))
    return boxed is None or all(getattr(command, name) is None for name, _ in boxed)


def replaced(command: Command, boxes: Mapping[str, Sealed]) -> Command:
    """A command with boxes for its values: what `attrs.evolve` gives, in less time."""
    kind = type(command)
    copy = object.__new__(kind)
    for name, read, write in _SLOTS[kind]:
        write(copy, boxes[name] if name in boxes else read(command))
    return copy


def subject_of(command_or_event: Command | Event | Retired) -> str:
    """
    Whose personal data a command brings or an event holds: `customer/` and their id.

    Words on an order that nobody is named for belong to that order alone; who serves one is
    `courier/` or `merchant/` and their id.
    """
    if isinstance(command_or_event, protection.NameParty | protection.PartyNamed):
        return f"{command_or_event.party.value}/{command_or_event.who}"
    named = getattr(command_or_event, "customer", None)
    if named is None:
        return f"order/{getattr(command_or_event, 'order', '')}"
    return f"customer/{named}"


def boxes_of(event: Event | Retired) -> dict[str, Sealed]:
    """The boxes of an event by the name of their field."""
    return {
        spec.name: value
        for spec in fields(type(event))
        if isinstance(value := getattr(event, spec.name), Sealed)
    }


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
