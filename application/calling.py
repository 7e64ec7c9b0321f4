"""
Whose phone number may be used for an order: asked of the policy, and recorded before it is opened.

A number that was handed out serves one life of the person: an erasure that was asked for since ends
it, also where a new life has begun.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from attrs import field, frozen

from regulars.application.aggregates import (
    CUSTOMER,
    ORDER,
    Aggregate,
    customer_stream,
    erasure_stream,
    order_stream,
)
from regulars.application.erasure_subjects import Whose, state_of
from regulars.application.gate import Gate
from regulars.application.merging import records_in
from regulars.application.ports import Clock, Revealed, Storage
from regulars.application.reading import BoxIn, DataOf, Sought, Visit
from regulars.application.states import Held
from regulars.application.visits import question_of
from regulars.domain.actor import Actor
from regulars.domain.customer import Customer
from regulars.domain.erasure import ErasureRequested
from regulars.domain.order import Order
from regulars.domain.personal import Contact, DataClass
from regulars.domain.protection import (
    DELIVERY,
    NUMBER_PROTECTION,
    Party,
    PartyNamed,
    VirtualNumberAssigned,
)
from regulars.domain.reading import Denied, may_read
from regulars.domain.records import person_of
from regulars.domain.subject import Subject, SubjectErasureRequested, SubjectKind
from regulars.domain.values import CustomerId, OrderId

_BINDER: Final = Actor(role=NUMBER_PROTECTION, id="number-protection")


@frozen(kw_only=True)
class Calling:
    """
    The phone numbers of customers and of who serves them, and whether they may be used.

    `gate` opens them, `dialled` gives the one form of a number, and None for what is none. `lock`
    is that of whoever shares the storage with it.
    """

    storage: Storage
    gate: Gate
    clock: Clock
    dialled: Callable[[str], str | None] = field(repr=False)
    lock: AbstractContextManager[object] = field(repr=False)

    def order(self, order_id: OrderId) -> Order:
        """What an order is now."""
        state: Order = self._held(order_stream(order_id), ORDER).state
        return state

    def _held(self, stream: str, aggregate: Aggregate) -> Held:
        held = Held(aggregate, aggregate.state())
        with self.lock, self.storage.snapshot():
            held.fold(self.storage.log.facts(stream))
        return held

    def person(self, customer: CustomerId) -> tuple[CustomerId, ...]:
        """Who speaks for a customer, and every record that they speak for."""
        with self.lock, self.storage.snapshot():
            return person_of(customer, records_in(self.storage.log))

    def may_call(self, order_id: OrderId, customer: CustomerId, party: Party) -> bool:
        """
        Whether a number that was handed out for an order may be used by both.

        It may not where the contact of either is erased, waits for it or is kept, where the policy
        would not show it, nor where it was handed out before an erasure.
        """
        who = self.order(order_id).protection.named.get(party)
        return (
            (who is None or self._is_kept(serving(party, who)))
            and self._may_be_called(order_id, customer)
            and not self.is_of_an_earlier_life(order_id, customer, party)
        )

    def is_of_an_earlier_life(self, order_id: OrderId, customer: CustomerId, party: Party) -> bool:
        """Whether the contact of either was asked to be erased since a number was handed out."""
        who, log = self.order(order_id).protection.named.get(party), self.storage.log
        whose: set[Whose] = {*self.person(customer)}
        if who is not None:
            whose.add(serving(party, who))
        with self.lock, self.storage.snapshot():
            asked = [
                one.position
                for stream in map(erasure_stream, whose)
                for one in log.stream(stream)
                if isinstance(one.event, ErasureRequested | SubjectErasureRequested)
                and DataClass.CONTACT in one.event.classes
            ]
            if not asked:
                return False
            handed_out = [
                one.position
                for one in log.stream(order_stream(order_id))
                if isinstance(one.event, VirtualNumberAssigned) and one.event.party is party
            ]
        return bool(handed_out) and handed_out[-1] < max(asked)

    def _may_be_called(self, order_id: OrderId, customer: CustomerId) -> bool:
        """Whether the customer's number may be used, by the word of whoever speaks for them."""
        customer = self.person(customer)[0]
        person: Customer = self._held(customer_stream(customer), CUSTOMER).state
        if not self._is_kept(customer) or person.rights.restricts(DataClass.CONTACT):
            return False
        contact = DataOf(customer=customer, data_class=DataClass.CONTACT)
        with self.lock, self.storage.snapshot():
            asked = question_of(
                contact,
                _visit(order_id),
                self._held,
                self.clock.now(),
                self.gate.policy,
                suspended=False,
            )
        return not isinstance(may_read(self.gate.policy, asked), Denied)

    def _is_kept(self, whose: Whose) -> bool:
        """Whether a contact is neither erased nor waits for it."""
        with self.lock, self.storage.snapshot():
            erasure = state_of(self.storage.log, whose)
        return DataClass.CONTACT not in erasure.erased | erasure.pending.keys()

    def party_phone(self, order_id: OrderId, party: Party, who: str | None) -> str | None:
        """The number of who serves an order, once it is recorded who had it opened, and why."""
        if who is None or not self._is_kept(serving(party, who)):
            return None
        last = None
        with self.lock, self.storage.snapshot():
            for recorded in self.storage.log.stream(order_stream(order_id)):
                event = recorded.event
                if isinstance(event, PartyNamed) and (event.party, event.who) == (party, who):
                    last = recorded
        return (
            None if last is None else self._phone(order_id, BoxIn(recorded=last, field="contact"))
        )

    def customer_phone(self, order_id: OrderId, customer: CustomerId) -> str | None:
        """
        That of who speaks for the customer, or else of a record that they speak for.

        As `party_phone`, once it is recorded.
        """
        if not self._may_be_called(order_id, customer):
            return None
        phones = (
            self._phone(order_id, DataOf(customer=record, data_class=DataClass.CONTACT))
            for record in self.person(customer)
        )
        return next((phone for phone in phones if phone is not None), None)

    def _phone(self, order_id: OrderId, sought: Sought) -> str | None:
        """The number to call in a contact; None if there is none to be had."""
        with self.lock:
            (outcome,) = self.gate.read([sought], _visit(order_id))
        contact = outcome.value if isinstance(outcome, Revealed) else None
        if not isinstance(contact, Contact) or contact.phone is None:
            return None
        return self.dialled(contact.phone)


def serving(party: Party, who: str) -> Subject:
    """Who serves an order, as the one whose data it is."""
    return Subject(kind=SubjectKind(party.value), id=who)


def _visit(order_id: OrderId) -> Visit:
    return Visit(actor=_BINDER, purpose=DELIVERY, order=order_id)
