from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop, secrets_in

LONG_AGO = "2024-06-01"  # before anything of the shop's orders of May 2024 is over


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def policy(shop: Shop, days: int) -> str:
    rule = f'kind = "all"\nclasses = ["address", "contact"]\ndays = {days}\nsince = "order"'
    shop.keep("policy.toml", f"{RULE}[[retention]]\n{rule}\n")
    return "policy.toml"


RULE = '[[rule]]\nrole = "support"\npurpose = "service"\nbasis = "contract"\nmasked = ["contact"]\n'


def test_what_is_due_is_listed_and_nothing_is_erased(shop: Shop) -> None:
    said = shop.run("retention", "due", "--at", "2025-01-01")

    assert "ada" in said.stdout
    assert "1 by the rule address is over" in said.stdout
    assert shop.run("retention", "due", "--at", LONG_AGO).stdout == "Nothing is over\n"
    assert shop.json("erasures") == {"erasures": []}
    (found,) = shop.json("retention", "due", "--at", "2025-01-01")["due"]
    assert (found["customer"], found["class"], found["days"]) == ("ada", "address", 184)
    assert secrets_in([said.output]) == []


def test_a_run_erases_what_is_due_by_the_policy_once(shop: Shop) -> None:
    words = ("retention", "run", "--policy", policy(shop, 30))

    said = shop.run(*words, "--at", "2025-01-01")

    assert "1 by the rule all erased" in said.stdout
    (certificate,) = shop.json("erasures")["erasures"]
    assert (certificate["classes"], certificate["basis"]) == (
        ["contact", "address"],
        "retention:all",
    )
    assert shop.run(*words).stdout == "Nothing was over\n"
    assert shop.json(*words) == {"erasures": []}
    assert shop.json("verify")["boxes"]["open"] == 1


def test_a_run_ahead_of_time_needs_a_yes(shop: Shop) -> None:
    words = ("retention", "run", "--policy", policy(shop, 36500), "--at", "2999-01-01")

    assert "Nothing was erased" in shop.run(*words, status=1).stderr
    assert "add --yes" in shop.run(*words, "--json", status=2).stderr
    assert shop.json("erasures") == {"erasures": []}
    (certificate,) = shop.json(*words, "--yes")["erasures"]
    assert certificate["complete"]


def test_a_time_that_is_none_and_a_policy_that_is_none_are_told(shop: Shop) -> None:
    assert "'soon' is no time" in shop.run("retention", "due", "--at", "soon", status=2).stderr
    shop.keep("policy.toml", f"{RULE}[[retention]]\nkind = 'all'\ndays = 0\nclasses = []\n")

    said = shop.run("retention", "run", "--policy", "policy.toml", status=3).stderr

    assert "policy.toml: line 8: retention 1, days: " in said
    assert "and 1 more: see regulars policy check" in said


def test_a_long_list_is_cut_short_on_the_screen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars.adapters.cli_retention._SHOWN", 1)

    said = shop.run("retention", "due", "--policy", policy(shop, 1))

    assert "and 1 more: --json lists them all" in said.stdout


def test_the_policy_in_force_is_a_file_that_passes_its_check(shop: Shop) -> None:
    shown = shop.run("policy", "show").stdout
    shop.keep("policy.toml", shown)

    assert "is a policy" in shop.run("policy", "check", "policy.toml").stdout
    assert shop.run("policy", "show", "--policy", "policy.toml").stdout == shown
    assert shop.json("policy", "show")["retention"][1]["kind"] == "address"
    assert shop.json("policy", "check", "policy.toml") == {"file": "policy.toml", "mistakes": []}


def test_every_mistake_of_a_policy_is_told_on_a_line_of_its_own(shop: Shop) -> None:
    shop.keep("policy.toml", "bulk_from = 0\n[[rule]]\nrole = 1\n")

    said = shop.run("policy", "check", "policy.toml", status=1).stdout.splitlines()
    document = shop.json("policy", "check", "policy.toml", status=1)

    assert len(said) == len(document["mistakes"]) == 4
    assert said[0].startswith("policy.toml: line 1: bulk_from: ")
    assert document["mistakes"][0]["line"] == 1
    assert shop.json("policy", "check", "none.toml", status=1)["mistakes"][0]["field"] is None
    assert "cannot be read" in shop.run("policy", "show", "--policy", "x", status=3).stderr


def test_who_reads_goes_by_the_policy_of_the_file(shop: Shop) -> None:
    words = ("reveal", "ada", "--class", "address", "--purpose", "service", "--as", "support:s-7")

    assert shop.json(*words)["outcome"] == "masked"
    denied = shop.json(*words, "--policy", policy(shop, 30), status=1)
    assert denied["denial"] == "purpose"
