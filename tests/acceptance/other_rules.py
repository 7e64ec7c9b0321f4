"""Rules that a year of baskets is replayed by, and what they give, from nothing but the baskets."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Final

from attrs import frozen

from tests.adapters.cli_shop import Shop

SAME: Final = "[[earning]]\npoints = 1\n"
OTHER: Final = """\
[[earning]]
currency = "USD"

[[earning.groups]]
most = 100

[[earning.groups.rules]]
id = "basic"
points = 1

[[earning.groups]]

[[earning.groups.rules]]
id = "third"
bonus = 25
nth = 3
days = 30

[[earning.multipliers]]
id = "large"
times = "1.25"
at_least = "50.00"
"""


@frozen(order=True)
class Basket:
    """What was bought at once, in the order in which it is recorded."""

    at: datetime
    basket: str
    household: str
    cents: int


def expected(baskets: Iterable[Basket]) -> dict[str, tuple[int, int, int]]:
    """By household: its baskets, their points at 1 for a dollar, and those by `OTHER`."""
    bought: dict[str, list[Basket]] = defaultdict(list)
    for one in sorted(baskets):
        bought[one.household].append(one)
    return {
        household: (
            len(theirs),
            sum(one.cents // 100 for one in theirs),
            sum(_points(one, theirs[:place]) for place, one in enumerate(theirs)),
        )
        for household, theirs in bought.items()
    }


def _points(basket: Basket, before: list[Basket]) -> int:
    times = Fraction(5, 4) if basket.cents >= 50_00 else Fraction(1)
    by_amount = min(Fraction(100), Fraction(basket.cents, 100) * times)
    recent = sum(one.at > basket.at - timedelta(days=30) for one in before)
    return floor(by_amount + (25 if recent == 2 else 0))


def replayed(shop: Shop, rules: str) -> dict[str, tuple[int, int, int]]:
    """The same as the command line tells it; its sums are those of the households."""
    shop.keep("rules.toml", rules)
    found = shop.json("what-if", "rules.toml")
    listed = found["by_customer"]
    for sums in ("orders", "recorded", "other", "difference"):
        assert found[sums] == sum(one[sums] for one in listed)
    assert found["customers"] == len(listed)
    assert found["winners"] == sum(one["other"] > one["recorded"] for one in listed)
    assert found["losers"] == sum(one["other"] < one["recorded"] for one in listed)
    return {one["customer"]: (one["orders"], one["recorded"], one["other"]) for one in listed}
