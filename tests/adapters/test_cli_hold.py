from pathlib import Path

import pytest

from regulars import AddDeliveryAddress, Address, AddressId, CustomerId, connect
from regulars.application.errors import SubjectErased
from regulars.domain.personal import Contact
from regulars.domain.protection import NameParty, Party
from regulars.domain.values import OrderId
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
    words = ("release", "ada", "--basis", "case-17")
    shop.run("hold", "ada", "--class", "address", "--class", "contact", "--basis", "case-17")
    shop.run("erase", "ada", "--class", "address", "--yes", status=1)

    asked = shop.run(*words, status=1)
    assert "Erase address of customer ada for good" in asked.stderr
    assert "The hold stands" in asked.stderr
    assert "add --yes" in shop.run(*words, "--json", status=2).stderr
    only = shop.json(*words, "--class", "contact")
    assert ([one["class"] for one in only["released"]], only["erasures"]) == (["contact"], [])

    said = shop.run(*words, given=b"y\n").stdout
    assert "Ended: address" in said
    assert "1 key destroyed" in said
    assert shop.run("holds").stdout == "Nothing is held\n"
    assert "nothing was held by case-17" in shop.run(*words).stdout


def test_a_second_hold_is_one_of_its_own_and_stands_when_the_first_ends(shop: Shop) -> None:
    hold = ("hold", "ada", "--class", "contact", "--basis")
    release = ("release", "ada", "--class", "contact", "--basis")
    shop.run(*hold, "tax-2026")

    said = squeezed(shop.run(*hold, "case-17", "--by", "counsel:2").stdout)
    assert "ada contact tax-2026" in said
    assert "ada contact case-17 counsel:2" in said
    shop.run("erase", "ada", "--class", "contact", "--yes", status=1)
    ended = shop.run(*release, "tax-2026").stdout

    assert ended == "Ended: contact\nStill held: contact by case-17\n"
    assert [one["basis"] for one in shop.json("holds")["holds"]] == ["case-17"]
    assert "Ended: nothing was held by case-71" in shop.run(*release, "case-71").stdout
    assert "add --yes" in shop.run(*release, "case-17", "--json", status=2).stderr
    assert shop.json(*release, "case-17", "--yes")["erasures"][0]["complete"]


def test_what_is_gone_cannot_be_held(shop: Shop) -> None:
    shop.run("erase", "ada", "--yes")

    said = shop.run("hold", "ada", "--class", "address", "--basis", "case-17", status=1)

    assert "Erased before, and not held: address" in said.stderr


def test_a_hold_is_on_somebody_and_for_a_reason(shop: Shop) -> None:
    hold = ("hold", "ada", "--class", "address")

    assert "no customer 'eve'" in (
        shop.run("hold", "eve", "--class", "address", "--basis", "b", status=3).stderr
    )
    assert "no customer 'eve'" in shop.run("new-life", "eve", "--basis", "b", status=3).stderr
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
    assert "it is taken in already" in shop.run("new-life", "ada", "--basis", "b").stdout


def test_who_serves_orders_is_held_let_go_of_and_taken_in_again(shop: Shop) -> None:
    named = NameParty(
        order=OrderId("o1"),
        at=NOON,
        party=Party.COURIER,
        who="c-7",
        contact=Contact(phone="13812345678"),
    )
    with connect(DATABASE) as crm:
        crm.execute(named, by="shop")
    whose = ("--courier", "c-7")

    held = shop.run("hold", *whose, "--class", "contact", "--basis", "case-17").stdout
    assert "courier c-7 contact case-17" in squeezed(held)
    assert [one["courier"] for one in shop.json("holds", *whose)["holds"]] == ["c-7"]
    due = shop.run("retention", "due", "--at", "2100-01-01").stdout
    assert "courier c-7" not in due
    assert shop.json("erase", *whose, "--yes", status=1)["restricted"] == ["contact"]
    asked = shop.run("release", *whose, "--basis", "case-17", status=1).stderr
    assert "Erase contact of courier c-7 for good" in asked
    (done,) = shop.json("release", *whose, "--basis", "case-17", "--yes")["erasures"]
    assert (done["courier"], done["complete"]) == ("c-7", True)

    said = shop.run("new-life", *whose, "--class", "contact", "--basis", "came-back").stdout
    assert "Courier c-7" in said
    with connect(DATABASE) as crm:
        crm.execute(named, by="shop")
    found = shop.json("retention", "due", "--at", "2100-01-01")["due"]
    assert {"courier": "c-7", "class": "contact", "rule": "service", "days": 184}.items() <= (
        next(one for one in found if "courier" in one).items()
    )
    assert "courier c-7" in shop.run("retention", "due", "--at", "2100-01-01").stdout
    assert "name one" in shop.run("new-life", "--basis", "b", status=2).stderr
