"""What a campaign tells in full, and the bounds of its plan and of its budget."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from regulars.domain.audience import MOST_NAMED, Audience
from regulars.domain.budget import (
    Budget,
    BudgetConsumed,
    BudgetExhausted,
    BudgetRestored,
    Cut,
    GrantDiffers,
    ImpossibleGrant,
)
from regulars.domain.campaign import (
    CampaignDrafted,
    CampaignEnded,
    CampaignLaunched,
    CampaignPaused,
    CampaignResumed,
    CustomerAssigned,
    ImpossiblePlan,
    NotInThatPhase,
)
from regulars.domain.campaign_plan import Phase, Plan
from regulars.domain.codes import NoCode
from regulars.domain.holdout import PLACES, Variant
from regulars.domain.values import MOST_MINOR, GrantId, OfferId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON, campaign_story, minutes
from tests.domain.test_campaign import (
    ASSIGN,
    CANCEL,
    DRAFT,
    END,
    GRANT,
    LAUNCH,
    LUNCH,
    MAIL,
    PAUSE,
    PLAN,
    RESUME,
    granted,
    running,
)

OF: dict[str, Any] = {"program": PROGRAM, "campaign": LUNCH}
SPRING = OfferId("spring")


def test_the_life_of_a_campaign_is_told_in_full() -> None:
    story = campaign_story()

    assert story.when(DRAFT) == [CampaignDrafted(**OF, plan=PLAN)]
    assert story.when(LAUNCH) == [CampaignLaunched(**OF)]
    assert story.when(ASSIGN) == [CustomerAssigned(**OF, customer=ANNA, variant="mail")]
    assert story.when(PAUSE) == [CampaignPaused(**OF, reason="too-many")]
    assert story.when(RESUME) == [CampaignResumed(**OF)]
    assert story.when(END) == [CampaignEnded(**OF, reason="over")]


def test_a_grant_and_its_end_are_told_in_full() -> None:
    story = running(Budget(total=40), variants=(evolve(MAIL, offer=SPRING),))
    grant: dict[str, Any] = {**OF, "grant": GrantId("g-1"), "customer": ANNA, "offer": SPRING}

    assert story.when(GRANT) == [
        CustomerAssigned(**OF, customer=ANNA, variant="mail"),
        BudgetConsumed(**grant, desired=50, amount=40, variant="mail", limit="total"),
        BudgetExhausted(**OF),
    ]
    assert story.when(CANCEL) == [BudgetRestored(**grant, amount=40)]


def test_a_grant_counts_on_the_day_of_its_zone_and_on_none_without_one() -> None:
    for zone, day in (("Asia/Shanghai", date(2024, 5, 18)), ("UTC", date(2024, 5, 17)), ("", None)):
        *_, granted_on = running(Budget(zone=zone)).when(evolve(GRANT, at=NOON + minutes(300)))

        assert isinstance(granted_on, BudgetConsumed)
        assert granted_on.on == day


def test_a_grant_that_was_cancelled_is_not_granted_anew_under_its_id() -> None:
    story = running().given(GRANT, CANCEL)

    assert story.when(GRANT) == []
    with pytest.raises(GrantDiffers):
        story.when(evolve(GRANT, amount=51))


def test_what_a_customer_gave_back_may_be_granted_again() -> None:
    story = running(Budget(per_customer=60))

    assert [granted(story, 50, "g-1"), granted(story, 50, "g-2")] == [50, 10]
    story.given(CANCEL)
    assert [granted(story, 50, "g-3"), granted(story, 50, "g-4")] == [50, 0]


def test_a_grant_of_all_that_is_left_is_not_cut() -> None:
    story = running(Budget(total=50, per_customer=50, cut=Cut.ALL_OR_NOTHING))

    assert granted(story, 50, "g-1") == 50


def test_the_smaller_of_what_is_left_to_all_and_to_each_is_granted() -> None:
    few_for_all = running(Budget(total=20, per_customer=30))
    few_for_each = running(Budget(total=30, per_customer=20))

    assert granted(few_for_all, 50, "g-1") == granted(few_for_each, 50, "g-1") == 20
    assert granted(few_for_each, 50, "g-2", BO) == 10


def test_the_most_may_be_granted_and_no_more() -> None:
    assert granted(running(), MOST_MINOR, "g-1") == MOST_MINOR
    assert granted(running(), 1, "g-1") == 1
    with pytest.raises(ImpossibleGrant) as refused:
        running().when(evolve(GRANT, amount=0))
    assert refused.value.amount == 0


@pytest.mark.parametrize(
    "plan",
    [
        Plan(variants=(evolve(MAIL, weight=PLACES), Variant(name="sms"))),
        evolve(PLAN, holdout=PLACES),
        evolve(PLAN, budget=Budget(total=MOST_MINOR, per_customer=MOST_MINOR)),
        evolve(PLAN, budget=Budget(total=0, per_customer=0)),
        evolve(PLAN, starts_at=NOON),
        evolve(PLAN, ends_at=NOON),
        evolve(PLAN, audience=Audience(customers=(ANNA,) * MOST_NAMED)),
        evolve(PLAN, starts_at=NOON, ends_at=NOON + minutes(1)),
    ],
)
def test_a_plan_may_go_as_far_as_its_bounds(plan: Plan) -> None:
    assert campaign_story().when(evolve(DRAFT, plan=plan)) == [CampaignDrafted(**OF, plan=plan)]


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan(variants=(evolve(MAIL, weight=PLACES + 1),)), "variants"),
        (Plan(variants=(MAIL, Variant(name="sms", weight=0))), "variants"),
        (evolve(PLAN, holdout=-1), "holdout"),
        (evolve(PLAN, budget=Budget(per_customer=-1)), "budget"),
        (evolve(PLAN, budget=Budget(total=MOST_MINOR + 1)), "budget"),
        (evolve(PLAN, starts_at=NOON + minutes(1), ends_at=NOON), "ends_at"),
    ],
)
def test_a_plan_beyond_its_bounds_is_refused_by_its_field(plan: Plan, field: str) -> None:
    with pytest.raises(ImpossiblePlan) as refused:
        campaign_story().when(evolve(DRAFT, plan=plan))

    assert refused.value.field == field


def test_what_is_not_possible_names_the_phase() -> None:
    with pytest.raises(NotInThatPhase) as refused:
        running().when(evolve(DRAFT, plan=evolve(PLAN, seed="2")))
    assert refused.value.phase is Phase.RUNNING

    with pytest.raises(NotInThatPhase) as refused:
        campaign_story().given(DRAFT).when(PAUSE)
    assert refused.value.phase is Phase.DRAFT


def test_who_belongs_to_a_campaign_is_told_once_even_after_it() -> None:
    story = running(ends_at=NOON + minutes(60)).given(ASSIGN)

    assert story.when(evolve(ASSIGN, at=NOON + minutes(61))) == []


@pytest.mark.parametrize("command", [PAUSE, END], ids=["pause", "end"])
def test_a_reason_is_a_code(command: Any) -> None:  # noqa: ANN401 - of two kinds
    with pytest.raises(NoCode) as refused:
        running().when(evolve(command, reason="Anna asked for it"))

    assert refused.value.field == "reason"
