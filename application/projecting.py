"""Runs views: folds batches of events into rows and keeps rows and checkpoint together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from regulars.application.collection import collection_paused
from regulars.application.errors import StorageUnavailable
from regulars.application.events import Happened, Recorded, pages
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
    events: Iterable[Happened],
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


def computed(view: View[Any, Any], events: Iterable[Happened]) -> Rows:
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
        self._incarnation = storage.incarnation
        self._gathered: _Pass | None = None

    def follow(self, events: Sequence[Recorded], last: int) -> None:
        """
        Fold the events that this transaction appended, up to position `last`.

        Catches up from the log first if the views lag behind it.
        """
        if self._upto == last - len(events):
            pass_ = _Pass(self._storage, self._views, last - len(events))
            pass_.fold(events, last)
            pass_.save(last)
            self._upto = last
        else:
            self.catch_up()

    def gather(self, events: Sequence[Recorded], last: int, *, most_rows: int = MOST_ROWS) -> None:
        """
        Fold in memory the events that this transaction appended, up to position `last`.

        `catch_up` then writes the rows instead of reading the events back, as does this once
        there are about `most_rows`. Nothing is lost with them: whoever finds views behind the
        log folds the events from there.
        """
        start = last - len(events)
        gathered = self._gathered
        if gathered is None or gathered.upto != start:
            gathered = self._gathered = None
            if set(self._marks().values()) == {start}:
                empty = filter(self._is_empty, self._views)
                gathered = self._gathered = _Pass(self._storage, self._views, start, empty=empty)
        if gathered is not None:
            try:
                gathered.fold(events, last)
            except StorageUnavailable:
                # A damaged row stops no import: `catch_up` finds it, and says so.
                self._gathered = None
                return
            if gathered.is_full(most_rows):
                self._settle()

    def _settle(self) -> None:
        """Write what was gathered, if nobody else has moved a view meanwhile."""
        gathered, self._gathered = self._gathered, None
        if gathered is not None and set(self._marks().values()) == {gathered.start}:
            gathered.save(gathered.upto)

    def _marks(self) -> dict[View[Any, Any], int]:
        return {view: self._storage.views.checkpoint(view) for view in self._views}

    def is_at(self, position: int) -> bool:
        """Whether every view is known to have folded the log up to `position`."""
        self._forget_if_lost()
        return self._upto == position

    def forget(self) -> None:
        """Trust nothing that a transaction which failed may have told."""
        self._upto = -1
        self._gathered = None

    def _forget_if_lost(self) -> None:
        if self._incarnation != self._storage.incarnation:
            self.forget()
            self._incarnation = self._storage.incarnation

    def catch_up(self, *, most_rows: int = MOST_ROWS, progress: Progress | None = None) -> int:
        """
        Fold every event that some view has not folded yet. Returns the position reached.

        Goes on in transactions of at most about `most_rows` rows, each with its checkpoint.
        """
        if self._gathered is None and self._is_level():
            return self._upto
        try:
            while (reached := self._went_on(most_rows, progress)) is None:
                pass
        except BaseException:
            self.forget()
            raise
        self._upto = reached
        return reached

    def _is_level(self) -> bool:
        """Whether views and log are seen to end at one place; waits for nobody who writes."""
        with self._storage.snapshot():
            head = self._storage.log.head()
            level = all(mark == head for mark in self._marks().values())
        self._upto = head if level else -1
        return level

    def _went_on(self, most_rows: int, progress: Progress | None) -> int | None:
        """Fold and write one part of what is missing. Returns the head once nothing is."""
        with self._storage.transaction():
            self._forget_if_lost()
            self._settle()
            head = self._storage.log.head()
            marks = self._marks()
            start = min(marks.values(), default=head)
            if start >= head:
                return head
            behind = [view for view, mark in marks.items() if mark == start]
            stop = min([head, *(mark for mark in marks.values() if mark > start)])
            pass_ = _Pass(self._storage, behind, start, empty=filter(self._is_empty, behind))
            with collection_paused():
                for last in pass_.run(stop, progress=progress):
                    if pass_.is_full(most_rows):
                        pass_.save(last)
                        break
                else:
                    pass_.save(stop)
        return None

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
            pass_ = _Pass(self._storage, views, 0, empty=views)
            with collection_paused():
                for last in pass_.run(head, progress=progress):
                    if pass_.is_full(most_rows):
                        pass_.save(last)
                pass_.save(head)
        self.forget()
        return head

    def _is_empty(self, view: View[Any, Any]) -> bool:
        return self._storage.views.is_empty(view)


class _Pass:
    """
    A run of some views over the log from `start`, their rows held in memory until saved.

    `upto` is the position up to which they are folded. Of the `empty` views nothing is stored
    yet that would have to be loaded.
    """

    def __init__(
        self,
        storage: Storage,
        views: Sequence[View[Any, Any]],
        start: int,
        *,
        empty: Iterable[View[Any, Any]] = (),
    ) -> None:
        self.start = start
        self.upto = start
        self._storage = storage
        self._rows: dict[View[Any, Any], Rows] = {view: {} for view in views}
        self._empty = frozenset(empty)
        self._events = 0

    def is_full(self, most_rows: int) -> bool:
        """Whether it is time to save."""
        return self._events >= _MOST_EVENTS or sum(map(len, self._rows.values())) >= most_rows

    def run(self, stop: int, *, progress: Progress | None) -> Iterator[int]:
        """Fold the events up to position `stop`; yields each position that is reached."""
        for page in pages(self._storage.log.occurrences(after=self.upto, upto=stop), _PAGE):
            self.fold(page, page[-1].position)
            if progress is not None:
                progress(self.upto, stop)
            yield self.upto

    def fold(self, events: Sequence[Happened], last: int) -> None:
        """Fold the next events, up to position `last`, after loading the rows they touch."""
        self.upto = last
        self._events += len(events)
        for view, rows in self._rows.items():
            if view in self._empty:
                fold_into(view, events, rows)
                continue
            reads, fold, new = view.reads, view.fold, view.row
            touched = [
                touch
                for recorded in events
                if type(recorded.event) in reads
                for touch in view.parts(recorded)
            ]
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
        self._empty = frozenset[View[Any, Any]]()
        self._events = 0
