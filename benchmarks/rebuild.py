"""`rebuild`: every view folded again from the log, against reading and decoding it alone."""

from pathlib import Path
from typing import Final

from benchmarks.files import opened, write_journey
from benchmarks.history import import_all, weeks_of
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from regulars.application.catalogue import VIEWS


def _run(settings: Settings, folder: Path) -> Result:
    journey, database = folder / "journey", folder / "ours.db"
    write_journey(journey, weeks=weeks_of(settings))
    import_all(journey, database)
    with opened(database) as crm:

        def rebuilt() -> tuple[int, float]:
            with timed() as elapsed:
                events = crm.rebuild()
            return events, elapsed.seconds

        def read() -> tuple[int, float]:
            with timed() as elapsed:
                events = sum(1 for _ in crm.events())
            return events, elapsed.seconds

        rates, read_rates = alternate(rebuilt, read, runs=settings.runs)
        events = sum(1 for _ in crm.events())
    return Result(
        unit="events per second",
        ours=rates,
        reference=read_rates,
        ours_is="Crm.rebuild of every view, in one transaction",
        reference_is="Crm.events from the first to the last, decoded and dropped",
        sizes={"events": events, "views": len(VIEWS)},
        durability="SQLite, journal WAL, synchronous FULL",
        left_out=("a second process",),
    )


REBUILD: Final = Benchmark(
    name="rebuild",
    line="all views of The Complete Journey rebuilt, against reading and decoding its events",
    goal=0.2,
    run=_run,
)
