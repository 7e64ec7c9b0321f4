"""
A loyalty account: the points that one customer earned in one programme, order by order.

What an order earns is rounded down once, and a refund recomputes it on what remains
(R1 and R3 of docs/loyalty.md), so that no way of splitting a refund changes the result.
"""

from collections.abc import Sequence
from datetime import datetime
from math import floor
from typing import TypeAlias, assert_never

from attrs import Factory, define, frozen

from regulars.domain.program import MOST_POINTS, EarningRule, is_possible
from regulars.domain.values import (
    MOST_MINOR,
    CustomerId,
    OrderId,
    ProgramId,
    RefundId,
    Refusal,
    is_currency,
)


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class LoyaltyAccountOpened:
    """The customer takes part in the programme from now on."""

    program: ProgramId
    customer: CustomerId


@frozen(kw_only=True)
class PointsEarned:
    """
    An order earned `points`, none if it was too small.

    `base` is what was paid for goods, in minor units of `currency`; `rule` and `rule_version`
    are what turned it into points: floor(rule.points_for(base, currency)).
    """

    program: ProgramId
    customer: CustomerId
    order: OrderId
    points: int
    base: int
    currency: str
    rule_version: int
    rule: EarningRule


@frozen(kw_only=True)
class PointsReversed:
    """
    A refund took back `points` of an order, leaving `kept` for the `remaining` base.

    `remaining` in minor units of the order's currency; `kept` is what the rule that the order
    earned by gives for it.
    """

    program: ProgramId
    customer: CustomerId
    order: OrderId
    refund: RefundId
    points: int
    remaining: int
    kept: int


Event: TypeAlias = LoyaltyAccountOpened | PointsEarned | PointsReversed


@frozen
class Terms:
    """What an order earned by: the rule, and the currency that was paid in."""

    rule: EarningRule
    currency: str


@define
class Lot:
    """What one order earned and still keeps, and where its terms stand in the account's."""

    kept: int
    terms: int


@define
class Account:
    """
    The state of one loyalty account, written by `fold` alone.

    Many orders earn by the same `terms`, which stand there once: a long account stays small.
    """

    opened: bool = False
    balance: int = 0
    terms: list[Terms] = Factory(list[Terms])
    lots: dict[OrderId, Lot] = Factory(dict[OrderId, Lot])
    refunds: set[tuple[OrderId, RefundId]] = Factory(set[tuple[OrderId, RefundId]])


def fold(state: Account, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    match event:
        case LoyaltyAccountOpened():
            state.opened = True
        case PointsEarned(order=order, points=points):
            state.balance += points
            state.lots[order] = Lot(points, _place(state.terms, Terms(event.rule, event.currency)))
        case PointsReversed(order=order, points=points, refund=refund):
            state.balance -= points
            state.lots[order].kept -= points
            state.refunds.add((order, refund))
        case _:
            assert_never(event)


def _place(known: list[Terms], terms: Terms) -> int:
    if terms not in known:
        known.append(terms)
    return known.index(terms)


@frozen(kw_only=True)
class EarnPoints:
    """Credit what an order earns by `rule`. Opens the account with the first order."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    order: OrderId
    base: int
    currency: str
    rule_version: int
    rule: EarningRule


@frozen(kw_only=True)
class ReversePoints:
    """Take back what an order no longer earns now that only `remaining` of its base is paid for."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    order: OrderId
    refund: RefundId
    remaining: int


Command: TypeAlias = EarnPoints | ReversePoints


@frozen(kw_only=True)
class BaseBelowZero(Refusal):
    """An order cannot earn on less than nothing."""

    order: OrderId
    base: int

    def __str__(self) -> str:
        return f"order {self.order} cannot earn points on {self.base}"


@frozen(kw_only=True)
class ImpossibleEarning(Refusal):
    """The rule cannot be counted by, the currency is none, or the points are too many."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} cannot earn by such a rule, in such a currency or so much"


def decide(command: Command, state: Account) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        BaseBelowZero: the base, or what remains of it, is negative.
        ImpossibleEarning: no points can be counted so; at most those of `MOST_MINOR` by the
            best rule, so that no order that could be placed is refused.
    """
    match command:
        case EarnPoints():
            return _earn(command, state)
        case ReversePoints():
            return _reverse(command, state)
        case _:
            assert_never(command)


def _earn(command: EarnPoints, state: Account) -> Sequence[Event]:
    if command.base < 0:
        raise BaseBelowZero(order=command.order, base=command.base)
    if command.order in state.lots:
        return []
    if not is_possible(command.rule) or not is_currency(command.currency):
        raise ImpossibleEarning(order=command.order)
    points = floor(command.rule.points_for(command.base, command.currency))
    if points > MOST_MINOR * MOST_POINTS:
        raise ImpossibleEarning(order=command.order)
    earned = PointsEarned(
        program=command.program,
        customer=command.customer,
        order=command.order,
        points=points,
        base=command.base,
        currency=command.currency,
        rule_version=command.rule_version,
        rule=command.rule,
    )
    if state.opened:
        return [earned]
    return [LoyaltyAccountOpened(program=command.program, customer=command.customer), earned]


def _reverse(command: ReversePoints, state: Account) -> Sequence[Event]:
    if command.remaining < 0:
        raise BaseBelowZero(order=command.order, base=command.remaining)
    lot = state.lots.get(command.order)
    if lot is None or (command.order, command.refund) in state.refunds:
        return []
    terms = state.terms[lot.terms]
    recomputed = floor(terms.rule.points_for(command.remaining, terms.currency))
    kept = min(lot.kept, recomputed)
    return [
        PointsReversed(
            program=command.program,
            customer=command.customer,
            order=command.order,
            refund=command.refund,
            points=lot.kept - kept,
            remaining=command.remaining,
            kept=kept,
        )
    ]
