"""A year of real invoices: customers, those who came back and revenue are the published ones."""

import csv
import gzip
import json
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from regulars import connect
from regulars.application.customer import CustomerProfile, Summary
from regulars.domain.customer import CustomerRegistered
from tests.acceptance.rejects import listed_rejects
from tests.adapters.cli_shop import Shop
from tests.adapters.online_retail import CURRENCY, ZONE, write_online_retail
from tests.adapters.shared_data import shared_data

SOURCE: Final = "online_retail/invoices_2009_2010.csv.gz"


def expected() -> dict[str, Any]:
    """The published and the independently computed figures."""
    text = shared_data("expected/online_retail.json").read_text(encoding="utf-8")
    computed: dict[str, Any] = json.loads(text)["computed"]
    return computed


def invoices() -> list[dict[str, str]]:
    with gzip.open(shared_data(SOURCE), "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def milli(money: dict[str, str]) -> int:
    """An amount in thousandths of a pound."""
    whole, _, rest = money["amount"].partition(".")
    assert (len(rest), money["currency"]) == (3, CURRENCY)
    return int(whole + rest)


def profiles() -> dict[str, Summary]:
    """Every customer's profile, on the clocks of the shop."""
    with connect("sqlite:///regulars.db", create=False) as crm:
        known = [
            recorded.event.customer
            for recorded in crm.events()
            if isinstance(recorded.event, CustomerRegistered)
        ]
        zone = ZoneInfo(ZONE)
        found = [crm.ask(CustomerProfile(customer=one, timezone=zone, top=0)) for one in known]
    return {one.customer: one for one in found if one is not None}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_year_of_invoices_adds_up_to_the_published_figures(shop: Shop) -> None:
    figures = expected()
    rows = invoices()
    credits_ = [row for row in rows if row["invoice"].startswith("C")]
    free = [row for row in rows if row["cust"] != "0" and row["milli"] == "0"]
    debts = [row for row in rows if row["invoice"].startswith("A") and int(row["milli"]) < 0]
    (shop.folder / "history").mkdir()

    unattributed = write_online_retail(shop.folder / "history")
    run = shop.json("import", "history", "--timezone", ZONE, status=1)
    report = shop.json("report", "--timezone", ZONE)

    # Every invoice is an order, a refund of one, or left out for a reason.
    orders = run["rows"]["orders"]
    assert len(rows) == figures["invoices_all"] == 28_816
    assert (len(credits_), len(free), len(debts)) == (figures["cancelled_invoices"], 2, 3)
    assert orders["read"] == orders["recorded"] + orders["rejected"]
    assert orders["recorded"] + len(debts) + len(credits_) + len(free) == len(rows)
    assert orders["rejected"] == len(debts)
    rejects = listed_rejects(shop.folder / "regulars.db.rejects.csv")
    assert {(one.field, one.reason) for one in rejects} == {("total", "is negative")}

    # Money that went back is that of the credit notes, less those that no order can be named for.
    credited = -sum(int(row["milli"]) for row in credits_)
    assert milli(report["refunds"]) == credited + sum(one.milli for one in unattributed)

    # Customers, those who came back, and what they spent.
    (sold,) = report["currencies"]
    assert report["ordering_customers"] == report["customers"] == figures["customers"] == 4_312
    assert report["repeat_customers"] == figures["repeat_customers"] == 2_893
    assert round(report["return_rate"], 10) == figures["repeat_purchase_rate"]
    assert sold["orders"] - sold["anonymous_orders"] == figures["kept_invoices"] == 19_213
    spent = milli(sold["revenue"]) - milli(sold["anonymous_revenue"])
    assert spent == figures["gross_milli_pounds"] == 8_832_003_274
    assert [
        [int(one["customer"]), milli(one["spent"])] for one in report["top_customers"]
    ] == figures["top10_customers_by_spend"]

    # One customer after the other.
    customers = profiles()
    hours = [sum(counts) for counts in zip(*(one.hours for one in customers.values()), strict=True)]
    assert {str(hour): orders for hour, orders in enumerate(hours) if orders} == figures[
        "invoices_by_hour"
    ]
    for customer, one in figures["rfm_examples_ntile"].items():
        found = customers[customer]
        assert found.orders == one["frequency"]
        assert [money.minor for money in found.spent] == [one["monetary_milli"]]

    assert shop.json("verify")["sound"]
