from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop, secrets_in

CLUB = """
[[earning]]
points = 1

[[policies]]
notice_days = 30
expiry = { days = 365, zone = "UTC" }
"""
IN_TIME = "2025-04-15"
"""Within 30 days before the end of what was earned in the first days of May 2024."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path)
    shop.keep("club.toml", CLUB)
    shop.run("import", shop.history(), "--program", "club.toml")
    return shop


def test_whom_to_tell_that_points_expire_is_listed_once(shop: Shop) -> None:
    early = shop.run("points", "notices", "--at", "2024-07-01")
    said = shop.run("points", "notices", "--at", IN_TIME)

    assert early.stdout == "0 notices for 2 accounts\n"
    assert "ada" in said.stdout
    assert said.stdout.endswith("2 notices for 2 accounts\n")
    assert shop.json("points", "notices", "--at", IN_TIME) == {
        "program": "default",
        "accounts": 2,
        "notices": [],
    }
    assert secrets_in([said.output]) == []


def test_a_notice_names_the_lots_and_when_they_end(shop: Shop) -> None:
    found = shop.json("points", "notices", "--days", "400", "--at", "2024-06-01")["notices"]

    assert [one for one in found if one["customer"] == "ada"] == [
        {
            "customer": "ada",
            "points": 19,
            "lots": [{"lot": "o1", "points": 19, "expires_at": "2025-05-02T00:00:00+00:00"}],
        }
    ]


def test_times_of_notices_are_on_the_clocks_of_a_place(shop: Shop) -> None:
    words = ("points", "notices", "--days", "400", "--timezone", "America/New_York")

    assert "2025-05-01 20:00" in shop.run(*words, "--at", "2024-06-01").stdout


def test_a_programme_that_tells_nobody_asks_how_long_before(shop: Shop) -> None:
    shop.keep(
        "club.toml", CLUB.replace("notice_days = 30", "effective_from = 2024-05-04T00:00:00Z")
    )
    shop.run("import", shop.history(), "--program", "club.toml")

    said = shop.run("points", "notices", "--at", IN_TIME, status=2)

    assert "add notice_days to its policies, or --days here" in " ".join(said.stderr.split())


def test_the_first_fifty_are_shown_and_the_others_counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars.adapters.cli_points._SHOWN", 1)

    said = shop.run("points", "notices", "--at", IN_TIME)

    assert "and 1 more: --json lists them all" in said.stdout


def test_nobody_is_told_ahead_of_time(shop: Shop) -> None:
    said = shop.run("points", "notices", "--days", "9", "--at", "2999-01-01", status=2)

    assert "2999-01-01 is yet to come" in said.stderr


def test_what_ends_by_the_end_of_today_has_not_ended_yet(shop: Shop) -> None:
    now = datetime.now(UTC)
    for hours in (1, 48):
        end = (now + timedelta(hours=hours)).isoformat()
        shop.run("points", "migrate", "eve", "5", "--ref", f"old/{hours}", "--expires", end)

    tonight = (now + timedelta(hours=2)).isoformat()
    told = shop.json("points", "notices", "--days", "9", "--at", tonight)["notices"]

    assert [one["points"] for one in told] == [10]
    assert shop.json("balance", "eve")["available"] == 10
