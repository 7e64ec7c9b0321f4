"""
A year of real baskets: what the import adds up to is what the data say.

The figures to compare with are computed by pandas straight from the parquet files; nothing of
the importer or of the views takes part in them. So are those of other rules over the same year.
"""

from pathlib import Path
from typing import Any, Final

import pytest

from regulars.adapters.complete_journey import write_complete_journey
from tests.acceptance.other_rules import OTHER, SAME, Basket, expected, replayed
from tests.adapters.cli_shop import Shop

BEST: Final = 25
SHOPS: Final = "America/New_York"

CENTS: Final = "cents"
BASKET: Final = "basket_id"
HOUSEHOLD: Final = "household_id"
PRODUCT: Final = "product_id"


def bought(data: Path, weeks: int | None) -> tuple[Any, Any]:
    """The lines of the baskets, and the baskets, from nothing but the parquet file."""
    pandas: Any = pytest.importorskip("pandas")
    lines = pandas.read_parquet(data / "transactions.parquet")
    if weeks is not None:
        lines = lines[lines["week"] <= weeks]
    lines = lines.assign(**{CENTS: (lines["sales_value"] * 100).round().astype("int64")})
    baskets = lines.groupby(BASKET).agg(
        household=(HOUSEHOLD, "first"),
        store=("store_id", "first"),
        at=("transaction_timestamp", "first"),
        cents=(CENTS, "sum"),
    )
    return lines, baskets


def figures(lines: Any, baskets: Any) -> dict[str, Any]:  # noqa: ANN401 - pandas has no types
    """The figures of the report."""
    points = baskets[CENTS] // 100
    orders = baskets.groupby("household").size()
    spent = _ranked(baskets.groupby("household")[CENTS].sum())
    items = _ranked(lines.groupby(PRODUCT)[BASKET].nunique())
    pieces = lines.groupby(PRODUCT)["quantity"].sum()
    stores = _ranked(baskets.groupby("store").size())
    revenue = baskets.groupby("store")[CENTS].sum()
    held = points.groupby(baskets["household"]).sum()
    return {
        "orders": len(baskets),
        "customers": len(orders),
        "repeat_customers": int((orders >= 2).sum()),
        "merchants": baskets["store"].nunique(),
        "revenue": int(baskets[CENTS].sum()),
        "points": int(points.sum()),
        "clocks": {
            "UTC": _clocks(baskets["at"].dt.tz_localize("UTC")),
            SHOPS: _clocks(baskets["at"].dt.tz_localize("UTC").dt.tz_convert(SHOPS)),
        },
        "top_items": [(str(item), count, int(pieces[item])) for item, count in items],
        "top_customers": [
            (str(one), int(orders[one]), cents, int(held[one])) for one, cents in spent
        ],
        "top_merchants": [
            (f"store-{store}", count, int(revenue[store])) for store, count in stores
        ],
    }


def _ranked(counts: Any) -> list[tuple[Any, int]]:  # noqa: ANN401 - pandas has no types
    """The highest first, ties by id as text."""
    ranked = sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))
    return [(one, int(count)) for one, count in ranked[:BEST]]


def _clocks(at: Any) -> dict[str, dict[str, int]]:  # noqa: ANN401 - pandas has no types
    hours = at.dt.hour.value_counts()
    days = at.dt.strftime("%Y-%m-%d").value_counts()
    return {
        "hours": {str(hour): int(hours.get(hour, 0)) for hour in range(24)},
        "days": {day: int(days[day]) for day in sorted(days.index)},
    }


def reported(shop: Shop) -> dict[str, Any]:
    """The same figures as the command line tells them."""
    clocks = {
        zone: shop.json("report", "--timezone", zone, "--top", str(BEST)) for zone in ("UTC", SHOPS)
    }
    report = clocks["UTC"]
    assert report["customers"] == report["ordering_customers"]
    assert [one["currency"] for one in report["currencies"]] == ["USD"]
    assert report["points"]["earned"] == report["points"]["outstanding"]
    assert (report["cancelled_orders"], report["rejects"], report["flags"]) == (0, 0, {})
    return {
        "orders": report["orders"],
        "customers": report["customers"],
        "repeat_customers": report["repeat_customers"],
        "merchants": report["merchants"],
        "revenue": _cents(report["revenue"]),
        "points": report["points"]["outstanding"],
        "clocks": {
            zone: {"hours": one["orders_by_hour"], "days": one["orders_by_day"]}
            for zone, one in clocks.items()
        },
        "top_items": [(one["item"], one["orders"], one["quantity"]) for one in report["top_items"]],
        "top_customers": [
            (one["customer"], one["orders"], _cents(one["spent"]), one["points"])
            for one in report["top_customers"]
        ],
        "top_merchants": [
            (one["merchant"], one["orders"], _cents(one["revenue"]))
            for one in report["top_merchants"]
        ],
    }


def _cents(money: dict[str, str]) -> int:
    whole, _, rest = money["amount"].partition(".")
    assert len(rest) == 2
    return int(whole + rest)


def imported(shop: Shop, weeks: int | None) -> dict[str, Any]:
    """What the import says of its rows."""
    write_complete_journey(shop.folder / "history", weeks=weeks)
    run = shop.json("import", "history")
    assert all(counts["read"] == counts["recorded"] for counts in run["rows"].values())
    rows: dict[str, Any] = run["rows"]
    return rows


def compared(shop: Shop, baskets: Any) -> None:  # noqa: ANN401 - pandas has no types
    """Other rules give each household what they come to, and the same rules what it has."""
    by_hand = expected(
        Basket(row.at.to_pydatetime(), str(row.Index), str(row.household), int(row.cents))
        for row in baskets.itertuples()
    )
    assert replayed(shop, OTHER) == by_hand
    assert replayed(shop, SAME) == {
        household: (orders, points, points) for household, (orders, points, _) in by_hand.items()
    }


def test_the_first_week_adds_up_to_what_the_parquet_files_say(journey: Path, shop: Shop) -> None:
    lines, baskets = bought(journey, 1)
    known = figures(lines, baskets)

    rows = imported(shop, 1)

    assert rows["orders"]["recorded"] == known["orders"] > 300
    assert reported(shop) == known
    compared(shop, baskets)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_the_whole_year_adds_up_to_what_the_parquet_files_say(journey: Path, shop: Shop) -> None:
    lines, baskets = bought(journey, None)
    known = figures(lines, baskets)

    rows = imported(shop, None)

    found = reported(shop)
    assert (found["orders"], found["customers"], found["repeat_customers"]) == (
        155_848,
        2_469,
        2_438,
    )
    assert rows["lines"]["recorded"] == 1_469_307
    assert found == known
    compared(shop, baskets)
    assert shop.json("verify")["sound"]
    assert shop.json("import", "history")["events"] == 0
