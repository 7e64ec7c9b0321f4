"""
The worked examples of lots, spending and refunds of docs/loyalty.md under their ids.

`pytest -k wR07` finds the example of that id. Days are days in Shanghai.
"""

from collections.abc import Sequence

import pytest
from attrs import evolve

from regulars.domain.due import balance
from regulars.domain.earning import evaluate
from regulars.domain.earning_rules import Multiplier, RuleId, When
from regulars.domain.ledger_policies import (
    Arithmetic,
    Restore,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.lots import PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import Command, Event, PointsEarned
from regulars.domain.redemption import NotEnoughPoints, PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed, ReversePoints
from regulars.domain.validity import Activation, ActivationPolicy, ExpiryPolicy
from regulars.domain.values import LotId, RefundId
from tests.domain.points import award, bought, day, redeem, refunded, release, reserve, rule, undo
from tests.domain.story import NOON, AccountStory, account_story

PRORATE = ReturnPolicy(arithmetic=Arithmetic.PRORATE_FLOOR)


def taken(story: AccountStory, command: Command) -> int:
    """What a refund takes back, owed or not."""
    reversals = [one for one in story.when(command) if isinstance(one, PointsReversed)]
    return sum(one.points for one in reversals)


def spent(events: Sequence[Event]) -> list[tuple[str, int]]:
    (redeemed,) = (event for event in events if isinstance(event, PointsRedeemed))
    return [(one.lot, one.points) for one in redeemed.allocations]


def restored(story: AccountStory, command: Command) -> int:
    return sum(one.points for one in story.when(command) if isinstance(one, RedemptionReversed))


def expired(events: Sequence[Event]) -> list[int]:
    return [event.points for event in events if isinstance(event, PointsExpired)]


def available(story: AccountStory, date: str, hour: int = 0) -> int:
    return balance(story.state, day(date, hour)).available


def test_wp01_points_wait_two_weeks_and_last_a_year_from_then() -> None:
    earned_at = day("2025-03-01", 12)
    activates_at = ActivationPolicy(activation=Activation.DELAY, days=14).activates_at(earned_at)
    assert activates_at is not None
    story = account_story().given(
        award(
            "o-1",
            100_00,
            earned_at,
            activates_at=activates_at,
            expires_at=ExpiryPolicy(days=365).expires_at(activates_at),
        )
    )

    waiting = balance(story.state, day("2025-03-10"))
    assert (waiting.pending, waiting.available) == (100, 0)
    assert available(story, "2025-03-15", 12) == 100
    assert available(story, "2026-03-15", 23) == 100
    assert available(story, "2026-03-16") == 0


def test_wp05_the_points_that_expire_first_are_spent_first() -> None:
    year = ExpiryPolicy(days=365)
    january, march = day("2025-01-10"), day("2025-03-10")
    story = account_story().given(
        award("march", 150_00, march, expires_at=year.expires_at(march)),
        award("january", 100_00, january, expires_at=year.expires_at(january)),
    )

    assert spent(story.when(redeem(120, day("2025-04-01")))) == [("january", 100), ("march", 20)]
    assert available(story, "2025-04-01") == 130


def month_of_points() -> AccountStory:
    """100 on day 1 that expire on day 31, 50 on day 15, and 80 spent on day 20."""
    return account_story().given(
        award("day 1", 100_00, day("2025-01-01"), expires_at=day("2025-01-31")),
        award("day 15", 50_00, day("2025-01-15"), expires_at=day("2025-02-14")),
        redeem(80, day("2025-01-20")),
    )


def test_wp06_what_is_left_of_the_first_points_expires() -> None:
    story = month_of_points()

    assert available(story, "2025-01-20") == 70
    assert available(story, "2025-01-31") == 50
    assert expired(story.when(redeem(50, day("2025-02-01"), "s-2"))) == [20]


@pytest.mark.parametrize(
    ("spend", "first", "gone", "left"),
    [
        (SpendOrder.FEFO, [("B", 200)], [100], 100),
        (SpendOrder.FIFO, [("A", 100), ("B", 100)], [200], 0),
    ],
    ids=["FEFO", "FIFO"],
)
def test_wp07_which_points_are_spent_first_is_the_programmes(
    spend: SpendOrder, first: list[tuple[str, int]], gone: list[int], left: int
) -> None:
    story = account_story().given(
        award("A", 100_00, day("2025-01-10"), expires_at=day("2026-01-01")),
        award("B", 300_00, day("2025-02-01"), expires_at=day("2025-02-06")),
    )

    assert spent(story.when(redeem(200, day("2025-02-03"), spend=spend))) == first
    assert available(story, "2025-02-06") == left
    award_later = award("C", 0, day("2025-02-06"))
    assert expired(story.when(award_later)) == gone


def test_wp08_points_expire_without_any_job() -> None:
    story = month_of_points()

    assert available(story, "2025-01-31") == 50
    with pytest.raises(NotEnoughPoints) as refused:
        story.when(redeem(60, day("2025-01-31"), "s-2"))
    assert (refused.value.available, refused.value.wanted) == (50, 60)


def test_wp10_one_point_too_few_is_too_few() -> None:
    story = account_story().given(award("o-1", 99_00))

    with pytest.raises(NotEnoughPoints):
        story.when(redeem(100))
    assert balance(story.state, NOON).available == 99


def test_wp11_what_is_reserved_cannot_be_reserved_again_until_released() -> None:
    story = account_story().given(award("o-1", 100_00), reserve(60))

    with pytest.raises(NotEnoughPoints) as refused:
        story.when(reserve(50, reservation="h-2"))
    assert refused.value.available == 40
    story.given(release(), reserve(50, reservation="h-2"))
    assert balance(story.state, NOON).reserved == 50


def test_wr01_half_an_order_prorated_takes_half_of_its_bonuses_too() -> None:
    with_bonus = rule(1, bonus=30)
    story = account_story().given(award("o-1", 40_00, rules=with_bonus))

    assert story.state.lots.available == 70
    assert taken(story, refunded("o-1", 20_00, rules=with_bonus, policy=PRORATE)) == 35


def test_wr02_no_more_is_revoked_than_was_earned() -> None:
    five = rule(5)
    story = account_story().given(award("o-1", 200_00, rules=five))
    half = refunded("o-1", 100_00, rules=five, policy=PRORATE)

    assert taken(story, half) == 500
    assert taken(story, refunded("o-1", 0, refund="r-2", rules=five, policy=PRORATE)) == 500
    assert taken(story, refunded("o-1", 0, refund="r-3", rules=five, policy=PRORATE)) == 0


@pytest.mark.parametrize(
    ("amount", "floor", "recomputed"), [(1_00, 0, 0), (5_00, 0, 1), (10_00, 1, 1), (20_00, 2, 2)]
)
def test_wr03_what_a_refund_takes_is_by_the_arithmetic(
    amount: int, floor: int, recomputed: int
) -> None:
    ten = rule(1, 10)
    for policy, points in ((PRORATE, floor), (ReturnPolicy(), recomputed)):
        story = account_story().given(award("o-1", 21_90, rules=ten))
        left = refunded("o-1", 21_90 - amount, rules=ten, policy=policy)
        assert taken(story, left) == points


def in_parts(story: AccountStory, paid: int, parts: Sequence[int], command: Command) -> list[int]:
    """What refunds of these amounts take, one after another, each as `command` is."""
    assert isinstance(command, ReversePoints)
    took: list[int] = []
    for number, part in enumerate(parts):
        paid -= part
        one = evolve(command, refund=RefundId(f"p-{number}"), remaining=bought(paid))
        took.append(taken(story, one))
    return took


@pytest.mark.parametrize(
    ("policy", "points"), [(PRORATE, [0, 0, 0, 0]), (ReturnPolicy(), [1, 0, 1, 0])]
)
def test_wr04_only_recomputing_takes_all_back_in_parts(
    policy: ReturnPolicy, points: list[int]
) -> None:
    ten = rule(1, 10)
    story = account_story().given(award("o-1", 21_90, rules=ten))
    command = refunded("o-1", 0, rules=ten, policy=policy)

    assert in_parts(story, 21_90, (5_00, 5_00, 5_00, 6_90), command) == points


@pytest.mark.parametrize(("policy", "points"), [(PRORATE, [3, 3, 3]), (ReturnPolicy(), [4, 3, 3])])
def test_wr05_thirds_are_taken_in_whole_points(policy: ReturnPolicy, points: list[int]) -> None:
    third = rule(1, 3)
    story = account_story().given(award("o-1", 30_00, rules=third))
    command = refunded("o-1", 0, rules=third, policy=policy)

    assert in_parts(story, 30_00, (10_00, 10_00, 10_00), command) == points


def after_a_coupon() -> AccountStory:
    """1000 points, 500 of them spent on a coupon of 5 yuan, and two items for 15 yuan net."""
    return account_story().given(award("old", 1000_00), redeem(500), award("o-1", 15_00))


def test_wr06a_points_that_paid_come_back_with_the_last_refund_alone() -> None:
    story = after_a_coupon()
    full_only = ReturnPolicy(restore=Restore.FULL_ONLY)
    balances = [story.state.lots.available]

    story.given(refunded("o-1", 5_00), undo(10_00, 20_00, policy=full_only))
    balances.append(story.state.lots.available)
    story.given(refunded("o-1", 0, refund="r-2"))
    balances.append(story.state.lots.available)
    story.given(undo(20_00, 20_00, refund="r-2", policy=full_only))

    assert [*balances, story.state.lots.available] == [515, 505, 500, 1000]


def test_wr06b_points_that_paid_come_back_in_proportion() -> None:
    story = after_a_coupon()

    assert taken(story, refunded("o-1", 7_50)) == 8
    assert restored(story, undo(10_00, 20_00)) == 250
    assert story.state.lots.available == 757
    assert taken(story, refunded("o-1", 0, refund="r-2")) == 7
    assert restored(story, undo(20_00, 20_00, refund="r-2")) == 250
    assert story.state.lots.available == 1000


def spent_and_refunded(reversal: Reversal) -> PointsReversed:
    """70 points earned and spent, 50 left of another lot, and the 70 taken back."""
    story = account_story().given(award("o-1", 70_00), redeem(70), award("other", 50_00))
    policy = ReturnPolicy(reversal=reversal)
    (event,) = story.when(refunded("o-1", 0, policy=policy))
    assert isinstance(event, PointsReversed)
    left = balance(story.state, NOON)
    assert (left.available, left.debt) == (
        50 - sum(a.points for a in event.allocations),
        event.debt_added,
    )
    return event


@pytest.mark.parametrize(
    ("reversal", "others", "debt", "written_off"),
    [
        (Reversal.ALLOW_DEBT, 50, 20, 0),
        (Reversal.WITHIN_BALANCE, 50, 0, 20),
        (Reversal.ONLY_PENDING, 0, 0, 70),
    ],
    ids=lambda one: one.value if isinstance(one, Reversal) else str(one),
)
def test_wr07_what_was_spent_is_owed_or_forgiven(
    reversal: Reversal, others: int, debt: int, written_off: int
) -> None:
    event = spent_and_refunded(reversal)

    assert sum(one.points for one in event.allocations) == others
    assert (event.debt_added, event.written_off) == (debt, written_off)


def indebted(points: int) -> AccountStory:
    """An account that owes so many points and has none."""
    return account_story().given(award("o-1", points * 100), redeem(points), refunded("o-1", 0))


def test_wr08_what_is_earned_next_pays_what_is_owed() -> None:
    story = indebted(20)
    events = story.when(award("o-2", 30_00))

    assert [event.points for event in events if isinstance(event, PointsDebtSettled)] == [20]
    left = balance(story.state, NOON)
    assert (left.available, left.debt) == (10, 0)


def test_wr09_points_that_wait_are_taken_before_any_that_can_be_used() -> None:
    story = account_story().given(award("o-1", 70_00, pending=True), award("other", 40_00))
    story.given(refunded("o-1", 0, policy=ReturnPolicy(reversal=Reversal.ONLY_PENDING)))

    left = balance(story.state, NOON)
    assert (left.pending, left.available, left.debt) == (0, 40, 0)


@pytest.mark.parametrize(
    ("date", "left", "gone"), [("2025-06-10", 160, []), ("2025-07-05", 100, [60])]
)
def test_wr10_restored_points_keep_the_end_that_they_had(
    date: str, left: int, gone: list[int]
) -> None:
    story = account_story().given(
        award("A", 60_00, day("2025-05-01"), expires_at=day("2025-07-01")),
        award("B", 100_00, day("2025-05-01"), expires_at=day("2026-01-01")),
    )
    assert spent(story.when(redeem(100, day("2025-06-01")))) == [("A", 60), ("B", 40)]

    events = story.when(undo(100, 100, day(date)))

    assert expired(events) == gone
    assert available(story, date) == left


def test_wr11_points_that_paid_come_back_as_the_goods_do() -> None:
    story = account_story().given(award("old", 300_00), redeem(300))

    assert restored(story, undo(75_00, 100_00)) == 225
    assert restored(story, undo(100_00, 100_00, refund="r-2")) == 75


def test_wr12_a_part_gives_nothing_back_where_only_the_whole_does() -> None:
    full_only = ReturnPolicy(restore=Restore.FULL_ONLY)
    story = account_story().given(award("old", 300_00), redeem(300), award("o-1", 100_00))

    assert restored(story, undo(75_00, 100_00, policy=full_only)) == 0
    story.given(refunded("o-1", 25_00))
    assert story.state.awards[LotId("o-1")].kept == 25


def test_wr13_thirds_of_what_was_spent_come_back_whole() -> None:
    story = account_story().given(award("old", 100_00), redeem(100))
    parts = [undo(10_00 * number, 30_00, refund=f"r-{number}") for number in (1, 2, 3)]

    assert [restored(story, part) for part in parts] == [33, 33, 34]


def test_wr14_a_refund_takes_by_the_rules_that_gave() -> None:
    story = account_story().given(award("o-1", 50_00))
    by_the_new = evolve(refunded("o-1", 0, rules=rule(2)), rules_version=2)

    with pytest.raises(ValueError, match="earned by rules 1, not by 2"):
        story.when(by_the_new)
    assert taken(story, refunded("o-1", 0)) == 50


def test_wr15_a_refund_takes_what_the_tier_of_then_gave() -> None:
    gold = Multiplier(rule=RuleId("gold"), numerator=2, when=When(tiers=("gold",)))
    doubling = evolve(rule(1), multipliers=(gold,))
    as_gold = evolve(bought(100_00), tier="gold")
    earned = evolve(award("o-1", 100_00), evaluation=evaluate(doubling, as_gold))
    story = account_story().given(earned)

    assert story.state.lots.available == 200
    back = evolve(refunded("o-1", 0, rules=doubling), remaining=evolve(as_gold, lines=()))
    assert taken(story, back) == 200


def test_wr16_what_is_kept_of_an_order_keeps_its_points() -> None:
    story = account_story().given(award("o-1", 100_00), refunded("o-1", 25_00))

    assert story.state.lots.available == 25


def test_wr17_a_refund_told_twice_takes_once() -> None:
    story = account_story().given(award("o-1", 100_00), refunded("o-1", 25_00))

    assert story.when(refunded("o-1", 25_00)) == []
    assert story.when(refunded("o-1", 10_00)) == []


def test_we13_an_order_that_earns_twice_makes_one_lot() -> None:
    story = account_story().given(award("99", 500_00))

    assert story.when(award("99", 500_00)) == []
    assert [event.points for event in story.told if isinstance(event, PointsEarned)] == [500]


def test_wt09_what_is_owed_takes_nothing_from_what_was_earned() -> None:
    story = account_story().given(award("o-1", 320_00), redeem(320), refunded("o-1", 270_00))

    left = balance(story.state, NOON)
    assert (left.available, left.debt) == (0, 50)
    assert sum(one.points for one in story.told if isinstance(one, PointsEarned)) == 320
