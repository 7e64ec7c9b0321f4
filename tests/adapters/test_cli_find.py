import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from regulars import Contact, CustomerId, RegisterCustomer, connect
from regulars.adapters.cli import regulars
from tests.adapters.cli_shop import SECRETS, Shop, secrets_in
from tests.domain.story import NOON

FIND = ("find", "--purpose", "service", "--as", "support:s-7")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


@pytest.fixture
def indexed(shop: Shop) -> Shop:
    shop.run("index", "fill", "--contacts", "unique", "--region", "US")
    return shop


def test_an_index_is_begun_filled_and_asked(shop: Shop) -> None:
    assert "No index is kept" in shop.run("index", "status").stdout

    filled = shop.json("index", "fill", "--contacts", "unique", "--region", "US")

    (version,) = filled["versions"]
    assert version["full"]
    assert (version["tokens"], version["contacts"], version["region"]) == (2, "unique", "US")
    assert shop.json(*FIND, "--phone", "(415) 555-0100") == {"customers": ["ada"]}
    assert shop.run(*FIND, "--email", SECRETS[2]).stdout == "ada\n"


@pytest.mark.usefixtures("indexed")
def test_a_number_that_is_read_stays_out_of_the_shells_history() -> None:
    said = CliRunner().invoke(
        regulars, [*FIND, "--phone", "-", "--json"], obj=connect, input=f"{SECRETS[1]}\n"
    )

    assert json.loads(said.stdout) == {"customers": ["ada"]}
    assert secrets_in([said.output]) == []


def test_nobody_is_an_answer_and_no_number_an_error(indexed: Shop) -> None:
    assert indexed.run(*FIND, "--phone", "+8613812345678").stdout == "Nobody has it.\n"
    assert indexed.json(*FIND, "--phone", "+8613812345678") == {"customers": []}
    wrong = indexed.run(*FIND, "--phone", "call me", status=3)
    assert wrong.stderr == (
        "Error: phone: is no phone number of region US or with its country code\n"
    )


def test_a_look_up_is_recorded_and_who_may_not_look_finds_nobody(indexed: Shop) -> None:
    indexed.run(*FIND, "--phone", SECRETS[1], "--reason", "t-12")
    indexed.run(*FIND, "--phone", "+8613812345678")
    refused = indexed.run(*FIND[:3], "--as", "courier:c-3", "--phone", SECRETS[1], status=3)

    assert refused.stderr == "Error: the look-up is denied: purpose\n"
    accesses = indexed.json("access-log")["accesses"]
    assert [(one["subject"], one["outcome"], one["reason"]) for one in accesses] == [
        ("customer/ada", "found", "t-12"),
        ("", "nobody", None),
        ("", "denied", None),
    ]
    listed = indexed.run("access-log").stdout
    assert "contact of customer/ada  found" in listed
    assert "service  contact  nobody" in listed
    assert secrets_in([listed]) == []


def test_a_policy_of_ones_own_says_who_may_look(indexed: Shop) -> None:
    rule = (
        '[[rule]]\nrole = "desk"\npurpose = "service"\nmasked = ["contact"]\nbasis = "contract"\n'
    )
    indexed.keep("policy.toml", rule)

    said = indexed.run(*FIND, "--phone", SECRETS[1], "--policy", "policy.toml", status=3)

    assert said.stderr.startswith("Error: the look-up is denied: ")


@pytest.mark.parametrize(
    "words",
    [
        [*FIND],
        [*FIND, "--phone", "1", "--email", "2"],
        [*FIND[:3], "--phone", "1"],
        ["find", *FIND[3:], "--phone", "1"],
        ["index", "fill", "--region", "US"],
        ["index", "fill", "--contacts", "some"],
    ],
)
def test_a_wrong_command_line_is_said_to_be_wrong(shop: Shop, words: list[str]) -> None:
    assert "see regulars" in shop.run(*words, status=2).stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([*FIND, "--phone", "+14155550100"], "is not kept"),
        (["index", "fill"], "is not kept"),
        (["index", "rotate"], "is not kept"),
        (["index", "fill", "--contacts", "unique", "--region", "ZZ"], "knows no region ZZ"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(shop: Shop, words: list[str], why: str) -> None:
    said = shop.run(*words, status=3).stderr

    assert why in said
    assert said.count("\n") == 1


def test_the_key_of_the_index_is_changed(indexed: Shop) -> None:
    shown = indexed.run("index", "rotate", "--region", "DE").stdout

    assert [line.split() for line in shown.splitlines()[:3]] == [
        ["Index", "version", "2"],
        ["Full", "yes"],
        ["Tokens", "2"],
    ]
    assert indexed.run(*FIND, "--phone", SECRETS[1]).stdout == "ada\n"
    assert [one["version"] for one in indexed.json("index", "status")["versions"]] == [2]


def test_who_shares_a_contact_is_named_by_id(shop: Shop) -> None:
    contact = Contact(phone=SECRETS[1])
    with connect("sqlite:///regulars.db") as crm:
        twin = RegisterCustomer(customer=CustomerId("twin"), at=NOON, contact=contact)
        crm.execute(twin, by="web")
    unique = ("index", "fill", "--contacts", "unique", "--region", "US")

    (begun,) = shop.json(*unique)["versions"]
    shown = shop.run("index", "status").stdout
    shop.run("index", "fill", "--contacts", "shared", "--region", "US")
    refused = shop.run(*unique, status=3).stderr

    assert begun["shared"] == [{"field": "phone", "customers": ["ada", "twin"]}]
    assert "phone of ada, twin" in shown
    assert refused == (
        "Error: contacts cannot be unique while customers share a phone number: ada, twin\n"
    )
    assert secrets_in([json.dumps(begun), shown, refused]) == []


def test_an_index_that_is_not_full_says_how_far_it_is(indexed: Shop) -> None:
    def stop(done: int, of: int) -> None:
        raise InterruptedError(done, of)

    with connect("sqlite:///regulars.db") as crm, pytest.raises(InterruptedError):
        crm.lookup.rotate(progress=stop)

    assert "up to" in indexed.run("index", "status").stdout


def test_a_log_that_is_brought_in_leaves_an_index_to_be_filled(indexed: Shop) -> None:
    indexed.run("log", "export", "shop.log")
    indexed.run(*FIND, "--phone", SECRETS[1])
    with connect("sqlite:///other.db", keys="regulars.db.keys", contacts="unique", region="US"):
        pass

    indexed.run("log", "import", "shop.log", "--database", "sqlite:///other.db")

    other = ("--database", "sqlite:///other.db", "--keys", "regulars.db.keys")
    assert "not filled" in indexed.run(*FIND, "--phone", SECRETS[1], *other, status=3).stderr
