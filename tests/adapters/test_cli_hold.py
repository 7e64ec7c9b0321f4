from pathlib import Path

import pytest

from regulars import AddDeliveryAddress, Address, AddressId, CustomerId, connect
from regulars.application.errors import SubjectErased
from tests.adapters.cli_shop import Shop, secrets_in
from tests.domain.story import NOON

DATABASE = "sqlite:///regulars.db"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def squeezed(said: str) -> str:
    return " ".join(said.split())


def test_a_hold_is_placed_listed_and_kept_from_erasure(shop: Shop) -> None:
    said = shop.run("hold", "ada", "--class", "address", "--basis", "case-17", "--by", "counsel:3")

    assert "ada address case-17 counsel:3" in squeezed(said.stdout)
    (listed,) = shop.json("holds")["holds"]
    assert listed.pop("since").endswith("+00:00")
    assert listed == {
        "customer": "ada",
        "class": "address",
        "basis": "case-17",
        "by": "counsel:3",
    }
    assert shop.json("holds", "bob") == {"holds": []}
    assert shop.json("erase", "ada", "--yes", status=1)["restricted"] == ["address"]
    assert secrets_in([said.output]) == []


def test_a_hold_ends_and_what_was_asked_for_meanwhile_is_erased_after_a_yes(shop: Shop) -> None:
    words = ("release", "ada", "--basis", "closed")
    shop.run("hold", "ada", "--class", "address", "--class", "contact", "--basis", "case-17")
    shop.run("erase", "ada", "--class", "address", "--yes", status=1)

    asked = shop.run(*words, status=1)
    assert "Erase address of ada for good" in asked.stderr
    assert "The hold stands" in asked.stderr
    assert "add --yes" in shop.run(*words, "--json", status=2).stderr
    only = shop.json(*words, "--class", "contact")
    assert ([one["class"] for one in only["released"]], only["erasures"]) == (["contact"], [])

    said = shop.run(*words, given=b"y\n").stdout
    assert "Ended: address" in said
    assert "1 key destroyed" in said
    assert shop.run("holds").stdout == "Nothing is held\n"
    assert "nothing was held" in shop.run(*words).stdout


def test_what_is_gone_cannot_be_held(shop: Shop) -> None:
    shop.run("erase", "ada", "--yes")

    said = shop.run("hold", "ada", "--class", "address", "--basis", "case-17", status=1)

    assert "Erased before, and not held: address" in said.stderr


def test_a_hold_is_on_somebody_and_for_a_reason(shop: Shop) -> None:
    hold = ("hold", "ada", "--class", "address")

    assert "no customer 'eve'" in (
        shop.run("hold", "eve", "--class", "address", "--basis", "b", status=3).stderr
    )
    assert "'--basis'" in shop.run(*hold, status=2).stderr
    assert "basis: a code is" in shop.run(*hold, "--basis", "Ada sues us", status=3).stderr
    assert "'--class'" in shop.run("hold", "ada", "--basis", "b", status=2).stderr


def test_who_was_erased_gives_data_again_once_that_is_authorised(shop: Shop) -> None:
    home = AddDeliveryAddress(
        customer=CustomerId("ada"),
        at=NOON,
        address_id=AddressId("new"),
        address=Address(text="Row 2"),
    )
    shop.run("erase", "ada", "--yes")
    with connect(DATABASE) as crm, pytest.raises(SubjectErased):
        crm.execute(home, by="web")

    said = shop.run("new-life", "ada", "--class", "address", "--basis", "came-back")

    assert "Taken in again address" in squeezed(said.stdout)
    with connect(DATABASE) as crm:
        crm.execute(home, by="web")
    assert shop.json("new-life", "ada", "--basis", "came-back")["begun"] == [
        *("contact", "payment", "identity", "profile", "content")
    ]
    assert "it is taken in as ever" in shop.run("new-life", "ada", "--basis", "b").stdout
