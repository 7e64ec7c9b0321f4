"""`regulars liability`: what a programme owes its customers in points at the end of a day."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import click
from attrs import asdict
from rich.console import RenderableType

from regulars.adapters.cli_call import Call, call_options, examples, program_option
from regulars.adapters.cli_screen import (
    amount,
    count,
    facts,
    listing,
    money_document,
    plain,
    section,
    show,
    write_json,
)
from regulars.adapters.cli_worth import worth_of
from regulars.adapters.liability_plot import plotted_liability
from regulars.adapters.new_file import new_file, refuse_own_files
from regulars.application.liability import (
    Liability,
    MonthOfPoints,
    PointsOwed,
    PointValue,
    ValueOfPoints,
)
from regulars.domain.values import Money, ProgramId

_CAUSES: Final = {
    "What came": ("earned", "migrated", "transferred", "adjusted"),
    "What went": ("reversed", "redeemed", "expired", "forfeited"),
}
"""The columns of a month, as many in a table as fit side by side."""


@click.command(
    epilog=examples(
        "regulars liability --as-of 2024-12-31",
        "regulars liability --as-of 2024-12-31 --point-value 0.01 USD --plot owed.svg",
        "regulars liability --program club --as-of 2024-12-31 --json",
    )
)
@click.option(
    "--as-of",
    "day",
    metavar="DAY",
    help="The day whose end is meant, such as 2024-12-31; today if none is named.",
)
@program_option()
@click.option(
    "--point-value",
    metavar="AMOUNT CURRENCY",
    nargs=2,
    callback=worth_of,
    help="What a point is worth, to tell it in money: 0.01 USD, or 0.005 USD.3. If it is left out,"
    " as the catalogue of the programme has it, where that has one cash reward.",
)
@click.option(
    "--plot",
    metavar="FILE.svg",
    type=click.Path(path_type=Path),
    help="Draw into a new file what was issued, redeemed, expired and left in each month.",
)
@call_options(keys=False)
def liability(
    call: Call, *, day: str | None, program: ProgramId, point_value: Money | None, plot: Path | None
) -> None:
    """
    Show what is owed in points, and in money, on a day.

    Days are those of the programme's time zone. What expired, activated and lapsed by then counts
    whether or not it was recorded, so the sum is that of all balances. The months show how it came
    about: opening + earned - what went = closing. The first time, every account is read; after
    that only those that changed. Money is rounded up.
    """
    on = _day(day)
    value = None if point_value is None else PointValue(money=point_value)
    if plot is not None:
        refuse_own_files(plot, call.file())
    drawing = nullcontext() if plot is None else new_file(plot, replace=False)
    with drawing as draft, call.read(program) as crm:
        found = crm.ask(Liability(program=program, on=on))
        if value is None:
            value = crm.ask(ValueOfPoints(program=program, on=on))
        if draft is not None:
            title = f"Points of {program} to the end of {on}"
            draft.write_text(plotted_liability(found.months, title=title), encoding="utf-8")
    if call.as_json:
        write_json(liability_document(found, value))
    else:
        show(*shown_liability(found, value))


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no day such as 2024-12-31", param_hint="--as-of"
        ) from None


def liability_document(found: PointsOwed, value: PointValue | None) -> dict[str, object]:
    """The statement in JSON; money is null where nobody says what points are worth."""

    def worth(points: int) -> dict[str, str] | None:
        return None if value is None else money_document(value.of(points))

    return {
        "program": found.program,
        "on": found.on.isoformat(),
        "outstanding": found.outstanding,
        "available": found.available,
        "pending": found.pending,
        "reserved": found.reserved,
        "debt": found.debt,
        "worth": worth(found.outstanding),
        "point_value": None
        if value is None
        else {"points": value.points, "money": money_document(value.money)},
        "expiring": [
            {
                "month": None if one.month is None else _month(one.month),
                "available": one.available,
                "pending": one.pending,
            }
            for one in found.expiring
        ],
        "months": [
            asdict(one)
            | {
                "month": _month(one.month),
                "closing": one.closing,
                "worth": worth(one.closing),
            }
            for one in found.months
        ],
    }


def shown_liability(found: PointsOwed, value: PointValue | None) -> Iterator[RenderableType]:
    """The statement for people, part by part, each narrow enough for a terminal."""
    worth = () if value is None else (("Worth", _worth(found.outstanding, value)),)
    yield section(
        f"Programme {plain(found.program)} at the end of {found.on}:"
        f" {count(found.outstanding)} points outstanding"
        + (f", {count(found.debt)} owed" if found.debt else ""),
        facts(
            ("Can be used", count(found.available)),
            ("Pending", count(found.pending)),
            ("Reserved", count(found.reserved)),
            ("Owed by customers", count(found.debt)),
            *worth,
        ),
    )
    if found.expiring:
        heads = ("Last month of use", "Can be used", "Pending")
        rows = [
            (
                "none" if one.month is None else _month(one.month),
                count(one.available),
                count(one.pending),
            )
            for one in found.expiring
        ]
        yield section("Until when they can be used", listing(heads, rows))
    if found.months:
        yield section("Month by month", _months(found.months))
        if value is not None:
            yield section("What was left is worth", _valued(found.months, value))
        for title, causes in _CAUSES.items():
            moved = [name for name in causes if any(getattr(one, name) for one in found.months)]
            if moved:
                yield section(title, _moved(found.months, moved))


def _months(months: Sequence[MonthOfPoints]) -> RenderableType:
    rows = [
        (_month(one.month), *map(count, (one.opening, one.came, one.went, one.closing)))
        for one in months
    ]
    return listing(("Month", "Opening", "Came", "Went", "Closing"), rows)


def _valued(months: Sequence[MonthOfPoints], value: PointValue) -> RenderableType:
    rows = ((_month(one.month), count(one.closing), _worth(one.closing, value)) for one in months)
    return listing(("Month", "Closing", "Worth"), rows)


def _moved(months: Sequence[MonthOfPoints], causes: Sequence[str]) -> RenderableType:
    rows = [(_month(one.month), *(count(getattr(one, name)) for name in causes)) for one in months]
    return listing(("Month", *(name.capitalize() for name in causes)), rows)


def _worth(points: int, value: PointValue) -> str:
    return amount(value.of(points))


def _month(month: date) -> str:
    return month.isoformat()[:7]
