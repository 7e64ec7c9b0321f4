"""What every golden body means."""

from datetime import UTC, datetime
from typing import cast

from attrs import evolve

from regulars.application.events import Event, Retired
from regulars.domain.budget import Budget, BudgetConsumed, Cut
from regulars.domain.campaign import CampaignDrafted
from regulars.domain.campaign_plan import Plan
from regulars.domain.consents import ConsentGranted
from regulars.domain.earning import Evaluation, Step
from regulars.domain.earning_rules import Group, Rate, Rule, RuleId, RuleSet
from regulars.domain.erasure import ErasureRequested
from regulars.domain.holdout import Variant
from regulars.domain.ledger_policies import (
    Arithmetic,
    Restore,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.lots import Allocation
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer import OfferDefined
from regulars.domain.order import OrderCancelled
from regulars.domain.personal import DataClass
from regulars.domain.program import EarningRulesPublished, ProgramPoliciesSet
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.purchase import Channel, OrderPlaced
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.referral import ReferralClaimed, ReferralQualified, ReferralTerms
from regulars.domain.refund import RefundIssued
from regulars.domain.reversal import PointsReversed
from regulars.domain.reward import Reward
from regulars.domain.scene import Scene
from regulars.domain.subject import Subject, SubjectErasureRequested, SubjectKind
from regulars.domain.told_ids import ToldOccasion, ToldRedemption, ToldReservation, ToldThere
from regulars.domain.validity import (
    Activation,
    ActivationPolicy,
    Counted,
    ExpiryPolicy,
    Period,
)
from regulars.domain.values import (
    ErasureId,
    GrantId,
    LotId,
    Money,
    OccasionId,
    OrderId,
    RedemptionId,
    RefundId,
    ReservationId,
)
from regulars.testing.example_accounts import ABSORBED, END
from regulars.testing.example_campaigns import SPRING
from regulars.testing.example_events import EXAMPLES, LINES, box
from regulars.testing.example_ids import ADA, CAFE, ORDER, PLACED_AT, PROGRAM
from regulars.testing.example_offers import OFFER
from regulars.testing.example_referrals import BOB

EARNING = RuleId("earning")
LOT = LotId(ORDER)
TOLD_WITH_IT = ToldThere(
    reservations=(
        ToldReservation(
            reservation=ReservationId("ada/basket-1"),
            points=2,
            lapses_at=END,
            order=OrderId("订单-1002"),
        ),
    ),
    redemptions=(
        ToldRedemption(
            redemption=RedemptionId("ada/basket-0"),
            points=5,
            reservation=ReservationId("basket-0"),
        ),
    ),
    occasions=(ToldOccasion(occasion=OccasionId("2026"), on=None),),
)

THEN = "Asia/Shanghai"
"""The zone that scenes and budgets had while they told none."""

OLDER: dict[tuple[str, int], list[Event | Retired]] = {
    ("ConsentGranted", 1): [
        ConsentGranted(customer=ADA, purpose="marketing", channel="sms", policy_version="2026-01")
    ],
    ("ErasureRequested", 1): [
        ErasureRequested(
            customer=ADA,
            erasure=ErasureId("erasure-7"),
            classes=(DataClass.CONTACT, DataClass.ADDRESS),
            restricted=(DataClass.ADDRESS,),
            basis="gdpr-17-1-b",
        )
    ],
    ("SubjectErasureRequested", 1): [
        SubjectErasureRequested(
            subject=Subject(kind=SubjectKind.COURIER, id="c-7"),
            erasure=ErasureId("erasure-8"),
            classes=(DataClass.CONTACT, DataClass.CONTENT),
            restricted=(),
            basis="left",
        )
    ],
    ("OrderPlaced", 1): [
        OrderPlaced(
            order=ORDER,
            currency="USD",
            total=2598,
            customer=ADA,
            merchant=CAFE,
            lines=LINES,
            discount=100,
            delivery_fee=299,
            tip=50,
            channel=Channel.DINE_IN,
            payment_method="card",
            region="north",
            extra=box("extra"),
        )
    ],
    ("OrderPlaced", 2): [evolve(cast("OrderPlaced", EXAMPLES["OrderPlaced", 3]), address_id=None)],
    ("OrderCancelled", 1): [
        OrderCancelled(
            order=ORDER,
            currency="USD",
            placed_at=PLACED_AT,
            customer=ADA,
            merchant=CAFE,
            lines=LINES,
            reason="sold out",
            late_entry=True,
        )
    ],
    ("RefundIssued", 1): [
        RefundIssued(
            order=ORDER,
            refund=RefundId("refund-1"),
            currency="USD",
            amount=3000,
            goods=2598,
            goodwill=402,
            goods_refunded=2598,
            total=2598,
            placed_at=PLACED_AT,
            customer=ADA,
            merchant=CAFE,
            reason="cold",
            late_entry=True,
        )
    ],
    ("EarningRulePublished", 1): [
        EarningRulesPublished(
            program=PROGRAM,
            version=2,
            rules=RuleSet(
                groups=(
                    Group(
                        rules=(
                            Rule(
                                rule=EARNING,
                                rate=Rate(points=3, per_numerator=1, per_denominator=2),
                            ),
                        )
                    ),
                )
            ),
            currency="GBP.3",
            effective_from=PLACED_AT,
        )
    ],
    ("ProgramPoliciesSet", 1): [
        ProgramPoliciesSet(
            program=PROGRAM,
            policies=ProgramPolicies(
                activation=ActivationPolicy(activation=Activation.DELAY, days=14),
                expiry=ExpiryPolicy(
                    months=12,
                    period=Period.MONTH,
                    inactivity=180,
                    counted=Counted.AWARD,
                    zone="Europe/Berlin",
                ),
                returns=ReturnPolicy(
                    reversal=Reversal.WITHIN_BALANCE,
                    arithmetic=Arithmetic.PRORATE_FLOOR,
                    restore=Restore.FULL_ONLY,
                    reinstate_days=30,
                ),
                spend_order=SpendOrder.FIFO,
            ),
            effective_from=PLACED_AT,
        ),
    ],
    ("PointsRedeemed", 1): [
        PointsRedeemed(
            program=PROGRAM,
            customer=ADA,
            redemption=RedemptionId("basket-1"),
            points=2,
            allocations=(Allocation(lot=LotId("订单-1001"), points=2),),
            reward=Reward(kind="payment", id="till-1", value=Money(minor=200, currency="CNY")),
            reservation=ReservationId("basket-1"),
            order=OrderId("订单-1002"),
        ),
    ],
    ("RedemptionReversed", 1): [
        RedemptionReversed(
            program=PROGRAM,
            customer=ADA,
            redemption=RedemptionId("basket-1"),
            refund=RefundId("refund-2"),
            points=1,
            allocations=(Allocation(lot=LotId("订单-1001"), points=1),),
            reinstated=(LotId("订单-1001"),),
            reinstated_until=datetime(2027, 4, 1, tzinfo=UTC),
        ),
    ],
    ("LoyaltyAccountAbsorbed", 1): [
        evolve(
            ABSORBED,
            lots=tuple(evolve(one, told_end=None) for one in ABSORBED.lots),
            reservations=tuple(evolve(one, confirmed=False) for one in ABSORBED.reservations),
            redemptions=tuple(evolve(one, brings=()) for one in ABSORBED.redemptions),
            told=TOLD_WITH_IT,
        )
    ],
    ("LoyaltyAccountAbsorbed", 2): [evolve(ABSORBED, told=TOLD_WITH_IT)],
    ("LoyaltyAccountAbsorbed", 3): [
        evolve(ABSORBED, told=evolve(ABSORBED.told, occasions=TOLD_WITH_IT.occasions))
    ],
    ("PointsEarned", 1): [
        PointsEarned(
            program=PROGRAM,
            customer=ADA,
            lot=LOT,
            points=15,
            evaluation=Evaluation(
                points=15,
                desired=15,
                exact_numerator=3897,
                exact_denominator=250,
                amount=2598,
                steps=(
                    Step(
                        rule=EARNING,
                        base=2598,
                        multipliers=(),
                        exact_numerator=3897,
                        exact_denominator=250,
                    ),
                ),
            ),
            order=ORDER,
            currency="GBP.3",
            rules_version=2,
        )
    ],
    ("OfferDefined", 1): [
        evolve(cast("OfferDefined", EXAMPLES["OfferDefined", 2]), scene=Scene(zone=THEN))
    ],
    ("ReferralClaimed", 1): [
        ReferralClaimed(
            program=PROGRAM,
            referee=ADA,
            referrer=BOB,
            terms=ReferralTerms(currency="CNY", at_least=2000, claw_back_days=14),
            shares=("card", "device"),
        )
    ],
    ("ReferralQualified", 1): [
        ReferralQualified(program=PROGRAM, referee=ADA, referrer=BOB, order=ORDER, currency="CNY")
    ],
    ("CampaignDrafted", 1): [
        CampaignDrafted(
            program=PROGRAM,
            campaign=SPRING,
            plan=Plan(
                variants=(Variant(name="ten off", weight=3, offer=OFFER), Variant(name="mail")),
                holdout=1000,
                seed="2026",
                budget=Budget(total=10_000, per_customer=100, cut=Cut.ALL_OR_NOTHING, zone=THEN),
                starts_at=PLACED_AT,
                ends_at=PLACED_AT.replace(year=2027),
            ),
        )
    ],
    ("BudgetConsumed", 1): [
        BudgetConsumed(
            program=PROGRAM,
            campaign=SPRING,
            grant=GrantId("g-1"),
            customer=ADA,
            desired=50,
            amount=20,
            variant="ten off",
            offer=OFFER,
        )
    ],
    ("PointsReversed", 1): [
        PointsReversed(
            program=PROGRAM,
            customer=ADA,
            lot=LOT,
            order=ORDER,
            refund=RefundId("refund-1"),
            points=15,
            remaining=0,
            kept=0,
            allocations=(Allocation(lot=LOT, points=15),),
        )
    ],
}
"""What the golden body of each older name and version has become."""

MEANT: dict[tuple[str, int], list[Event | Retired]] = {
    **{stored: [event] for stored, event in EXAMPLES.items()},
    **OLDER,
}
"""What every golden body means now."""
