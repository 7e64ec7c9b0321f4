"""What is told of orders, in any order, late and again: a state machine for a host to extend."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import ClassVar, Final, TypeVar

from attrs import define, evolve
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)
from hypothesis.strategies import DataObject, SearchStrategy

from regulars.application.balances import PointsBalance
from regulars.application.batch import Outcome, Receipt
from regulars.application.crm import Crm
from regulars.application.events import Command
from regulars.domain import program
from regulars.domain.customer import RegisterCustomer
from regulars.domain.order import (
    AcceptOrder,
    CancelOrder,
    CompleteOrder,
    MarkDelivered,
    MarkReady,
    PickUpOrder,
    StartPreparing,
    Step,
)
from regulars.domain.purchase import PlaceOrder
from regulars.domain.refund import IssueRefund
from regulars.domain.values import (
    CustomerId,
    OrderId,
    Refusal,
)
from regulars.testing.crm_laws import check_laws, points_add_up
from regulars.testing.order_strategies import orders, refunds

Told = TypeVar("Told", bound=Command)

dollars: Final = st.just("USD")
steps: Final[SearchStrategy[type[Step | CancelOrder]]] = st.sampled_from(
    [AcceptOrder, StartPreparing, MarkReady, PickUpOrder, CompleteOrder, CompleteOrder, CancelOrder]
)
"""What becomes of an order beside its delivery."""

waits: Final = st.sampled_from([timedelta(minutes=5), timedelta(hours=9), timedelta(days=1)])
seasons: Final = st.sampled_from([timedelta(days=40), timedelta(days=400)])
delays: Final = st.sampled_from([*[timedelta(0)] * 6, timedelta(minutes=20), timedelta(days=2)])
"""How long ago it happened when it is told: mostly now."""

ANNA: Final = CustomerId("anna")
BO: Final = CustomerId("bo")
CUSTOMERS: Final = (ANNA, BO)

customers: Final = st.sampled_from(CUSTOMERS)
buyers: Final = st.sampled_from([*CUSTOMERS, *CUSTOMERS, None])
"""Who orders; now and then nobody knows who."""


@define
class SetClock:
    """A clock that stands still until it is put forward."""

    at: datetime = datetime(2024, 5, 17, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """The time that it shows."""
        return self.at


class OrderMachine(RuleBasedStateMachine):
    """
    Orders of a shop that are paid, cancelled and refunded, and laws that must hold meanwhile.

    `open` gives the core. A host overrides `tell`, so that its service is told the same, and adds
    invariants that compare the two, and rules for what else its service does.

        class ShopMachine(OrderMachine):
            def open(self, clock: SetClock) -> Crm:
                return connect("sqlite://", clock=clock)

        TestShop = ShopMachine.TestCase

    `programmes` are the commands that begin each history, none where `open` publishes its own.
    """

    programmes: ClassVar[SearchStrategy[tuple[program.Command, ...]]] = st.just(())

    placed: Bundle[PlaceOrder] = Bundle("placed")

    def __init__(self) -> None:
        super().__init__()
        self.clock = SetClock()
        self.crm = self.open(self.clock)
        self.recorded: list[tuple[Command, str]] = []
        self.refunded = defaultdict[OrderId, list[IssueRefund]](list)
        self.numbers = count(1)

    def open(self, clock: SetClock) -> Crm:
        """A core with nothing in it, on this clock; it is closed after the history."""
        raise NotImplementedError

    def tell(self, command: Command, id: str) -> Outcome:  # noqa: A002 - the word that a host uses
        """
        Tell a command under its id, and say what became of it.

        What a service does not take at all, an override answers with a refusal of its own.
        """
        try:
            return self.crm.execute(command, by="kit", id=id)
        except Refusal as refusal:
            return refusal

    def teardown(self) -> None:
        """Close what was opened."""
        self.crm.close()

    def say(self, command: Command) -> bool:
        """Tell a command under a new id, and keep it to be told again; whether it was taken."""
        name = f"told-{next(self.numbers)}"
        outcome = self.tell(command, name)
        if isinstance(outcome, Refusal):
            return False
        if outcome.events:
            self.recorded.append((command, name))
        return True

    def name(self, word: str) -> str:
        """A new id."""
        return f"{word}-{next(self.numbers)}"

    def ago(self, delay: timedelta) -> datetime:
        """The moment that long before now."""
        return self.clock.at - delay

    @initialize(data=st.data())
    def begin(self, data: DataObject) -> None:
        """A programme is there, and customers are."""
        commands = data.draw(self.programmes)
        if commands:
            self.crm.publish(commands)
        for customer in CUSTOMERS:
            self.say(RegisterCustomer(customer=customer, at=self.clock.at))

    @rule(by=waits)
    def wait(self, by: timedelta) -> None:
        """Time passes."""
        self.clock.at += by

    @rule(by=seasons)
    def wait_long(self, by: timedelta) -> None:
        """So much time passes that points expire."""
        self.clock.at += by

    @rule(target=placed, order=orders(currencies=dollars), customer=buyers, delay=delays)
    def place(
        self, order: PlaceOrder, customer: CustomerId | None, delay: timedelta
    ) -> PlaceOrder | MultipleResults[PlaceOrder]:
        """Somebody orders."""
        return self.kept(self.numbered(order, customer, delay))

    @rule(order=placed, delay=delays)
    def deliver(self, order: PlaceOrder, delay: timedelta) -> None:
        """An order reaches its customer."""
        self.say(MarkDelivered(order=order.order, at=self.ago(delay)))

    @rule(order=placed, step=steps, delay=delays)
    def go_on(self, order: PlaceOrder, step: type[Step | CancelOrder], delay: timedelta) -> None:
        """An order goes a step further."""
        self.say(step(order=order.order, at=self.ago(delay)))

    @rule(order=placed, data=st.data(), delay=delays)
    def refund(self, order: PlaceOrder, data: DataObject, delay: timedelta) -> None:
        """Units of an order, or an amount, go back."""
        before = self.refunded[order.order]
        drawn = data.draw(refunds(order, before))
        if drawn is not None and self.say(evolve(drawn, at=self.ago(delay))):
            before.append(drawn)

    @precondition(lambda self: bool(self.recorded))
    @rule(data=st.data())
    def repeat(self, data: DataObject) -> None:
        """Something is told again, under its id, and records nothing."""
        command, name = data.draw(st.sampled_from(self.recorded))
        head = self.crm.head()
        outcome = self.tell(command, name)
        assert isinstance(outcome, Receipt)
        assert outcome.repeated
        assert self.crm.head() == head

    @precondition(lambda self: bool(self.recorded))
    @rule()
    def audit(self) -> None:
        """All laws hold, over all that was recorded."""
        check_laws(self.crm)

    @invariant()
    def balances_add_up(self) -> None:
        """Each account holds what was posted to it."""
        for customer in self.customers():
            points_add_up(self.crm, customer)

    def customers(self) -> list[CustomerId]:
        """Those who have an account."""
        return [one for one in CUSTOMERS if self.crm.ask(PointsBalance(customer=one)) is not None]

    def numbered(
        self, order: PlaceOrder, customer: CustomerId | None, delay: timedelta
    ) -> PlaceOrder:
        """A drawn order under a new id, of this customer and moment."""
        name = OrderId(self.name("order"))
        return evolve(order, order=name, customer=customer, at=self.ago(delay))

    def kept(self, command: Told) -> Told | MultipleResults[Told]:
        """A command that was taken, to go on with; nothing if it was refused."""
        return command if self.say(command) else multiple()
