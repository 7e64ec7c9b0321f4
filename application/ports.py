"""What the core asks of the outside world. Adapters satisfy these by shape."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from regulars.application.checkpoints import Checkpoints
from regulars.application.contact_index import ContactIndex
from regulars.application.events import Event, EventId, Fact, Occurrence, Pending, Recorded
from regulars.application.snapshots import Snapshots
from regulars.application.views import Key, View
from regulars.domain.personal import DataClass, Personal, Sealed

Row = TypeVar("Row")
Part = TypeVar("Part")


NOTHING_HELD: Final[Mapping[str, int]] = {}
"""An append depends on nothing that is held in memory, but for the versions that it adds."""


class EventLog(Protocol):
    """
    The one ordered record of everything that happened. Events are added, never changed.

    They are read as what they mean now: an older stored event may have become several, which
    share its position, version and envelope, or none, in whose place stands `Retired`.
    """

    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        """
        Record all of `events`, of any number of streams, or none. Returns the last position.

        Streams of `held`, on which the events depend, must still end at these versions. Who gives
        `held`, be it empty, decided on states in memory, and is refused once after the store was
        lost and found again; see `Storage.incarnation`.

        Raises:
            StaleHistory: a version is taken, or is not the next of its stream; a stream of `held`
                ends elsewhere, or may do so in a store that was lost.
            AlreadyRecorded: an event id is in the log. Outside a transaction, in which `find` would
                have told: or one of the block of an event with a fingerprint; see `find`.
        """
        ...

    def stream(self, name: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        """
        The events of one stream past version `after` up to and including `upto`, oldest first.

        There are none if the stream is unknown.
        """
        ...

    def facts(self, name: str, *, after: int = 0) -> Iterator[Fact]:
        """What `stream` gives, without the envelope: all that a fold needs, read faster."""
        ...

    def streams(self, names: Collection[str]) -> dict[str, list[Occurrence]]:
        """The events of several streams, oldest first; unknown streams are left out."""
        ...

    def read(  # noqa: PLR0913 - each narrows what is read
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
        prefix: str = "",
        recorded_by: int | None = None,
        occurred_by: int | None = None,
    ) -> Iterator[Recorded]:
        """
        Events past position `after` up to and including `upto`, in order, in bounded memory.

        Those only of `types`, in streams whose names begin with `prefix`, letter for letter, that
        were recorded and that occurred by then: at that microsecond or before. None narrows
        nothing.
        """
        ...

    def occurrences(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
        occurred_by: int | None = None,
    ) -> Iterator[Occurrence]:
        """What `read` gives, without the rest of the envelope, read faster."""
        ...

    def find(self, event_ids: Collection[EventId]) -> dict[EventId, Recorded]:
        """
        The first event of each block of ids that one of these lies in; empty blocks are left out.

        A block is the 2**24 ids that share their first 13 bytes: those of one request.
        """
        ...

    def caused_by(self, command_id: str, *, after: int) -> Sequence[Recorded]:
        """The run of events from position `after` + 1 on that `command_id` caused."""
        ...

    def head(self) -> int:
        """The highest position ever given, 0 for a new log."""
        ...

    def stored_as(self, event: type[Event]) -> tuple[str, int]:
        """The name and schema version under which events of this class are stored."""
        ...


class ViewStore(Protocol):
    """Where the rows of views live, with the position up to which each view has folded the log."""

    def checkpoint(self, view: View[Row, Part]) -> int:
        """The position up to which the view has folded the log; 0 if it never did."""
        ...

    def is_empty(self, view: View[Any, Any]) -> bool:
        """Whether the view has no row."""
        ...

    def load(self, view: View[Row, Part], keys: Collection[Key]) -> dict[Key, Row]:
        """The rows under `keys`; keys without a row are left out. The caller owns the rows."""
        ...

    def save(self, changed: Mapping[View[Any, Any], Iterable[Any]], *, checkpoint: int) -> None:
        """
        Write rows of some views, over those with the same key, and their new checkpoint, together.

        A view with no rows only has its checkpoint moved.
        """
        ...

    def rows(self, view: View[Row, Part], **equal: str | int) -> Iterator[Row]:
        """Rows in the order of their keys, those only whose fields equal what is given."""
        ...

    def clear(self, view: View[Row, Part]) -> None:
        """Forget every row and the checkpoint."""
        ...


class Spot(NamedTuple):
    """Where a box stands. A box opens only where it was sealed."""

    subject: str
    type: str
    schema: int
    event_id: EventId
    box: str


@frozen
class Revealed:
    """The box opened. Its `repr` shows nothing."""

    value: Personal = field(repr=False)


@frozen
class Erased:
    """The key was destroyed: nobody will ever open this box."""


@frozen
class Tampered:
    """The box, its key or the place it stands in was changed. Never a value, never an erasure."""

    why: str


@frozen
class KeyUnavailable:
    """The key may exist but could not be had now, such as under a key-encryption key not given."""

    why: str


Opened: TypeAlias = Revealed | Erased | Tampered | KeyUnavailable


class Vault(Protocol):
    """Seals personal data and opens it. One vault serves one tenant."""

    def prepare(self, needed: Collection[tuple[str, DataClass]]) -> None:
        """Have these keys at hand, as all will seal; what is not there is made, as in `seal`."""
        ...

    def seal(self, value: Personal, spot: Spot) -> Sealed:
        """
        A box that holds `value` and opens at `spot` only.

        Raises:
            SubjectErased: the subject's data of this class was destroyed; no new key is made.
            ErasureWaits: it is to be destroyed.
        """
        ...

    def open(self, box: Sealed, spot: Spot) -> Opened:
        """What the box holds, or which of three reasons keeps it shut."""
        ...

    def digest(self, value: Personal, subject: str) -> bytes:
        """
        A keyed digest that tells whether two values of one subject are the same.

        Made under the subject's own key: with it goes the digest's meaning. Stays the same while
        that key's data class is not erased, whatever newer versions of the key there are.

        Raises:
            SubjectErased: as for `seal`.
        """
        ...

    def rolled_back(self) -> None:
        """Forget keys that were made in a transaction which was not kept."""
        ...

    @property
    def max_age(self) -> float:
        """Seconds for which a key may open boxes here after another process has erased it."""
        ...

    def heed_erasures(self) -> None:
        """
        Forget the keys in memory if any was fenced or erased since, by whichever process.

        Called inside a transaction, it lets nothing be sealed there under a key that is gone.

        Raises:
            StorageUnavailable: the key store does not answer.
        """
        ...

    def version_of(self, box: Sealed) -> int:
        """The version of the key that a box says it was sealed under; 0 of what is no box."""
        ...

    def ask_again(self) -> None:
        """Have whoever has keys in memory ask the log again before they seal under them."""
        ...

    def begin_lives(self, needed: Collection[tuple[str, DataClass]]) -> None:
        """
        Make new keys for those of these subjects and data classes whose old ones were erased.

        Nothing that was sealed before opens again.

        Raises:
            StorageUnavailable: the key store does not answer.
        """
        ...


@frozen(kw_only=True)
class Finding:
    """A row of an import that was not recorded: where it stands, which field, why. No values."""

    file: str
    row: int
    field: str
    reason: str


class Findings(Protocol):
    """Rejected rows of imports, beside the log; each is kept once however often it is found."""

    def add(self, findings: Iterable[Finding]) -> None:
        """Keep these. One that is known is not kept twice."""
        ...

    def forget(self, files: Collection[str]) -> None:
        """Let go of what was found in these files, which are about to be read again."""
        ...

    def all(self) -> Iterator[Finding]:
        """Every finding by file, row and field."""
        ...


class Wakeup(Protocol):
    """Tells one reader that it may be worth looking at the log again."""

    def wait(self, seconds: float | None = None) -> int:
        """
        Return once something may have been committed since the last call, or since it was made.

        Returns in any case after `seconds`, and at once when it is closed. May return for nothing.
        What it returns is a moment of `time.monotonic_ns`: who looks after that moment sees all
        that was told of so far, and whatever is committed after their look will be told of again.
        Where nothing was told of, it is the moment at which `seconds` were over.
        """
        ...

    def close(self) -> None:
        """End waiting for good, also in another thread. Closing twice does no harm."""
        ...


class Storage(Protocol):
    """The log, views, snapshots, findings and contacts in one place, written together."""

    @property
    def log(self) -> EventLog:
        """The record of what happened."""
        ...

    @property
    def views(self) -> ViewStore:
        """What the log adds up to."""
        ...

    @property
    def snapshots(self) -> Snapshots:
        """States of long streams, so that not all of them is folded again."""
        ...

    @property
    def findings(self) -> Findings:
        """What imports had to say."""
        ...

    @property
    def contacts(self) -> ContactIndex:
        """Who has which phone number and e-mail address, told by tokens alone."""
        ...

    @property
    def checkpoints(self) -> Checkpoints:
        """How far followers are, those of the core and those that hosts name."""
        ...

    @property
    def optimistic(self) -> int:
        """
        Requests up to which it pays to decide them first, and let the append find out.

        0 where a transaction always comes first.
        """
        ...

    @property
    def incarnation(self) -> int:
        """
        Another number once the store was lost and found again, which a read or transaction may do.

        What was committed last may be gone then, and what is held in memory be ahead of the log.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """
        Everything written inside is kept together when the block ends, or not at all if it raises.

        Inside another transaction it joins that one. One writer at a time; others wait.

        Raises:
            StorageUnavailable: the store is locked, full, read-only or gone.
        """
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read inside is as of one moment, whatever is written meanwhile."""
        ...

    def settle(self) -> None:
        """
        Return once what was read before is as durable as a receipt. Not inside a transaction.

        Raises:
            StorageUnavailable: the store is gone.
        """
        ...

    def wakeup(self, *, poll_seconds: float) -> Wakeup:
        """
        What a reader waits on: told of commits, looking every `poll_seconds` where nobody tells.

        Raises:
            StorageUnavailable: the store is gone.
        """
        ...


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time now, aware."""
        ...
