"""
Policies of points that pay for orders: held, spent, released and given back as the order goes.

Pure. The points are those of the customer's account in the programme in which orders earn.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final

from attrs import frozen

from regulars.domain.account import Account
from regulars.domain.discounts import PointsPayment
from regulars.domain.holders import holder, redemption_of, reservation_of, taker
from regulars.domain.holding import payment_of
from regulars.domain.ledger_policies import Capture
from regulars.domain.loyalty import Command
from regulars.domain.names import CANCELLED
from regulars.domain.order import OrderAccepted, OrderCancelled, OrderDelivered
from regulars.domain.points_payment import ConfirmReservation, part_back
from regulars.domain.policies import Present
from regulars.domain.purchase import OrderPlaced
from regulars.domain.redemption import CapturePoints, ReleasePoints, ReverseRedemption
from regulars.domain.refund import RefundIssued, returned_by
from regulars.domain.reward import Reward
from regulars.domain.values import CustomerId, Money, OrderId, ProgramId, RefundId, ReservationId

PAYMENT: Final = "payment"
"""The kind of reward that an order is which points pay for."""


@frozen
class _Paid:
    """An order that points pay for."""

    placed: OrderPlaced
    placed_at: datetime
    by: PointsPayment
    customer: CustomerId


def _paid(order: OrderId, look: Present) -> _Paid | None:
    state = look.order(order)
    placed, placed_at = state.placed, state.placed_at
    if placed is None or placed_at is None:
        return None
    if placed.points_payment is None or placed.customer is None:
        return None
    return _Paid(placed, placed_at, placed.points_payment, placed.customer)


def hold_on_placing(
    event: OrderPlaced, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """An order is not placed without the points that pay for it, wherever they went since."""
    if event.points_payment is None or event.customer is None:
        return []
    customer, reservation = _holding(event.customer, event.points_payment.reservation, look)
    catalogue = look.program().rewards_at(at)
    return [
        ConfirmReservation(
            program=program_id,
            customer=customer,
            at=at,
            reservation=reservation,
            points=event.points_payment.points,
            order=event.order,
            amount=event.points_payment.amount,
            cash=None if catalogue is None else catalogue.cash(event.currency),
            spend=look.program().policies_at(at).spend_order,
        )
    ]


def _holding(
    customer: CustomerId, reservation: ReservationId, look: Present
) -> tuple[CustomerId, ReservationId]:
    """The account that a customer's is part of now, and what their reservation is called there."""
    whose = taker(look, customer) or customer
    found = reservation_of(look, customer, reservation)
    return found if found is not None and found[0] == whose else (whose, reservation)


def spend_on_acceptance(
    event: OrderAccepted, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """The merchant takes the order, and the points with it, where the programme says so."""
    paid = _paid(event.order, look)
    if paid is None:
        return []
    if look.program().policies_at(paid.placed_at).capture is not Capture.ACCEPTANCE:
        return []
    return _spent(paid, at, program_id, look)


def spend_on_delivery(
    event: OrderDelivered, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """What counts as a sale is paid for, at the latest."""
    paid = _paid(event.order, look)
    return [] if paid is None else _spent(paid, at, program_id, look)


def _spent(paid: _Paid, at: datetime, program_id: ProgramId, look: Present) -> Sequence[Command]:
    held = _held(paid, look)
    if held is None:
        return []
    worth = Money(minor=paid.by.amount, currency=paid.placed.currency)
    return [
        CapturePoints(
            program=program_id,
            customer=held.customer,
            at=at,
            reservation=held.reservation,
            redemption=payment_of(paid.placed.order),
            reward=Reward(kind=PAYMENT, value=worth),
        )
    ]


@frozen
class _Held:
    """Where the points are held that pay for an order."""

    customer: CustomerId
    reservation: ReservationId


def _held(paid: _Paid, look: Present) -> _Held | None:
    order = paid.placed.order

    def found(account: Account) -> list[ReservationId]:
        return [name for name, held in account.held.items() if held.pays_for(order)]

    customer = holder(look, paid.customer, lambda account: bool(found(account)))
    if customer is None:
        return None
    (reservation,) = found(look.account(customer))
    return _Held(customer, reservation)


def give_points_back(
    event: OrderCancelled, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """A cancelled order releases the points that it held, and gives back those that it spent."""
    paid = _paid(event.order, look)
    if paid is None:
        return []
    held = _held(paid, look)
    if held is None:
        refund = RefundId(f"{CANCELLED}/{event.order}")
        return _restored(paid, refund, Fraction(1), at, program_id, look)
    return [
        ReleasePoints(
            program=program_id,
            customer=held.customer,
            at=at,
            reservation=held.reservation,
            order=event.order,
        )
    ]


def restore_on_refund(
    event: RefundIssued, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """A refund gives back the points that paid for what it refunds."""
    paid = _paid(event.order, look)
    if paid is None:
        return []
    returned = returned_by(look.order(event.order).refunds, event.refund)
    part = part_back(paid.placed, paid.by, event.goods_refunded, returned)
    return _restored(paid, event.refund, part, at, program_id, look)


def _restored(  # noqa: PLR0913, PLR0917 - what is asked of whom
    paid: _Paid,
    refund: RefundId,
    part: Fraction,
    at: datetime,
    program_id: ProgramId,
    look: Present,
) -> Sequence[Command]:
    found = redemption_of(look, paid.customer, payment_of(paid.placed.order))
    if found is None:
        return []
    customer, redemption = found
    return [
        ReverseRedemption(
            program=program_id,
            customer=customer,
            at=at,
            redemption=redemption,
            refund=refund,
            refunded=part.numerator,
            whole=part.denominator,
            policy=look.program().policies_at(paid.placed_at).returns,
        )
    ]
