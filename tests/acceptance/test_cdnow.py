"""
A cohort of a record shop under three earning rules: every customer's points are those of the file.

The ledger is kept by the richest of them, and the other two are replayed over it.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Final, TypeAlias

import pytest

from tests.adapters.cli_shop import Shop
from tests.adapters.shared_data import shared_data

PLAIN: Final = "[[earning]]\npoints = 1\n"
THRESHOLD: Final = """\
[[earning]]
currency = "USD"

[[earning.groups]]

[[earning.groups.rules]]
id = "large"
points = 1
per = "10"
at_least = "20.00"
"""
LOYAL: Final = """\
[[earning]]

[[earning.groups]]

[[earning.groups.rules]]
id = "basic"
points = 1

[[earning.groups]]

[[earning.groups.rules]]
id = "third"
bonus = 50
nth = 3
days = 90

[[earning.multipliers]]
id = "silver"
times = "1.25"
tiers = ["silver"]

[[earning.multipliers]]
id = "gold"
times = "1.5"
tiers = ["gold"]

[[ladder]]
basis = "spend"
currency = "USD"
for_ever = true
levels = [{ tier = "silver", least = "100.00" }, { tier = "gold", least = "300.00" }]
"""

Purchase: TypeAlias = tuple[datetime, int]
"""When, and for how many cents."""
Rules: TypeAlias = Callable[[Purchase, list[Purchase]], int]
"""The points of a purchase after those before it."""


def cohort(customers: int | None) -> dict[str, list[Purchase]]:
    """The purchases of the first so many customers, each in the order of the file."""
    bought: dict[str, list[Purchase]] = defaultdict(list)
    for line in shared_data("cdnow/CDNOW_sample.txt").read_text(encoding="ascii").splitlines():
        _, customer, day, _, dollars = line.split()
        whole, cents = dollars.split(".")
        at = datetime.fromisoformat(f"{day}T00:00:00+00:00")
        bought[customer].append((at, int(whole) * 100 + int(cents)))
    return dict([*bought.items()][:customers])


def plain(purchase: Purchase, _: list[Purchase]) -> int:
    return purchase[1] // 100


def threshold(purchase: Purchase, _: list[Purchase]) -> int:
    return purchase[1] // 1_000 if purchase[1] >= 20_00 else 0


def loyal(purchase: Purchase, before: list[Purchase]) -> int:
    at, cents = purchase
    spent = sum(one for _, one in before)
    times = Fraction(3, 2) if spent >= 300_00 else Fraction(5, 4) if spent >= 100_00 else 1
    recent = sum(earlier > at - timedelta(days=90) for earlier, _ in before)
    return floor(Fraction(cents, 100) * times) + (50 if recent == 2 else 0)


def points(bought: dict[str, list[Purchase]], rules: Rules) -> dict[str, int]:
    return {
        customer: sum(rules(one, theirs[:place]) for place, one in enumerate(theirs))
        for customer, theirs in bought.items()
    }


def opened(shop: Shop, bought: dict[str, list[Purchase]]) -> None:
    """A shop whose orders are these, and whose rules are the richest."""
    rows = ["order_id,customer_id,placed_at,currency,total"]
    rows += [
        f"{customer}/{place:03},{customer},{at.isoformat()},USD,{cents // 100}.{cents % 100:02}"
        for customer, theirs in bought.items()
        for place, (at, cents) in enumerate(theirs)
    ]
    shop.keep("loyal.toml", LOYAL)
    shop.keep("orders.csv", "\n".join([*rows, ""]))
    run = shop.json("import", "orders.csv", "--program", "loyal.toml")
    assert (run["orders"], run["rejected"]) == (len(rows) - 1, 0)


@pytest.mark.parametrize(
    "customers",
    [40, pytest.param(None, marks=[pytest.mark.slow, pytest.mark.timeout(600)])],
    ids=["a few", "all"],
)
def test_every_customer_has_the_points_of_the_file_under_three_rules(
    shop: Shop, customers: int | None
) -> None:
    bought = cohort(customers)
    opened(shop, bought)
    kept = points(bought, loyal)

    for rules, text in ((plain, PLAIN), (threshold, THRESHOLD), (loyal, LOYAL)):
        shop.keep("other.toml", text)
        found = shop.json("what-if", "other.toml")

        other = points(bought, rules)
        assert {
            one["customer"]: (one["orders"], one["recorded"], one["other"])
            for one in found["by_customer"]
        } == {one: (len(theirs), kept[one], other[one]) for one, theirs in bought.items()}
        assert found["difference"] == sum(other.values()) - sum(kept.values())

    report = shop.json("report", "--top", "0")
    assert report["points"]["outstanding"] == sum(kept.values())
    assert report["orders"] == sum(map(len, bought.values()))
    if customers is None:
        assert (report["orders"], report["customers"]) == (6_919, 2_357)
