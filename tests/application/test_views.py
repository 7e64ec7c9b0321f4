"""A view is what the log adds up to, by whatever way its rows came about."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, TypeAlias
from zlib import crc32

import pytest
from attrs import define, evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.storage import SqlStorage
from regulars.application.catalogue import VIEWS
from regulars.application.customer import CUSTOMERS
from regulars.application.events import EventId, Happened, Pending, Recorded
from regulars.application.loyalty import ACCOUNTS, LEDGER
from regulars.application.ports import Storage
from regulars.application.projecting import Projector, Rows, computed, fold_into
from regulars.application.reading import DataOf
from regulars.application.sales import FLAGS, ITEMS, MERCHANTS, SALES
from regulars.application.views import Key, View
from regulars.domain.actor import Actor
from regulars.domain.personal import DataClass
from regulars.domain.purchase import Line, OrderPlaced
from regulars.domain.values import CustomerId, ItemId, OrderId
from regulars.testing.example_events import EXAMPLES
from tests.application.histories import copied, storage_of, told, towns
from tests.application.memory_crm import Parts, memory_core
from tests.domain.examples import DELIVER, PLACE, REFUND
from tests.domain.test_offer import DEFINE, ISSUE
from tests.postgres_server import new_database

Views: TypeAlias = Sequence[View[Any, Any]]
Law: TypeAlias = Callable[[Views, list[Recorded], int], None]

_tenants = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = Database("sqlite://" if request.param == "sqlite" else new_database())
    yield database
    database.close()


def from_nothing(views: Views, events: list[Recorded]) -> dict[str, Rows]:
    return {view.name: computed(view, events) for view in views}


def kept(storage: Storage, views: Views) -> dict[str, Rows]:
    head = storage.log.head()
    assert {storage.views.checkpoint(view) for view in views} == {head}
    return {
        view.name: {view.key_of(row): row for row in storage.views.rows(view)} for view in views
    }


def check_catching_up(views: Views, events: list[Recorded], size: int) -> None:
    storage = storage_of(events)

    Projector(storage, views).catch_up(most_rows=size)

    assert kept(storage, views) == from_nothing(views, events)


def check_catching_up_in_pieces(views: Views, events: list[Recorded], size: int) -> None:
    storage = MemoryStorage(tenant="shop")
    for start in range(0, len(events), size):
        copied(events[start : start + size], storage.log)
        Projector(storage, views).catch_up()

    assert kept(storage, views) == from_nothing(views, events)


def check_following_in_pieces(views: Views, events: list[Recorded], size: int) -> None:
    storage = MemoryStorage(tenant="shop")
    projector = Projector(storage, views)
    for start in range(0, len(events), size):
        with storage.transaction():
            added = copied(events[start : start + size], storage.log)
            projector.follow(added, storage.log.head())

    assert kept(storage, views) == from_nothing(views, events)


def check_rebuilding(views: Views, events: list[Recorded], size: int) -> None:
    storage = storage_of(events)
    projector = Projector(storage, views)
    projector.catch_up()

    projector.rebuild(views, most_rows=size)

    assert kept(storage, views) == from_nothing(views, events)


def check_partitions_of_the_keys(views: Views, events: list[Recorded], size: int) -> None:
    for view in views:
        together: Rows = {}
        for part in range(size):

            def mine(_: View[Any, Any], key: Key, part: int = part) -> bool:
                return crc32(repr(key).encode()) % size == part

            rows: Rows = {}
            for one in events:
                fold_into(view, (one,), rows, wanted=mine)
            assert together.keys().isdisjoint(rows)
            together |= rows
        assert together == computed(view, events)


LAWS: list[Law] = [
    check_catching_up,
    check_catching_up_in_pieces,
    check_following_in_pieces,
    check_rebuilding,
    check_partitions_of_the_keys,
]
sizes = st.integers(1, 7)


@settings(max_examples=settings().max_examples // 5)  # each has a database
@given(town=towns, size=sizes)
def test_it_does_not_matter_how_a_view_gets_there(
    database: Database, town: Parts, size: int
) -> None:
    events = town.events()

    assert kept(town.storage, VIEWS) == from_nothing(VIEWS, events)
    for law in LAWS:
        law(VIEWS, events, size)
    check_sql(database, events, size)


def check_sql(database: Database, events: list[Recorded], size: int) -> None:
    storage = SqlStorage(database, VIEWS, tenant=f"town {next(_tenants)}")
    projector = Projector(storage, VIEWS)
    there = copied(events[:size], storage.log)
    projector.catch_up()
    there += copied(events[size:], storage.log)
    projector.catch_up()
    caught_up = kept(storage, VIEWS)

    projector.rebuild(VIEWS)

    assert caught_up == kept(storage, VIEWS) == from_nothing(VIEWS, there)


@define
class Tally:
    day: int
    times: int = 0


def tally(fold: Callable[[Tally, Any], None]) -> View[Tally, Any]:
    def parts(happened: Happened) -> list[tuple[Key, Happened]]:
        return [((happened.position % 3,), happened)]

    return View(
        name="tally",
        version=1,
        row=Tally,
        key=("day",),
        reads=frozenset({OrderPlaced}),
        parts=parts,
        fold=fold,
    )


def with_a_memory_of_its_own() -> View[Tally, Any]:
    seen: list[Tally] = []

    def fold(row: Tally, _: object) -> None:
        seen.append(row)
        row.times = len(seen)

    return tally(fold)


@pytest.mark.parametrize("law", LAWS)
def test_a_view_that_remembers_beside_its_rows_breaks_the_laws(law: Law) -> None:
    town = told([evolve(PLACE, order=OrderId(f"o-{number}")) for number in range(8)])

    with pytest.raises(AssertionError):
        law([with_a_memory_of_its_own()], town.events(), 2)


def test_a_town_has_rows_of_every_view() -> None:
    soup = Line(line=1, item=ItemId("soup"), quantity=1)
    town = memory_core()
    town.crm.execute(evolve(PLACE, lines=(soup,)), by="agent:7")
    town.execute(DELIVER, evolve(REFUND, amount=PLACE.total + 1))
    hers = DataOf(customer=CustomerId("anna"), data_class=DataClass.CONTACT)
    town.execute(DEFINE, ISSUE)
    town.crm.reveal(hers, purpose="service", actor=Actor(role="support", id="s-7"))

    assert {view for view, rows in town.rows().items() if not rows} == set()


def unread(view: View[Any, Any]) -> list[Recorded]:
    """Every kind of event that the view does not read, as a runner would never hand it over."""
    kinds = [event for event in EXAMPLES.values() if type(event) not in view.reads]
    storage = MemoryStorage(tenant="shop")
    batch = [
        Pending(
            stream="any",
            version=version,
            event=event,
            event_id=EventId(version.to_bytes(16, "big")),
            occurred_at=0,
            actor="agent:7",
            correlation="talk",
        )
        for version, event in enumerate(kinds, 1)
    ]
    storage.log.append(batch, recorded_at=0)
    return list(storage.log.read())


@pytest.mark.parametrize("view", [ACCOUNTS, SALES, ITEMS, FLAGS], ids=lambda view: view.name)
def test_an_event_that_a_view_does_not_read_touches_no_row(view: View[Any, Any]) -> None:
    assert [part for one in unread(view) for part in view.parts(one)] == []


@pytest.mark.parametrize(
    "view", [CUSTOMERS, ACCOUNTS, LEDGER, SALES, MERCHANTS], ids=lambda view: view.name
)
def test_an_event_that_a_view_does_not_read_changes_no_row(view: View[Any, Any]) -> None:
    row, same = view.row(*view.key), view.row(*view.key)

    for one in unread(view):
        view.fold(row, one)

    assert row == same
