from pathlib import Path

import pytest

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


def test_before_anything_happened_nothing_is_outstanding(shop: Shop) -> None:
    assert shop.json("liability", "--as-of", "2020-01-01")["months"] == []
    assert "0 points" in shop.run("liability", "--as-of", "2020-01-01").stdout


def test_what_is_no_day_is_said_to_be_none(shop: Shop) -> None:
    said = shop.run("liability", "--as-of", "May", status=2)

    assert "'May' is no day such as 2024-12-31" in said.stderr
