import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from signal import SIGINT, default_int_handler, pthread_kill, signal
from threading import Barrier, Event, RLock, main_thread
from time import monotonic, sleep
from typing import cast

import pytest
from attrs import evolve

from regulars.application.batch import Outcome, Receipt
from regulars.application.door import Request
from regulars.application.errors import StorageUnavailable
from regulars.application.group_commit import GroupCommit
from regulars.domain.order import MarkDelivered, UnknownOrder
from regulars.domain.values import OrderId
from tests.application.memory_crm import Parts, memory_core, request
from tests.domain.examples import PLACE
from tests.domain.story import NOON

NEVER_PLACED = MarkDelivered(order=OrderId("o-404"), at=NOON)
BROKEN = evolve(PLACE, total=cast("int", "dear"))


class Group:
    """A core in memory behind a group commit, with the sizes of what was recorded together."""

    def __init__(self, town: Parts) -> None:
        self.town = town
        self.sizes: list[int] = []
        self.error: BaseException | None = None
        self.lock = RLock()
        self.commit = GroupCommit(self.record, self.lock)

    def record(self, requests: Sequence[Request]) -> list[Outcome]:
        self.sizes.append(len(requests))
        if self.error is not None:
            raise self.error
        return self.town.commands.execute_all(requests)

    def submit(self, *requests: Request) -> list[Future[Receipt]]:
        """Submit them while nobody can record, so that they wait for one another."""
        with self.lock:
            return [self.commit.submit(one) for one in requests]

    def wait_in(self, threads: ThreadPoolExecutor, *requests: Request) -> list[Future[Receipt]]:
        """Execute them in threads that all wait before one can record."""
        with self.lock:
            executing = [threads.submit(self.commit.execute, one) for one in requests]
            end = monotonic() + 10
            while self.commit.waiting < len(requests) and monotonic() < end:
                sleep(0.001)
        return executing


@pytest.fixture
def group() -> Iterator[Group]:
    group = Group(memory_core())
    yield group
    group.commit.close()


def placing(*numbers: int) -> list[Request]:
    return [request(evolve(PLACE, order=OrderId(f"o-{number}"))) for number in numbers]


def test_requests_that_wait_for_one_another_are_recorded_together(group: Group) -> None:
    receipts = [future.result() for future in group.submit(*placing(*range(300)))]

    assert group.sizes == [256, 44]
    positions = [receipt.position for receipt in receipts]
    assert positions == list(range(positions[0], positions[0] + 300))


def test_a_refusal_is_told_to_its_own_caller_alone(group: Group) -> None:
    placed, refused, more = group.submit(*placing(1), request(NEVER_PLACED), *placing(2))

    with pytest.raises(UnknownOrder):
        refused.result()
    assert (placed.result().version, more.result().version) == (1, 1)
    assert group.sizes == [3]


def test_a_bug_is_raised_to_its_own_caller_alone(group: Group) -> None:
    placed, broken, more = group.submit(*placing(1), request(BROKEN), *placing(2))

    with pytest.raises(TypeError):
        broken.result()
    assert (placed.result().version, more.result().version) == (1, 1)
    assert len(group.town.events()) == 2


def test_a_store_that_does_not_answer_is_told_to_everyone(group: Group) -> None:
    group.error = StorageUnavailable(store="shop.db", why="is full")

    waiting = group.submit(*placing(1, 2))

    first, second = (future.exception() for future in waiting)
    assert str(first) == str(second) == "shop.db: is full"
    assert first is not second
    assert group.sizes == [2]


def test_an_interruption_leaves_nobody_waiting(group: Group) -> None:
    group.error = KeyboardInterrupt()

    with ThreadPoolExecutor(2) as threads:
        waiting = group.wait_in(threads, *placing(1, 2))
        errors = [one.exception() for one in waiting]

    assert {type(error) for error in errors} == {KeyboardInterrupt, StorageUnavailable}
    assert any("send the command again" in str(error) for error in errors)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A signal interrupts, also where a shell has begun the tests in its background."""
    before = signal(SIGINT, default_int_handler)
    yield
    signal(SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_what_its_caller_no_longer_waits_for_is_not_recorded(group: Group) -> None:
    held, over = Event(), Event()

    def hold_until_interrupted() -> None:
        with group.lock:
            held.set()
            while not group.commit.waiting:
                sleep(0.001)
            sleep(0.3)  # by then the caller waits for the lock
            pthread_kill(main_thread().ident or 0, SIGINT)
            over.wait(10)

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(hold_until_interrupted)
        held.wait(10)
        with pytest.raises(KeyboardInterrupt):
            group.commit.execute(placing(1)[0])
        over.set()
        holding.result()

    assert group.commit.execute(placing(2)[0]).version == 1
    assert [one.stream for one in group.town.events()] == ["order-o-2"]


def test_what_is_cancelled_before_its_turn_is_not_recorded(group: Group) -> None:
    with group.lock:
        cancelled, placed = (group.commit.submit(one) for one in placing(1, 2))
        assert cancelled.cancel()

    assert placed.result().version == 1
    with pytest.raises(CancelledError):
        cancelled.result()
    assert len(group.town.events()) == 1


def test_who_finds_nobody_at_work_does_not_wait(group: Group) -> None:
    assert group.commit.execute(placing(1)[0]).version == 1
    with pytest.raises(UnknownOrder):
        group.commit.execute(request(NEVER_PLACED))
    assert group.sizes == [1, 1]


def test_threads_that_wait_are_served_by_one_of_them(group: Group) -> None:
    with ThreadPoolExecutor(4) as threads:
        receipts = [one.result() for one in group.wait_in(threads, *placing(1, 2, 3, 4))]

    assert group.sizes == [4]
    assert sorted(receipt.position for receipt in receipts) == [1, 2, 3, 4]


def test_what_was_submitted_is_recorded_before_it_closes(group: Group) -> None:
    waiting = group.submit(*placing(1, 2))

    group.commit.close()

    assert [future.done() for future in waiting] == [True, True]
    assert group.commit.submit(*placing(3)).result().version == 1


def test_many_threads_at_once_are_each_told_their_own(group: Group) -> None:
    start = Barrier(8)

    def shop(thread: int) -> list[str]:
        start.wait()
        orders = placing(*range(thread * 100, thread * 100 + 25))
        return [str(group.commit.execute(one).events[0]) for one in orders]

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(shop, range(8)))

    for thread, events in enumerate(told):
        expected = range(thread * 100, thread * 100 + 25)
        assert [f"'o-{n}'" in one for n, one in zip(expected, events, strict=True)] == [True] * 25
    assert sum(group.sizes) == 200


def test_a_host_that_may_not_block_awaits_its_receipts() -> None:
    town = memory_core()

    async def shop() -> list[Receipt]:
        placed = [evolve(PLACE, order=OrderId(f"o-{number}")) for number in range(10)]
        awaited = [town.crm.execute_async(one, by="web") for one in placed[:5]]
        submitted = [asyncio.wrap_future(town.crm.submit(one, by="web")) for one in placed[5:]]
        return await asyncio.gather(*awaited, *submitted)

    receipts = asyncio.run(shop())
    town.crm.close()

    assert [receipt.version for receipt in receipts] == [1] * 10


def test_a_task_is_told_of_its_own_refusal_alone(group: Group) -> None:
    async def shop() -> list[Receipt | BaseException]:
        requests = [*placing(1), request(NEVER_PLACED), request(BROKEN), *placing(2)]
        awaited = [asyncio.create_task(group.commit.awaited(one)) for one in requests]
        with group.lock:
            await asyncio.sleep(0)  # each task comes to where it waits
        return await asyncio.gather(*awaited, return_exceptions=True)

    placed, refused, broken, more = asyncio.run(shop())

    assert isinstance(refused, UnknownOrder)
    assert isinstance(broken, TypeError)
    assert [one.version for one in (placed, more) if isinstance(one, Receipt)] == [1, 1]
    assert group.sizes[0] == 4
    assert len(group.town.events()) == 2


def test_a_task_that_is_cancelled_before_its_turn_records_nothing(group: Group) -> None:
    async def shop() -> Receipt:
        cancelled, placed = (
            asyncio.create_task(group.commit.awaited(one)) for one in placing(1, 2)
        )
        with group.lock:
            await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.sleep(0)
        return await placed

    assert asyncio.run(shop()).version == 1
    assert len(group.town.events()) == 1


def test_a_task_that_is_cancelled_too_late_is_recorded_without_harm_to_others(
    group: Group,
) -> None:
    async def shop() -> Receipt:
        told = list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        cancelled = asyncio.create_task(group.commit.awaited(placing(1)[0]))
        await asyncio.sleep(0)
        group.commit.submit(*placing(2)).result()  # both are recorded, and the loop not yet told
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        placed = await group.commit.awaited(placing(3)[0])
        assert told == []
        return placed

    assert asyncio.run(shop()).version == 1
    assert len(group.town.events()) == 3


def test_a_loop_that_has_ended_keeps_nobody_else_from_an_answer(group: Group) -> None:
    left = group.commit.awaited(placing(1)[0])

    async def leave() -> None:
        left.send(None)

    with group.lock:
        asyncio.run(leave())
        placed = group.commit.submit(*placing(2))

    assert placed.result().version == 1
    left.close()
