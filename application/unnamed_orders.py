"""
What is kept of orders that no customer is named for: words on them, and in their reviews.

All that is told of such an order is in two streams, its own and that of its erasure. So none of
them is in memory for longer than a page of the log, however many there are.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import Final

from regulars.application.aggregates import erasure_stream, order_stream
from regulars.application.events import Event, Occurrence, Retired, moment
from regulars.application.ports import Storage
from regulars.application.subscription import reading
from regulars.domain import keeping
from regulars.domain.keeping import Kept
from regulars.domain.purchase import OrderPlaced
from regulars.domain.review import ReviewSubmitted
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import OrderId

_READ: Final = frozenset[type[Event]]((OrderPlaced, ReviewSubmitted))


class UnnamedOrders:
    """The orders of one tenant that no customer is named for, and on which something is written."""

    def __init__(self, lock: AbstractContextManager[object], storage: Storage) -> None:
        self._lock = lock
        self._storage = storage

    def pages(self, progress: Callable[[int, int], None]) -> Iterator[dict[Subject, Kept]]:
        """
        What is kept of all of them, each once, those of a page of the log at a time.

        `progress` hears up to which position it was read, and where the log ends.
        """
        read, at = reading(self._storage, types=_READ), 0
        while True:
            with self._lock, self._storage.snapshot():
                page = read(at)
                written = {order for _, one in page.items if (order := _written_on(one.event))}
                kept = self._kept(written, after=at)
                head = self._storage.log.head()
            if page.upto == at:
                return
            progress(page.upto, head)
            yield kept
            at = page.upto

    def kept(self, order: Subject) -> Kept:
        """What is kept of one of them by now."""
        return self._kept([OrderId(order.id)], after=0)[order]

    def _kept(self, orders: Collection[OrderId], *, after: int) -> dict[Subject, Kept]:
        """Those of the orders on which nothing was written up to position `after`."""
        subjects = {one: Subject(kind=SubjectKind.ORDER, id=one) for one in orders}
        names = {of: (order_stream(of), erasure_stream(whose)) for of, whose in subjects.items()}
        streams = self._storage.log.streams({name for pair in names.values() for name in pair})
        found: dict[Subject, Kept] = {}
        for order, pair in names.items():
            told = [one for name in pair for one in streams.get(name, ())]
            if not any(one.position <= after and _written_on(one.event) for one in told):
                found[subjects[order]] = _folded(told)
        return found


def _written_on(event: Event | Retired) -> OrderId | None:
    match event:
        case OrderPlaced(customer=None, extra=box) | ReviewSubmitted(customer=None, text=box):
            return None if box is None else event.order
        case _:
            return None


def _folded(told: list[Occurrence]) -> Kept:
    state = Kept()
    in_order = sorted(told, key=lambda one: one.position)
    events = ((one.event, one.occurred_at) for one in in_order)
    counted = ((event, at) for event, at in events if isinstance(event, keeping.Event))
    for event, at in counted:
        keeping.fold(state, event, moment(at))
    return state
