"""Event logs that break a promise each, for the contract to find."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import takewhile
from time import sleep

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.memory import MemoryLog
from regulars.application.errors import StaleHistory
from regulars.application.events import Event, EventId, Fact, Pending, Recorded
from regulars.application.ports import NOTHING_HELD
from regulars.testing.pending_events import new_id


class NotAtomic(MemoryLog):
    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        for pending in events:
            super().append([pending], recorded_at=recorded_at, held=held)
        return self.head()


class NoLock(MemoryLog):
    """Looks whether the versions are next, and writes when others may have written, too."""

    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        with self.lock:
            last = super().append(events, recorded_at=recorded_at, held=held)
            self.truncate(last - len(events))
        sleep(0.03)
        with self.lock:
            for pending in events:
                end = len(list(self.stream(pending.stream)))
                super().append(
                    [pending._replace(version=end + 1)], recorded_at=recorded_at, held=held
                )
            return self.head()


class GivesAPositionTwice(MemoryLog):
    """Counts streams where it should count events."""

    def _append(self, pending: Pending, recorded_at: int) -> None:
        super()._append(pending, recorded_at)
        row = self._rows[-1]
        row[:] = [one._replace(position=len(self._streams)) for one in row]


class NotAtomicInSql(SqlLog):
    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        for pending in events:
            super().append([pending], recorded_at=recorded_at, held=held)
        return self.head()


class TakesGaps(SqlLog):
    def __init__(self, database: Database, *, tenant: str) -> None:
        database.driver.execute("DROP TRIGGER IF EXISTS events_contiguous")
        super().__init__(database, tenant=tenant)


class LastWriteWins(MemoryLog):
    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        for pending in events:
            end = len(list(self.stream(pending.stream)))
            super().append([pending._replace(version=end + 1)], recorded_at=recorded_at, held=held)
        return self.head()


class LostUpdate(SqlLog):
    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        try:
            return super().append(events, recorded_at=recorded_at, held=held)
        except StaleHistory:
            return self.head()


class TakesAnIdTwice(MemoryLog):
    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        ids = [pending.event_id for pending in events]
        known = self.find(ids)
        fresh = [
            pending._replace(event_id=new_id())
            if pending.event_id in known or pending.event_id in ids[:place]
            else pending
            for place, pending in enumerate(events)
        ]
        return super().append(fresh, recorded_at=recorded_at, held=held)


class NewestFirst(MemoryLog):
    def stream(self, name: str, *, after: int = 0) -> Iterator[Recorded]:
        return reversed(list(super().stream(name, after=after)))


class StreamFromTheStart(MemoryLog):
    def stream(self, name: str, *, after: int = 0) -> Iterator[Recorded]:  # noqa: ARG002 - that is what is broken
        return super().stream(name)


class FactsNewestFirst(MemoryLog):
    def facts(self, name: str) -> Iterator[Fact]:
        return reversed(list(super().facts(name)))


class StopsAtAnotherType(SqlLog):
    def read(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
    ) -> Iterator[Recorded]:
        events = super().read(after=after, upto=upto)
        return takewhile(lambda one: types is None or type(one.event) in types, events)


class ReadsEveryType(MemoryLog):
    def read(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,  # noqa: ARG002 - that is what is broken
    ) -> Iterator[Recorded]:
        return super().read(after=after, upto=upto)


class ReadsOneTwice(SqlLog):
    def read(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
    ) -> Iterator[Recorded]:
        return super().read(after=after - 1 if after else 0, upto=upto, types=types)


class ReadsOnePage(SqlLog):
    def read(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        types: Collection[type[Event]] | None = None,
    ) -> Iterator[Recorded]:
        end = min(after + 1000, self.head() if upto is None else upto)
        return super().read(after=after, upto=end, types=types)


class BlindToTenants(SqlLog):
    def __init__(self, database: Database, *, tenant: str) -> None:  # noqa: ARG002 - that is what is broken
        super().__init__(database, tenant="shop")


class ForgetsWhatIsHeld(MemoryLog):
    def append(
        self,
        events: Sequence[Pending],
        *,
        recorded_at: int,
        held: Mapping[str, int] = NOTHING_HELD,  # noqa: ARG002 - that is what is broken
    ) -> int:
        return super().append(events, recorded_at=recorded_at)


class HoldsAnyTenant(SqlLog):
    def _check(self, held: Mapping[str, int]) -> None:
        for stream, version in held.items():
            found = "SELECT 1 FROM events WHERE stream = ? AND version > ?"
            if self._database.driver.execute(found, (stream, version)).fetchone():
                raise StaleHistory(stream=stream)


class FindsSome(SqlLog):
    def find(self, event_ids: Collection[EventId]) -> dict[EventId, Recorded]:
        return super().find(list(event_ids)[:500])


class CausedByAnything(MemoryLog):
    def caused_by(self, command_id: str, *, after: int) -> Sequence[Recorded]:
        return [one for one in self.read(after=after) if one.causation == command_id]


class GivesPositionsAgain(SqlLog):
    def head(self) -> int:
        rows = self._database.driver.execute("SELECT coalesce(max(position), 0) FROM events")
        return int(rows.fetchone()[0])


BROKEN_IN_MEMORY: list[type[MemoryLog]] = [
    NotAtomic,
    NoLock,
    GivesAPositionTwice,
    LastWriteWins,
    TakesAnIdTwice,
    NewestFirst,
    FactsNewestFirst,
    StreamFromTheStart,
    ReadsEveryType,
    CausedByAnything,
    ForgetsWhatIsHeld,
]
BROKEN_IN_SQL: list[type[SqlLog]] = [
    NotAtomicInSql,
    TakesGaps,
    LostUpdate,
    StopsAtAnotherType,
    HoldsAnyTenant,
    ReadsOneTwice,
    ReadsOnePage,
    BlindToTenants,
    FindsSome,
]
