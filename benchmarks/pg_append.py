"""`pg-append`: one event a transaction on PostgreSQL, against bare inserts of the same rows."""

from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.files import Row
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import EVENTS
from benchmarks.placed import steps
from benchmarks.server import DURABILITY, INSERT, RAW, about, new_schema, raw_table, rows_of, server
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.events import Pending

_TURNS: Final = 5


def append_one(log: SqlLog, pending: Pending, *, recorded_at: int) -> None:
    """Record one event in a transaction of its own."""
    log.append([pending], recorded_at=recorded_at)


def _run(settings: Settings, folder: Path) -> Result:
    events = 20 if settings.quick else 400
    needed = (settings.runs * _TURNS + 1) * events
    pending = steps(folder / "shop.db", orders=needed // EVENTS + 1)
    with server(settings) as url, raw_table(new_schema(url)) as connection:
        found = about(url)
        database = Database(new_schema(url))
        log = SqlLog(database)
        rows: list[Row] = []

        def ours() -> tuple[int, float]:
            some = list(islice(pending, events))
            before = log.head()
            with timed() as elapsed:
                for number, one in enumerate(some):
                    append_one(log, one, recorded_at=number)
            rows[:] = rows_of(database, after=before)
            return len(some), elapsed.seconds

        def raw() -> tuple[int, float]:
            with timed() as elapsed:
                for row in rows:
                    connection.execute(INSERT, row)
            return len(rows), elapsed.seconds

        try:
            rates, raw_rates = alternate(ours, raw, runs=settings.runs, turns=_TURNS)
        finally:
            database.close()
    return Result(
        unit="events per second",
        ours=rates,
        reference=raw_rates,
        ours_is="SqlLog.append of one event, encoded meanwhile, by one client",
        reference_is=f"{RAW}; each by autocommit, the statement prepared",
        sizes={"events a run": events * _TURNS, "clients": 1},
        durability=DURABILITY,
        left_out=("deciding and sealing (see append)", "a network"),
        details={"server": found},
    )


PG_APPEND: Final = Benchmark(
    name="pg-append",
    line="one event a transaction on PostgreSQL, against raw inserts of the same rows",
    goal=0.8,
    run=_run,
)
