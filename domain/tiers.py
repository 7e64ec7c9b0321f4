"""
The tier that a customer holds in a programme: won as soon as it is reached, lost by the ladder.

Terms that ended are looked at as of their own end, however late that is: a tier at a moment is
the same whether or not somebody asked at it.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import Factory, define, evolve, frozen

from regulars.domain.tier_ladder import A_MOMENT, Basis, Downgrade, TierLadder
from regulars.domain.values import CustomerId, LotId, ProgramId


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
class Gain:
    """What one award counts for, net of refunds. `currency` is that of `spend`."""

    at: datetime
    points: int
    spend: int
    currency: str | None
    is_order: bool


@define
class TierStanding:
    """
    The tier of one account, and what it was reached by.

    `past` has the moments from which on a tier was held, the present one last.
    """

    tier: str | None = None
    since: datetime | None = None
    ends: datetime | None = None
    in_grace: bool = False
    past: list[tuple[datetime, str | None]] = Factory(list[tuple[datetime, str | None]])
    gains: dict[LotId, Gain] = Factory(dict[LotId, Gain])


def gain(state: TierStanding, lot: LotId, found: Gain) -> None:
    """Record in `state` that an award counts."""
    state.gains[lot] = found


def lose(state: TierStanding, lot: LotId, points: int, remaining: int) -> None:
    """Record in `state` that a refund took back points, and what of the money remained."""
    found = state.gains[lot]
    found.points -= points
    found.spend = min(found.spend, remaining)


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


@frozen(kw_only=True)
class EvaluateTier:
    """
    Look at the tier by the ladder that is published as `version`.

    `balance` is what can be spent at that moment, for a ladder that counts it; `refunded` tells
    that a refund is the reason.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    ladder: TierLadder
    version: int
    balance: int = 0
    refunded: bool = False


def decide(command: EvaluateTier, state: TierStanding) -> Sequence[Event]:
    """
    What became of the tier by now, from the end of its term on; nothing if it stands.

    What is dated before the present tier began is looked at as of its beginning.
    """
    if state.since is not None and command.at < state.since:
        command = evolve(command, at=state.since)
    ahead = _ahead(state)
    events: list[Event] = []
    for event in _ends(command, ahead):
        events.append(event)
        fold(ahead, event)
    change = _change(command, ahead)
    return events if change is None else [*events, change]


def tier_at(state: TierStanding, asked: EvaluateTier) -> str | None:
    """The tier at the moment that `asked` is for, by its ladder where a term ended before it."""
    if state.since is None or asked.at >= state.since:
        ahead = _ahead(state)
        for event in _ends(asked, ahead):
            fold(ahead, event)
        return ahead.tier
    return next((tier for start, tier in reversed(state.past) if start <= asked.at), None)


def _ahead(state: TierStanding) -> TierStanding:
    """A state to fold what is decided into; it shares what was gained, which no event changes."""
    ahead = copy(state)
    ahead.past = list(state.past)
    return ahead


def _ends(command: EvaluateTier, ahead: TierStanding) -> Iterator[Event]:
    """What the terms that ended by now led to, one after another; who asks folds each."""
    while ahead.ends is not None and ahead.tier is not None and ahead.ends <= command.at:
        yield _end(command, ahead, ahead.tier, ahead.ends)


def _end(command: EvaluateTier, state: TierStanding, tier: str, end: datetime) -> Event:
    ladder = command.ladder
    found = _assessment(command, state, end - A_MOMENT)
    reached = ladder.reached(found.value)
    height = ladder.height(tier)
    if ladder.downgrade is Downgrade.NONE and height is not None:
        reached = max(reached, height)
    lower = ladder.tier(reached)
    if height is not None and reached < height:
        if ladder.grace_months and not state.in_grace:
            return TierGraceStarted(
                program=command.program,
                customer=command.customer,
                tier=tier,
                valid_from=end,
                until=ladder.grace(end),
                assessment=found,
            )
        if ladder.downgrade is Downgrade.ONE_DOWN:
            lower = ladder.tier(height - 1)
    if lower == tier:
        return TierRenewed(
            program=command.program,
            customer=command.customer,
            tier=tier,
            valid_from=end,
            valid_to=ladder.term(end),
            assessment=found,
        )
    if lower is not None and height is not None and reached > height:
        return _upgraded(command, tier, lower, end, found)
    return _downgraded(command, tier, lower, end, found)


def _change(command: EvaluateTier, state: TierStanding) -> Event | None:
    """What is reached or lost at once."""
    ladder = command.ladder
    found = _assessment(command, state, command.at)
    reached, height = ladder.reached(found.value), ladder.height(state.tier)
    tier = ladder.tier(reached)
    if height is None or reached == height:
        return None
    if reached > height and tier is not None:
        if state.tier is not None:
            return _upgraded(command, state.tier, tier, command.at, found)
        return TierEntered(
            program=command.program,
            customer=command.customer,
            tier=tier,
            valid_from=command.at,
            valid_to=ladder.term(command.at),
            assessment=found,
        )
    at_once = ladder.downgrade is Downgrade.IMMEDIATE or (
        command.refunded and ladder.refunds_at_once
    )
    if state.tier is None or not at_once:
        return None
    return _downgraded(command, state.tier, tier, command.at, found)


def _upgraded(
    command: EvaluateTier, left: str, tier: str, at: datetime, found: Assessment
) -> TierUpgraded:
    return TierUpgraded(
        program=command.program,
        customer=command.customer,
        left=left,
        tier=tier,
        valid_from=at,
        valid_to=command.ladder.term(at),
        assessment=found,
    )


def _downgraded(
    command: EvaluateTier, left: str, tier: str | None, at: datetime, found: Assessment
) -> TierDowngraded:
    return TierDowngraded(
        program=command.program,
        customer=command.customer,
        left=left,
        tier=tier,
        valid_from=at,
        valid_to=None if tier is None else command.ladder.term(at),
        assessment=found,
    )


def _assessment(command: EvaluateTier, state: TierStanding, at: datetime) -> Assessment:
    ladder = command.ladder
    if ladder.basis is Basis.BALANCE:
        return Assessment(ladder=command.version, basis=ladder.basis, at=at, value=command.balance)
    since = ladder.counted_from(at, state.since)
    evidence = tuple(
        Evidence(lot=lot, value=value)
        for lot, one in state.gains.items()
        if one.at <= at and (since is None or one.at > since)
        for value in (_worth(one, ladder),)
        if value
    )
    return Assessment(
        ladder=command.version,
        basis=ladder.basis,
        at=at,
        value=sum(one.value for one in evidence),
        since=since,
        evidence=evidence,
    )


def _worth(one: Gain, ladder: TierLadder) -> int:
    if ladder.basis is Basis.EARNED:
        return one.points
    if ladder.basis is Basis.SPEND:
        return one.spend if one.currency == ladder.currency else 0
    return int(one.is_order)
