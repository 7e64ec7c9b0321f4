"""Why: of an order, a lot or a balance, every point with what made it and what became of it."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from itertools import chain
from typing import Final

from attrs import frozen

from regulars.application.aggregates import account_stream
from regulars.application.earnings import Earning, earning_by
from regulars.application.events import moment
from regulars.application.lot_changes import Moved
from regulars.application.lot_traces import AccountTrace, LotTrace, Move, Owed, Told, traced
from regulars.application.questions import Look, Question
from regulars.domain import loyalty
from regulars.domain.discounts import Discount, PointsPayment
from regulars.domain.due import AccountAt
from regulars.domain.order import Order, Stage
from regulars.domain.program import Program
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

    `paid` are the points that were held for it, spent on it and given back, with their lots.
    Amounts are minor units of `currency`.
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
    earned: LotExplained | None
    paid: tuple[tuple[LotId, Move], ...]
    why: str


@frozen(kw_only=True)
class ExplainBalance(Question[BalanceExplained]):
    """Every lot of a customer's account, what is left of it, and where the rest went."""

    customer: CustomerId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> BalanceExplained:
        """The lots; they add up to the balance."""
        trace = trace_of(look, self.program, self.customer)
        program = look.program(self.program)
        lots = trace.lots
        return BalanceExplained(
            program=self.program,
            customer=self.customer,
            at=look.at,
            available=sum(one.left for one in lots if not one.pending),
            pending=sum(one.left for one in lots if one.pending),
            held=sum(one.held for one in lots),
            debt=trace.debt,
            lots=tuple(explained(one, self.program, self.customer, program) for one in lots),
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
        trace = trace_of(look, self.program, self.customer)
        return _found(trace, self.program, self.customer, self.lot, look.program(self.program))


@frozen(kw_only=True)
class ExplainOrder(Question[OrderExplained | None]):
    """What an order earned in a programme, and why; None if none was placed under that id."""

    order: OrderId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> OrderExplained | None:
        """The order, its lot, and what became of each point of it."""
        order, program = look.order(self.order), look.program(self.program)
        placed, placed_at = order.placed, order.placed_at
        if placed is None or placed_at is None:
            return None
        trace, earned = AccountTrace(lots=(), owed=()), None
        if placed.customer is not None:
            trace = trace_of(look, self.program, placed.customer)
            earned = _found(trace, self.program, placed.customer, LotId(self.order), program)
        by_rules = program.rules_at(placed_at, placed.currency) is not None
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
            earned=earned,
            paid=tuple(
                (lot.lot, move)
                for lot in trace.lots
                for move in lot.moves
                if move.order == self.order and move.what in _PAYING
            ),
            why=_sentence(order, placed, earned, by_rules=by_rules),
        )


def _found(
    trace: AccountTrace, program_id: ProgramId, customer: CustomerId, lot: LotId, program: Program
) -> LotExplained | None:
    lots = (one for one in trace.lots if one.lot == lot)
    return next((explained(one, program_id, customer, program) for one in lots), None)


def trace_of(look: Look, program: ProgramId, customer: CustomerId) -> AccountTrace:
    """What became of the lots of an account by the moment asked about, what fell due included."""
    return traced(_told(look, program, customer))


def _told(look: Look, program: ProgramId, customer: CustomerId) -> Iterator[Told]:
    account = look.account(program, customer)
    now = AccountAt(account, max(look.at, account.as_of))
    return chain(
        (
            Told(event=one.event, at=moment(one.occurred_at), position=one.position)
            for one in look.events(account_stream(program, customer))
            if isinstance(one.event, loyalty.Event)
        ),
        (
            Told(event=due, at=loyalty.moment(due, now.at, account), position=None)
            for due in now.due
        ),
    )


def explained(
    trace: LotTrace, program_id: ProgramId, customer: CustomerId, program: Program
) -> LotExplained:
    """A lot with how it came about, by the rules of its programme."""
    earned = trace.earned
    return LotExplained(
        program=program_id,
        customer=customer,
        status=_status(trace),
        earning=None if earned is None else earning_by(earned, program),
        trace=trace,
    )


def _status(trace: LotTrace) -> LotStatus:
    if trace.left or trace.held:
        return LotStatus.PENDING if trace.pending else LotStatus.ACTIVE
    ends = {Moved.EXPIRED: LotStatus.EXPIRED, Moved.REVERSED: LotStatus.REVERSED}
    return ends.get(trace.moves[-1].what, LotStatus.EXHAUSTED)


_PAYING: Final = frozenset({Moved.HELD, Moved.RELEASED, Moved.SPENT, Moved.RESTORED})


def _sentence(
    order: Order, placed: OrderPlaced, earned: LotExplained | None, *, by_rules: bool
) -> str:
    """What an order earned, or why it earned nothing, in a sentence."""
    if earned is not None:
        back = sum(one.points for one in earned.trace.taken_back)
        came = "earned later" if earned.earning is None else earned.earning.why
        return f"{came}; refunds took back {back}" if back else came
    if order.cancelled:
        return "nothing: it was cancelled"
    if placed.customer is None:
        return "nothing: it has no customer"
    if order.stage < Stage.DELIVERED:
        return "nothing yet: it earns when it is delivered"
    if not by_rules:
        return f"nothing: no rules were in force for {placed.currency} when it was placed"
    return "nothing: its rules were published after its delivery, or another programme counts it"
