from pathlib import Path

import pytest

from regulars import connect
from tests.adapters.cli_shop import Shop

FILE = """name = "Noodle Club"

[[earning]]
effective_from = 2024-01-01T00:00:00+08:00
currency = "CNY"
delivery = true
most = 1000

[[earning.groups]]
mode = "best_of"
most = 500

[[earning.groups.rules]]
id = "basic"
points = 1
per = "0.5"

[[earning.groups.rules]]
id = "third"
bonus = 30
each = true
nth = 3
days = 7
items = ["soup", "rice"]

[[earning.multipliers]]
id = "gold"
times = "1.2"
tiers = ["gold"]

[[policies]]
spend_order = "fifo"
capture = "acceptance"
notice_days = 10
activation = { when = "delay", days = 14 }
expiry = { months = 12, period = "month" }

[[ladder]]
basis = "spend"
currency = "CNY"
window = "rolling"
days = 365
grace_months = 1
downgrade = "one_down"
refunds_at_once = true
levels = [{ tier = "silver", least = "100.00" }, { tier = "gold", least = "500.00" }]

[[ladder]]
effective_from = 2025-01-01T00:00:00+08:00
for_ever = true
levels = [{ tier = "friend", least = 3 }]

[[catalogue]]
rewards = [
    { id = "tea", kind = "dish", points = 30, offer = "free-tea" },
    { id = "cash", kind = "cash", points = 1, value = "0.05", currency = "CNY" },
]

[[earning]]
points = 1

[[tier_benefits]]
benefits = [
    { id = "double", kind = "points", tiers = ["gold"], rule = "gold" },
    { id = "taste", kind = "free_trial", tiers = ["gold", "friend"], offer = "new-dish" },
    { id = "first", kind = "priority_delivery", tiers = ["gold"] },
]

[[tier_benefits]]
effective_from = 2025-01-01T00:00:00+08:00

[[tier_benefits.benefits]]
id = "fee"
kind = "free_delivery"
tiers = ["gold"]
currency = "CNY"
at_least = "30"

[[tier_benefits.benefits]]
id = "five"
kind = "discount"
tiers = ["gold"]
currency = "CNY"
off = "5"

[[tier_benefits.benefits]]
id = "tenth"
kind = "discount"
tiers = ["gold"]
currency = "CNY"
percent = "7.5"
most = "20"
items = ["soup"]
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path)
    shop.keep("club.toml", FILE)
    return shop


def test_a_programme_is_shown_as_it_is_understood(shop: Shop) -> None:
    said = " ".join(shop.run("program", "check", "club.toml").stdout.split())

    for words in (
        "Programme Noodle Club",
        "Rules 1, CNY, for orders from 2023-12-31 16:00 on",
        "net prices of goods and delivery",
        "best of, at most 500 points",
        "1 per 1/2",
        "30 points for each if items soup or rice, nth 3 within 7 days",
        "times 6/5 if tiers gold",
        "1000 points an order",
        "Rules 2, any currency, for orders since ever",
        "delay, 14 days",
        "months 12, period month, zone Asia/Shanghai",
        "fifo",
        "Pay for orders at acceptance Notice of expiry 10 days before",
        "Ladder 1, in force since ever",
        "silver from 100.00 CNY on gold from 500.00 CNY on",
        "spend, rolling, 365 days",
        "12 months, then 1 of grace",
        "one down, by refunds at once",
        "Ladder 2, in force from 2024-12-31 16:00 on",
        "Catalogue 1, in force since ever",
        "tea dish of free-tea for 30 points cash cash for 1 points, worth 0.05 CNY",
        "friend from 3 on Counts earned, lifetime Held for ever Lost requalify",
        "Benefits 1, in force since ever",
        "double points by gold, for gold",
        "taste free trial: a coupon of new-dish with each term, for gold or friend",
        "first priority delivery, for gold",
        "Benefits 2, in force from 2024-12-31 16:00 on",
        "tenth discount of 7.5 %, at most 20.00 CNY, items soup, for gold",
        "five discount of 5.00 CNY, for gold",
        "fee free delivery from 30.00 CNY on, for gold",
    ):
        assert words in said
    assert shop.files() == {"club.toml"}


def test_a_mistake_is_told_with_its_line(shop: Shop) -> None:
    shop.keep("club.toml", FILE.replace('per = "0.5"', 'per = "half"'))

    said = shop.run("program", "check", "club.toml", status=3)

    assert said.stderr == (
        "Error: club.toml, line 16: earning[0].groups[0].rules[0].per"
        ' must be an amount in quotes, such as "10" or "0.50"\n'
    )


def test_what_was_published_is_what_was_checked(shop: Shop) -> None:
    shop.run("import", shop.history(), "--program", "club.toml")

    assert shop.json("program", "show") == shop.json("program", "check", "club.toml")


def test_a_log_without_a_programme_says_so(shop: Shop) -> None:
    connect("sqlite:///regulars.db").close()

    assert shop.run("program", "show").stdout == "No programme was published yet.\n"
    assert shop.json("program", "show") == {
        "name": None,
        "rules": [],
        "policies": [],
        "ladders": [],
        "catalogues": [],
        "care": [],
        "tier_benefits": [],
    }
