from datetime import date
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from regulars.adapters.cli_liability import shown_liability
from regulars.adapters.liability_plot import plotted_liability
from regulars.application.liability import MonthOfPoints, PointsOwed, PointValue
from regulars.domain.values import Money
from tests.adapters.cli_shop import Shop
from tests.adapters.test_cli_customer import FLEETING


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path)
    shop.keep("points.toml", FLEETING)
    shop.run("import", "--program", "points.toml", shop.history())
    return shop


def test_accounting_is_told_what_is_outstanding_and_how_it_came_about(shop: Shop) -> None:
    found = shop.json("liability", "--as-of", "2024-05-31")

    assert (found["outstanding"], found["available"], found["debt"]) == (1253, 1253, 0)
    assert found["expiring"] == [{"month": "2024-06", "available": 1253, "pending": 0}]
    (may,) = found["months"]
    assert (may["opening"], may["earned"], may["reversed"], may["closing"]) == (0, 1283, 30, 1253)


def test_people_see_months_and_until_when_points_can_be_used(shop: Shop) -> None:
    said = shop.run("liability").stdout

    assert "0 points outstanding" in said
    assert "2024-06" in said
    assert "Expired" in said
    early = shop.run("liability", "--as-of", "2024-05-31").stdout
    assert "Until when they can be used" in early
    assert "1,253 points outstanding" in early


def test_billions_of_points_and_their_worth_fit_on_a_terminal() -> None:
    month = MonthOfPoints(
        month=date(2024, 5, 1),
        opening=2_000_000_000,
        earned=9_000_000_000,
        migrated=9_000_000_000,
        transferred=9_000_000_000,
        adjusted=9_000_000_000,
        redeemed=9_000_000_000,
    )
    owed = PointsOwed(
        program="default",
        on=date(2024, 5, 31),
        available=month.closing,
        pending=0,
        reserved=0,
        debt=0,
        expiring=(),
        months=(month,),
    )
    console = Console(width=80, record=True, file=StringIO())
    for part in shown_liability(owed, PointValue(money=Money(minor=12_345, currency="USD"))):
        console.print(part)

    said = console.export_text()
    assert "2024-05  2,000,000,000  36,000,000,000  9,000,000,000  29,000,000,000" in said
    assert "2024-05  29,000,000,000  3,580,050,000,000.00 USD" in said


def test_no_table_is_wider_than_a_terminal(shop: Shop) -> None:
    lines = shop.run("liability", "--point-value", "99.99", "USD").stdout.splitlines()

    assert max(map(len, lines)) < 80
    for title in ("Month by month", "What came", "What went"):
        assert title in lines


def test_points_are_told_in_money(shop: Shop) -> None:
    words = ("liability", "--as-of", "2024-05-31")

    assert shop.json(*words)["worth"] is None
    told = shop.json(*words, "--point-value", "0.005", "USD.3")
    assert told["worth"] == {"amount": "6.265", "currency": "USD.3"}
    assert told["months"][0]["worth"] == told["worth"]
    said = " ".join(shop.run(*words, "--point-value", "1", "USD").stdout.split())
    assert "Worth 1,253.00 USD" in said
    assert "2024-05 0 1,283 30 1,253" in said
    assert "2024-05 1,253 1,253.00 USD" in said
    assert "amount" in shop.run(*words, "--point-value", "1.234", "USD", status=2).stderr


def test_points_are_worth_what_the_programme_pays_for_them(shop: Shop) -> None:
    rewards = "[{ id = 'cash', kind = 'cash', points = 100, value = '1.50', currency = 'USD' }]"
    shop.keep("points.toml", f"{FLEETING}\n[[catalogue]]\nrewards = {rewards}\n")
    shop.run("import", "--program", "points.toml", shop.history())

    told = shop.json("liability", "--as-of", "2024-05-31")

    assert told["worth"] == {"amount": "18.80", "currency": "USD"}  # 18.795, rounded up
    value = {"points": 100, "money": {"amount": "1.50", "currency": "USD"}}
    assert told["point_value"] == value


def test_the_picture_has_what_was_issued_redeemed_expired_and_left(shop: Shop) -> None:
    shop.run("liability", "--as-of", "2024-07-31", "--plot", "owed.svg")

    drawn = ET.fromstring((shop.folder / "owed.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own
    texts = [one.text for one in drawn.iter() if one.tag.endswith("text")]
    assert texts == [
        "Points of default to the end of 2024-07-31",
        "issued 1,253",
        "redeemed 0",
        "expired 1,253",
        "left 0",
        "0",
        "1,253",
        "2024-05",
        "2024-06",
    ]
    again = shop.run("liability", "--plot", "owed.svg", status=3)
    assert "owed.svg: something stands there" in again.stderr
    shop.run("liability", "--plot", "regulars.db", status=3)


def test_a_picture_goes_below_zero_and_may_be_empty() -> None:
    owing = MonthOfPoints(month=date(2024, 5, 1), reversed=30)

    assert ">-30</text>" in plotted_liability([owing], title="<Owed>")
    assert "&lt;Owed&gt;" in plotted_liability([owing], title="<Owed>")
    assert ">left 0</text>" in plotted_liability([], title="none")


def test_before_anything_happened_nothing_is_outstanding(shop: Shop) -> None:
    assert shop.json("liability", "--as-of", "2020-01-01")["months"] == []
    assert "0 points" in shop.run("liability", "--as-of", "2020-01-01").stdout


def test_a_programme_that_nobody_defined_is_named(shop: Shop) -> None:
    said = shop.run("liability", "--program", "clbu", status=3)

    assert said.stderr == "Error: programme clbu is not defined; there are default\n"


def test_what_is_no_day_is_said_to_be_none(shop: Shop) -> None:
    said = shop.run("liability", "--as-of", "May", status=2)

    assert "'May' is no day such as 2024-12-31" in said.stderr
