import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.shares import shares


@pytest.mark.parametrize(
    ("lines", "parts"),
    [((33_33, 33_33, 33_34), [3_33, 3_33, 3_34]), ((30_00, 30_00, 30_00), [3_34, 3_33, 3_33])],
)
def test_wc03_ten_off_is_split_to_the_last_cent(lines: tuple[int, ...], parts: list[int]) -> None:
    assert shares(10_00, lines) == parts


def test_what_rounding_leaves_goes_to_who_lost_most_and_not_to_who_has_most() -> None:
    assert shares(10, [5, 1]) == [8, 2]


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**12), min_size=1).filter(any))
def test_parts_add_up_and_none_is_off_by_one_or_more(amount: int, weights: list[int]) -> None:
    parts, whole = shares(amount, weights), sum(weights)

    assert sum(parts) == amount
    assert all(
        abs(part * whole - amount * weight) < whole
        for part, weight in zip(parts, weights, strict=True)
    )


def test_nothing_is_split_over_nothing() -> None:
    assert shares(0, [0, 0]) == [0, 0]
    assert shares(0, []) == []


@pytest.mark.parametrize(("amount", "weights"), [(1, []), (1, [0]), (-1, [1]), (1, [2, -1])])
def test_what_has_no_shares_is_told(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        shares(amount, weights)
