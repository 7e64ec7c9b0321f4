"""A small shop with returns: points after refunds add up, customer by customer."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from tests.adapters.cli_shop import Shop
from tests.adapters.jaffle_classic import write_jaffle_classic
from tests.adapters.shared_data import shared_data

OTHER: Final = """\
[[earning]]
currency = "USD"
groups = [
    { most = 20, rules = [{ id = "basic", points = 3, per = "2" }] },
    { rules = [{ id = "large", bonus = 4, at_least = "15.00" }] },
]
"""


def expected() -> dict[str, Any]:
    """The independently computed figures."""
    text = shared_data("expected/jaffle_classic.json").read_text(encoding="utf-8")
    computed: dict[str, Any] = json.loads(text)["computed"]
    return computed


def rows(name: str) -> list[dict[str, str]]:
    with shared_data(f"jaffle_classic/{name}").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def points(rules: Callable[[int], int]) -> dict[str, tuple[int, int]]:
    """
    What each customer earned by `rules`, and what returns took back, from nothing but the source.

    `rules` give the points of what was paid, in cents.
    """
    paid: dict[str, int] = defaultdict(int)
    for payment in rows("raw_payments.csv"):
        paid[payment["order_id"]] += int(payment["amount"])
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for order in rows("raw_orders.csv"):
        earned, taken = found[order["user_id"]]
        for_order = rules(paid[order["id"]])
        back = for_order if order["status"] == "returned" else 0
        found[order["user_id"]] = earned + for_order, taken + back
    return dict(found)


def opened(shop: Shop) -> None:
    (shop.folder / "history").mkdir()
    write_jaffle_classic(shop.folder / "history")
    run = shop.json("import", "history", "--timezone", "UTC")
    assert (run["orders"], run["customers"], run["rejected"]) == (99, 100, 0)


def test_points_after_returns_add_up(shop: Shop) -> None:
    opened(shop)

    report = shop.json("report")["points"]

    held = points(lambda paid: paid // 100)
    assert report["earned"] == sum(earned for earned, _ in held.values())
    assert report["reversed"] == sum(taken for _, taken in held.values()) > 0
    assert report["outstanding"] == report["earned"] - report["reversed"]
    for customer, (earned, taken) in held.items():
        balance = shop.json("balance", customer)
        assert (balance["earned"], balance["reversed"]) == (earned, taken)
        assert balance["balance"] == earned - taken


def test_by_other_rules_returns_take_back_all_that_an_order_earned(shop: Shop) -> None:
    opened(shop)
    shop.keep("other.toml", OTHER)

    found = shop.json("what-if", "other.toml")

    recorded = points(lambda paid: paid // 100)
    other = points(lambda paid: min(paid * 3 // 200, 20) + (4 if paid >= 15_00 else 0))
    assert sum(taken for _, taken in other.values()) > 0
    assert {one["customer"]: (one["recorded"], one["other"]) for one in found["by_customer"]} == {
        customer: (earned - taken, other[customer][0] - other[customer][1])
        for customer, (earned, taken) in recorded.items()
    }


def test_orders_and_lifetime_value_are_the_published_ones(shop: Shop) -> None:
    opened(shop)
    figures = expected()

    report = shop.json("report", "--top", "100")

    table = figures["customers_table"]
    assert report["customers"] == figures["customers"]
    assert report["ordering_customers"] == figures["customers_with_orders"] == len(table)
    assert report["repeat_customers"] == figures["repeat_customers"]
    assert report["revenue"] == {"amount": "1672.00", "currency": "USD"}
    assert figures["gross_cents"] == 167_200
    assert {
        one["customer"]: (one["orders"], one["spent"]["amount"]) for one in report["top_customers"]
    } == {
        customer: (one["orders"], f"{one['clv_cents'] // 100}.{one['clv_cents'] % 100:02}")
        for customer, one in table.items()
    }
