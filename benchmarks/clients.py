"""Processes that append for us and for others, told from here when to begin."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from eventsourcing.application import Application

from benchmarks.measure import timed
from benchmarks.pg_append import append_one
from benchmarks.placed import recorded_steps
from benchmarks.stock import StockOrder, follow, stock_order
from benchmarks.umadb_peer import UmaClient
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.events import Pending

Append: TypeAlias = Callable[[Sequence[Pending]], None]
"""Appends events, each in a transaction or request of its own."""

_PROCESSES: Final = get_context("forkserver")


def ours(url: str) -> Append:
    """Appends through the log."""
    log = SqlLog(Database(url))

    def append(events: Sequence[Pending]) -> None:
        for pending in events:
            append_one(log, pending, recorded_at=pending.occurred_at)

    return append


def umadb(url: str) -> Append:
    """Appends to UmaDB."""
    return UmaClient(url).append


def stock(env: Mapping[str, str]) -> Append:
    """Appends through an application of stock eventsourcing, states held."""
    # Made before: several that make the tables at once fail.
    application = Application[UUID](env={**env, "CREATE_TABLE": "no"})
    held: dict[str, StockOrder] = {}

    def append(events: Sequence[Pending]) -> None:
        for pending in events:
            order = held.get(pending.stream)
            if order is None:
                order = held[pending.stream] = stock_order([pending.event])
            else:
                follow(order, [pending.event])
            application.save(order)

    return append


class Clients:
    """Processes with events of their own; each appends the next ones whenever it is asked to."""

    def __init__(self, ends: "Sequence[Connection[Any, Any]]") -> None:
        self._ends = ends

    def append(self, events: int, *, clients: int) -> tuple[int, float]:
        """Let the first of them append so many events each. Returns events and seconds."""
        asked = self._ends[:clients]
        with timed() as elapsed:
            for end in asked:
                end.send(events)
            done = sum(end.recv() for end in asked)
        if done != clients * events:
            raise ValueError(f"{done} events were appended, not {clients * events}")
        return done, elapsed.seconds


@contextmanager
def clients(
    connect: Callable[[Any], Append], to: object, *, file: Path, count: int
) -> Generator[Clients]:
    """Processes over the orders placed in `file`, shared out; they end with the block."""
    _PROCESSES.set_forkserver_preload([__name__])
    ends: list[Any] = []
    started: list[ForkServerProcess] = []
    try:
        for number in range(count):
            end, its = _PROCESSES.Pipe()
            share = _Share(file, number, count)
            process = _PROCESSES.Process(target=_work, args=(its, connect, to, share), daemon=True)
            process.start()
            its.close()
            ends.append(end)
            started.append(process)
        for end in ends:
            end.recv()
        yield Clients(ends)
    finally:
        for end in ends:
            end.close()
        for process in started:
            process.join()


class _Share(NamedTuple):
    """Every `of`th order in the log of a file, from the one numbered `number` on."""

    file: Path
    number: int
    of: int

    def events(self) -> Iterator[Pending]:
        for pending in recorded_steps(self.file):
            if int(pending.stream.rpartition("-")[2]) % self.of == self.number:
                yield pending


def _work(
    end: "Connection[Any, Any]", connect: Callable[[Any], Append], to: object, share: _Share
) -> None:
    # All are in memory before the first is asked for, so that appending alone is measured.
    events = iter(list(share.events()))
    append = connect(to)
    end.send(0)
    while True:
        try:
            some = list(islice(events, end.recv()))
        except EOFError:
            return
        append(some)
        end.send(len(some))
