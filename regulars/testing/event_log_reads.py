"""What every `EventLog` promises to those who read it."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from typing import Any, Final

from regulars.application.events import Event, Pending
from regulars.application.ports import EventLog
from regulars.domain.order import OrderAccepted, OrderCompleted, OrderReady
from regulars.domain.values import OrderId
from regulars.testing.example_events import EXAMPLES
from regulars.testing.pending_events import (
    NOW,
    append,
    id_of,
    new_id,
    new_request,
    pending,
    places,
    run,
)

NAMES: Final = (
    "order-1",
    "order-10",
    "orders",
    "Order-1",
    "o",
    "order%1",
    "order_1",
    "order\\1",
    "order'1",
    'order"1',
    "order;--",
    " order",
    "?",
    ":name",
    "*",
    "o\u0308rder",
    "\xf6rder",
    "\ud7ff-1",
    "\ue000-1",
    "\uffff-1",
    "\U0001f95f-1",
    "\U0010ffff",
    "\U0010ffff\U0010ffff-1",
)
"""Names of streams that one filter or another could take for something else."""


class EventLogReads(ABC):
    """The promises of the `EventLog` port to readers, a test each; `EventLogContract` has all."""

    @abstractmethod
    def open(self, tenant: str) -> EventLog:
        """
        Opens the log of a tenant.

        What one test opens is in one store. A test opens a tenant once, and may share the log
        between threads.
        """

    def test_a_reader_goes_on_where_it_stopped(self) -> None:
        log = self.open("shop")
        append(log, *run("a", 1, 2, 3), *run("b", 1, 2))
        all_of_it = list(log.read())
        second, fourth = all_of_it[1].position, all_of_it[3].position

        assert list(log.read(after=second)) == all_of_it[2:]
        assert list(log.read(upto=fourth)) == all_of_it[:4]
        assert list(log.read(after=second, upto=fourth)) == all_of_it[2:4]
        assert list(log.read(after=fourth, upto=second)) == []
        assert list(log.read(after=log.head())) == []
        assert list(log.read(upto=0)) == []
        assert list(log.read(upto=log.head() + 10)) == all_of_it

    def test_a_reader_of_some_types_reads_all_of_them(self) -> None:
        log = self.open("shop")
        order = OrderId("a")
        kinds: list[Event] = [
            OrderAccepted(order=order),
            OrderReady(order=order),
            OrderAccepted(order=order),
            OrderCompleted(order=order),
        ]
        append(log, *(pending("a", version, event) for version, event in enumerate(kinds, 1)))

        def versions(*types: type[Event], **between: Any) -> list[int]:  # noqa: ANN401 - two numbers
            return [one.version for one in log.read(types=types, **between)]

        assert versions(OrderAccepted) == [1, 3]
        assert versions(OrderReady, OrderCompleted) == [2, 4]
        assert versions(OrderAccepted, after=log.head() - 3, upto=log.head() - 1) == [3]
        assert versions() == []

    def test_a_reader_of_a_prefix_reads_the_streams_that_begin_with_it_and_no_other(self) -> None:
        log = self.open("shop")
        append(log, *(one for name in NAMES for one in run(name, 1, 2)))
        prefixes = {name[:length] for name in NAMES for length in range(len(name) + 1)}

        for prefix in sorted(prefixes | {"order-1x", "%", "_", "\U0010ffff" * 3}):
            assert places(log.read(prefix=prefix)) == [
                (name, version) for name in NAMES if name.startswith(prefix) for version in (1, 2)
            ]

    def test_a_reader_up_to_a_time_reads_what_was_recorded_or_occurred_by_then(self) -> None:
        log = self.open("shop")
        # Clocks go back, and what is recorded late has occurred long before.
        times = [(10, 9), (12, 3), (11, 11), (12, 12), (10, 1)]
        for version, (recorded, occurred) in enumerate(times, 1):
            event = pending("a", version)._replace(occurred_at=NOW + occurred)
            log.append([event], recorded_at=NOW + recorded)

        def versions(**by: Any) -> list[int]:  # noqa: ANN401 - numbers
            return [one.version for one in log.read(**by)]

        assert versions(recorded_by=NOW + 9) == []
        assert versions(recorded_by=NOW + 10) == [1, 5]
        assert versions(recorded_by=NOW + 11) == [1, 3, 5]
        assert versions(recorded_by=NOW + 12) == [1, 2, 3, 4, 5]
        assert versions(occurred_by=NOW) == []
        assert versions(occurred_by=NOW + 3) == [2, 5]
        assert versions(occurred_by=NOW + 11) == [1, 2, 3, 5]
        assert versions(recorded_by=NOW + 11, occurred_by=NOW + 9) == [1, 5]
        third = list(log.read())[2].position
        assert versions(recorded_by=NOW + 12, occurred_by=NOW + 12, after=third) == [4, 5]

    def test_a_reader_finds_what_is_rare_behind_any_number_of_others(self) -> None:
        log = self.open("shop")
        rare = (1, 1_002, 1_003, 6_200, 6_201)
        append(log, *_few_among_many(rare, 6_201))
        whole = list(log.read())
        expected = [one for one in whole if one.stream == "rare"]

        narrow: list[dict[str, Any]] = [
            {"types": [OrderReady]},
            {"prefix": "rare"},
            {"occurred_by": NOW - 10},
            {"types": [OrderReady], "prefix": "ra", "occurred_by": NOW - 10, "recorded_by": NOW},
        ]
        assert (len(expected), len(whole)) == (len(rare), 6_201)
        for words in narrow:
            assert list(log.read(**words)) == expected
            between: dict[str, Any] = {"after": expected[0].position, "upto": log.head() - 1}
            assert list(log.read(**words, **between)) == expected[1:-1]
        assert list(log.read(prefix="rare", recorded_by=NOW - 1)) == []
        assert len(list(log.read(prefix="comm", recorded_by=NOW))) == len(whole) - len(rare)

    def test_a_stream_is_read_oldest_first_from_one_version_to_another(self) -> None:
        log = self.open("shop")
        append(log, *run("a", 1), *run("b", 1), *run("a", 2, 3))
        append(log, *run("a", 4))

        assert [one.version for one in log.stream("a")] == [1, 2, 3, 4]
        assert [one.version for one in log.stream("a", after=2)] == [3, 4]
        assert [one.version for one in log.stream("a", after=4)] == []
        assert [one.version for one in log.stream("a", upto=3)] == [1, 2, 3]
        assert [one.version for one in log.stream("a", after=1, upto=3)] == [2, 3]
        assert [one.version for one in log.stream("a", after=3, upto=1)] == []
        assert list(log.stream("a", upto=0)) == []
        assert list(log.stream("a", upto=2**40)) == list(log.stream("a"))
        assert list(log.stream("A")) == []

    def test_the_facts_of_a_stream_are_its_events_without_their_envelope(self) -> None:
        log, other = self.open("shop"), self.open("other")
        events = list(EXAMPLES.values())
        append(other, *run("a", 1))
        for version, event in enumerate(events, 1):
            append(log, pending("a", version, event)._replace(occurred_at=NOW + version))
        append(log, *run("b", 1))

        assert list(log.facts("a")) == [
            (one.version, one.event, one.occurred_at) for one in log.stream("a")
        ]
        assert len(list(log.facts("a"))) == len(events)
        assert list(log.facts("unknown")) == []

    def test_the_facts_of_a_stream_are_read_past_a_version(self) -> None:
        log = self.open("shop")
        append(log, *run("a", 1, 2), *run("b", 1), *run("a", 3))

        assert [version for version, _, _ in log.facts("a", after=1)] == [2, 3]
        assert list(log.facts("a", after=3)) == list(log.facts("a", after=9)) == []

    def test_the_occurrences_in_the_log_are_its_events_without_their_envelope(self) -> None:
        log, other = self.open("shop"), self.open("other")
        events = [*EXAMPLES.values(), *EXAMPLES.values()]
        append(other, *run("a", 1))
        for version, event in enumerate(events, 1):
            append(log, pending("a", version, event)._replace(occurred_at=NOW + version))
        append(log, *run("b", 1))
        middle = list(log.read())[len(EXAMPLES)].position

        words: list[dict[str, Any]] = [
            {},
            {"after": middle},
            {"upto": middle},
            {"types": [OrderReady, OrderCompleted]},
            {"types": []},
            {"occurred_by": NOW + len(EXAMPLES)},
            {"after": 1, "upto": middle, "types": [OrderReady], "occurred_by": NOW + len(EXAMPLES)},
        ]
        for some in words:
            expected = [one.occurrence for one in log.read(**some)]
            assert list(log.occurrences(**some)) == expected

    def test_the_occurrences_in_a_log_of_any_length_are_all_read(self) -> None:
        log = self.open("shop")
        many = list(_few_among_many((1, 1_002, 2_001), 2_001))
        for first in range(0, len(many), 500):
            append(log, *many[first : first + 500])

        assert list(log.occurrences()) == [one.occurrence for one in log.read()]
        assert places(log.occurrences(types=[OrderReady])) == [
            ("rare", version) for version in (1, 2, 3)
        ]

    def test_several_streams_are_read_at_once(self) -> None:
        log = self.open("shop")
        names = [f"order {number}" for number in range(1_200)]
        append(log, *(one for name in names for one in run(name, 1)), *run(names[-1], 2))

        found = log.streams([names[0], names[-1], "unknown"])
        assert {name: places(events) for name, events in found.items()} == {
            names[0]: [(names[0], 1)],
            names[-1]: [(names[-1], 1), (names[-1], 2)],
        }
        assert log.streams(names).keys() == set(names)
        assert log.streams([]) == {}

    def test_events_are_found_by_id(self) -> None:
        log = self.open("shop")
        batch = [pending("a", version) for version in range(1, 1_201)]
        append(log, *batch)
        ids = [one.event_id for one in batch]

        found = log.find([ids[0], ids[-1], new_id()])
        assert {event_id: one.version for event_id, one in found.items()} == {
            ids[0]: 1,
            ids[-1]: 1200,
        }
        assert {event_id: one.event_id for event_id, one in log.find(ids).items()} == {
            event_id: event_id for event_id in ids
        }
        assert log.find([]) == {}

    def test_any_id_of_a_request_finds_the_first_of_its_events(self) -> None:
        log, request = self.open("shop"), new_request()
        told = [id_of(request, place) for place in (256, 257, 2**24 - 1)]
        events = [pending("a", version, event_id=one) for version, one in enumerate(told, 1)]
        append(log, *run("b", 1), *events, *run("c", 1))

        for asked in (id_of(request), *told, id_of(request, 300)):
            assert {given: one.event_id for given, one in log.find([asked]).items()} == {
                asked: told[0]
            }
        assert log.find([id_of(request + 10**6), id_of(request + 10**6, 256)]) == {}

        earlier = pending("a", 4, event_id=id_of(request, 7))
        append(log, earlier)
        assert log.find([told[0]])[told[0]].event_id == earlier.event_id

    def test_what_a_command_caused_is_one_run(self) -> None:
        log = self.open("shop")
        causes = ["one", "two", "two", None, "two", "two"]
        last = append(
            log,
            *(pending("a", version, causation=cause) for version, cause in enumerate(causes, 1)),
        )

        assert [one.version for one in log.caused_by("two", after=last - 5)] == [2, 3]
        assert [one.version for one in log.caused_by("two", after=last - 2)] == [5, 6]
        assert list(log.caused_by("two", after=last - 6)) == []
        assert list(log.caused_by("two", after=last)) == []


def _few_among_many(places: Collection[int], count: int) -> Iterator[Pending]:
    """As many events, of which those at `places` have a type, stream and time of their own."""
    versions = {"rare": 0, "common": 0}
    for place in range(1, count + 1):
        stream = "rare" if place in places else "common"
        versions[stream] += 1
        kind = OrderReady if stream == "rare" else OrderAccepted
        told = pending(stream, versions[stream], kind(order=OrderId(stream)))
        yield told._replace(occurred_at=NOW - 10) if stream == "rare" else told
