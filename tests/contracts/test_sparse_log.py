"""A log whose positions leave holes that nobody could go through step by step."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice

import pytest
from sqlalchemy import update

from regulars.adapters.database import Database
from regulars.adapters.event_log import EVENTS
from regulars.adapters.recorder import Recorder
from regulars.adapters.storage import SqlStorage
from regulars.adapters.stored_events import SqlStoredEvents
from regulars.application.catalogue import KEPT
from regulars.application.subscription import subscribe
from regulars.domain.order import OrderAccepted, OrderReady
from regulars.domain.values import OrderId
from regulars.testing.pending_events import append, pending, places, run
from tests.application.memory_crm import TENANT, sql_core
from tests.postgres_server import new_database

FAR = 2**52
"""Read 5,000 positions at a time, these would take years."""

READY = OrderReady(order=OrderId("b"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else new_database()
    with closing(Database(url, synchronous="NORMAL")) as database:
        yield database


@pytest.fixture
def storage(database: Database) -> SqlStorage:
    """Two events, a hole, two more, and a hole up to the head."""
    storage = SqlStorage(database, KEPT, tenant=TENANT)
    events = SqlStoredEvents(database, tenant=TENANT)
    append(storage.log, *run("a", 1, 2))
    with database.transaction():
        events.raise_head(FAR)
    append(storage.log, pending("b", 1, READY), *run("b", 2))
    with database.transaction():
        events.raise_head(2 * FAR)
    return storage


def test_what_is_narrowed_is_read_over_the_holes(storage: SqlStorage) -> None:
    log = storage.log

    assert places(log.read(types=[OrderReady])) == [("b", 1)]
    assert places(log.read(prefix="b")) == [("b", 1), ("b", 2)]
    assert [one.version for one in log.occurrences(types=[OrderAccepted])] == [1, 2, 2]


def test_a_follower_passes_over_the_holes(storage: SqlStorage) -> None:
    with subscribe(storage, types=[OrderReady]) as following:
        assert places(islice(following, 1)) == [("b", 1)]
        assert following.page(0) == []
        assert following.position == 2 * FAR
        append(storage.log, pending("c", 1, READY))
        assert places(following.page(0)) == [("c", 1)]
    with subscribe(storage) as following:
        assert places(islice(following, 4)) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_what_is_left_out_on_the_way_need_not_be_readable(
    database: Database, storage: SqlStorage
) -> None:
    ready = EVENTS.c.type == "OrderReady"
    database.connection.execute(update(EVENTS).where(ready).values(body=b"{"))

    with subscribe(storage, types=[OrderAccepted], after=2) as following:
        assert places(islice(following, 1)) == [("b", 2)]
        assert following.page(0) == []
        assert following.position == 2 * FAR


def test_a_host_reads_the_events_and_what_is_over(database: Database, storage: SqlStorage) -> None:
    crm = sql_core(database).crm

    assert len(list(crm.events())) == 4
    assert len(list(crm.events(prefix="b", upto=FAR + 1))) == 1
    assert list(crm.retention.due(at=datetime(2026, 2, 1, tzinfo=UTC))) == []
    assert storage.log.head() == 2 * FAR


def test_a_recorder_follows_over_the_holes(database: Database, storage: SqlStorage) -> None:
    recorder = Recorder(database, tenant=TENANT, id_type=str)

    with recorder.subscribe(topics=["OrderReady"]) as following:
        assert next(iter(following)).id == FAR + 1
    assert storage.log.head() == 2 * FAR
