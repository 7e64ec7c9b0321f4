"""
The Big List of Naughty Strings in every cell of an import.

As a text each is kept letter by letter; as an id it is kept or the row is rejected; in any other
field the row is rejected unless the string happens to be a value of that field.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final
from unicodedata import category

import pytest

from regulars.adapters.history_kinds import KINDS
from regulars.domain.customer import CustomerRegistered, DeliveryAddressAdded
from regulars.domain.merchant import MerchantRegistered
from regulars.domain.personal import Address, Contact, Content, Profile
from regulars.domain.purchase import OrderPlaced
from regulars.domain.review import ReviewSubmitted
from tests.acceptance.bad_rows import ID, PERFECT
from tests.acceptance.recorded import boxes, opened_log
from tests.acceptance.rejects import listed_rejects
from tests.adapters.cli_shop import Shop
from tests.adapters.history_archive import Archive, csv_text, json_text
from tests.adapters.shared_data import shared_data

TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "merchants": ("name", "brand", "category", "address", "region", "extra"),
    "customers": (
        *("name", "phone", "email", "gender", "occupation", "address", "source"),
        "extra",
    ),
    "orders": ("payment_method", "region", "extra"),
    "lines": ("name", "category"),
    "reviews": ("text", "extra"),
}
"""The cells of each kind that may say anything."""

EVERY: Final = pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
"""Of how many strings one is taken: all of them by `make slow`."""


def naughty() -> list[str]:
    text = shared_data("badinput/blns/blns.json").read_text(encoding="utf-8")
    strings: list[str] = json.loads(text)
    assert len(strings) == 515
    return strings


def as_text(string: str) -> str | None:
    """What a cell with this string says: a blank one says nothing."""
    return string if string.strip() else None


def is_id(string: str) -> bool:
    """Whether the string can name something, as the format has it."""
    return (
        0 < len(string) <= 200
        and not string.isspace()
        and not any(category(letter) == "Cc" for letter in string)
    )


def written(shop: Shop, rows: Mapping[str, list[dict[str, str]]], ending: str) -> str:
    archive = Archive(shop.folder / "history")
    archive.folder.mkdir()
    for kind, some in rows.items():
        text = csv_text(some) if ending == "csv" else json_text(some)
        archive.keep(f"{kind}.{ending}", text)
    return "history"


@EVERY
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_as_a_text_every_string_is_kept_letter_by_letter(
    shop: Shop, ending: str, every: int
) -> None:
    strings = naughty()[::every]
    rows = {
        kind: [
            {ID[kind]: f"no-{number}", **PERFECT[kind], **dict.fromkeys(texts, string)}
            for number, string in enumerate(strings)
        ]
        for kind, texts in TEXTS.items()
    }

    run = shop.json("import", written(shop, rows, ending), "--keep-extra")

    assert all(counts["recorded"] == len(strings) for counts in run["rows"].values())
    found = kept(shop)
    for number, string in enumerate(strings):
        text = as_text(string)
        contact = Contact(name=text, phone=text, email=text)
        profile = Profile(gender=text, occupation=text)
        extra = Content(extra=(("extra", string),))
        assert found[f"no-{number}"] == {
            "merchant": (*[text] * 5, (("extra", string),) if text else ()),
            "contact": contact if text else None,
            "profile": profile if text else None,
            "customer": (text, extra if text else None),
            "address": Address(text=string) if text else None,
            "order": (text, text, extra if text else None),
            "line": (text, text),
            "review": Content(text=text, extra=(("extra", string),)) if text else None,
        }
    assert shop.json("verify")["sound"]
    assert shop.json("report", "--top", "600")["orders"] == len(strings)
    assert shop.run("report", "--top", "600").stdout


def kept(shop: Shop) -> dict[str, dict[str, Any]]:
    """What the log says of each number, boxes opened."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    with opened_log(shop.folder / "regulars.db") as (log, vault):
        for recorded in log.read():
            held = boxes(recorded, vault)
            match recorded.event:
                case MerchantRegistered(merchant=id_) as one:
                    texts = (one.name, one.brand, one.category, one.address, one.region)
                    found[id_]["merchant"] = (*texts, one.extra)
                case CustomerRegistered(customer=id_, source=source):
                    found[id_]["contact"] = held.get("contact")
                    found[id_]["profile"] = held.get("profile")
                    found[id_]["customer"] = (source, held.get("extra"))
                    found[id_]["address"] = None
                case DeliveryAddressAdded(customer=id_):
                    found[id_]["address"] = held["address"]
                case OrderPlaced(order=id_, lines=(line,)) as one:
                    found[id_]["order"] = (one.payment_method, one.region, held.get("extra"))
                    found[id_]["line"] = (line.name, line.category)
                case ReviewSubmitted(order=id_):
                    found[id_]["review"] = held.get("text")
                case _:
                    pass
    return found


@EVERY
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_as_an_id_every_string_names_something_or_its_row_is_rejected(
    shop: Shop, ending: str, every: int
) -> None:
    strings = naughty()[::every]
    mine = {"orders": {"customer_id": "", "merchant_id": ""}, "lines": {"sku": ""}}
    rows = {
        kind: [
            {ID[kind]: string, **PERFECT[kind], **dict.fromkeys(mine.get(kind, ()), string)}
            for string in strings
        ]
        for kind in TEXTS
    }
    bad = [number for number, string in enumerate(strings, 1) if not is_id(string)]
    good = {string for string in strings if is_id(string)}

    run = shop.json("import", written(shop, rows, ending), status=1)

    # A string that is in the list twice is the same row twice.
    listed = listed_rejects(shop.folder / "regulars.db.rejects.csv")
    assert {(one.file.split(".")[0], one.row, one.field) for one in listed} == {
        (kind, row, ID[kind]) for kind in TEXTS for row in bad
    }
    for kind, counts in run["rows"].items():
        lines = kind == "lines"
        assert counts["recorded"] == (len(strings) - len(bad) if lines else len(good))
        assert counts["rejected"] == len(bad)
    report = shop.json("report")
    assert (report["orders"], report["customers"], report["merchants"]) == (len(good),) * 3
    assert shop.json("verify")["sound"]
    for string in sorted(good)[::25]:
        profile = json.loads(shop.run("profile", "--json", "--", string).stdout)
        balance = json.loads(shop.run("balance", "--explain", "--json", "--", string).stdout)
        assert (profile["customer"], balance["balance"]) == (string, 10)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_in_every_single_cell_every_string_is_recorded_or_rejected_under_its_own_name(
    shop: Shop, ending: str
) -> None:
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    columns: dict[str, list[str]] = defaultdict(list)
    for kind in KINDS.values():
        for column in kind.columns[1:]:
            for number, string in enumerate(naughty()):
                name = f"{kind.name}-{column}-{number}"
                if kind.name in {"lines", "reviews"}:
                    rows["orders"].append({"order_id": name, **PERFECT["orders"]})
                    columns["orders"].append("lines")
                perfect = {ID[kind.name]: name, **PERFECT[kind.name]}
                rows[kind.name].append({**perfect, column: string})
                columns[kind.name].append(column)

    run = shop.json("import", written(shop, rows, ending), status=1)

    listed = listed_rejects(shop.folder / "regulars.db.rejects.csv")
    for one in listed:
        name = one.file.split(".")[0]
        assert one.field == columns[name][one.row - 1]
        assert one.field not in TEXTS[name]
    rejected = Counter(one.file.split(".")[0] for one in listed)
    for name, counts in run["rows"].items():
        assert counts["read"] == len(rows[name]) == counts["recorded"] + counts["rejected"]
        assert counts["rejected"] == rejected[name]
    assert rejected["orders"] > 5_000
    assert shop.json("verify")["sound"]
