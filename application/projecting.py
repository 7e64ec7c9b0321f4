"""Runs views: folds batches of events into rows and keeps rows and checkpoint together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from regulars.application.collection import collection_paused
from regulars.application.events import Recorded
from regulars.application.ports import Storage
from regulars.application.views import Key, View

Rows: TypeAlias = dict[Key, Any]
Progress: TypeAlias = Callable[[int, int], None]
"""Told how many events are done, and of how many."""

MOST_ROWS: Final = 200_000
"""Rows held in memory before they are written, when views follow the log from behind."""

_MOST_EVENTS: Final = 500_000
_PAGE: Final = 2_000


def fold_into(
    view: View[Any, Any],
    events: Iterable[Recorded],
    rows: Rows,
    *,
    wanted: Callable[[View[Any, Any], Key], bool] | None = None,
) -> None:
    """
    Fold `events` into `rows`, which must hold every row that the events touch and that exists.

    `wanted` leaves out the rows of other keys.
    """
    reads, parts, fold, new = view.reads, view.parts, view.fold, view.row
    for recorded in events:
        if type(recorded.event) in reads:
            for key, part in parts(recorded):
                if wanted is not None and not wanted(view, key):
                    continue
                row = rows.get(key)
                if row is None:
                    row = rows[key] = new(*key)
                fold(row, part)


def computed(view: View[Any, Any], events: Iterable[Recorded]) -> Rows:
    """The rows of the view, computed from nothing but `events`."""
    rows: Rows = {}
    fold_into(view, events, rows)
    return rows


class Projector:
    """Keeps a set of views up with the log."""

    def __init__(self, storage: Storage, views: Sequence[View[Any, Any]]) -> None:
        self._storage = storage
        self._views = views
        self._upto = -1

    def follow(self, events: Sequence[Recorded], last: int) -> None:
        """
        Fold the events that this transaction appended, up to position `last`.

        Catches up from the log first if the views lag behind it.
        """
        if self._upto == last - len(events):
            pass_ = _Pass(self._storage, self._views, empty=False)
            pass_.fold(events)
            pass_.save(last)
            self._upto = last
        else:
            self.catch_up()

    def is_at(self, position: int) -> bool:
        """Whether every view is known to have folded the log up to `position`."""
        return self._upto == position

    def forget(self) -> None:
        """Trust nothing that a transaction which failed may have told."""
        self._upto = -1

    def catch_up(self, *, most_rows: int = MOST_ROWS, progress: Progress | None = None) -> int:
        """
        Fold every event that some view has not folded yet. Returns the position reached.

        Goes on in transactions of at most about `most_rows` rows, each with its checkpoint.
        """
        while True:
            with self._storage.transaction():
                head = self._storage.log.head()
                marks = {view: self._storage.views.checkpoint(view) for view in self._views}
                start = min(marks.values(), default=head)
                if start >= head:
                    self._upto = head
                    return head
                behind = [view for view, mark in marks.items() if mark == start]
                stop = min([head, *(mark for mark in marks.values() if mark > start)])
                pass_ = _Pass(self._storage, behind, empty=start == 0)
                with collection_paused():
                    for last in pass_.run(start, stop, progress=progress):
                        if pass_.is_full(most_rows):
                            pass_.save(last)
                            break
                    else:
                        pass_.save(stop)

    def rebuild(
        self,
        views: Sequence[View[Any, Any]],
        *,
        most_rows: int = MOST_ROWS,
        progress: Progress | None = None,
    ) -> int:
        """
        Compute views again from the whole log, in one transaction: readers see old rows or new.

        Returns the position reached.
        """
        with self._storage.transaction():
            head = self._storage.log.head()
            for view in views:
                self._storage.views.clear(view)
            pass_ = _Pass(self._storage, views, empty=True)
            with collection_paused():
                for last in pass_.run(0, head, progress=progress):
                    if pass_.is_full(most_rows):
                        pass_.save(last)
                pass_.save(head)
        self.forget()
        return head


class _Pass:
    """A run of some views over a part of the log, their rows held in memory until saved."""

    def __init__(self, storage: Storage, views: Sequence[View[Any, Any]], *, empty: bool) -> None:
        self._storage = storage
        self._rows: dict[View[Any, Any], Rows] = {view: {} for view in views}
        self._empty = empty
        self._events = 0

    def is_full(self, most_rows: int) -> bool:
        """Whether it is time to save."""
        return self._events >= _MOST_EVENTS or sum(map(len, self._rows.values())) >= most_rows

    def run(self, start: int, stop: int, *, progress: Progress | None) -> Iterator[int]:
        """Fold the events past `start` up to `stop`; yields each position that is reached."""
        events = self._storage.log.read(after=start, upto=stop)
        while page := list(islice(events, _PAGE)):
            self.fold(page)
            if progress is not None:
                progress(page[-1].position, stop)
            yield page[-1].position

    def fold(self, events: Sequence[Recorded]) -> None:
        """Fold some events, after loading the rows they touch."""
        self._events += len(events)
        for view, rows in self._rows.items():
            reads, fold, new = view.reads, view.fold, view.row
            touched = [
                touch
                for recorded in events
                if type(recorded.event) in reads
                for touch in view.parts(recorded)
            ]
            if not self._empty:
                missing = {key for key, _ in touched if key not in rows}
                if missing:
                    rows.update(self._storage.views.load(view, missing))
            for key, part in touched:
                row = rows.get(key)
                if row is None:
                    row = rows[key] = new(*key)
                fold(row, part)

    def save(self, checkpoint: int) -> None:
        """Write what is held, with the position it is folded up to, and let go of it."""
        changed = {view: rows.values() for view, rows in self._rows.items()}
        self._storage.views.save(changed, checkpoint=checkpoint)
        self._rows = {view: {} for view in self._rows}
        self._empty = False
        self._events = 0
