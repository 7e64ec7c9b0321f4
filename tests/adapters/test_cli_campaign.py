from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from regulars import connect
from regulars.domain.budget import Budget
from regulars.domain.campaign import DraftCampaign, LaunchCampaign
from regulars.domain.campaign_plan import Plan
from regulars.domain.caps import Cap, Span
from regulars.domain.holdout import Variant
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import CampaignId, CustomerId, OrderId, ProgramId
from tests.adapters.cli_shop import Shop

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
SPRING: dict[str, Any] = {
    "program": ProgramId("default"),
    "campaign": CampaignId("spring"),
    "at": LONG_AGO,
}
PLAN = Plan(
    variants=(Variant(name="mail"),),
    holdout=5_000,
    starts_at=LONG_AGO,
    budget=Budget(
        total=25, caps=(Cap(span=Span.DAY, total=25, per_customer=10, times=1),), zone="UTC"
    ),
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    with connect("sqlite:///regulars.db") as crm:
        crm.execute(DraftCampaign(**SPRING, plan=PLAN), by="agent:1")
        crm.execute(LaunchCampaign(**SPRING), by="agent:1")
    shop = Shop(tmp_path)
    shop.keep("people.txt", "".join(f"c-{number}\n" for number in range(8)) + "\n")
    return shop


GRANT = ("campaign", "grant", "spring", "--round", "1", "--amount", "10")


def test_a_round_grants_what_the_budget_has_and_again_nothing(shop: Shop) -> None:
    first = shop.json(*GRANT, "--customers", "people.txt")
    again = shop.run(*GRANT, "--customers", "people.txt")
    status = shop.json("campaign", "show", "spring")

    assert first["amount"] == 25
    assert first["granted"] + first["nothing"] + first["held_out"] == 8
    assert "0 to 0 customers" in again.stdout
    assert (status["phase"], status["budget"]["left"]) == ("running", 0)
    assert status["variants"]["mail"] + status["held_out"] == 8
    assert "2024-06-30" not in shop.run("campaign", "show", "spring").stdout
    assert shop.json("campaign", "show", "spring", "--as-of", "2024-06-30")["held_out"] == 0


def test_a_result_is_told_exactly(shop: Shop) -> None:
    shop.run(*GRANT, "--customers", "people.txt")
    soon = datetime.now(UTC) + timedelta(minutes=1)
    with connect("sqlite:///regulars.db") as crm:
        for number in range(8):
            place = PlaceOrder(
                order=OrderId(f"o-{number}"),
                at=soon,
                currency="CNY",
                total=100,
                customer=CustomerId(f"c-{number}"),
            )
            crm.execute(place, by="web")
    later = (soon + timedelta(minutes=1)).isoformat()
    words = ("campaign", "show", "spring", "--margin", "12.50", "--as-of", later)

    result = shop.json(*words, "--cost", "1/3")["result"]
    said = shop.run(*words).stdout

    assert (result["lift"], result["profit"], result["margin"]) == ("0", "-1/3", "25/2")
    assert result["treated"]["orders"] + result["held_out"]["orders"] == 8
    assert "100.00 %" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "autumn"), "campaign autumn was never drafted"),
        (("grant", "autumn", "--round", "1", "--amount", "1"), "campaign autumn was never drafted"),
        (("show", "spring", "--margin", "much"), "'much' is no amount"),
        (("show", "spring", "--margin", "-1"), "'-1' is no amount"),
        (("show", "spring", "--cost", "1"), "--cost needs a --margin"),
        (("grant", "spring", "--round", "1", "--amount", "0"), "0 is not in the range"),
    ],
)
def test_a_mistake_is_told_in_one_line(shop: Shop, words: tuple[str, ...], said: str) -> None:
    status = 3 if "drafted" in said else 2

    assert said in shop.run("campaign", *words, status=status).stderr


def test_an_audience_that_is_no_text_is_told_in_a_line(shop: Shop) -> None:
    (shop.folder / "bad.txt").write_bytes(b"\xff\xfe")

    refused = shop.run(
        *("campaign", "grant", "spring", "--round", "1", "--amount", "1", "--customers", "bad.txt"),
        status=2,
    )

    assert "is no text in UTF-8" in refused.stderr
