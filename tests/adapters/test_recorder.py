import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Thread
from typing import Any, ClassVar, cast
from unittest import TestCase
from unittest import TestResult as Outcome
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    IntegrityError,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
)
from eventsourcing.tests import persistence as shipped
from eventsourcing.utils import Environment
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.recorder import Recorder
from regulars.adapters.recorder_factory import RecorderFactory
from regulars.application.stored import FOREIGN_ACTOR
from tests.contracts.broken_recorders import BROKEN
from tests.postgres_server import new_database

FACTORY = "regulars.adapters.recorder_factory"


class TellsNoPositions(Recorder):
    # An aggregate recorder of that library answers None where an application recorder answers ids.
    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> Any:  # noqa: ANN401 - that library types both as one
        super().insert_events(stored_events, **kwargs)


class OnSqlite(TestCase):
    """Where the shipped cases find a database of their own."""

    def url(self) -> str:
        return f"sqlite:///{self.enterContext(TemporaryDirectory())}/shop.db"

    def create_recorder(self) -> Recorder:
        database = Database(self.url(), synchronous="NORMAL")
        self.addCleanup(database.close)
        return self.recorder(database)

    def recorder(self, database: Database) -> Recorder:
        return Recorder(database, tenant="cafe")


class OnPostgres(OnSqlite):
    def url(self) -> str:
        return new_database()


class TestAsAggregateRecorder(OnSqlite, shipped.AggregateRecorderTestCase):
    def recorder(self, database: Database) -> Recorder:
        return TellsNoPositions(database, tenant="cafe")


class TestAsApplicationRecorder(OnSqlite, shipped.ApplicationRecorderTestCase[Recorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestAsTrackingRecorder(OnSqlite, shipped.TrackingRecorderTestCase):
    pass


class TestAsProcessRecorder(OnSqlite, shipped.ProcessRecorderTestCase):
    pass


class TestWithWritersAtOnce(OnSqlite, shipped.NonInterleavingNotificationIDsBaseCase):
    pass


class TestAsAggregateRecorderOnPostgres(OnPostgres, shipped.AggregateRecorderTestCase):
    def recorder(self, database: Database) -> Recorder:
        return TellsNoPositions(database, tenant="cafe")


class TestAsApplicationRecorderOnPostgres(
    OnPostgres, shipped.ApplicationRecorderTestCase[Recorder]
):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestAsTrackingRecorderOnPostgres(OnPostgres, shipped.TrackingRecorderTestCase):
    pass


class TestAsProcessRecorderOnPostgres(OnPostgres, shipped.ProcessRecorderTestCase):
    pass


class TestWithWritersAtOnceOnPostgres(OnPostgres, shipped.NonInterleavingNotificationIDsBaseCase):
    pass


class AnotherRecorder(Recorder):
    pass


class TestAsInfrastructure(OnSqlite, shipped.InfrastructureFactoryTestCase[RecorderFactory]):
    def setUp(self) -> None:
        self.env = Environment(
            name="Cafe",
            env={
                "PERSISTENCE_MODULE": FACTORY,
                "REGULARS_DATABASE": self.url(),
            },
        )
        super().setUp()

    def expected_factory_class(self) -> type[RecorderFactory]:
        return RecorderFactory

    def expected_aggregate_recorder_class(self) -> type[Recorder]:
        return Recorder

    def expected_application_recorder_class(self) -> type[Recorder]:
        return Recorder

    def expected_tracking_recorder_class(self) -> type[Recorder]:
        return Recorder

    def tracking_recorder_subclass(self) -> type[Recorder]:
        return AnotherRecorder

    def expected_process_recorder_class(self) -> type[Recorder]:
        return Recorder


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    yield database
    database.close()


@pytest.fixture
def recorder(database: Database) -> Recorder:
    return Recorder(database, tenant="cafe", id_type=str)


def events(stream: str, *versions: int) -> list[StoredEvent]:
    return [StoredEvent(stream, version, "Poured", b"a cup") for version in versions]


@pytest.mark.parametrize(
    ("known", "refused"),
    [
        ([], [2]),
        ([], [-1]),
        ([], [1, 3]),
        ([], [0, 2]),
        ([], [2, 1]),
        ([1], [3]),
        ([1], [0]),
        ([0], [2]),
        ([0], [-1]),
        ([1, 2], [2]),
        ([0, 1], [0]),
    ],
)
def test_a_version_that_is_not_the_next_is_refused_with_all_that_came_along(
    recorder: Recorder, known: list[int], refused: list[int]
) -> None:
    recorder.insert_events(events("table 4", *known))

    with pytest.raises(IntegrityError):
        recorder.insert_events([*events("table 5", 1), *events("table 4", *refused)])

    assert recorder.select_events("table 4") == events("table 4", *known)
    assert recorder.select_events("table 5") == []


def test_a_refused_insert_leaves_the_transaction_of_the_host_as_it_was(
    database: Database, recorder: Recorder
) -> None:
    with database.transaction():
        recorder.insert_events(events("table 4", 1))
        with pytest.raises(IntegrityError):
            recorder.insert_events(events("table 5", 0, 2), tracking=Tracking("orders", 7))

    assert recorder.select_notifications(None, 10) != []
    assert recorder.max_tracking_id("orders") is None
    assert recorder.insert_events(events("table 5", 1)) == [2]


@pytest.mark.parametrize("broken", BROKEN)
def test_the_shipped_case_finds_recorders_that_track_badly(broken: type[Recorder]) -> None:
    class Case(OnSqlite, shipped.ProcessRecorderTestCase):
        def recorder(self, database: Database) -> Recorder:
            return broken(database, tenant="cafe")

    assert failures(Case("test_insert_select")) == 1


def test_the_shipped_case_finds_nothing_amiss_in_ours() -> None:
    assert failures(TestAsProcessRecorder("test_insert_select")) == 0


def failures(case: TestCase) -> int:
    """How many tests of the case fail, or end with an error."""
    outcome = Outcome()
    case.run(outcome)
    assert outcome.testsRun == 1
    return len(outcome.failures) + len(outcome.errors)


def test_a_refused_tracking_takes_its_events_back(recorder: Recorder) -> None:
    recorder.insert_tracking(Tracking("orders", 7))

    with pytest.raises(IntegrityError):
        recorder.insert_events(events("table 4", 1), tracking=Tracking("orders", 7))

    assert recorder.select_events("table 4") == []


@given(
    zeros=st.lists(st.booleans(), min_size=1, max_size=4),
    steps=st.lists(st.integers(0, 3), max_size=12),
)
def test_streams_counted_from_zero_and_from_one_read_back_alike(
    zeros: list[bool], steps: list[int]
) -> None:
    database = Database("sqlite://")
    recorder = Recorder(database, tenant="cafe", id_type=str)
    kept: dict[str, list[StoredEvent]] = {}
    for step in steps:
        place = step % len(zeros)
        stream = kept.setdefault(f"table {place}", [])
        first = 0 if zeros[place] else 1
        stream += events(f"table {place}", first + len(stream))
        recorder.insert_events(stream[-1:])
    notified = recorder.select_notifications(None, 100)

    for name, stream in kept.items():
        assert recorder.select_events(name) == stream
        assert recorder.select_events(name, gt=1, lte=2) == [
            one for one in stream if one.originator_version == 2
        ]
        assert [
            (one.originator_version, one.state) for one in notified if one.originator_id == name
        ] == [(one.originator_version, one.state) for one in stream]
    database.close()


def test_tenants_see_nothing_of_each_other(database: Database, recorder: Recorder) -> None:
    other = Recorder(database, tenant="bar", id_type=str)
    recorder.insert_events(events("table 4", 0), tracking=Tracking("orders", 7))
    other.insert_events(events("table 4", 1), tracking=Tracking("orders", 3))

    assert other.select_events("table 4") == events("table 4", 1)
    assert [one.id for one in other.select_notifications(None, 10)] == [2]
    assert other.max_notification_id() == 2
    assert recorder.max_notification_id() == 1
    assert other.max_tracking_id("orders") == 3
    assert list(SqlLog(database, tenant="shop").read()) == []


def test_the_same_event_has_the_same_id_in_any_database(database: Database) -> None:
    ids: list[bytes] = []
    for other in (database, Database("sqlite://")):
        Recorder(other, tenant="cafe", id_type=str).insert_events(events("table 4", 0, 1))
        found = other.driver.execute("SELECT event_id, actor FROM events ORDER BY position")
        rows = found.fetchall()
        assert {UUID(bytes=event_id).version for event_id, _ in rows} == {8}
        assert {actor for _, actor in rows} == {FOREIGN_ACTOR}
        ids += [event_id for event_id, _ in rows]
    other.close()

    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2


def test_a_position_is_not_given_twice(database: Database, recorder: Recorder) -> None:
    recorder.insert_events(events("table 4", 1, 2))
    database.driver.execute("DELETE FROM events WHERE position = 2")

    assert recorder.insert_events(events("table 4", 2)) == [3]


def test_a_page_of_notifications_is_read_in_the_order_of_the_log_without_sorting(
    database: Database, recorder: Recorder
) -> None:
    plans: list[str] = []

    def explain(statement: str) -> None:
        plans.append(statement)

    cast("sqlite3.Connection", database.driver).set_trace_callback(explain)
    recorder.select_notifications(1, 10)
    recorder.max_notification_id()
    cast("sqlite3.Connection", database.driver).set_trace_callback(None)
    queries = [said for said in plans if said.startswith("SELECT events")]
    steps = [
        step
        for query in queries
        for *_, step in database.driver.execute(f"EXPLAIN QUERY PLAN {query}")
    ]

    assert len(queries) == 2
    assert not [step for step in steps if "TEMP B-TREE" in step]


def test_a_store_that_is_gone_speaks_the_words_of_the_library(
    database: Database, recorder: Recorder
) -> None:
    database.driver.execute("DROP TABLE events")

    with pytest.raises(OperationalError, match="no such table"):
        recorder.select_events("table 4")
    with pytest.raises(OperationalError, match="no such table"):
        recorder.insert_events(events("table 4", 1))


class Tab(Aggregate):
    @event("Opened")
    def __init__(self, table: str) -> None:
        self.table = table
        self.cups: list[str] = []

    @event("Ordered")
    def order(self, cup: str) -> None:
        self.cups.append(cup)


class Cafe(Application[UUID]):
    env: ClassVar = {"PERSISTENCE_MODULE": FACTORY}


class CafeOnADatabase(Application[UUID]):
    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__()

    def construct_recorder(self) -> ProcessRecorder:
        return Recorder(self._database, tenant="cafe")


def test_an_application_of_that_library_stores_and_reads_an_aggregate(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with Cafe({"REGULARS_DATABASE": url}) as cafe:
        tab = Tab("table 4")
        tab.order("flat white")
        tab.order("espresso")
        cafe.save(tab)
    cafe.close()

    with Cafe({"REGULARS_DATABASE": url}) as again:
        found: Tab = again.repository.get(tab.id)
        before: Tab = again.repository.get(tab.id, version=2)
        log = again.notification_log.select(start=1, limit=10)
        notified = [(one.id, one.originator_version) for one in log]
        with pytest.raises(AggregateNotFoundError):
            again.repository.get(uuid4())
    again.close()

    assert (found.table, found.cups, found.version) == ("table 4", ["flat white", "espresso"], 3)
    assert before.cups == ["flat white"]
    assert notified == [(1, 1), (2, 2), (3, 3)]


def test_a_host_gives_an_application_the_database_that_it_has_open(database: Database) -> None:
    cafe = CafeOnADatabase(database)
    tab = Tab("table 4")
    with database.transaction():
        cafe.save(tab)
        database.driver.execute("CREATE TABLE receipts (tab TEXT)")

    assert cafe.repository.get(tab.id).version == 1


def test_two_writers_of_one_aggregate_do_not_both_win(database: Database) -> None:
    cafe = CafeOnADatabase(database)
    tab = Tab("table 4")
    cafe.save(tab)
    start, lost = Barrier(2), list[IntegrityError]()

    def order(cup: str) -> None:
        mine: Tab = cafe.repository.get(tab.id)
        start.wait()
        mine.order(cup)
        try:
            cafe.save(mine)
        except IntegrityError as error:
            lost.append(error)

    threads = [Thread(target=order, args=(cup,)) for cup in ("tea", "water")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(lost) == 1
    assert cafe.repository.get(tab.id).version == 2


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"REGULARS_DATABASE": ""},
        {"REGULARS_DATABASE": "sqlite://", "ORIGINATOR_ID_TYPE": "number"},
    ],
)
def test_an_environment_that_says_no_database_makes_no_factory(
    environment: dict[str, str],
) -> None:
    with pytest.raises(OSError, match=r"REGULARS_DATABASE|ORIGINATOR_ID_TYPE"):
        RecorderFactory(environment)


def test_a_factory_makes_recorders_of_texts_for_its_tenant() -> None:
    factory = RecorderFactory(
        {
            "REGULARS_DATABASE": "sqlite://",
            "REGULARS_TENANT": "cafe",
            "ORIGINATOR_ID_TYPE": "text",
        }
    )

    factory.application_recorder().insert_events(events("table 4", 1))

    assert factory.process_recorder().select_events("table 4") == events("table 4", 1)
    with pytest.raises(NotImplementedError, match="snapshot"):
        factory.aggregate_recorder("snapshots")
    factory.close()
