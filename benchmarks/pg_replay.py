"""`pg-replay`: streams of six events from PostgreSQL at random, against stock eventsourcing."""

from pathlib import Path
from random import Random
from statistics import median
from typing import Final
from uuid import UUID

from eventsourcing.application import Application

from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import EVENTS
from benchmarks.placed import order_streams, steps, told
from benchmarks.server import DURABILITY, about, new_schema, server, stock_settings
from benchmarks.stock import StockOrder, stock_copies
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.aggregates import ORDER
from regulars.application.events import moment
from regulars.domain.order import Order, Stage

_TURNS: Final = 5
_GROUP: Final = 100


def _run(settings: Settings, folder: Path) -> Result:
    orders = 100 if settings.quick else 2_000
    loads = 50 if settings.quick else 2_000
    streams = order_streams(orders)
    with server(settings) as url:
        found = about(url)
        database = Database(new_schema(url))
        log = SqlLog(database)
        log.append(list(steps(folder / "shop.db", orders=orders)), recorded_at=1)
        stock = Application[UUID](env=stock_settings(url))
        ids = stock_copies(stock, (told(log, name) for name in streams))
        chance = Random(6)  # noqa: S311 - the same streams every time
        chosen: list[int] = []

        def ours() -> tuple[int, float]:
            chosen[:] = chance.sample(range(orders), loads // _TURNS)
            delivered = 0
            with timed() as elapsed:
                for number in chosen:
                    state = Order()
                    for _, event, occurred_at in log.facts(streams[number]):
                        ORDER.fold(state, event, moment(occurred_at))
                    delivered += state.stage is Stage.DELIVERED
            return _events(delivered, len(chosen)), elapsed.seconds

        def theirs() -> tuple[int, float]:
            delivered = 0
            with timed() as elapsed:
                for number in chosen:
                    order: StockOrder = stock.repository.get(ids[number])
                    delivered += order.stage is Stage.DELIVERED
            return _events(delivered, len(chosen)), elapsed.seconds

        def together() -> tuple[int, float]:
            delivered = 0
            with timed() as elapsed:
                for start in range(0, len(chosen), _GROUP):
                    names = [streams[number] for number in chosen[start : start + _GROUP]]
                    for told in log.streams(names).values():
                        state = Order()
                        for _, _, _, event, occurred_at in told:
                            ORDER.fold(state, event, moment(occurred_at))
                        delivered += state.stage is Stage.DELIVERED
            return _events(delivered, len(chosen)), elapsed.seconds

        groups: list[float] = []

        def both() -> tuple[int, float]:
            events, seconds = together()
            groups.append(events / seconds)
            return theirs()

        try:
            rates, stock_rates = alternate(ours, both, runs=settings.runs, turns=_TURNS)
        finally:
            stock.close()
            database.close()
    return Result(
        unit="events per second",
        ours=rates,
        reference=stock_rates,
        ours_is="EventLog.facts and the fold of the aggregate, a stream at a time",
        reference_is="stock eventsourcing: Application on its PostgreSQL module, repository.get",
        sizes={"streams": orders, "loads": loads, "events in a stream": EVENTS},
        durability=f"reads only; {DURABILITY}",
        left_out=("caches: neither side keeps states here", "boxes stay sealed on both sides"),
        details={
            "vs_stock_in_groups_of_100": float(f"{median(groups) / median(stock_rates):.3g}"),
            "events per second in groups of 100, EventLog.streams": round(median(groups)),
            "server": found,
        },
    )


def _events(delivered: int, loads: int) -> int:
    if delivered != loads:
        raise ValueError(f"of {loads} orders, {delivered} were delivered")
    return loads * EVENTS


PG_REPLAY: Final = Benchmark(
    name="pg-replay",
    line="streams of six events from PostgreSQL at random, against stock eventsourcing",
    goal=5,
    run=_run,
)
