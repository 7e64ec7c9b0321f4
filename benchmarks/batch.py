"""`batch`: a hundred events a transaction through the log, against `executemany` of their rows."""

from pathlib import Path
from typing import Final

from benchmarks.files import RAW, insert, raw_table, removed, transactions
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.placed import steps
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog

_EVENTS: Final = 100


def _run(settings: Settings, folder: Path) -> Result:
    batches = 10 if settings.quick else 120
    file, raw_file = folder / "ours.db", folder / "raw.db"
    pending = list(steps(folder / "shop.db", orders=batches * _EVENTS // 6 + 1))
    some = [pending[start : start + _EVENTS] for start in range(0, batches * _EVENTS, _EVENTS)]

    def ours() -> tuple[int, float]:
        removed(file)
        database = Database(f"sqlite:///{file}")
        try:
            log = SqlLog(database)
            with timed() as elapsed:
                for number, events in enumerate(some):
                    log.append(events, recorded_at=number)
        finally:
            database.close()
        return batches * _EVENTS, elapsed.seconds

    def raw() -> tuple[int, float]:
        rows = transactions(file)
        removed(raw_file)
        with raw_table(raw_file) as connection, timed() as elapsed:
            insert(connection, rows)
        return sum(map(len, rows)), elapsed.seconds

    rates, raw_rates = alternate(ours, raw, runs=settings.runs, turns=1 if settings.quick else 3)
    return Result(
        unit="events per second",
        ours=rates,
        reference=raw_rates,
        ours_is="SqlLog.append of a hundred events, encoded meanwhile",
        reference_is=f"{RAW}; in the same transactions by executemany",
        sizes={
            "transactions": batches,
            "events in a transaction": _EVENTS,
            "bytes of bodies": sum(len(row[-1]) for rows in transactions(file) for row in rows),
        },
        durability="SQLite, journal WAL, synchronous FULL, both sides",
        left_out=(
            "deciding and sealing (see append and import)",
            "growth: each side begins with an empty log every time",
        ),
    )


BATCH: Final = Benchmark(
    name="batch",
    line="a hundred events a transaction through the log, against executemany of their rows",
    goal=0.5,
    run=_run,
)
