"""
The `History` port over files of CSV or JSON Lines.

Customers and reviews stream straight from their files; orders and lines go through a spool on
disk, which sorts them. Memory stays bounded however large the files are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from regulars.adapters import history_entries
from regulars.adapters.history_entries import Entry
from regulars.adapters.history_fields import Unfit, extra
from regulars.adapters.history_kinds import (
    CUSTOMERS,
    KINDS,
    LINES,
    MERCHANTS,
    ORDERS,
    REVIEWS,
    Kind,
    UnreadableHistory,
    find_files,
)
from regulars.adapters.history_lines import Lines
from regulars.adapters.history_rows import Malformed, Progress, Rows
from regulars.adapters.history_spool import Added, Spool
from regulars.application.history import (
    CustomerRow,
    MerchantRow,
    OrderRow,
    Place,
    Reject,
    ReviewRow,
)

__all__ = ["HistoryFiles", "Progress", "UnreadableHistory", "find_files"]

_T = TypeVar("_T")

_NOTICES_MAX: Final = 100
_COLUMN_SHOWN: Final = 60


class HistoryFiles:
    """
    A history in files; satisfies `regulars.application.history.History`.

    Every row is delivered, or is one of the `duplicates`, or is rejected, exactly once. An order
    is rejected with all its lines if one of them is; of two orders under one id with other
    content, the later. Whatever iterates raises `UnreadableHistory` for a file that cannot be
    read, and `OSError` if the spool cannot be written.
    """

    def __init__(  # noqa: PLR0913 - each is named where a history is opened
        self,
        paths_by_kind: Mapping[str, Sequence[Path]],
        *,
        timezone: tzinfo | None,
        keep_extra: bool,
        spool_folder: Path,
        reject: Callable[[Reject], None],
        progress: Progress | None,
    ) -> None:
        """
        Opens nothing yet.

        `timezone` is that of times without an offset; without it they are rejected.
        `keep_extra` keeps the columns that the format does not know.
        `spool_folder` holds one file while the history is open, about as large as the orders and
        lines, uncompressed.
        """
        unknown = paths_by_kind.keys() - KINDS.keys()
        if unknown:
            raise ValueError(f"no kinds of history: {', '.join(sorted(unknown))}")
        self.duplicates = 0
        """Orders whose very content was read before, under the same id."""
        self.notices: list[str] = []
        """What the caller should know and no row is rejected for: columns that are not kept."""
        self._paths = paths_by_kind
        self._timezone = timezone
        self._keep_extra = keep_extra
        self._spool_folder = spool_folder
        self._reject = reject
        self._progress = progress
        self._spool: Spool | None = None
        self._files_read: list[tuple[Kind, Rows]] = []
        self._noticed: set[tuple[str, str]] = set()

    @property
    def read(self) -> dict[str, int]:
        """Rows read so far by the name of their kind, blank ones not counted."""
        rows = dict.fromkeys(self._paths, 0)
        for kind, file in self._files_read:
            rows[kind.name] += file.read
        return rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Deletes the spool, even if not all orders were taken from it."""
        if self._spool is not None:
            self._spool.close()

    def merchants(self) -> Iterator[MerchantRow]:
        """Merchants, as the files have them."""
        return self._entries(MERCHANTS, history_entries.merchant)

    def customers(self) -> Iterator[CustomerRow]:
        """Customers, as the files have them, straight from the files."""
        return self._entries(CUSTOMERS, history_entries.customer)

    def reviews(self) -> Iterator[ReviewRow]:
        """Reviews, as the files have them."""
        return self._entries(REVIEWS, history_entries.review)

    def orders(self) -> Iterator[OrderRow]:
        """Orders by (`placed_at`, `order_id`, file, row) with their lines, in bounded memory."""
        files = [*self._paths.get(ORDERS.name, ()), *self._paths.get(LINES.name, ())]
        self._spool = spool = Spool(self._spool_folder, [str(file) for file in files])
        self._fill(spool)
        yield from spool.orders()

    def _fill(self, spool: Spool) -> None:
        for order in self._entries(ORDERS, history_entries.order):
            added = spool.add(order)
            if added is Added.SAME:
                self.duplicates += 1
            elif added is Added.OTHER:
                self._refuse(order.place, Unfit("order_id", "is that of another order read before"))
        lines = Lines(spool, self._reject)
        for path in self._paths.get(LINES.name, ()):
            lines.read(self._rows(path, LINES, lines.spoil))
        spool.finish()
        for order_place, line in spool.spoiled_orders():
            reason = f"has a line that is rejected: {line.file}, row {line.row}"
            self._refuse(order_place, Unfit("lines", reason))
        for line in spool.spoiled_lines():
            self._refuse(line, Unfit("order_id", "is that of an order that is rejected"))

    def _entries(self, kind: Kind, entry: Entry[_T]) -> Iterator[_T]:
        for path in self._paths.get(kind.name, ()):
            rows = self._rows(path, kind, lambda place, _, unfit: self._refuse(place, unfit))
            for number, cells, others in rows:
                place = Place(file=rows.file, row=number)
                try:
                    row = entry(place, cells, extra(others), self._timezone)
                except Unfit as unfit:
                    self._refuse(place, unfit)
                else:
                    yield row

    def _rows(self, path: Path, kind: Kind, malformed: Malformed) -> Rows:
        def notice(column: str) -> None:
            self._notice(kind, column)

        rows = Rows(
            path,
            kind,
            malformed=malformed,
            unknown=None if self._keep_extra and kind.has_extra else notice,
            progress=self._progress,
        )
        self._files_read.append((kind, rows))
        return rows

    def _refuse(self, place: Place, unfit: Unfit) -> None:
        self._reject(Reject(place=place, field=unfit.field, reason=unfit.reason))

    def _notice(self, kind: Kind, column: str) -> None:
        # In JSON Lines every row may bring columns of its own, so what is remembered has an end.
        if (kind.name, column) in self._noticed or len(self._noticed) > _NOTICES_MAX:
            return
        self._noticed.add((kind.name, column))
        if len(self._noticed) > _NOTICES_MAX:
            self.notices.append("there are more columns that are left out")
            return
        keep = "; --keep-extra keeps it" if kind.has_extra else ""
        shown = column if len(column) <= _COLUMN_SHOWN else f"{column[:_COLUMN_SHOWN]}..."
        self.notices.append(f"{kind.name}: the column {shown!a} is not known and left out{keep}")
