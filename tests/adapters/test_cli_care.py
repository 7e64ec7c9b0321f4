from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from regulars import connect
from regulars.domain.consents import GrantConsent
from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import Profile
from regulars.domain.values import CustomerId
from tests.adapters.cli_shop import Shop

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
PROGRAM = """
[[earning]]
points = 1

[[earning.groups]]
[[earning.groups.rules]]
id = "cake"
on = "birthday"
bonus = 50

[[care]]
holidays = ["chinese_new_year", "day_of_the_noodle"]
remind_days = 3
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path)
    shop.keep("program.toml", PROGRAM.replace("points = 1\n", ""))
    anna = CustomerId("anna")
    with connect("sqlite:///regulars.db", program="program.toml") as crm:
        profile = Profile(birth_date=date(1990, 1, 29))
        crm.execute(RegisterCustomer(customer=anna, at=LONG_AGO, profile=profile), by="app")
        crm.execute(GrantConsent(customer=anna, at=LONG_AGO, purpose="care"), by="app")
    return shop


def test_a_day_of_care_is_recorded_once_and_earns(shop: Shop) -> None:
    said = shop.run("care", "run", "--on", "2025-01-29")
    again = shop.json("care", "run", "--on", "2025-01-29")

    assert "New: birthday" in said.stdout
    assert "nobody knows the holiday day_of_the_noodle in 2025" in said.stderr
    assert again == {
        "on": "2025-01-29",
        "people": 1,
        "occasions": {},
        "grants": {},
        "reminders": 0,
        "unknown_holidays": ["day_of_the_noodle"],
    }
    assert shop.json("balance", "anna")["balance"] == 50
    assert "1990" not in shop.run("events", "--json").stdout


def test_how_a_programme_cares_is_shown(shop: Shop) -> None:
    said = shop.run("program", "check", "program.toml").stdout

    assert "chinese_new_year, day_of_the_noodle of CN" in said
    assert "reminded 3 days ahead" in said
    assert shop.json("program", "show")["care"][0]["plan"]["remind_days"] == 3


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("soon", "'soon' is no day"),
        ((datetime.now(UTC) + timedelta(days=2)).date().isoformat(), "is yet to come"),
    ],
)
def test_a_day_that_is_none_or_not_yet_is_told(shop: Shop, day: str, said: str) -> None:
    assert said in shop.run("care", "run", "--on", day, status=2).stderr


def test_a_programme_without_a_plan_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    connect("sqlite:///regulars.db").close()
    shop = Shop(tmp_path).opened()

    said = shop.run("care", "run", "--on", "2025-01-29", status=3).stderr
    assert "has no plan of care on 2025-01-29" in said
