from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop, secrets_in

FLEETING = """
[[earning]]
points = 1

[[policies]]

[policies.expiry]
months = 1
zone = "UTC"
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def test_a_profile_tells_habits(shop: Shop) -> None:
    profile = shop.json("profile", "ada")

    hours = profile.pop("orders_by_hour")
    assert {hour: orders for hour, orders in hours.items() if orders} == {"10": 2}
    assert profile == {
        "customer": "ada",
        "registered_at": None,
        "source": None,
        "orders": 2,
        "cancelled_orders": 0,
        "open_orders": 0,
        "first_order_at": "2024-05-01T10:00:00+00:00",
        "last_order_at": "2024-05-02T10:00:00+00:00",
        "spent": [{"amount": "49.99", "currency": "USD"}],
        "refunded": [{"amount": "40.00", "currency": "USD"}],
        "timezone": "UTC",
        "orders_by_weekday": {
            "monday": 0,
            "tuesday": 0,
            "wednesday": 1,
            "thursday": 1,
            "friday": 0,
            "saturday": 0,
            "sunday": 0,
        },
        "weekday_orders": 2,
        "weekend_orders": 0,
        "favourite_items": [
            {"id": "soup", "name": "Soup of the day", "orders": 2},
            {"id": "bread", "name": "Bread", "orders": 1},
        ],
        "favourite_categories": [{"id": "Food", "name": None, "orders": 2}],
        "favourite_merchants": [{"id": "m1", "name": None, "orders": 2}],
        "payment_methods": [],
        "channels": [{"id": "delivery", "name": None, "orders": 2}],
        "addresses": 1,
        "consents": [],
        "withdrawn": [],
        "merged_into": None,
        "absorbed": [],
    }


def test_a_profile_draws_hours_and_weekdays_on_the_clocks_that_are_named(shop: Shop) -> None:
    said = shop.run("profile", "bob", "--timezone", "Asia/Kathmandu").stdout

    assert "Orders by hour (Asia/Kathmandu)" in said
    assert "Saturday  ████" in said
    assert "2024-05-04 05:15" in said


def test_a_profile_shows_no_personal_data(shop: Shop) -> None:
    said = [shop.run("profile", "ada").output, shop.run("profile", "ada", "--json").output]

    assert secrets_in(said) == []


@pytest.mark.parametrize("command", ["profile", "balance"])
def test_nobody_has_no_profile_and_no_balance(shop: Shop, command: str) -> None:
    said = shop.run(command, "eve", status=3)

    assert said.stderr == "Error: there is no customer 'eve'\n"


def test_a_balance_is_what_was_earned_and_not_taken_back(shop: Shop) -> None:
    assert shop.json("balance", "ada") == {
        "customer": "ada",
        "program": "default",
        "as_of": None,
        "opened_at": "2024-05-01T10:40:00+00:00",
        "earned": 49,
        "migrated": 0,
        "transferred": 0,
        "adjusted": 0,
        "reversed": 30,
        "expired": 0,
        "redeemed": 0,
        "forfeited": 0,
        "balance": 19,
        "available": 19,
        "pending": 0,
        "reserved": 0,
        "debt": 0,
        "other_programs": [],
    }


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        ("2024-05-01T10:39:59Z", 0),
        ("2024-05-01T10:40:00Z", 19),
        ("2024-05-01T12:40+02:00", 19),
        ("2024-05-01T10:39", 0),
        ("2024-05-01", 19),
        ("2024-04-30", 0),
    ],
)
def test_a_balance_can_be_had_as_of_any_time(shop: Shop, moment: str, held: int) -> None:
    assert shop.json("balance", "ada", "--as-of", moment)["balance"] == held


def test_a_time_without_offset_is_on_the_clocks_that_are_named(shop: Shop) -> None:
    words = ("balance", "ada", "--as-of", "2024-05-01T06:40", "--timezone", "America/New_York")

    balance = shop.json(*words)

    assert (balance["balance"], balance["as_of"]) == (19, "2024-05-01T06:40:00-04:00")


def test_the_day_on_which_clocks_change_ends_at_its_own_midnight(shop: Shop) -> None:
    words = ("balance", "ada", "--as-of", "2024-10-27", "--timezone", "Europe/Berlin")

    assert shop.json(*words)["as_of"] == "2024-10-27T23:59:59.999999+01:00"


def test_every_posting_is_explained_and_they_add_up(shop: Shop) -> None:
    balance = shop.json("balance", "ada", "--explain")

    postings = balance["postings"]
    assert [(one["order"], one["points"], one["balance"]) for one in postings] == [
        ("o1", 19, 19),
        ("o2", 30, 49),
        ("o2", -30, 19),
    ]
    assert postings[-1]["refund"] == "import"
    assert all(one["why"] for one in postings)


def test_people_see_why_each_point_is_there(shop: Shop) -> None:
    said = shop.run("balance", "ada", "--explain").stdout

    assert "Customer ada: 19 points" in said
    assert "19.99 USD paid for goods: 1999/100 by earning (rules 1), rounded down: 19" in said


def test_people_see_what_waits_what_expires_and_what_was_not_recorded(shop: Shop) -> None:
    shop.keep("points.toml", FLEETING)
    new = ("--database", "sqlite:///new.db")
    shop.run("import", "--program", "points.toml", "history/orders.csv", *new)
    words = ("balance", "ada", "--schedule", "--explain", *new)

    early = shop.run(*words, "--as-of", "2024-05-02").stdout
    late = shop.json(*words, "--as-of", "2024-06-03")

    assert "What expires when (UTC)" in early
    assert "lot o1        19  =        19" in early
    assert "expired" not in early.replace("Expired", "")
    assert (late["expired"], late["available"], late["expiries"]) == (19, 0, [])
    assert late["postings"][-1]["position"] is None


def test_points_that_never_expire_have_no_schedule(shop: Shop) -> None:
    said = shop.run("balance", "ada", "--schedule").stdout

    assert "None of the points that can be used ever expires." in said


def test_who_never_earned_holds_nothing(shop: Shop) -> None:
    shop.keep("customers.csv", "customer_id\nnew\n")
    shop.run("import", "customers.csv")

    balance = shop.json("balance", "new", "--explain")

    assert (balance["balance"], balance["opened_at"], balance["postings"]) == (0, None, [])
