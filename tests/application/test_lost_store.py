"""A store that was lost and found again may have lost its end: nothing held decides any more."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.catalogue import VIEWS
from regulars.application.errors import StaleHistory
from regulars.domain.order import AcceptOrder, CancelOrder, MarkReady
from regulars.domain.values import Refusal
from regulars.testing.pending_events import NOW, append, places, run
from tests.application.memory_crm import TENANT, Parts, core, sql_core
from tests.domain.examples import ORDER, PLACE
from tests.domain.story import NOON, minutes
from tests.postgres_server import new_database

ACCEPT = AcceptOrder(order=ORDER, at=NOON + minutes(1))
CANCEL = CancelOrder(order=ORDER, at=NOON + minutes(2))
READY = MarkReady(order=ORDER, at=NOON + minutes(3))


@pytest.fixture
def url() -> str:
    return new_database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        yield database


def kill(database: Database) -> None:
    """End the connection of `database`, as a server does that goes down."""
    (number,) = database.driver.execute("SELECT pg_backend_pid()").fetchone()
    with closing(Database(database.dialect.engine().url.render_as_string(False))) as other:  # noqa: FBT003 - with its password
        other.driver.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))


def lose_the_acceptance(database: Database) -> None:
    """Lose the newest event, as a server may that fails over, and let another take its place."""
    database.driver.execute("DELETE FROM events WHERE position = 2")
    database.driver.execute("UPDATE regulars_log SET position = 1")
    other = sql_core(database)
    other.projector.rebuild(VIEWS)
    other.execute(CANCEL)


def read(database: Database) -> None:
    with database.snapshot():
        pass


def rest(_database: Database) -> None:
    """Leave it to the next command to find out."""


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("meanwhile", [read, rest])
def test_a_state_ahead_of_the_log_does_not_decide(
    url: str, database: Database, meanwhile: Callable[[Database], None], *, inline: bool
) -> None:
    town = sql_core(database, inline=inline)
    town.execute(PLACE)
    town.execute(ACCEPT)
    with closing(Database(url)) as other:
        lose_the_acceptance(other)
    kill(database)

    meanwhile(database)
    with pytest.raises(Refusal):
        town.execute(READY)

    assert [one.type for one in town.events()] == ["OrderPlaced", "OrderCancelled"]


@pytest.mark.parametrize("amount", [1, 40])
def test_what_was_decided_before_a_connection_was_made_again_is_not_appended(
    database: Database, amount: int
) -> None:
    log, decided = SqlLog(database), run("a", *range(2, 2 + amount))
    append(log, *run("a", 1))
    kill(database)

    read(database)  # as a follower may, between a decision and its append
    with pytest.raises(StaleHistory):
        log.append(decided, recorded_at=NOW, held={})
    assert places(log.read()) == [("a", 1)]

    log.append(decided, recorded_at=NOW, held={})
    assert log.head() == 1 + amount


@pytest.fixture(params=["inline", "deferred", "decided first"])
def town(request: pytest.FixtureRequest) -> Parts:
    storage = MemoryStorage(tenant=TENANT, optimistic=request.param == "decided first")
    return core(storage, MemoryKeyStore(), inline=request.param == "inline")


def come_back_shorter(town: Parts) -> None:
    """The store is found again without the acceptance, and with a cancellation in its place."""
    storage = town.storage
    assert isinstance(storage, MemoryStorage)
    storage.log.truncate(1)
    other = core(storage, MemoryKeyStore())
    other.projector.rebuild(VIEWS)
    other.execute(CANCEL)
    storage.incarnation += 1


def test_whoever_decides_begins_anew(town: Parts) -> None:
    town.execute(PLACE)
    town.execute(ACCEPT)
    come_back_shorter(town)

    with pytest.raises(Refusal):
        town.execute(READY)

    assert len(town.events()) == 2


def test_a_programme_that_was_lost_is_published_again(town: Parts) -> None:
    storage = town.storage
    assert isinstance(storage, MemoryStorage)
    town.crm.execute(PLACE, by="shop")
    storage.log.truncate(0)
    storage.incarnation += 1

    town.crm.execute(PLACE, by="shop")

    assert town.events()[0].stream.startswith("program-")


def test_views_are_not_taken_for_level_with_the_log_that_was_lost(town: Parts) -> None:
    town.execute(PLACE)
    town.execute(ACCEPT)
    town.projector.catch_up()
    come_back_shorter(town)

    assert not town.projector.is_at(2)
