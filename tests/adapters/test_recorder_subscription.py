import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, cast
from unittest import TestCase
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from eventsourcing.application import AggregateNotFoundError, ProcessingEvent
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, DomainEventProtocol, event
from eventsourcing.persistence import (
    Notification,
    OperationalError,
    ProgrammingError,
    StoredEvent,
    Tracking,
)
from eventsourcing.projection import EventSourcedProjectionRunner
from eventsourcing.system import (
    MultiThreadedRunner,
    NewMultiThreadedRunner,
    NewSingleThreadedRunner,
    ProcessApplication,
    Runner,
    SingleThreadedRunner,
    System,
)
from eventsourcing.tests import projection as shipped
from eventsourcing.utils import get_topic

from regulars.adapters.database import Database
from regulars.adapters.recorder import Recorder

FACTORY = "regulars.adapters.recorder_factory"
PATIENCE = 10


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    yield database
    database.close()


@pytest.fixture
def recorder(database: Database) -> Recorder:
    return Recorder(database, tenant="cafe", id_type=str)


def poured(stream: str, *versions: int, topic: str = "Poured") -> list[StoredEvent]:
    return [StoredEvent(stream, version, topic, b"a cup") for version in versions]


def ids(found: Iterator[Notification], count: int) -> list[int]:
    return [one.id for one in islice(found, count)]


def test_more_than_a_page_comes_whole_and_in_order(recorder: Recorder) -> None:
    recorder.insert_events(poured("table 4", *range(2_500)))
    recorder.insert_events(poured("table 5", *range(1, 11), topic="Paid"))

    with recorder.subscribe() as following:
        assert list(islice(following, 2_510)) == recorder.select_notifications(None, 9_999)
    with recorder.subscribe(gt=2_495, topics=["Paid"]) as paid:
        assert ids(paid, 10) == list(range(2_501, 2_511))


def test_a_rare_topic_does_not_have_the_log_read_over_and_over(
    database: Database, recorder: Recorder
) -> None:
    recorder.insert_events(poured("table 4", *range(7_000)))
    recorder.insert_events(poured("table 5", 1, topic="Paid"))
    with recorder.subscribe(topics=["Paid"]) as paid:
        assert ids(paid, 1) == [7_001]
        recorder.insert_events(poured("table 5", 2, topic="Paid"))
        queries: list[str] = []
        cast("sqlite3.Connection", database.driver).set_trace_callback(queries.append)
        assert ids(paid, 1) == [7_002]
        cast("sqlite3.Connection", database.driver).set_trace_callback(None)

    assert [query for query in queries if "events.position >= 7002" in query]
    assert not [query for query in queries if "events.position >= 1 " in query]


def test_who_waits_is_woken_by_another_database_on_the_file(
    database: Database, recorder: Recorder
) -> None:
    other = Database(database.name)
    taken: list[int] = []
    with closing(other), recorder.subscribe() as following:
        waiting = Thread(target=lambda: taken.extend(ids(following, 2)))
        waiting.start()
        for version in (1, 2):
            Recorder(other, tenant="cafe", id_type=str).insert_events(poured("table 4", version))
        waiting.join(PATIENCE)

    assert taken == [1, 2]


def test_events_of_other_tenants_do_not_come(database: Database, recorder: Recorder) -> None:
    Recorder(database, tenant="bar", id_type=str).insert_events(poured("table 4", 0, 1, 2))
    recorder.insert_events(poured("table 4", 0))

    with recorder.subscribe() as following:
        assert ids(following, 1) == [4]


def test_a_subscription_is_entered_once_and_left_for_good(recorder: Recorder) -> None:
    recorder.insert_events(poured("table 4", 1))
    with recorder.subscribe() as following, pytest.raises(ProgrammingError):
        following.__enter__()

    assert list(following) == []


def test_a_store_that_is_away_is_told_of_and_nothing_is_missed(
    database: Database, recorder: Recorder
) -> None:
    recorder.insert_events(poured("table 4", 1, 2))
    with recorder.subscribe(gt=1) as following:
        database.driver.execute("ALTER TABLE events RENAME TO away")
        with pytest.raises(OperationalError, match="no such table"):
            next(following)
        database.driver.execute("ALTER TABLE away RENAME TO events")
        assert ids(following, 1) == [2]


def test_who_waits_finds_out_that_the_database_was_closed(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    with (
        Recorder(database, tenant="cafe").subscribe() as following,
        ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(next, following)
        database.close()
        with pytest.raises(OperationalError, match="closed"):
            waiting.result(PATIENCE)


class EventCounters(Recorder, shipped.EventCountersView):
    """How many events there were, counted in the transaction that tracks them."""

    def __init__(self, database: Database, **of: Any) -> None:  # noqa: ANN401 - what a Recorder takes
        super().__init__(database, **of)
        database.driver.execute("CREATE TABLE IF NOT EXISTS counted (kind TEXT)")

    def get_created_event_counter(self) -> int:
        return self._count("created")

    def get_subsequent_event_counter(self) -> int:
        return self._count("subsequent")

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        self._add("created", tracking)

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        self._add("subsequent", tracking)

    def _count(self, kind: str) -> int:
        with self._database.snapshot():
            query = "SELECT count(*) FROM counted WHERE kind = ?"
            return int(self._database.driver.execute(query, (kind,)).fetchone()[0])

    def _add(self, kind: str, tracking: Tracking) -> None:
        with self._database.transaction():
            self.insert_tracking(tracking)
            self._database.driver.execute("INSERT INTO counted VALUES (?)", (kind,))


class TestAsViewOfAProjection(shipped.EventCountersViewTestCase):
    def construct_event_counters_view(self) -> EventCounters:
        folder = self.enterContext(TemporaryDirectory())
        database = Database(f"sqlite:///{folder}/shop.db")
        self.addCleanup(database.close)
        return EventCounters(database, tenant="cafe")


class TestWithAProjectionRunner(shipped.AggregateEventCountersProjectionTestCase):
    view_class: type[shipped.EventCountersView] = EventCounters

    def setUp(self) -> None:
        TestCase.setUp(self)
        folder = self.enterContext(TemporaryDirectory())
        type(self).env = environment(Path(folder))


def environment(folder: Path) -> dict[str, str]:
    return {
        "PERSISTENCE_MODULE": FACTORY,
        "REGULARS_DATABASE": f"sqlite:///{folder / 'shop.db'}",
    }


class Tab(Aggregate):
    class Ordered(Aggregate.Event):
        cup: str

    @event("Opened")
    def __init__(self, table: str) -> None:
        self.table = table
        self.cups: list[str] = []

    @event(Ordered)
    def order(self, cup: str) -> None:
        self.cups.append(cup)


class Cafe(ProcessApplication[UUID]):
    def open(self, table: str, *cups: str) -> int:
        tab = Tab(table)
        for cup in cups:
            tab.order(cup)
        return self.save(tab)[-1].notification.id

    @singledispatchmethod
    def policy(
        self, domain_event: DomainEventProtocol[UUID], processing_event: ProcessingEvent[UUID]
    ) -> None:
        """It follows nobody."""


class Tally(Aggregate):
    def __init__(self, cup: str) -> None:
        self.cup = cup
        self.count = 0

    @classmethod
    def create_id(cls, cup: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/tallies/{cup}")

    @event("Poured")
    def pour(self) -> None:
        self.count += 1


class Bar(ProcessApplication[UUID]):
    """Counts the cups that were ordered."""

    topics: Sequence[str] = (get_topic(Tab.Ordered),)

    @singledispatchmethod
    def policy(
        self, domain_event: DomainEventProtocol[UUID], processing_event: ProcessingEvent[UUID]
    ) -> None:
        if not isinstance(domain_event, Tab.Ordered):
            return  # the runners of a system do not go by topics
        try:
            tally: Tally = self.repository.get(Tally.create_id(domain_event.cup))
        except AggregateNotFoundError:
            tally = Tally(domain_event.cup)
        tally.pour()
        processing_event.collect_events(tally)

    def poured(self, cup: str) -> int:
        tally: Tally = self.repository.get(Tally.create_id(cup))
        return tally.count


def tenants(folder: Path) -> dict[str, str]:
    """Applications of one database, each with the log of a tenant of its own."""
    return environment(folder) | {"CAFE_REGULARS_TENANT": "cafe", "BAR_REGULARS_TENANT": "bar"}


def test_a_projection_goes_on_where_it_stopped(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        with EventSourcedProjectionRunner(
            application_class=Cafe, projection_class=Bar, env=tenants(tmp_path)
        ) as runner:
            last = runner.app.open(f"table {number}", "tea", "water")
            runner.wait(last, timeout=PATIENCE)
            assert runner.projection.poured("tea") == number


def test_a_wait_for_what_the_topics_leave_out_ends_with_the_next_that_they_do_not(
    tmp_path: Path,
) -> None:
    with EventSourcedProjectionRunner(
        application_class=Cafe, projection_class=Bar, env=tenants(tmp_path)
    ) as runner:
        left_out = runner.app.open("table 4")
        with pytest.raises(TimeoutError):
            runner.wait(left_out, timeout=0.2)
        last = runner.app.open("table 5", "tea")
        runner.wait(left_out, timeout=PATIENCE)
        runner.wait(last, timeout=PATIENCE)
        assert runner.projection.poured("tea") == 1


@pytest.mark.parametrize(
    "kind",
    [SingleThreadedRunner, NewSingleThreadedRunner, MultiThreadedRunner, NewMultiThreadedRunner],
)
def test_a_system_of_that_library_runs_in_one_database(
    tmp_path: Path, kind: type[Runner[UUID]]
) -> None:
    with kind(System(pipes=[[Cafe, Bar]]), env=tenants(tmp_path)) as runner:
        cafe, bar = runner.get(Cafe), runner.get(Bar)
        last = [cafe.open(f"table {number}", "tea", "water") for number in range(5)][-1]
        bar.recorder.wait("Cafe", last, timeout=PATIENCE)
        assert (bar.poured("tea"), bar.poured("water")) == (5, 5)
