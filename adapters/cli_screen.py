"""What the commands put on the screen: tables and charts of text, bars of progress, and JSON."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from time import monotonic
from types import TracebackType
from typing import Final, Self

import click
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from regulars.domain.subject import Subject
from regulars.domain.values import Money, decimal_text

_RISING: Final = " ▁▂▃▄▅▆▇█"
_GROWING: Final = " ▏▎▍▌▋▊▉█"
_EIGHTHS: Final = 8
_INK: Final = "cyan"
_QUIET: Final = "dim"
_PAUSE: Final = 0.05
_TO_THE_MINUTE: Final = len("2024-05-31 18:00")
_ASIDE: Final = (0, 0, 0, 2)


def screen(*, aside: bool = False) -> Console:
    """Where people read: standard output, or `aside` of it the standard error."""
    return Console(stderr=aside, highlight=False, markup=False, emoji=False)


def show(*parts: RenderableType) -> None:
    """Prints for people."""
    console = screen()
    for part in parts:
        console.print(part)


def write_json(document: Mapping[str, object], *, aside: bool = False) -> None:
    """Prints one JSON document in UTF-8 whatever the terminal speaks, `aside` on standard error."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2).encode(), err=aside)


def warn(message: str) -> None:
    """One line on standard error, beside whatever the answer is."""
    click.secho(f"Warning: {message}", fg="yellow", err=True)


def agreed(question: str) -> bool:
    """Whether who sits there says yes; who says nothing, or is not there, does not."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        return False


def plain(text: str) -> str:
    """`text` without what could move a terminal's cursor or change its colours."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def count(number: int) -> str:
    """A number as people read it: 12,345."""
    return f"{number:,}"


def how_many(number: int, thing: str) -> str:
    """A number of things as people read it: 1 key, 12,345 keys."""
    return f"{count(number)} {thing}{'s'[: number != 1]}"


def said_of(whose: str | Subject) -> str:
    """Whose data it is: customer 1609, or courier c-7."""
    if isinstance(whose, Subject):
        return plain(f"{whose.kind.value} {whose.id}")
    return plain(f"customer {whose}")


def amount(money: Money) -> str:
    """An amount as people read it: 12,345.60 USD."""
    whole, point, rest = decimal_text(money.minor, money.currency).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point}{rest} {money.currency}"


def amounts(moneys: Iterable[Money]) -> str:
    """Amounts in several currencies, a dash if there are none."""
    return " and ".join(map(amount, moneys)) or "-"


def clock(at: datetime | None, timezone: tzinfo) -> str:
    """A time on the clocks of `timezone` to the minute, a dash for None."""
    return "-" if at is None else at.astimezone(timezone).isoformat(" ", "minutes")[:_TO_THE_MINUTE]


def utc_text(at: datetime | None) -> str:
    """A time in UTC to the second as people read it: 2024-05-31T18:00:00Z; a dash for None."""
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def time_text(at: datetime | None, timezone: tzinfo) -> str | None:
    """A time in JSON: ISO 8601 with the offset of `timezone`."""
    return None if at is None else at.astimezone(timezone).isoformat()


def money_document(money: Money | None) -> dict[str, str] | None:
    """An amount in JSON: decimal text, never a number that a reader may round."""
    if money is None:
        return None
    return {"amount": decimal_text(money.minor, money.currency), "currency": money.currency}


def section(title: str, *body: RenderableType) -> RenderableType:
    """A heading with its content and a blank line behind it."""
    inside = [Padding(part, _ASIDE, expand=False) for part in body]
    return Group(Text(title, style="bold"), *inside, Text())


def facts(*pairs: tuple[str, str]) -> RenderableType:
    """Names with their values, the values under each other."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=_QUIET, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(Text(name), Text(plain(value)))
    return grid


def listing(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1
) -> RenderableType:
    """A table whose first `left` columns are words and whose others are numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=_QUIET)
    for place, head in enumerate(heads):
        words = place < left
        table.add_column(
            Text(head), justify="left" if words else "right", no_wrap=not words, overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    return table


def columns(
    counts: Sequence[int], *, height: int = 4, width: int = 1, gap: int = 0
) -> RenderableType:
    """Counts as columns that rise from a common floor; whatever is not 0 can be seen."""
    peak = max(counts, default=0) or 1
    levels = [-(-one * height * _EIGHTHS // peak) for one in counts]
    lines = [
        "".join(
            _RISING[min(max(level - floor * _EIGHTHS, 0), _EIGHTHS)] * width + " " * gap
            for level in levels
        )
        for floor in reversed(range(height))
    ]
    return Text("\n".join(line.rstrip() for line in lines), style=_INK)


def hours_chart(hours: Sequence[int]) -> RenderableType:
    """The 24 hours of the day as columns, each with its hour under it."""
    labels = " ".join(f"{hour:02}" for hour in range(len(hours)))
    return Group(columns(hours, width=2, gap=1), Text(labels, style=_QUIET))


def bars(counts: Sequence[tuple[str, int]], *, width: int = 40) -> RenderableType:
    """Counts as bars, each behind its name."""
    peak = max((number for _, number in counts), default=0) or 1
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style=_QUIET)
    grid.add_column(width=width, no_wrap=True)
    grid.add_column(justify="right")
    for name, number in counts:
        full, rest = divmod(-(-number * width * _EIGHTHS // peak), _EIGHTHS)
        drawn = _GROWING[_EIGHTHS] * full + (_GROWING[rest] if rest else "")
        grid.add_row(Text(name), Text(drawn, style=_INK), Text(count(number)))
    return grid


def progress(done: int, of: int, *, width: int) -> str:
    """How far something is, as a bar of that width that is full only when it is done."""
    eighths = width * _EIGHTHS if done >= of else max(done, 0) * width * _EIGHTHS // of
    full, rest = divmod(eighths, _EIGHTHS)
    return f"{_GROWING[_EIGHTHS] * full}{_GROWING[rest].strip()}".ljust(width, "·")


_WIDEST: Final = 72


def days_chart(days: Sequence[tuple[date, int]]) -> tuple[str, RenderableType]:
    """
    Counts by day as columns from the first day to the last, and what one column stands for.

    That is a day, or the week, month or year that makes the chart fit.
    """
    steps: dict[str, Callable[[date], int]] = {
        "day": date.toordinal,
        "week": lambda day: (day.toordinal() - 1) // 7,  # day 1 of the calendar is a Monday
        "month": lambda day: day.year * 12 + day.month,
        "year": lambda day: day.year,
    }
    name, counts = "day", list[int]()
    for name, place in steps.items():
        first, last = (place(days[0][0]), place(days[-1][0])) if days else (0, -1)
        if last - first < _WIDEST or name == "year":
            counts = [0] * (last - first + 1)
            for day, number in days:
                counts[place(day) - first] += number
            break
    return name, columns(counts, height=3)


class Bars:
    """
    What is being done and how far it is, on standard error if that is a terminal.

    With `stay` the bars are left standing at the end.
    """

    def __init__(self, *, stay: bool = False) -> None:
        console = screen(aside=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            transient=not stay,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._told = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def tell(self, what: str, done: int, total: int | None) -> None:
        """Moves the bar of `what`; a `total` of None is one that nobody knows."""
        if self._progress.disable:
            return
        now = monotonic()
        if done != total and now - self._told < _PAUSE:
            return
        self._told = now
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done, total=total)
