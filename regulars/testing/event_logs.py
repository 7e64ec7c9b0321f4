"""What every `EventLog` promises."""

from typing import ClassVar

import pytest
from hypothesis import settings

from regulars.application.errors import AlreadyRecorded, StaleHistory
from regulars.application.events import Recorded
from regulars.testing.event_log_machine import explore
from regulars.testing.event_log_races import EventLogRaces
from regulars.testing.example_events import EXAMPLES
from regulars.testing.pending_events import (
    NOW,
    append,
    id_of,
    new_id,
    new_request,
    pending,
    places,
    positions,
    refuse,
    run,
)


class EventLogContract(EventLogRaces):
    """
    The promises of the `EventLog` port, a test each, for a subclass that pytest collects.

    Every test has an instance of its own and begins with a store that has nothing in it: where
    making one takes more than a line, make it in a fixture of the subclass with `autouse`.
    """

    exploring: ClassVar[settings | None] = None
    """How long histories are explored; None for what the profile of Hypothesis says, or less."""

    exploring_seconds: ClassVar[float] = 20
    """About how long a slow log is explored where `exploring` does not say."""

    def test_a_batch_over_several_streams_is_recorded_in_its_order(self) -> None:
        log = self.open("shop")

        last = append(log, *run("a", 1, 2), *run("b", 1), *run("a", 3))

        assert places(log.read()) == [("a", 1), ("a", 2), ("b", 1), ("a", 3)]
        assert positions(log.read()) == [last - 3, last - 2, last - 1, last]
        assert log.head() == last

    def test_everything_told_of_an_event_comes_back(self) -> None:
        log = self.open("shop")
        told = pending("a", 1, causation="command-1")._replace(fingerprint=b"\x00\xff")
        plain = pending("a", 2)

        last = append(log, told, plain)

        first, second = log.read()
        assert first == Recorded(
            position=last - 1,
            stream="a",
            version=1,
            event=told.event,
            event_id=told.event_id,
            occurred_at=NOW - 5,
            recorded_at=NOW,
            type="OrderAccepted",
            schema=1,
            tenant="shop",
            actor="agent:7",
            correlation="talk-1",
            causation="command-1",
            fingerprint=b"\x00\xff",
        )
        assert (second.causation, second.fingerprint) == (None, None)

    def test_every_event_comes_back_as_it_was(self) -> None:
        log = self.open("shop")
        events = list(EXAMPLES.values())

        append(log, *(pending("a", version, event) for version, event in enumerate(events, 1)))

        recorded = list(log.stream("a"))
        assert [one.event for one in recorded] == events
        assert [(one.type, one.schema) for one in recorded] == [
            log.stored_as(type(event)) for event in events
        ]

    def test_nothing_is_recorded_for_no_events(self) -> None:
        log = self.open("shop")
        assert append(log) == 0

        last = append(log, *run("a", 1))

        assert append(log) == last
        assert len(list(log.read())) == 1

    def test_a_stream_begins_with_one(self) -> None:
        log = self.open("shop")

        refuse(log, StaleHistory, *run("a", 2))
        refuse(log, StaleHistory, *run("a", 0))
        refuse(log, StaleHistory, *run("a", -1))

    def test_a_version_is_the_next_of_its_stream(self) -> None:
        log = self.open("shop")
        append(log, *run("a", 1, 2), *run("b", 1))

        refuse(log, StaleHistory, *run("a", 4))
        refuse(log, StaleHistory, *run("a", 3, 5))
        refuse(log, StaleHistory, *run("a", 4, 3))
        refuse(log, StaleHistory, *run("b", 3))
        append(log, *run("a", 3, 4))

    def test_nor_does_a_long_batch_leave_a_version_out(self) -> None:
        log = self.open("shop")
        append(log, *run("a", 1))

        refuse(log, StaleHistory, *run("a", *range(2, 41), 42))
        refuse(log, StaleHistory, *run("a", *range(3, 43)))
        refuse(log, StaleHistory, *run("a", *range(41, 1, -1)))
        append(log, *run("a", *range(2, 42)))

        refuse(log, StaleHistory, *run("a", 43))

    def test_a_version_is_taken_once(self) -> None:
        log = self.open("shop")
        append(log, *run("a", 1, 2))

        refuse(log, StaleHistory, *run("a", 2))
        refuse(log, StaleHistory, *run("a", 1))
        refuse(log, StaleHistory, *run("b", 1, 1))
        assert places(log.stream("a")) == [("a", 1), ("a", 2)]

    def test_a_stream_that_an_append_depends_on_has_not_moved(self) -> None:
        log, other = self.open("shop"), self.open("other")
        append(log, *run("a", 1, 2))
        append(other, *run("a", 1, 2, 3), *run("b", 1))

        last = log.append(run("c", 1), recorded_at=NOW, held={"a": 2, "b": 0})
        with pytest.raises(StaleHistory):
            log.append(run("c", 2), recorded_at=NOW, held={"b": 0, "a": 1})
        for elsewhere in ({"c": 0}, {"a": 3}, {"b": 1}):
            with pytest.raises(StaleHistory):
                log.append(run("c", 2), recorded_at=NOW, held=elsewhere)

        assert places(log.read()) == [("a", 1), ("a", 2), ("c", 1)]
        assert log.append(run("c", 2), recorded_at=NOW, held={"a": 2, "c": 1}) > last

    def test_of_a_refused_batch_nothing_is_recorded(self) -> None:
        log = self.open("shop")
        append(log, *run("a", 1))

        refuse(log, StaleHistory, *run("new", 1, 2), *run("a", 1))
        refuse(log, StaleHistory, *run("a", 2, 3), *run("new", 2))

        assert list(log.stream("new")) == []
        assert log.streams(["new"]) == {}
        append(log, *run("new", 1), *run("a", 2))

    def test_an_event_is_recorded_once(self) -> None:
        log = self.open("shop")
        known = pending("a", 1)
        append(log, known)
        twice = new_id()

        refuse(log, AlreadyRecorded, pending("a", 2, event_id=known.event_id))
        refuse(log, AlreadyRecorded, *run("b", 1), pending("b", 2, event_id=known.event_id))
        refuse(
            log, AlreadyRecorded, pending("b", 1, event_id=twice), pending("b", 2, event_id=twice)
        )

    def test_a_request_is_recorded_once_whichever_of_its_ids_it_used(self) -> None:
        log = self.open("shop")
        before, number, after = new_request(), new_request(), new_request()
        first = pending("a", 1, event_id=id_of(number, 512))._replace(fingerprint=b"told")
        append(log, first)

        for more in ([], run("b", *range(1, 41))):
            for place in (0, 511, 513, 2**24 - 1):
                other = first._replace(version=2, event_id=id_of(number, place))
                refuse(log, AlreadyRecorded, *more, other)

        append(log, first._replace(version=2, event_id=id_of(before, 2**24 - 1)))
        append(log, first._replace(version=3, event_id=id_of(after)))

    def test_a_repeat_is_refused(self) -> None:
        log = self.open("shop")
        batch = run("a", 1, 2)
        append(log, *batch)

        with pytest.raises((AlreadyRecorded, StaleHistory)):
            append(log, *batch)
        assert places(log.read()) == [("a", 1), ("a", 2)]

    def test_positions_only_grow(self) -> None:
        log = self.open("shop")
        given = [append(log, *run("a", 1)), append(log, *run("a", 2, 3)), append(log, *run("b", 1))]
        with pytest.raises(StaleHistory):
            append(log, *run("c", 1), *run("b", 1))
        given.append(append(log, *run("b", 2)))

        assert given[0] > 0
        assert given == sorted(set(given))
        assert positions(log.read()) == [given[0], given[1] - 1, given[1], given[2], given[3]]

    def test_a_new_log_is_empty(self) -> None:
        log = self.open("shop")

        assert log.head() == 0
        assert list(log.read()) == []
        assert list(log.stream("a")) == []
        assert log.streams(["a"]) == {}
        assert log.find([new_id()]) == {}

    def test_a_long_batch_is_read_back_whole(self) -> None:
        log = self.open("shop")
        last = append(
            log, *(pending(f"order {number % 3}", number // 3 + 1) for number in range(2_502))
        )

        read = list(log.read())
        assert positions(read) == list(range(last - 2_501, last + 1))
        assert list(log.read(after=read[998].position)) == read[999:]
        assert [one.version for one in log.stream("order 1", after=500)] == list(range(501, 835))

    def test_tenants_see_nothing_of_each_other(self) -> None:
        mine, theirs, nobody = self.open("shop"), self.open("other"), self.open("nobody")
        own = pending("a", 1, causation="command-1")
        append(mine, own)
        append(theirs, *run("a", 1, 2))
        append(mine, pending("a", 2, causation="command-1"))

        assert places(mine.read()) == [("a", 1), ("a", 2)]
        assert {one.tenant for one in mine.read()} == {"shop"}
        assert {one.tenant for one in theirs.read()} == {"other"}
        assert places(theirs.stream("a")) == [("a", 1), ("a", 2)]
        assert len(theirs.streams(["a"])["a"]) == 2
        assert theirs.find([own.event_id]) == {}
        assert len(mine.caused_by("command-1", after=0)) == 2
        assert list(nobody.read()) == []
        refuse(nobody, StaleHistory, *run("a", 3))

    def test_it_is_a_list_that_only_grows(self) -> None:
        explore(self.open, self.exploring, seconds=self.exploring_seconds)
