"""A rehearsal: what commands to orders and accounts would lead to, with nothing recorded."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime

from attrs import Factory, define, frozen

from regulars.application.aggregates import ACCOUNT, ORDER, Aggregate
from regulars.application.events import Command, Event
from regulars.application.questions import Look
from regulars.application.reactions import ReactedTo, reactions
from regulars.domain import loyalty, order
from regulars.domain.account import Account
from regulars.domain.order import Order
from regulars.domain.program import Program
from regulars.domain.values import CustomerId, OrderId, ProgramId


@frozen
class Rehearsed:
    """An event as it would be recorded, and when it would have occurred."""

    event: Event
    at: datetime


@frozen
class Seen:
    """The states of one programme's streams as a question sees them: what policies look at."""

    look: Look
    program_id: ProgramId

    def program(self) -> Program:
        """The programme in which orders earn."""
        return self.look.program(self.program_id)

    def order(self, of: OrderId) -> Order:
        """An order."""
        return self.look.order(of)

    def account(self, customer: CustomerId) -> Account:
        """The customer's account in that programme."""
        return self.look.account(self.program_id, customer)


@define
class Rehearsal:
    """
    Orders and accounts as they would become, from what they are `seen` to be.

    Commands are decided and reacted to as they are when they are recorded. What reactions ask of
    other streams, such as those of offers, is not gone into.
    """

    seen: Seen
    _orders: dict[OrderId, Order] = Factory(dict[OrderId, Order])
    _accounts: dict[CustomerId, Account] = Factory(dict[CustomerId, Account])

    def program(self) -> Program:
        """The programme in which orders earn."""
        return self.seen.program()

    def order(self, of: OrderId) -> Order:
        """An order as it has become."""
        if of not in self._orders:
            self._orders[of] = deepcopy(self.seen.order(of))
        return self._orders[of]

    def account(self, customer: CustomerId) -> Account:
        """A customer's account as it has become."""
        if customer not in self._accounts:
            self._accounts[customer] = deepcopy(self.seen.account(customer))
        return self._accounts[customer]

    def take(self, command: Command) -> Sequence[Rehearsed]:
        """
        What a command and all that it leads to would record, in orders and accounts.

        Raises:
            Refusal: it, or what it leads to, would be refused.
        """
        found = self._decided(command)
        for one in found:  # what reactions add at its end is itself looked at
            if isinstance(one.event, ReactedTo):
                for reaction in reactions(one.event, one.at, self.seen.program_id, self):
                    found += self._decided(reaction)
        return found

    def _decided(self, command: Command) -> list[Rehearsed]:
        if isinstance(command, order.Command):
            return _told(ORDER, command, self.order(command.order))
        if isinstance(command, loyalty.Command):
            return _told(ACCOUNT, command, self.account(command.customer))
        return []


def _told(aggregate: Aggregate, command: Command, state: Order | Account) -> list[Rehearsed]:
    found: list[Rehearsed] = []
    for event in aggregate.decide(command, state):
        at = aggregate.moment(event, command.at, state)
        aggregate.fold(state, event, at)
        found.append(Rehearsed(event, at))
    return found
