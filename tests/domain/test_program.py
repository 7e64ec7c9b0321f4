from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.program import (
    Command,
    DefineProgram,
    EarningRule,
    EarningRulePublished,
    ImpossibleRule,
    ProgramAlreadyDefined,
    ProgramDefined,
    PublishEarningRule,
    UnknownProgram,
)
from tests.domain.chronicle import PROGRAM
from tests.domain.fillings import amounts, currencies, moments, rules
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, ProgramStory, program_story
from tests.domain.strategies import program_commands

DEFINE = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
RENAME = evolve(DEFINE, name="Others")
RULE = EarningRule(points=1, per_numerator=10)
PUBLISH = PublishEarningRule(program=PROGRAM, at=NOON, rule=RULE)
BETTER = evolve(PUBLISH, rule=evolve(RULE, points=2))
LATER = evolve(PUBLISH, effective_from=NOON)
A_MOMENT = timedelta(microseconds=1)

COMMANDS: dict[str, Command] = {
    "define": DEFINE,
    "rename": RENAME,
    "publish": PUBLISH,
    "better": BETTER,
    "later": LATER,
}
LEGEND: Legend = {UnknownProgram: "?", ProgramAlreadyDefined: "!"}
TABLE = """
                define  rename  publish  better  later
nothing         +       +       ?        ?       ?
defined         =       !       +        +       +
with a rule     =       !       =        +       +
with rules      =       !       +        =       =
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "defined": (DEFINE,),
    "with a rule": (DEFINE, PUBLISH),
    "with rules": (DEFINE, PUBLISH, BETTER, LATER),
}


def regulars() -> ProgramStory:
    return program_story().given(DEFINE)


def version_at(story: ProgramStory, placed_at: datetime, currency: str = "CNY") -> int | None:
    rule = story.state.rule_at(placed_at, currency)
    return None if rule is None else rule.version


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
        EarningRulePublished(program=PROGRAM, version=1, rule=RULE, effective_from=NOON)
    ]
    assert story.when(BETTER) == [
        EarningRulePublished(program=PROGRAM, version=2, rule=BETTER.rule, effective_from=None)
    ]


@pytest.mark.parametrize(
    "rule",
    [
        EarningRule(points=-1),
        EarningRule(points=1, per_numerator=0),
        EarningRule(points=0, per_numerator=0),
        EarningRule(points=1, per_numerator=-1),
        EarningRule(points=1, per_denominator=0),
        EarningRule(points=1, per_denominator=-1),
        EarningRule(points=10_001),
        EarningRule(points=5_001, per_numerator=1, per_denominator=2),
        EarningRule(points=1, currency="yuan"),
    ],
    ids=str,
)
def test_a_rule_that_nobody_can_count_by_is_refused(rule: EarningRule) -> None:
    with pytest.raises(ImpossibleRule) as refused:
        regulars().when(evolve(PUBLISH, rule=rule))

    assert (refused.value.program, refused.value.rule) == (PROGRAM, rule)


@pytest.mark.parametrize(
    "rule",
    [
        EarningRule(points=0),
        EarningRule(points=10_000),
        EarningRule(points=30_000, per_numerator=3),
        EarningRule(points=1, currency="GBP.3"),
    ],
    ids=str,
)
def test_a_rule_may_give_anything_from_nothing_to_ten_thousand_points_a_unit(
    rule: EarningRule,
) -> None:
    assert regulars().when(evolve(PUBLISH, rule=rule))


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


def test_a_rule_for_one_currency_is_not_in_force_for_another() -> None:
    yuan, dollars = evolve(RULE, currency="CNY"), evolve(RULE, currency="USD")
    story = regulars().given(evolve(PUBLISH, rule=yuan), evolve(PUBLISH, rule=dollars))

    assert version_at(story, NOON, "CNY") == 1
    assert version_at(story, NOON, "USD") == 2
    assert version_at(story, NOON, "EUR") is None


def test_a_rule_for_any_currency_gives_way_to_a_later_one_for_this_one() -> None:
    yuan = evolve(LATER, rule=evolve(RULE, currency="CNY"))
    story = regulars().given(PUBLISH, yuan)

    assert version_at(story, NOON, "CNY") == 2
    assert version_at(story, NOON, "USD") == 1


def test_an_earlier_rule_may_be_published_again() -> None:
    story = regulars().given(PUBLISH, BETTER)

    assert story.when(PUBLISH) == [
        EarningRulePublished(program=PROGRAM, version=3, rule=RULE, effective_from=None)
    ]
    assert version_at(story, NOON) == 3


def test_rules_of_other_times_and_currencies_do_not_make_a_rule_a_repeat() -> None:
    yuan = evolve(PUBLISH, rule=evolve(RULE, currency="CNY"))

    assert regulars().given(PUBLISH).when(yuan)
    assert regulars().given(LATER).when(PUBLISH)
    assert regulars().given(PUBLISH, yuan, LATER).when(PUBLISH) == []


def test_moments_apart_by_a_microsecond_are_told_apart_in_any_year() -> None:
    far = datetime(9000, 1, 1, tzinfo=UTC)
    story = regulars().given(
        evolve(PUBLISH, effective_from=far + A_MOMENT), evolve(BETTER, effective_from=far)
    )

    assert version_at(story, far + A_MOMENT) == 1


@pytest.mark.parametrize(
    ("rule", "minor", "currency", "points"),
    [
        (EarningRule(points=1, per_numerator=10), 105_00, "CNY", Fraction(21, 2)),
        (EarningRule(points=4), 152_00, "CNY", Fraction(608)),
        (EarningRule(points=1, per_numerator=1, per_denominator=2), 1_25, "USD", Fraction(5, 2)),
        (EarningRule(points=1, per_numerator=100), 1999, "JPY", Fraction(1999, 100)),
        (EarningRule(points=1), 1999, "KWD", Fraction(1999, 1000)),
        (EarningRule(points=1), 1999, "GBP.3", Fraction(1999, 1000)),
        (EarningRule(points=3), 0, "CNY", Fraction(0)),
        (EarningRule(points=0), 100_00, "CNY", Fraction(0)),
        (EarningRule(points=1, currency="CNY"), 100_00, "CNY", Fraction(100)),
        (EarningRule(points=1, currency="CNY"), 100_00, "USD", Fraction(0)),
        (EarningRule(points=1, currency="GBP"), 100_000, "GBP.3", Fraction(0)),
    ],
    ids=str,
)
def test_a_rule_gives_exact_points_for_each_unit_of_its_currency(
    rule: EarningRule, minor: int, currency: str, points: Fraction
) -> None:
    assert rule.points_for(minor, currency) == points


@given(rules, amounts, amounts, currencies)
def test_a_rule_gives_the_same_for_two_amounts_as_for_their_sum(
    rule: EarningRule, one: int, other: int, currency: str
) -> None:
    apart = rule.points_for(one, currency) + rule.points_for(other, currency)

    assert apart == rule.points_for(one + other, currency)


@given(st.lists(st.none() | moments, max_size=6), moments)
def test_the_latest_rule_of_its_time_is_in_force(
    starts: list[datetime | None], placed_at: datetime
) -> None:
    story = regulars()
    for points, start in enumerate(starts):
        story.when(evolve(PUBLISH, rule=EarningRule(points=points), effective_from=start))

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

    published = [event for event in story.told if isinstance(event, EarningRulePublished)]
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
