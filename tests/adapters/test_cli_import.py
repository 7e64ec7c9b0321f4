import csv
import re
from pathlib import Path

import pytest

from tests.adapters.cli_shop import LINES, ORDERS, Shop, secrets_in

WRONG_ORDERS = """\
o6,bob,m2,someday,,,,USD,5.00,
o7,bob,m2,2024-05-05T10:00:00Z,,,,USD,-5.00,
o1,ada,m1,2024-05-01T10:00:00Z,2024-05-01T10:40:00Z,,,USD,19.99,
o1,ada,m1,2024-05-01T10:00:00Z,2024-05-01T10:40:00Z,,,USD,20.00,
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path)


def test_past_orders_are_recorded_and_counted(shop: Shop) -> None:
    counts = shop.json("import", shop.history())

    seconds = counts.pop("seconds")
    assert 0 <= seconds < 60
    assert counts == {
        "database": "sqlite:///regulars.db",
        "orders": 5,
        "customers": 2,
        "merchants": 2,
        "reviews": 1,
        "events": 24,
        "rejected": 0,
        "skipped": 0,
        "flagged": 1,
        "rows": {
            "orders": {"read": 5, "recorded": 5, "skipped": 0, "rejected": 0},
            "lines": {"read": 3, "recorded": 3, "skipped": 0, "rejected": 0},
            "customers": {"read": 1, "recorded": 1, "skipped": 0, "rejected": 0},
            "reviews": {"read": 1, "recorded": 1, "skipped": 0, "rejected": 0},
        },
        "rejects_file": None,
        "notices": [],
    }


def test_an_import_says_that_it_made_a_key_file_and_writes_only_beside_the_database(
    shop: Shop,
) -> None:
    before = {shop.history(), *shop.files()}

    said = shop.run("import", "history", "--database", "sqlite:///shop.db")

    assert "Warning: made the key file shop.db.keys" in said.stderr
    assert shop.files() - before == {"shop.db", "shop.db.keys"}


def test_importing_again_records_nothing(shop: Shop) -> None:
    shop.opened()

    again = shop.json("import", "history")

    assert (again["events"], again["skipped"]) == (0, 10)
    assert all(rows["recorded"] == rows["rejected"] == 0 for rows in again["rows"].values())


def test_every_row_is_recorded_skipped_or_rejected(shop: Shop) -> None:
    orders = shop.keep("orders.csv", ORDERS + WRONG_ORDERS)
    lines = shop.keep("lines.csv", LINES + "o3,tea,Tea,Drinks,few,\no9,tea,Tea,Drinks,1,\n")

    counts = shop.json("import", str(orders), str(lines), status=1)

    assert counts["rows"] == {
        "orders": {"read": 9, "recorded": 4, "skipped": 1, "rejected": 4},
        "lines": {"read": 5, "recorded": 3, "skipped": 0, "rejected": 2},
    }
    assert (counts["rejected"], counts["skipped"]) == (6, 1)


def test_lines_of_an_order_that_was_recorded_otherwise_are_rejected_with_it(shop: Shop) -> None:
    shop.opened()
    shop.keep("history/orders.csv", ORDERS.replace("19.99", "20.99"))

    counts = shop.json("import", "history", status=1)

    assert counts["rows"]["orders"] == {"read": 5, "recorded": 0, "skipped": 4, "rejected": 1}
    assert counts["rows"]["lines"] == {"read": 3, "recorded": 0, "skipped": 1, "rejected": 2}


def test_rejected_rows_are_listed_beside_the_database_without_their_values(shop: Shop) -> None:
    shop.keep("orders.csv", ORDERS + WRONG_ORDERS)

    said = shop.run("import", "orders.csv", "--database", "sqlite:///shop.db", status=1)

    assert "3 rows were rejected; see shop.db.rejects.csv" in said.stdout
    with Path("shop.db.rejects.csv").open(newline="") as file:
        listed = [(row["file"], row["row"], row["field"]) for row in csv.DictReader(file)]
    assert listed == [
        ("orders.csv", "6", "placed_at"),
        ("orders.csv", "7", "total"),
        ("orders.csv", "9", "order_id"),
    ]


def test_a_row_of_a_time_that_is_to_come_is_rejected_with_its_line_and_column(shop: Shop) -> None:
    to_come = "o6,bob,m2,2024-05-05T10:00:00Z,2999-05-05T10:00:00Z,,,USD,5.00,\n"
    shop.keep("orders.csv", ORDERS + to_come)

    shop.run("import", "orders.csv", "--rejects", "left.csv", status=1)

    with Path("left.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["row"], row["field"]) == ("6", "delivered_at")
    assert "is 2999-05-05T10:00:00+00:00, more than 1 day beyond the clock" in row["reason"]


def test_a_rejects_file_is_that_of_the_last_run(shop: Shop) -> None:
    shop.keep("orders.csv", ORDERS + WRONG_ORDERS)
    shop.run("import", "orders.csv", "--rejects", "left.csv", status=1)
    shop.keep("orders.csv", ORDERS)

    shop.run("import", "orders.csv", "--rejects", "left.csv")

    assert not Path("left.csv").exists()


def test_a_run_that_fails_leaves_the_rejects_file_of_the_last_one(shop: Shop) -> None:
    shop.keep("orders.csv", ORDERS + WRONG_ORDERS)
    shop.run("import", "orders.csv", status=1)
    listed = Path("regulars.db.rejects.csv").read_text()
    shop.keep("lines.csv", "sku\nsoup\n")

    shop.run("import", "orders.csv", "lines.csv", status=3)

    assert Path("regulars.db.rejects.csv").read_text() == listed
    assert not any(".part" in name for name in shop.files())


@pytest.mark.parametrize("place", ["orders.csv", "nowhere/left.csv"])
def test_what_is_no_rejects_file_is_not_overwritten(shop: Shop, place: str) -> None:
    shop.keep("orders.csv", ORDERS)

    said = shop.run("import", "orders.csv", "--rejects", place, status=3)

    assert said.stderr.startswith(f"Error: {place}: ")
    assert shop.files() == {"orders.csv"}


def test_a_file_may_be_named_for_what_it_holds(shop: Shop) -> None:
    shop.keep("export.csv", ORDERS)

    counts = shop.json("import", "--orders", "export.csv")

    assert counts["orders"] == 5


def test_a_file_that_is_named_twice_is_read_once(shop: Shop) -> None:
    folder = shop.history()

    counts = shop.json("import", folder, "history/orders.csv", "--orders", "history/orders.csv")

    assert counts["rows"]["orders"]["read"] == 5


def test_a_programme_tells_what_orders_earn(shop: Shop) -> None:
    shop.keep("double.toml", "[[earning]]\npoints = 2\n")

    shop.run("import", shop.history(), "--program", "double.toml")

    assert shop.json("balance", "bob")["balance"] == 2469


@pytest.mark.parametrize("program", ["history/orders.csv", "missing.toml"])
def test_a_mistake_in_the_programme_makes_no_database(shop: Shop, program: str) -> None:
    before = {shop.history(), *shop.files()}

    said = shop.run("import", "history", "--program", program, status=3)

    assert said.stderr.startswith(f"Error: {program}")
    assert shop.files() == before


def test_times_without_offset_are_read_on_the_clocks_that_are_named(shop: Shop) -> None:
    local = re.sub(r"Z\b", "", ORDERS)
    shop.keep("orders.csv", local)
    shop.run("import", "orders.csv", "--timezone", "America/New_York")

    hours = shop.json("report", "--timezone", "America/New_York")["orders_by_hour"]

    assert (hours["10"], hours["23"]) == (3, 1)


def test_times_without_offset_are_rejected_if_no_clocks_are_named(shop: Shop) -> None:
    shop.keep("orders.csv", re.sub(r"Z\b", "", ORDERS))

    assert shop.json("import", "orders.csv", status=1)["rejected"] == 5


def test_columns_that_the_format_does_not_know_are_told_once_and_left_out(shop: Shop) -> None:
    shop.keep("customers.csv", "customer_id,shoe\nada,Lovelace Boots\nbob,Clogs\n")

    said = shop.run("import", "customers.csv")

    assert said.stderr.count("'shoe'") == 1
    assert "--keep-extra" in said.stderr
    assert "extra" not in shop.run("events", "--stream", "customer-ada").stdout


def test_columns_that_are_kept_are_sealed(shop: Shop) -> None:
    shop.keep("customers.csv", "customer_id,shoe\nada,Lovelace Boots\n")

    shop.run("import", "customers.csv", "--keep-extra")

    assert "extra=<sealed>" in shop.run("events", "--stream", "customer-ada").stdout


def test_no_personal_value_is_said_or_written(shop: Shop) -> None:
    shop.keep("customers.csv", "customer_id,name\nada,Ada Lovelace\nada,Ada Byron\n")
    said = shop.run("import", shop.history(), "customers.csv", status=1)

    stored = [
        path.read_bytes().decode(errors="replace") for path in shop.folder.glob("regulars.db*")
    ]

    assert len(stored) == 3
    assert secrets_in([said.output, *stored]) == []
