"""What becomes of a tier if nothing more happens, and what is lacking to keep it or to rise."""

from datetime import datetime

from attrs import evolve, frozen

from regulars.domain.program import TierLadderPublished
from regulars.domain.publication import in_force
from regulars.domain.tier_ladder import A_MOMENT, Basis, Downgrade
from regulars.domain.tiers import Available, EvaluateTier, Event, TierStanding, counted, ended


@frozen(kw_only=True)
class Goal:
    """
    What a tier asks for: `least` points, orders, or minor units of `currency`, by `until`.

    `value` of it is there already, and will be then. Without an end there is no hurry.
    """

    tier: str
    basis: Basis
    least: int
    value: int
    currency: str | None = None
    until: datetime | None = None

    @property
    def lacking(self) -> int:
        """How much is lacking."""
        return max(0, self.least - self.value)


@frozen(kw_only=True)
class Outlook:
    """
    The tier at a moment to come, if nothing more happens.

    `events` are what leads there, `keep` is what the present tier asks for to be held for another
    term, `reach` what the next one does.
    """

    at: datetime
    tier: str | None
    events: tuple[Event, ...]
    keep: Goal | None
    reach: Goal | None


def outlook(
    state: TierStanding, asked: EvaluateTier, available: Available, at: datetime | None
) -> Outlook:
    """
    The outlook from the moment that `asked` is for to another, or to the end of the present term.

    Raises:
        ValueError: the other moment lies before it.
    """
    if at is not None and at < asked.at:
        raise ValueError(f"{at.isoformat()} lies before {asked.at.isoformat()}")
    present, _ = ended(asked, state, available)
    then = at or present.ends or asked.at
    ahead, events = ended(evolve(asked, at=then), present, available)
    return Outlook(
        at=then,
        tier=ahead.tier,
        events=tuple(events),
        keep=_keep(present, asked, available),
        reach=_reach(present, asked, available),
    )


def _keep(state: TierStanding, asked: EvaluateTier, available: Available) -> Goal | None:
    published = in_force(asked.ladders, state.ends or asked.at)
    if state.tier is None or published is None:
        return None
    lost = published.ladder.downgrade
    if lost is Downgrade.NONE or (state.ends is None and lost is not Downgrade.IMMEDIATE):
        return None
    height = published.ladder.height(state.tier)
    at = asked.at if state.ends is None else state.ends - A_MOMENT
    return None if not height else _goal(published, state, height, at, available)


def _reach(state: TierStanding, asked: EvaluateTier, available: Available) -> Goal | None:
    published = in_force(asked.ladders, asked.at)
    height = None if published is None else published.ladder.height(state.tier)
    if published is None or height is None or height == len(published.ladder.levels):
        return None
    goal = _goal(published, state, height + 1, asked.at, available)
    return evolve(goal, until=None)


def _goal(
    published: TierLadderPublished,
    state: TierStanding,
    height: int,
    at: datetime,
    available: Available,
) -> Goal:
    level = published.ladder.levels[height - 1]
    return Goal(
        tier=level.tier,
        basis=published.ladder.basis,
        least=level.least,
        value=counted(published, state, at, available),
        currency=published.ladder.currency,
        until=state.ends,
    )
