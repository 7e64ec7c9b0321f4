from collections.abc import Collection, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

import pytest
from attrs import evolve

from regulars.adapters.memory import MemoryStorage, MemoryViews
from regulars.application.catalogue import VIEWS
from regulars.application.errors import StorageUnavailable
from regulars.application.events import Event, EventId, Pending, Recorded, microseconds
from regulars.application.projecting import Projector, computed
from regulars.application.sales import ITEMS, SALES
from regulars.application.views import Key, View
from regulars.domain.order import OrderDelivered
from regulars.domain.purchase import Line, OrderPlaced
from regulars.domain.values import ItemId, OrderId
from tests.application.histories import copied
from tests.application.memory_crm import TENANT, Parts, memory_core
from tests.domain.examples import ANNA, DELIVER, PLACE
from tests.domain.story import NOON, minutes

SOUP = Line(line=1, item=ItemId("soup"), quantity=2, unit_price=10_00)
_ids = count(1)


def orders(amount: int) -> Iterator[Pending]:
    """Orders that are placed and delivered, each a quarter of an hour after the one before."""
    for number in range(amount):
        order, at = OrderId(f"o-{number}"), NOON + minutes(15 * number)
        placed = OrderPlaced(order=order, currency="CNY", total=20_00, customer=ANNA, lines=(SOUP,))
        delivered = OrderDelivered(
            order=order, currency="CNY", total=20_00, placed_at=at, customer=ANNA
        )
        events: list[Event] = [placed, delivered]
        for version, event in enumerate(events, 1):
            yield Pending(
                stream=f"order-{order}",
                version=version,
                event=event,
                event_id=EventId(next(_ids).to_bytes(16, "big")),
                occurred_at=microseconds(at),
                actor="agent:7",
                correlation="talk",
            )


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage(tenant=TENANT)


def write(storage: MemoryStorage, amount: int) -> int:
    known = storage.log.head() // 2
    return storage.log.append(list(orders(known + amount))[2 * known :], recorded_at=0)


def rows(storage: MemoryStorage, view: View[Any, Any]) -> list[Any]:
    return list(storage.views.rows(view))


def test_views_follow_a_command_in_its_transaction() -> None:
    town = memory_core()
    town.crm.execute(PLACE, by="agent:7")
    town.crm.execute(DELIVER, by="agent:7")

    assert {town.storage.views.checkpoint(view) for view in VIEWS} == {town.storage.log.head()}
    assert [row.revenue for row in rows_of(town, SALES)] == [PLACE.total]


def rows_of(town: Parts, view: View[Any, Any]) -> list[Any]:
    return list(town.storage.views.rows(view))


def test_deferred_views_stay_behind_until_they_are_caught_up() -> None:
    town = memory_core(inline=False)
    town.execute(PLACE)
    town.execute(DELIVER)
    assert rows_of(town, SALES) == []

    head = town.projector.catch_up()

    assert head == town.storage.log.head()
    assert len(rows_of(town, SALES)) == 1


def test_a_view_goes_past_events_that_it_does_not_read(storage: MemoryStorage) -> None:
    head = write(storage, 3)
    storage.views.save({ITEMS: ()}, checkpoint=0)

    Projector(storage, [SALES]).catch_up()

    assert storage.views.checkpoint(SALES) == head
    assert storage.views.checkpoint(ITEMS) == 0


def test_views_that_stopped_at_different_places_are_all_brought_to_the_end(
    storage: MemoryStorage,
) -> None:
    write(storage, 2)
    Projector(storage, [SALES]).catch_up()
    write(storage, 2)
    Projector(storage, [ITEMS]).catch_up()
    head = write(storage, 2)

    assert Projector(storage, [SALES, ITEMS]).catch_up() == head

    assert agrees(storage, SALES)
    assert agrees(storage, ITEMS)


def agrees(storage: MemoryStorage, view: View[Any, Any]) -> bool:
    kept = {view.key_of(row): row for row in storage.views.rows(view)}
    reached = storage.views.checkpoint(view)
    return (kept, reached) == (computed(view, storage.log.read()), storage.log.head())


@pytest.mark.parametrize("way", ["catch up", "rebuild"])
@pytest.mark.parametrize("most_rows", [1, 1_000_000])
def test_a_long_log_is_folded_in_parts_of_any_size(
    storage: MemoryStorage, way: str, most_rows: int
) -> None:
    head = write(storage, 2_300)
    projector = Projector(storage, VIEWS)
    seen: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        seen.append((done, of))

    if way == "catch up":
        reached = projector.catch_up(most_rows=most_rows, progress=progress)
    else:
        reached = projector.rebuild(VIEWS, most_rows=most_rows, progress=progress)

    assert reached == head
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == (head, head)
    assert all(agrees(storage, view) for view in VIEWS)


class PowerCut(Exception):
    """Stops a run in its middle."""


def test_a_run_that_is_interrupted_goes_on_where_it_stopped(storage: MemoryStorage) -> None:
    head = write(storage, 2_300)
    projector = Projector(storage, [SALES, ITEMS])

    def cut(done: int, _: int) -> None:
        if done > 2_000:
            raise PowerCut

    with pytest.raises(PowerCut):
        projector.catch_up(most_rows=1, progress=cut)
    reached = storage.views.checkpoint(SALES)
    projector.catch_up()

    assert 0 < reached < head
    assert agrees(storage, SALES)
    assert agrees(storage, ITEMS)


def test_a_rebuild_that_is_interrupted_leaves_the_rows_that_were_there(
    storage: MemoryStorage,
) -> None:
    write(storage, 2_300)
    projector = Projector(storage, [SALES])
    projector.catch_up()
    before = rows(storage, SALES), storage.views.checkpoint(SALES)

    def cut(*_: int) -> None:
        raise PowerCut

    with pytest.raises(PowerCut):
        projector.rebuild([SALES], most_rows=1, progress=cut)

    assert (rows(storage, SALES), storage.views.checkpoint(SALES)) == before


def test_one_view_is_rebuilt_without_the_others(storage: MemoryStorage) -> None:
    head = write(storage, 2)
    projector = Projector(storage, [SALES, ITEMS])
    projector.catch_up()
    spoiled = evolve(rows(storage, SALES)[0], revenue=-1)
    storage.views.save({SALES: [spoiled]}, checkpoint=head)
    storage.views.save({ITEMS: [ITEMS.row("ghost")]}, checkpoint=head)

    assert projector.rebuild([SALES]) == head

    assert agrees(storage, SALES)
    assert [row.item for row in rows(storage, ITEMS)] == ["ghost", "soup"]


def test_a_projector_knows_when_it_is_at_the_end_until_it_is_told_to_forget(
    storage: MemoryStorage,
) -> None:
    head = write(storage, 1)
    projector = Projector(storage, [SALES])
    assert not projector.is_at(head)

    projector.catch_up()
    assert projector.is_at(head)
    assert projector.catch_up() == head

    projector.forget()
    assert not projector.is_at(head)


def test_a_follower_that_missed_something_catches_up_first(storage: MemoryStorage) -> None:
    projector = Projector(storage, [SALES])
    projector.catch_up()
    write(storage, 1)

    events = list(orders(2))[2:]
    last = storage.log.append(events, recorded_at=0)
    projector.follow(list(storage.log.read(after=last - 2)), last)

    assert sum(row.orders for row in rows(storage, SALES)) == 2


def append(storage: MemoryStorage, amount: int) -> tuple[list[Recorded], int]:
    head = storage.log.head()
    last = write(storage, amount)
    return list(storage.log.read(after=head)), last


@pytest.mark.parametrize("most_rows", [1, 1_000_000])
@pytest.mark.parametrize("known", [0, 3])
def test_what_is_gathered_is_what_catching_up_would_have_folded(
    storage: MemoryStorage, known: int, most_rows: int
) -> None:
    write(storage, known)
    projector = Projector(storage, VIEWS)
    projector.catch_up()

    for _ in range(3):
        projector.gather(*append(storage, 2), most_rows=most_rows)
    reads: list[int] = []
    reached = projector.catch_up(progress=lambda done, _: reads.append(done))

    assert reached == storage.log.head()
    assert not reads
    assert all(agrees(storage, view) for view in VIEWS)


def test_what_is_gathered_is_written_once_it_is_much(storage: MemoryStorage) -> None:
    projector = Projector(storage, VIEWS)

    projector.gather(*append(storage, 1), most_rows=1_000)
    assert rows(storage, SALES) == []
    projector.gather(*append(storage, 1), most_rows=1)

    assert all(agrees(storage, view) for view in VIEWS)


class FailingCommit(MemoryStorage):
    """A store that takes everything and keeps nothing the first time."""

    failed = False

    @contextmanager
    def transaction(self) -> Generator[None]:
        with super().transaction():
            yield
            if not self.failed:
                self.failed = True
                raise PowerCut


def test_a_commit_that_failed_leaves_the_events_to_be_folded_again() -> None:
    storage = FailingCommit(tenant=TENANT)
    projector = Projector(storage, VIEWS)
    projector.gather(*append(storage, 2))

    with pytest.raises(PowerCut):
        projector.catch_up()
    assert not projector.is_at(storage.log.head())
    projector.follow(*append(storage, 1))

    assert all(agrees(storage, view) for view in VIEWS)


class Damaged(MemoryViews):
    """Rows that cannot be read."""

    def load(self, view: View[Any, Any], keys: Collection[Key]) -> dict[Key, Any]:
        del view, keys
        raise StorageUnavailable(store="the view", why="is damaged")


def test_views_that_cannot_be_read_stop_who_catches_up_and_nobody_else(
    storage: MemoryStorage,
) -> None:
    write(storage, 1)
    projector = Projector(storage, VIEWS)
    projector.catch_up()
    damaged = Damaged()
    damaged.kept, damaged.marks = storage.views.kept, storage.views.marks
    storage.views = damaged

    projector.gather(*append(storage, 1))

    with pytest.raises(StorageUnavailable, match="is damaged"):
        projector.catch_up()


class Busy(MemoryStorage):
    """A store that somebody writes to without an end."""

    def transaction(self) -> AbstractContextManager[None]:  # type: ignore[override]  # it raises
        raise StorageUnavailable(store="the store", why="is locked")


def test_who_is_level_with_the_log_waits_for_no_writer(storage: MemoryStorage) -> None:
    head = write(storage, 1)
    Projector(storage, VIEWS).catch_up()
    busy = Busy(tenant=TENANT)
    busy.log, busy.views = storage.log, storage.views

    assert Projector(busy, VIEWS).catch_up() == head
    write(storage, 1)
    with pytest.raises(StorageUnavailable, match="is locked"):
        Projector(busy, VIEWS).catch_up()


def test_nothing_is_gathered_behind_views_that_lag(storage: MemoryStorage) -> None:
    write(storage, 1)
    projector = Projector(storage, VIEWS)

    projector.gather(*append(storage, 1))
    assert rows(storage, SALES) == []
    projector.catch_up()

    assert all(agrees(storage, view) for view in VIEWS)


def test_what_was_gathered_is_dropped_if_somebody_else_appended(storage: MemoryStorage) -> None:
    projector = Projector(storage, VIEWS)
    projector.gather(*append(storage, 1))

    write(storage, 1)
    projector.gather(*append(storage, 1))
    projector.catch_up()

    assert all(agrees(storage, view) for view in VIEWS)


@pytest.mark.parametrize("views", [VIEWS, [ITEMS]])
def test_what_was_gathered_is_dropped_if_somebody_else_moved_a_view(
    storage: MemoryStorage, views: list[View[Any, Any]]
) -> None:
    projector = Projector(storage, VIEWS)
    projector.gather(*append(storage, 2))

    Projector(storage, views).catch_up()
    projector.catch_up()

    assert all(agrees(storage, view) for view in VIEWS)


def test_what_was_gathered_is_dropped_if_the_log_has_lost_its_end(storage: MemoryStorage) -> None:
    projector = Projector(storage, VIEWS)
    projector.gather(*append(storage, 2))

    storage.log.truncate(1)
    storage.incarnation += 1
    projector.catch_up()

    assert all(agrees(storage, view) for view in VIEWS)


def test_what_was_gathered_in_a_transaction_that_failed_is_forgotten(
    storage: MemoryStorage,
) -> None:
    projector = Projector(storage, VIEWS)

    def failing() -> None:
        with storage.transaction():
            projector.gather(*append(storage, 2))
            raise PowerCut

    with pytest.raises(PowerCut):
        failing()
    projector.forget()
    write(storage, 2)
    projector.catch_up()

    assert all(agrees(storage, view) for view in VIEWS)


def test_without_views_there_is_nothing_to_catch_up(storage: MemoryStorage) -> None:
    head = write(storage, 1)

    assert Projector(storage, []).catch_up() == head
    assert Projector(storage, []).rebuild([]) == head
    assert copied([], storage.log) == []
