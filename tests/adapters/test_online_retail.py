import json
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.adapters.history_archive import Archive, Reading
from tests.adapters.online_retail import CURRENCY, ZONE, Invoice, write_online_retail
from tests.adapters.shared_data import shared_data


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    path = shared_data("expected/online_retail.json")
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["computed"]
    return figures


@pytest.fixture(scope="module")
def unattributed(folder: Path) -> list[Invoice]:
    return write_online_retail(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("online_retail")


@pytest.fixture(scope="module")
def reading(folder: Path, unattributed: list[Invoice]) -> Reading:
    assert unattributed
    return Archive(folder).read(timezone=ZoneInfo(ZONE))


def test_the_invoices_of_known_customers_are_those_that_were_counted(
    reading: Reading, expected: dict[str, Any]
) -> None:
    orders = [order for order in reading.orders if order.customer_id is not None]

    assert len(orders) == expected["kept_invoices"]
    assert len({order.customer_id for order in orders}) == expected["customers"]
    assert sum(order.total for order in orders) == expected["gross_milli_pounds"]
    assert {order.currency for order in orders} == {CURRENCY}
    months = {(order.customer_id, f"{order.placed_at:%Y-%m}") for order in orders}
    assert Counter(month for _, month in months) == expected["monthly_active_customers"]


def test_what_was_written_off_is_rejected(reading: Reading) -> None:
    assert [reject.field for reject in reading.rejects] == ["total"] * 3
    assert reading.accounted() == reading.read


def test_every_credit_note_refunds_an_order_or_is_told(
    reading: Reading, unattributed: list[Invoice], expected: dict[str, Any]
) -> None:
    refunded = [order for order in reading.orders if order.refund]

    told = sum(invoice.milli for invoice in unattributed)
    assert told - sum(order.refund for order in refunded) == expected["cancelled_milli_pounds"]
    assert all(order.refunded_at and order.refunded_at >= order.placed_at for order in refunded)
    assert all(order.customer_id for order in refunded)
