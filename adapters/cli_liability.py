"""`regulars liability`: what a programme owes its customers in points at the end of a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

import click
from attrs import asdict
from rich.console import RenderableType

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import count, facts, listing, plain, section, show, write_json
from regulars.application.liability import Liability, MonthOfPoints, PointsOwed

_MOVES: Final = (
    "earned",
    "migrated",
    "transferred",
    "adjusted",
    "reversed",
    "expired",
    "redeemed",
    "forfeited",
)


@click.command(
    epilog=examples(
        "regulars liability --as-of 2024-12-31",
        "regulars liability --program club --as-of 2024-12-31 --json",
    )
)
@click.option(
    "--as-of",
    "day",
    metavar="DAY",
    help="The day whose end is meant, such as 2024-12-31; today if none is named.",
)
@click.option(
    "--program",
    "program_id",
    metavar="ID",
    default="default",
    show_default=True,
    help="The programme whose accounts are added up.",
)
@call_options(keys=False)
def liability(call: Call, *, day: str | None, program_id: str) -> None:
    """
    Show what is owed in points at the end of a day.

    Days are those of the programme's time zone. What expired, activated and lapsed by then counts
    whether or not it was recorded, so the sum is that of all balances. The months show how it came
    about: opening + earned - what went = closing. The first time, every account is read; after
    that only those that changed.
    """
    on = _day(day)
    with call.read() as crm:
        found = crm.ask(Liability(program=program_id, on=on))
    if call.as_json:
        write_json(liability_document(found))
    else:
        show(*shown_liability(found))


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no day such as 2024-12-31", param_hint="--as-of"
        ) from None


def liability_document(found: PointsOwed) -> dict[str, object]:
    """The statement in JSON."""
    return {
        "program": found.program,
        "on": found.on.isoformat(),
        "outstanding": found.outstanding,
        "available": found.available,
        "pending": found.pending,
        "reserved": found.reserved,
        "debt": found.debt,
        "expiring": [
            {
                "month": None if one.month is None else _month(one.month),
                "available": one.available,
                "pending": one.pending,
            }
            for one in found.expiring
        ],
        "months": [
            asdict(one) | {"month": _month(one.month), "closing": one.closing}
            for one in found.months
        ],
    }


def shown_liability(found: PointsOwed) -> Iterator[RenderableType]:
    """The statement for people, part by part."""
    yield section(
        f"Programme {plain(found.program)} at the end of {found.on}:"
        f" {count(found.outstanding)} points outstanding"
        + (f", {count(found.debt)} owed" if found.debt else ""),
        facts(
            ("Can be used", count(found.available)),
            ("Pending", count(found.pending)),
            ("Reserved", count(found.reserved)),
            ("Owed by customers", count(found.debt)),
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


def _months(months: tuple[MonthOfPoints, ...]) -> RenderableType:
    moved = [name for name in _MOVES if any(getattr(one, name) for one in months)]
    heads = ("Month", "Opening", *(name.capitalize() for name in moved), "Closing")
    rows = [
        (
            _month(one.month),
            count(one.opening),
            *(count(getattr(one, name)) for name in moved),
            count(one.closing),
        )
        for one in months
    ]
    return listing(heads, rows)


def _month(month: date) -> str:
    return month.isoformat()[:7]
