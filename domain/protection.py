"""
Number protection: how a customer and those who serve an order reach each other, and until when.

Either through a number that stands for both, or in a chat of the order; never by a real number.
And to which of the customer's addresses it goes, where that changes on the way.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.empty import empty
from regulars.domain.personal import Contact, Sealed, sealed
from regulars.domain.values import AddressId, OrderId, Refusal

NUMBER_PROTECTION: Final = "number_protection"
DELIVERY: Final = "delivery"
"""The role, and the purpose, in which real numbers are opened to be bound to virtual ones."""

LONGEST_GRACE: Final = timedelta(days=7)


class Party(Enum):
    """Who serves an order, and may have to reach its customer."""

    MERCHANT = "merchant"
    COURIER = "courier"


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PartyNamed:
    """From now on `who` is the order's merchant or courier; an id. The contact is their own."""

    order: OrderId
    party: Party
    who: str
    contact: Sealed


@frozen(kw_only=True)
class CourierAssigned:
    """From now on `courier` brings the order, whoever did before; an id."""

    order: OrderId
    courier: str


@frozen(kw_only=True)
class OrderRedirected:
    """From now on the order goes to another address of its customer, by its id."""

    order: OrderId
    address_id: AddressId


@frozen(kw_only=True)
class VirtualNumberAssigned:
    """
    The party and the customer reach each other through a number until `valid_until`.

    `number_ref` is what the provider of numbers knows it by, and no number. It lives on for
    `grace_seconds` after the order is completed. `who` was named for the party, if anybody was.
    """

    order: OrderId
    party: Party
    number_ref: str
    valid_until: datetime
    who: str | None = None
    grace_seconds: int = 0


@frozen(kw_only=True)
class VirtualNumberRevoked:
    """The number no longer connects the two from `ends_at` on, for good."""

    order: OrderId
    party: Party
    number_ref: str
    ends_at: datetime


@frozen(kw_only=True)
class OrderChatOpened:
    """There is no number to be had: the party and the customer reach each other in a chat."""

    order: OrderId
    party: Party
    who: str | None = None
    grace_seconds: int = 0


@frozen(kw_only=True)
class OrderChatClosed:
    """Nobody writes in the chat from `ends_at` on, and it is not opened again after the order."""

    order: OrderId
    party: Party
    ends_at: datetime


@frozen(kw_only=True)
class AddressHidden:
    """Those who served the order see its address no more."""

    order: OrderId


Event: TypeAlias = (
    PartyNamed
    | CourierAssigned
    | OrderRedirected
    | VirtualNumberAssigned
    | VirtualNumberRevoked
    | OrderChatOpened
    | OrderChatClosed
    | AddressHidden
)


@define
class Way:
    """How a party and the customer reach each other: by a number, or in a chat without one."""

    who: str | None
    grace_seconds: int
    number_ref: str | None = None
    valid_until: datetime | None = None


@define
class Protection:
    """
    What is known of who reaches whom in one order, written by `fold` alone.

    `named` are those who serve it now, and `news` the parties whose contact was told since a way
    to them was opened. `redirected` is where the order goes, if not where it was placed to go.
    """

    named: dict[Party, str] = empty(dict[Party, str])
    news: set[Party] = empty(set[Party])
    ways: dict[Party, Way] = empty(dict[Party, Way])
    ended: dict[Party, datetime] = empty(dict[Party, datetime])
    redirected: AddressId | None = None


def fold(state: Protection, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case PartyNamed(party=party, who=who):
            state.named[party] = who
            state.news.add(party)
        case CourierAssigned(courier=courier):
            state.named[Party.COURIER] = courier
        case OrderRedirected(address_id=address_id):
            state.redirected = address_id
        case VirtualNumberAssigned(party=party):
            state.ways[party] = Way(
                who=event.who,
                grace_seconds=event.grace_seconds,
                number_ref=event.number_ref,
                valid_until=event.valid_until,
            )
            state.ended.pop(party, None)
            state.news.discard(party)
        case OrderChatOpened(party=party, who=opened_for, grace_seconds=grace):
            state.ways[party] = Way(who=opened_for, grace_seconds=grace)
            state.ended.pop(party, None)
            state.news.discard(party)
        case VirtualNumberRevoked(party=party, ends_at=ends_at):
            state.ended[party] = ends_at
        case OrderChatClosed(party=party, ends_at=ends_at):
            state.ended[party] = ends_at
        case AddressHidden():
            pass
        case _:
            assert_never(event)


@frozen(kw_only=True)
class NameParty:
    """
    Tell who serves the order and how they are reached; somebody else takes their place.

    Told again it is recorded again: how they are reached may have changed, and is sealed.
    """

    order: OrderId
    at: datetime
    party: Party
    who: str
    contact: Contact | Sealed


@frozen(kw_only=True)
class AssignCourier:
    """
    Tell who brings the order, for as long as it is on; somebody else takes their place.

    `NameParty` says it too, and how they are reached. Without that they are met in a chat.
    """

    order: OrderId
    at: datetime
    courier: str


@frozen(kw_only=True)
class RedirectOrder:
    """
    Send the order to another address of its customer, for as long as it is on.

    Also where it was placed without one. Those who serve it read that address and no other.
    """

    order: OrderId
    at: datetime
    address_id: AddressId


@frozen(kw_only=True)
class AssignVirtualNumber:
    """Let the party and the customer reach each other through a number; see the event."""

    order: OrderId
    at: datetime
    party: Party
    number_ref: str
    valid_until: datetime
    who: str | None = None
    grace_seconds: int = 0


@frozen(kw_only=True)
class OpenOrderChat:
    """Let them reach each other in a chat, because there is no number to be had."""

    order: OrderId
    at: datetime
    party: Party
    who: str | None = None
    grace_seconds: int = 0


Command: TypeAlias = NameParty | AssignCourier | RedirectOrder | AssignVirtualNumber | OpenOrderChat


@frozen(kw_only=True)
class ContactIsOver(Refusal):
    """The order is completed or cancelled: nobody reaches its customer through it any more."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} is over, and so is contact with its customer"


@frozen(kw_only=True)
class OtherParty(Refusal):
    """Somebody else serves the order by now: a way to the customer is no longer for this one."""

    order: OrderId
    party: Party

    def __str__(self) -> str:
        return f"order {self.order} has another {self.party.value} by now"


@frozen(kw_only=True)
class NoSuchGrace(Refusal):
    """A grace is none at least, and seven days at most."""

    order: OrderId
    grace_seconds: int

    def __str__(self) -> str:
        return f"order {self.order} cannot have a grace of {self.grace_seconds} seconds"


def decide(command: Command, state: Protection, *, over: bool) -> Sequence[Event]:
    """
    The events that `command` leads to in an order that is `over`, or is not.

    Raises:
        ContactIsOver: it is.
        OtherParty: the command is for somebody who does not serve it now.
        NoSuchGrace: a grace is less than none, or longer than seven days.
    """
    if over:
        raise ContactIsOver(order=command.order)
    if isinstance(command, AssignVirtualNumber | OpenOrderChat):
        grace = command.grace_seconds
        if not 0 <= grace <= LONGEST_GRACE.total_seconds():
            raise NoSuchGrace(order=command.order, grace_seconds=grace)
        if command.who != state.named.get(command.party):
            raise OtherParty(order=command.order, party=command.party)
    match command:
        case NameParty(order=order, party=party, who=who):
            return [PartyNamed(order=order, party=party, who=who, contact=sealed(command.contact))]
        case AssignCourier(order=order, courier=courier):
            if state.named.get(Party.COURIER) == courier:
                return []
            return [CourierAssigned(order=order, courier=courier)]
        case RedirectOrder(order=order, address_id=address_id):
            if state.redirected == address_id:
                return []
            return [OrderRedirected(order=order, address_id=address_id)]
        case AssignVirtualNumber():
            return _assign(command, state)
        case OpenOrderChat(order=order, party=party, who=who, grace_seconds=grace):
            way = state.ways.get(party)
            if way == Way(who=who, grace_seconds=grace):
                return []
            opened = OrderChatOpened(order=order, party=party, who=who, grace_seconds=grace)
            if way is None or way.number_ref is None:
                return [opened]
            return [_ended(order, party, way, command.at), opened]
        case _:
            assert_never(command)


def _assign(command: AssignVirtualNumber, state: Protection) -> Sequence[Event]:
    way = state.ways.get(command.party)
    wanted = Way(
        who=command.who,
        grace_seconds=command.grace_seconds,
        number_ref=command.number_ref,
        valid_until=command.valid_until,
    )
    if way == wanted:
        return []
    assigned = VirtualNumberAssigned(
        order=command.order,
        party=command.party,
        number_ref=command.number_ref,
        valid_until=command.valid_until,
        who=command.who,
        grace_seconds=command.grace_seconds,
    )
    if way is None or way.number_ref == command.number_ref:
        return [assigned]
    return [_ended(command.order, command.party, way, command.at), assigned]


def _ended(order: OrderId, party: Party, way: Way, at: datetime) -> Event:
    if way.number_ref is None:
        return OrderChatClosed(order=order, party=party, ends_at=at)
    return VirtualNumberRevoked(order=order, party=party, number_ref=way.number_ref, ends_at=at)


def ended(order: OrderId, state: Protection, at: datetime, *, graced: bool) -> Sequence[Event]:
    """What ends with an order at `at`, or after the grace that each way was given."""
    events = [
        _ended(
            order,
            party,
            way,
            at + timedelta(seconds=way.grace_seconds) if graced else at,
        )
        for party, way in state.ways.items()
    ]
    return [*events, AddressHidden(order=order)] if events else []
