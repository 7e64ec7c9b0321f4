import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.history_fields import Unfit
from regulars.adapters.history_files import UnreadableHistory, find_files
from regulars.adapters.history_kinds import CUSTOMERS, REVIEWS, Kind
from regulars.adapters.history_rows import Progress, Row, Rows
from regulars.application.history import Place
from tests.adapters.history_archive import Archive, csv_text, json_text


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def names(archive: Archive) -> list[str | None]:
    reading = archive.read()
    assert reading.rejects == []
    return [customer.name for customer in reading.customers]


def test_csv_and_json_lines_say_the_same(archive: Archive) -> None:
    rows = [
        {"customer_id": "1", "name": 'Ada "the first"\nLovelace, née Byron', "source": "web"},
        {"customer_id": "2", "name": "", "address": " 1 Row "},
    ]
    text = archive.keep("customers.csv", csv_text(rows))
    json = archive.keep("customers.jsonl", json_text(rows).replace('"1"', "1"))

    told, again = (
        [
            (row.customer_id, row.name, row.source, row.address)
            for row in archive.read(file).customers
        ]
        for file in (text, json)
    )

    assert told == again
    assert told[0] == ("1", 'Ada "the first"\nLovelace, née Byron', "web", None)


def test_compressed_files_are_read(archive: Archive) -> None:
    archive.keep("customers_1.csv.gz", "customer_id,name\n1,Ada\n")
    archive.keep("customers_2.jsonl.gz", json_text([{"customer_id": "2", "name": "Bob"}]))

    assert names(archive) == ["Ada", "Bob"]


@pytest.mark.parametrize("name", ["customers.csv", "customers.csv.gz"])
def test_a_byte_order_mark_and_crlf_are_tolerated(archive: Archive, name: str) -> None:
    archive.keep(name, "\ufeffcustomer_id,name\r\n1,Ada\r\n\r\n2,Bob")

    assert names(archive) == ["Ada", "Bob"]


def test_columns_may_stand_in_any_order_and_rows_may_end_early(archive: Archive) -> None:
    archive.keep("customers.csv", "name,customer_id,phone\nAda,1,+1\nBob,2\n")

    assert [(row.name, row.phone) for row in archive.read().customers] == [
        ("Ada", "+1"),
        ("Bob", None),
    ]


def test_a_cell_of_a_million_characters_costs_its_row_only(archive: Archive) -> None:
    archive.keep("customers.csv", f"customer_id,name\n1,{'n' * 1_000_000}\n2,Bob\n")

    reading = archive.read()

    assert [row.name for row in reading.customers] == ["Bob"]
    assert reading.reasons() == [("customers.csv", 1, "name")]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("1,Ada,more", ""),
        ('1,"Ada" the first', ""),
        (",Ada", "customer_id"),
        (",", "customer_id"),
    ],
)
def test_a_row_of_csv_that_cannot_be_read_is_rejected_by_its_number(
    archive: Archive, row: str, field: str
) -> None:
    archive.keep("customers.csv", f'customer_id,name\n7,"A\nb"\n\n{row}\n2,Bob\n')

    reading = archive.read()

    assert [customer.customer_id for customer in reading.customers] == ["7", "2"]
    assert reading.reasons() == [("customers.csv", 3, field)]
    assert reading.read == {"customers": 3}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ('{"customer_id": "1"', ""),
        ('{"customer_id": NaN}', ""),
        ('{"customer_id": "\\ud800"}', ""),
        ('["1"]', ""),
        ("1", ""),
        ("[" * 100_000, ""),
        ('{"customer_id": ' + "1" * 5_000 + "}", ""),
        ('{"customer_id": ' + "1" * 1_000 + "}", "customer_id"),
        ('{"customer_id": true}', "customer_id"),
        ('{"customer_id": {"a": 1}}', "customer_id"),
        ('{"customer_id": 1, "name": ["Ada"]}', "name"),
        ('{"customer_id": null}', "customer_id"),
        ('{"name": "Ada"}', "customer_id"),
        ("{}", "customer_id"),
    ],
)
def test_a_line_of_json_that_cannot_be_read_is_rejected_by_its_number(
    archive: Archive, row: str, field: str
) -> None:
    archive.keep("customers.jsonl", f'{{"customer_id": "7"}}\n\n{row}\n{{"customer_id": 2}}\n')

    reading = archive.read()

    assert [customer.customer_id for customer in reading.customers] == ["7", "2"]
    assert reading.reasons() == [("customers.jsonl", 3, field)]
    assert reading.read == {"customers": 3}


@pytest.mark.parametrize(
    ("total", "minor"), [("12.50", 1250), ('"12.50"', 1250), ("12", 1200), ("1e2", None)]
)
def test_numbers_of_json_are_exact(archive: Archive, total: str, minor: int | None) -> None:
    row = (
        f'{{"order_id": 1, "placed_at": "2024-05-01T10:00Z", "currency": "USD", "total": {total}}}'
    )
    archive.keep("orders.jsonl", row)

    assert [order.total for order in archive.read().orders] == ([] if minor is None else [minor])


def test_a_line_of_json_without_readable_cells_takes_its_order_along(archive: Archive) -> None:
    order = {"order_id": "7", "placed_at": "2024-05-01T10:00Z", "currency": "USD", "total": "1"}
    archive.keep("orders.jsonl", json_text([order]))
    archive.keep("lines.jsonl", '{"order_id": 7, "sku": ["soup"], "quantity": 1}\n')

    reading = archive.read()

    assert reading.reasons() == [("lines.jsonl", 1, "sku"), ("orders.jsonl", 1, "lines")]


LONG = "".join(f"{number},{number:x}\n" for number in range(50_000))


# Named, for what gzip makes differs from one version of zlib to another.
UNREADABLE = {
    "empty": ("customers.csv", b"", "header"),
    "no id": ("customers.csv", b"name\nAda\n", "customer_id"),
    "open quote in the header": ("customers.csv", b'"customer_id\n', "header"),
    "same column": ("customers.csv", b"customer_id,name,name\n", "name more than once"),
    "header": ("customers.csv", b"customer_id\xff\n", "header line: is not UTF-8"),
    "row": ("customers.csv", b"customer_id,name\n1,Ada\n2,\xff\xfe\n", "row 2: is not UTF-8"),
    "line": ("customers.jsonl", b'{"customer_id": 1}\n\n{"\xff": 1}\n', "row 3: is not UTF-8"),
    "open quote": ("customers.csv", b'customer_id\nAda\n"B\n3\n4\n', "row 2: has a quote"),
    "not gzip": ("customers.csv.gz", b"customer_id,name\n", "gzip"),
    "cut off": (
        "customers.csv.gz",
        gzip.compress(f"customer_id,name\n{LONG}".encode())[:-100_000],
        "cut off",
    ),
    "damaged": (
        "customers.csv.gz",
        gzip.compress(b"customer_id,name\n")[:10] + b"\xff" * 50,
        "damaged",
    ),
}


@pytest.mark.parametrize(("name", "content", "problem"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_named_with_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(UnreadableHistory) as told:
        Archive(tmp_path).read()

    assert str(told.value).startswith(str(path))
    assert problem in str(told.value)
    assert "Ada" not in repr(told.value)
    assert told.value.__context__ is None


def test_a_file_that_went_away_is_named(archive: Archive) -> None:
    path = archive.keep("customers.csv", "customer_id\n1\n")
    files = find_files([path])
    path.unlink()

    with pytest.raises(UnreadableHistory, match=r"customers\.csv: cannot be read"):
        rows_of(files["customers"][0])


def rows_of(path: Path, kind: Kind = CUSTOMERS, told: Progress | None = None) -> list[Row]:
    refused: list[Unfit] = []

    def malformed(_place: Place, _bearer: str, unfit: Unfit) -> None:
        refused.append(unfit)

    rows = list(Rows(path, kind, malformed=malformed, unknown=None, progress=told))
    assert refused == []
    return rows


def test_a_line_without_an_end_is_not_read_into_memory(archive: Archive) -> None:
    path = archive.keep("customers.csv.gz", b"customer_id,name\n1,Ada\n2," + b"x" * (1 << 24))

    with pytest.raises(UnreadableHistory, match="row 2: has a line of"):
        rows_of(path)


@pytest.mark.parametrize("name", ["customers.csv", "customers.csv.gz"])
def test_progress_is_told_in_bytes_of_the_file(archive: Archive, name: str) -> None:
    path = archive.keep(name, f"customer_id,name\n{LONG}")
    told: list[tuple[str, int, int | None]] = []

    rows_of(path, told=lambda file, done, of: told.append((file, done, of)))

    size = path.stat().st_size
    assert {(file, of) for file, _, of in told} == {(str(path), size)}
    done = [bytes_read for _, bytes_read, _ in told]
    assert done == sorted(done)
    assert len(done) > 2
    assert done[-1] == size


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(cells=st.lists(st.tuples(texts, texts), max_size=5))
def test_any_text_comes_out_of_both_formats_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, cells: Sequence[tuple[str, str]]
) -> None:
    archive = Archive(tmp_path_factory.mktemp("rows"))
    rows = [{"order_id": one, "text": other} for one, other in cells]

    for name, content in (("reviews.csv", csv_text), ("reviews.jsonl", json_text)):
        path = archive.keep(name, content([{"order_id": "o", "text": "t"}, *rows]))

        read = [(row[0], row[4]) for _, row, _ in rows_of(path, REVIEWS)]

        assert read[1:] == list(cells)
