"""
An order: what was bought, the life it goes through, and what was paid back.

The life of an order is placed, accepted, preparing, ready, picked up, delivered, completed.
A step may be left out, because not every host reports every one; it is never taken back.
An order is cancelled before it is delivered, or refunded after.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import TypeAlias

from attrs import Factory, define, evolve, frozen

from regulars.domain import protection, purchase, refund, review
from regulars.domain.discounts import CouponOf
from regulars.domain.empty import empty
from regulars.domain.protection import Protection
from regulars.domain.purchase import Line, OrderPlaced, PlaceOrder
from regulars.domain.refund import IssueRefund, RefundIssued, Refunds
from regulars.domain.review import ReviewSubmitted, SubmitReview
from regulars.domain.values import CustomerId, MerchantId, OrderId, Refusal


class Stage(IntEnum):
    """How far an order has come, in the order of its life."""

    NONE = 0
    PLACED = 1
    ACCEPTED = 2
    PREPARING = 3
    READY = 4
    PICKED_UP = 5
    DELIVERED = 6
    COMPLETED = 7


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class OrderAccepted:
    """The merchant takes the order. `late_entry`: its time lies before that of an earlier step."""

    order: OrderId
    late_entry: bool = False


@frozen(kw_only=True)
class PreparationStarted:
    """The kitchen or the picker began."""

    order: OrderId
    late_entry: bool = False


@frozen(kw_only=True)
class OrderReady:
    """Prepared, waiting to be handed over."""

    order: OrderId
    late_entry: bool = False


@frozen(kw_only=True)
class OrderPickedUp:
    """On the way to the customer."""

    order: OrderId
    late_entry: bool = False


@frozen(kw_only=True)
class OrderDelivered:
    """
    Handed to the customer, at the door, the counter or the table: from now on it counts as a sale.

    Repeats what a reader needs to count it without looking the order up.
    """

    order: OrderId
    currency: str
    total: int
    placed_at: datetime
    customer: CustomerId | None = None
    merchant: MerchantId | None = None
    late_entry: bool = False


@frozen(kw_only=True)
class OrderCompleted:
    """Closed: the customer confirmed, or the time for disputes has passed."""

    order: OrderId
    late_entry: bool = False


@frozen(kw_only=True)
class OrderCancelled:
    """Ended before delivery: counts as no order. Repeats what it was, used and brought."""

    order: OrderId
    currency: str
    placed_at: datetime
    customer: CustomerId | None = None
    merchant: MerchantId | None = None
    lines: tuple[Line, ...] = ()
    reason: str | None = None
    late_entry: bool = False
    coupons: tuple[CouponOf, ...] = ()
    takes_back: tuple[CouponOf, ...] = ()


StepEvent: TypeAlias = (
    OrderAccepted
    | PreparationStarted
    | OrderReady
    | OrderPickedUp
    | OrderDelivered
    | OrderCompleted
)
Event: TypeAlias = (
    OrderPlaced | StepEvent | OrderCancelled | RefundIssued | ReviewSubmitted | protection.Event
)


@define
class Order:
    """The state of one order, written by `fold` alone."""

    placed: OrderPlaced | None = None
    placed_at: datetime | None = None
    last_at: datetime | None = None
    stage: Stage = Stage.NONE
    steps: set[Stage] = empty(set[Stage])
    cancelled: bool = False
    refunds: Refunds = Factory(Refunds)
    review: ReviewSubmitted | None = None
    protection: Protection = Factory(Protection)


def fold(state: Order, event: Event, at: datetime) -> None:
    """Record in `state` what happened at `at`."""
    match event:
        case OrderPlaced():
            state.placed = event
            state.placed_at = at
            _reach(state, Stage.PLACED, at)
        case OrderAccepted():
            _reach(state, Stage.ACCEPTED, at)
        case PreparationStarted():
            _reach(state, Stage.PREPARING, at)
        case OrderReady():
            _reach(state, Stage.READY, at)
        case OrderPickedUp():
            _reach(state, Stage.PICKED_UP, at)
        case OrderDelivered():
            _reach(state, Stage.DELIVERED, at)
        case OrderCompleted():
            _reach(state, Stage.COMPLETED, at)
        case OrderCancelled():
            state.cancelled = True
        case RefundIssued():
            refund.fold(state.refunds, event)
        case ReviewSubmitted():
            state.review = event
        case _:
            protection.fold(state.protection, event)


def _reach(state: Order, stage: Stage, at: datetime) -> None:
    state.stage = max(state.stage, stage)
    state.steps.add(stage)
    state.last_at = at if state.last_at is None else max(state.last_at, at)


@frozen(kw_only=True)
class AcceptOrder:
    """The merchant takes the order."""

    order: OrderId
    at: datetime


@frozen(kw_only=True)
class StartPreparing:
    """The kitchen or the picker begins."""

    order: OrderId
    at: datetime


@frozen(kw_only=True)
class MarkReady:
    """The goods are prepared."""

    order: OrderId
    at: datetime


@frozen(kw_only=True)
class PickUpOrder:
    """The courier takes the goods."""

    order: OrderId
    at: datetime


@frozen(kw_only=True)
class MarkDelivered:
    """The customer has the goods."""

    order: OrderId
    at: datetime


@frozen(kw_only=True)
class CompleteOrder:
    """Close the order. One that was never marked delivered is delivered by this as well."""

    order: OrderId
    at: datetime


@frozen(kw_only=True)
class CancelOrder:
    """End the order before it is delivered. `reason` is a code, never a person's words."""

    order: OrderId
    at: datetime
    reason: str | None = None


Step: TypeAlias = (
    AcceptOrder | StartPreparing | MarkReady | PickUpOrder | MarkDelivered | CompleteOrder
)
Command: TypeAlias = (
    PlaceOrder | Step | CancelOrder | IssueRefund | SubmitReview | protection.Command
)


@frozen(kw_only=True)
class UnknownOrder(Refusal):
    """No order was placed under this id."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} was never placed"


@frozen(kw_only=True)
class StepTooLate(Refusal):
    """The order has gone past this step, and a step is never taken back."""

    order: OrderId
    step: Stage
    reached: Stage

    def __str__(self) -> str:
        step, reached = self.step.name.lower(), self.reached.name.lower()
        return f"order {self.order} cannot become {step}: it is {reached}"


@frozen(kw_only=True)
class AlreadyDelivered(Refusal):
    """What was delivered is refunded, not cancelled."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} is delivered: refund it instead"


@frozen(kw_only=True)
class OrderIsCancelled(Refusal):
    """A cancelled order goes no further."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} is cancelled"


@frozen(kw_only=True)
class NotYetDelivered(Refusal):
    """Refunds and reviews come after delivery; before it, an order is cancelled."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} is not delivered yet"


def decide(command: Command, state: Order) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's, when the command cannot be.
    """
    if isinstance(command, PlaceOrder):
        return purchase.decide(command, state.placed, state.placed_at)
    placed, placed_at = state.placed, state.placed_at
    if placed is None or placed_at is None:
        raise UnknownOrder(order=command.order)
    match command:
        case AcceptOrder(order=order):
            return _step(command, state, Stage.ACCEPTED, OrderAccepted(order=order))
        case StartPreparing(order=order):
            return _step(command, state, Stage.PREPARING, PreparationStarted(order=order))
        case MarkReady(order=order):
            return _step(command, state, Stage.READY, OrderReady(order=order))
        case PickUpOrder(order=order):
            return _step(command, state, Stage.PICKED_UP, OrderPickedUp(order=order))
        case MarkDelivered():
            return _step(command, state, Stage.DELIVERED, _delivered(placed, placed_at))
        case CompleteOrder(order=order):
            completed = _step(command, state, Stage.COMPLETED, OrderCompleted(order=order))
            if not completed:
                return []
            ended = protection.ended(order, state.protection, command.at, graced=True)
            delivered = _step(command, state, Stage.DELIVERED, _delivered(placed, placed_at))
            return [*delivered, *completed, *ended]
        case CancelOrder():
            return _cancel(command, state, placed, placed_at)
        case IssueRefund():
            _require_delivered(command, state)
            late = _is_late(command.at, state)
            return refund.decide(command, state.refunds, placed, placed_at, late=late)
        case SubmitReview():
            _require_delivered(command, state)
            return review.decide(command, state.review, placed)
        case _:
            over = state.cancelled or Stage.COMPLETED in state.steps
            return protection.decide(command, state.protection, over=over)


def _step(command: Step, state: Order, stage: Stage, event: StepEvent) -> Sequence[Event]:
    if stage in state.steps:
        return []
    if state.cancelled:
        raise OrderIsCancelled(order=command.order)
    if stage < state.stage:
        raise StepTooLate(order=command.order, step=stage, reached=state.stage)
    return [evolve(event, late_entry=True)] if _is_late(command.at, state) else [event]


def _is_late(at: datetime, state: Order) -> bool:
    return state.last_at is not None and at < state.last_at


def _require_delivered(command: IssueRefund | SubmitReview, state: Order) -> None:
    if state.cancelled:
        raise OrderIsCancelled(order=command.order)
    if Stage.DELIVERED not in state.steps:
        raise NotYetDelivered(order=command.order)


def _delivered(placed: OrderPlaced, placed_at: datetime) -> OrderDelivered:
    return OrderDelivered(
        order=placed.order,
        currency=placed.currency,
        total=placed.total,
        placed_at=placed_at,
        customer=placed.customer,
        merchant=placed.merchant,
    )


def _cancel(
    command: CancelOrder, state: Order, placed: OrderPlaced, placed_at: datetime
) -> Sequence[Event]:
    if state.cancelled:
        return []
    if Stage.DELIVERED in state.steps:
        raise AlreadyDelivered(order=command.order)
    return [
        OrderCancelled(
            order=command.order,
            currency=placed.currency,
            placed_at=placed_at,
            customer=placed.customer,
            merchant=placed.merchant,
            lines=placed.lines,
            reason=command.reason,
            late_entry=_is_late(command.at, state),
            coupons=purchase.coupons(placed),
            takes_back=placed.brings,
        ),
        *protection.ended(command.order, state.protection, command.at, graced=False),
    ]
