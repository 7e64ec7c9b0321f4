"""What a campaign brought, under the id of its example, and where nothing can be told."""

from fractions import Fraction

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.campaign_result import Arm, CampaignResult

RESULT = CampaignResult(
    treated=Arm(customers=9_000, buyers=900, orders=900),
    granted=9_000,
    held_out=Arm(customers=1_000, buyers=80, orders=80),
    cost=Fraction(3_600),
    margin=Fraction(15),
)


def test_wf04_a_campaign_is_judged_by_those_whom_it_left_alone() -> None:
    assert RESULT.lift == Fraction(2, 100)
    assert RESULT.relative_lift == Fraction(25, 100)
    assert RESULT.incremental_orders == 180
    assert RESULT.cost_per_incremental_order == 20
    assert RESULT.profit == -900
    assert RESULT.return_on_investment == Fraction(-25, 100)


def test_without_anybody_to_compare_with_nothing_is_told() -> None:
    for alone in (
        evolve(RESULT, held_out=Arm()),
        evolve(RESULT, treated=Arm()),
    ):
        assert alone.lift is None
        assert alone.relative_lift is None
        assert alone.incremental_orders is None
        assert alone.cost_per_incremental_order is None
        assert alone.profit is None
        assert alone.return_on_investment is None


def test_what_brought_nothing_has_no_price_for_an_order() -> None:
    worse = evolve(RESULT, treated=Arm(customers=9_000, buyers=450, orders=450))

    assert worse.incremental_orders == -270
    assert worse.cost_per_incremental_order is None
    assert worse.profit == -7_650


def test_what_cost_nothing_has_no_return_and_nobody_buying_no_relative_lift() -> None:
    free = evolve(RESULT, cost=Fraction(0), held_out=Arm(customers=1_000))

    assert free.return_on_investment is None
    assert free.relative_lift is None
    assert free.lift == Fraction(1, 10)


@given(st.integers(1, 50), st.integers(0, 99), st.integers(0, 99))
def test_two_sides_that_buy_alike_are_worth_their_cost_less(
    customers: int, orders: int, cost: int
) -> None:
    side = Arm(customers=customers, buyers=min(customers, orders), orders=orders)
    result = CampaignResult(
        treated=side,
        granted=customers,
        held_out=side,
        cost=Fraction(cost),
        margin=Fraction(15),
    )

    assert result.lift == 0
    assert result.incremental_orders == 0
    assert result.profit == -cost
