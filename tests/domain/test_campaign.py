"""Campaigns: the table of their life, who is left alone, and budgets under the ids of examples."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.budget import (
    UNLIMITED,
    Budget,
    BudgetConsumed,
    BudgetExhausted,
    BudgetRestored,
    CancelGrant,
    Cut,
    GrantBenefit,
    GrantDiffers,
    HeldOut,
    ImpossibleGrant,
)
from regulars.domain.campaign import (
    AssignCustomer,
    CampaignNotRunning,
    Command,
    CustomerAssigned,
    DraftCampaign,
    EndCampaign,
    ImpossiblePlan,
    LaunchCampaign,
    NotInThatPhase,
    PauseCampaign,
    Plan,
    ResumeCampaign,
    UnknownCampaign,
)
from regulars.domain.coupon import IssueCoupon, RevokeCoupon
from regulars.domain.holdout import PLACES, Variant, variant_of
from regulars.domain.policies_campaigns import issue_on_grant, revoke_on_cancelled_grant
from regulars.domain.values import MOST_MINOR, CampaignId, CustomerId, GrantId, OfferId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, CampaignStory, campaign_story, minutes
from tests.domain.strategies import campaign_commands

LUNCH = CampaignId("lunch")
OF: dict[str, Any] = {"program": PROGRAM, "campaign": LUNCH, "at": NOON}
MAIL = Variant(name="mail")
PLAN = Plan(variants=(MAIL,))
DRAFT = DraftCampaign(**OF, plan=PLAN)
LAUNCH = LaunchCampaign(**OF)
PAUSE = PauseCampaign(**OF, reason="too-many")
RESUME = ResumeCampaign(**OF)
END = EndCampaign(**OF, reason="over")
ASSIGN = AssignCustomer(**OF, customer=ANNA)
GRANT = GrantBenefit(**OF, grant=GrantId("g-1"), customer=ANNA, amount=50)
CANCEL = CancelGrant(**OF, grant=GRANT.grant)

COMMANDS: dict[str, Command] = {
    "draft": DRAFT,
    "otherwise": evolve(DRAFT, plan=evolve(PLAN, seed="2")),
    "launch": LAUNCH,
    "pause": PAUSE,
    "resume": RESUME,
    "end": END,
    "assign": ASSIGN,
    "grant": GRANT,
    "cancel": CANCEL,
}
LEGEND: Legend = {
    UnknownCampaign: "?",
    NotInThatPhase: "!",
    CampaignNotRunning: "x",
    GrantDiffers: "/",
}
TABLE = """
            draft  otherwise  launch  pause  resume  end  assign  grant  cancel
nobody      +      +          ?       ?      ?       ?    ?       ?      ?
drafted     =      +          +       !      !       +    x       x      /
running     =      !          =       +      =       +    +       ++     /
assigned    =      !          =       +      =       +    =       +      /
granted     =      !          =       +      =       +    =       =      +
cancelled   =      !          =       +      =       +    =       =      =
paused      =      !          =       =      +       +    x       x      /
ended       =      !          =       !      !       =    x       x      /
"""
RUNNING: tuple[Command, ...] = (DRAFT, LAUNCH)
PASTS: dict[str, tuple[Command, ...]] = {
    "nobody": (),
    "drafted": (DRAFT,),
    "running": RUNNING,
    "assigned": (*RUNNING, ASSIGN),
    "granted": (*RUNNING, GRANT),
    "cancelled": (*RUNNING, GRANT, CANCEL),
    "paused": (*RUNNING, PAUSE),
    "ended": (*RUNNING, END),
}


def running(budget: Budget = UNLIMITED, **plan: Any) -> CampaignStory:  # noqa: ANN401 - fields of a plan
    return campaign_story().given(evolve(DRAFT, plan=evolve(PLAN, budget=budget, **plan)), LAUNCH)


def granted(story: CampaignStory, amount: int, grant: str, customer: CustomerId = ANNA) -> int:
    events = story.when(evolve(GRANT, grant=GrantId(grant), customer=customer, amount=amount))
    return sum(event.amount for event in events if isinstance(event, BudgetConsumed))


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(campaign_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan(variants=()), "variants"),
        (Plan(variants=(MAIL, MAIL)), "variants"),
        (Plan(variants=(evolve(MAIL, weight=0),)), "variants"),
        (evolve(PLAN, holdout=PLACES + 1), "holdout"),
        (evolve(PLAN, budget=Budget(total=-1)), "budget"),
        (evolve(PLAN, budget=Budget(per_customer=MOST_MINOR + 1)), "budget"),
        (evolve(PLAN, starts_at=NOON, ends_at=NOON), "ends_at"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_by_its_field(plan: Plan, field: str) -> None:
    with pytest.raises(ImpossiblePlan) as refused:
        campaign_story().when(evolve(DRAFT, plan=plan))

    assert refused.value.field == field


def test_outside_of_its_time_a_campaign_has_no_effect() -> None:
    story = running(starts_at=NOON, ends_at=NOON + minutes(60))

    for at in (NOON - minutes(1), NOON + minutes(60)):
        with pytest.raises(CampaignNotRunning):
            story.when(evolve(ASSIGN, at=at))
    assert story.when(ASSIGN)


def test_who_is_left_alone_follows_from_the_ids_and_the_seed() -> None:
    place = int.from_bytes(sha256(b"lunch|2026|anna").digest()[:8], "big") % PLACES

    def found(holdout: int) -> Variant | None:
        return variant_of(LUNCH, ANNA, seed="2026", holdout=holdout, variants=(MAIL,))

    assert found(place) == MAIL
    assert found(place + 1) is None


def test_variants_have_their_share_of_the_audience_and_so_has_the_holdout() -> None:
    variants = (Variant(name="a", weight=3), Variant(name="b"))
    audience = [CustomerId(f"c-{number}") for number in range(4_000)]

    found = [variant_of(LUNCH, one, seed="1", holdout=1_000, variants=variants) for one in audience]

    assert found == [
        variant_of(LUNCH, one, seed="1", holdout=1_000, variants=variants) for one in audience
    ]
    shares = [found.count(one) / len(audience) for one in (None, *variants)]
    assert shares == pytest.approx([0.1, 0.675, 0.225], abs=0.02)


def test_the_held_out_are_known_and_granted_nothing() -> None:
    story = running(holdout=PLACES)

    assert story.when(ASSIGN) == [
        CustomerAssigned(program=PROGRAM, campaign=LUNCH, customer=ANNA, variant=None)
    ]
    with pytest.raises(HeldOut):
        story.when(GRANT)


@pytest.mark.parametrize(("cut", "amount"), [(Cut.PARTIAL, 20), (Cut.ALL_OR_NOTHING, 0)])
def test_wc11_the_last_of_a_budget_is_granted_in_part_or_not_at_all(cut: Cut, amount: int) -> None:
    story = running(Budget(total=10_000, cut=cut))
    granted(story, 9_980, "first", BO)

    assert granted(story, 50, "next") == amount


def test_wc11_nobody_is_granted_more_than_is_meant_for_each() -> None:
    story = running(Budget(per_customer=100))
    granted(story, 90, "first")

    assert granted(story, 30, "next") == 10
    assert granted(story, 30, "of another", BO) == 30


def test_wc11_what_a_cancelled_grant_had_is_back_in_the_pool() -> None:
    story = running(Budget(total=20))
    granted(story, 20, "g-1")

    assert story.when(CANCEL) == [
        BudgetRestored(program=PROGRAM, campaign=LUNCH, grant=GRANT.grant, customer=ANNA, amount=20)
    ]
    assert granted(story, 20, "next") == 20


def test_the_end_of_a_budget_is_told_once() -> None:
    story = running(Budget(total=60))

    assert not any(isinstance(event, BudgetExhausted) for event in story.when(GRANT))
    last = story.when(evolve(GRANT, grant=GrantId("g-2")))
    assert isinstance(last[-1], BudgetExhausted)
    assert granted(story, 5, "g-3") == 0
    assert not isinstance(story.told[-1], BudgetExhausted)


def test_one_id_is_one_grant() -> None:
    story = running().given(GRANT)

    for other in (evolve(GRANT, amount=51), evolve(GRANT, customer=BO)):
        with pytest.raises(GrantDiffers):
            story.when(other)


@pytest.mark.parametrize("amount", [0, -1, MOST_MINOR + 1])
def test_a_grant_is_of_something(amount: int) -> None:
    with pytest.raises(ImpossibleGrant):
        running().when(evolve(GRANT, amount=amount))


def test_a_grant_of_a_variant_with_an_offer_is_a_coupon_of_it() -> None:
    offer = OfferId("spring")
    story = running(Budget(total=50), variants=(evolve(MAIL, offer=offer),))
    _, consumed, _ = story.when(GRANT)
    _, nothing = story.when(evolve(GRANT, grant=GrantId("g-2"), customer=BO))
    (restored,) = story.when(CANCEL)

    assert isinstance(consumed, BudgetConsumed)
    assert isinstance(nothing, BudgetConsumed)
    assert isinstance(restored, BudgetRestored)
    (issue,) = issue_on_grant(consumed, NOON)
    (revoke,) = revoke_on_cancelled_grant(restored, NOON)
    assert isinstance(issue, IssueCoupon)
    assert isinstance(revoke, RevokeCoupon)
    assert (issue.offer, issue.coupon, issue.customer) == (offer, "lunch/g-1", ANNA)
    assert (revoke.offer, revoke.coupon, revoke.reason) == (offer, "lunch/g-1", "grant-cancelled")
    assert issue_on_grant(nothing, NOON) == []
    assert issue_on_grant(evolve(consumed, offer=None), NOON) == []
    assert revoke_on_cancelled_grant(evolve(restored, offer=None), NOON) == []


@st.composite
def told(draw: st.DrawFn) -> list[Command]:
    """Grants and cancellations of one campaign, with whatever budget."""
    limit = st.none() | st.integers(0, 100)
    budget = Budget(total=draw(limit), per_customer=draw(limit), cut=draw(st.sampled_from(Cut)))
    ids = st.integers(1, 5).map(lambda number: GrantId(f"g-{number}"))
    grants = st.builds(
        GrantBenefit,
        program=st.just(PROGRAM),
        campaign=st.just(LUNCH),
        at=st.just(NOON),
        grant=ids,
        customer=st.sampled_from([ANNA, BO]),
        amount=st.integers(1, 70),
    )
    cancels = ids.map(lambda grant: evolve(CANCEL, grant=grant))
    steps: list[Command] = draw(st.lists(grants | cancels, max_size=12))
    return [evolve(DRAFT, plan=evolve(PLAN, budget=budget)), LAUNCH, *steps]


@given(told())
def test_no_sequence_of_grants_breaks_a_budget(commands: list[Command]) -> None:
    story = campaign_story()
    for command in commands:
        story.attempt(command)

        cancelled = {one.grant for one in story.told if isinstance(one, BudgetRestored)}
        stand = [
            one
            for one in story.told
            if isinstance(one, BudgetConsumed) and one.grant not in cancelled
        ]
        assert story.state.plan is not None
        budget = story.state.plan.budget
        used = sum(one.amount for one in stand)
        assert min((one.amount for one in stand), default=0) >= 0
        assert budget.total is None or used <= budget.total
        for customer in (ANNA, BO):
            of = sum(one.amount for one in stand if one.customer == customer)
            assert budget.per_customer is None or of <= budget.per_customer
        assert story.state.pool.used == used


@given(told() | st.lists(campaign_commands(), max_size=8))
def test_a_repeated_command_adds_nothing(commands: list[Command]) -> None:
    story = campaign_story()
    for command in commands:
        story.attempt(command)

        assert story.attempt(command) == []


def test_a_repeat_of_a_grant_after_the_campaign_is_no_news() -> None:
    story = running(ends_at=NOON + minutes(60)).given(GRANT)

    assert story.when(evolve(GRANT, at=NOON + timedelta(days=1))) == []
