"""The referral of a customer: who claims to have brought them, and what became of it."""

from datetime import datetime
from enum import Enum
from typing import Final, assert_never

from attrs import evolve, frozen

from regulars.application.aggregates import referral_stream
from regulars.application.events import moment
from regulars.application.questions import Look, Question
from regulars.domain.referral import (
    Event,
    NoReferral,
    ReferralAccepted,
    ReferralClaimed,
    ReferralClawedBack,
    ReferralQualified,
    ReferralRejected,
    ReferralTerms,
)
from regulars.domain.values import CustomerId, OrderId, ProgramId

_DEFAULT: Final = ProgramId("default")


class ReferralStage(Enum):
    """How far a referral is."""

    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    QUALIFIED = "qualified"
    CLAWED_BACK = "clawed_back"


@frozen(kw_only=True)
class ReferralStanding:
    """
    That `referrer` claims to have brought a customer, and how far that is, since when.

    It was rejected for a `reason`, or qualified by an `order`; `terms` are what it asks for.
    `position` is that of the last event about it.
    """

    referrer: CustomerId
    claimed_at: datetime
    terms: ReferralTerms
    stage: ReferralStage
    since: datetime
    position: int
    reason: NoReferral | None = None
    order: OrderId | None = None


@frozen(kw_only=True)
class ReferralsOf(Question[tuple[ReferralStanding, ...]]):
    """Who claims to have brought a customer, in the order of the claims; one of them may count."""

    customer: CustomerId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> tuple[ReferralStanding, ...]:
        """Each claim with what became of it by then."""
        found: dict[CustomerId, ReferralStanding] = {}
        told = look.events(referral_stream(self.program, self.customer))
        for one, event in ((one, one.event) for one in told if isinstance(one.event, Event)):
            at = moment(one.occurred_at)
            if isinstance(event, ReferralClaimed):
                found[event.referrer] = ReferralStanding(
                    referrer=event.referrer,
                    claimed_at=at,
                    terms=event.terms,
                    stage=ReferralStage.CLAIMED,
                    since=at,
                    position=one.position,
                )
            else:
                was = evolve(found[event.referrer], since=at, position=one.position)
                found[event.referrer] = _after(was, event)
        return tuple(found.values())


def _after(
    was: ReferralStanding,
    event: ReferralAccepted | ReferralRejected | ReferralQualified | ReferralClawedBack,
) -> ReferralStanding:
    match event:
        case ReferralAccepted():
            return evolve(was, stage=ReferralStage.ACCEPTED)
        case ReferralRejected(reason=reason):
            return evolve(was, stage=ReferralStage.REJECTED, reason=reason)
        case ReferralQualified(order=order):
            return evolve(was, stage=ReferralStage.QUALIFIED, order=order)
        case ReferralClawedBack():
            return evolve(was, stage=ReferralStage.CLAWED_BACK)
        case _:
            assert_never(event)
