from pathlib import Path

import pytest

from regulars import CustomerId, MergeCustomers, RegisterCustomer, connect
from tests.adapters.cli_shop import Shop
from tests.domain.story import NOON


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop that two people are registered in."""
    monkeypatch.chdir(tmp_path)
    with connect("sqlite:///regulars.db") as crm:
        for name in ("ada", "bob"):
            crm.execute(RegisterCustomer(customer=CustomerId(name), at=NOON), by="web")
    return Shop(tmp_path)


def squeezed(said: str) -> str:
    return " ".join(said.split())


def test_data_is_restricted_and_the_restriction_lifted(shop: Shop) -> None:
    said = squeezed(shop.run("restrict", "ada", "--reason", "disputed").stdout)
    assert "Customer ada Recorded ProcessingRestricted" in said
    assert "Restricted all data, since 20" in said
    assert ", disputed" in said
    again = shop.json("restrict", "ada", "--reason", "disputed", "--by", "po:1")
    assert (again["recorded"], len(again["restrictions"])) == ([], 1)

    by_class = ("--class", "address", "--class", "contact")
    told = shop.json("restrict", "ada", *by_class, "--reason", "ticket-12")
    assert told["recorded"] == ["ProcessingRestricted"] * 2
    assert [(one["data_class"], one["reason"]) for one in told["restrictions"]] == [
        (None, "disputed"),
        ("contact", "ticket-12"),
        ("address", "ticket-12"),
    ]

    one = shop.json("lift", "ada", "--class", "contact", "--reason", "settled")
    assert [of["data_class"] for of in one["restrictions"]] == [None, "address"]
    rest = shop.run("lift", "ada", "--reason", "settled").stdout
    assert "Recorded RestrictionLifted, RestrictionLifted Objects to nothing" in squeezed(rest)
    assert "Recorded nothing new" in squeezed(shop.run("lift", "ada", "--reason", "x").stdout)


def test_a_use_is_objected_to_and_the_objection_taken_back(shop: Shop) -> None:
    objecting = ("object", "ada", "--purpose", "marketing")

    assert "Objects to marketing, since 20" in squeezed(shop.run(*objecting).stdout)
    back = shop.json(*objecting, "--withdraw")
    assert (back["recorded"], back["objections"]) == (["ObjectionWithdrawn"], [])


def test_consents_are_granted_shown_and_withdrawn(shop: Shop) -> None:
    about = ("ada", "--purpose", "marketing")
    words = ("--policy-version", "2026-01", "--evidence", "form-88", "--until", "2126-12-31")
    assert shop.json("consent", "grant", *about, *words)["recorded"] == ["ConsentGranted"]
    shop.run("consent", "grant", "ada", "--purpose", "care", "--until", "2020-01-01")
    shop.run("consent", "withdraw", *about, "--channel", "sms", "--by", "customer:ada")
    shop.run("object", "ada", "--purpose", "analytics")

    said = squeezed(shop.run("consent", "show", "ada").stdout)
    assert "care, all channels expired since 20" in said
    assert ", until 2126-12-31 23:59, text 2026-01, evidence form-88" in said
    assert "marketing, sms withdrawn since 20" in said
    assert "Objects to analytics, since 20" in said
    assert "Restricted nothing Accepted text none" in said

    rule = '[[rule]]\nrole = "care"\npurpose = "care"\nmasked = ["profile"]\nbasis = "consent"\n'
    shop.keep("policy.toml", f'text = "2027-01"\n{rule}')
    told = shop.json("consent", "show", "ada", "--policy", "policy.toml")
    assert [(one["purpose"], one["channel"], one["stands"]) for one in told["consents"]] == [
        ("care", None, "expired"),
        ("marketing", None, "outdated"),
        ("marketing", "sms", "withdrawn"),
    ]
    assert told["consents"][1]["evidence_ref"] == "form-88"
    then = shop.json("consent", "show", "ada", "--as-of", "2026-03-02T00:00:00Z")
    assert (then["customer"], then["consents"]) == ("ada", [])
    assert "Consents none" in squeezed(shop.run("consent", "show", "bob").stdout)


def test_what_cannot_be_said_is_told_in_one_line(shop: Shop) -> None:
    restrict = ("restrict", "ada", "--reason")
    assert "customer eve is not registered" in (
        shop.run("object", "eve", "--purpose", "marketing", status=3).stderr
    )
    assert "reason: a code is" in shop.run(*restrict, "She disputes it", status=3).stderr
    assert "'--reason'" in shop.run("restrict", "ada", status=2).stderr
    assert (
        "is no time"
        in shop.run(
            "consent", "grant", "ada", "--purpose", "care", "--until", "soon", status=2
        ).stderr
    )
    with connect("sqlite:///regulars.db") as crm:
        merge = MergeCustomers(
            absorbed=CustomerId("bob"), survivor=CustomerId("ada"), at=NOON, evidence="same"
        )
        crm.execute(merge, by="web")
    for command in (("lift", "bob", "--reason", "x"), ("consent", "show", "bob")):
        assert "merged into ada: name that one instead" in shop.run(*command, status=3).stderr


@pytest.mark.parametrize(
    "words", [("restrict",), ("lift",), ("object",), ("consent", "grant"), ("consent", "withdraw")]
)
def test_the_commands_explain_themselves(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = Shop(tmp_path).run(*words, "--help").stdout

    assert "Examples:" in said
    assert "--by" in said


def test_a_wish_is_held_against_the_policy_of_the_file(shop: Shop) -> None:
    rule = (
        '[[rule]]\nrole = "support"\npurpose = "service"\nbasis = "contract"\nmasked = ["contact"]'
    )
    shop.keep("policy.toml", f'purposes = ["receipts"]\n{rule}\n')
    policy = ("--policy", "policy.toml")
    wish = ("ada", "--purpose", "receipts")

    for words in (("object",), ("consent", "withdraw"), ("consent", "grant")):
        refused = shop.run(*words, *wish, status=3).stderr
        assert "purpose: the policy names none such; it knows analytics, " in refused
        assert shop.run(*words, *wish, *policy).exit_code == 0
