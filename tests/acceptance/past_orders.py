"""A made-up history with everything that the import format knows, the same for the same seed."""

from pathlib import Path
from random import Random
from typing import Final

from tests.adapters.history_archive import Archive, csv_text, json_text

MERCHANTS: Final = 12
DISHES: Final = ("soup", "bread", "tea", "rice", "dumplings", "noodles", "salad")


def write_past_orders(
    folder: Path, *, orders: int, seed: int, customers: int | None = None
) -> None:
    """
    Writes a file of each kind into `folder`, made if it is not there.

    Some rows of each kind are bad. The first sixth of the `customers`, who are a sixth as many as
    the orders, stand in orders only.
    """
    chance = Random(seed)  # noqa: S311 - no secret
    archive = Archive(folder)
    folder.mkdir(parents=True, exist_ok=True)
    people = [f"c{number}" for number in range(customers or orders // 6)]
    placed = [_order(f"o{number}", people, chance) for number in range(orders)]
    archive.keep("orders.csv", csv_text(placed))
    archive.keep(
        "lines.csv",
        csv_text(line for order in placed for line in _lines(order["order_id"], chance)),
    )
    archive.keep(
        "customers.jsonl.gz",
        json_text(_customer(name, chance) for name in people[len(people) // 6 :]),
    )
    archive.keep("merchants.csv", csv_text(_merchant(number) for number in range(MERCHANTS)))
    archive.keep(
        "reviews.csv",
        csv_text(_review(order, chance) for order in placed if chance.random() < 0.2),
    )


def _order(name: str, customers: list[str], chance: Random) -> dict[str, str]:
    day, hour = chance.randint(1, 28), chance.randint(7, 22)
    at = f"2024-{chance.randint(1, 12):02}-{day:02}T{hour:02}:{chance.randint(0, 29):02}"
    total = chance.randint(0, 9_999)
    order = {
        "order_id": name,
        "customer_id": chance.choice(customers) if chance.random() < 0.95 else "",
        "merchant_id": f"m{chance.randrange(MERCHANTS + 2)}",
        "placed_at": f"{at}:00Z",
        "accepted_at": f"{at}:30Z" if chance.random() < 0.5 else "",
        "delivered_at": "",
        "status": "",
        "currency": chance.choice(("USD", "USD", "USD", "EUR")),
        "total": f"{total / 100:.2f}" if chance.random() < 0.98 else "-1.00",
        "refund": "",
        "tip": f"{chance.randint(0, 300) / 100:.2f}",
        "channel": chance.choice(("delivery", "pickup", "dine_in", "grocery", "")),
        "note": f"ring twice, {chance.randrange(10**6)}" if chance.random() < 0.3 else "",
    }
    fate = chance.random()
    if fate < 0.05:
        order["status"] = "cancelled"
    elif fate < 0.5:
        order["delivered_at"] = f"{at[:-2]}{chance.randint(30, 59)}:00Z"
    if 0.3 < fate < 0.5:
        order["refund"] = f"{chance.randint(1, total * 5 // 4 + 1) / 100:.2f}"
    return order


def _lines(order: str, chance: Random) -> list[dict[str, str]]:
    return [
        {
            "order_id": order,
            "sku": sku,
            "name": sku.capitalize(),
            "category": "food",
            "quantity": str(chance.randint(1, 4)) if chance.random() < 0.998 else "some",
            "unit_price": f"{chance.randint(100, 2_000) / 100:.2f}",
        }
        for sku in chance.sample(DISHES, chance.randint(0, 3))
    ]


def _customer(name: str, chance: Random) -> dict[str, str]:
    number = chance.randrange(10**7)
    return {
        "customer_id": name,
        "name": f"Person {number}",
        "phone": f"+1415{number:07}",
        "email": f"person{number}@example.org",
        "birth_date": f"19{chance.randint(40, 99)}-0{chance.randint(1, 9)}-11",
        "address": f"{number} Analytical Row" if chance.random() < 0.7 else "",
        "registered_at": "2023-12-24T12:00:00Z" if chance.random() < 0.9 else "someday",
        "pet": f"a cat called {number}" if chance.random() < 0.2 else "",
    }


def _merchant(number: int) -> dict[str, str]:
    return {"merchant_id": f"m{number}", "name": f"Kitchen {number}", "region": f"r{number % 3}"}


def _review(order: dict[str, str], chance: Random) -> dict[str, str]:
    return {
        "order_id": order["order_id"],
        "stars": str(chance.randint(1, 6)),
        "text": f"Delicious, {chance.randrange(10**6)} times" if chance.random() < 0.6 else "",
    }
