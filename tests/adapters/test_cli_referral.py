from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars import ClaimReferral, CustomerId, ProgramId, ReferralTerms, connect
from tests.adapters.cli_shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path).opened()
    with connect("sqlite:///regulars.db") as crm:
        for referee, referrer in (("eve", "ada"), ("eve", "bob"), ("ada", "bob")):
            claim = ClaimReferral(
                program=ProgramId("default"),
                referee=CustomerId(referee),
                referrer=CustomerId(referrer),
                at=datetime(2024, 6, 1, tzinfo=UTC),
                terms=ReferralTerms(currency="USD", at_least=10_00, most=3),
            )
            crm.execute(claim, by="agent:1")
    return shop


def test_people_see_each_claim_and_what_became_of_it(shop: Shop) -> None:
    said = " ".join(shop.run("referral", "eve").stdout.split())

    for words in (
        "Customer eve, brought by ada: accepted Claimed 2024-06-01 00:00",
        "Stands accepted, waits for the first order to be completed",
        "Asks for a first order of 10.00 USD or more, kept for 30 days, for 3 in 30 days",
        "Customer eve, brought by bob: rejected",
        "rejected: another claim was accepted before",
    ):
        assert words in said
    assert "rejected: an order was delivered before" in shop.run("referral", "ada").stdout


def test_a_claim_is_told_in_json(shop: Shop) -> None:
    first, second = shop.json("referral", "eve")["claims"]

    assert (first["referrer"], first["stage"], first["reason"]) == ("ada", "accepted", None)
    assert first["terms"]["at_least"] == {"amount": "10.00", "currency": "USD"}
    assert (second["stage"], second["reason"]) == ("rejected", "second_referrer")
    assert shop.json("referral", "ada", "--as-of", "2024-05-01")["claims"] == []


def test_who_was_brought_by_nobody_is_told_so_and_who_is_not_known_is_an_error(shop: Shop) -> None:
    assert "Nobody claims to have brought customer bob" in shop.run("referral", "bob").stdout
    assert shop.run("referral", "zoe", status=3).stderr == "Error: there is no customer 'zoe'\n"
