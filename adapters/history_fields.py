"""
The fields of an import: what each cell may say, and what it means.

Digits are ASCII digits, spaces around a value are part of it, and a blank cell is an absent value.
`Unfit` and everything raised here names fields and rules, never the value of a cell.
"""

import re
from datetime import UTC, date, datetime, tzinfo
from typing import Final, TypeAlias, TypeVar
from unicodedata import category

from regulars.application.fields import FIRST_YEAR, LAST_YEAR
from regulars.domain.values import is_currency

Extra: TypeAlias = tuple[tuple[str, str], ...]
"""Columns that the format does not know, with their cells."""

_T = TypeVar("_T")

_ID_LENGTH: Final = 200
_TEXT_LENGTH: Final = 10_000
_NUMBER_LENGTH: Final = 40
_MINOR_MAX: Final = 2**63 - 1
_QUANTITY_MAX: Final = 10**9
_STARS_MAX: Final = 5
_OLDEST: Final = date(1880, 1, 1)

_AMOUNT: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_WHOLE: Final = re.compile(r"[0-9]+")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)


class Unfit(Exception):
    """A cell breaks a rule of the format. `reason` reads on from the name of the field."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


def present(field: str, value: _T | None) -> _T:
    """`value`, which must be there."""
    if value is None:
        raise Unfit(field, "is required")
    return value


def text(field: str, cell: str) -> str | None:
    """Text of at most 10,000 characters, without NUL."""
    if not cell or cell.isspace():
        return None
    if len(cell) > _TEXT_LENGTH:
        raise Unfit(field, f"is longer than {_TEXT_LENGTH} characters")
    if "\0" in cell:
        raise Unfit(field, "holds a NUL character")
    return cell


def identifier(field: str, cell: str) -> str | None:
    """An id: at most 200 characters, none of them a control character, otherwise any text."""
    if not cell or cell.isspace():
        return None
    if len(cell) > _ID_LENGTH:
        raise Unfit(field, f"is longer than {_ID_LENGTH} characters")
    if not cell.isprintable() and any(category(letter) in {"Cc", "Cs"} for letter in cell):
        raise Unfit(field, "holds a control character")
    return cell


def one_of(field: str, cell: str, words: tuple[str, ...]) -> str:
    """One of `words`; the first if the cell is blank."""
    if cell in words:
        return cell
    if not cell or cell.isspace():
        return words[0]
    raise Unfit(field, f"is not one of {', '.join(words)}")


def currency(field: str, cell: str) -> str:
    """A currency code, as `is_currency` has it. Required."""
    if not is_currency(cell):
        present(field, text(field, cell))
        raise Unfit(field, "is not a currency: three capital letters, as EUR, or finer, as GBP.3")
    return cell


def amount(field: str, cell: str, places: int) -> int | None:
    """
    Decimal text in major units as minor units of a currency with so many decimal `places`.

    Exact or refused: digits behind the last place must be zeros. Not negative, and fits 64 bits.
    """
    if not cell or cell.isspace():
        return None
    match = _AMOUNT.fullmatch(cell) if len(cell) <= _NUMBER_LENGTH else None
    if match is None:
        raise Unfit(field, "is not an amount: plain digits in major units, as 12.50")
    sign, whole, rest = match.groups(default="")
    if len(rest) > places:
        if rest[places:].strip("0"):
            raise Unfit(
                field,
                "has more decimal places than its currency:"
                " a code with a suffix keeps more, as GBP.3 keeps thousandths of a pound",
            )
        rest = rest[:places]
    minor = int(whole + rest.ljust(places, "0"))
    if sign and minor:
        raise Unfit(field, "is negative")
    if minor > _MINOR_MAX:
        raise Unfit(field, "is too large: minor units must fit 64 bits")
    return minor


def whole(field: str, cell: str) -> int | None:
    """A whole number from 0 to 1,000,000,000."""
    if not cell or cell.isspace():
        return None
    short = len(cell) <= _NUMBER_LENGTH
    if not (short and _WHOLE.fullmatch(cell) and (count := int(cell)) <= _QUANTITY_MAX):
        raise Unfit(field, f"is not a whole number from 0 to {_QUANTITY_MAX}")
    return count


def stars(field: str, cell: str) -> int | None:
    """A whole number of stars from 1 to 5."""
    if not cell or cell.isspace():
        return None
    if cell not in {"1", "2", "3", "4", "5"}:
        raise Unfit(field, f"is not a whole number from 1 to {_STARS_MAX}")
    return int(cell)


def day(field: str, cell: str) -> date | None:
    """A calendar day not before 1880, as 1990-12-31."""
    if not cell or cell.isspace():
        return None
    try:
        value = date.fromisoformat(cell if _DAY.fullmatch(cell) else "")
    except ValueError:
        raise Unfit(field, "is not a day of the calendar, as 1990-12-31") from None
    if value < _OLDEST:
        raise Unfit(field, f"is before {_OLDEST}")
    return value


def moment(field: str, cell: str, zone: tzinfo | None) -> datetime | None:
    """
    A time in UTC, from ISO 8601 in its extended form; `zone` is that of times without an offset.

    A day alone is its first moment. Digits behind the microsecond are cut. A local time that the
    clocks show twice is the first of the two; one that they skip is an hour later on the clock.
    """
    if not cell or cell.isspace():
        return None
    if not _MOMENT.fullmatch(cell):
        raise Unfit(field, "is not a time: ISO 8601, as 2024-05-31T18:30:00+02:00")
    try:
        value = datetime.fromisoformat(cell)
        if value.tzinfo is None and zone is not None:
            value = value.replace(tzinfo=zone)
        utc = value.astimezone(UTC) if value.tzinfo is not None else None
    except (ValueError, OverflowError):
        raise Unfit(field, "is not a moment of the calendar and the clock") from None
    if utc is None:
        raise Unfit(field, "has no offset from UTC: name the zone of the files with --timezone")
    if not FIRST_YEAR <= utc.year <= LAST_YEAR:
        raise Unfit(field, f"lies outside of the years {FIRST_YEAR} to {LAST_YEAR}")
    return utc


def extra(pairs: Extra) -> Extra:
    """`pairs` without the blank ones; each name and each cell is a text."""
    return tuple(
        (text("extra", name) or "", cell) for name, cell in pairs if text("extra", cell) is not None
    )
