"""`import`: the import of a year of baskets, everything on, against bare inserts of its rows."""

from datetime import UTC
from pathlib import Path
from typing import Final

from benchmarks.files import RAW, insert, opened, raw_table, removed, transactions, write_journey
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from regulars.adapters.history_files import HistoryFiles, find_files
from regulars.application.history import Reject


def weeks_of(settings: Settings) -> int | None:
    """How much of The Complete Journey is imported; None is all of it."""
    if settings.whole:
        return None
    return 1 if settings.quick else 13


def import_all(journey: Path, database: Path) -> tuple[int, float]:
    """Import the files into a new database. Returns the events recorded and the seconds taken."""
    rejected: list[Reject] = []
    with opened(database) as crm, timed() as elapsed:
        with HistoryFiles(
            find_files([journey]),
            timezone=UTC,
            keep_extra=False,
            spool_folder=database.parent,
            reject=rejected.append,
            progress=None,
        ) as history:
            imported = crm.import_history(history, reject=rejected.append)
        crm.catch_up()
    if rejected:
        raise ValueError(f"{len(rejected)} rows were rejected, such as {rejected[0]}")
    return imported.events, elapsed.seconds


def _run(settings: Settings, folder: Path) -> Result:
    journey, database, raw_file = folder / "journey", folder / "ours.db", folder / "raw.db"
    write_journey(journey, weeks=weeks_of(settings))
    import_all(journey, database)
    batches = transactions(database)
    recorded = sum(map(len, batches))

    def ours() -> tuple[int, float]:
        removed(database)
        return import_all(journey, database)

    def raw() -> tuple[int, float]:
        removed(raw_file)
        with raw_table(raw_file) as connection, timed() as elapsed:
            insert(connection, batches)
        return recorded, elapsed.seconds

    rates, raw_rates = alternate(ours, raw, runs=settings.runs, warm=False)
    bodies = [row[-1] for rows in batches for row in rows]
    return Result(
        unit="recorded events per second",
        ours=rates,
        reference=raw_rates,
        ours_is="Crm.import_history of canonical CSV files, then Crm.catch_up of all views",
        reference_is=f"{RAW}; one executemany and one transaction for each of the importer's",
        sizes={
            "events": recorded,
            "transactions": len(batches),
            "boxes": sum(body.count(b'"envelope"') for body in bodies),
            "bytes of bodies": sum(map(len, bodies)),
        },
        durability="SQLite, journal WAL, synchronous FULL, both sides",
        left_out=(
            "writing the files of The Complete Journey",
            "opening and making the database",
            "findings: the files hold nothing that is rejected",
        ),
    )


IMPORT: Final = Benchmark(
    name="import",
    line="import of The Complete Journey, everything on, against raw inserts of the same rows",
    goal=0.15,
    run=_run,
)
