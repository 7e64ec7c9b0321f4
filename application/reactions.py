"""Reactions: the commands that an event leads to in other streams, recorded together with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from regulars.application.events import Command
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import OrderCompleted, OrderDelivered
from regulars.domain.policies import (
    Present,
    activate_on_completion,
    earn_on_delivery,
    earn_on_occasion,
    evaluate_tier,
    reverse_on_refund,
)
from regulars.domain.refund import RefundIssued
from regulars.domain.reversal import PointsReversed
from regulars.domain.told_occasions import OccasionRecorded
from regulars.domain.values import ProgramId

ReactedTo: TypeAlias = (
    OrderDelivered
    | OrderCompleted
    | RefundIssued
    | OccasionRecorded
    | PointsEarned
    | PointsReversed
)
"""The events that some policy reads."""


def reactions(
    event: ReactedTo, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[Command]:
    """What the policies ask for after `event`, which `look` has already."""
    match event:
        case OrderDelivered():
            return earn_on_delivery(event, at, program_id, look)
        case OrderCompleted():
            return activate_on_completion(event, at, program_id, look)
        case RefundIssued():
            return reverse_on_refund(event, at, program_id, look)
        case OccasionRecorded():
            return (
                *earn_on_occasion(event, at, program_id, look),
                *evaluate_tier(event, at, program_id, look),
            )
        case PointsEarned() | PointsReversed():
            return evaluate_tier(event, at, program_id, look)
        case _:
            assert_never(event)
