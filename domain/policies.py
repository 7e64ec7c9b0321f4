"""Policies: what one aggregate's events ask of another. Pure; a policy never asks twice in vain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from regulars.domain.earning import evaluate
from regulars.domain.loyalty import Account, AwardPoints, Command, ReversePoints
from regulars.domain.occasions import NEWCOMER, occasion
from regulars.domain.order import Order, OrderDelivered
from regulars.domain.program import Program
from regulars.domain.purchase import OrderPlaced
from regulars.domain.refund import RefundIssued
from regulars.domain.validity import Counted
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId


class Present(Protocol):
    """The states that a policy may look at, with all that was recorded so far."""

    def program(self) -> Program:
        """The programme in which orders earn."""
        ...

    def order(self, order: OrderId) -> Order:
        """An order."""
        ...

    def account(self, customer: CustomerId) -> Account:
        """The customer's account in that programme."""
        ...


def earn_on_delivery(
    event: OrderDelivered, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """
    A delivered order of a known customer earns by the rules in force when it was placed.

    An order without a customer earns nothing, nor does one placed before the first rules.
    From when on and until when its points can be used, the policies of that time say.
    """
    if event.customer is None:
        return []
    published = look.program().rules_at(event.placed_at, event.currency)
    if published is None:
        return []
    bought = occasion(_placed(look, event.order), event.placed_at, NEWCOMER)
    policies = look.program().policies_at(event.placed_at)
    usable = policies.activation.activates_at(at)
    counted = at if policies.expiry.counted is Counted.AWARD else usable
    return [
        AwardPoints(
            program=program_id,
            customer=event.customer,
            at=at,
            lot=LotId(event.order),
            order=event.order,
            evaluation=evaluate(published.rules, bought),
            currency=event.currency,
            rules_version=published.version,
            standing=NEWCOMER,
            pending=usable != at,
            activates_at=None if usable == at else usable,
            expires_at=None if counted is None else policies.expiry.expires_at(counted),
        )
    ]


def reverse_on_refund(
    event: RefundIssued, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """
    A refund takes back the points of the goods refunded; goodwill costs the customer nothing.

    The rest of the order is judged by the rules and the standing that the order earned by.
    """
    if event.customer is None or not event.goods:
        return []
    lot = look.account(event.customer).lots.get(LotId(event.order))
    if lot is None or lot.rules_version is None:
        return []
    placed = _placed(look, event.order)
    return [
        ReversePoints(
            program=program_id,
            customer=event.customer,
            at=at,
            lot=LotId(event.order),
            order=event.order,
            refund=event.refund,
            remaining=occasion(
                placed,
                event.placed_at,
                lot.standing,
                refunded=event.goods_refunded,
                returned=look.order(event.order).refunds.returned,
            ),
            rules=look.program().version(lot.rules_version),
            rules_version=lot.rules_version,
        )
    ]


def _placed(look: Present, order: OrderId) -> OrderPlaced:
    placed = look.order(order).placed
    if placed is None:
        raise ValueError(f"order {order} was never placed")
    return placed
