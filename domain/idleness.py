"""
Inactivity: the moment at which all points of an account end, because nothing was earned or spent.

It is one moment of the account, which each earning, hold or redemption moves.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import define, frozen

from regulars.domain.rule_flaws import MOST_DAYS
from regulars.domain.values import CustomerId, ProgramId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class InactivityLimitSet:
    """From now on all points end after `days` x 24 hours without movement; None: never."""

    program: ProgramId
    customer: CustomerId
    days: int | None


@frozen(kw_only=True)
class LoyaltyAccountWentIdle:
    """Nothing was earned or spent for too long: what the account had ended at `idle_at`."""

    program: ProgramId
    customer: CustomerId
    idle_at: datetime


@define
class Idleness:
    """
    How long nothing moved.

    `since` is when something did last, or when the first points came after all had ended; None
    where there is nothing to end.
    """

    days: int | None = None
    since: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When all points end, unless something moves before."""
        if self.days is None or self.since is None:
            return None
        return self.since + timedelta(days=self.days)


def moved(state: Idleness, at: datetime) -> None:
    """Record in `state` that something was earned, held or redeemed."""
    state.since = at


def came(state: Idleness, at: datetime) -> None:
    """Record in `state` that points came without their customer's doing."""
    if state.since is None:
        state.since = at


def limit(state: Idleness, days: int | None, at: datetime) -> None:
    """Record in `state` a limit, which counts from when it was set."""
    state.days, state.since = days, at


@frozen(kw_only=True)
class LimitInactivity:
    """Let all points of an account end after so many x 24 hours without movement, or never."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    days: int | None


@frozen(kw_only=True)
class ImpossibleLimit(Refusal):
    """An account may be idle for a day at least, and for a hundred years at most."""

    days: int

    def __str__(self) -> str:
        return f"an account cannot be left idle for {self.days} days: from 1 to {MOST_DAYS} it can"


def decide(command: LimitInactivity, state: Idleness) -> Sequence[InactivityLimitSet]:
    """
    The limit to record; nothing if it is the one that holds.

    Raises:
        ImpossibleLimit: too few days, or too many.
    """
    if command.days is not None and not 1 <= command.days <= MOST_DAYS:
        raise ImpossibleLimit(days=command.days)
    if command.days == state.days:
        return []
    return [
        InactivityLimitSet(program=command.program, customer=command.customer, days=command.days)
    ]
