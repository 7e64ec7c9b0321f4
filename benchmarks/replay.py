"""`replay`: streams of six events read and folded at random, against bare reads of their rows."""

from pathlib import Path
from random import Random
from typing import Final, cast

from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import EVENTS
from benchmarks.placed import order_streams, place
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.aggregates import ORDER
from regulars.application.events import moment
from regulars.domain.order import Order, Stage

_TURNS: Final = 10
_READ: Final = """
    SELECT version, body, occurred_at, type, schema_version, position FROM events
    WHERE tenant = ? AND stream = ? ORDER BY version
"""


def _run(settings: Settings, folder: Path) -> Result:
    orders = 200 if settings.quick else 10_000
    loads = 100 if settings.quick else 10_000
    file = folder / "ours.db"
    place(file, orders)
    streams = order_streams(orders)
    database, raw = Database(f"sqlite:///{file}"), Database(f"sqlite:///{file}")
    log, read = SqlLog(database), raw.driver.execute
    chance = Random(6)  # noqa: S311 - the same streams every time
    chosen: list[str] = []

    def ours() -> tuple[int, float]:
        chosen[:] = chance.sample(streams, loads // _TURNS)
        delivered = 0
        with timed() as elapsed:
            for name in chosen:
                state = Order()
                for _, event, occurred_at in log.facts(name):
                    ORDER.fold(state, event, moment(occurred_at))
                delivered += state.stage is Stage.DELIVERED
        if delivered != len(chosen):
            raise ValueError(f"of {len(chosen)} orders, {delivered} were delivered")
        return delivered * EVENTS, elapsed.seconds

    def bare() -> tuple[int, float]:
        rows = 0
        with timed() as elapsed:
            for name in chosen:
                rows += len(read(_READ, ("default", name)).fetchall())
        return rows, elapsed.seconds

    try:
        rates, raw_rates = alternate(ours, bare, runs=settings.runs, turns=_TURNS)
        bodies = cast("int", read("SELECT sum(length(body)) FROM events").fetchone()[0])
    finally:
        raw.close()
        database.close()
    return Result(
        unit="events per second",
        ours=rates,
        reference=raw_rates,
        ours_is="EventLog.facts and the fold of the aggregate, a stream at a time",
        reference_is=(
            "sqlite3 of the standard library: the same columns of the same rows, by the same index"
            " under the same pragmas, neither decoded nor folded"
        ),
        sizes={
            "streams": orders,
            "loads": loads,
            "events in a stream": EVENTS,
            "bytes of bodies": bodies,
        },
        durability="reads only, of a file in the page cache",
        left_out=("caches: no state is kept", "boxes stay sealed"),
    )


REPLAY: Final = Benchmark(
    name="replay",
    line="streams of six events loaded and folded at random, against bare reads of their rows",
    goal=0.5,
    run=_run,
)
