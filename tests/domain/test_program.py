from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.benefits import Benefit, BenefitId, BenefitKind
from regulars.domain.care_plan import CarePlan, ImpossibleCare, SetCarePlan, plan_at
from regulars.domain.earning_rules import RuleSet
from regulars.domain.program import (
    Command,
    DefineProgram,
    EarningRulesPublished,
    ImpossibleRules,
    ProgramAlreadyDefined,
    ProgramDefined,
    ProgramPoliciesSet,
    PublishEarningRules,
    PublishTierBenefits,
    PublishTierLadder,
    SetProgramPolicies,
    TierBenefitsPublished,
    TierLadderPublished,
    UnknownProgram,
)
from regulars.domain.program_policies import USUAL, ProgramPolicies
from regulars.domain.rule_flaws import Flaw
from regulars.domain.tier_ladder import Level, TierLadder
from regulars.domain.validity import ExpiryPolicy
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import giving
from tests.domain.fillings import moments
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, ProgramStory, program_story
from tests.domain.strategies import program_commands

DEFINE = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
RENAME = evolve(DEFINE, name="Others")
RULES = giving(1, per=10)
PUBLISH = PublishEarningRules(program=PROGRAM, at=NOON, rules=RULES)
BETTER = evolve(PUBLISH, rules=giving(2, per=10))
LATER = evolve(PUBLISH, effective_from=NOON)
MONTHLY = ProgramPolicies(expiry=ExpiryPolicy(months=1))
SET = SetProgramPolicies(program=PROGRAM, at=NOON, policies=MONTHLY)
GOLD = TierLadder(levels=(Level(tier="gold", least=100),))
LADDER = PublishTierLadder(program=PROGRAM, at=NOON, ladder=GOLD)
CARE = SetCarePlan(program=PROGRAM, at=NOON, plan=CarePlan(holidays=("national_day",)))
FIRST = Benefit(benefit=BenefitId("first"), kind=BenefitKind.PRIORITY_DELIVERY, tiers=("gold",))
BENEFITS = PublishTierBenefits(program=PROGRAM, at=NOON, benefits=(FIRST,))
A_MOMENT = timedelta(microseconds=1)

COMMANDS: dict[str, Command] = {
    "define": DEFINE,
    "rename": RENAME,
    "publish": PUBLISH,
    "better": BETTER,
    "later": LATER,
    "policies": SET,
    "ladder": LADDER,
    "care": CARE,
    "benefits": BENEFITS,
}
LEGEND: Legend = {UnknownProgram: "?", ProgramAlreadyDefined: "!", ImpossibleRules: "%"}
TABLE = """
                define  rename  publish  better  later  policies  ladder  benefits  care
nothing         +       +       ?        ?       ?      ?         ?       ?         ?
defined         =       !       +        +       +      +         +       %         +
with a rule     =       !       =        +       +      +         +       %         +
with rules      =       !       +        =       =      +         +       %         +
with policies   =       !       +        +       +      =         +       %         +
with a ladder   =       !       +        +       +      +         =       +         +
with benefits   =       !       +        +       +      +         =       =         +
with care       =       !       +        +       +      +         +       %         =
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "defined": (DEFINE,),
    "with a rule": (DEFINE, PUBLISH),
    "with rules": (DEFINE, PUBLISH, BETTER, LATER),
    "with policies": (DEFINE, SET),
    "with a ladder": (DEFINE, LADDER),
    "with care": (DEFINE, CARE),
    "with benefits": (DEFINE, LADDER, BENEFITS),
}


def regulars() -> ProgramStory:
    return program_story().given(DEFINE)


def version_at(story: ProgramStory, placed_at: datetime, currency: str = "CNY") -> int | None:
    published = story.state.rules_at(placed_at, currency)
    return None if published is None else published.version


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(program_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_a_programme_is_defined_under_its_name() -> None:
    assert program_story().when(DEFINE) == [ProgramDefined(program=PROGRAM, name="Regulars")]


def test_a_programme_keeps_its_name() -> None:
    with pytest.raises(ProgramAlreadyDefined) as refused:
        regulars().when(RENAME)

    assert refused.value.program == PROGRAM


def test_a_rule_needs_a_programme() -> None:
    with pytest.raises(UnknownProgram) as refused:
        program_story().when(PUBLISH)

    assert refused.value.program == PROGRAM


def test_rules_are_numbered_in_the_order_of_their_publication() -> None:
    story = regulars()

    assert story.when(LATER) == [
        EarningRulesPublished(program=PROGRAM, version=1, rules=RULES, effective_from=NOON)
    ]
    assert story.when(BETTER) == [
        EarningRulesPublished(program=PROGRAM, version=2, rules=BETTER.rules)
    ]


@pytest.mark.parametrize(
    ("rules", "currency", "place"),
    [
        (giving(10_001), None, ("groups", 0, "rules", 0, "rate", "points")),
        (RULES, "yuan", ("currency",)),
    ],
    ids=["too many points", "no currency"],
)
def test_rules_that_nobody_can_count_by_are_refused(
    rules: RuleSet, currency: str | None, place: tuple[str | int, ...]
) -> None:
    with pytest.raises(ImpossibleRules) as refused:
        regulars().when(evolve(PUBLISH, rules=rules, currency=currency))

    assert isinstance(refused.value.flaw, Flaw)
    assert (refused.value.program, refused.value.flaw.place) == (PROGRAM, place)


def test_every_version_is_found_again() -> None:
    state = regulars().given(PUBLISH, BETTER).state

    assert (state.version(1), state.version(2)) == (RULES, BETTER.rules)
    for never in (0, 3, -1):
        with pytest.raises(LookupError, match=str(never)):
            state.version(never)


def test_no_rule_is_in_force_before_the_first() -> None:
    story = regulars().given(LATER)

    assert version_at(regulars(), NOON) is None
    assert version_at(story, NOON - A_MOMENT) is None


def test_a_rule_is_in_force_from_its_first_moment_on() -> None:
    story = regulars().given(PUBLISH, evolve(BETTER, effective_from=NOON))

    assert version_at(story, NOON - A_MOMENT) == 1
    assert version_at(story, NOON) == 2
    assert version_at(story, datetime(9999, 1, 1, tzinfo=UTC)) == 2


def test_a_rule_published_later_for_an_earlier_time_does_not_replace_the_latest() -> None:
    story = regulars().given(LATER, evolve(BETTER, effective_from=NOON - A_MOMENT))

    assert version_at(story, NOON - A_MOMENT) == 2
    assert version_at(story, NOON) == 1


def test_of_rules_from_the_same_moment_the_last_one_published_counts() -> None:
    since_ever = regulars().given(PUBLISH, BETTER)
    from_noon = regulars().given(LATER, evolve(BETTER, effective_from=NOON))

    assert version_at(since_ever, NOON) == 2
    assert version_at(from_noon, NOON) == 2


@pytest.mark.parametrize("start", [None, NOON])
def test_a_rule_for_the_currency_stands_before_one_for_any_however_they_are_published(
    start: datetime | None,
) -> None:
    of_any = evolve(PUBLISH, effective_from=start)
    of_yuan = evolve(BETTER, effective_from=start, currency="CNY")
    again = evolve(of_any, rules=giving(7))

    for told, version in [((of_any, of_yuan), 2), ((of_yuan, of_any), 1)]:
        story = regulars().given(*told, again)

        assert version_at(story, NOON) == version
        assert version_at(story, NOON, "USD") == 3


def test_a_rule_for_any_currency_from_a_later_moment_stands_before_one_for_the_currency() -> None:
    story = regulars().given(evolve(PUBLISH, currency="CNY"), LATER)

    assert version_at(story, NOON) == 2


def test_a_rule_for_one_currency_is_not_in_force_for_another() -> None:
    story = regulars().given(evolve(PUBLISH, currency="CNY"), evolve(PUBLISH, currency="USD"))

    assert version_at(story, NOON, "CNY") == 1
    assert version_at(story, NOON, "USD") == 2
    assert version_at(story, NOON, "EUR") is None


def test_a_rule_for_any_currency_gives_way_to_a_later_one_for_this_one() -> None:
    yuan = evolve(LATER, currency="CNY")
    story = regulars().given(PUBLISH, yuan)

    assert version_at(story, NOON, "CNY") == 2
    assert version_at(story, NOON, "USD") == 1


def test_an_earlier_rule_may_be_published_again() -> None:
    story = regulars().given(PUBLISH, BETTER)

    assert story.when(PUBLISH) == [EarningRulesPublished(program=PROGRAM, version=3, rules=RULES)]
    assert version_at(story, NOON) == 3


def test_rules_of_other_times_and_currencies_do_not_make_a_rule_a_repeat() -> None:
    yuan = evolve(PUBLISH, currency="CNY")

    assert regulars().given(PUBLISH).when(yuan)
    assert regulars().given(LATER).when(PUBLISH)
    assert regulars().given(PUBLISH, yuan, LATER).when(PUBLISH) == []


def test_moments_apart_by_a_microsecond_are_told_apart_in_any_year() -> None:
    far = datetime(9000, 1, 1, tzinfo=UTC)
    story = regulars().given(
        evolve(PUBLISH, effective_from=far + A_MOMENT), evolve(BETTER, effective_from=far)
    )

    assert version_at(story, far + A_MOMENT) == 1


def test_policies_hold_from_their_first_moment_on() -> None:
    yearly = ProgramPolicies(expiry=ExpiryPolicy(months=12))
    story = regulars().given(SET)

    later = evolve(SET, policies=yearly, effective_from=NOON)
    assert story.when(later) == [
        ProgramPoliciesSet(program=PROGRAM, policies=yearly, effective_from=NOON)
    ]
    assert story.state.policies_at(NOON - A_MOMENT) == MONTHLY
    assert story.state.policies_at(NOON) == yearly
    assert regulars().state.policies_at(NOON) == USUAL


def test_of_policies_from_the_same_moment_the_last_ones_hold() -> None:
    usual = evolve(SET, policies=USUAL)
    story = regulars().given(SET, usual, SET)

    assert story.state.policies_at(NOON) == MONTHLY
    assert story.when(SET) == []


def test_a_ladder_holds_from_its_first_moment_on_under_its_number() -> None:
    higher = TierLadder(levels=(Level(tier="gold", least=500),))
    story = regulars().given(LADDER)

    later = evolve(LADDER, ladder=higher, effective_from=NOON)
    assert story.when(later) == [
        TierLadderPublished(program=PROGRAM, version=2, ladder=higher, effective_from=NOON)
    ]
    held = [story.state.ladder_at(at) for at in (NOON - A_MOMENT, NOON)]
    assert [None if one is None else one.version for one in held] == [1, 2]
    assert regulars().state.ladder_at(NOON) is None


def test_benefits_hold_from_their_first_moment_on_under_their_number() -> None:
    second = evolve(FIRST, benefit=BenefitId("second"))
    story = regulars().given(LADDER, BENEFITS)

    later = evolve(BENEFITS, benefits=(second,), effective_from=NOON)
    assert story.when(later) == [
        TierBenefitsPublished(program=PROGRAM, version=2, benefits=(second,), effective_from=NOON)
    ]
    assert story.state.benefits_of("gold", NOON - A_MOMENT) == (FIRST,)
    assert story.state.benefits_of("gold", NOON) == (second,)
    assert story.state.benefits_of("silver", NOON) == ()
    assert regulars().state.benefits_of("gold", NOON) == ()


def test_a_ladder_that_nobody_can_climb_is_refused_by_its_place() -> None:
    with pytest.raises(ImpossibleRules) as refused:
        regulars().when(evolve(LADDER, ladder=TierLadder(levels=())))

    assert refused.value.flaw.place == ("levels",)


def test_a_plan_of_care_holds_from_its_first_moment_on() -> None:
    none = CarePlan(birthdays=False)
    story = regulars().given(CARE, evolve(CARE, plan=none, effective_from=NOON))

    assert [plan_at(story.state.cares, at) for at in (NOON - A_MOMENT, NOON)] == [CARE.plan, none]
    assert plan_at(regulars().state.cares, NOON) is None


def test_a_plan_of_care_that_cannot_be_is_refused_by_its_place() -> None:
    with pytest.raises(ImpossibleCare) as refused:
        regulars().when(evolve(CARE, plan=CarePlan(zone="nowhere")))

    assert refused.value.flaw.place == ("zone",)


def test_policies_that_cannot_be_kept_are_refused_by_their_place() -> None:
    with pytest.raises(ImpossibleRules) as refused:
        regulars().when(evolve(SET, policies=ProgramPolicies(expiry=ExpiryPolicy(days=-1))))

    assert refused.value.flaw.place == ("expiry", "days")


@given(st.lists(st.none() | moments, max_size=6), moments)
def test_the_latest_rule_of_its_time_is_in_force(
    starts: list[datetime | None], placed_at: datetime
) -> None:
    story = regulars()
    for points, start in enumerate(starts):
        story.when(evolve(PUBLISH, rules=giving(points), effective_from=start))

    begun = [
        (start is not None, start or placed_at, version)
        for version, start in enumerate(starts, 1)
        if start is None or start <= placed_at
    ]
    assert version_at(story, placed_at) == (max(begun)[-1] if begun else None)


@given(st.lists(program_commands(st.just(PROGRAM)), max_size=12))
def test_no_sequence_of_commands_breaks_the_invariants(commands: list[Command]) -> None:
    story = program_story()
    for command in commands:
        story.attempt(command)

    published = [event for event in story.told if isinstance(event, EarningRulesPublished)]
    assert [event.version for event in published] == list(range(1, len(published) + 1))
    kinds = [type(event) for event in story.told]
    assert kinds[:1] in ([], [ProgramDefined])
    assert ProgramDefined not in kinds[1:]


@given(st.lists(program_commands(st.just(PROGRAM)), max_size=12))
def test_a_repeated_command_adds_nothing(commands: list[Command]) -> None:
    story = program_story()
    for command in commands:
        story.attempt(command)

        assert story.attempt(command) == []
