"""The examples of the events of campaigns and care."""

from datetime import date
from typing import Final

from regulars.application.events import Event
from regulars.domain.audience import Audience
from regulars.domain.budget import (
    Budget,
    BudgetConsumed,
    BudgetExhausted,
    BudgetRestored,
    Cut,
)
from regulars.domain.campaign import (
    CampaignDrafted,
    CampaignEnded,
    CampaignLaunched,
    CampaignPaused,
    CampaignResumed,
    CustomerAssigned,
)
from regulars.domain.campaign_plan import Plan
from regulars.domain.caps import Cap, Span
from regulars.domain.care_plan import CarePlan, CarePlanSet
from regulars.domain.holdout import Variant
from regulars.domain.reminders import CareReminderRaised
from regulars.domain.values import CampaignId, GrantId, OccasionId
from regulars.testing.example_ids import ADA, CAFE, PLACED_AT, PROGRAM
from regulars.testing.example_offers import OFFER

SPRING = CampaignId("spring")

CAMPAIGNS: Final[dict[tuple[str, int], Event]] = {
    ("CampaignDrafted", 2): CampaignDrafted(
        program=PROGRAM,
        campaign=SPRING,
        plan=Plan(
            variants=(Variant(name="ten off", weight=3, offer=OFFER), Variant(name="mail")),
            holdout=1000,
            seed="2026",
            budget=Budget(
                total=10_000,
                per_customer=100,
                cut=Cut.ALL_OR_NOTHING,
                caps=(Cap(span=Span.WEEK, total=2_000, per_customer=50, times=2),),
                zone="America/New_York",
            ),
            starts_at=PLACED_AT,
            ends_at=PLACED_AT.replace(year=2027),
            audience=Audience(customers=(ADA,), tiers=("gold",), snapshot="students/2026"),
        ),
    ),
    ("CampaignLaunched", 1): CampaignLaunched(program=PROGRAM, campaign=SPRING),
    ("CampaignPaused", 1): CampaignPaused(program=PROGRAM, campaign=SPRING, reason="too-many"),
    ("CampaignResumed", 1): CampaignResumed(program=PROGRAM, campaign=SPRING),
    ("CustomerAssigned", 1): CustomerAssigned(
        program=PROGRAM, campaign=SPRING, customer=ADA, variant="ten off"
    ),
    ("BudgetConsumed", 2): BudgetConsumed(
        program=PROGRAM,
        campaign=SPRING,
        grant=GrantId("g-1"),
        customer=ADA,
        desired=50,
        amount=20,
        variant="ten off",
        offer=OFFER,
        on=date(2026, 3, 8),
        limit="total_week",
    ),
    ("BudgetExhausted", 1): BudgetExhausted(program=PROGRAM, campaign=SPRING),
    ("BudgetRestored", 1): BudgetRestored(
        program=PROGRAM, campaign=SPRING, grant=GrantId("g-1"), customer=ADA, amount=20, offer=OFFER
    ),
    ("CampaignEnded", 1): CampaignEnded(program=PROGRAM, campaign=SPRING, reason="over"),
    ("CarePlanSet", 1): CarePlanSet(
        program=PROGRAM,
        plan=CarePlan(
            birthdays=False,
            holidays=("chinese_new_year", "national_day"),
            region="HK",
            channel="sms",
            quiet_from=21,
            quiet_until=9,
            remind_days=3,
            campaign=SPRING,
            amount=2,
            zone="Asia/Hong_Kong",
        ),
        effective_from=PLACED_AT,
    ),
    ("CareReminderRaised", 1): CareReminderRaised(
        merchant=CAFE,
        customer=ADA,
        occasion=OccasionId("2026/birthday"),
        on="birthday",
        days=3,
    ),
}
