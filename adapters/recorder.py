"""
The event log as a recorder of the `eventsourcing` library, for applications that a host has in it.

Hosts import this module, nothing else does: that library patches `dataclasses` process-wide.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
)
from sqlalchemy import (
    Executable,
    and_,
    bindparam,
    case,
    insert,
    literal,
    select,
    text,
)

from regulars.adapters.clock import SystemClock
from regulars.adapters.database import Database
from regulars.adapters.event_log import EVENTS
from regulars.adapters.recorder_subscription import RecorderSubscription
from regulars.adapters.recorder_tables import FROM_ZERO, TRACKING, make_recorder_tables
from regulars.application.errors import StorageUnavailable
from regulars.application.events import microseconds
from regulars.application.narrowing import POLL_SECONDS
from regulars.application.ports import Clock
from regulars.application.stored import FOREIGN_ACTOR
from regulars.application.subscription import PAGE, SPAN, Page

_COUNTED_FROM_ZERO: Final = and_(
    FROM_ZERO.c.tenant == EVENTS.c.tenant, FROM_ZERO.c.stream == EVENTS.c.stream
)


class Recorder(ProcessRecorder):
    """
    An aggregate, application and tracking recorder over one tenant's rows of the events table.

    Stricter than that library asks: the versions of a stream begin with 1 or 0 and follow each
    other without a gap. A topic is stored as the event's type, a state as its body, as they come;
    notification ids are positions of the log, so that other tenants leave gaps in them.
    The core reads every event of its own tenant: events of another model need another tenant.

    `id_type` makes an originator id of the stream's name.
    """

    def __init__(
        self,
        database: Database,
        *,
        tenant: str,
        id_type: Callable[[str], UUID | str] = UUID,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._of_tenant = text(database.dialect.of_tenant)
        self._tenant = tenant
        self._id_type = id_type
        self._clock = clock or SystemClock()
        self._append = database.compile(insert(EVENTS))
        with _their_words(), database.transaction():
            make_recorder_tables(database)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: object
    ) -> Sequence[int]:
        """
        Record all of the events, and `tracking` if it is given, or nothing. Returns the positions.

        Raises:
            IntegrityError: a version is taken or not the next of its stream, or `tracking` is not
                past what was tracked before.
            OperationalError: the store does not answer.
        """
        tracking = kwargs.get("tracking")
        with self._all_or_nothing():
            positions = self._insert(stored_events)
            if isinstance(tracking, Tracking):
                self._track(tracking)
        return positions

    def _insert(self, stored_events: Sequence[StoredEvent]) -> Sequence[int]:
        if not stored_events:
            return []
        from_zero = {str(one.originator_id) for one in stored_events if not one.originator_version}
        if from_zero:
            self._database.connection.execute(
                self._database.dialect.insert(FROM_ZERO).on_conflict_do_nothing(),
                [{"tenant": self._tenant, "stream": stream} for stream in from_zero],
            )
        added = {
            stream: self._added(stream)
            for stream in {str(one.originator_id) for one in stored_events}
        }
        at = microseconds(self._clock.now())
        rows = [self._row(one, added[str(one.originator_id)], at) for one in stored_events]
        dialect = self._database.dialect
        try:
            last = dialect.append(self._database.driver, self._append, rows, fresh=False)
        except dialect.conflicts:
            raise IntegrityError("a version is taken, or is not the next of its stream") from None
        return list(range(last - len(rows) + 1, last + 1))

    def _row(self, stored: StoredEvent, added: int, at: int) -> tuple[object, ...]:
        # In the order of the table's columns, without the position, which the log gives.
        stream, version = str(stored.originator_id), stored.originator_version + added
        return (
            self._tenant,
            stream,
            version,
            stored.topic,
            1,
            _event_id(self._tenant, stream, version),
            at,
            at,
            FOREIGN_ACTOR,
            "",
            None,
            None,
            stored.state,
        )

    def _added(self, stream: str) -> int:
        known = select(literal(1)).where(
            FROM_ZERO.c.tenant == self._tenant, FROM_ZERO.c.stream == stream
        )
        return self._database.connection.scalar(known) or 0

    def _head(self) -> int:
        row = self._database.driver.execute(self._database.dialect.head).fetchone()
        return int(row[0]) if row else 0

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """
        The events of one stream past version `gt` up to `lte`, the newest first if `desc`.

        Raises:
            OperationalError: the store does not answer.
        """
        stream = str(originator_id)
        at = EVENTS.c
        with _their_words(), self._database.snapshot():
            added = self._added(stream)
            query = select(at.version - added, at.type, at.body).where(
                at.tenant == bindparam("tenant"), at.stream == stream
            )
            if gt is not None:
                query = query.where(at.version > gt + added)
            if lte is not None:
                query = query.where(at.version <= lte + added)
            query = query.order_by(at.version.desc() if desc else at.version).limit(limit)
            rows = self._rows(query)
        return [StoredEvent(self._id_type(stream), *row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """
        At most `limit` events from position `start` to `stop`, in order; of `topics`, if any.

        Raises:
            OperationalError: the store does not answer.
        """
        at = EVENTS.c
        first = (start or 0) + (0 if inclusive_of_start or start is None else 1)
        version = at.version - case((FROM_ZERO.c.stream.is_not(None), 1), else_=0)
        query = (
            select(at.position, at.stream, version, at.type, at.body)
            .select_from(EVENTS.outerjoin(FROM_ZERO, _COUNTED_FROM_ZERO))
            .where(self._of_tenant, at.position >= first)
            .order_by(at.position)
            .limit(limit)
        )
        if stop is not None:
            query = query.where(at.position <= stop)
        if topics:
            query = query.where(at.type.in_(topics))
        return [
            Notification(self._id_type(stream), version, topic, state, position)
            for position, stream, version, topic, state in self._rows(query)
        ]

    def max_notification_id(self) -> int | None:
        """
        The position of the newest event that is there; None if there is none.

        Raises:
            OperationalError: the store does not answer.
        """
        at = EVENTS.c
        newest = select(at.position).where(self._of_tenant).order_by(at.position.desc()).limit(1)
        return self._number(newest)

    def subscribe(
        self,
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> RecorderSubscription:
        """
        The events past position `gt`, of `topics` if any: those that are there, then those to come.

        Woken by commits of this process, and on SQLite within 50 ms by those of others.

        Raises:
            OperationalError: the store does not answer.
        """

        def read(start: int) -> Page[Notification]:
            with _their_words(), self._database.snapshot():
                head = self._head()
                upto = max(start, min(head, start + SPAN))
                found = self.select_notifications(
                    start, PAGE, upto, topics, inclusive_of_start=False
                )
                if not found and upto < head:
                    # Positions that nobody has are passed over at once.
                    there = self.select_notifications(upto, 1, inclusive_of_start=False)
                    upto = there[0].id - 1 if there else head
            if upto > start:
                with _their_words():
                    self._database.settle()
            upto = found[-1].id if len(found) == PAGE else upto
            return Page([(one.id, one) for one in found], upto, ended=upto >= head)

        with _their_words():
            wakeup = self._database.wakeup(poll_seconds=POLL_SECONDS)
        return RecorderSubscription(self, read, wakeup, gt=gt, topics=topics)

    def insert_tracking(self, tracking: Tracking) -> None:
        """
        Record how far another application's notifications were processed.

        Raises:
            IntegrityError: it is not past what was tracked before.
            OperationalError: the store does not answer.
        """
        with self._all_or_nothing():
            self._track(tracking)

    def _track(self, tracking: Tracking) -> None:
        upsert = self._database.dialect.insert(TRACKING).values(
            tenant=self._tenant,
            application=tracking.application_name,
            notification_id=tracking.notification_id,
        )
        tracked = upsert.on_conflict_do_update(
            index_elements=["tenant", "application"],
            set_={"notification_id": upsert.excluded.notification_id},
            where=TRACKING.c.notification_id < upsert.excluded.notification_id,
        ).returning(TRACKING.c.notification_id)
        if self._database.connection.scalar(tracked) is None:
            message = (
                f"notification {tracking.notification_id} of {tracking.application_name}"
                " is not past what was tracked before"
            )
            raise IntegrityError(message)

    def max_tracking_id(self, application_name: str) -> int | None:
        """
        How far the notifications of that application were processed; None if not at all.

        Raises:
            OperationalError: the store does not answer.
        """
        at = TRACKING.c
        reached = select(at.notification_id).where(
            at.tenant == bindparam("tenant"), at.application == application_name
        )
        return self._number(reached)

    def _rows(self, query: Executable) -> Sequence[Sequence[Any]]:
        bound = {"tenant": self._tenant}
        with _their_words(), self._database.snapshot():
            return self._database.connection.execute(query, bound).all()

    def _number(self, query: Executable) -> int | None:
        return next((row[0] for row in self._rows(query)), None)

    @contextmanager
    def _all_or_nothing(self) -> Generator[None]:
        # The savepoint leaves a host's own transaction as it was before a refused insert.
        driver = self._database.driver
        with _their_words(), self._database.transaction():
            driver.execute("SAVEPOINT recorder")
            try:
                yield
            except BaseException:
                if driver.in_transaction:
                    driver.execute("ROLLBACK TO recorder")
                    driver.execute("RELEASE recorder")
                raise
            driver.execute("RELEASE recorder")


@contextmanager
def _their_words() -> Generator[None]:
    try:
        yield
    except StorageUnavailable as error:
        raise OperationalError(str(error)) from error


def _event_id(tenant: str, stream: str, version: int) -> bytes:
    # A UUID of version 8 (RFC 9562). The lengths keep two different names from being one text.
    name = f"{len(tenant)}:{tenant}{len(stream)}:{stream}{version}".encode()
    digest = bytearray(blake2b(name, digest_size=16, person=b"regulars/record").digest())
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)
