"""
Protecting orders: follows the log, has numbers bound for orders that are on, and ends them.

The event that an order is on is the intent, the provider is called outside of any transaction,
and the outcome is a command. It goes by what the order is now, and not by what it has done: asked
again, after a crash or for an event that comes twice, it arrives at the same.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, get_args

from attrs import field, frozen

from regulars.application.aggregates import customer_stream, order_stream
from regulars.application.audit import spot_of
from regulars.application.events import Command, Event, Recorded, moment
from regulars.application.number_protection import NumberProtection, ProtectedLine
from regulars.application.ports import Clock, Revealed, Storage, Vault
from regulars.application.subscription import Subscription, reading
from regulars.domain import order
from regulars.domain.customer import CustomerDetailsUpdated, CustomerRegistered
from regulars.domain.order import (
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderPickedUp,
    OrderReady,
    PreparationStarted,
    Stage,
    UnknownOrder,
)
from regulars.domain.personal import Contact, Sealed
from regulars.domain.protection import (
    AssignVirtualNumber,
    ContactIsOver,
    CourierAssigned,
    OpenOrderChat,
    OtherParty,
    Party,
    PartyNamed,
)
from regulars.domain.values import CustomerId, OrderId

FOLLOWER: Final = "number-protection"
"""Under which name its position is kept, and who asks for what it records."""

_Read: TypeAlias = (
    OrderAccepted
    | PreparationStarted
    | OrderReady
    | OrderPickedUp
    | OrderDelivered
    | OrderCompleted
    | OrderCancelled
    | PartyNamed
    | CourierAssigned
)
READ: Final[frozenset[type[Event]]] = frozenset(get_args(_Read))
"""The events after which an order may need something else than before."""


@frozen(kw_only=True)
class Protecting:
    """
    Has virtual numbers bound for the orders of one tenant, and tells who reaches whom how.

    A number is bound for `life` at a time, and extended as the order goes on; an order of which
    nothing was heard for so long gets none, such as one that was imported. After completion it
    lives on for `grace`. `lock` is that of whoever shares the storage with it.
    """

    storage: Storage
    vault: Vault
    numbers: NumberProtection
    clock: Clock
    record: Callable[[Command], object] = field(repr=False)
    lock: AbstractContextManager[object] = field(repr=False)
    life: timedelta = timedelta(hours=24)
    grace: timedelta = timedelta(0)

    def catch_up(self) -> int:
        """
        Do what the log asks for since the last time. Returns the position reached.

        Its own place is kept after each page: who was interrupted does the page again.

        Raises:
            NumbersUnavailable: who has the numbers does not answer; call this again.
            StorageUnavailable: the store does not answer.
        """
        read = reading(self.storage, types=READ)
        with self.lock, self.storage.snapshot():
            at = self.storage.checkpoints.position(FOLLOWER)
        while True:
            with self.lock:
                page = read(at)
            if page.upto == at:
                return at
            orders = [
                one.event.order
                for _, one in page.items
                if isinstance(one.event, _Read) and self._is_recent(one)
            ]
            for order_id in dict.fromkeys(orders):
                self.settle(order_id)
            at = page.upto
            with self.lock, self.storage.transaction():
                self.storage.checkpoints.keep(FOLLOWER, at)

    def follow(self, orders: Subscription[Recorded]) -> None:
        """
        Catch up whenever an event comes that asks for it, until the subscription is stopped.

            with crm.subscribe(types=READ) as orders:
                crm.protection.follow(orders)  # until another thread stops `orders`

        Raises:
            NumbersUnavailable: who has the numbers does not answer; call this again.
            StorageUnavailable: the store does not answer.
        """
        self.catch_up()
        for _ in orders:
            self.catch_up()

    def _is_recent(self, recorded: Recorded) -> bool:
        # What was bound before that has ended by itself.
        return moment(recorded.occurred_at) > self.clock.now() - 2 * self.life

    def settle(self, order_id: OrderId) -> None:
        """
        Let what is bound for an order be what it should be now, and record what has changed.

        Raises:
            NumbersUnavailable: who has the numbers does not answer; nothing was recorded of it.
        """
        while True:  # each refusal tells of an event that came between
            with suppress(OtherParty, ContactIsOver):
                self._settle(order_id)
                return

    def _settle(self, order_id: OrderId) -> None:
        state = self._state(order_id)
        now = self.clock.now()
        if _is_over(state):
            for party in Party:
                ends_at = state.protection.ended.get(party, now)
                self.numbers.unbind(_key(order_id, party), at=ends_at)
            return
        placed, last_at = state.placed, state.last_at
        if placed is None or placed.customer is None or last_at is None:
            return
        if state.stage < Stage.ACCEPTED or last_at <= now - self.life:
            return
        for party in Party:
            if party is Party.MERCHANT or party in state.protection.named:
                self._connect(order_id, placed.customer, party, state, now)

    def _connect(
        self,
        order_id: OrderId,
        customer: CustomerId,
        party: Party,
        state: order.Order,
        now: datetime,
    ) -> None:
        way, who = state.protection.ways.get(party), state.protection.named.get(party)
        lasts = way is not None and (
            way.valid_until is None or way.valid_until > now + self.life / 2
        )
        if way is not None and way.who == who and lasts and party not in state.protection.news:
            return
        theirs, customers = self._party_phone(order_id, party, who), self._customer_phone(customer)
        key, until = _key(order_id, party), now + self.life
        binding = None
        if theirs is not None and customers is not None and theirs != customers:
            binding = self.numbers.bind(key, theirs, customers, until=until)
        else:
            self.numbers.unbind(key, at=now)
        grace = int(self.grace.total_seconds())
        self.record(
            OpenOrderChat(order=order_id, at=now, party=party, who=who, grace_seconds=grace)
            if binding is None
            else AssignVirtualNumber(
                order=order_id,
                at=now,
                party=party,
                number_ref=binding.ref,
                valid_until=binding.until,
                who=who,
                grace_seconds=grace,
            )
        )

    def line(
        self,
        order_id: OrderId,
        *,
        as_: Literal["customer", "courier", "merchant"],
        to: Party | None = None,
    ) -> ProtectedLine | None:
        """
        How somebody of an order reaches the other side now; None if they do not.

        A customer reaches the courier, or the merchant while there is none, unless `to` says
        whom; the others reach the customer. Never a real number. Nobody reaches anybody before
        the order is accepted, nor once it is cancelled, or completed and its grace is over, nor
        while somebody new serves it for whom nothing was bound yet.

        Raises:
            UnknownOrder: no order was placed under this id.
            NumbersUnavailable: who has the numbers does not answer.
        """
        state = self._state(order_id)
        if state.placed is None:
            raise UnknownOrder(order=order_id)
        if as_ != "customer":
            party = Party(as_)
        else:
            party = to or (
                Party.COURIER if Party.COURIER in state.protection.ways else Party.MERCHANT
            )
        way = state.protection.ways.get(party)
        if way is not None and way.who != state.protection.named.get(party):
            return None  # it leads to whoever served the order before
        ends_at = state.protection.ended.get(party)
        if way is None or (ends_at is not None and self.clock.now() >= ends_at):
            return None
        number = None if way.number_ref is None else self.numbers.number(way.number_ref)
        return ProtectedLine(number=number)

    def _state(self, order_id: OrderId) -> order.Order:
        state = order.Order()
        with self.lock, self.storage.snapshot():
            facts = self.storage.log.facts(order_stream(order_id))
            theirs = [(one, at) for _, one, at in facts if isinstance(one, order.Event)]
        for event, occurred_at in theirs:
            order.fold(state, event, moment(occurred_at))
        return state

    def _party_phone(self, order_id: OrderId, party: Party, who: str | None) -> str | None:
        return self._phone(
            order_stream(order_id),
            lambda event: (
                event.contact
                if isinstance(event, PartyNamed) and (event.party, event.who) == (party, who)
                else None
            ),
        )

    def _customer_phone(self, customer: CustomerId) -> str | None:
        return self._phone(
            customer_stream(customer),
            lambda event: (
                event.contact
                if isinstance(event, CustomerRegistered | CustomerDetailsUpdated)
                else None
            ),
        )

    def _phone(self, stream: str, contact_of: Callable[[object], Sealed | None]) -> str | None:
        """The phone number in the last contact of a stream; None if it cannot be opened."""
        with self.lock, self.storage.snapshot():
            last = None
            for recorded in self.storage.log.stream(stream):
                box = contact_of(recorded.event)
                if box is not None:
                    last = box, spot_of(recorded, "contact")
            opened = None if last is None else self.vault.open(*last)
        contact = opened.value if isinstance(opened, Revealed) else None
        return contact.phone if isinstance(contact, Contact) else None


def _is_over(state: order.Order) -> bool:
    return state.cancelled or Stage.COMPLETED in state.steps


def _key(order_id: OrderId, party: Party) -> str:
    return f"{party.value}/{order_id}"
