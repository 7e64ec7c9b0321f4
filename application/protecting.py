"""
Protecting orders: follows the log, has numbers bound for orders that are on, and ends them.

The event that an order is on is the intent, the provider is called outside of any transaction,
and the outcome is a command. It goes by what the order is now, and not by what it has done: asked
again, after a crash or for an event that comes twice, it arrives at the same.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, get_args

from attrs import field, frozen

from regulars.application.calling import Calling, serving
from regulars.application.erasure_subjects import Whose
from regulars.application.events import Command, Event, Recorded, moment
from regulars.application.fields import check_id
from regulars.application.number_protection import NumberProtection, ProtectedLine
from regulars.application.ports import Clock, Storage
from regulars.application.subscription import Subscription, reading
from regulars.domain import order
from regulars.domain.consents import ConsentWithdrawn
from regulars.domain.erasure import ErasureRequested
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
from regulars.domain.protection import (
    AssignVirtualNumber,
    ContactIsOver,
    CourierAssigned,
    OpenOrderChat,
    OtherParty,
    Party,
    PartyNamed,
    VirtualNumberAssigned,
)
from regulars.domain.records import CustomersMerged
from regulars.domain.rights import ProcessingObjected, ProcessingRestricted
from regulars.domain.subject import SubjectErasureRequested
from regulars.domain.values import CustomerId, OrderId

FOLLOWER: Final = "number-protection"
"""Under which name its position is kept, and who asks for what it records."""

BOUND: Final = "number-protection-bound"
"""Under which name it is kept from where on a number may have been bound that still is."""

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
    | VirtualNumberAssigned
)
_Kept: TypeAlias = (
    ErasureRequested
    | SubjectErasureRequested
    | ProcessingRestricted
    | ProcessingObjected
    | ConsentWithdrawn
    | CustomersMerged
)
READ: Final[frozenset[type[Event]]] = frozenset((*get_args(_Read), *get_args(_Kept)))
"""
The events after which an order may need something else than before.

An assignment is among them for what another follower did meanwhile; those that keep somebody's
contact from being used concern all orders of theirs, under whatever id they were placed, or that
they serve. So may a merge, into somebody whose contact is kept from being used already.
"""


@frozen(kw_only=True)
class Protecting:
    """
    Has virtual numbers bound for the orders of one tenant, and tells who reaches whom how.

    A number is bound for `life` at a time, and extended as the order goes on; an order of which
    nothing was heard for so long gets none, such as one that was imported. After completion it
    lives on for `grace`. `calling` has the phone numbers, and says whether they may be used.
    `lock` is that of whoever shares the storage with it.
    """

    storage: Storage
    calling: Calling
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
            events = [one.event for _, one in page.items if self._is_recent(one)]
            orders = [event.order for event in events if isinstance(event, _Read)]
            kept = {_whose(event) for event in events if isinstance(event, _Kept)}
            for order_id in dict.fromkeys((*orders, *self._bound_for(kept))):
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

    def _bound_for(self, kept: Collection[Whose]) -> Iterator[OrderId]:
        """The orders of these people for which a number was bound that has not ended yet."""
        if not kept:
            return
        read = reading(self.storage, types={VirtualNumberAssigned})
        now, living = self.clock.now(), dict[OrderId, int]()
        with self.lock, self.storage.snapshot():
            at = self.storage.checkpoints.position(BOUND)
        while True:
            with self.lock:
                page = read(at)
            if page.upto == at:
                break
            at = page.upto
            for position, one in page.items:
                if isinstance(one.event, VirtualNumberAssigned) and one.event.valid_until > now:
                    living.setdefault(one.event.order, position)
        # What is over by now is passed over the next time.
        with self.lock, self.storage.transaction():
            self.storage.checkpoints.keep(BOUND, min(living.values(), default=at + 1) - 1)
        for order_id in living:
            state = self.calling.order(order_id)
            whose = None if state.placed is None else state.placed.customer
            people: set[Whose] = {serving(*one) for one in state.protection.named.items()}
            people.update(() if whose is None else self.calling.person(whose))
            if not people.isdisjoint(kept):
                yield order_id

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
        state = self.calling.order(order_id)
        now = self.clock.now()
        customer = None if state.placed is None else state.placed.customer
        if _is_over(state):
            for party in Party:
                ends_at = state.protection.ended.get(party, now)
                if (
                    customer is not None
                    and ends_at > now
                    and not self.calling.may_call(order_id, customer, party)
                ):
                    ends_at = now
                self.numbers.unbind(_key(order_id, party), at=ends_at)
            return
        if customer is None or state.stage < Stage.ACCEPTED:
            return
        if not (state.protection.ways or self._goes_on(state, now)):
            return
        for party in Party:
            if party is Party.MERCHANT or party in state.protection.named:
                self._connect(order_id, customer, party, state, now)

    def _goes_on(self, state: order.Order, now: datetime) -> bool:
        return state.last_at is not None and state.last_at > now - self.life

    def _connect(
        self,
        order_id: OrderId,
        customer: CustomerId,
        party: Party,
        state: order.Order,
        now: datetime,
    ) -> None:
        way, who = state.protection.ways.get(party), state.protection.named.get(party)
        if way is not None and way.who == who and party not in state.protection.news:
            if way.valid_until is None:
                return
            lasts = way.valid_until > now + self.life / 2 or not self._goes_on(state, now)
            if lasts and self.calling.may_call(order_id, customer, party):
                return
        key, until = _key(order_id, party), now + self.life
        if self.calling.is_of_an_earlier_life(order_id, customer, party):
            self.numbers.unbind(key, at=now)
        theirs = self.calling.party_phone(order_id, party, who)
        customers = None if theirs is None else self.calling.customer_phone(order_id, customer)
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
        while somebody new serves it for whom nothing was bound yet. Where the contact of one of
        both may not be used any more, as once its erasure was asked for, they meet in the chat.

        Raises:
            InvalidId: the id is blank, too long or no text.
            UnknownOrder: no order was placed under this id.
            NumbersUnavailable: who has the numbers does not answer.
        """
        check_id("order", order_id)
        state = self.calling.order(order_id)
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
        customer = state.placed.customer
        if way.number_ref is None or customer is None:
            return ProtectedLine()
        if not self.calling.may_call(order_id, customer, party):
            return ProtectedLine()
        return ProtectedLine(number=self.numbers.number(way.number_ref))


def _whose(event: _Kept) -> Whose:
    return event.subject if isinstance(event, SubjectErasureRequested) else event.customer


def _is_over(state: order.Order) -> bool:
    return state.cancelled or Stage.COMPLETED in state.steps


def _key(order_id: OrderId, party: Party) -> str:
    return f"{party.value}/{order_id}"
