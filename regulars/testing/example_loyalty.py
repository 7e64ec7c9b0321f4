"""The examples of the events of programmes and accounts."""

from datetime import UTC, datetime
from typing import Final

from regulars.application.events import Event
from regulars.domain.benefits import Benefit, BenefitId, BenefitKind
from regulars.domain.discounts import CouponOf
from regulars.domain.due import Expiring
from regulars.domain.earning import Evaluation, Passed, Step, Unmet
from regulars.domain.earning_rules import (
    Base,
    Goods,
    Group,
    Mode,
    Multiplier,
    Nth,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.expiry_notice import PointsExpiryNoticeIssued
from regulars.domain.holding import (
    PointsReservationConfirmed,
    PointsReservationReleased,
    PointsReserved,
)
from regulars.domain.ledger_policies import (
    Arithmetic,
    Capture,
    Restore,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import LoyaltyAccountOpened, PointsEarned
from regulars.domain.occasions import Standing
from regulars.domain.offer_terms import Kind, Terms
from regulars.domain.program import (
    EarningRulesPublished,
    ProgramDefined,
    ProgramPoliciesSet,
    TierBenefitsPublished,
    TierLadderPublished,
)
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed
from regulars.domain.reward import Reward
from regulars.domain.reward_catalogue import PricedReward, RewardKind, RewardsPublished
from regulars.domain.tier_ladder import Basis, Downgrade, Level, TierLadder, Window
from regulars.domain.tiers import (
    Assessment,
    Evidence,
    TierDowngraded,
    TierEntered,
    TierGraceStarted,
    TierRenewed,
    TierUpgraded,
)
from regulars.domain.told_occasions import OccasionRecorded
from regulars.domain.validity import Activation, ActivationPolicy, Counted, ExpiryPolicy, Period
from regulars.domain.values import (
    CouponId,
    ItemId,
    LotId,
    Money,
    OccasionId,
    OfferId,
    OrderId,
    RedemptionId,
    RefundId,
    ReservationId,
    RewardId,
)
from regulars.testing.example_ids import ADA, CAFE, ORDER, PLACED_AT, PROGRAM

RULES = RuleSet(
    groups=(
        Group(
            rules=(
                Rule(
                    rule=RuleId("basic"),
                    rate=Rate(points=3, per_numerator=1, per_denominator=2),
                    goods=Goods(except_items=(ItemId("bag"),), delivery=False),
                    stop=True,
                ),
                Rule(
                    rule=RuleId("third"),
                    bonus=30,
                    each=True,
                    goods=Goods(
                        items=(ItemId("dumplings"),),
                        categories=("mains",),
                        except_categories=("gifts",),
                    ),
                    when=When(
                        merchants=(CAFE,),
                        channels=("delivery",),
                        tiers=("gold",),
                        currency="GBP.3",
                        at_least=1000,
                        nth=Nth(n=3, days=7),
                        since=PLACED_AT,
                        until=datetime(2027, 1, 1, tzinfo=UTC),
                    ),
                ),
            ),
            mode=Mode.BEST_OF,
            most=500,
        ),
    ),
    multipliers=(Multiplier(rule=RuleId("gold"), numerator=6, denominator=5),),
    base=Base.GROSS,
    delivery=True,
    most=1000,
)
TERM_END = datetime(2026, 8, 28, 23, 59, 59, 123456, tzinfo=UTC)
ASSESSMENT = Assessment(
    ladder=2,
    basis=Basis.SPEND,
    at=PLACED_AT,
    value=600,
    since=datetime(2025, 2, 28, 23, 59, 59, 123456, tzinfo=UTC),
    evidence=(Evidence(lot=LotId("订单-1001"), value=600),),
)

LOYALTY: Final[dict[tuple[str, int], Event]] = {
    ("ProgramDefined", 1): ProgramDefined(program=PROGRAM, name="Regulars"),
    ("EarningRulesPublished", 1): EarningRulesPublished(
        program=PROGRAM, version=2, rules=RULES, currency="GBP.3", effective_from=PLACED_AT
    ),
    ("ProgramPoliciesSet", 2): ProgramPoliciesSet(
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
            capture=Capture.ACCEPTANCE,
            notice_days=10,
        ),
        effective_from=PLACED_AT,
    ),
    ("LoyaltyAccountOpened", 1): LoyaltyAccountOpened(program=PROGRAM, customer=ADA),
    ("TierLadderPublished", 1): TierLadderPublished(
        program=PROGRAM,
        version=2,
        ladder=TierLadder(
            levels=(Level(tier="silver", least=100), Level(tier="gold", least=500)),
            basis=Basis.SPEND,
            window=Window.ROLLING,
            days=365,
            currency="GBP.3",
            term_months=6,
            grace_months=1,
            downgrade=Downgrade.ONE_DOWN,
            refunds_at_once=True,
            zone="Europe/London",
        ),
        effective_from=PLACED_AT,
    ),
    ("TierBenefitsPublished", 1): TierBenefitsPublished(
        program=PROGRAM,
        version=2,
        benefits=(
            Benefit(
                benefit=BenefitId("double"),
                kind=BenefitKind.POINTS,
                tiers=("silver", "gold"),
                rule=RuleId("gold"),
            ),
            Benefit(
                benefit=BenefitId("delivery"),
                kind=BenefitKind.FREE_DELIVERY,
                tiers=("gold",),
                terms=Terms(
                    kind=Kind.FREE_DELIVERY,
                    currency="GBP.3",
                    value=0,
                    at_least=30_000,
                    most=6_000,
                    stack_group="delivery",
                ),
            ),
            Benefit(
                benefit=BenefitId("taste"),
                kind=BenefitKind.FREE_TRIAL,
                tiers=("gold",),
                offer=OfferId("new-dish"),
            ),
        ),
        effective_from=PLACED_AT,
    ),
    ("TierEntered", 1): TierEntered(
        program=PROGRAM,
        customer=ADA,
        tier="silver",
        valid_from=PLACED_AT,
        valid_to=TERM_END,
        assessment=ASSESSMENT,
    ),
    ("TierUpgraded", 1): TierUpgraded(
        program=PROGRAM,
        customer=ADA,
        left="silver",
        tier="gold",
        valid_from=PLACED_AT,
        valid_to=TERM_END,
        assessment=ASSESSMENT,
    ),
    ("TierRenewed", 1): TierRenewed(
        program=PROGRAM,
        customer=ADA,
        tier="gold",
        valid_from=PLACED_AT,
        valid_to=TERM_END,
        assessment=ASSESSMENT,
    ),
    ("TierGraceStarted", 1): TierGraceStarted(
        program=PROGRAM,
        customer=ADA,
        tier="gold",
        valid_from=PLACED_AT,
        until=TERM_END,
        assessment=ASSESSMENT,
    ),
    ("TierDowngraded", 1): TierDowngraded(
        program=PROGRAM,
        customer=ADA,
        left="gold",
        tier="silver",
        valid_from=PLACED_AT,
        valid_to=TERM_END,
        assessment=ASSESSMENT,
    ),
    ("OccasionRecorded", 1): OccasionRecorded(
        program=PROGRAM, customer=ADA, occasion=OccasionId("2026"), on="birthday"
    ),
    ("PointsEarned", 2): PointsEarned(
        program=PROGRAM,
        customer=ADA,
        lot=LotId("订单-1001"),
        points=18,
        evaluation=Evaluation(
            points=18,
            desired=19,
            exact_numerator=93528,
            exact_denominator=5000,
            amount=2598,
            steps=(
                Step(
                    rule=RuleId("basic"),
                    base=2598,
                    multipliers=(RuleId("gold"),),
                    exact_numerator=93528,
                    exact_denominator=5000,
                ),
            ),
            passed=(Passed(rule=RuleId("third"), why=Unmet.NTH),),
        ),
        on="feast",
        order=ORDER,
        currency="GBP.3",
        rules_version=2,
        standing=Standing(tier="gold", orders_before=4, recent=(PLACED_AT,)),
        pending=True,
        activates_at=datetime(2026, 3, 14, 23, 59, 59, 123456, tzinfo=UTC),
        expires_at=datetime(2027, 3, 15, 16, tzinfo=UTC),
    ),
    ("PointsReversed", 2): PointsReversed(
        program=PROGRAM,
        customer=ADA,
        lot=LotId("订单-1001"),
        order=ORDER,
        refund=RefundId("refund-1"),
        points=18,
        remaining=0,
        kept=0,
        allocations=(Allocation(lot=LotId("订单-1001"), points=10),),
        debt_added=5,
        written_off=3,
    ),
    ("PointsActivated", 1): PointsActivated(
        program=PROGRAM,
        customer=ADA,
        lot=LotId("订单-1001"),
        points=8,
        activated_at=datetime(2026, 3, 14, 23, 59, 59, 123456, tzinfo=UTC),
        expires_at=datetime(2027, 3, 15, 16, tzinfo=UTC),
    ),
    ("PointsDebtSettled", 1): PointsDebtSettled(
        program=PROGRAM,
        customer=ADA,
        points=5,
        allocations=(Allocation(lot=LotId("订单-1001"), points=5),),
        settled_at=datetime(2026, 3, 14, 23, 59, 59, 123456, tzinfo=UTC),
    ),
    ("PointsReserved", 1): PointsReserved(
        program=PROGRAM,
        customer=ADA,
        reservation=ReservationId("basket-1"),
        points=2,
        allocations=(Allocation(lot=LotId("订单-1001"), points=2),),
        lapses_at=datetime(2026, 3, 20, tzinfo=UTC),
        order=OrderId("订单-1002"),
    ),
    ("PointsReservationConfirmed", 1): PointsReservationConfirmed(
        program=PROGRAM,
        customer=ADA,
        reservation=ReservationId("basket-1"),
        points=2,
        order=OrderId("订单-1002"),
    ),
    ("PointsRedeemed", 2): PointsRedeemed(
        program=PROGRAM,
        customer=ADA,
        redemption=RedemptionId("basket-1"),
        points=2,
        allocations=(Allocation(lot=LotId("订单-1001"), points=2),),
        reward=Reward(kind="payment", id="till-1", value=Money(minor=200, currency="CNY")),
        reservation=ReservationId("basket-1"),
        order=OrderId("订单-1002"),
        units=2,
        catalogue=3,
        brings=(
            CouponOf(program=PROGRAM, offer=OfferId("tea"), coupon=CouponId("reward/basket-1")),
        ),
    ),
    ("RedemptionReversed", 2): RedemptionReversed(
        program=PROGRAM,
        customer=ADA,
        redemption=RedemptionId("basket-1"),
        refund=RefundId("refund-2"),
        points=1,
        allocations=(Allocation(lot=LotId("订单-1001"), points=1),),
        reinstated=(LotId("订单-1001"),),
        reinstated_until=datetime(2027, 4, 1, tzinfo=UTC),
        takes_back=(
            CouponOf(program=PROGRAM, offer=OfferId("tea"), coupon=CouponId("reward/basket-1")),
        ),
    ),
    ("RewardsPublished", 1): RewardsPublished(
        program=PROGRAM,
        version=3,
        rewards=(
            PricedReward(
                reward=RewardId("tea"),
                kind=RewardKind.DISH,
                points=200,
                value=Money(minor=1200, currency="CNY"),
                offer=OfferId("tea"),
            ),
        ),
        effective_from=PLACED_AT,
    ),
    ("PointsReservationReleased", 1): PointsReservationReleased(
        program=PROGRAM,
        customer=ADA,
        reservation=ReservationId("basket-2"),
        points=1,
        allocations=(Allocation(lot=LotId("订单-1001"), points=1),),
        released_at=datetime(2026, 3, 20, tzinfo=UTC),
        lapsed=True,
    ),
    ("PointsExpiryNoticeIssued", 1): PointsExpiryNoticeIssued(
        program=PROGRAM,
        customer=ADA,
        points=3,
        lots=(
            Expiring(lot=LotId("订单-1001"), points=3, expires_at=datetime(2027, 4, 1, tzinfo=UTC)),
        ),
    ),
    ("PointsExpired", 1): PointsExpired(
        program=PROGRAM,
        customer=ADA,
        lot=LotId("订单-1001"),
        points=3,
        expired_at=datetime(2027, 4, 1, tzinfo=UTC),
    ),
}
