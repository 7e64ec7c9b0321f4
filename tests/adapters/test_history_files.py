import gc
import os
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.history_files import HistoryFiles, UnreadableHistory, find_files
from regulars.application.history import (
    CustomerRow,
    MerchantRow,
    OrderRow,
    Place,
    ReviewRow,
)
from regulars.domain.purchase import Line
from regulars.domain.values import ItemId
from tests.adapters.history_archive import Archive, Record, csv_text, json_text

MAY_1 = datetime(2024, 5, 1, 10, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def order(order_id: str, /, **cells: object) -> dict[str, object]:
    plain = {"placed_at": "2024-05-01T10:00:00Z", "currency": "USD", "total": "19.99"}
    return {"order_id": order_id, **plain, **cells}


def line(order_id: str, /, **cells: object) -> dict[str, object]:
    return {"order_id": order_id, "sku": "soup", "quantity": "1", **cells}


def test_an_order_is_delivered_with_all_that_the_file_says(archive: Archive) -> None:
    cells = {
        "customer_id": "ada",
        "merchant_id": "m1",
        "placed_at": "2024-05-01T12:00:00+02:00",
        "accepted_at": "2024-05-01T10:01:00Z",
        "prepared_at": "2024-05-01T10:02:00Z",
        "picked_up_at": "2024-05-01T10:03:00Z",
        "delivered_at": "2024-05-01T10:04:00.5Z",
        "status": "delivered",
        "currency": "KWD",
        "total": "1.2340000",
        "discount": "0.1",
        "delivery_fee": "2",
        "tip": "0.001",
        "refund": "5",
        "refunded_at": "2024-05-02T10:00:00Z",
        "channel": "pickup",
        "payment_method": "card",
        "region": "north",
    }
    orders = archive.keep("orders.csv", csv_text([order("o1", **cells)]))
    lines = archive.keep(
        "lines.csv",
        csv_text([line("o1", name="Soup", category="Food", quantity="2", unit_price="0.617")]),
    )

    reading = archive.read()

    assert reading.rejects == []
    assert reading.orders == [
        OrderRow(
            place=Place(file=str(orders), row=1),
            order_id="o1",
            customer_id="ada",
            merchant_id="m1",
            placed_at=MAY_1,
            accepted_at=MAY_1 + timedelta(minutes=1),
            prepared_at=MAY_1 + timedelta(minutes=2),
            picked_up_at=MAY_1 + timedelta(minutes=3),
            delivered_at=MAY_1 + timedelta(minutes=4, milliseconds=500),
            currency="KWD",
            total=1234,
            discount=100,
            delivery_fee=2000,
            tip=1,
            refund=5000,
            refunded_at=MAY_1 + timedelta(days=1),
            channel="pickup",
            payment_method="card",
            region="north",
            lines=(
                Line(
                    line=1,
                    item=ItemId("soup"),
                    quantity=2,
                    name="Soup",
                    category="Food",
                    unit_price=617,
                ),
            ),
            line_rows=((str(lines), (1,)),),
        )
    ]


def test_customers_merchants_and_reviews_are_delivered_as_the_files_have_them(
    archive: Archive,
) -> None:
    customer = {
        "customer_id": "ada",
        "name": "Ada",
        "phone": "+1415",
        "email": "a@b.c",
        "birth_date": "1990-12-31",
        "gender": "f",
        "occupation": "engineer",
        "address": "1 Row",
        "registered_at": "2024-05-01T10:00:00Z",
        "source": "web",
    }
    merchant = {"merchant_id": "m1", "name": "Thai", "brand": "T", "category": "Asian"}
    review = {"order_id": "o1", "stars": 5, "text": "good", "reviewed_at": "2024-05-01T10:00:00Z"}
    files = [
        archive.keep(name, json_text([record]))
        for name, record in (
            ("customers.jsonl", customer),
            ("merchants.jsonl", merchant | {"address": "2 Row", "region": "north"}),
            ("reviews.ndjson", review | {"dish_stars": "4", "delivery_stars": None}),
        )
    ]

    reading = archive.read()

    places = [Place(file=str(file), row=1) for file in files]
    assert reading.customers == [
        CustomerRow(
            place=places[0],
            customer_id="ada",
            name="Ada",
            phone="+1415",
            email="a@b.c",
            birth_date=date(1990, 12, 31),
            gender="f",
            occupation="engineer",
            address="1 Row",
            registered_at=MAY_1,
            source="web",
        )
    ]
    assert reading.merchants == [
        MerchantRow(
            place=places[1],
            merchant_id="m1",
            name="Thai",
            brand="T",
            category="Asian",
            address="2 Row",
            region="north",
        )
    ]
    assert reading.reviews == [
        ReviewRow(
            place=places[2],
            order_id="o1",
            stars=5,
            dish_stars=4,
            text="good",
            reviewed_at=MAY_1,
        )
    ]


def test_orders_come_by_time_and_lines_as_the_files_have_them(archive: Archive) -> None:
    archive.keep(
        "orders_2.csv",
        csv_text(
            [order("o1", placed_at="2024-05-02T10:00:00Z"), order("o3"), order("o2", tip="1")]
        ),
    )
    archive.keep("orders_1.csv", csv_text([order("o4", placed_at="2024-04-30T23:00:00-09:00")]))
    archive.keep("lines_2.csv", csv_text([line("o2", sku="d"), line("o2", sku="a")]))
    archive.keep(
        "lines_1.csv",
        csv_text([line("o2", sku="c"), line("o3", sku="x"), line("o2", sku="b")]),
    )

    orders = archive.read().orders

    assert [row.order_id for row in orders] == ["o4", "o2", "o3", "o1"]
    assert [[sold.item for sold in row.lines] for row in orders] == [
        [],
        ["c", "b", "d", "a"],
        ["x"],
        [],
    ]


histories = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.lists(st.sampled_from(["soup", "bread", "tea"]), max_size=4),
    ),
    max_size=12,
)


@given(history=histories, data=st.data())
def test_rows_in_any_order_and_any_files_give_the_same_orders_by_time(
    history: Sequence[tuple[int, list[str]]], data: st.DataObject
) -> None:
    hours = {f"o{number}": hour for number, (hour, _) in enumerate(history)}
    skus = [(f"o{number}", sku) for number, (_, sold) in enumerate(history) for sku in sold]
    orders = data.draw(st.permutations(list(hours)))
    lines = data.draw(st.permutations(skus))
    cut, torn = (data.draw(st.integers(0, len(rows))) for rows in (orders, lines))
    with TemporaryDirectory() as folder:
        archive = Archive(Path(folder))
        for name, part in (("orders_1", orders[:cut]), ("orders_2", orders[cut:])):
            rows = [order(one, placed_at=f"2024-05-01T0{hours[one]}:00:00Z") for one in part]
            archive.keep(f"{name}.jsonl", json_text(rows))
        for name, sold in (("lines_1", lines[:torn]), ("lines_2", lines[torn:])):
            archive.keep(f"{name}.jsonl", json_text(line(one, sku=sku) for one, sku in sold))

        reading = archive.read()

    assert [(row.placed_at.hour, row.order_id) for row in reading.orders] == sorted(
        (hour, one) for one, hour in hours.items()
    )
    for row in reading.orders:
        assert [sold.item for sold in row.lines] == [
            sku for one, sku in lines if one == row.order_id
        ]


wild = st.sampled_from(
    ["", "o1", "o2", "1", "2.50", "-1", "x", "2024-05-01", "5", "USD", "delivered"]
)
cells = {
    "orders": ["order_id", "placed_at", "currency", "total", "status", "refund", "refunded_at"],
    "lines": ["order_id", "sku", "quantity", "unit_price"],
    "customers": ["customer_id", "birth_date", "registered_at"],
    "merchants": ["merchant_id", "name"],
    "reviews": ["order_id", "stars", "text"],
}
some_rows = st.fixed_dictionaries(
    {
        kind: st.lists(st.fixed_dictionaries(dict.fromkeys(columns, wild)), max_size=6)
        for kind, columns in cells.items()
    }
)
good_orders = st.lists(
    st.builds(order, st.sampled_from(["o1", "o2"]), total=st.sampled_from(["1", "2"])), max_size=4
)


@given(rows=some_rows, orders=good_orders)
def test_every_row_is_delivered_or_a_duplicate_or_rejected_and_that_once(
    rows: dict[str, list[Record]], orders: list[Record]
) -> None:
    rows = rows | {"orders": [*rows["orders"], *orders]}
    with TemporaryDirectory() as folder:
        archive = Archive(Path(folder))
        for kind, records in rows.items():
            archive.keep(f"{kind}.jsonl", json_text(records))

        reading = archive.read(timezone=UTC)

    assert reading.read == {kind: len(records) for kind, records in rows.items()}
    assert reading.accounted() == reading.read
    places = [reject.place for reject in reading.rejects]
    assert len(set(places)) == len(places)


def test_the_same_order_twice_is_delivered_once(archive: Archive) -> None:
    again = order("o1", placed_at="2024-05-01T12:00+02", total="19.990")
    archive.keep("orders.csv", csv_text([order("o1"), order("o2"), again]))

    reading = archive.read()

    assert [row.place.row for row in reading.orders] == [1, 2]
    assert (reading.duplicates, reading.rejects) == (1, [])


def test_of_two_orders_under_one_id_the_later_is_rejected(archive: Archive) -> None:
    archive.keep("orders_1.csv", csv_text([order("o1"), order("o1", tip="1")]))
    archive.keep("orders_2.csv", csv_text([order("o1", region="north")]))
    archive.keep("lines.csv", csv_text([line("o1")]))

    reading = archive.read()

    assert [row.tip for row in reading.orders] == [0]
    assert [len(row.lines) for row in reading.orders] == [1]
    assert reading.reasons() == [("orders_1.csv", 2, "order_id"), ("orders_2.csv", 1, "order_id")]


def test_an_order_that_was_rejected_leaves_its_id_to_a_later_one(archive: Archive) -> None:
    archive.keep("orders.csv", csv_text([order("o1", total="-1"), order("o1")]))

    reading = archive.read()

    assert [row.place.row for row in reading.orders] == [2]


def test_a_line_without_an_order_is_rejected(archive: Archive) -> None:
    archive.keep("orders.csv", csv_text([order("o1", total="much"), order("o2")]))
    archive.keep("lines.csv", csv_text([line("o1"), line("o2"), line("o3"), line("")]))

    reading = archive.read()

    assert [row.order_id for row in reading.orders] == ["o2"]
    assert reading.reasons() == [
        ("orders.csv", 1, "total"),
        ("lines.csv", 1, "order_id"),
        ("lines.csv", 3, "order_id"),
        ("lines.csv", 4, "order_id"),
    ]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"quantity": "some"}, "quantity"),
        ({"sku": ""}, "sku"),
        ({"name": "\0"}, "name"),
        ({"unit_price": "1.234"}, "unit_price"),
        ({"unit_price": "1" * 50}, "unit_price"),
    ],
)
def test_a_line_that_is_rejected_takes_its_order_and_its_other_lines_along(
    archive: Archive, bad: dict[str, object], field: str
) -> None:
    archive.keep("orders.csv", csv_text([order("o1"), order("o2")]))
    lines = archive.keep("lines.csv", csv_text([line("o1"), line("o1", **bad), line("o1")]))

    reading = archive.read()

    assert [row.order_id for row in reading.orders] == ["o2"]
    assert reading.reasons() == [
        ("lines.csv", 2, field),
        ("orders.csv", 1, "lines"),
        ("lines.csv", 1, "order_id"),
        ("lines.csv", 3, "order_id"),
    ]
    assert f"{lines}, row 2" in reading.rejects[1].reason


def test_a_line_with_too_many_cells_takes_its_order_along(archive: Archive) -> None:
    archive.keep("orders.csv", csv_text([order("o1")]))
    archive.keep("lines.csv", "sku,order_id,quantity\nsoup,o1,1\nbread,o1,1,1\n")

    reading = archive.read()

    assert reading.orders == []
    assert reading.accounted() == reading.read


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"status": "cancelled", "delivered_at": "2024-05-01T10:00:00Z"}, "delivered_at"),
        ({"cancelled_at": "2024-05-01T10:00:00Z"}, "cancelled_at"),
        ({"status": "lost"}, "status"),
        ({"refunded_at": "2024-05-01T10:00:00Z"}, "refunded_at"),
        ({"channel": "drone"}, "channel"),
        ({"currency": "usd"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"total": ""}, "total"),
        ({"total": "-0.01"}, "total"),
        ({"tip": "-1"}, "tip"),
        ({"discount": "1.001"}, "discount"),
        ({"placed_at": ""}, "placed_at"),
        ({"placed_at": "2024-05-01T10:00:00"}, "placed_at"),
        ({"order_id": " "}, "order_id"),
        ({"order_id": "o" * 201}, "order_id"),
        ({"customer_id": "a\nb"}, "customer_id"),
    ],
)
def test_an_order_that_breaks_a_rule_is_rejected_by_its_field(
    archive: Archive, wrong: dict[str, object], field: str
) -> None:
    archive.keep("orders.csv", csv_text([order("o1"), order("o2") | wrong]))

    reading = archive.read()

    assert len(reading.orders) == 1
    assert reading.reasons() == [("orders.csv", 2, field)]


def test_a_cancelled_order_and_a_refund_without_a_time_are_taken(archive: Archive) -> None:
    cancelled = order("o1", status="cancelled", cancelled_at="2024-05-01T11:00:00Z")
    refunded = order("o2", refund="25.00")
    free = order("o3", refund="0", refunded_at="2024-05-01T11:00:00Z", total="0")
    archive.keep("orders.csv", csv_text([cancelled, refunded, free]))

    first, second, third = archive.read().orders

    assert (first.cancelled, first.cancelled_at) == (True, MAY_1 + timedelta(hours=1))
    assert (second.refund, second.refunded_at) == (2500, None)
    assert (third.refund, third.refunded_at) == (0, MAY_1 + timedelta(hours=1))


def test_a_review_must_say_something(archive: Archive) -> None:
    archive.keep("reviews.jsonl", json_text([{"order_id": "o1", "text": " "}, {"order_id": "o1"}]))

    assert archive.read().reasons() == [
        ("reviews.jsonl", 1, "stars"),
        ("reviews.jsonl", 2, "stars"),
    ]


def test_times_without_offset_are_those_of_the_named_zone(archive: Archive) -> None:
    rows = [order("o1", placed_at="2024-05-01"), order("o2", placed_at="2024-01-01 10:00")]
    archive.keep("orders.csv", csv_text(rows))

    orders = archive.read(timezone=ZoneInfo("Europe/Berlin")).orders

    assert [row.placed_at for row in orders] == [
        datetime(2024, 1, 1, 9, tzinfo=UTC),
        datetime(2024, 4, 30, 22, tzinfo=UTC),
    ]
    assert "--timezone" in archive.read().rejects[0].reason


def test_other_columns_are_told_once_and_left_out(archive: Archive) -> None:
    archive.keep("orders_1.csv", csv_text([order("o1", note="n", colour="c")]))
    archive.keep("orders_2.jsonl", json_text([order("o2", note="n"), order("o3", note="n")]))
    archive.keep("lines.csv", csv_text([line("o1", note="n")]))

    reading = archive.read()

    assert [row.extra for row in reading.orders] == [(), (), ()]
    assert [notice.split(" is ")[0] for notice in reading.notices] == [
        "orders: the column 'note'",
        "orders: the column 'colour'",
        "lines: the column 'note'",
    ]


def test_notices_have_an_end(archive: Archive) -> None:
    rows = [order(f"o{number}", **{f"column {number}": 1}) for number in range(300)]
    archive.keep("orders.jsonl", json_text(rows))

    assert len(archive.read().notices) == 101


def test_other_columns_are_kept_where_that_is_asked_for(archive: Archive) -> None:
    archive.keep("orders_1.csv", csv_text([order("o1", note="call, then ring", colour="")]))
    odd = order("o2", note=None, list=[1.50, "a"], price=1.50, big=1e3)
    archive.keep("orders_2.jsonl", json_text([odd]).replace("1.5", "1.50"))
    archive.keep("customers.csv", "customer_id,card\nada,1234\n")
    archive.keep("lines.csv", csv_text([line("o1", note="n")]))

    reading = archive.read(keep_extra=True)

    assert [row.extra for row in reading.orders] == [
        (("note", "call, then ring"),),
        (("list", '[1.50, "a"]'), ("price", "1.50"), ("big", "1000.0")),
    ]
    assert reading.customers[0].extra == (("card", "1234"),)
    assert len(reading.notices) == 1


def test_orders_that_differ_in_a_kept_column_only_are_different(archive: Archive) -> None:
    rows = [order("o1", note="a"), order("o1", note="a"), order("o1", note="b")]
    archive.keep("orders.csv", csv_text(rows))

    reading = archive.read(keep_extra=True)

    assert (reading.duplicates, reading.reasons()) == (1, [("orders.csv", 3, "order_id")])


def spooled(folder: Path) -> bytes:
    """What the files hold that this process has open in a folder where they have no name."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("this system does not show the files that a process has open")
    found = b""
    for descriptor in descriptors.iterdir():
        if Path(os.path.realpath(descriptor)).parent == folder and descriptor.exists():
            found += descriptor.read_bytes()
    return found


def test_kept_columns_and_customers_are_never_on_disk_in_clear(
    archive: Archive, tmp_path: Path
) -> None:
    archive.keep("orders.jsonl", json_text([order("the order", note="canary in a note")]))
    archive.keep("customers.jsonl", json_text([{"customer_id": "ada", "name": "canary named"}]))
    archive.keep("reviews.jsonl", json_text([{"order_id": "the order", "text": "canary told"}]))
    spool = tmp_path / "spool"
    spool.mkdir()

    with opened(archive, spool) as history:
        (customer,) = history.customers()
        (review,) = history.reviews()
        (placed,) = history.orders()
        on_disk = spooled(spool)

    assert b"the order" in on_disk
    assert b"canary" not in on_disk
    assert placed.extra == (("note", "canary in a note"),)
    assert "canary" not in f"{customer}{review}{placed}"


def opened(archive: Archive, spool: Path) -> HistoryFiles:
    return HistoryFiles(
        find_files([archive.folder]),
        timezone=None,
        keep_extra=True,
        spool_folder=spool,
        reject=lambda _: None,
        progress=None,
    )


def test_the_spool_is_gone_when_the_history_is_closed(archive: Archive, tmp_path: Path) -> None:
    archive.keep("orders.csv", csv_text([order("o1"), order("o2")]))
    spool = tmp_path / "spool"
    spool.mkdir()

    with opened(archive, spool) as history:
        next(history.orders())

    assert list(spool.iterdir()) == []
    assert spooled(spool) == b""


def test_the_spool_is_gone_after_an_error(archive: Archive, tmp_path: Path) -> None:
    archive.keep("orders.csv", csv_text([order("o1")]))
    archive.keep("lines.csv", "order_id\no1\n")
    spool = tmp_path / "spool"
    spool.mkdir()

    with opened(archive, spool) as history, pytest.raises(UnreadableHistory):
        next(history.orders())

    assert list(spool.iterdir()) == []
    assert spooled(spool) == b""


def test_customers_merchants_and_reviews_need_no_spool(archive: Archive, tmp_path: Path) -> None:
    archive.keep("customers.csv", "customer_id\nada\n")
    archive.keep("orders.csv", csv_text([order("o1")]))

    with opened(archive, tmp_path / "nowhere") as history:
        assert len([*history.customers(), *history.merchants(), *history.reviews()]) == 1
        with pytest.raises(FileNotFoundError, match="nowhere"):
            next(history.orders())


def test_a_kind_that_does_not_exist_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="couriers"):
        HistoryFiles(
            {"couriers": []},
            timezone=None,
            keep_extra=False,
            spool_folder=Path(),
            reject=lambda _: None,
            progress=None,
        )


def peak_of_reading(folder: Path, orders: int) -> int:
    folder.mkdir()
    archive = Archive(folder)
    ids = [f"order {number}" for number in range(orders)]
    archive.keep("orders.csv", csv_text(order(one, region="r" * 200) for one in reversed(ids)))
    archive.keep("lines.csv", csv_text(line(one, name="n" * 200) for one in ids for _ in range(3)))
    with opened(archive, folder) as history:
        gc.collect()  # or what came before decides when garbage of the reading goes
        tracemalloc.start()
        count = sum(1 for _ in history.orders())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == orders
    return peak


def test_four_times_the_rows_take_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is remembered has an end, which is far beyond what a quick test can read.
    monkeypatch.setattr("regulars.adapters.history_lines._FOUND_MAX", 500)
    less = peak_of_reading(tmp_path / "less", 1_600)
    more = peak_of_reading(tmp_path / "more", 6_400)

    assert more < 1.2 * less
