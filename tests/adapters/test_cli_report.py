from datetime import date
from pathlib import Path

import pytest

from regulars import connect
from tests.adapters.cli_shop import ORDERS, Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path)


def test_the_report_adds_up_all_orders(shop: Shop) -> None:
    report = shop.opened().json("report")

    hours, days = report.pop("orders_by_hour"), report.pop("orders_by_day")
    assert list(hours) == [str(hour) for hour in range(24)]
    assert {hour: orders for hour, orders in hours.items() if orders} == {"10": 3, "23": 1}
    assert days == {"2024-05-01": 1, "2024-05-02": 1, "2024-05-03": 1, "2024-05-04": 1}
    assert report == {
        "orders": 4,
        "cancelled_orders": 1,
        "customers": 2,
        "ordering_customers": 2,
        "repeat_customers": 1,
        "return_rate": 0.5,
        "merchants": 2,
        "revenue": {"amount": "1284.49", "currency": "USD"},
        "refunds": {"amount": "40.00", "currency": "USD"},
        "currencies": [
            {
                "currency": "USD",
                "orders": 3,
                "revenue": {"amount": "1284.49", "currency": "USD"},
                "refunds": {"amount": "40.00", "currency": "USD"},
                "refund_count": 1,
                "anonymous_orders": 0,
                "anonymous_revenue": {"amount": "0.00", "currency": "USD"},
            },
            {
                "currency": "EUR",
                "orders": 1,
                "revenue": {"amount": "5.00", "currency": "EUR"},
                "refunds": {"amount": "0.00", "currency": "EUR"},
                "refund_count": 0,
                "anonymous_orders": 1,
                "anonymous_revenue": {"amount": "5.00", "currency": "EUR"},
            },
        ],
        "points": {
            "earned": 1283,
            "reversed": 30,
            "expired": 0,
            "redeemed": 0,
            "adjusted": 0,
            "outstanding": 1253,
        },
        "timezone": "UTC",
        "as_of": None,
        "top_merchants": [
            {
                "merchant": "m1",
                "name": None,
                "orders": 2,
                "revenue": {"amount": "49.99", "currency": "USD"},
            },
            {
                "merchant": "m2",
                "name": None,
                "orders": 2,
                "revenue": {"amount": "1234.50", "currency": "USD"},
            },
        ],
        "top_items": [
            {
                "item": "soup",
                "name": "Soup of the day",
                "category": "Food",
                "orders": 2,
                "quantity": 4,
            },
            {"item": "bread", "name": "Bread", "category": "Food", "orders": 1, "quantity": 1},
        ],
        "top_customers": [
            {
                "customer": "bob",
                "orders": 1,
                "spent": {"amount": "1234.50", "currency": "USD"},
                "points": 1234,
            },
            {
                "customer": "ada",
                "orders": 2,
                "spent": {"amount": "49.99", "currency": "USD"},
                "points": 19,
            },
        ],
        "flags": {"goodwill_refund": 1, "late_entry": 1},
        "rejects": 0,
    }


def test_hours_and_days_are_those_of_the_clocks_that_are_named(shop: Shop) -> None:
    report = shop.opened().json("report", "--timezone", "Asia/Kathmandu")

    assert (report["orders_by_hour"]["15"], report["orders_by_hour"]["5"]) == (3, 1)
    assert report["orders_by_day"]["2024-05-04"] == 2


def test_the_report_can_be_had_as_of_the_end_of_a_day(shop: Shop) -> None:
    report = shop.opened().json("report", "--as-of", "2024-05-01")

    assert (report["orders"], report["points"]["outstanding"]) == (1, 19)
    assert report["as_of"] == "2024-05-01T23:59:59.999999+00:00"


def test_another_currency_tells_the_revenue_and_ranks_the_customers(shop: Shop) -> None:
    report = shop.opened().json("report", "--currency", "EUR")

    assert report["revenue"] == {"amount": "5.00", "currency": "EUR"}
    assert report["top_customers"] == []


def test_a_currency_in_which_nothing_was_sold_has_no_revenue(shop: Shop) -> None:
    report = shop.opened().json("report", "--currency", "JPY")

    assert report["revenue"] == report["refunds"] == {"amount": "0", "currency": "JPY"}


def test_a_database_without_orders_has_an_empty_report(shop: Shop) -> None:
    connect("sqlite:///regulars.db").close()

    report = shop.json("report")

    assert report["orders"] == 0
    assert report["return_rate"] is None
    assert report["revenue"] == {"amount": "0", "currency": None}
    assert "Customers" in shop.run("report").stdout


def test_rows_that_imports_rejected_are_counted(shop: Shop) -> None:
    shop.keep("orders.csv", ORDERS.replace("2024-05-03T23:30:00Z", "midnight"))
    shop.run("import", "orders.csv", status=1)

    assert shop.json("report")["rejects"] == 1
    assert "Rejected rows" in shop.run("report").stdout


def test_people_see_amounts_hours_and_what_sells(shop: Shop) -> None:
    said = shop.opened().run("report").stdout

    for words in ("1,284.49 USD and 5.00 EUR", "50.0%", "Orders by hour (UTC)", "Soup of the day"):
        assert words in said


def test_a_name_cannot_take_over_the_terminal(shop: Shop) -> None:
    shop.keep("orders.csv", ORDERS)
    shop.keep("merchants.csv", "merchant_id,name\nm1,\x1b[2Jm[red]1[/red]\n")
    shop.run("import", "orders.csv", "merchants.csv")

    said = shop.run("report").stdout

    assert "\N{REPLACEMENT CHARACTER}[2Jm[red]1[/red]" in said
    assert "\x1b" not in said


def test_every_day_of_a_short_time_is_in_the_report_for_people(shop: Shop) -> None:
    said = shop.opened().run("report").stdout

    assert f"Orders from {date(2024, 5, 1)} to {date(2024, 5, 4)}, a column for each day" in said
