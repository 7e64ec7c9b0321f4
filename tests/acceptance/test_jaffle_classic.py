"""A small shop with returns: points after refunds add up, customer by customer."""

import csv
import json
from collections import defaultdict
from typing import Any

from tests.adapters.cli_shop import Shop
from tests.adapters.jaffle_classic import write_jaffle_classic
from tests.adapters.shared_data import shared_data


def expected() -> dict[str, Any]:
    """The independently computed figures."""
    text = shared_data("expected/jaffle_classic.json").read_text(encoding="utf-8")
    computed: dict[str, Any] = json.loads(text)["computed"]
    return computed


def rows(name: str) -> list[dict[str, str]]:
    with shared_data(f"jaffle_classic/{name}").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def points() -> dict[str, tuple[int, int]]:
    """What each customer earned, and what returns took back, from nothing but the source."""
    paid: dict[str, int] = defaultdict(int)
    for payment in rows("raw_payments.csv"):
        paid[payment["order_id"]] += int(payment["amount"])
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for order in rows("raw_orders.csv"):
        earned, taken = found[order["user_id"]]
        for_order = paid[order["id"]] // 100
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

    held = points()
    assert report["earned"] == sum(earned for earned, _ in held.values())
    assert report["reversed"] == sum(taken for _, taken in held.values()) > 0
    assert report["outstanding"] == report["earned"] - report["reversed"]
    for customer, (earned, taken) in held.items():
        balance = shop.json("balance", customer)
        assert (balance["earned"], balance["reversed"]) == (earned, taken)
        assert balance["balance"] == earned - taken


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
