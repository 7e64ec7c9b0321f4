import json
from collections import Counter
from datetime import UTC
from pathlib import Path

from tests.adapters.history_archive import Archive
from tests.adapters.jaffle_classic import write_jaffle_classic
from tests.adapters.shared_data import shared_data


def test_the_jaffle_shop_has_the_figures_that_were_counted(tmp_path: Path) -> None:
    expected = json.loads(shared_data("expected/jaffle_classic.json").read_text())["computed"]
    write_jaffle_classic(tmp_path)

    reading = Archive(tmp_path).read(timezone=UTC)

    assert reading.rejects == []
    assert len(reading.customers) == expected["customers"]
    assert reading.customers[0].name == "Michael P."
    assert len(reading.orders) == expected["orders"]
    assert sum(order.total for order in reading.orders) == expected["gross_cents"]
    returned = [order for order in reading.orders if order.refund]
    assert len(returned) == expected["status"]["returned"]
    assert all(order.refund == order.total for order in returned)
    spent: Counter[str | None] = Counter()
    for order in reading.orders:
        spent[order.customer_id] += order.total
    table = expected["customers_table"]
    assert spent == {customer: row["clv_cents"] for customer, row in table.items()}
