"""Policies: what one aggregate's events ask of another. Pure; a policy never asks twice in vain."""

from collections.abc import Sequence
from datetime import datetime

from regulars.domain.loyalty import Command, EarnPoints, ReversePoints
from regulars.domain.order import OrderDelivered
from regulars.domain.program import Program
from regulars.domain.refund import RefundIssued
from regulars.domain.values import ProgramId


def earn_on_delivery(
    event: OrderDelivered, at: datetime, program_id: ProgramId, program: Program
) -> Sequence[Command]:
    """
    A delivered order of a known customer earns by the rule in force when it was placed.

    An order without a customer earns nothing, nor does one placed before the first rule.
    """
    rule = program.rule_at(event.placed_at, event.currency)
    if event.customer is None or rule is None:
        return []
    return [
        EarnPoints(
            program=program_id,
            customer=event.customer,
            at=at,
            order=event.order,
            base=event.total,
            currency=event.currency,
            rule_version=rule.version,
            rule=rule.rule,
        )
    ]


def reverse_on_refund(
    event: RefundIssued, at: datetime, program_id: ProgramId
) -> Sequence[Command]:
    """A refund takes back the points of the goods refunded; goodwill costs the customer nothing."""
    if event.customer is None or not event.goods:
        return []
    return [
        ReversePoints(
            program=program_id,
            customer=event.customer,
            at=at,
            order=event.order,
            refund=event.refund,
            remaining=event.total - event.goods_refunded,
        )
    ]
