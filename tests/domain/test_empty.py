from collections import Counter

import pytest
from attrs import define

from regulars.domain.empty import empty


@define
class Basket:
    """What somebody is about to buy."""

    items: list[str] = empty(list[str])
    prices: dict[str, int | None] = empty(dict[str, int | None])
    seen: set[tuple[str, int]] = empty(set[tuple[str, int]])
    times: Counter[str] = empty(Counter[str])


def test_each_begins_with_containers_of_its_own() -> None:
    mine, yours = Basket(), Basket()

    mine.items.append("tea")
    mine.times["tea"] += 1

    assert yours == Basket(items=[], prices={}, seen=set(), times=Counter())


@pytest.mark.parametrize(
    ("field", "kind"), [("items", list), ("prices", dict), ("seen", set), ("times", Counter)]
)
def test_what_is_empty_is_of_the_class_that_was_named(field: str, kind: type[object]) -> None:
    assert type(getattr(Basket(), field)) is kind
    assert not getattr(Basket(), field)
