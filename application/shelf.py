"""The boxes of a customer that count now: the newest of everything, as their stream has it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from attrs import Factory, define

from regulars.application.audit import spot_of
from regulars.application.boxed import boxes_of, class_of, subject_of
from regulars.application.events import Event, Recorded, Retired
from regulars.application.ports import Spot
from regulars.domain.bank_card import BankCardUnbound
from regulars.domain.customer import DeliveryAddressRemoved
from regulars.domain.empty import empty
from regulars.domain.erasure import CustomerErased
from regulars.domain.personal import DataClass, Sealed
from regulars.domain.subject import SubjectErasureCompleted


class Placed(NamedTuple):
    """
    A box and where it stands, the class of its value, and when it was given, in microseconds.

    `event` is the one that it came with, which tells of which address, card or order it is.
    """

    data_class: DataClass
    box: Sealed
    spot: Spot
    at: int
    event: Event | Retired


Slot: TypeAlias = tuple[DataClass, str]
"""A class and the address, the card or the name of the box."""

Shelf: TypeAlias = dict[Slot, Placed]
"""What is kept of a customer, by data class and by address, card or name of the box."""


def shelf_of(stream: Iterable[Recorded]) -> Shelf:
    """The newest box of everything in a customer's stream, but for what was taken away again."""
    shelf: Shelf = {}
    for recorded in stream:
        event = recorded.event
        for name, box in boxes_of(event).items():
            shelf[_slot_of(event, name)] = placed(recorded, name, box)
        taken = _taken_away_by(event)
        if taken is not None:
            shelf.pop(taken, None)
    return shelf


def _slot_of(event: Event | Retired, name: str) -> Slot:
    """Where the box of that name in an event goes."""
    return class_of(event, name), getattr(event, "address_id", getattr(event, "card", name))


def _taken_away_by(event: Event | Retired) -> Slot | None:
    match event:
        case DeliveryAddressRemoved(address_id=slot):
            return DataClass.ADDRESS, slot
        case BankCardUnbound(card=slot):
            return DataClass.PAYMENT, slot
        case _:
            return None


@define
class OlderValues:
    """
    How many values somebody replaced or took away that no erasure destroyed, by subject and class.

    They are shown to nobody, and sealed under the keys of what is newest.
    """

    counts: Counter[tuple[str, DataClass]] = empty(Counter[tuple[str, DataClass]])
    _kept: dict[tuple[str, DataClass], set[str]] = Factory(
        lambda: defaultdict[tuple[str, DataClass], set[str]](set)
    )

    def learn(self, event: Event | Retired) -> None:
        """Record what an event of a customer's stream, or an erasure, did to what is kept."""
        if isinstance(event, CustomerErased | SubjectErasureCompleted):
            for key in event.keys:
                self.counts.pop((key.subject, key.data_class), None)
                self._kept.pop((key.subject, key.data_class), None)
            return
        for name in boxes_of(event):
            data_class, slot = _slot_of(event, name)
            whose = subject_of(event), data_class
            self.counts[whose] += slot in self._kept[whose]
            self._kept[whose].add(slot)
        taken = _taken_away_by(event)
        if taken is not None:
            whose = subject_of(event), taken[0]
            self.counts[whose] += taken[1] in self._kept[whose]
            self._kept[whose].discard(taken[1])

    def by_class(self) -> dict[DataClass, int]:
        """How many there are of each class; none are left out."""
        found = {of: sum(n for (_, one), n in self.counts.items() if one is of) for of in DataClass}
        return {of: number for of, number in found.items() if number}


def placed(recorded: Recorded, name: str, box: Sealed) -> Placed:
    """A box of a recorded event."""
    return Placed(
        class_of(recorded.event, name),
        box,
        spot_of(recorded, name),
        recorded.occurred_at,
        recorded.event,
    )
