from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop, secrets_in

WHY = ("--reason", "ticket-12", "--approver", "lead:4")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def test_points_are_brought_along_corrected_given_and_forfeited(shop: Shop) -> None:
    before = shop.json("balance", "ada")["available"]

    brought = shop.json("points", "migrate", "ada", "350", "--ref", "old-shop/17")
    fixed = shop.json("points", "adjust", "ada", "-50", *WHY, "--id", "fix-7")
    given = shop.json("points", "transfer", "ada", "bob", "100", "--id", "gift-7")
    closed = shop.json("points", "close", "ada", "--reason", "left")

    assert brought == {
        "customer": "ada",
        "program": "default",
        "lot": "migrated/old-shop/17",
        "recorded": ["PointsMigrated"],
        "available": before + 350,
    }
    assert (fixed["adjustment"], fixed["available"]) == ("fix-7", before + 300)
    assert given["recorded"] == ["PointsTransferredOut", "PointsTransferredIn"]
    assert (given["receiver"], given["available"]) == ("bob", before + 200)
    assert (closed["recorded"], closed["available"]) == (["LoyaltyAccountClosed"], 0)
    held = shop.json("balance", "ada")
    assert (held["migrated"], held["adjusted"], held["transferred"]) == (350, -50, -100)
    assert held["forfeited"] == before + 200
    assert shop.json("verify")["sound"]


def test_what_is_told_again_under_its_id_is_recorded_once(shop: Shop) -> None:
    for words in (
        ("points", "migrate", "ada", "350", "--ref", "old-shop/17"),
        ("points", "adjust", "ada", "5", *WHY, "--id", "fix-7"),
        ("points", "transfer", "ada", "bob", "9", "--id", "gift-7"),
        ("points", "close", "ada", "--reason", "left"),
    ):
        first, second = shop.json(*words), shop.json(*words)
        assert first["recorded"]
        assert second == {**first, "recorded": []}


def test_people_are_told_what_was_recorded_and_what_is_left(shop: Shop) -> None:
    said = shop.run("points", "adjust", "ada", "5", *WHY, "--effective", "2024-05-01")
    lasting = shop.run("points", "adjust", "ada", "5", *WHY, "--expires", "2020-01-01")

    assert "Customer ada" in said.stdout
    assert "PointsAdjusted" in said.stdout
    assert "Adjustment" in said.stdout
    assert "Can be used" in lasting.stdout
    assert "Adjusted" in shop.run("balance", "ada").stdout
    assert secrets_in([said.output, lasting.output]) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("adjust", "ada", "-999999", *WHY), "999999 points are wanted"),
        (("adjust", "ada", "5", "--reason", "was cross", "--approver", "a"), "reason: a code is"),
        (("transfer", "ada", "ada", "5"), "are in the account of that customer already"),
        (("transfer", "ada", "bob", "999999"), "999999 points are wanted"),
        (("migrate", "ada", "0", "--ref", "x"), "0 points cannot be spent or moved"),
        (("close", "eve", "--reason", "left"), "customer eve has no loyalty account"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(shop: Shop, words: tuple[str, ...], why: str) -> None:
    said = shop.run("points", *words, status=3)

    assert why in said.stderr
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("transfer", "ada", "adda", "1"), 3, "there is no customer 'adda'"),
        (("adjust", "", "5", *WHY), 3, "customer: an id is 1 to 200 characters"),
        (("migrate", "a\nb", "5", "--ref", "a"), 3, "customer: an id is 1 to 200 characters"),
        (("transfer", "ada", "bob", "1", "--id", "a\nb"), 3, "transfer: an id is"),
        (("adjust", "ada", "9" * 23, *WHY), 2, "is not in the range"),
        (("adjust", "ada", "5", *WHY, "--expires", "9999-12-31"), 2, "'9999-12-31' is no time"),
        (("migrate", "ada", "5", "--ref", "a", "--expires", "0001-01-01"), 2, "is no time"),
    ],
)
def test_a_mistake_is_told_in_a_line_and_nothing_is_recorded(
    shop: Shop, words: tuple[str, ...], status: int, why: str
) -> None:
    before = shop.json("log", "status")["head"]

    assert why in " ".join(shop.run("points", *words, status=status).stderr.split())

    assert shop.json("log", "status")["head"] == before
