"""`load`: streams of six events read and folded at random, against stock eventsourcing."""

from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

from eventsourcing.application import Application

from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import EVENTS
from benchmarks.placed import order_streams, place, told
from benchmarks.stock import StockOrder, stock_application, stock_copies
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.aggregates import ORDER
from regulars.application.events import moment
from regulars.domain.order import Order, Stage

_TURNS: Final = 10


def _run(settings: Settings, folder: Path) -> Result:
    orders = 200 if settings.quick else 10_000
    loads = 100 if settings.quick else 4_000
    file = folder / "ours.db"
    place(file, orders)
    database, stock = Database(f"sqlite:///{file}"), stock_application(folder / "stock.db")
    log = SqlLog(database)
    try:
        ids = stock_copies(stock, (told(log, name) for name in order_streams(orders)))
        rates, stock_rates = _alternated(log, stock, ids, loads=loads, runs=settings.runs)
    finally:
        stock.close()
        database.close()
    return Result(
        unit="events per second",
        ours=rates,
        reference=stock_rates,
        ours_is="EventLog.stream and the fold of the aggregate, a stream at a time",
        reference_is="stock eventsourcing: Application on its SQLite module, repository.get",
        sizes={"streams": orders, "loads": loads, "events in a stream": EVENTS},
        durability="reads only; each side with the settings that it comes with",
        left_out=("caches: neither side keeps states here", "boxes stay sealed on both sides"),
    )


def _alternated(
    log: SqlLog, stock: Application[UUID], ids: list[UUID], *, loads: int, runs: int
) -> tuple[list[float], list[float]]:
    chance = Random(6)  # noqa: S311 - the same streams every time
    streams = order_streams(len(ids))
    chosen: list[int] = []

    def ours() -> tuple[int, float]:
        chosen[:] = chance.sample(range(len(ids)), loads // _TURNS)
        names = [streams[number] for number in chosen]
        delivered = 0
        with timed() as elapsed:
            for name in names:
                state = Order()
                for _, event, occurred_at in log.facts(name):
                    ORDER.fold(state, event, moment(occurred_at))
                delivered += state.stage is Stage.DELIVERED
        return _events(delivered, len(chosen)), elapsed.seconds

    def theirs() -> tuple[int, float]:
        wanted = [ids[number] for number in chosen]
        delivered = 0
        with timed() as elapsed:
            for one in wanted:
                order: StockOrder = stock.repository.get(one)
                delivered += order.stage is Stage.DELIVERED
        return _events(delivered, len(chosen)), elapsed.seconds

    return alternate(ours, theirs, runs=runs, turns=_TURNS)


def _events(delivered: int, loads: int) -> int:
    if delivered != loads:
        raise ValueError(f"of {loads} orders, {delivered} were delivered")
    return loads * EVENTS


LOAD: Final = Benchmark(
    name="load",
    line="streams of six events loaded and folded at random, against stock eventsourcing",
    goal=10,  # 6 under the spine
    run=_run,
)
