"""Campaigns: the table of their life, who is left alone, and budgets under the ids of examples."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.audience import MOST_NAMED, Audience, in_turn
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
    NotInAudience,
    NotInThatPhase,
    PauseCampaign,
    ResumeCampaign,
    UnknownCampaign,
)
from regulars.domain.campaign_plan import Phase, Plan
from regulars.domain.caps import Cap, Span
from regulars.domain.holdout import PLACES, Variant, variant_of
from regulars.domain.values import MOST_MINOR, CampaignId, CustomerId, GrantId
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
        (evolve(PLAN, budget=Budget(caps=(Cap(span=Span.DAY),), zone="UTC")), "budget"),
        (evolve(PLAN, budget=Budget(caps=(Cap(span=Span.DAY, times=-1),), zone="UTC")), "budget"),
        (evolve(PLAN, budget=Budget(caps=(Cap(span=Span.DAY, times=1),))), "budget"),
        (evolve(PLAN, budget=Budget(zone="nowhere")), "budget"),
        (evolve(PLAN, audience=Audience(customers=(ANNA,) * (MOST_NAMED + 1))), "audience"),
        (evolve(PLAN, audience=Audience(snapshot="all of Berlin")), "audience"),
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


def test_a_campaign_begins_and_ends_by_the_clock() -> None:
    story = running(starts_at=NOON, ends_at=NOON + minutes(60))
    before, after = NOON - minutes(1), NOON + minutes(60)

    assert [story.state.phase_at(at) for at in (before, NOON, after)] == [
        Phase.SCHEDULED,
        Phase.RUNNING,
        Phase.ENDED,
    ]
    for at in (before, after):
        with pytest.raises(NotInThatPhase):
            story.when(evolve(PAUSE, at=at))
    assert story.when(evolve(END, at=after)) == []
    assert story.given(PAUSE).state.phase_at(NOON) is Phase.PAUSED
    assert story.state.phase_at(after) is Phase.ENDED
    assert story.given(evolve(END, at=before)).state.phase_at(NOON) is Phase.ENDED
    assert campaign_story().given(DRAFT).state.phase_at(NOON) is Phase.DRAFT


@pytest.mark.parametrize(
    ("audience", "tier"),
    [
        (Audience(customers=(BO,)), None),
        (Audience(tiers=("gold",)), None),
        (Audience(tiers=("gold",)), "silver"),
        (Audience(customers=(BO,), tiers=("gold",)), "gold"),
    ],
)
def test_who_is_not_of_the_audience_is_neither_assigned_nor_granted(
    audience: Audience, tier: str | None
) -> None:
    story = running(audience=audience)

    for command in (evolve(ASSIGN, tier=tier), evolve(GRANT, tier=tier)):
        with pytest.raises(NotInAudience):
            story.when(command)


def test_who_was_assigned_stays_so_whatever_becomes_of_their_tier() -> None:
    story = running(audience=Audience(customers=(ANNA,), tiers=("gold",), snapshot="students"))

    assert story.when(evolve(ASSIGN, tier="gold"))
    assert granted(story, 50, "g-1") == 50


@given(st.permutations([ANNA, BO, CustomerId("cy"), CustomerId("di")]))
def test_whose_turn_it_is_first_follows_from_ids_and_seed(told: list[CustomerId]) -> None:
    turns = in_turn(LUNCH, "1", [*told, *told])

    assert turns == in_turn(LUNCH, "1", [ANNA, BO, CustomerId("cy"), CustomerId("di")])
    assert sorted(turns) == sorted(told)
    assert {in_turn(LUNCH, seed, told)[0] for seed in "12345678"} != {turns[0]}


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


def test_caps_count_the_days_weeks_and_months_of_the_budgets_zone() -> None:
    caps = (
        Cap(span=Span.DAY, per_customer=50),
        Cap(span=Span.WEEK, times=2),
        Cap(span=Span.MONTH, total=120),
    )
    # Sunday 31 May 2026, seven in the evening in New York.
    sunday = datetime(2026, 5, 31, 23, tzinfo=UTC)
    story = running(Budget(caps=caps, zone="America/New_York"))
    given = [
        ("day", sunday, ANNA, 40, 40, None),
        ("cut", sunday, ANNA, 40, 10, "per_customer_day"),
        ("third", sunday, ANNA, 1, 0, "per_customer_day"),
        ("often", sunday - timedelta(days=6), ANNA, 1, 0, "times_week"),
        ("month", sunday, BO, 50, 50, None),
        ("all", sunday - timedelta(days=9), BO, 50, 20, "total_month"),
        ("next", sunday + timedelta(hours=5), ANNA, 50, 50, None),
    ]

    for grant, at, customer, desired, amount, limit in given:
        command = evolve(GRANT, grant=GrantId(grant), at=at, customer=customer, amount=desired)
        consumed = story.when(command)[-1]
        assert isinstance(consumed, BudgetConsumed)
        assert (grant, consumed.amount, consumed.limit) == (grant, amount, limit)

    # What is cancelled is back in the day that it was granted on.
    story.given(evolve(CANCEL, grant=GrantId("cut"), at=sunday + timedelta(days=40)))
    again = story.when(evolve(GRANT, grant=GrantId("again"), at=sunday, amount=30))[-1]
    assert isinstance(again, BudgetConsumed)
    assert (again.amount, str(again.on)) == (10, "2026-05-31")


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


@st.composite
def told(draw: st.DrawFn) -> list[Command]:
    """Grants and cancellations of one campaign, with whatever budget."""
    limit = st.none() | st.integers(0, 100)
    cap = Cap(span=draw(st.sampled_from(Span)), per_customer=draw(limit), times=3)
    budget = Budget(
        total=draw(limit),
        per_customer=draw(limit),
        cut=draw(st.sampled_from(Cut)),
        caps=draw(st.sampled_from([(), (cap,)])),
        zone="Asia/Shanghai",
    )
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
            for cap in budget.caps:
                assert cap.per_customer is None or of <= cap.per_customer
                times = sum(one.customer == customer and one.amount > 0 for one in stand)
                assert times <= 3
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
