from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from regulars.adapters.what_if_plot import plotted
from regulars.application.replaying import Compared
from regulars.application.what_if import WhatIf
from tests.adapters.cli_shop import Shop

DOUBLE = "[[earning]]\npoints = 2\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path).opened()
    shop.keep("double.toml", DOUBLE)
    return shop


def test_other_rules_are_told_customer_by_customer(shop: Shop) -> None:
    found = shop.json("what-if", "double.toml", "--worth", "0.005", "USD.3")

    # Ada's 19.99 and 30.00, of which the latter came back, and Bob's 1,234.50.
    assert found == {
        "program": "default",
        "from": None,
        "to": None,
        "orders": 3,
        "customers": 2,
        "recorded": 19 + 1234,
        "other": 39 + 2469,
        "difference": 20 + 1235,
        "winners": 2,
        "losers": 0,
        "cost": {"amount": "6.275", "currency": "USD.3"},
        "by_customer": [
            {"customer": "ada", "orders": 2, "recorded": 19, "other": 39, "difference": 20},
            {"customer": "bob", "orders": 1, "recorded": 1234, "other": 2469, "difference": 1235},
        ],
    }


def test_the_largest_differences_are_shown_first(shop: Shop) -> None:
    said = " ".join(shop.run("what-if", "double.toml", "--worth", "1", "USD").stdout.split())

    for words in (
        "What if double.toml had been in force",
        "Orders 3 of 2 customers",
        "Points as recorded 1,253 Points by double.toml 2,508 Difference +1,255",
        "Would have more 2 Would have less 0 Cost 1,255.00 USD",
        "bob 1 1,234 2,469 +1,235 ada 2 19 39 +20",
    ):
        assert words in said
    listed = shop.json("what-if", "double.toml", "--top", "1")["by_customer"]
    assert [one["customer"] for one in listed] == ["bob"]


def test_unchanged_rules_make_no_difference(shop: Shop) -> None:
    shop.keep("same.toml", "[[earning]]\npoints = 1\n")

    assert shop.json("what-if", "same.toml")["difference"] == 0
    assert "Largest" not in shop.run("what-if", "same.toml").stdout


@pytest.mark.parametrize(
    ("words", "orders"),
    [
        (("--from", "2024-05-02"), 2),
        (("--to", "2024-05-01"), 1),
        (("--to", "9999-12-31"), 3),
        (("--from", "2024-05-01T10:00:00Z", "--to", "2024-05-01T10:00:00Z"), 1),
        (("--from", "2024-05-04", "--timezone", "Asia/Shanghai"), 1),
    ],
)
def test_a_period_has_both_of_its_ends(shop: Shop, words: tuple[str, ...], orders: int) -> None:
    assert shop.json("what-if", "double.toml", *words)["orders"] == orders


def test_the_picture_has_a_step_for_each_customer(shop: Shop) -> None:
    shop.run("what-if", "double.toml", "--plot", "double.svg")

    drawn = (shop.folder / "double.svg").read_text(encoding="utf-8")
    texts = [one.text for one in ET.fromstring(drawn).iter() if one.tag.endswith("text")]  # noqa: S314 - our own
    assert texts == [
        "Points by double.toml",
        "2 customers: 2 would have more, 0 less, +1,255 points in all",
        "0",
        "+1,235",
    ]
    shop.run("what-if", "double.toml", "--plot", "double.svg", status=3)
    shop.run("what-if", "double.toml", "--plot", "regulars.db", status=3)


def test_a_picture_of_many_has_the_first_and_the_last() -> None:
    many = WhatIf(
        customers=tuple(
            Compared(customer=str(one), orders=1, recorded=1_000, other=one) for one in range(2_001)
        )
    )

    drawn = plotted(many, title="<New>")

    assert "&lt;New&gt;" in drawn
    assert ">+1,000</text>" in drawn
    assert ">-1,000</text>" in drawn
    # Down to the greatest loss at once, and up to the greatest gain in the end.
    assert "M110,220.0V370.0H111.0" in drawn
    assert "V70.0H910.0V220.0Z" in drawn


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--worth", "1.234", "USD"), "the amount has more decimal places than its currency"),
        (("--worth", "1", "dollars"), "the currency is not a currency"),
        (("--worth", " ", "USD"), "the amount is required"),
        (("--from", "May"), "'May' is no time"),
    ],
)
def test_what_cannot_be_meant_is_told(shop: Shop, words: tuple[str, ...], said: str) -> None:
    assert said in shop.run("what-if", "double.toml", *words, status=2).stderr


def test_rules_that_cannot_be_replayed_are_told(shop: Shop) -> None:
    shop.keep("flaw.toml", "[[earning]]\npoints = -1\n")
    shop.keep(
        "balance.toml",
        f"{DOUBLE}[[ladder]]\nbasis = 'balance'\nfor_ever = true\n"
        "levels = [{ tier = 'gold', least = 5 }]\n",
    )

    assert "flaw.toml, line 2" in shop.run("what-if", "flaw.toml", status=3).stderr
    said = shop.run("what-if", "balance.toml", status=3).stderr
    assert said == (
        "Error: a ladder by balance cannot be replayed: it asks what customers would have spent\n"
    )
