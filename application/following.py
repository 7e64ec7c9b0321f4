"""The part of the core's front that reads the log, and follows it."""

from collections.abc import Collection, Iterator
from datetime import datetime
from threading import RLock
from typing import Any, Final

from regulars.application.events import Event, Recorded, chosen, microseconds
from regulars.application.followers import Followers
from regulars.application.narrowing import POLL_SECONDS, check_words
from regulars.application.paging import log_by_pages, stream_by_pages
from regulars.application.ports import Storage
from regulars.application.positions import Positions
from regulars.application.subscription import Subscription, reading


class Following:
    """What of `Crm` gives events. `lock` is the one by which threads take turns."""

    def __init__(self, storage: Storage, lock: RLock) -> None:
        self._storage = storage
        self._turn = lock
        self._followers = Followers(storage)
        self.positions: Final = Positions(storage=storage, lock=lock)

    def head(self) -> int:
        """The highest position ever given, 0 for a new log."""
        with self._turn, self._storage.snapshot():
            return self._storage.log.head()

    def events(  # noqa: PLR0913 - each narrows what is read
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        stream: str | None = None,
        types: Collection[type[Event]] | None = None,
        prefix: str = "",
        recorded_by: datetime | None = None,
        occurred_by: datetime | None = None,
    ) -> Iterator[Recorded]:
        """
        Events past position `after` up to and including `upto`, oldest first.

        Of one `stream` they are versions. Those only of `types`, in streams whose names begin with
        `prefix`, that were recorded and that occurred by then, that instant included.

        Read page by page, so that any number takes little memory and nobody has to wait.
        Unless there are `types`, `Retired` stands where a stored event means nothing any more.

        Raises:
            TypeError: a word is not of its type, or `types` holds what is no class of an event.
            ValueError: `after` or `upto` is less than 0, a text holds what no stream's name does,
                or a time has no time zone.
        """
        check_words(
            after=after,
            upto=upto,
            stream=stream or "",
            types=types,
            prefix=prefix,
            recorded_by=recorded_by,
            occurred_by=occurred_by,
        )
        narrow: dict[str, Any] = {
            "types": types,
            "prefix": prefix,
            "recorded_by": None if recorded_by is None else microseconds(recorded_by),
            "occurred_by": None if occurred_by is None else microseconds(occurred_by),
        }
        if stream is not None:
            found = stream_by_pages(self._storage, self._turn, stream, after=after, upto=upto)
            return chosen(found, **narrow)
        read = reading(self._storage, upto=upto, **narrow)
        return log_by_pages(read, self._turn, after=after)

    def subscribe(
        self,
        *,
        after: int = 0,
        types: Collection[type[Event]] | None = None,
        prefix: str = "",
        poll_seconds: float = POLL_SECONDS,
    ) -> Subscription[Recorded]:
        """
        Events past position `after`: those that are there, then those to come.

        Those only of `types`, in streams whose names begin with `prefix`.

            with crm.subscribe(after=done, types={OrderDelivered}) as delivered:
                for recorded in delivered:
                    send_receipt(recorded.event.order)
                    keep_as_done(delivered.position)

        It waits for the next event for ever: another thread ends it with `stop`, and closing this
        ends all. Commits of other processes are looked for every `poll_seconds`.

        Raises:
            TypeError: a word is not of its type, or `types` holds what is no class of an event.
            ValueError: `after` is less than 0, `poll_seconds` is not more than 0, or too much.
            AheadOfLog: the log never came to `after`, here and when it is read.
            StorageUnavailable: the store does not answer.
        """
        return self._followers.subscribe(
            after=after, types=types, prefix=prefix, poll_seconds=poll_seconds
        )
