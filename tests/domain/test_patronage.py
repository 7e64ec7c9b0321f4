from datetime import timedelta

from regulars.domain.earning_rules import Multiplier, Nth, RuleId, RuleSet, When
from regulars.domain.occasions import Standing
from regulars.domain.patronage import Patronage, before, count, standing
from regulars.domain.rule_flaws import MOST_NTH
from tests.domain.examples import giving
from tests.domain.story import NOON

A_DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def after(*days: int) -> Patronage:
    state = Patronage()
    for day in days:
        count(state, NOON + day * A_DAY)
    return state


def within(days: int | None) -> RuleSet:
    third = Multiplier(rule=RuleId("third"), numerator=2, when=When(nth=Nth(n=3, days=days)))
    return RuleSet(groups=giving(1).groups, multipliers=(third,))


def test_who_never_ordered_is_a_newcomer() -> None:
    assert standing(Patronage(), within(7), NOON) == Standing()


def test_moments_are_told_where_a_rule_asks_for_them() -> None:
    state = after(0, 3, 6)

    for rules in (giving(1), RuleSet(groups=())):
        for placed_at in (NOON + 5 * A_DAY, NOON + 6 * A_DAY + HOUR):
            assert standing(state, rules, placed_at) == Standing(orders_before=3)
    assert standing(state, within(None), NOON + 7 * A_DAY) == Standing(orders_before=3)
    assert standing(state, within(4), NOON + 7 * A_DAY) == Standing(
        orders_before=3, recent=(NOON + 6 * A_DAY,)
    )


def test_orders_that_are_told_late_stand_in_the_order_of_time() -> None:
    recent = standing(after(6, 0, 3), within(9), NOON + 7 * A_DAY).recent

    assert recent == (NOON, NOON + 3 * A_DAY, NOON + 6 * A_DAY)


def test_only_the_last_moments_are_kept() -> None:
    state = after(*range(MOST_NTH + 5))

    assert (state.orders, len(state.recent)) == (MOST_NTH + 5, MOST_NTH)
    assert state.recent[0] == NOON + 5 * A_DAY


def test_orders_before_a_moment_are_those_that_had_earned_by_then() -> None:
    state = after(6, 0, 3)

    assert [before(state, NOON + days * A_DAY) for days in (-1, 0, 2, 3, 9)] == [0, 1, 1, 2, 3]


def test_orders_whose_moments_are_not_kept_count_before_any() -> None:
    state = after(*range(MOST_NTH + 5))

    assert before(state, NOON - A_DAY) == 5
    assert before(state, NOON + 5 * A_DAY) == 6
