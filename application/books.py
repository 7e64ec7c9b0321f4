"""
The books: what moved on each day in all accounts of a programme, and what will by itself.

They are no fold of single events, as what an event moves depends on the lots of its account.
So accounts are folded whole, and what the books had of them before is taken out again.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar, cast
from zoneinfo import ZoneInfo

from attrs import define

from regulars.application.account_days import DayOf, moves_of
from regulars.application.aggregates import ACCOUNT, PROGRAM, account_stream, program_stream
from regulars.application.collection import collection_paused
from regulars.application.events import Happened, Occurrence, Retired, microseconds, moment
from regulars.application.loyalty import ACCOUNTS
from regulars.application.ports import EventLog, Storage
from regulars.application.queries import AsOf, ViewRows
from regulars.application.states import Held
from regulars.application.views import Key, View
from regulars.domain import loyalty
from regulars.domain.lots import NEVER
from regulars.domain.program import Program, ProgramPoliciesSet
from regulars.domain.values import CustomerId, ProgramId

Row = TypeVar("Row")
Part = TypeVar("Part")

Columns: TypeAlias = Counter[str]
_Sheet: TypeAlias = defaultdict[Key, Columns]

_AT_ONCE: Final = 500


@define
class BookEntry:
    """
    What moved in a programme on a day, in points of lots whose last day is `expires`.

    Days are ordinals in the programme's time zone. `expires` is 0 of lots that have no end, and of
    all that is not in lots: what is held and owed, and where points came from and went to.
    """

    program: str
    day: int
    expires: int
    available: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0
    earned: int = 0
    migrated: int = 0
    transferred: int = 0
    adjusted: int = 0
    reversed: int = 0
    expired: int = 0
    redeemed: int = 0
    forfeited: int = 0


def _parts(_: Happened) -> Iterable[tuple[Key, Columns]]:
    return ()


def _fold(row: BookEntry, columns: Columns) -> None:
    for column, points in columns.items():
        setattr(row, column, getattr(row, column) + points)


BOOKS: Final[View[BookEntry, Columns]] = View(
    name="books",
    version=2,
    row=BookEntry,
    key=("program", "day", "expires"),
    reads=frozenset(),
    parts=_parts,
    fold=_fold,
)
"""Where the books are kept. `Books` writes them, a projector never."""


class BookRows:
    """The rows of the books as they were, in memory; see `ViewRows`."""

    def __init__(self, rows: Mapping[Key, Any]) -> None:
        self._rows = rows

    def load(self, view: View[Row, Part], keys: Collection[Key]) -> dict[Key, Row]:  # noqa: ARG002 - there is but one
        """The rows under `keys`; keys without a row are left out."""
        return {key: self._rows[key] for key in keys if key in self._rows}

    def rows(self, view: View[Row, Part], **equal: str | int) -> Iterator[Row]:  # noqa: ARG002 - there is but one
        """Rows in the order of their keys, those only whose fields equal what is given."""
        for _, row in sorted(self._rows.items()):
            if all(getattr(row, name) == value for name, value in equal.items()):
                yield row


class Books:
    """
    Keeps the books of one storage as far as the view of accounts is.

    `accounts` are the rows of that view, where they are not those that the storage keeps.
    """

    def __init__(self, storage: Storage, *, accounts: ViewRows | None = None) -> None:
        self._storage = storage
        self._accounts = storage.views if accounts is None else accounts

    def catch_up(self) -> None:
        """Bring the books up to the view of accounts; the first time, every account is read."""
        views = self._storage.views
        while True:
            with self._storage.snapshot():
                mark, upto = views.checkpoint(BOOKS), views.checkpoint(ACCOUNTS)
                if mark >= upto:
                    return
                start = 0 if self._has_other_days(mark, upto) else mark
                accounts = self._changed(start, upto) if start else self._all()
                sheet = self._sheet(accounts, after=start, upto=upto)
            with self._storage.transaction():
                if views.checkpoint(BOOKS) == mark:
                    if not start:
                        views.clear(BOOKS)
                    rows = views.load(BOOKS, sheet)
                    _enter(sheet, rows)
                    views.save({BOOKS: rows.values()}, checkpoint=upto)

    def as_of(self, as_of: AsOf) -> BookRows:
        """The books as they were, made anew of every account."""
        rows = dict[Key, Any]()
        with self._storage.snapshot():
            if isinstance(as_of, int):
                sheet = self._sheet(self._all(), upto=as_of)
            else:
                sheet = self._sheet(self._all(), occurred_by=microseconds(as_of))
        _enter(sheet, rows)
        return BookRows(rows)

    def _has_other_days(self, after: int, upto: int) -> bool:
        """Whether policies were set since, which may name another time zone."""
        log = self._storage.log
        return any(log.occurrences(after=after, upto=upto, types={ProgramPoliciesSet}))

    def _all(self) -> Iterator[str]:
        for row in self._accounts.rows(ACCOUNTS):
            yield account_stream(ProgramId(row.program), CustomerId(row.customer))

    def _changed(self, after: int, upto: int) -> Iterable[str]:
        log = self._storage.log
        found = log.occurrences(after=after, upto=upto, types=frozenset(ACCOUNT.events))
        return sorted({one.stream for one in found})

    def _sheet(
        self,
        accounts: Iterable[str],
        *,
        after: int = 0,
        upto: int | None = None,
        occurred_by: int | None = None,
    ) -> _Sheet:
        """What these accounts bring to the books, less what they had brought up to `after`."""
        log, sheet = self._storage.log, _Sheet(Columns)
        days = cache(partial(_days, log))
        names = iter(accounts)
        with collection_paused():
            while some := list(islice(names, _AT_ONCE)):
                for recorded in log.streams(some).values():
                    events = [
                        one
                        for one in recorded
                        if (upto is None or one.position <= upto)
                        and (occurred_by is None or one.occurred_at <= occurred_by)
                    ]
                    _add(sheet, events, days, sign=1)
                    if after:
                        _add(sheet, (one for one in events if one.position <= after), days, sign=-1)
        return sheet


def _add(
    sheet: _Sheet, events: Iterable[Occurrence], days: Callable[[ProgramId], DayOf], *, sign: int
) -> None:
    told = [
        (moment(one.occurred_at), cast("loyalty.Event", one.event))
        for one in events
        if not isinstance(one.event, Retired)
    ]
    if told:
        program = told[0][1].program
        for (day, expires, column), points in moves_of(told, days(program)).items():
            sheet[program, day, expires][column] += sign * points


def _enter(sheet: _Sheet, rows: dict[Key, Any]) -> None:
    for key, columns in sheet.items():
        row = rows.get(key)
        if row is None:
            row = rows[key] = cast("Any", BOOKS.row)(*key)
        _fold(row, columns)


def _days(log: EventLog, program: ProgramId) -> DayOf:
    held = Held(PROGRAM, PROGRAM.state())
    held.fold(log.facts(program_stream(program)))
    zone = ZoneInfo(cast("Program", held.state).policies_at(NEVER).expiry.zone)
    return lambda at: at.astimezone(zone).toordinal()
