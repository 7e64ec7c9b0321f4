"""The examples of the events of referrals."""

from typing import Final

from regulars.application.events import Event
from regulars.domain.referral import (
    NoReferral,
    ReferralAccepted,
    ReferralClaimed,
    ReferralClawedBack,
    ReferralQualified,
    ReferralRejected,
    ReferralTerms,
)
from regulars.domain.values import CustomerId, RefundId
from regulars.testing.example_ids import ADA, ORDER, PROGRAM

BOB = CustomerId("bob")

REFERRALS: Final[dict[tuple[str, int], Event]] = {
    ("ReferralClaimed", 2): ReferralClaimed(
        program=PROGRAM,
        referee=ADA,
        referrer=BOB,
        terms=ReferralTerms(currency="CNY", at_least=2000, claw_back_days=14, most=5, most_days=90),
        shares=("card", "device"),
    ),
    ("ReferralAccepted", 1): ReferralAccepted(program=PROGRAM, referee=ADA, referrer=BOB),
    ("ReferralRejected", 1): ReferralRejected(
        program=PROGRAM, referee=ADA, referrer=ADA, reason=NoReferral.SELF
    ),
    ("ReferralQualified", 2): ReferralQualified(
        program=PROGRAM,
        referee=ADA,
        referrer=BOB,
        order=ORDER,
        currency="CNY",
        most=5,
        most_days=90,
    ),
    ("ReferralClawedBack", 1): ReferralClawedBack(
        program=PROGRAM, referee=ADA, referrer=BOB, order=ORDER, refund=RefundId("refund-1")
    ),
}
