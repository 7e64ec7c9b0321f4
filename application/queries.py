"""Queries: a question in, an answer out, now or as of any moment of the past."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, ClassVar, Final, Generic, Protocol, TypeAlias, TypeVar

from regulars.application.collection import collection_paused
from regulars.application.events import Occurrence, microseconds, pages
from regulars.application.ports import EventLog
from regulars.application.projecting import Rows, fold_into
from regulars.application.views import Key, View

Asked = TypeVar("Asked")
Row = TypeVar("Row")
Part = TypeVar("Part")
Answer_co = TypeVar("Answer_co", covariant=True)

_PAGE: Final = 1_000

AsOf: TypeAlias = datetime | int
"""
A moment of the past: a time, meaning everything that had occurred by then (that instant
included), or a position, meaning everything that had been recorded up to there.
"""


class ViewRows(Protocol):
    """What a query may see: the rows of views."""

    def load(self, view: View[Row, Part], keys: Collection[Key]) -> dict[Key, Row]:
        """The rows under `keys`; keys without a row are left out."""
        ...

    def rows(self, view: View[Row, Part], **equal: str | int) -> Iterator[Row]:
        """Rows in the order of their keys, those only whose fields equal what is given."""
        ...


class Ask(Protocol):
    """Answers a question as of the moment of another."""

    def __call__(self, query: "Query[Asked]", /) -> Asked:
        """The answer."""
        ...


class Query(Generic[Answer_co]):
    """A question that views answer. Its type parameter is the type of the answer."""

    views: ClassVar[tuple[View[Any, Any], ...]]

    @abstractmethod
    def answer(self, rows: ViewRows) -> Answer_co:
        """The answer, from nothing but `rows`."""

    def streams(self) -> Collection[str] | None:
        """The streams that hold everything the answer depends on; None if any may."""
        return None

    def concerns(self, view: View[Any, Any], key: Key) -> bool:  # noqa: ARG002 - most do
        """Whether the answer depends on the row of `view` under `key`."""
        return True

    def concerning(self, ask: "Ask") -> Callable[[View[Any, Any], Key], bool]:  # noqa: ARG002 - most have nothing to ask
        """What tells of a row whether it `concerns` this, which may `ask` something else first."""
        return self.concerns


class ReplayedRows:
    """The rows of some views as of a moment, folded from the log and kept in memory."""

    def __init__(self, log: EventLog, query: Query[Any], as_of: AsOf) -> None:
        wanted = query.concerning(lambda first: first.answer(ReplayedRows(log, first, as_of)))
        self._rows: dict[View[Any, Any], Rows] = {view: {} for view in query.views}
        with collection_paused():
            for page in pages(_past(log, query, as_of), _PAGE):
                for view, rows in self._rows.items():
                    fold_into(view, page, rows, wanted=wanted)

    def load(self, view: View[Row, Part], keys: Collection[Key]) -> dict[Key, Row]:
        """The rows under `keys`; keys without a row are left out."""
        rows = self._rows[view]
        return {key: rows[key] for key in keys if key in rows}

    def rows(self, view: View[Row, Part], **equal: str | int) -> Iterator[Row]:
        """Rows in the order of their keys, those only whose fields equal what is given."""
        rows = self._rows[view]
        for key in sorted(rows):
            row = rows[key]
            if all(getattr(row, name) == value for name, value in equal.items()):
                yield row


def _past(log: EventLog, query: Query[Any], as_of: AsOf) -> Iterator[Occurrence]:
    upto, by = (as_of, None) if isinstance(as_of, int) else (None, microseconds(as_of))
    names = query.streams()
    if names is None:
        reads = frozenset[type[Any]]().union(*(view.reads for view in query.views))
        return log.occurrences(types=reads, upto=upto, occurred_by=by)
    found = chain(*log.streams(names).values())
    return (
        one
        for one in sorted(found, key=lambda one: one.position)
        if (upto is None or one.position <= upto) and (by is None or one.occurred_at <= by)
    )
