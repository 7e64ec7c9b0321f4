"""Files with bad rows: the rest is recorded, and each bad row is named with what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

from tests.acceptance.bad_rows import ID, NOON, PERFECT, Bad, bad_rows
from tests.acceptance.rejects import listed_rejects
from tests.adapters.cli_shop import ORDERS, Shop
from tests.adapters.history_archive import Archive, csv_text, json_text

RAW_CSV: Final = {
    '"odd"-1,quote': "",
    ",".join(["odd-2", *["more"] * 40]): "",
}
RAW_JSON: Final = {
    "no json": "",
    '["a", "list"]': "",
    '{"order_id": "odd-1"': "",
    '{"order_id": "odd-2", "placed_at": "2024-05-01", "currency": "USD", "total": NaN}': "",
    '{"order_id": "odd-3", "placed_at": "2024-05-01T10:00Z", "currency": "USD", "total": true}': (
        "total"
    ),
    '{"order_id": ["odd-4"], "placed_at": "2024-05-01T10:00Z", "currency": "USD", "total": 1}': (
        "order_id"
    ),
    '{"order_id": "odd-5", "placed_at": "2024-05-01T10:00Z", "currency": "USD", "total": 1e3}': (
        "total"
    ),
    '{"order_id": "odd-6", "placed_at": {}, "currency": "USD", "total": 1}': "placed_at",
}
"""Lines of an orders file that are no rows, with the field that is named; empty for the whole."""

_NO_CELLS: Final[Mapping[str, str]] = {}


@define
class Files:
    """Rows by kind, good ones and bad ones, and which of them are to be rejected for what."""

    rows: dict[str, list[Mapping[str, str]]] = field(factory=lambda: defaultdict(list))
    wrong: list[tuple[str, int, str]] = field(factory=list[tuple[str, int, str]])
    skipped: Counter[str] = field(factory=Counter[str])

    def add(
        self,
        kind: str,
        name: str,
        cells: Mapping[str, str] = _NO_CELLS,
        *,
        wrong: str | None = None,
    ) -> None:
        """A row with this id; `wrong` is the field that it is rejected for."""
        self.rows[kind].append({ID[kind]: name, **PERFECT[kind], **cells})
        if wrong is not None:
            self.wrong.append((kind, len(self.rows[kind]), wrong))

    def add_bad(self, bad: Bad, number: int) -> None:
        """A bad row beside a good one, or with all that hangs on it."""
        name = f"{bad.kind}-{number}"
        match bad.kind:
            case "orders" | "customers" | "merchants":
                self.add(bad.kind, f"good-{name}")
                self.add(bad.kind, f"bad-{name}", bad.cells, wrong=bad.field)
            case "reviews":
                self.add("orders", name)
                self.add("reviews", name)
                nothing = dict.fromkeys(PERFECT["reviews"], "")
                self.add("reviews", name, nothing | dict(bad.cells), wrong=bad.field)
            case _ if bad.field == "order_id":
                self.add("lines", name, bad.cells, wrong="order_id")
            case _:
                self.add("orders", name, wrong="lines")
                self.add("lines", name, wrong="order_id")
                self.add("lines", name, bad.cells, wrong=bad.field)

    def add_contradictions(self) -> None:
        """Rows that are good by themselves and bad beside others."""
        self.add("orders", "cancelled", {"status": "cancelled", "cancelled_at": NOON})
        self.add("reviews", "cancelled", wrong="")
        self.add("reviews", "never-placed", wrong="")
        self.add("lines", "bad-orders-7", wrong="order_id")
        for kind, cells, wrong in (
            ("orders", {"total": "11.00"}, "order_id"),
            ("customers", {"name": "Somebody else"}, ""),
            ("merchants", {"name": "Another kitchen"}, ""),
            ("reviews", {"stars": "4"}, ""),
        ):
            self.add(kind, "twice")
            self.add(kind, "twice", cells, wrong=wrong)
            self.add(kind, "twice")
            self.skipped[kind] += 1
        self.add("lines", "twice")

    def counts(self) -> dict[str, dict[str, int]]:
        """What an import is to tell of each kind."""
        rejected = Counter(kind for kind, _, _ in self.wrong)
        return {
            kind: {
                "read": len(rows),
                "recorded": len(rows) - rejected[kind] - self.skipped[kind],
                "skipped": self.skipped[kind],
                "rejected": rejected[kind],
            }
            for kind, rows in self.rows.items()
        }


def every_bad_row() -> Files:
    files = Files()
    for number, bad in enumerate(bad_rows()):
        files.add_bad(bad, number)
    files.add_contradictions()
    return files


def written(shop: Shop, files: Files, ending: str) -> str:
    """The folder with a file of each kind; raw lines follow the orders' own."""
    archive = Archive(shop.folder / "history")
    archive.folder.mkdir()
    raw = RAW_CSV if ending.startswith("csv") else RAW_JSON
    for kind, rows in files.rows.items():
        text = csv_text(rows) if ending.startswith("csv") else json_text(rows)
        if kind == "orders":
            for number, wrong in enumerate(raw.values(), len(rows) + 1):
                files.wrong.append(("orders", number, wrong))
            rows.extend([_NO_CELLS] * len(raw))
            text += "".join(f"{line}\n" for line in raw)
        archive.keep(f"{kind}.{ending}", text)
    return "history"


@pytest.mark.parametrize("ending", ["csv", "jsonl", "csv.gz"])
def test_every_bad_row_is_listed_with_its_place_and_field_and_the_rest_is_recorded(
    shop: Shop, ending: str
) -> None:
    files = every_bad_row()
    history = written(shop, files, ending)

    run = shop.json("import", history, status=1)

    counts = files.counts()
    listed = listed_rejects(shop.folder / "regulars.db.rejects.csv")
    assert [(one.file, one.row, one.field) for one in listed] == sorted(
        (f"{kind}.{ending}", row, wrong) for kind, row, wrong in files.wrong
    )
    assert all(one.reason.strip() for one in listed)
    assert run["rows"] == counts
    assert run["rejected"] == len(files.wrong)
    report = shop.json("report")
    assert report["orders"] + report["cancelled_orders"] == counts["orders"]["recorded"]
    assert report["cancelled_orders"] == 1
    assert report["rejects"] == len(files.wrong)
    assert shop.json("verify")["sound"]


def test_neither_the_rejects_file_nor_the_screen_repeats_what_a_bad_row_says(shop: Shop) -> None:
    history = written(shop, every_bad_row(), "csv")

    said = shop.run("import", history, status=1)

    listed = (shop.folder / "regulars.db.rejects.csv").read_text(encoding="utf-8")
    values = {bad.value for bad in bad_rows() if len(bad.value) > 6} - {NOON}
    examples = {"2024-05-01T18:30:00+02:00", "1990-12-31"}
    assert len(values - examples) > 20
    assert [value for value in values if value in listed + said.stdout + said.stderr] == []


def test_bad_rows_imported_again_record_nothing_and_are_listed_again(shop: Shop) -> None:
    history = written(shop, every_bad_row(), "csv")
    first = shop.json("import", history, status=1)
    listed = (shop.folder / "regulars.db.rejects.csv").read_bytes()

    again = shop.json("import", history, status=1)

    assert (again["events"], again["rejected"]) == (0, first["rejected"])
    assert (shop.folder / "regulars.db.rejects.csv").read_bytes() == listed
    assert shop.json("report")["rejects"] == first["rejected"]


def test_rows_under_ids_that_were_imported_with_other_content_are_rejected(shop: Shop) -> None:
    shop.opened()
    before = [line for line in shop.run("events", "--json").stdout.splitlines() if line]
    for name in ("orders.csv", "customers.jsonl", "reviews.csv"):
        path = shop.folder / "history" / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("19.99", "29.99").replace("Ada", "Eda").replace(",5,", ",4,"))

    run = shop.json("import", "history", status=1)

    listed = listed_rejects(shop.folder / "regulars.db.rejects.csv")
    assert [(one.file, one.row, one.field) for one in listed] == [
        ("customers.jsonl", 1, ""),
        ("lines.csv", 1, "order_id"),
        ("lines.csv", 2, "order_id"),
        ("orders.csv", 1, ""),
        ("reviews.csv", 1, ""),
    ]
    assert {one.reason for one in listed if not one.field} == {"the same id with other content"}
    assert run["events"] == 0
    assert shop.run("events", "--json").stdout.splitlines() == before


UNREADABLE: Final[Mapping[str, bytes]] = {
    "orders.csv": b"",
    "orders-2.csv": b"order_id,placed_at,currency\n",
    "orders-3.csv": b"order_id,order_id,placed_at,currency,total\n",
    "orders-4.csv": b"order_id,placed_at,currency,total\nx\xff1,2024-05-01T10:00:00Z,USD,1\n",
    "orders-5.csv": b'order_id,placed_at,currency,total\n"x1,2024-05-01T10:00:00Z,USD,1\nx2,,,\n',
    "orders-6.csv.gz": b"no gzip at all",
    "orders-7.jsonl.gz": b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02",
    "orders-8.csv": "order_id,placed_at,currency,total\n".encode("utf-16"),
    "orders-9.jsonl": b"[" * (1 << 24),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_stops_the_import_in_one_line_with_nothing_half_written(
    shop: Shop, name: str
) -> None:
    shop.opened()
    before = shop.json("report")
    shop.keep("history/customers-2.csv", "customer_id,name\neve,Eve\n")
    (shop.folder / "history" / name).write_bytes(UNREADABLE[name])
    good = shop.keep("orders-good.csv", ORDERS.replace("o1", "o11"))

    said = shop.run("import", "history", str(good), status=3)

    (line,) = [one for one in said.stderr.splitlines() if one]
    assert line.startswith(f"Error: {Path('history', name)}")
    assert said.stdout == ""
    assert shop.json("verify")["sound"]
    # Customers come before orders and were whole; of the orders none had been recorded yet.
    assert shop.json("report") == before | {"customers": before["customers"] + 1}
    assert shop.files().isdisjoint({"regulars.db.rejects.csv", ".regulars.db.rejects.csv.part"})


def test_an_id_of_200_characters_names_anything(shop: Shop) -> None:
    archive = Archive(shop.folder / "history")
    archive.folder.mkdir()
    for kind, perfect in PERFECT.items():
        more = {"customer_id": "c" * 200, "merchant_id": "m" * 200} if kind == "orders" else {}
        archive.keep(f"{kind}.csv", csv_text([{ID[kind]: "i" * 200, **perfect, **more}]))

    run = shop.json("import", "history")

    assert all(counts["recorded"] == 1 for counts in run["rows"].values())
    assert (run["customers"], run["merchants"], run["orders"]) == (2, 2, 1)
