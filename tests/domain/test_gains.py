from datetime import datetime, timedelta
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.gains import Gain, Gains, Sums
from regulars.domain.program import TierLadderPublished
from regulars.domain.tier_ladder import Basis, Level, TierLadder
from regulars.domain.tiers import EvaluateTier, TierStanding, decide, fold
from regulars.domain.values import LotId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.story import NOON

days = st.integers(0, 9)
awards = st.tuples(days, st.integers(0, 50), st.sampled_from(["CNY", "USD", None]), st.booleans())
refunds = st.tuples(st.integers(0, 30), st.integers(0, 20), st.integers(0, 60))
BASES = [
    TierLadder(levels=(), basis=Basis.EARNED),
    TierLadder(levels=(), basis=Basis.ORDERS),
    TierLadder(levels=(), basis=Basis.SPEND, currency="CNY"),
    TierLadder(levels=(), basis=Basis.SPEND, currency="USD"),
]


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


@given(
    st.lists(awards, max_size=20),
    st.lists(refunds, max_size=6),
    st.sampled_from(BASES),
    st.none() | days,
    days,
)
def test_a_window_counts_what_a_plain_sum_over_all_awards_does(
    told: list[tuple[int, int, str | None, bool]],
    taken: list[tuple[int, int, int]],
    by: TierLadder,
    since: int | None,
    at: int,
) -> None:
    gains, plain = Gains(), list[Gain]()
    for number, (when, points, currency, is_order) in enumerate(told):
        plain.append(Gain(day(when), points, 2 * points, currency, is_order))
        gains.add(LotId(f"{number}"), Gain(day(when), points, 2 * points, currency, is_order))
    for number, points, remaining in taken:
        if number < len(plain):
            gains.lose(LotId(f"{number}"), NOON, points, remaining)
            plain[number].points -= points
            plain[number].spend = min(plain[number].spend, remaining)

    start = None if since is None else day(since)
    counted = [
        (LotId(f"{number}"), worth)
        for number, one in enumerate(plain)
        if one.at <= day(at)
        and (start is None or one.at > start)
        and (worth := one.worth(by.basis, by.currency))
    ]
    evidence = gains.evidence(by, start, day(at))
    assert sorted(evidence) == sorted(counted)
    if since is None or since <= at:
        assert gains.value(by, start, day(at)) == sum(worth for _, worth in counted)


def test_an_award_counts_by_its_points_as_an_order_or_by_its_money() -> None:
    one = Gain(NOON, 7, 14, "CNY", is_order=True)

    assert [one.worth(by.basis, by.currency) for by in BASES] == [7, 1, 14, 0]


def test_what_a_later_refund_took_is_still_counted_between_the_same_bounds() -> None:
    gains, by = Gains(), BASES[0]
    for number in (1, 2, 3):
        gains.add(LotId(f"{number}"), Gain(day(number), 10, 0, None, is_order=False))
    later = [gains.lose(LotId(f"{number}"), NOON, number, 0) for number in (1, 2, 3)]

    assert gains.value(by, day(1), day(2), later) == 10
    assert gains.value(by, None, day(3), later) == 30
    assert gains.evidence(by, day(1), day(2), later) == [(LotId("2"), 10)]


def test_money_counts_in_its_own_currency_and_as_much_as_refunds_left() -> None:
    gains, both = Gains(), BASES[2:]
    for number, currency in enumerate(("CNY", "USD", "CNY")):
        gains.add(LotId(f"{number}"), Gain(NOON, 0, 10 + number, currency, is_order=True))
    assert [gains.value(by, None, NOON) for by in both] == [22, 11]

    left = [gains.lose(LotId("2"), NOON, 0, remaining).spend for remaining in (12, 20, 5)]

    assert left == [0, 0, 7]
    assert [gains.value(by, None, NOON) for by in both] == [15, 11]


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40), st.integers(0, 39))
def test_sums_are_those_of_the_first_numbers(numbers: list[int], place: int) -> None:
    sums, place = Sums(), place % len(numbers)
    for number in numbers:
        sums.append(number)
    sums.change(place, 100)
    changed = [*numbers]
    changed[place] += 100

    found = [sums.of(count) for count in range(len(numbers) + 1)]
    assert found == [sum(changed[:count]) for count in range(len(numbers) + 1)]


def test_a_number_that_changes_is_in_every_sum_behind_it() -> None:
    for place in range(9):
        sums = Sums()
        for _ in range(9):
            sums.append(1)
        sums.change(place, 100)

        assert [sums.of(count) for count in range(10)] == [
            count + 100 * (place < count) for count in range(10)
        ]


def seconds(count: int) -> float:
    """How long so many awards take, each with the evaluation of a tier, and a refund of each."""
    by = TierLadder(levels=(Level(tier="Gold", least=10**9),))
    asked = EvaluateTier(
        program=PROGRAM,
        customer=ANNA,
        at=NOON,
        ladders=(TierLadderPublished(program=PROGRAM, version=1, ladder=by),),
    )
    state = TierStanding()
    begun = perf_counter()
    for number in range(count):
        state.gains.add(LotId(f"{number}"), Gain(NOON, 7, 100, "CNY", is_order=True))
        for event in decide(asked, state, lambda _: 0):
            fold(state, event)
    return perf_counter() - begun


@pytest.mark.slow
def test_a_tier_of_ten_thousand_awards_is_looked_at_as_fast_as_one_of_few() -> None:
    few = min(seconds(500) for _ in range(5))

    assert seconds(10_000) < 3 * 20 * few
