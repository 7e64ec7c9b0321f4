"""`pg-batch`: 600 events a transaction on PostgreSQL, against binary COPY of their rows."""

from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.files import Row
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import EVENTS
from benchmarks.placed import steps
from benchmarks.server import DURABILITY, RAW, about, copy, new_schema, raw_table, rows_of, server
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog

_EVENTS: Final = 600


def _run(settings: Settings, folder: Path) -> Result:
    batches = 2 if settings.quick else 20
    needed = (settings.runs + 1) * batches * _EVENTS
    pending = steps(folder / "shop.db", orders=needed // EVENTS + 1)
    with server(settings) as url, raw_table(new_schema(url)) as connection:
        found = about(url)
        database = Database(new_schema(url))
        log = SqlLog(database)
        rows: list[Row] = []

        def ours() -> tuple[int, float]:
            some = [list(islice(pending, _EVENTS)) for _ in range(batches)]
            before = log.head()
            with timed() as elapsed:
                for number, events in enumerate(some):
                    log.append(events, recorded_at=number)
            rows[:] = rows_of(database, after=before)
            return len(rows), elapsed.seconds

        def raw() -> tuple[int, float]:
            some = [rows[start : start + _EVENTS] for start in range(0, len(rows), _EVENTS)]
            with timed() as elapsed:
                for one in some:
                    copy(connection, one)
            return len(rows), elapsed.seconds

        try:
            rates, raw_rates = alternate(ours, raw, runs=settings.runs)
        finally:
            database.close()
    return Result(
        unit="events per second",
        ours=rates,
        reference=raw_rates,
        ours_is="SqlLog.append of 600 events, encoded meanwhile, by one client",
        reference_is=f"{RAW}; by one binary COPY, committed by itself, for each of the batches",
        sizes={
            "transactions a run": batches,
            "events in a transaction": _EVENTS,
            "bytes of bodies a run": sum(len(row[-1]) for row in rows),
        },
        durability=DURABILITY,
        left_out=("deciding and sealing (see import)", "a network"),
        details={"server": found},
    )


PG_BATCH: Final = Benchmark(
    name="pg-batch",
    line="600 events a transaction on PostgreSQL, against binary COPY of their rows",
    goal=0.5,
    run=_run,
)
