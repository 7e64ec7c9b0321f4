"""
What a refund takes back of the points that an order earned, and where it takes it from.

A refund recomputes on what remains (R3 of docs/loyalty.md), so that no way of splitting it changes
the result, unless the programme wants another arithmetic.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import assert_never

from attrs import frozen

from regulars.domain import tiers
from regulars.domain.account import Account, Award
from regulars.domain.due import AccountAt
from regulars.domain.earning import Evaluation, evaluate
from regulars.domain.earning_rules import Occasion, RuleSet
from regulars.domain.ledger_policies import (
    USUAL_RETURNS,
    Arithmetic,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.lots import Allocation
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId, RefundId


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PointsReversed:
    """
    A refund took back `points` of those awarded as `lot`, leaving `kept` for what `remaining` is.

    `remaining` is what the rules still looked at, in minor units of the lot's currency; `kept`
    is what those that the order earned by give for it.
    `allocations` are the lots that points were taken of. What no lot had is owed (`debt_added`)
    or forgiven (`written_off`): points = allocated + debt_added + written_off.
    """

    program: ProgramId
    customer: CustomerId
    lot: LotId
    refund: RefundId
    points: int
    remaining: int
    kept: int
    order: OrderId | None = None
    allocations: tuple[Allocation, ...] = ()
    debt_added: int = 0
    written_off: int = 0


def fold(state: Account, event: PointsReversed, at: datetime) -> None:
    """Record in `state` what happened."""
    award = state.awards[event.lot]
    award.kept = event.kept
    award.written_off += event.written_off
    award.remaining = min(award.remaining, event.remaining)
    state.lots.take(event.allocations)
    state.debt += event.debt_added
    state.totals.reversed += event.points - event.written_off
    state.refunds.add((event.lot, event.refund))
    tiers.lose(state.tier, event.lot, at, event.points, event.remaining)


@frozen(kw_only=True)
class ReversePoints:
    """
    Take back what an order no longer earns now that only `remaining` of it is paid for.

    `lot` is what it earned, by `rules`, which are those of `rules_version`.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    lot: LotId
    refund: RefundId
    remaining: Occasion
    rules: RuleSet
    rules_version: int
    order: OrderId | None = None
    policy: ReturnPolicy = USUAL_RETURNS


def decide(command: ReversePoints, state: Account, now: AccountAt) -> Sequence[PointsReversed]:
    """
    What a refund takes back of an account, which is `now` what it is; nothing a second time.

    Raises:
        ValueError: an order is to be judged by other rules than those it earned by, which is a bug.
    """
    award = state.awards.get(command.lot)
    if award is None or (command.lot, command.refund) in state.refunds:
        return []
    if command.rules_version != award.rules_version:
        raise ValueError(
            f"lot {command.lot} was earned by rules {award.rules_version},"
            f" not by {command.rules_version}"
        )
    left = evaluate(command.rules, command.remaining)
    kept = min(award.kept, max(0, _kept(command, award, left)))
    wanted = award.kept - kept
    policy = command.policy.reversal
    takes = policy is not Reversal.ONLY_PENDING
    own = min(wanted, now.left(command.lot)) if takes or now.is_pending(command.lot) else 0
    # What expired of the lot the customer never had: it is neither taken again nor owed.
    forgiven = min(wanted - own, max(0, now.expired(command.lot) - award.written_off))
    allocations = now.taken_of(command.lot, own)
    if takes:
        allocations += now.taken(wanted - own - forgiven, SpendOrder.FEFO)
    lacking = wanted - sum(one.points for one in allocations)
    debt_added = lacking - forgiven if policy is Reversal.ALLOW_DEBT else 0
    return [
        PointsReversed(
            program=command.program,
            customer=command.customer,
            lot=command.lot,
            order=command.order,
            refund=command.refund,
            points=wanted,
            remaining=left.amount,
            kept=kept,
            allocations=allocations,
            debt_added=debt_added,
            written_off=lacking - debt_added,
        )
    ]


def _kept(command: ReversePoints, award: Award, left: Evaluation) -> int:
    """What the order keeps by the programme's arithmetic, were it not more than it has."""
    match command.policy.arithmetic:
        case Arithmetic.RECOMPUTE:
            # Bonuses ask for no money: of an order of which no goods are kept nothing is.
            return left.points if any(line.gross for line in command.remaining.lines) else 0
        case Arithmetic.PRORATE_FLOOR:
            refunded = max(0, award.remaining - left.amount)
            exact = Fraction(award.exact_numerator * refunded, award.exact_denominator)
            return award.kept - floor(exact / award.amount) if award.amount else award.kept
        case Arithmetic.FULL_ON_ANY:
            return 0
        case Arithmetic.NONE:
            return award.kept
        case _:
            assert_never(command.policy.arithmetic)
