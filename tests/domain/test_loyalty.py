import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.loyalty import (
    BaseBelowZero,
    Command,
    EarnPoints,
    ImpossibleEarning,
    LoyaltyAccountOpened,
    PointsEarned,
    PointsReversed,
    ReversePoints,
)
from regulars.domain.program import MOST_POINTS, EarningRule
from regulars.domain.values import MOST_MINOR, OrderId, ProgramId, RefundId, digits
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, FIRST, ORDER, SECOND
from tests.domain.fillings import ANYTHING, amounts, currencies, rules
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, AccountStory, account_story, minutes
from tests.domain.strategies import loyalty_commands

ONE_PER_TEN = EarningRule(points=1, per_numerator=10)
OTHER_ORDER = OrderId("o-2")
EARN = EarnPoints(
    program=PROGRAM,
    customer=ANNA,
    at=NOON,
    order=ORDER,
    base=105_00,
    currency="CNY",
    rule_version=1,
    rule=ONE_PER_TEN,
)
REVERSE = ReversePoints(
    program=PROGRAM,
    customer=ANNA,
    at=NOON + minutes(90),
    order=ORDER,
    refund=FIRST,
    remaining=65_00,
)

COMMANDS: dict[str, Command] = {
    "earn": EARN,
    "earn below zero": evolve(EARN, base=-1),
    "earn on another": evolve(EARN, order=OTHER_ORDER),
    "reverse": REVERSE,
    "reverse below zero": evolve(REVERSE, remaining=-1),
    "reverse more": evolve(REVERSE, refund=SECOND, remaining=0),
}
LEGEND: Legend = {BaseBelowZero: "<"}
TABLE = """
            earn  earn below zero  earn on another  reverse  reverse below zero  reverse more
nothing     ++    <                ++               =        <                   =
earned      =     <                +                +        <                   +
reversed    =     <                +                =        <                   +
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "earned": (EARN,),
    "reversed": (EARN, REVERSE),
}


def exact(rule: EarningRule, minor: int, currency: str) -> int:
    """Points by whole numbers alone: another way to the same result."""
    if rule.currency is not None and rule.currency != currency:
        return 0
    per: int = rule.per_numerator * 10 ** digits(currency)
    return rule.points * minor * rule.per_denominator // per


def reversal(remaining: int, refund: str) -> ReversePoints:
    return evolve(REVERSE, remaining=remaining, refund=RefundId(refund))


def taken(story: AccountStory, command: ReversePoints) -> tuple[int, int]:
    """The points taken back, and those kept."""
    (event,) = story.when(command)
    assert isinstance(event, PointsReversed)
    return event.points, event.kept


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(account_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_the_first_order_opens_the_account() -> None:
    assert account_story().when(EARN) == [
        LoyaltyAccountOpened(program=PROGRAM, customer=ANNA),
        PointsEarned(
            program=PROGRAM,
            customer=ANNA,
            order=ORDER,
            points=10,
            base=105_00,
            currency="CNY",
            rule_version=1,
            rule=ONE_PER_TEN,
        ),
    ]


def test_an_order_too_small_for_a_point_is_recorded_with_none() -> None:
    (*_, earned) = account_story().when(evolve(EARN, base=9_99))

    assert isinstance(earned, PointsEarned)
    assert earned.points == 0


def test_an_order_earns_once_whatever_it_is_said_to_be_worth() -> None:
    assert account_story().given(EARN).when(evolve(EARN, base=500_00)) == []


@pytest.mark.parametrize(
    ("rule", "base", "currency", "points"),
    [
        (EarningRule(points=1, per_numerator=100), 1999, "JPY", 19),
        (EarningRule(points=1), 1999, "KWD", 1),
        (EarningRule(points=10), 1999, "GBP.3", 19),
        (EarningRule(points=1, per_denominator=2), 99, "USD", 1),
        (EarningRule(points=3, per_numerator=7), 10_00, "CNY", 4),
        (EarningRule(points=1), 0, "CNY", 0),
        (EarningRule(points=1, currency="USD"), 100_00, "CNY", 0),
    ],
    ids=str,
)
def test_points_are_rounded_down_in_every_currency(
    rule: EarningRule, base: int, currency: str, points: int
) -> None:
    (*_, earned) = account_story().when(evolve(EARN, rule=rule, base=base, currency=currency))

    assert isinstance(earned, PointsEarned)
    assert earned.points == points


def test_nothing_is_earned_or_kept_on_less_than_nothing() -> None:
    with pytest.raises(BaseBelowZero) as earning:
        account_story().when(evolve(EARN, base=-1))
    with pytest.raises(BaseBelowZero) as keeping:
        account_story().given(EARN).when(reversal(-2, FIRST))

    assert (earning.value.order, earning.value.base) == (ORDER, -1)
    assert (keeping.value.order, keeping.value.base) == (ORDER, -2)


@pytest.mark.parametrize(
    "command",
    [
        evolve(EARN, rule=EarningRule(points=1, per_numerator=0)),
        evolve(EARN, rule=EarningRule(points=-1)),
        evolve(EARN, currency="yuan"),
        evolve(EARN, rule=EarningRule(points=MOST_POINTS), base=MOST_MINOR + 1, currency="JPY"),
    ],
    ids=["per nothing", "fewer than none", "no currency", "too many"],
)
def test_what_cannot_be_counted_is_not_earned(command: EarnPoints) -> None:
    with pytest.raises(ImpossibleEarning) as refused:
        account_story().when(command)

    assert refused.value.order == ORDER


def test_an_order_may_earn_the_most() -> None:
    best = EarningRule(points=MOST_POINTS)
    most = evolve(EARN, rule=best, base=MOST_MINOR, currency="JPY")

    assert account_story().given(most).state.balance == MOST_MINOR * MOST_POINTS


def test_a_reversal_tells_what_remains_and_what_is_kept() -> None:
    assert account_story().given(EARN).when(REVERSE) == [
        PointsReversed(
            program=PROGRAM,
            customer=ANNA,
            order=ORDER,
            refund=FIRST,
            points=4,
            remaining=65_00,
            kept=6,
        )
    ]


def test_a_refund_too_small_for_a_point_is_recorded_with_none() -> None:
    assert taken(account_story().given(EARN), reversal(100_00, FIRST)) == (0, 10)


def test_a_reversal_told_after_a_later_one_takes_nothing_more() -> None:
    story = account_story().given(EARN, reversal(25_00, SECOND))

    assert taken(story, reversal(65_00, FIRST)) == (0, 2)


def test_a_reversal_never_gives_more_than_was_earned() -> None:
    assert taken(account_story().given(EARN), reversal(999_00, FIRST)) == (0, 10)


def test_a_refund_of_one_order_leaves_the_points_of_another() -> None:
    story = account_story().given(EARN, evolve(EARN, order=OTHER_ORDER))

    assert taken(story, reversal(0, FIRST)) == (10, 0)
    assert taken(story, evolve(REVERSE, order=OTHER_ORDER)) == (4, 6)
    assert story.state.balance == 6


def test_a_reversal_computes_by_the_rule_that_the_order_earned_by() -> None:
    double = EarningRule(points=2)
    story = account_story().given(EARN, evolve(EARN, order=OTHER_ORDER, rule=double))

    assert taken(story, evolve(REVERSE, order=OTHER_ORDER)) == (80, 130)


@given(rules, amounts, currencies)
def test_points_are_the_floor_of_the_exact_rule(
    rule: EarningRule, base: int, currency: str
) -> None:
    (*_, earned) = account_story().when(evolve(EARN, rule=rule, base=base, currency=currency))

    assert isinstance(earned, PointsEarned)
    assert earned.points == exact(rule, base, currency)


@given(rules, amounts, st.lists(amounts, min_size=1, max_size=5), st.data())
def test_reversals_in_any_order_leave_the_same_points(
    rule: EarningRule, base: int, remains: list[int], data: st.DataObject
) -> None:
    reversals = [reversal(left, f"r-{number}") for number, left in enumerate(remains)]
    shuffled = data.draw(st.permutations(reversals))
    story = account_story().given(evolve(EARN, rule=rule, base=base), *shuffled)

    assert story.state.balance == exact(rule, min(base, *remains), "CNY")


tellings = st.lists(
    loyalty_commands(st.just(ANNA), filling={**ANYTHING, ProgramId: st.just(PROGRAM)}), max_size=20
)


@given(tellings)
def test_no_sequence_of_commands_breaks_the_invariants(commands: list[Command]) -> None:
    story = account_story()
    earned: dict[OrderId, PointsEarned] = {}
    kept: dict[OrderId, int] = {}
    for command in commands:
        for event in story.attempt(command):
            match event:
                case LoyaltyAccountOpened():
                    assert not earned
                case PointsEarned(order=order):
                    assert order not in earned
                    assert event.points == exact(event.rule, event.base, event.currency)
                    earned[order] = event
                    kept[order] = event.points
                case PointsReversed(order=order):
                    lot = earned[order]
                    left = exact(lot.rule, event.remaining, lot.currency)
                    assert event.kept == kept[order] - event.points == min(kept[order], left)
                    assert 0 <= event.kept <= kept[order] <= lot.points
                    kept[order] = event.kept
        assert story.state.balance == sum(kept.values()) >= 0
        assert {order: lot.kept for order, lot in story.state.lots.items()} == kept

    assert [type(event) for event in story.told].count(LoyaltyAccountOpened) == bool(earned)


@given(tellings, st.data())
def test_a_repeated_command_adds_nothing(commands: list[Command], data: st.DataObject) -> None:
    story = account_story()
    accepted = [command for command in commands if story.attempt(command)]

    if accepted:
        assert story.attempt(data.draw(st.sampled_from(accepted))) == []
