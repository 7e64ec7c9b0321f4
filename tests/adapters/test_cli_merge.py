from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop, secrets_in

MERGE = ("merge", "ada", "--into", "bob", "--evidence", "same-phone")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def test_two_customers_become_one_and_two_again(shop: Shop) -> None:
    assert shop.json(*MERGE) == {
        "absorbed": "ada",
        "survivor": "bob",
        "merged": True,
        "recorded": ["CustomersMerged", "CustomerAbsorbed"],
    }
    assert shop.json(*MERGE)["recorded"] == []
    counted = shop.json("profile", "bob")
    assert (counted["orders"], counted["absorbed"]) == (3, ["ada"])
    assert shop.json("profile", "ada")["merged_into"] == "bob"
    assert shop.json("report")["customers"] == 1

    parted = shop.json(*MERGE, "--revert")

    assert (parted["merged"], len(parted["recorded"])) == (False, 2)
    assert shop.json("profile", "bob")["absorbed"] == []
    assert shop.json("verify")["sound"]


def test_people_are_told_what_is_so_now(shop: Shop) -> None:
    assert "Customer ada: merged into bob" in shop.run(*MERGE).stdout
    assert "nothing new" in shop.run(*MERGE).stdout
    assert "bob, whose profile counts these orders too" in shop.run("profile", "ada").stdout
    assert "Counts also" in shop.run("profile", "bob").stdout
    assert "ada: no longer merged into bob" in shop.run(*MERGE, "--revert").stdout


def test_the_survivor_is_erased_with_the_one_they_absorbed(shop: Shop) -> None:
    shop.run(*MERGE)
    refused = shop.run("erase", "ada", "--yes", status=3)
    assert "customer ada was merged into bob" in refused.stderr

    done = shop.json("erase", "bob", "--yes")

    assert {key["subject"] for key in done["completions"][0]["keys"]} == {"customer/ada"}
    assert shop.json("verify")["boxes"]["open"] == 0
    stays = shop.run(*MERGE, "--revert", status=3)
    assert "customers ada and bob stay merged" in stays.stderr
    assert secrets_in([refused.output, stays.output]) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("merge", "ada", "--into", "ada", "--evidence", "x"), "cannot be merged into ada"),
        (("merge", "ada", "--into", "eve", "--evidence", "x"), "customer eve is not registered"),
        (("merge", "ada", "--into", "bob", "--evidence", "my words"), "evidence: a code is"),
        ((*MERGE, "--revert"), "ada was not merged into bob"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(shop: Shop, words: tuple[str, ...], why: str) -> None:
    said = shop.run(*words, status=3)

    assert why in said.stderr
    assert len(said.stderr.splitlines()) == 1
