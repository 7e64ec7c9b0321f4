from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from regulars import connect
from regulars.domain.coupon import IssueCoupon
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Kind, Terms
from regulars.domain.values import CouponId, CustomerId, OfferId, ProgramId
from tests.adapters.cli_shop import Shop

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
SPRING: dict[str, Any] = {
    "program": ProgramId("default"),
    "offer": OfferId("spring"),
    "at": LONG_AGO,
}
TERMS = Terms(kind=Kind.THRESHOLD_OFF, currency="CNY", value=10_00, at_least=50_00)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path).opened()
    with connect("sqlite:///regulars.db") as crm:
        limits = Limits(valid_days=30, total=5)
        crm.execute(DefineOffer(**SPRING, terms=TERMS, limits=limits), by="agent:1")
        issue = IssueCoupon(**SPRING, coupon=CouponId("c-1"), customer=CustomerId("ada"))
        crm.execute(issue, by="agent:1")
    return shop


def test_the_coupons_of_a_customer_are_listed_with_their_standing(shop: Shop) -> None:
    words = ("coupons", "of", "ada", "--as-of")

    assert "usable" in shop.run(*words, "2024-01-30").stdout
    (coupon,) = shop.json(*words, "2024-02-01")["coupons"]
    assert (coupon["coupon"], coupon["standing"]) == ("c-1", "expired")
    assert "has no coupons" in shop.run("coupons", "of", "bob").stdout
    assert "nobody" in shop.run("coupons", "of", "nobody", status=3).stderr


def test_the_coupons_of_who_was_merged_are_listed_for_the_survivor(shop: Shop) -> None:
    shop.run("merge", "ada", "--into", "bob", "--evidence", "same-phone")

    (coupon,) = shop.json("coupons", "of", "bob")["coupons"]

    assert (coupon["coupon"], coupon["issued_to"]) == ("c-1", "ada")


def test_an_offer_is_shown_with_what_is_used_of_it(shop: Shop) -> None:
    said = " ".join(shop.run("coupons", "offer", "spring").stdout.split())

    assert "threshold off of 10.00 CNY from 50.00 CNY on" in said
    assert "In all 5 Issued 1 Used 0 Held by orders 0 Left 5 Took off 0.00 CNY" in said
    assert shop.json("coupons", "offer", "spring")["left"] == 5
    assert "offer autumn is not defined" in shop.run("coupons", "offer", "autumn", status=3).stderr
