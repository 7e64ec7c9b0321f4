import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.due import balance
from regulars.domain.ledger_policies import Arithmetic, ReturnPolicy, Reversal
from regulars.domain.lots import Allocation
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import LotId
from regulars.testing import partitions
from tests.domain.points import award, day, redeem, refunded, release, reserve, rule, undo
from tests.domain.story import NOON, AccountStory, account_story

RULES = rule(1, 3, bonus=50, delivery=True)


def ordered(paid: int = 30_00) -> AccountStory:
    return account_story().given(award("o-1", paid, rules=RULES))


def test_l6_a_full_refund_takes_bonuses_and_what_the_delivery_earned_too() -> None:
    story = ordered()
    all_back = refunded("o-1", 0, rules=RULES)
    with_delivery = evolve(all_back, remaining=evolve(all_back.remaining, delivery=6_00))

    story.given(with_delivery)

    assert story.state.awards[LotId("o-1")].kept == story.state.lots.available == 0


@given(st.integers(1, 60_00), st.data(), st.sampled_from([0, 20, 49]))
def test_l5_l6_no_way_of_splitting_a_refund_changes_what_is_left_or_owed(
    paid: int, data: st.DataObject, spent: int
) -> None:
    refund = data.draw(st.integers(1, paid))
    parts = data.draw(st.permutations(data.draw(partitions(refund))))
    before = [redeem(spent)] * bool(spent)
    at_once, in_parts = ordered(paid).given(*before), ordered(paid).given(*before)
    at_once.given(refunded("o-1", paid - refund, rules=RULES))
    left = paid
    for number, part in enumerate(parts):
        left -= part
        in_parts.given(refunded("o-1", left, refund=f"p-{number}", rules=RULES))
        assert 0 <= in_parts.state.awards[LotId("o-1")].kept <= paid // 300 + 50

    assert balance(at_once.state, NOON) == balance(in_parts.state, NOON)
    if refund == paid:
        assert in_parts.state.awards[LotId("o-1")].kept == 0


@pytest.mark.parametrize(
    ("arithmetic", "kept"), [(Arithmetic.FULL_ON_ANY, 0), (Arithmetic.NONE, 60)]
)
def test_a_programme_may_take_all_or_nothing(arithmetic: Arithmetic, kept: int) -> None:
    policy = ReturnPolicy(arithmetic=arithmetic)
    story = ordered().given(refunded("o-1", 29_00, rules=RULES, policy=policy))

    assert story.state.awards[LotId("o-1")].kept == kept


def test_prorating_takes_nothing_of_what_money_did_not_earn() -> None:
    policy = ReturnPolicy(arithmetic=Arithmetic.PRORATE_FLOOR)
    story = ordered(0).given(refunded("o-1", 0, rules=RULES, policy=policy))

    assert story.state.awards[LotId("o-1")].kept == 50


def test_prorating_takes_nothing_where_no_money_went_back() -> None:
    policy, rich = ReturnPolicy(arithmetic=Arithmetic.PRORATE_FLOOR), rule(100)
    story = account_story().given(award("o-1", 20_00, rules=rich))

    story.given(refunded("o-1", 20_00, price=20_00, rules=rich, policy=policy))

    assert balance(story.state, NOON).available == 20_00


def test_points_that_expired_unused_are_neither_taken_from_others_nor_owed() -> None:
    story = account_story().given(
        award("o-1", 70_00, day("2025-01-01"), expires_at=day("2025-02-01")),
        award("other", 50_00, day("2025-01-01")),
    )

    *_, taken = story.when(refunded("o-1", 0, day("2025-03-01")))

    assert isinstance(taken, PointsReversed)
    assert (taken.allocations, taken.debt_added, taken.written_off) == ((), 0, 70)
    assert balance(story.state, day("2025-03-01")).available == 50


def test_all_that_expired_of_a_lot_is_forgiven_in_however_many_parts_it_did() -> None:
    start, expired, later = day("2025-01-01"), day("2025-02-01"), day("2025-02-01", 1)
    story = account_story().given(
        award("o-1", 70_00, start, expires_at=expired),
        reserve(20, start),
        reserve(30, start, "h-2", lapses_at=later),
        reserve(10, start, "h-3", lapses_at=later),
        redeem(5, start),
        release(expired),
    )

    *_, taken = story.when(refunded("o-1", 0, later))

    assert isinstance(taken, PointsReversed)
    assert (taken.debt_added, taken.written_off) == (5, 65)


def spent_and_expired() -> AccountStory:
    """An order that earned 70 points, of which 40 were spent and the others expired."""
    start = day("2025-01-01")
    return account_story().given(
        award("o-1", 70_00, start, expires_at=day("2025-02-01")), redeem(40, start)
    )


def test_what_was_forgiven_of_a_lot_is_not_forgiven_again() -> None:
    story, at = spent_and_expired(), day("2025-03-01")

    for left in (60_00, 40_00, 0):
        story.given(refunded("o-1", left, at, refund=f"r-{left}"))

    taken = [event for event in story.told if isinstance(event, PointsReversed)]
    assert [(one.debt_added, one.written_off) for one in taken] == [(0, 10), (0, 20), (40, 0)]


def test_what_is_owed_adds_up() -> None:
    story = account_story().given(award("o-1", 20_00), award("o-2", 10_00), redeem(30))

    story.given(refunded("o-1", 0), refunded("o-2", 0))

    assert balance(story.state, NOON).debt == 30


def test_no_more_is_forgiven_than_is_wanted_beside_what_is_there() -> None:
    story, back = spent_and_expired(), ReturnPolicy(reinstate_days=30)
    story.given(undo(1, 1, day("2025-03-01"), policy=back))

    (taken,) = story.when(refunded("o-1", 25_00, day("2025-03-01")))

    assert isinstance(taken, PointsReversed)
    assert taken.allocations == (Allocation(lot=LotId("o-1"), points=40),)
    assert (taken.points, taken.debt_added, taken.written_off) == (45, 0, 5)


@pytest.mark.parametrize("pending", [False, True])
def test_a_programme_may_take_back_what_waits_alone(pending: bool) -> None:  # noqa: FBT001 - of two cases
    policy = ReturnPolicy(reversal=Reversal.ONLY_PENDING)
    story = account_story().given(award("o-1", 40_00, pending=pending), award("other", 50_00))

    (taken,) = story.when(refunded("o-1", 0, policy=policy))

    assert isinstance(taken, PointsReversed)
    own = (Allocation(lot=LotId("o-1"), points=40),)
    assert taken.allocations == (own if pending else ())
    assert (taken.debt_added, taken.written_off) == (0, 0 if pending else 40)


def test_points_that_are_held_are_owed_until_they_are_released() -> None:
    story = account_story().given(award("o-1", 40_00), reserve(30), refunded("o-1", 0))

    left = balance(story.state, NOON)
    assert (left.available, left.reserved, left.debt) == (0, 30, 30)
