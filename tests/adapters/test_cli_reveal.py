import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from regulars import connect
from regulars.domain.personal import Contact
from regulars.domain.protection import NameParty, Party
from regulars.domain.values import OrderId
from tests.adapters.cli_shop import SECRETS, Shop, secrets_in
from tests.architecture.repository import ROOT
from tests.domain.story import NOON

DATABASE = "sqlite:///regulars.db"
SERVICE = ("--purpose", "service", "--as", "support:s-7", "--reason", "ticket-12")
HERSELF = ("--purpose", "subject_access", "--as", "customer:ada")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def reveal(*words: str, data_class: str = "contact") -> tuple[str, ...]:
    return ("reveal", "ada", "--class", data_class, *words)


def test_a_customer_is_shown_what_is_theirs(shop: Shop) -> None:
    assert shop.json(*reveal(*HERSELF)) == {
        "customer": "ada",
        "class": "contact",
        "outcome": "revealed",
        "denial": None,
        "value": {"name": SECRETS[0], "phone": SECRETS[1], "email": SECRETS[2]},
    }
    assert SECRETS[0] in shop.run(*reveal(*HERSELF)).stdout


def test_support_is_shown_masks(shop: Shop) -> None:
    said = shop.run(*reveal(*SERVICE)).stdout

    assert "Contact of ada: masked" in said
    assert "A*** L***" in said
    assert secrets_in(said) == []


def test_who_may_not_read_is_told_why_and_no_more(shop: Shop) -> None:
    said = shop.run(*reveal(*SERVICE, data_class="identity"), status=1).stdout

    assert "Identity of ada: denied" in said
    assert "purpose" in said
    document = shop.json(*reveal(*SERVICE, data_class="identity"), status=1)
    assert (document["outcome"], document["denial"], document["value"]) == (
        "denied",
        "purpose",
        None,
    )


def test_words_on_an_order_are_asked_for_with_the_order(shop: Shop) -> None:
    content = (*reveal(*HERSELF, data_class="content"), "--order")

    elsewhere = shop.run(*content[:-1], status=1).stdout
    found = shop.json(*content, "o1")
    said = shop.run(*content, "o1", "--field", "text").stdout

    assert "not kept" in elsewhere
    assert "ask with --order" in elsewhere
    (one,) = found["values"]
    assert (one["field"], one["outcome"]) == ("text", "revealed")
    assert one["value"]["text"] == SECRETS[4]
    assert SECRETS[4] in said
    for other in (("o1", "--field", "extra"), ("o2",), ("nothing",)):
        assert shop.json(*content, *other, status=1)["outcome"] == "not_kept"
    support = (*reveal(*SERVICE, data_class="content"), "--order", "o1")
    assert shop.json(*support, status=1)["values"][0]["denial"] == "purpose"


def test_what_is_not_kept_is_said_to_be_so(shop: Shop) -> None:
    assert "not kept" in shop.run(*reveal(*HERSELF, data_class="profile"), status=1).stdout


def test_a_value_whose_key_is_gone_is_not_shown(shop: Shop) -> None:
    (shop.folder / "regulars.db.keys").rename(shop.folder / "moved")
    other = shop.keep("other.keys", "k0 " + "A" * 43 + "=  active\n")

    said = shop.run(*reveal(*HERSELF, "--keys", str(other)), status=1).stdout

    assert "key unavailable" in said


def test_the_access_log_lists_who_asked_for_what(shop: Shop) -> None:
    shop.run(*reveal(*SERVICE))
    shop.run(*reveal(*HERSELF))
    shop.run(*reveal(*SERVICE, data_class="identity"), status=1)

    (first, second, third) = shop.json("access-log", "--customer", "ada")["accesses"]

    assert {**first, "at": None, "position": None} == {
        "position": None,
        "at": None,
        "role": "support",
        "actor": "s-7",
        "purpose": "service",
        "subject": "customer/ada",
        "class": "contact",
        "outcome": "masked",
        "denial": None,
        "order": None,
        "reason": "ticket-12",
        "bulk": False,
    }
    assert (second["role"], second["outcome"]) == ("customer", "revealed")
    assert (third["outcome"], third["denial"]) == ("denied", "purpose")
    assert len(shop.json("access-log", "--actor", "support:s-7")["accesses"]) == 2
    said = shop.run("access-log").stdout
    assert "3 values asked for" in said
    assert "denied: purpose" in " ".join(said.split())
    assert secrets_in(said) == []


@pytest.mark.parametrize("reader", ["support", "support:", ":s-7", ""])
def test_a_reader_has_a_role_and_an_id(shop: Shop, reader: str) -> None:
    said = shop.run(*reveal("--purpose", "service", "--as", reader), status=2)

    assert "is no reader; one is support:s-7" in said.stderr


def test_a_reason_in_words_is_refused(shop: Shop) -> None:
    said = shop.run(*reveal(*SERVICE[:-1], "she asked"), status=3)

    assert "reason: a code is" in said.stderr


def schema() -> Any:  # noqa: ANN401 - its stubs are partly unknown
    text = (ROOT / "docs" / "portable-export.schema.json").read_text(encoding="utf-8")
    document: Any = json.loads(text)
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def test_a_customer_takes_along_what_is_theirs(shop: Shop) -> None:
    shop.run(*reveal(*SERVICE))

    said = shop.json("export", "ada", "ada.json", "--as", "customer:ada")

    file = shop.folder / "ada.json"
    assert file.stat().st_mode & 0o777 == 0o600
    document = json.loads(file.read_text(encoding="utf-8"))
    schema().validate(document)
    assert (said["values"], said["orders"]) == (3, 2)
    assert (document["customer"], document["export_id"]) == ("ada", said["export_id"])
    values = {one["class"]: one["value"] for one in document["data"]}
    assert values["contact"]["name"] == SECRETS[0]
    assert values["address"]["text"] == SECRETS[3]
    assert values["content"]["text"] == SECRETS[4]
    assert [(one["order"], one["total"]) for one in document["orders"]] == [
        ("o1", "19.99"),
        ("o2", "30.00"),
    ]
    assert [(one["role"], one["outcome"]) for one in document["accesses"]] == [
        ("support", "masked")
    ]
    assert "points" not in {*document} - {"left_out"}
    assert "PersonalDataExported" in shop.run("events").stdout


def test_a_courier_takes_along_what_is_theirs(shop: Shop) -> None:
    contact = Contact(name=SECRETS[0], phone=SECRETS[1])
    with connect(DATABASE) as crm:
        crm.execute(
            NameParty(
                order=OrderId("o1"), at=NOON, party=Party.COURIER, who="c-7", contact=contact
            ),
            by="shop",
        )
    whose = ("--of", "courier", "--as")

    said = shop.json("export", "c-7", "c-7.json", *whose, "courier:c-7")
    other = shop.run("export", "c-7", "other.json", *whose, "courier:c-8", status=3)
    nobody = shop.run("export", "c-9", "other.json", *whose, "privacy_officer:po-1", status=3)

    document = json.loads((shop.folder / "c-7.json").read_text(encoding="utf-8"))
    schema().validate(document)
    assert (said["courier"], said["values"], said["orders"]) == ("c-7", 1, 0)
    assert (document["courier"], "customer" in document) == ("c-7", False)
    assert document["data"][0]["value"]["phone"] == SECRETS[1]
    assert "the export is denied: not_theirs" in other.stderr
    assert "nothing was ever told of courier/c-9" in nobody.stderr
    assert not (shop.folder / "other.json").exists()
    reads = [(one["subject"], one["outcome"]) for one in shop.json("access-log")["accesses"]]
    assert reads == [("courier/c-7", "revealed"), ("courier/c-7", "denied")]


def test_a_document_that_is_not_as_published_is_noticed(shop: Shop) -> None:
    shop.run("export", "ada", "ada.json", "--as", "customer:ada")
    document = json.loads((shop.folder / "ada.json").read_text(encoding="utf-8"))

    assert not schema().is_valid({**document, "points": 15})
    assert not schema().is_valid({**document, "format": "regulars/personal-data/1"})
    assert not schema().is_valid({**document, "courier": "c-1"})


def test_an_export_replaces_no_file_and_records_nothing_then(shop: Shop) -> None:
    shop.keep("ada.json", "mine")

    said = shop.run("export", "ada", "ada.json", "--as", "customer:ada", status=3)

    assert "ada.json" in said.stderr
    assert (shop.folder / "ada.json").read_text() == "mine"
    assert shop.json("access-log")["accesses"] == []
    shop.run("export", "ada", "regulars.db", "--as", "customer:ada", status=3)


def test_nobody_takes_along_what_is_anothers(shop: Shop) -> None:
    said = shop.run("export", "ada", "ada.json", "--as", "customer:bob", status=3)
    nobody = shop.run("export", "eve", "ada.json", "--as", "customer:bob", status=3)

    assert "the export is denied: not_theirs" in said.stderr
    assert said.stderr == nobody.stderr
    assert not (shop.folder / "ada.json").exists()
    assert {one["denial"] for one in shop.json("access-log")["accesses"]} == {"not_theirs"}


def test_nobody_has_an_export_of_nobody(shop: Shop) -> None:
    said = shop.run("export", "eve", "eve.json", "--as", "privacy_officer:po-1", status=3)

    assert "customer eve is not registered" in said.stderr


@pytest.mark.parametrize("command", ["reveal", "access-log", "export"])
def test_the_commands_explain_themselves(shop: Shop, command: str) -> None:
    said = shop.run(command, "--help").stdout

    assert "Examples:" in said
    assert "record" in said
