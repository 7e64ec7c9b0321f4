"""Notices of expiry: that points can be used for some days only, told once for each lot."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import frozen

from regulars.domain.account import Account
from regulars.domain.due import AccountAt, Expiring
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.rule_flaws import MOST_DAYS
from regulars.domain.values import CustomerId, ProgramId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PointsExpiryNoticeIssued:
    """The customer is to be told that `points` of these `lots` expire soon, and when."""

    program: ProgramId
    customer: CustomerId
    points: int
    lots: tuple[Expiring, ...]


@frozen(kw_only=True)
class IssueExpiryNotice:
    """Tell what expires within so many x 24 hours and was not told before."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    days: int


@frozen(kw_only=True)
class ImpossibleNotice(Refusal):
    """A notice looks from 1 to `MOST_DAYS` days ahead."""

    days: int

    def __str__(self) -> str:
        return f"a notice looks 1 to {MOST_DAYS} days ahead, not {self.days}"


def decide(
    command: IssueExpiryNotice, state: Account, now: AccountAt
) -> Sequence[PointsExpiryNoticeIssued]:
    """
    The notice of all that can be spent and expires soon; none where everything was told.

    Raises:
        ImpossibleNotice: it would look too far ahead, or not ahead at all.
    """
    if not 1 <= command.days <= MOST_DAYS:
        raise ImpossibleNotice(days=command.days)
    lots = _untold(state, now, now.at + timedelta(days=command.days))
    if not lots:
        return []
    return [
        PointsExpiryNoticeIssued(
            program=command.program,
            customer=command.customer,
            points=sum(one.points for one in lots),
            lots=lots,
        )
    ]


def _untold(state: Account, now: AccountAt, until: datetime) -> tuple[Expiring, ...]:
    found: list[Expiring] = []
    for one in now.usable(SpendOrder.FEFO):
        end = now.expires_at(one.lot)
        if end is None or end > until:
            break
        if state.lots.known[one.lot].told_end != end:
            found.append(Expiring(lot=one.lot, points=one.points, expires_at=end))
    return tuple(found)
