from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console, RenderableType

from regulars.adapters.cli_screen import (
    amount,
    amounts,
    bars,
    clock,
    columns,
    days_chart,
    how_many,
    plain,
)
from regulars.domain.values import Money


def drawn(part: RenderableType) -> list[str]:
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(part)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_highest_column_fills_the_chart_and_the_others_are_in_proportion() -> None:
    assert drawn(columns([8, 4, 2, 0, 16], height=2)) == ["    █", "█▄▂ █"]


def test_whatever_is_not_nothing_can_be_seen() -> None:
    assert drawn(columns([1, 1_000_000, 0])) == [" █", " █", " █", "▁█"]


def test_nothing_draws_nothing() -> None:
    assert drawn(columns([0, 0], height=1)) == [""]
    assert drawn(columns([], height=1)) == [""]


def test_bars_are_in_proportion() -> None:
    assert drawn(bars([("a", 16), ("b", 1), ("c", 0)], width=2)) == [
        "a ██ 16",
        "b ▏   1",
        "c     0",
    ]


@pytest.mark.parametrize(
    ("last", "step", "wide"),
    [
        (date(2024, 1, 1), "day", 1),
        (date(2024, 3, 12), "day", 72),
        (date(2024, 3, 13), "week", 11),
        (date(2026, 1, 1), "month", 25),
        (date(2040, 1, 1), "year", 17),
    ],
)
def test_a_column_stands_for_as_many_days_as_make_the_chart_fit(
    last: date, step: str, wide: int
) -> None:
    name, chart = days_chart(sorted({(date(2024, 1, 1), 1), (last, 1)}))

    assert name == step
    assert len(drawn(chart)[-1]) == wide


def test_amounts_are_shown_whole() -> None:
    assert amount(Money(minor=-123456789, currency="USD")) == "-1,234,567.89 USD"
    assert amount(Money(minor=1234, currency="JPY")) == "1,234 JPY"
    assert amount(Money(minor=5, currency="GBP.3")) == "0.005 GBP.3"
    assert amounts([]) == "-"


def test_a_time_is_shown_on_the_clocks_that_are_named() -> None:
    at = datetime(2024, 5, 31, 23, 59, 59, tzinfo=UTC)

    assert clock(at, ZoneInfo("Europe/Berlin")) == "2024-06-01 01:59"
    assert clock(None, UTC) == "-"


def test_what_could_move_the_cursor_is_not_printed() -> None:
    assert plain("tea\x1b[2J\u202ecoffee\n张") == "tea\ufffd[2J\ufffdcoffee\ufffd张"


@pytest.mark.parametrize(("number", "said"), [(0, "0 keys"), (1, "1 key"), (1_234, "1,234 keys")])
def test_one_thing_is_not_several(number: int, said: str) -> None:
    assert how_many(number, "key") == said
