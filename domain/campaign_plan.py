"""What a campaign is to do: for whom, when, in which variants, and within which budget."""

from datetime import datetime
from enum import Enum

from attrs import frozen

from regulars.domain.audience import EVERYBODY, MOST_NAMED, Audience
from regulars.domain.budget import UNLIMITED, Budget, is_possible
from regulars.domain.codes import is_code
from regulars.domain.holdout import PLACES, Variant


class Phase(Enum):
    """Where a campaign is in its life."""

    NONE = "none"
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


@frozen(kw_only=True)
class Plan:
    """
    What a campaign is to do, from `starts_at` and before `ends_at`; None is no bound.

    `holdout` basis points of its audience are left alone, found by `seed` (see `holdout.py`).
    """

    variants: tuple[Variant, ...]
    holdout: int = 0
    seed: str = "1"
    budget: Budget = UNLIMITED
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    audience: Audience = EVERYBODY

    def phase(self, at: datetime) -> Phase:
        """Where a campaign is at a moment that was launched, and neither paused nor ended."""
        if self.ends_at is not None and self.ends_at <= at:
            return Phase.ENDED
        if self.starts_at is not None and at < self.starts_at:
            return Phase.SCHEDULED
        return Phase.RUNNING


def plan_flaw(plan: Plan) -> str | None:
    """The field for which a plan cannot be carried out; None if it can."""
    weights = [variant.weight for variant in plan.variants]
    if not weights or not all(0 < weight <= PLACES for weight in weights):
        return "variants"
    if len({variant.name for variant in plan.variants}) < len(weights):
        return "variants"
    if not 0 <= plan.holdout <= PLACES:
        return "holdout"
    if not is_possible(plan.budget):
        return "budget"
    if plan.starts_at and plan.ends_at and plan.starts_at >= plan.ends_at:
        return "ends_at"
    audience = plan.audience
    if len(audience.customers) > MOST_NAMED:
        return "audience"
    return "audience" if audience.snapshot is not None and not is_code(audience.snapshot) else None
