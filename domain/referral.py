"""
The referral of one customer: who brought them, whether that counts, and what became of it.

It is claimed, accepted or rejected, qualified by the customer's first order, and clawed back if
that order is paid back soon. What both sides earn, the rules of the programme say.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.codes import require_code
from regulars.domain.empty import empty
from regulars.domain.values import (
    MOST_MINOR,
    CustomerId,
    OrderId,
    ProgramId,
    RefundId,
    Refusal,
    is_currency,
)

MOST_DAYS: Final = 3_650
"""The longest time in which a referral is clawed back."""


class NoReferral(Enum):
    """Why a referral does not count."""

    SELF = "self"
    SAME_PERSON = "same_person"
    SECOND_REFERRER = "second_referrer"
    ORDERED_BEFORE = "ordered_before"
    ORDER_TOO_SMALL = "order_too_small"


@frozen(kw_only=True)
class ReferralTerms:
    """
    What a referral asks for: a first order of which `at_least` minor units for goods stay paid.

    In `currency`, or in any if it is None. It is clawed back if that order is paid back in full
    within `claw_back_days` x 24 hours. A referrer earns for `most` at most within any
    `most_days` x 24 hours, and for any number if that is None.
    """

    currency: str | None = None
    at_least: int = 0
    claw_back_days: int = 30
    most: int | None = None
    most_days: int = 30


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class ReferralClaimed:
    """
    `referrer` says to have brought `referee`.

    `shares` are codes of the host's for what the two have in common, as `card` or `device`.
    """

    program: ProgramId
    referee: CustomerId
    referrer: CustomerId
    terms: ReferralTerms
    shares: tuple[str, ...] = ()


@frozen(kw_only=True)
class ReferralAccepted:
    """The referral counts, and waits for the first order."""

    program: ProgramId
    referee: CustomerId
    referrer: CustomerId


@frozen(kw_only=True)
class ReferralRejected:
    """The referral does not count, and why."""

    program: ProgramId
    referee: CustomerId
    referrer: CustomerId
    reason: NoReferral


@frozen(kw_only=True)
class ReferralQualified:
    """
    The first order of the referee is completed, and both sides are rewarded for it.

    The referrer only if fewer than `most` were within the `most_days` x 24 hours before.
    """

    program: ProgramId
    referee: CustomerId
    referrer: CustomerId
    order: OrderId
    currency: str
    most: int | None = None
    most_days: int = 30


@frozen(kw_only=True)
class ReferralClawedBack:
    """That order was paid back in full, and what both sides got for it is taken back."""

    program: ProgramId
    referee: CustomerId
    referrer: CustomerId
    order: OrderId
    refund: RefundId


Event: TypeAlias = (
    ReferralClaimed | ReferralAccepted | ReferralRejected | ReferralQualified | ReferralClawedBack
)


@define
class Referral:
    """The state of one customer's referral, written by `fold` alone. `claims` by referrer."""

    claims: dict[CustomerId, ReferralClaimed] = empty(dict[CustomerId, ReferralClaimed])
    decided: set[CustomerId] = empty(set[CustomerId])
    accepted: CustomerId | None = None
    order: OrderId | None = None
    qualified_at: datetime | None = None
    over: bool = False


def fold(state: Referral, event: Event, at: datetime) -> None:
    """Record in `state` what happened at `at`."""
    match event:
        case ReferralClaimed():
            state.claims[event.referrer] = event
        case ReferralAccepted():
            state.decided.add(event.referrer)
            state.accepted = event.referrer
        case ReferralRejected():
            state.over = event.referrer == state.accepted
            state.decided.add(event.referrer)
        case ReferralQualified():
            state.order = event.order
            state.qualified_at = at
        case ReferralClawedBack():
            state.over = True
        case _:
            assert_never(event)


@frozen(kw_only=True)
class ClaimReferral:
    """Say that `referrer` brought `referee`; the first whose claim is accepted is the only one."""

    program: ProgramId
    referee: CustomerId
    at: datetime
    referrer: CustomerId
    terms: ReferralTerms
    shares: tuple[str, ...] = ()


@frozen(kw_only=True)
class DecideReferral:
    """
    Accept or reject a claim.

    `ordered` says whether the referee had ordered before, `merged` whether both sides have become
    one customer, and `mutual` whether the referee counts already as who brought the referrer.
    """

    program: ProgramId
    referee: CustomerId
    at: datetime
    referrer: CustomerId
    ordered: bool
    merged: bool = False
    mutual: bool = False


@frozen(kw_only=True)
class QualifyReferral:
    """
    The first order of the referee is completed.

    `total` is what was paid for goods and has not gone back; `undone` says that all of it has.
    """

    program: ProgramId
    referee: CustomerId
    at: datetime
    order: OrderId
    currency: str
    total: int
    undone: bool = False


@frozen(kw_only=True)
class ClawBackReferral:
    """The first order of the referee was paid back in full."""

    program: ProgramId
    referee: CustomerId
    at: datetime
    order: OrderId
    refund: RefundId


Command: TypeAlias = ClaimReferral | DecideReferral | QualifyReferral | ClawBackReferral


@frozen(kw_only=True)
class ImpossibleReferral(Refusal):
    """Terms that no order can meet, or no currency; `field` says which of them."""

    program: ProgramId
    field: str

    def __str__(self) -> str:
        return f"programme {self.program}: {self.field} of a referral cannot be so"


def decide(command: Command, state: Referral) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        ImpossibleReferral: the terms cannot be met.
        NoCode: something that both share is no code.
    """
    match command:
        case ClaimReferral():
            return _claim(command, state)
        case DecideReferral():
            return _answer(command, state)
        case QualifyReferral():
            return _qualify(command, state)
        case ClawBackReferral():
            return _claw_back(command, state)
        case _:
            assert_never(command)


def _claim(command: ClaimReferral, state: Referral) -> Sequence[Event]:
    terms = command.terms
    bounds = {
        "currency": terms.currency is None or is_currency(terms.currency),
        "at_least": 0 <= terms.at_least <= MOST_MINOR,
        "claw_back_days": 0 <= terms.claw_back_days <= MOST_DAYS,
        "most": 0 <= (terms.most or 0) <= MOST_MINOR,
        "most_days": 0 < terms.most_days <= MOST_DAYS,
    }
    for field, fine in bounds.items():
        if not fine:
            raise ImpossibleReferral(program=command.program, field=field)
    for share in command.shares:
        require_code("shares", share)
    if command.referrer in state.claims:
        return []
    return [
        ReferralClaimed(
            program=command.program,
            referee=command.referee,
            referrer=command.referrer,
            terms=terms,
            shares=command.shares,
        )
    ]


def _answer(command: DecideReferral, state: Referral) -> Sequence[Event]:
    claim = state.claims.get(command.referrer)
    if claim is None or command.referrer in state.decided:
        return []
    reason: NoReferral | None = None
    if command.referrer == command.referee:
        reason = NoReferral.SELF
    elif claim.shares or command.merged:
        reason = NoReferral.SAME_PERSON
    elif command.mutual or state.accepted is not None:
        reason = NoReferral.SECOND_REFERRER
    elif command.ordered:
        reason = NoReferral.ORDERED_BEFORE
    if reason is not None:
        return [_rejected(command, command.referrer, reason)]
    return [
        ReferralAccepted(
            program=command.program, referee=command.referee, referrer=command.referrer
        )
    ]


def _rejected(
    command: DecideReferral | QualifyReferral, referrer: CustomerId, reason: NoReferral
) -> ReferralRejected:
    return ReferralRejected(
        program=command.program, referee=command.referee, referrer=referrer, reason=reason
    )


def _qualify(command: QualifyReferral, state: Referral) -> Sequence[Event]:
    referrer = state.accepted
    if referrer is None or state.order is not None or state.over:
        return []
    terms = state.claims[referrer].terms
    too_small = command.undone or command.total < terms.at_least
    if too_small or terms.currency not in {None, command.currency}:
        return [_rejected(command, referrer, NoReferral.ORDER_TOO_SMALL)]
    return [
        ReferralQualified(
            program=command.program,
            referee=command.referee,
            referrer=referrer,
            order=command.order,
            currency=command.currency,
            most=terms.most,
            most_days=terms.most_days,
        )
    ]


def _claw_back(command: ClawBackReferral, state: Referral) -> Sequence[Event]:
    referrer, since = state.accepted, state.qualified_at
    if referrer is None or since is None or state.over or state.order != command.order:
        return []
    if command.at >= since + timedelta(days=state.claims[referrer].terms.claw_back_days):
        return []
    return [
        ReferralClawedBack(
            program=command.program,
            referee=command.referee,
            referrer=referrer,
            order=command.order,
            refund=command.refund,
        )
    ]
