"""Why: of an order, a lot or a balance, every point with what made it and what became of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Final

from attrs import evolve, frozen

from regulars.application.aggregates import account_stream, order_stream
from regulars.application.earnings import Earning, earning_by
from regulars.application.events import moment
from regulars.application.lot_moves import Moved
from regulars.application.lot_traces import AccountTrace, LotTrace, Move, Owed, Told, heard, traced
from regulars.application.questions import Look, Question, asked_at
from regulars.domain import loyalty
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.discounts import Discount, PointsPayment
from regulars.domain.due import AccountAt
from regulars.domain.empty import empty
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import Order, OrderDelivered, Stage
from regulars.domain.purchase import OrderPlaced
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId

_DEFAULT = ProgramId("default")


class LotStatus(Enum):
    """What a lot is: it waits, can be used or is held, or nothing is left of it, and why."""

    PENDING = "pending"
    ACTIVE = "active"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    REVERSED = "reversed"


@frozen(kw_only=True)
class LotExplained:
    """A lot: how its points came about, and what became of each of them."""

    program: ProgramId
    customer: CustomerId
    status: LotStatus
    earning: Earning | None
    trace: LotTrace


@frozen(kw_only=True)
class BalanceExplained:
    """
    What an account holds at a moment, lot by lot, to the point.

    `available` and `pending` are what is left of the lots that are active and pending, `held` what
    is held of them; `owed` is how `debt` came about.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    available: int
    pending: int
    held: int
    debt: int
    lots: tuple[LotExplained, ...]
    owed: tuple[Owed, ...]


@frozen(kw_only=True)
class OrderExplained:
    """
    What an order earned, and how it was paid for; `why` says the first in a sentence.

    `earned` is its lot, and what that became in each account that it was merged into; how it came
    about is told once, of the first. `paid` are the points that were held for it, spent on it and
    given back, with their lots. Amounts are minor units of `currency`.
    """

    program: ProgramId
    order: OrderId
    customer: CustomerId | None
    placed_at: datetime
    stage: Stage
    cancelled: bool
    currency: str
    total: int
    delivery_fee: int
    discounts: tuple[Discount, ...]
    points_payment: PointsPayment | None
    earned: tuple[LotExplained, ...]
    paid: tuple[tuple[LotId, Move], ...]
    why: str


@frozen(kw_only=True)
class ExplainBalance(Question[BalanceExplained]):
    """Every lot of a customer's account, what is left of it, and where the rest went."""

    customer: CustomerId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> BalanceExplained:
        """The lots; they add up to the balance."""
        accounts = Accounts(look, self.program)
        trace = accounts.trace(self.customer)
        lots = trace.lots
        return BalanceExplained(
            program=self.program,
            customer=self.customer,
            at=asked_at(look, look.account(self.program, self.customer)),
            available=sum(one.left for one in lots if not one.pending),
            pending=sum(one.left for one in lots if one.pending),
            held=sum(one.held for one in lots),
            debt=trace.debt,
            lots=tuple(accounts.explained(self.customer, one) for one in lots),
            owed=trace.owed,
        )


@frozen(kw_only=True)
class ExplainLot(Question[LotExplained | None]):
    """One lot of a customer's account; None if there is none of that id."""

    customer: CustomerId
    lot: LotId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> LotExplained | None:
        """The lot, and what became of each of its points."""
        accounts = Accounts(look, self.program)
        lots = (one for one in accounts.trace(self.customer).lots if one.lot == self.lot)
        return next((accounts.explained(self.customer, one) for one in lots), None)


@frozen(kw_only=True)
class ExplainOrder(Question[OrderExplained | None]):
    """What an order earned in a programme, and why; None if none was placed under that id."""

    order: OrderId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> OrderExplained | None:
        """The order, its lot, and what became of each point of it."""
        order = look.order(self.order)
        placed, placed_at = order.placed, order.placed_at
        if placed is None or placed_at is None:
            return None
        accounts = Accounts(look, self.program)
        lots = tuple(accounts.of_order(placed.customer, self.order))
        rules = look.program(self.program).rules_at(placed_at, placed.currency)
        return OrderExplained(
            program=self.program,
            order=self.order,
            customer=placed.customer,
            placed_at=placed_at,
            stage=order.stage,
            cancelled=order.cancelled,
            currency=placed.currency,
            total=placed.total,
            delivery_fee=placed.delivery_fee,
            discounts=placed.discounts,
            points_payment=placed.points_payment,
            earned=lots,
            paid=tuple(accounts.paid_for(placed.customer, self.order)),
            why=_sentence(
                order,
                placed,
                lots,
                by_rules=rules is not None,
                closed=accounts.closed_before(placed.customer, self.order),
            ),
        )


@frozen
class Accounts:
    """The accounts of one programme, traced to the moment asked about, each once."""

    look: Look
    program: ProgramId
    _traces: dict[CustomerId, AccountTrace] = empty(dict[CustomerId, AccountTrace])

    def trace(self, customer: CustomerId) -> AccountTrace:
        """What became of the lots of an account, what fell due included."""
        if customer not in self._traces:
            self._traces[customer] = traced(self._told(customer))
        return self._traces[customer]

    def explained(self, customer: CustomerId, trace: LotTrace) -> LotExplained:
        """A lot with how it came about, also if that was in an account that was merged."""
        earned = self._earned(trace)
        program = self.look.program(self.program)
        return LotExplained(
            program=self.program,
            customer=customer,
            status=_status(trace),
            earning=None if earned is None else earning_by(earned, program),
            trace=trace,
        )

    def of_order(self, customer: CustomerId | None, order: OrderId) -> Iterator[LotExplained]:
        """What an order earned, in the account that took it and in those that it went to."""
        names: set[tuple[CustomerId, LotId]] = set()
        for one in self._along(customer):
            for lot in self.trace(one).lots:
                is_told = lot.of in names
                if is_told or _is_of(lot, order):
                    names.add((one, lot.lot))
                    explained = self.explained(one, lot)
                    yield evolve(explained, earning=None) if is_told else explained

    def paid_for(self, customer: CustomerId | None, order: OrderId) -> Iterator[tuple[LotId, Move]]:
        """What was held for an order, spent on it and given back, with its lots."""
        for one in self._along(customer):
            for lot in self.trace(one).lots:
                for move in lot.moves:
                    if move.order == order and move.what in _PAYING:
                        yield lot.lot, move

    def closed_before(self, customer: CustomerId | None, order: OrderId) -> bool:
        """Whether the account that an order would have earned in was closed by its delivery."""
        for one in self.look.events(order_stream(order)):
            if isinstance(one.event, OrderDelivered):
                return any(
                    isinstance(other.event, LoyaltyAccountClosed) and other.position < one.position
                    for whose in self._along(customer)
                    for other in self.look.events(account_stream(self.program, whose))
                )
        return False

    def _along(self, customer: CustomerId | None) -> Sequence[CustomerId]:
        """A customer, and those whose accounts theirs went to."""
        found = [] if customer is None else [customer]
        for one in found:  # grows on the way
            into = self.look.account(self.program, one).successors
            found += [other for other in into if other not in found]
        return found

    def _earned(self, trace: LotTrace) -> PointsEarned | None:
        # Accounts that were separated may merge the other way round, and a lot come back.
        passed: set[tuple[CustomerId, LotId]] = set()
        while trace.of is not None and trace.of not in passed:
            passed.add(trace.of)
            customer, name = trace.of
            trace = next(one for one in self.trace(customer).lots if one.lot == name)
        return trace.earned

    def _told(self, customer: CustomerId) -> Sequence[Told]:
        account, told = heard(
            Told(event=one.event, at=moment(one.occurred_at), position=one.position)
            for one in self.look.events(account_stream(self.program, customer))
            if isinstance(one.event, loyalty.Event)
        )
        now = AccountAt(account, asked_at(self.look, account))
        for due in now.due:
            told.append(Told(event=due, at=loyalty.moment(due, now.at, account), position=None))
        return told


def _is_of(lot: LotTrace, order: OrderId) -> bool:
    if lot.earned is not None:
        return lot.earned.order == order
    # A refund may be told as of a moment at which what it takes back was not yet earned.
    return bool(lot.taken_back) and lot.of is None and lot.lot == LotId(order)


def _status(trace: LotTrace) -> LotStatus:
    if trace.left or trace.held:
        return LotStatus.PENDING if trace.pending else LotStatus.ACTIVE
    if not trace.moves:  # as of a moment before its points came, when a refund is known already
        return LotStatus.REVERSED
    ends = {Moved.EXPIRED: LotStatus.EXPIRED, Moved.REVERSED: LotStatus.REVERSED}
    return ends.get(trace.moves[-1].what, LotStatus.EXHAUSTED)


_PAYING: Final = frozenset({Moved.HELD, Moved.RELEASED, Moved.SPENT, Moved.RESTORED})


def _sentence(
    order: Order,
    placed: OrderPlaced,
    earned: Sequence[LotExplained],
    *,
    by_rules: bool,
    closed: bool,
) -> str:
    """What an order earned, or why it earned nothing, in a sentence."""
    if earned:
        back = sum(back.points for one in earned for back in one.trace.taken_back)
        came = "earned later" if earned[0].earning is None else earned[0].earning.why
        return f"{came}; refunds took back {back}" if back else came
    if order.cancelled:
        return "nothing: it was cancelled"
    if placed.customer is None:
        return "nothing: it has no customer"
    if order.stage < Stage.DELIVERED:
        return "nothing yet: it earns when it is delivered"
    if not by_rules:
        return f"nothing: no rules were in force for {placed.currency} when it was placed"
    if closed:
        return "nothing: its customer's account was closed before its delivery"
    return "nothing: its rules were published after its delivery, or another programme counts it"
