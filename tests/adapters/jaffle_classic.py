"""The Jaffle Shop of dbt, a made-up shop, as files of the import format."""

import csv
from collections import defaultdict
from pathlib import Path

from regulars.domain.values import decimal_text
from tests.adapters.shared_data import shared_data

CURRENCY = "USD"


def write_jaffle_classic(folder: Path) -> None:
    """
    Write `orders.csv` and `customers.csv` into `folder`.

    An order costs the sum of its payments, and is paid by the method of the first. What was
    returned is refunded whole; what is on its way, either way, is not told apart from delivered.
    """
    payments: dict[str, list[dict[str, str]]] = defaultdict(list)
    for payment in _rows("raw_payments.csv"):
        payments[payment["order_id"]].append(payment)
    orders = [
        ["order_id", "customer_id", "placed_at", "currency", "total", "refund", "payment_method"]
    ]
    for order in _rows("raw_orders.csv"):
        paid = payments[order["id"]]
        total = decimal_text(sum(int(payment["amount"]) for payment in paid), CURRENCY)
        refund = total if order["status"] == "returned" else ""
        method = paid[0]["payment_method"] if paid else ""
        orders.append(
            [order["id"], order["user_id"], order["order_date"], CURRENCY, total, refund, method]
        )
    customers = [["customer_id", "name"]]
    customers += [
        [row["id"], f"{row['first_name']} {row['last_name']}"] for row in _rows("raw_customers.csv")
    ]
    _write(folder / "orders.csv", orders)
    _write(folder / "customers.csv", customers)


def _rows(name: str) -> list[dict[str, str]]:
    with shared_data(f"jaffle_classic/{name}").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
