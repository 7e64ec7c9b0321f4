"""Event logs that break a promise each, for the contract to find."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import islice, takewhile
from typing import Any, TypeAlias

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.memory import MemoryLog
from regulars.application.errors import AlreadyRecorded, StaleHistory
from regulars.application.events import Event, EventId, Fact, Occurrence, Pending, Recorded
from regulars.application.ports import NOTHING_HELD
from regulars.testing.pending_events import new_id

Types: TypeAlias = Collection[type[Event]] | None


class NotAtomic(MemoryLog):
    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        for pending in events:
            super().append([pending], recorded_at=recorded_at, held=held)
        return self.head()


class NoLock(MemoryLog):
    """Looks whether the versions are next, and writes when others may have written, too."""

    def __init__(self, *, tenant: str) -> None:
        super().__init__(tenant=tenant)
        self.lock: Any = nullcontext()


class LooksUpIdsBeforeItLocks(MemoryLog):
    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        if any(pending.event_id in self._ids for pending in events):
            raise AlreadyRecorded
        with self.lock:
            for pending in events:
                self._ids.pop(pending.event_id, None)
            return super().append(events, recorded_at=recorded_at, held=held)


class LooksAtWhatIsHeldBeforeItLocks(MemoryLog):
    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        for stream, version in held.items():
            if len(self._streams.get(stream, ())) != version:
                raise StaleHistory(stream=stream)
        return super().append(events, recorded_at=recorded_at)


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


class KnowsARequestByOneId(MemoryLog):
    def _append(self, pending: Pending, recorded_at: int) -> None:
        super()._append(pending._replace(fingerprint=None), recorded_at)
        self._rows[-1][:] = [
            one._replace(fingerprint=pending.fingerprint) for one in self._rows[-1]
        ]


class NewestFirst(MemoryLog):
    def stream(self, name: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        return reversed(list(super().stream(name, after=after, upto=upto)))


class StreamFromTheStart(MemoryLog):
    def stream(self, name: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:  # noqa: ARG002 - that is what is broken
        return super().stream(name, upto=upto)


class StreamToTheEnd(MemoryLog):
    def stream(self, name: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:  # noqa: ARG002 - that is what is broken
        return super().stream(name, after=after)


class StreamLeavesOutItsLast(SqlLog):
    def stream(self, name: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        return super().stream(name, after=after, upto=None if upto is None else upto - 1)


class FactsNewestFirst(MemoryLog):
    def facts(self, name: str, *, after: int = 0) -> Iterator[Fact]:
        return reversed(list(super().facts(name, after=after)))


class FactsFromTheStart(MemoryLog):
    def facts(self, name: str, *, after: int = 0) -> Iterator[Fact]:  # noqa: ARG002 - that is what is broken
        return super().facts(name)


class OccurrencesFromTheStart(MemoryLog):
    def occurrences(self, *, after: int = 0, **of: Any) -> Iterator[Occurrence]:  # noqa: ANN401, ARG002 - that is what is broken
        return super().occurrences(**of)


class OccurrencesToTheEnd(MemoryLog):
    def occurrences(self, *, upto: int | None = None, **of: Any) -> Iterator[Occurrence]:  # noqa: ANN401, ARG002 - that is what is broken
        return super().occurrences(**of)


class OccurrencesOfEveryType(SqlLog):
    def occurrences(self, *, types: Types = None, **of: Any) -> Iterator[Occurrence]:  # noqa: ANN401, ARG002 - that is what is broken
        return super().occurrences(**of)


class OccurrencesAtAnyTime(SqlLog):
    def occurrences(self, *, occurred_by: int | None = None, **of: Any) -> Iterator[Occurrence]:  # noqa: ANN401, ARG002 - that is what is broken
        return super().occurrences(**of)


class OccurrencesOfOnePage(SqlLog):
    def occurrences(self, **of: Any) -> Iterator[Occurrence]:  # noqa: ANN401 - what `occurrences` takes
        return islice(super().occurrences(**of), 1_000)


class StopsAtAnotherType(SqlLog):
    def read(self, *, types: Types = None, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        return takewhile(lambda one: types is None or type(one.event) in types, super().read(**of))


class StopsAtAPageOfOthers(SqlLog):
    def read(self, *, after: int = 0, upto: int | None = None, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        last = self.head() if upto is None else upto
        for start in range(after, last, 1000):
            page = list(super().read(after=start, upto=min(start + 1000, last), **of))
            if not page:
                return
            yield from page


class ReadsEveryType(MemoryLog):
    def read(self, *, types: Types = None, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401, ARG002 - that is what is broken
        return super().read(**of)


class ReadsEveryStream(MemoryLog):
    def read(self, *, prefix: str = "", **of: Any) -> Iterator[Recorded]:  # noqa: ANN401, ARG002 - that is what is broken
        return super().read(**of)


class PrefixesByLike(SqlLog):
    def read(self, *, prefix: str = "", **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        like = "SELECT 1 WHERE ? LIKE ? || '%'"
        for one in super().read(**of):
            if self._database.driver.execute(like, (one.stream, prefix)).fetchone():
                yield one


class PrefixesAnywhere(MemoryLog):
    def read(self, *, prefix: str = "", **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        return (one for one in super().read(**of) if prefix in one.stream)


class PrefixesUpToAWholeCharacter(SqlLog):
    """Takes what follows the last character for the end, whatever it is."""

    def read(self, *, prefix: str = "", **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        beyond = prefix[:-1] + chr(min(ord(prefix[-1]) + 1, sys.maxunicode)) if prefix else ""
        return (one for one in super().read(**of) if not prefix or prefix <= one.stream < beyond)


class ReadsWhatIsRecordedLater(MemoryLog):
    def read(self, *, recorded_by: int | None = None, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        by = None if recorded_by is None else recorded_by + 1
        return super().read(recorded_by=by, **of)


class LeavesOutThatInstant(SqlLog):
    def read(self, *, occurred_by: int | None = None, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        by = None if occurred_by is None else occurred_by - 1
        return super().read(occurred_by=by, **of)


class TakesTheLogForSortedByTime(MemoryLog):
    def read(self, *, recorded_by: int | None = None, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        by = sys.maxsize if recorded_by is None else recorded_by
        return takewhile(lambda one: one.recorded_at <= by, super().read(**of))


class TakesOneTimeForTheOther(MemoryLog):
    def read(
        self,
        *,
        recorded_by: int | None = None,
        occurred_by: int | None = None,
        **of: Any,  # noqa: ANN401 - what `read` takes
    ) -> Iterator[Recorded]:
        return super().read(recorded_by=occurred_by, occurred_by=recorded_by, **of)


class ReadsOnePast(MemoryLog):
    def read(self, *, upto: int | None = None, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        return super().read(upto=None if upto is None else upto + 1, **of)


class ReadsOneTwice(SqlLog):
    def read(self, *, after: int = 0, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        return super().read(after=after - 1 if after else 0, **of)


class ReadsOnePage(SqlLog):
    def read(self, *, after: int = 0, upto: int | None = None, **of: Any) -> Iterator[Recorded]:  # noqa: ANN401 - what `read` takes
        end = min(after + 1000, self.head() if upto is None else upto)
        return super().read(after=after, upto=end, **of)


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


BROKEN_FOR_WRITERS_AT_ONCE: dict[type[MemoryLog], str] = {
    NoLock: "test_writers_of_different_streams_are_all_recorded",
    LooksUpIdsBeforeItLocks: "test_of_writers_of_one_id_one_is_recorded",
    LooksAtWhatIsHeldBeforeItLocks: "test_of_writers_who_depend_on_each_other_one_is_recorded",
}
"""Each with the race that finds it."""

BROKEN_IN_MEMORY: dict[str, list[type[MemoryLog]]] = {
    "test_of_a_refused_batch_nothing_is_recorded": [NotAtomic],
    "test_positions_only_grow": [GivesAPositionTwice],
    "test_a_version_is_taken_once": [LastWriteWins],
    "test_a_stream_that_an_append_depends_on_has_not_moved": [ForgetsWhatIsHeld],
    "test_a_request_is_recorded_once_whichever_of_its_ids_it_used": [KnowsARequestByOneId],
    "test_any_id_of_a_request_finds_the_first_of_its_events": [TakesAnIdTwice],
    "test_what_a_command_caused_is_one_run": [CausedByAnything],
    "test_a_stream_is_read_oldest_first_from_one_version_to_another": [
        NewestFirst,
        StreamFromTheStart,
        StreamToTheEnd,
    ],
    "test_the_facts_of_a_stream_are_its_events_without_their_envelope": [FactsNewestFirst],
    "test_the_facts_of_a_stream_are_read_past_a_version": [FactsFromTheStart],
    "test_the_occurrences_in_the_log_are_its_events_without_their_envelope": [
        OccurrencesFromTheStart,
        OccurrencesToTheEnd,
    ],
    "test_a_reader_goes_on_where_it_stopped": [ReadsOnePast],
    "test_a_reader_of_some_types_reads_all_of_them": [ReadsEveryType],
    "test_a_reader_of_a_prefix_reads_the_streams_that_begin_with_it_and_no_other": [
        ReadsEveryStream,
        PrefixesAnywhere,
    ],
    "test_a_reader_up_to_a_time_reads_what_was_recorded_or_occurred_by_then": [
        ReadsWhatIsRecordedLater,
        TakesTheLogForSortedByTime,
        TakesOneTimeForTheOther,
    ],
}
"""By the promise that each breaks."""

BROKEN_IN_SQL: dict[str, list[type[SqlLog]]] = {
    "test_of_a_refused_batch_nothing_is_recorded": [NotAtomicInSql],
    "test_a_version_is_the_next_of_its_stream": [TakesGaps],
    "test_a_version_is_taken_once": [LostUpdate],
    "test_a_stream_that_an_append_depends_on_has_not_moved": [HoldsAnyTenant],
    "test_tenants_see_nothing_of_each_other": [BlindToTenants],
    "test_events_are_found_by_id": [FindsSome],
    "test_a_stream_is_read_oldest_first_from_one_version_to_another": [StreamLeavesOutItsLast],
    "test_the_occurrences_in_the_log_are_its_events_without_their_envelope": [
        OccurrencesOfEveryType,
        OccurrencesAtAnyTime,
    ],
    "test_the_occurrences_in_a_log_of_any_length_are_all_read": [OccurrencesOfOnePage],
    "test_a_reader_goes_on_where_it_stopped": [ReadsOneTwice],
    "test_a_reader_of_some_types_reads_all_of_them": [StopsAtAnotherType],
    "test_a_reader_of_a_prefix_reads_the_streams_that_begin_with_it_and_no_other": [
        PrefixesByLike,
        PrefixesUpToAWholeCharacter,
    ],
    "test_a_reader_up_to_a_time_reads_what_was_recorded_or_occurred_by_then": [
        LeavesOutThatInstant
    ],
    "test_a_reader_finds_what_is_rare_behind_any_number_of_others": [
        StopsAtAPageOfOthers,
        ReadsOnePage,
    ],
}
"""By the promise that each breaks."""
