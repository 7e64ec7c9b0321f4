from pathlib import Path

import pytest
from attrs import evolve

from regulars import connect
from regulars.domain.coupon import IssueCoupon
from regulars.domain.values import CouponId, CustomerId
from tests.adapters.cli_shop import Shop
from tests.adapters.test_cli_tier import CLUB
from tests.application.test_member_center import DEFINE
from tests.domain.points import award, close, join

WAITING = (
    CLUB + '\n[[policies]]\nactivation = { when = "delay", days = 3 }\nexpiry = { days = 9 }\n'
)
ADA = CustomerId("ada")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path)
    shop.keep("club.toml", WAITING)
    shop.run("import", shop.history(), "--program", "club.toml")
    with connect("sqlite:///regulars.db") as crm:
        at = award("o1", 0).at
        crm.execute(evolve(DEFINE, at=at), by="host")
        issue = IssueCoupon(
            program=DEFINE.program,
            offer=DEFINE.offer,
            coupon=CouponId("c-1"),
            at=at,
            customer=ADA,
        )
        crm.execute(issue, by="host")
    return shop


def said(shop: Shop, *words: str) -> str:
    return " ".join(shop.run("member", *words).stdout.split())


def test_a_member_is_shown_on_one_screen(shop: Shop) -> None:
    early = said(shop, "ada", "--as-of", "2024-05-03")
    late = said(shop, "ada", "--as-of", "2024-05-18", "--postings", "1")

    for words in (
        "Customer ada at 2024-05-03 23:59: silver, 0 points",
        "Pending 19",
        "To reach gold",
        "What the tier brings first priority delivery",
        "Points still to come Of From Points o1 2024-05-04 10:40 19",
        "Last postings (UTC)",
        "2024-05-01 10:40 order o1 +19 = 19",
    ):
        assert words in early
    assert "Coupons that can be used Offer Coupon Until cake c-1 -" in late
    middle = said(shop, "ada", "--as-of", "2024-05-05")
    assert "silver, 19 points Can be used 19 Next to end 19 at 2024-05-13 16:00" in middle


def test_a_member_is_told_in_json(shop: Shop) -> None:
    (told,) = shop.json("member", "ada", "--as-of", "2024-05-05")["programs"]

    assert told["points"] == {"available": 19, "pending": 0, "reserved": 0, "debt": 0}
    assert [one["lot"] for one in told["expiring"]] == ["o1"]
    assert (told["awaited"], told["coupons"]) == ([], [])
    assert [one["points"] for one in told["postings"]] == [-30, 30, 19]
    assert (told["tier"], told["outlook"]["reach"]["lacking"]) == ("silver", 21)
    (late,) = shop.json("member", "ada", "--as-of", "2024-05-18")["programs"]
    assert [(one["coupon"], one["standing"]) for one in late["coupons"]] == [("c-1", "usable")]


def test_an_account_that_is_over_says_so(shop: Shop) -> None:
    assert shop.json("member", "ada")["programs"][0]["account"] == "open"
    with connect("sqlite:///regulars.db") as crm:
        crm.execute(evolve(join(), absorbed=ADA, survivor=CustomerId("bob")), by="host")
        crm.execute(evolve(close(), customer=CustomerId("bob")), by="host")

    (told,) = shop.json("member", "ada")["programs"]

    assert (told["account"], told["merged_into"]) == ("merged", "bob")
    assert "Account merged: all of it is with customer bob" in said(shop, "ada")
    assert "Account closed: it takes nothing more" in said(shop, "bob")


def test_who_is_not_known_is_no_member(shop: Shop) -> None:
    assert shop.run("member", "eve", status=3).stderr == "Error: there is no customer 'eve'\n"
