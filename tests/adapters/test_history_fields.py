"""What each cell may say. Where a value is refused, nothing of it is told."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.history_fields import (
    Unfit,
    amount,
    currency,
    day,
    identifier,
    moment,
    one_of,
    present,
    stars,
    text,
    whole,
)
from regulars.adapters.history_kinds import KINDS, Kind
from regulars.application.history import (
    CustomerRow,
    MerchantRow,
    OrderRow,
    ReviewRow,
)
from regulars.domain.purchase import Line
from regulars.domain.values import decimal_text
from tests.adapters.history_archive import Archive, Reading, csv_text, json_text
from tests.adapters.shared_data import shared_data

NOT_NUMBERS = [
    "1e5",
    "1E5",
    "inf",
    "-inf",
    "nan",
    "NaN",
    "Infinity",
    "0x1F",
    "0b1",
    "1_000",
    "1,000",
    "1.000,00",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "--1",
    "1-",
    "-",
    ".5",
    "5.",
    ".",
    "1.2.3",
    "$1",
    "1 USD",
    "١٢٣",
    "\uff11\uff12\uff13",
    "٠١٢٣٤٥٦٧٨٩",
    "²",
    "Ⅷ",
    "\u22125",
    "1\u200b",
    "\u00a01",
    "1\0",
    "one",
    "None",
    "null",
    "9" * 5_000,
]


@pytest.mark.parametrize("cell", [*NOT_NUMBERS, "2" * 20, "92233720368547758.08"])
def test_what_is_not_exactly_an_amount_is_refused(cell: str) -> None:
    with pytest.raises(Unfit):
        amount("total", cell, 2)


@pytest.mark.parametrize(
    ("cell", "places", "minor"),
    [
        ("0", 2, 0),
        ("-0.00", 2, 0),
        ("007", 2, 700),
        ("19.99", 2, 1999),
        ("19.9", 2, 1990),
        ("19.990000", 2, 1999),
        ("19.99", 3, 19990),
        ("19", 0, 19),
        ("19.000", 0, 19),
        ("92233720368547758.07", 2, 2**63 - 1),
        ("", 2, None),
        (" \t", 2, None),
    ],
)
def test_an_amount_is_counted_in_minor_units(cell: str, places: int, minor: int | None) -> None:
    assert amount("total", cell, places) == minor


@pytest.mark.parametrize(
    ("cell", "places", "hint"),
    [("0.005", 2, "GBP.3"), ("0.5", 0, "GBP.3"), ("-0.01", 2, "negative"), ("9" * 19, 2, "large")],
)
def test_an_amount_that_is_refused_says_what_to_do(cell: str, places: int, hint: str) -> None:
    with pytest.raises(Unfit, match=hint):
        amount("total", cell, places)


@given(minor=st.integers(0, 2**63 - 1), code=st.sampled_from(["USD", "JPY", "KWD", "GBP.8"]))
def test_an_amount_that_is_written_is_read_again(minor: int, code: str) -> None:
    places = {"USD": 2, "JPY": 0, "KWD": 3, "GBP.8": 8}[code]

    assert amount("total", decimal_text(minor, code), places) == minor


@pytest.mark.parametrize("cell", [*NOT_NUMBERS, "1.0", "-1", "-0", "1000000001"])
def test_what_is_not_exactly_a_quantity_is_refused(cell: str) -> None:
    with pytest.raises(Unfit):
        whole("quantity", cell)


@pytest.mark.parametrize(
    ("cell", "count"), [("0", 0), ("1", 1), ("010", 10), ("1000000000", 10**9), ("", None)]
)
def test_a_quantity_is_a_whole_number(cell: str, count: int | None) -> None:
    assert whole("quantity", cell) == count


@pytest.mark.parametrize("cell", [*NOT_NUMBERS, "0", "6", "4.5", "-1", "01", "★★★"])
def test_what_is_not_one_to_five_stars_is_refused(cell: str) -> None:
    with pytest.raises(Unfit):
        stars("stars", cell)


def test_stars_are_counted() -> None:
    assert [stars("stars", cell) for cell in ("1", "5", " ")] == [1, 5, None]


@pytest.mark.parametrize(
    "cell",
    [
        *NOT_NUMBERS,
        "2024-05",
        "2024-5-1",
        "20240501",
        "2024-W01-1",
        "2024-02-30",
        "0000-01-01",
        "2024-05-01T",
        "2024-05-01T10",
        "2024-05-01T10:60Z",
        "2024-05-01T24:00Z",
        "2024-05-01T23:59:60Z",
        "2024-05-01T10:00:00z",
        "2024-05-01t10:00:00Z",
        "2024-05-01T10:00:00 Z",
        "2024-05-01T10:00:00+24:00",
        "2024-05-01T10:00:00.Z",
        "2024-05-01T10:00:00.1234567890Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "\uff12\uff10\uff12\uff14-05-01T10:00:00Z",
        "2024-05-01T10:00:00Z\n",
        "1714557600",
        "01/05/2024",
        "May 1, 2024",
    ],
)
def test_what_is_not_exactly_a_time_is_refused(cell: str) -> None:
    with pytest.raises(Unfit):
        moment("placed_at", cell, UTC)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-05-01T10:00Z",
        "2024-05-01T10:00:00Z",
        "2024-05-01 10:00:00.000Z",
        "2024-05-01T10:00:00,000000999Z",
        "2024-05-01T12:00:00+02:00",
        "2024-05-01T12:00:00+0200",
        "2024-05-01T12:00+02",
        "2024-05-01T10:00:00-00:00",
        "2024-05-01T15:00:00",
    ],
)
def test_a_time_is_iso_8601(cell: str) -> None:
    five_hours_east = timezone(timedelta(hours=5))

    read = moment("placed_at", cell, five_hours_east)

    assert repr(read) == repr(datetime(2024, 5, 1, 10, tzinfo=UTC))


@given(
    when=st.datetimes(
        datetime(1900, 1, 2),  # noqa: DTZ001 - the zone is drawn beside it
        datetime(9998, 12, 30),  # noqa: DTZ001 - as above
        timezones=st.timezones(),
    )
)
def test_a_time_that_is_written_is_read_again(when: datetime) -> None:
    utc = when.astimezone(UTC)

    assert moment("placed_at", utc.isoformat(), None) == utc


@pytest.mark.parametrize("cell", ["1899-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "0001-01-01Z"])
def test_a_time_that_stands_for_none_is_refused(cell: str) -> None:
    with pytest.raises(Unfit):
        moment("placed_at", cell, None)


@pytest.mark.parametrize("cell", ["2024-05-01", "2024-05-01 10:00:00"])
def test_a_time_without_offset_needs_a_zone(cell: str) -> None:
    with pytest.raises(Unfit, match="--timezone"):
        moment("placed_at", cell, None)


@pytest.mark.parametrize(
    "cell", [*NOT_NUMBERS, "1879-12-31", "2023-02-29", "1990-1-1", "19900101", "1990-01-01T00:00"]
)
def test_what_is_not_exactly_a_day_is_refused(cell: str) -> None:
    with pytest.raises(Unfit):
        day("birth_date", cell)


def test_a_day_is_of_the_calendar() -> None:
    assert day("birth_date", "1880-01-01") == date(1880, 1, 1)
    assert day("birth_date", "") is None


@pytest.mark.parametrize("cell", ["a\tb", "a\x85", "\x7f", "a\0", "\ud800", "a" * 201])
def test_an_id_has_no_control_characters_and_an_end(cell: str) -> None:
    with pytest.raises(Unfit):
        identifier("order_id", cell)


@pytest.mark.parametrize(
    "cell", ["a" * 200, " a ", "订单", "a\u2028b", "\u202ea", "🍜", "' OR 1=1"]
)
def test_an_id_is_otherwise_any_text_and_stays_as_it_is(cell: str) -> None:
    assert identifier("order_id", cell) == cell


def test_a_text_has_no_nul_and_an_end() -> None:
    assert text("name", "a\tb\n" * 2_500) == "a\tb\n" * 2_500
    for cell in ("a\0", "a" * 10_001):
        with pytest.raises(Unfit):
            text("name", cell)


@pytest.mark.parametrize("cell", ["", " ", "\t\n", "\u3000"])
def test_a_blank_cell_is_an_absent_value(cell: str) -> None:
    assert (text("name", cell), identifier("id", cell), day("day", cell)) == (None, None, None)
    assert one_of("channel", cell, ("delivery", "pickup")) == "delivery"
    with pytest.raises(Unfit, match="required"):
        currency("currency", cell)
    with pytest.raises(Unfit, match="required"):
        present("name", text("name", cell))


@pytest.mark.parametrize(
    "cell", ["usd", "US", "USDT", "\uff35\uff33\uff24", "USD.9", "USD.", "$", " USD"]
)
def test_a_currency_is_three_capital_letters(cell: str) -> None:
    with pytest.raises(Unfit):
        currency("currency", cell)


OF_OUR_OWN = [
    *NOT_NUMBERS,
    "",
    "\x1b[31m red",
    "a\0nul in the middle",
    "line\r\nbreak",
    'quo"te',
    '"',
    "=cmd|' /C calc'!A0",
    "n" * 20_000,
    "\u202eright to left",
]
PLAIN = {
    "orders": {"placed_at": "2024-05-01T10:00:00Z", "currency": "USD", "total": "1.00"},
    "lines": {"sku": "soup", "quantity": "1"},
    "customers": {},
    "merchants": {},
    "reviews": {"stars": "5"},
}
TEXTS = {
    *("name", "category", "brand", "address", "region", "payment_method"),
    *("phone", "email", "gender", "occupation", "source", "text", "sku"),
}


Delivered: TypeAlias = OrderRow | Line | CustomerRow | MerchantRow | ReviewRow


def naughty_strings() -> list[str]:
    strings: list[str] = json.loads(shared_data("badinput/blns/blns.json").read_bytes())
    return strings


def put_everywhere(kind: Kind, strings: Sequence[str]) -> list[tuple[str, str, dict[str, str]]]:
    """Each string in each column of a row that is good without it and has an id of its own."""
    cells = [(column, string) for column in kind.columns for string in strings]
    return [
        (column, string, PLAIN[kind.name] | {kind.columns[0]: f"o{number}"} | {column: string})
        for number, (column, string) in enumerate(cells)
    ]


def rows_of(reading: Reading, kind: Kind) -> Sequence[tuple[int, Delivered]]:
    """Each row that was delivered, by its number."""
    if kind.name == "lines":
        return [
            (number, line)
            for order in reading.orders
            for _, numbers in order.line_rows
            for number, line in zip(numbers, order.lines, strict=True)
        ]
    rows: dict[str, Sequence[OrderRow | CustomerRow | MerchantRow | ReviewRow]] = {
        "orders": reading.orders,
        "customers": reading.customers,
        "merchants": reading.merchants,
        "reviews": reading.reviews,
    }
    return [(row.place.row, row) for row in rows[kind.name]]


def check_in_every_field(archive: Archive, kind: Kind, suffix: str, strings: Sequence[str]) -> None:
    put = put_everywhere(kind, strings)
    if kind.name == "lines":
        orders = [{"order_id": f"o{number}"} | PLAIN["orders"] for number in range(len(put))]
        archive.keep("orders.csv", csv_text(orders))
    written = csv_text if suffix == "csv" else json_text
    archive.keep(f"{kind.name}.{suffix}", written(row for _, _, row in put))

    reading = archive.read(timezone=UTC)

    assert reading.accounted() == reading.read
    assert reading.read[kind.name] == len(put)
    told = {f"{reject.field} {reject.reason}" for reject in reading.rejects}
    assert [one for one in told for string in strings if len(string) > 7 and string in one] == []
    for number, row in rows_of(reading, kind):
        column, string, _ = put[number - 1]
        if column in TEXTS:
            name = "item" if column == "sku" else column
            assert getattr(row, name) == (string if string.strip() else None)


kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
formats = pytest.mark.parametrize("suffix", ["csv", "jsonl"])


@kinds
@formats
def test_strings_of_our_own_in_any_field_break_nothing(
    tmp_path: Path, kind: Kind, suffix: str
) -> None:
    check_in_every_field(Archive(tmp_path), kind, suffix, OF_OUR_OWN)


@kinds
@formats
def test_naughty_strings_in_any_field_break_nothing(
    tmp_path: Path, kind: Kind, suffix: str
) -> None:
    check_in_every_field(Archive(tmp_path), kind, suffix, naughty_strings())
