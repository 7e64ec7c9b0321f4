"""The command line over a database of two programmes: each answers for the one that is meant."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from regulars import connect
from regulars.adapters.cli import regulars
from regulars.domain.coupon import IssueCoupon
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_terms import Kind, Terms
from regulars.domain.program import DefineProgram
from regulars.domain.values import BEGINNING, CouponId, CustomerId, OfferId, ProgramId
from tests.adapters.cli_shop import ORDERS, Shop

CLUB = ProgramId("club")
NOODLES = ProgramId("m-1/noodles")
ADA = CustomerId("ada")
CAKE = OfferId("cake")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders earn in `club`; Ada has points of another shop beside, and a coupon of a third."""
    folder = tmp_path_factory.mktemp("programs")
    url = f"sqlite:///{folder / 'regulars.db'}"
    shop = Shop(folder)
    shop.keep("orders.csv", ORDERS)
    shop.keep("club.toml", 'name = "Club"\n[[earning]]\npoints = 2\n')
    shop.run(
        *("import", str(folder / "orders.csv"), "--database", url),
        *("--program", str(folder / "club.toml"), "--program-id", "club"),
    )
    terms = Terms(kind=Kind.FIXED, currency="USD", value=5_00)
    bakery = ProgramId("bakery")
    with connect(url, program_id=CLUB) as crm:
        crm.execute(DefineProgram(program=NOODLES, at=BEGINNING, name="Noodles"), by="host")
        crm.execute(DefineOffer(program=bakery, offer=CAKE, at=BEGINNING, terms=terms), by="host")
        crm.execute(
            IssueCoupon(
                program=bakery, offer=CAKE, coupon=CouponId("c-1"), at=BEGINNING, customer=ADA
            ),
            by="host",
        )
    shop.run(
        *("points", "migrate", "ada", "70", "--ref", "old", "--program", NOODLES),
        *("--database", url),
    )
    return folder


@pytest.fixture
def shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "120")
    return Shop(folder)


def test_programmes_are_listed_with_their_names_and_versions(shop: Shop) -> None:
    told = shop.json("program", "list")["programs"]

    assert [(one["program"], one["name"], one["rules"]) for one in told] == [
        ("club", "Club", 1),
        ("m-1/noodles", "Noodles", 0),
    ]
    said = shop.run("program", "list").stdout
    assert "m-1/noodles  Noodles" in said
    assert shop.json("program", "show", "--program", "club")["name"] == "Club"


def test_each_command_answers_for_the_programme_that_is_meant(shop: Shop) -> None:
    def told(*words: str, program: str = "club") -> dict[str, object]:
        answer: dict[str, object] = shop.json(*words, "--program", program)
        return answer

    assert (told("balance", "ada")["earned"], told("balance", "ada")["program"]) == (99, "club")
    assert told("balance", "ada", program=NOODLES)["balance"] == 70
    assert told("balance", "ada", program=NOODLES)["other_programs"] == ["bakery", "club"]
    others = "Has part in other programmes too: bakery, m-1/noodles"
    assert others in shop.run("balance", "ada", "--program", "club").stdout
    assert told("explain", "balance", "ada", program=NOODLES)["available"] == 70
    assert told("explain", "lot", "ada", "o1")["program"] == "club"
    assert told("explain", "order", "o1")["why"] == "39.98 points by rules 1, rounded down to 39"
    for words in (
        ("tier", "ada"),
        ("referral", "ada"),
        ("liability", "--as-of", "2024-05-31"),
        ("what-if", "club.toml"),
        ("points", "notices", "--days", "3"),
    ):
        assert told(*words)["program"] == "club"
    assert told("coupons", "offer", "cake", program="bakery")["program"] == "bakery"


def test_a_member_is_shown_in_every_programme_or_in_one(shop: Shop) -> None:
    every = shop.json("member", "ada")["programs"]
    one = shop.json("member", "ada", "--program", "club")["programs"]
    early = shop.json("member", "ada", "--as-of", "2024-05-03")["programs"]

    points = {told["program"]: told["points"]["available"] for told in every}
    assert points == {"bakery": 0, "club": 39, "m-1/noodles": 70}
    assert [told["program"] for told in one] == ["club"]
    assert [told["program"] for told in early] == ["bakery", "club"]
    said = shop.run("member", "ada").stdout
    assert said.count("Customer ada at") == 3
    assert "there is no customer 'eve'" in shop.run("member", "eve", status=3).stderr


def test_coupons_of_every_programme_are_listed_or_of_one(shop: Shop) -> None:
    (coupon,) = shop.json("coupons", "of", "ada")["coupons"]

    assert (coupon["program"], coupon["took_off"]) == (
        "bakery",
        {"amount": "0.00", "currency": "USD"},
    )
    assert shop.json("coupons", "of", "ada", "--program", "club")["coupons"] == []
    assert "bakery     cake   c-1" in shop.run("coupons", "of", "ada").stdout


ASKED: Final = {
    *("balance", "member", "tier", "liability", "referral", "simulate", "what-if", "why-not"),
    *("explain order", "explain lot", "explain balance", "coupons of", "coupons offer"),
    *("campaign show", "campaign grant", "care run", "merge", "program show"),
    *("points notices", "points adjust", "points transfer", "points migrate", "points close"),
}
"""The commands whose answer depends on a programme."""


def asking(group: click.Group, *path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from asking(command, *path, name)
        elif any("--program" in one.opts and one.metavar == "ID" for one in command.params):
            yield " ".join((*path, name))


def test_every_command_that_depends_on_a_programme_can_be_told_which() -> None:
    assert set(asking(regulars)) == ASKED


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("balance", "ada"), "default"),
        (("import", "orders.csv"), "default"),
        (("member", "ada", "--program", "clbu"), "clbu"),
        (("points", "close", "ada", "--reason", "r", "--program", "clbu"), "clbu"),
    ],
)
def test_a_programme_that_is_not_there_is_named_with_those_that_are(
    shop: Shop, words: tuple[str, ...], named: str
) -> None:
    said = shop.run(*words, status=3).stderr

    assert said == f"Error: programme {named} is not defined; there are club, m-1/noodles\n"


def test_an_id_that_is_none_is_told(shop: Shop) -> None:
    said = shop.run("balance", "ada", "--program", "", status=2).stderr

    assert "program: an id is 1 to 200 characters" in " ".join(said.split())
