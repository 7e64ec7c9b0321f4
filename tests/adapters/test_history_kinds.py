from pathlib import Path

import pytest

from regulars.adapters.history_files import UnreadableHistory, find_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "orders.csv",
        "Orders_2019.JSONL",
        "orders_2020.csv.gz",
        "lines-a.ndjson",
        "customers.ndjson.gz",
        "orders.csv.part",
        ".lines.csv",
        "readme.txt",
        "couriers.csv",
        "reviews.xlsx",
    ):
        (tmp_path / name).touch()
    (tmp_path / "merchants.csv").mkdir()
    return tmp_path


def test_a_folder_has_the_files_whose_names_begin_with_a_kind(folder: Path) -> None:
    assert find_files([folder]) == {
        "customers": (folder / "customers.ndjson.gz",),
        "lines": (folder / "lines-a.ndjson",),
        "orders": (
            folder / "Orders_2019.JSONL",
            folder / "orders.csv",
            folder / "orders_2020.csv.gz",
        ),
    }


def test_a_file_that_is_named_twice_is_read_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    relative = Path("orders.csv")

    found = find_files([relative, folder / "orders.csv", folder])

    assert found["orders"] == (
        relative,
        folder / "Orders_2019.JSONL",
        folder / "orders_2020.csv.gz",
    )


@pytest.mark.parametrize("name", ["readme.txt", "couriers.csv", "reviews.xlsx", "merchants.csv"])
def test_what_is_not_order_history_is_told_what_is(folder: Path, name: str) -> None:
    with pytest.raises(UnreadableHistory, match=r"expected names that begin with orders, lines"):
        find_files([folder / name])


def test_what_is_missing_is_named(folder: Path) -> None:
    with pytest.raises(UnreadableHistory, match=r"orders_2021\.csv: there is no such file"):
        find_files([folder, folder / "orders_2021.csv"])
