"""`append`: one command a transaction, to disk, against bare inserts of the rows it leaves."""

from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.files import RAW, Row, insert, opened, raw_table, transactions
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import CUSTOMERS, EVENTS, lives
from regulars.application.door import Request

_TURNS: Final = 10


def _run(settings: Settings, folder: Path) -> Result:
    orders = 10 if settings.quick else 100
    database = folder / "ours.db"
    with opened(database, views="deferred") as crm, raw_table(folder / "raw.db") as connection:
        # Accounts and keys of all customers are there, as in a shop that has regulars.
        crm.execute_all(
            [
                Request(id=f"before/{number}", commands=(command,), by="host")
                for number, command in enumerate(lives(0, CUSTOMERS))
            ]
        )
        insert(connection, transactions(database))
        numbers = count(CUSTOMERS, orders)
        recorded: list[list[Row]] = []

        def ours() -> tuple[int, float]:
            commands = list(lives(next(numbers), orders))
            before = crm.execute(commands[0], by="checkout").position - 1
            with timed() as elapsed:
                for command in commands[1:]:
                    crm.execute(command, by="checkout")
            recorded[:] = transactions(database, after=before)
            if len(recorded) != len(commands):
                raise ValueError(f"{len(commands)} commands left {len(recorded)} transactions")
            return len(commands) - 1, elapsed.seconds

        def raw() -> tuple[int, float]:
            with timed() as elapsed:
                insert(connection, recorded)
            return len(recorded), elapsed.seconds

        rates, raw_rates = alternate(ours, raw, runs=settings.runs, turns=_TURNS)
    rows = [row for some in recorded for row in some]
    bodies = [row[-1] for row in rows]
    placed = [len(body) for body in bodies if b'"lines"' in body]
    return Result(
        unit="commands per second",
        ours=rates,
        reference=raw_rates,
        ours_is="Crm.execute, a command at a time; views deferred, reactions and sealing on",
        reference_is=f"{RAW}; in the same transactions, a single row by autocommit",
        sizes={
            "commands": len(recorded) * _TURNS,
            "events": len(rows) * _TURNS,
            "boxes": sum(body.count(b'"envelope"') for body in bodies) * _TURNS,
            "events before": CUSTOMERS * (EVENTS + 2),
            "smallest placed": min(placed),
            "largest placed": max(placed),
        },
        durability="SQLite, journal WAL, synchronous FULL, both sides",
        left_out=(
            "views (see rebuild)",
            "making of keys: every customer has one before",
            (
                "loading: five of six commands find their order's state in memory, the first finds"
                " no stream of its order"
            ),
        ),
    )


APPEND: Final = Benchmark(
    name="append",
    line="one command a transaction, to disk and sealed, against raw inserts of the same bytes",
    goal=0.8,  # 0.6 under the spine
    run=_run,
)
