"""Names that are made of ids: no two are the same, and each can be told by a host."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.names import named, within
from regulars.domain.values import LONGEST_ID
from tests.domain.laws import law

ids = st.text("ab/%2F", min_size=1, max_size=6)
"""Ids that look like parts of names."""


@law
@given(st.tuples(ids, ids, ids), st.tuples(ids, ids, ids))
def test_names_of_other_ids_are_others(
    some: tuple[str, str, str], others: tuple[str, str, str]
) -> None:
    assert (named("coupon", *some) == named("coupon", *others)) == (some == others)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("lunch", "g-1"), "coupon/lunch/g-1"),
        (("a", "b/c"), "coupon/a/b/c"),
        (("a/b", "c"), "coupon/a%2Fb/c"),
        (("a%2Fb", "c"), "coupon/a%252Fb/c"),
        (("a", "b", "c%/"), "coupon/a/b/c%/"),
    ],
)
def test_a_name_reads_as_its_ids_do(parts: tuple[str, ...], name: str) -> None:
    assert named("coupon", *parts) == name


def test_a_name_is_no_longer_than_an_id() -> None:
    free = LONGEST_ID - len("coupon/a/")
    short, long, other = (
        named("coupon", "a", end * times)
        for end, times in (("x", free), ("x", free + 1), ("y", free + 1))
    )

    assert len(short) == LONGEST_ID
    assert long.startswith("coupon/%/")
    assert long != other
    assert len(long) == len(other) < LONGEST_ID


def test_no_id_within_a_name_is_taken_for_a_digest() -> None:
    assert [within(one) for one in ("%", "%25", "/")] == ["%25", "%2525", "%2F"]
    assert all(one != other for one, other in pairwise(map(within, ("%", "%25", "%2F", "/"))))
