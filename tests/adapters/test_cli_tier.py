from pathlib import Path

import pytest

from regulars.adapters.cli_screen import progress
from tests.adapters.cli_shop import Shop

CLUB = """
[[earning]]
points = 1

[[ladder]]
levels = [{ tier = "silver", least = 10 }, { tier = "gold", least = 40 }]

[[tier_benefits]]
benefits = [{ id = "first", kind = "priority_delivery", tiers = ["silver", "gold"] }]
"""
SPEND = """
[[earning]]
points = 1

[[ladder]]
basis = "spend"
currency = "USD"
for_ever = true
levels = [{ tier = "silver", least = "40.00" }]
"""
MAY = ("--as-of", "2024-05-10")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path)


def opened(shop: Shop, program: str = CLUB) -> Shop:
    shop.keep("club.toml", program)
    shop.run("import", shop.history(), "--program", "club.toml")
    return shop


def said(shop: Shop, *words: str) -> str:
    return " ".join(shop.run("tier", *words).stdout.split())


def test_a_tier_is_shown_with_its_reason_and_what_is_lacking(shop: Shop) -> None:
    told = said(opened(shop), "ada", *MAY, "--explain")

    for words in (
        "Customer ada at 2024-05-10 23:59: silver",
        "Held since 2024-05-01 10:40, until 2025-05-01 10:40",
        "Because TierEntered: 19 by earned up to 2024-05-01 10:40; 10 are asked for (ladder 1, ",
        "If nothing happens silver at 2025-05-01 10:40",
        "To keep silver ████████████████████████ 19 points of 10 points, reached",
        "To reach gold ███████████▍············ 19 points of 40 points, 21 points lacking",
        "What it brings first priority delivery",
        "Counted from 1 award Award Events Counts o1",
    ):
        assert words in told


def test_a_tier_is_told_in_json(shop: Shop) -> None:
    told = opened(shop).json("tier", "ada", *MAY)

    assert (told["tier"], told["since"], told["ends"]) == (
        "silver",
        "2024-05-01T10:40:00+00:00",
        "2025-05-01T10:40:00+00:00",
    )
    assert told["because"]["what"] == "TierEntered"
    assert [one["lot"] for one in told["because"]["evidence"]] == ["o1"]
    assert told["outlook"]["events"] == [
        {"what": "TierRenewed", "tier": "silver", "at": "2025-05-01T10:40:00+00:00"}
    ]
    assert (told["outlook"]["keep"]["lacking"], told["outlook"]["reach"]["lacking"]) == (0, 21)
    assert [one["benefit"] for one in told["benefits"]] == ["first"]


def test_money_is_told_exactly_and_a_tier_may_be_for_ever(shop: Shop) -> None:
    opened(shop, SPEND)

    assert "silver Held since 2024-05-03 23:30, for ever" in said(shop, "bob", *MAY)
    goal = shop.json("tier", "ada", *MAY)["outlook"]["reach"]
    assert goal["value"] == {"amount": "19.99", "currency": "USD"}
    assert goal["lacking"] == {"amount": "20.01", "currency": "USD"}
    assert "19.99 USD of 40.00 USD, 20.01 USD lacking" in said(shop, "ada", *MAY)
    why = shop.json("tier", "bob", *MAY)["because"]
    spent = {"amount": "1234.50", "currency": "USD"}
    assert (why["value"], why["least"]) == (spent, {"amount": "40.00", "currency": "USD"})
    assert [one["value"] for one in why["evidence"]] == [spent]
    told = said(shop, "bob", *MAY, "--explain")
    assert "TierEntered: 1,234.50 USD by spend up to" in told
    assert "40.00 USD are asked for" in told
    assert "Award Events Counts o3 19 1,234.50 USD" in told


def test_a_tier_is_followed_to_a_moment(shop: Shop) -> None:
    opened(shop)

    told = said(shop, "ada", *MAY, "--until", "2026-06-01")
    late = shop.run("tier", "ada", *MAY, "--until", "2024-05-01", status=2)

    assert "If nothing happens silver at 2026-06-01 23:59" in told
    assert "Invalid value for --until: 2024-05-01T23:59:59.999999+00:00 lies before" in late.stderr


def test_who_is_not_known_has_no_tier_and_who_has_none_is_told_so(shop: Shop) -> None:
    opened(shop)

    assert shop.run("tier", "eve", status=3).stderr == "Error: there is no customer 'eve'\n"
    assert "Customer ada at 2024-04-30 23:59: no tier" in said(shop, "ada", "--as-of", "2024-04-30")


@pytest.mark.parametrize(
    ("done", "bar"), [(-5, "····"), (0, "····"), (50, "██··"), (99, "███▉"), (100, "████")]
)
def test_a_bar_is_full_only_when_it_is_done(done: int, bar: str) -> None:
    assert progress(done, 100, width=4) == bar
