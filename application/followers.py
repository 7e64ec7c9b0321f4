"""All who follow the log of one storage in this process."""

from collections.abc import Collection
from threading import Lock
from weakref import WeakSet, WeakValueDictionary

from regulars.application.events import Event, Recorded
from regulars.application.narrowing import check_words
from regulars.application.ports import Storage
from regulars.application.subscription import Subscription, check_reached, reading
from regulars.application.tail import SharedReading, Tail


class Followers:
    """Makes subscriptions; those that leave out the same share a tail, and all end together."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._subscriptions = WeakSet[Subscription[Recorded]]()
        self._tails = WeakValueDictionary[
            tuple[frozenset[type[Event]] | None, str], Tail[Recorded]
        ]()
        self._lock = Lock()

    def subscribe(
        self,
        *,
        after: int,
        types: Collection[type[Event]] | None,
        prefix: str,
        poll_seconds: float,
    ) -> Subscription[Recorded]:
        """
        The events past position `after`, as `reading` reads them.

        Raises:
            TypeError, ValueError: these words cannot be subscribed with; see `check_words`.
            AheadOfLog: the log ends before that position.
            StorageUnavailable: the store does not answer.
        """
        check_words(after=after, types=types, prefix=prefix, poll_seconds=poll_seconds)
        check_reached(self._storage, after)
        chosen = None if types is None else frozenset(types)
        with self._lock:
            tail = self._tails.get((chosen, prefix))
            if tail is None:
                tail = Tail(reading(self._storage, types=chosen, prefix=prefix, endless=True))
                self._tails[chosen, prefix] = tail
            shared = SharedReading(tail, self._storage.wakeup(poll_seconds=poll_seconds))
            subscription = Subscription(shared.read, shared, after=after)
            self._subscriptions.add(subscription)
        return subscription

    def stop(self) -> None:
        """End every subscription."""
        with self._lock:
            for subscription in self._subscriptions:
                subscription.stop()
