"""What a recorded event asks for: its reactions, each with its cause and the id of its events."""

from collections.abc import Callable, Iterator
from typing import Any, Final, cast, get_args

from attrs import frozen

from regulars.application.aggregates import (
    ACCOUNT,
    CUSTOMER,
    MERCHANT,
    OFFER,
    ORDER,
    PROGRAM,
    REFERRAL,
    Aggregate,
    account_stream,
    customer_stream,
    merchant_stream,
    offer_stream,
    order_stream,
    program_stream,
    referral_stream,
)
from regulars.application.batch import Cause
from regulars.application.door import request_base
from regulars.application.events import Command, Pending, moment
from regulars.application.reactions import ReactedTo, reactions
from regulars.domain.account import Account
from regulars.domain.customer import Customer
from regulars.domain.merchant import Merchant
from regulars.domain.offer import Offer
from regulars.domain.order import Order
from regulars.domain.program import Program
from regulars.domain.records import Records
from regulars.domain.referral import Referral
from regulars.domain.values import CustomerId, MerchantId, OfferId, OrderId, ProgramId

_REACTED_TO: Final = frozenset(get_args(ReactedTo))

POLICY: Final = "policy"
"""Who asked for what a policy led to."""


@frozen
class AtHand:
    """The states of one programme's streams, as `state` gives them: what policies look at."""

    program_id: ProgramId
    state: Callable[[str, Aggregate], Any]

    def program(self) -> Program:
        """The programme in which orders earn."""
        return cast("Program", self.state(program_stream(self.program_id), PROGRAM))

    def order(self, order: OrderId) -> Order:
        """An order."""
        return cast("Order", self.state(order_stream(order), ORDER))

    def account(self, customer: CustomerId) -> Account:
        """The customer's account in that programme."""
        return cast("Account", self.state(account_stream(self.program_id, customer), ACCOUNT))

    def offer(self, offer: OfferId) -> Offer:
        """An offer of that programme, and its coupons."""
        return cast("Offer", self.state(offer_stream(self.program_id, offer), OFFER))

    def merchant(self, merchant: MerchantId) -> Merchant:
        """A merchant."""
        return cast("Merchant", self.state(merchant_stream(merchant), MERCHANT))

    def referral(self, referee: CustomerId) -> Referral:
        """The referral of a customer in that programme."""
        return cast("Referral", self.state(referral_stream(self.program_id, referee), REFERRAL))

    def records(self, customer: CustomerId) -> Records:
        """Whom a customer was merged with."""
        return cast("Customer", self.state(customer_stream(customer), CUSTOMER)).records

    def within(self, program: ProgramId) -> "AtHand":
        """The states of another programme's streams."""
        return AtHand(program, self.state)


def asked_after(
    pending: Pending, look: AtHand, tenant: str
) -> Iterator[tuple[Command, int, Cause]]:
    """The commands that an event leads to, with the first id of their events and their cause."""
    if type(pending.event) not in _REACTED_TO:
        return
    event = cast("ReactedTo", pending.event)
    cause = Cause(POLICY, pending.correlation, pending.event_id.hex())
    commands = reactions(event, moment(pending.occurred_at), look.program_id, look)
    for number, command in enumerate(commands):
        yield command, request_base(tenant, f"reaction/{cause.causation}/{number}"), cause
