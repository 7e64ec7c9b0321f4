"""
What every recorder promises by which an application or a projection tracks what it has processed.

Hosts import this module, nothing else does: it needs the `eventsourcing` library, which patches
`dataclasses` for the whole process.
"""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError, ProcessRecorder, StoredEvent, Tracking

WRITERS: Final = 4
PATIENCE: Final = 30
"""The seconds after which writers no longer wait for one another."""


class TrackingContract(ABC):
    """
    The promises of tracking, a test each, for a subclass that pytest collects.

    Every test has an instance of its own and begins with a store that has nothing in it.
    """

    @abstractmethod
    def open(self) -> ProcessRecorder:
        """Opens the recorder, once a test; threads share it."""

    def test_nothing_is_tracked_at_first(self) -> None:
        recorder = self.open()

        assert recorder.max_tracking_id("orders") is None
        recorder.insert_events(_events(uuid4()))
        assert recorder.max_tracking_id("orders") is None

    def test_what_was_processed_is_tracked_with_what_came_of_it(self) -> None:
        recorder, stream = self.open(), uuid4()

        recorder.insert_events(_events(stream), tracking=Tracking("orders", 7))

        assert len(recorder.select_events(stream)) == 1
        assert recorder.max_tracking_id("orders") == 7

    def test_what_came_to_nothing_is_tracked_too(self) -> None:
        recorder = self.open()

        recorder.insert_events([], tracking=Tracking("orders", 7))

        assert recorder.max_tracking_id("orders") == 7

    def test_applications_are_tracked_apart(self) -> None:
        recorder = self.open()

        recorder.insert_events(_events(uuid4()), tracking=Tracking("orders", 7))
        recorder.insert_events(_events(uuid4()), tracking=Tracking("payments", 3))

        assert recorder.max_tracking_id("orders") == 7
        assert recorder.max_tracking_id("payments") == 3

    def test_what_was_processed_before_is_refused_with_what_came_of_it(self) -> None:
        recorder, stream = self.open(), uuid4()
        recorder.insert_events(_events(uuid4()), tracking=Tracking("orders", 7))

        for before in (7, 6, 1):
            with pytest.raises(IntegrityError):
                recorder.insert_events(_events(stream), tracking=Tracking("orders", before))

        assert recorder.select_events(stream) == []
        assert recorder.max_tracking_id("orders") == 7

    def test_events_that_are_refused_are_not_tracked(self) -> None:
        recorder, stream = self.open(), uuid4()
        recorder.insert_events(_events(stream), tracking=Tracking("orders", 7))

        with pytest.raises(IntegrityError):
            recorder.insert_events(_events(stream), tracking=Tracking("orders", 8))

        assert recorder.max_tracking_id("orders") == 7

    def test_of_those_who_process_one_notification_at_once_one_is_recorded(self) -> None:
        recorder, together = self.open(), Barrier(WRITERS)
        turns = range(1, 6)

        def process(_: int) -> list[UUID]:
            recorded: list[UUID] = []
            for turn in turns:
                stream = uuid4()
                together.wait(PATIENCE)
                try:
                    recorder.insert_events(_events(stream), tracking=Tracking("orders", turn))
                except IntegrityError:
                    continue
                recorded.append(stream)
            return recorded

        with ThreadPoolExecutor(WRITERS) as pool:
            recorded = [one for some in pool.map(process, range(WRITERS)) for one in some]
        kept = [one.originator_id for one in recorder.select_notifications(None, 100)]
        assert sorted(kept, key=str) == sorted(recorded, key=str)
        assert len(kept) == len(turns)
        assert recorder.max_tracking_id("orders") == turns[-1]


def _events(stream: UUID) -> list[StoredEvent]:
    return [StoredEvent(stream, 1, "Poured", b"a cup")]
