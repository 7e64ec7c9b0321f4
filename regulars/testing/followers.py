"""Who follows a log in tests, and stores that fail them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import islice
from threading import Thread
from time import monotonic, sleep
from typing import Any, TypeAlias

import pytest
from attrs import define, field, frozen

from regulars.application.checkpoints import Checkpoints
from regulars.application.contact_index import ContactIndex
from regulars.application.errors import StorageUnavailable
from regulars.application.events import Event, Pending, Recorded
from regulars.application.ports import EventLog, Findings, Storage, ViewStore, Wakeup
from regulars.application.snapshots import Snapshots
from regulars.application.subscription import Subscription, subscribe
from regulars.domain.values import OrderId
from regulars.testing.pending_events import pending

Subscribe: TypeAlias = Callable[..., Subscription[Recorded]]
"""Subscribes to a store as `regulars.application.subscription.subscribe` does."""


@frozen
class Followed:
    """A store, how it is subscribed to, and the seconds after which a follower is given up."""

    storage: Storage
    subscribe: Subscribe = subscribe
    patience: float = 10

    @property
    def log(self) -> EventLog:
        """The log of the store."""
        return self.storage.log

    def subscription(self, **of: Any) -> Subscription[Recorded]:  # noqa: ANN401 - what `subscribe` takes
        """Begins to follow the store."""
        return self.subscribe(self.storage, **of)

    def follower(self, subscription: Subscription[Recorded], most: int | None = None) -> "Follower":
        """Follows in a thread of its own."""
        return Follower(subscription, most, self.patience)

    def take(self, subscription: Subscription[Recorded], count: int) -> list[Recorded]:
        """The next so many; fails if they do not come."""
        follower = self.follower(subscription, count)
        follower.end()
        return follower.taken

    def becomes(self, true: Callable[[], bool]) -> bool:
        """Whether it is true before patience ends."""
        end = monotonic() + self.patience
        while not true():
            if monotonic() > end:
                return False
            sleep(0.002)
        return True

    def ends(self, work: Callable[[], object]) -> bool:
        """Whether another thread gets to the end of it."""
        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(self.patience)
        return not thread.is_alive()


class Follower:
    """Takes what a subscription gives, at most so much, in a thread of its own."""

    def __init__(
        self, subscription: Subscription[Recorded], most: int | None, patience: float
    ) -> None:
        self.taken: list[Recorded] = []
        self._subscription = subscription
        self._most = most
        self._patience = patience
        self._error: Exception | None = None
        self._thread = Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        try:
            for recorded in islice(self._subscription, self._most):
                self.taken.append(recorded)
        except Exception as error:  # noqa: BLE001 - raised by `end`
            self._error = error

    def end(self) -> None:
        """Waits until everything came; fails if it does not, or raises what was raised."""
        self._thread.join(self._patience)
        if self._thread.is_alive():
            self._subscription.stop()
            pytest.fail(f"{len(self.taken)} came, of {self._most}")
        if self._error is not None:
            raise self._error


@define
class Unsteady:
    """A store that can be away for a while, come back as another, or lack the disk."""

    storage: Storage
    away: bool = False
    diskless: bool = False
    optimistic: int = 0
    incarnation: int = 0
    log: EventLog = field(init=False)
    views: ViewStore = field(init=False)
    snapshots: Snapshots = field(init=False)
    findings: Findings = field(init=False)
    contacts: ContactIndex = field(init=False)
    checkpoints: Checkpoints = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.log, self.views = self.storage.log, self.storage.views
        self.snapshots, self.findings = self.storage.snapshots, self.storage.findings
        self.contacts, self.checkpoints = self.storage.contacts, self.storage.checkpoints

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction of the store."""
        return self.storage.transaction()

    def snapshot(self) -> AbstractContextManager[None]:
        """Fails while the store is away."""
        if self.away:
            raise StorageUnavailable(store="shop", why="is away")
        return self.storage.snapshot()

    def settle(self) -> None:
        """Fails while there is no disk."""
        if self.diskless:
            raise StorageUnavailable(store="shop", why="has no disk")
        self.storage.settle()

    def wakeup(self, *, poll_seconds: float) -> Wakeup:
        """What a reader of the store waits on."""
        return self.storage.wakeup(poll_seconds=poll_seconds)


@define
class Closing(Unsteady):
    """A store that is closed, and what is subscribed stopped, while somebody begins to read."""

    stop: Callable[[], None] = field(init=False)

    def snapshot(self) -> AbstractContextManager[None]:
        """Stops who reads, and fails."""
        self.stop()
        raise StorageUnavailable(store="shop", why="is closed")


class TakenBack(Exception):
    """Ends a transaction before it is kept."""


def orders(*kinds: Callable[..., Event], stream: str = "a", start: int = 1) -> list[Pending]:
    """Events of those kinds, one after the other in one stream."""
    return [
        pending(stream, version, kind(order=OrderId(stream)))
        for version, kind in enumerate(kinds, start)
    ]
