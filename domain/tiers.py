"""
The tier that a customer holds in a programme: won as soon as it is reached, lost by the ladder.

Terms that ended are looked at as of their own end, however late that is: a tier at a moment is
the same whether or not somebody asked at it.
"""

from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime
from typing import NamedTuple, TypeAlias, assert_never

from attrs import Factory, define, evolve, frozen

from regulars.domain.empty import empty
from regulars.domain.gains import Gains, Loss
from regulars.domain.program import TierLadderPublished
from regulars.domain.publication import in_force
from regulars.domain.tier_ladder import A_MOMENT, Basis, Downgrade
from regulars.domain.values import CustomerId, LotId, ProgramId

Available: TypeAlias = Callable[[datetime], int]
"""Tells how many points can be spent at a moment, for a ladder that counts them."""


@frozen(kw_only=True)
class Evidence:
    """What an award counted for."""

    lot: LotId
    value: int


@frozen(kw_only=True)
class Assessment:
    """
    Why a tier is what it is: `value`, by the ladder of `ladder`, counted at `at`.

    It is the sum of the evidence, all of which lies after `since`, or of all times if that is
    None. A balance has no evidence.
    """

    ladder: int
    basis: Basis
    at: datetime
    value: int
    since: datetime | None = None
    evidence: tuple[Evidence, ...] = ()


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class TierEntered:
    """A customer without a tier has one, from `valid_from` until `valid_to` at least."""

    program: ProgramId
    customer: CustomerId
    tier: str
    valid_from: datetime
    valid_to: datetime | None
    assessment: Assessment


@frozen(kw_only=True)
class TierUpgraded:
    """A higher tier was reached."""

    program: ProgramId
    customer: CustomerId
    left: str
    tier: str
    valid_from: datetime
    valid_to: datetime | None
    assessment: Assessment


@frozen(kw_only=True)
class TierRenewed:
    """The tier is held for another term."""

    program: ProgramId
    customer: CustomerId
    tier: str
    valid_from: datetime
    valid_to: datetime | None
    assessment: Assessment


@frozen(kw_only=True)
class TierGraceStarted:
    """The tier was not reached again, and is held until `until` all the same."""

    program: ProgramId
    customer: CustomerId
    tier: str
    valid_from: datetime
    until: datetime
    assessment: Assessment


@frozen(kw_only=True)
class TierDowngraded:
    """The tier was lost, for a lower one or none (`tier` None)."""

    program: ProgramId
    customer: CustomerId
    left: str
    tier: str | None
    valid_from: datetime
    valid_to: datetime | None
    assessment: Assessment


Event: TypeAlias = TierEntered | TierUpgraded | TierRenewed | TierGraceStarted | TierDowngraded


@define
class TierStanding:
    """
    The tier of one account, and what it was reached by.

    `past` has the moments from which on a tier was held, the present one last. What happened from
    the end of the present term on is kept to look back to it: `held` tells how many points could
    be spent until some moments, `lost` what refunds took.
    """

    tier: str | None = None
    since: datetime | None = None
    ends: datetime | None = None
    in_grace: bool = False
    past: list[tuple[datetime, str | None]] = empty(list[tuple[datetime, str | None]])
    held: list[tuple[datetime, int]] = empty(list[tuple[datetime, int]])
    lost: list[Loss] = empty(list[Loss])
    gains: Gains = Factory(Gains)


def lose(state: TierStanding, lot: LotId, at: datetime, points: int, remaining: int) -> None:
    """Record in `state` that a refund took back points, and what of the money remained."""
    loss = state.gains.lose(lot, at, points, remaining)
    if state.ends is not None and state.ends <= at:
        state.lost.append(loss)


def hold(state: TierStanding, until: datetime, available: int) -> None:
    """Record in `state` how many points could be spent before something happened."""
    if state.ends is not None and state.ends <= until:
        state.held.append((until, available))


def fold(state: TierStanding, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case TierGraceStarted():
            state.ends = event.until
            state.in_grace = True
        case TierEntered() | TierUpgraded() | TierRenewed() | TierDowngraded():
            state.tier = event.tier
            state.since = event.valid_from
            state.ends = event.valid_to
            state.in_grace = False
            state.past.append((event.valid_from, event.tier))
        case _:
            assert_never(event)
    ends = state.ends
    state.held = [] if ends is None else [one for one in state.held if ends <= one[0]]
    state.lost = [] if ends is None else [one for one in state.lost if ends <= one.at]


@frozen(kw_only=True)
class EvaluateTier:
    """
    Look at the tier by those ladders of the programme that were in force at each moment.

    `refunded` tells that a refund is the reason.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    ladders: tuple[TierLadderPublished, ...]
    refunded: bool = False


def decide(command: EvaluateTier, state: TierStanding, available: Available) -> Sequence[Event]:
    """
    What became of the tier by now, from the end of its term on; nothing if it stands.

    What is dated before the present tier began is looked at as of its beginning.
    """
    if state.since is not None and command.at < state.since:
        command = evolve(command, at=state.since)
    ahead, events = ended(command, state, available)
    change = _change(command, ahead, available)
    return events if change is None else [*events, change]


def tier_at(state: TierStanding, asked: EvaluateTier, available: Available) -> str | None:
    """The tier at the moment that `asked` is for, whether or not it was looked at since."""
    if state.since is None or asked.at >= state.since:
        return ended(asked, state, available)[0].tier
    return next((tier for start, tier in reversed(state.past) if start <= asked.at), None)


def ended(
    asked: EvaluateTier, state: TierStanding, available: Available
) -> tuple[TierStanding, list[Event]]:
    """The standing after all terms that ended by then, and what they led to one after another."""
    ahead = copy(state)  # shares what was gained, which no event of a tier changes
    ahead.past = list(state.past)
    events: list[Event] = []
    while ahead.ends is not None and ahead.tier is not None and ahead.ends <= asked.at:
        published = in_force(asked.ladders, ahead.ends)
        if published is None:
            break
        event = _end(_By(asked, published, ahead.ends), ahead, ahead.tier, available)
        fold(ahead, event)
        events.append(event)
    return ahead, events


def counted(
    published: TierLadderPublished, state: TierStanding, at: datetime, available: Available
) -> int:
    """What counts at a moment by a ladder."""
    ladder = published.ladder
    if ladder.basis is Basis.BALANCE:
        return available(at)
    return state.gains.value(ladder, ladder.counted_from(at, state.since), at, state.lost)


def assessed(
    published: TierLadderPublished, state: TierStanding, at: datetime, available: Available
) -> Assessment:
    """What counts at a moment by a ladder, with its evidence."""
    ladder = published.ladder
    since, found = None, list[tuple[LotId, int]]()
    if ladder.basis is not Basis.BALANCE:
        since = ladder.counted_from(at, state.since)
        found = state.gains.evidence(ladder, since, at, state.lost)
    return Assessment(
        ladder=published.version,
        basis=ladder.basis,
        at=at,
        value=counted(published, state, at, available),
        since=since,
        evidence=tuple(Evidence(lot=lot, value=value) for lot, value in found),
    )


class _By(NamedTuple):
    """Who is looked at, by which ladder, and at which moment."""

    asked: EvaluateTier
    published: TierLadderPublished
    at: datetime


def _end(by: _By, state: TierStanding, tier: str, available: Available) -> Event:
    ladder = by.published.ladder
    found = assessed(by.published, state, by.at - A_MOMENT, available)
    reached = ladder.reached(found.value)
    height = ladder.height(tier)
    if ladder.downgrade is Downgrade.NONE and height is not None:
        reached = max(reached, height)
    lower = ladder.tier(reached)
    if height is not None and reached < height:
        if ladder.grace_months and not state.in_grace:
            return TierGraceStarted(
                program=by.asked.program,
                customer=by.asked.customer,
                tier=tier,
                valid_from=by.at,
                until=ladder.grace(by.at),
                assessment=found,
            )
        if ladder.downgrade is Downgrade.ONE_DOWN:
            lower = ladder.tier(height - 1)
    if lower == tier:
        return TierRenewed(
            program=by.asked.program,
            customer=by.asked.customer,
            tier=tier,
            valid_from=by.at,
            valid_to=ladder.term(by.at),
            assessment=found,
        )
    if lower is not None and height is not None and reached > height:
        return _upgraded(by, tier, lower, found)
    return _downgraded(by, tier, lower, found)


def _change(command: EvaluateTier, state: TierStanding, available: Available) -> Event | None:
    """What is reached or lost at once."""
    published = in_force(command.ladders, command.at)
    if published is None:
        return None
    by, ladder = _By(command, published, command.at), published.ladder
    reached = ladder.reached(counted(published, state, by.at, available))
    height, tier = ladder.height(state.tier), ladder.tier(reached)
    if height is None or reached == height:
        return None
    if reached > height and tier is not None:
        found = assessed(published, state, by.at, available)
        if state.tier is not None:
            return _upgraded(by, state.tier, tier, found)
        return TierEntered(
            program=command.program,
            customer=command.customer,
            tier=tier,
            valid_from=by.at,
            valid_to=ladder.term(by.at),
            assessment=found,
        )
    at_once = ladder.downgrade is Downgrade.IMMEDIATE or (
        command.refunded and ladder.refunds_at_once
    )
    if state.tier is None or not at_once:
        return None
    return _downgraded(by, state.tier, tier, assessed(published, state, by.at, available))


def _upgraded(by: _By, left: str, tier: str, found: Assessment) -> TierUpgraded:
    return TierUpgraded(
        program=by.asked.program,
        customer=by.asked.customer,
        left=left,
        tier=tier,
        valid_from=by.at,
        valid_to=by.published.ladder.term(by.at),
        assessment=found,
    )


def _downgraded(by: _By, left: str, tier: str | None, found: Assessment) -> TierDowngraded:
    return TierDowngraded(
        program=by.asked.program,
        customer=by.asked.customer,
        left=left,
        tier=tier,
        valid_from=by.at,
        valid_to=None if tier is None else by.published.ladder.term(by.at),
        assessment=found,
    )
