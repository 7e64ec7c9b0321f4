import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from regulars import connect
from regulars.adapters.cli import regulars
from regulars.application.erasing import Step
from regulars.domain.personal import Contact, DataClass
from regulars.domain.protection import NameParty, Party
from regulars.domain.values import OrderId
from tests.adapters.cli_shop import Shop, secrets_in
from tests.domain.story import NOON

DATABASE = "sqlite:///regulars.db"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def answering(answer: str, *words: str) -> Any:  # noqa: ANN401 - what click's runner gives
    return CliRunner().invoke(regulars, words, obj=connect, input=answer, catch_exceptions=False)


def squeezed(said: str) -> str:
    return " ".join(said.split())


def hold(*classes: DataClass) -> None:
    with connect(DATABASE) as crm:
        crm.erasures.hold("ada", by="counsel", basis="tax", classes=classes)


def test_a_customer_is_erased_after_a_yes(shop: Shop) -> None:
    said = answering("y\n", "erase", "ada")

    assert said.exit_code == 0
    assert "contact to be destroyed with 1 key address" in squeezed(said.stdout)
    assert "payment none identity" in squeezed(said.stdout)
    assert "3 keys destroyed" in said.stdout
    assert secrets_in([said.output]) == []
    verdict = shop.json("verify")
    assert (verdict["boxes"]["open"], verdict["boxes"]["erased"]) == (0, 3)


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_is_erased(shop: Shop, answer: str) -> None:
    said = answering(answer, "erase", "ada")

    assert said.exit_code == 1
    assert said.stderr.endswith("Nothing was erased\n")
    assert shop.json("erasures") == {"erasures": []}


def test_the_certificate_is_the_answer_in_json_and_in_the_file(shop: Shop) -> None:
    said = shop.json("erase", "ada", "--yes", "--class", "address", "--certificate", "ada.json")

    assert said == json.loads((shop.folder / "ada.json").read_text())
    assert (said["customer"], said["classes"], said["complete"]) == ("ada", ["address"], True)
    assert said["requested"]["by"] == "cli"
    assert shop.json("erasures") == shop.json("erasures", "ada") == {"erasures": [said]}
    assert shop.json("erasures", "bob") == {"erasures": []}


def test_a_certificate_never_takes_the_place_of_a_file(shop: Shop) -> None:
    shop.keep("ada.json", "mine")

    for file, why in (("ada.json", "stands there"), ("regulars.db.keys", "belongs to")):
        refused = shop.run("erase", "ada", "--yes", "--certificate", file, status=3)
        assert why in refused.stderr

    assert shop.json("erasures") == {"erasures": []}


@pytest.mark.usefixtures("shop")
def test_what_is_held_is_shown_kept_and_told_of() -> None:
    hold(DataClass.ADDRESS)

    said = answering("y\n", "erase", "ada")

    assert said.exit_code == 1
    assert "address kept: under a legal hold" in squeezed(said.stdout)
    assert "Kept" in said.stdout
    again = answering("n\n", "erase", "ada")
    assert "contact erased already" in squeezed(again.stdout)


def test_an_erasure_that_was_cut_short_is_seen_and_resumed(shop: Shop) -> None:
    def cut(step: Step) -> None:
        if step is Step.FENCED:
            raise KeyboardInterrupt

    with connect(DATABASE) as crm, pytest.raises(KeyboardInterrupt):
        crm.erasures.erase("ada", by="cli", basis="request", told=cut)

    assert "Waiting" in shop.run("erasures", status=1).stdout
    assert "3 keys destroyed" in shop.run("erasures", "--resume").stdout


def test_there_may_be_no_erasures(shop: Shop) -> None:
    assert shop.run("erasures").stdout == "There are no erasures\n"


def test_nobody_cannot_be_erased(shop: Shop) -> None:
    assert shop.run("erase", "eve", "--yes", status=3).stderr == (
        "Error: there is no customer 'eve'\n"
    )


@pytest.mark.parametrize(
    ("command", "status", "why"),
    [
        ("erase --yes", 3, "customer: an id is 1 to 200 characters"),
        ("profile", 3, "customer: an id is 1 to 200 characters"),
        ("release --yes --basis b", 3, "customer: an id is 1 to 200 characters"),
        ("reveal", 3, "customer: an id is 1 to 200 characters"),
    ],
)
def test_bytes_that_are_no_text_name_nobody_and_are_told_in_one_line(
    shop: Shop, command: str, status: int, why: str
) -> None:
    asked = "--class contact --purpose service --as support:s-7".split()
    words = [*command.split(), "\udcff\udcfe", *(asked if command == "reveal" else [])]

    told = shop.run(*words, status=status).stderr

    assert why in told
    assert told.count("\n") == 1


def test_json_asks_no_question(shop: Shop) -> None:
    assert "add --yes" in shop.run("erase", "ada", "--json", status=2).stderr


def test_a_courier_a_merchant_and_an_order_are_erased_by_name(shop: Shop) -> None:
    with connect(DATABASE) as crm:
        crm.execute(
            NameParty(
                order=OrderId("o1"),
                at=NOON,
                party=Party.COURIER,
                who="c-7",
                contact=Contact(phone="13812345678"),
            ),
            by="shop",
        )

    said = answering("y\n", "erase", "--courier", "c-7")

    assert said.exit_code == 0
    assert "Personal data of courier c-7" in said.stdout
    assert "Courier c-7" in said.stdout
    (told,) = shop.json("erasures", "--courier", "c-7")["erasures"]
    assert (told["courier"], told["complete"]) == ("c-7", True)
    for words, why in (
        (("--merchant", "m-9"), "there is no merchant 'm-9'"),
        (("--order", "o-9"), "there is no order 'o-9'"),
        (("--order", "o1"), "is of customer ada"),
    ):
        assert why in shop.run("erase", *words, "--yes", status=3).stderr
    for both in ((), ("ada", "--courier", "c-7")):
        assert "name one" in shop.run("erase", *both, "--yes", status=2).stderr
