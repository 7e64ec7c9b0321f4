import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain import tiers
from regulars.domain.adjustment import PointsAdjusted
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.due import balance
from regulars.domain.earning import MOST_EARNED, evaluate
from regulars.domain.earning_rules import EarningLine, Occasion, RuleSet
from regulars.domain.idleness import LimitInactivity
from regulars.domain.lots import Allocation
from regulars.domain.loyalty import (
    AwardPoints,
    Command,
    ImpossibleAward,
    LoyaltyAccountOpened,
    PointsEarned,
)
from regulars.domain.reversal import PointsReversed, ReversePoints
from regulars.domain.told_occasions import NotToBeTold, OccasionRecorded, RecordOccasion
from regulars.domain.values import LotId, OccasionId, OrderId, ProgramId, RefundId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, FIRST, ORDER, SECOND, giving
from tests.domain.fillings import ANYTHING, amounts, rules
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, AccountStory, account_story, minutes
from tests.domain.strategies import loyalty_commands

ONE_PER_TEN = giving(1, per=10)
LOT, OTHER_LOT = LotId("o-1"), LotId("o-2")


def paid(amount: int) -> Occasion:
    """An order on which so much was spent on one line."""
    return Occasion(at=NOON, lines=(EarningLine(line=1, gross=amount, net=amount),))


AWARD = AwardPoints(
    program=PROGRAM,
    customer=ANNA,
    at=NOON,
    lot=LOT,
    order=ORDER,
    evaluation=evaluate(ONE_PER_TEN, paid(105_00)),
    currency="CNY",
    rules_version=1,
)
REVERSE = ReversePoints(
    program=PROGRAM,
    customer=ANNA,
    at=NOON + minutes(90),
    lot=LOT,
    order=ORDER,
    refund=FIRST,
    remaining=paid(65_00),
    rules=ONE_PER_TEN,
    rules_version=1,
)
TELL = RecordOccasion(
    program=PROGRAM, customer=ANNA, at=NOON, occasion=OccasionId("2024"), on="birthday"
)

COMMANDS: dict[str, Command] = {
    "award": AWARD,
    "award below zero": evolve(AWARD, evaluation=evolve(AWARD.evaluation, points=-1)),
    "award another": evolve(AWARD, lot=OTHER_LOT, order=OrderId("o-2")),
    "reverse": REVERSE,
    "tell": TELL,
    "tell of an order": evolve(TELL, on="order"),
    "reverse more": evolve(REVERSE, refund=SECOND, remaining=paid(0)),
}
LEGEND: Legend = {ImpossibleAward: "<", NotToBeTold: "!"}
TABLE = """
            award  award below zero  award another  reverse  tell  tell of an order  reverse more
nothing     ++     <                 ++             =        ++    !                 =
told        +      <                 +              =        =     !                 =
awarded     =      <                 +              +        +     !                 +
reversed    =      <                 +              =        +     !                 +
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "told": (TELL,),
    "awarded": (AWARD,),
    "reversed": (AWARD, REVERSE),
}


def reversal(remaining: int, refund: str) -> ReversePoints:
    return evolve(REVERSE, remaining=paid(remaining), refund=RefundId(refund))


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


def test_the_first_award_opens_the_account() -> None:
    assert account_story().when(AWARD) == [
        LoyaltyAccountOpened(program=PROGRAM, customer=ANNA),
        PointsEarned(
            program=PROGRAM,
            customer=ANNA,
            lot=LOT,
            order=ORDER,
            points=10,
            evaluation=evaluate(ONE_PER_TEN, paid(105_00)),
            currency="CNY",
            rules_version=1,
        ),
    ]


def test_an_order_too_small_for_a_point_is_recorded_with_none() -> None:
    (*_, earned) = account_story().when(evolve(AWARD, evaluation=evaluate(ONE_PER_TEN, paid(9_99))))

    assert isinstance(earned, PointsEarned)
    assert earned.points == 0


def test_an_order_earns_once_whatever_it_is_said_to_be_worth() -> None:
    more = evolve(AWARD, evaluation=evaluate(ONE_PER_TEN, paid(500_00)))

    assert account_story().given(AWARD).when(more) == []


def test_an_award_may_be_the_most_and_no_more() -> None:
    most = evolve(AWARD.evaluation, points=MOST_EARNED)
    story = account_story().given(evolve(AWARD, evaluation=most))

    assert story.state.lots.available == MOST_EARNED
    with pytest.raises(ImpossibleAward) as refused:
        account_story().when(evolve(AWARD, evaluation=evolve(most, points=MOST_EARNED + 1)))
    assert (refused.value.lot, refused.value.points) == (LOT, MOST_EARNED + 1)


def test_a_reversal_tells_what_remains_and_what_is_kept() -> None:
    assert account_story().given(AWARD).when(REVERSE) == [
        PointsReversed(
            program=PROGRAM,
            customer=ANNA,
            lot=LOT,
            order=ORDER,
            refund=FIRST,
            points=4,
            remaining=65_00,
            kept=6,
            allocations=(Allocation(lot=LOT, points=4),),
        )
    ]


def test_a_refund_too_small_for_a_point_is_recorded_with_none() -> None:
    (reversed_,) = account_story().given(AWARD).when(reversal(100_00, FIRST))

    assert isinstance(reversed_, PointsReversed)
    assert (reversed_.points, reversed_.kept, reversed_.allocations) == (0, 10, ())


def test_a_reversal_told_after_a_later_one_takes_nothing_more() -> None:
    story = account_story().given(AWARD, reversal(25_00, SECOND))

    assert taken(story, reversal(65_00, FIRST)) == (0, 2)


def test_a_reversal_never_gives_more_than_was_earned() -> None:
    assert taken(account_story().given(AWARD), reversal(999_00, FIRST)) == (0, 10)


def test_a_refund_of_one_order_leaves_the_points_of_another() -> None:
    story = account_story().given(AWARD, evolve(AWARD, lot=OTHER_LOT))

    assert taken(story, reversal(0, FIRST)) == (10, 0)
    assert taken(story, evolve(REVERSE, lot=OTHER_LOT)) == (4, 6)
    assert story.state.lots.available == 6


def test_nothing_is_kept_of_a_bonus_when_all_was_paid_back() -> None:
    (group,) = ONE_PER_TEN.groups
    bonus = RuleSet(groups=(evolve(group, rules=(evolve(group.rules[0], bonus=50),)),))
    story = account_story().given(evolve(AWARD, evaluation=evaluate(bonus, paid(105_00))))

    assert taken(story, evolve(REVERSE, rules=bonus)) == (4, 56)
    assert taken(story, evolve(reversal(0, SECOND), rules=bonus)) == (56, 0)


def test_a_reversal_by_other_rules_than_the_award_is_a_bug() -> None:
    with pytest.raises(ValueError, match="earned by rules 1, not by 2"):
        account_story().given(AWARD).when(evolve(REVERSE, rules_version=2))


@given(rules, amounts, st.lists(amounts, min_size=1, max_size=5), st.data())
def test_reversals_in_any_order_leave_the_same_points(
    told: RuleSet, amount: int, remains: list[int], data: st.DataObject
) -> None:
    reversals = [
        evolve(reversal(left, f"r-{number}"), rules=told) for number, left in enumerate(remains)
    ]
    shuffled = data.draw(st.permutations(reversals))
    award = evolve(AWARD, evaluation=evaluate(told, paid(amount)))

    story = account_story().given(award, *shuffled)

    assert story.state.lots.available == evaluate(told, paid(min(amount, *remains))).points


tellings = st.lists(
    loyalty_commands(st.just(ANNA), filling={**ANYTHING, ProgramId: st.just(PROGRAM)}), max_size=20
)


@given(tellings)
def test_no_sequence_of_commands_breaks_the_invariants(commands: list[Command]) -> None:
    story = account_story()
    kept: dict[LotId, int] = {}
    occasions = set[OccasionId]()
    closed = False
    for command in commands:
        for event in story.attempt(command):
            assert not closed
            match event:
                case LoyaltyAccountClosed():
                    assert event.forfeited == sum(part.points for part in event.allocations)
                    closed = True
                case PointsAdjusted():
                    taken = sum(part.points for part in event.allocations)
                    assert taken + event.debt_added == max(0, -event.points)
                case OccasionRecorded(occasion=occasion):
                    assert occasion not in occasions
                    occasions.add(occasion)
                case PointsEarned(lot=lot):
                    assert lot not in kept
                    assert event.points == event.evaluation.points >= 0
                    kept[lot] = event.points
                case PointsReversed(lot=lot):
                    taken = sum(part.points for part in event.allocations)
                    assert event.points == taken + event.debt_added + event.written_off
                    assert 0 <= event.kept == kept[lot] - event.points <= kept[lot]
                    kept[lot] = event.kept
                case tiers.TierGraceStarted():
                    assert event.valid_from < event.until
                case tiers.TierEntered() | tiers.TierRenewed():
                    assert event.valid_to is None or event.valid_from < event.valid_to
                case tiers.TierUpgraded() | tiers.TierDowngraded():
                    assert event.left != event.tier
                case _:
                    pass
        left = balance(story.state, story.state.as_of)
        assert min(left.available, left.pending, left.reserved, left.debt) >= 0
        assert not (left.available and left.debt)
        assert {name: lot.kept for name, lot in story.state.awards.items()} == kept

    opened = [type(event) for event in story.told].count(LoyaltyAccountOpened)
    assert opened == story.state.opened
    assert opened or not (kept or occasions or story.state.lots.known)


@given(tellings, st.data())
def test_a_repeated_command_adds_nothing(commands: list[Command], data: st.DataObject) -> None:
    story = account_story()
    # A tier is looked at, and a limit set, whenever somebody asks; what else is repeated is known.
    accepted = [
        command
        for command in commands
        if story.attempt(command) and not isinstance(command, tiers.EvaluateTier | LimitInactivity)
    ]

    if accepted:
        assert story.attempt(data.draw(st.sampled_from(accepted))) == []
