"""`reveal`: a personal value read with its access record, against bare inserts of the records."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from attrs import evolve

import regulars
from benchmarks.files import RAW, Row, insert, removed, transactions
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from regulars import DEFAULT_POLICY, Actor, Contact, CustomerId, DataClass, DataOf, Limit, Masked
from regulars.adapters.database import Database
from regulars.adapters.key_ring import create_key_file
from regulars.application.door import Request
from regulars.domain.customer import RegisterCustomer

_CUSTOMERS: Final = 1_000
_AGENTS: Final = 100
_NOON: Final = datetime(2024, 1, 1, 12, tzinfo=UTC)
# The limit is counted at each read, and no agent of this many ever reaches it.
_POLICY: Final = evolve(DEFAULT_POLICY, limits=(Limit(role="support", reads=1_000, seconds=1),))


def _run(settings: Settings, folder: Path) -> Result:
    reads = 50 if settings.quick else 2_000
    file, raw_file = folder / "ours.db", folder / "raw.db"
    keys = folder / "ours.keys"
    create_key_file(keys)
    with regulars.connect(
        f"sqlite:///{file}", keys=keys, synchronous="NORMAL", policy=_POLICY, environment={}
    ) as crm:
        crm.execute_all([Request(commands=(one,), by="host") for one in _customers()])
        chance, recorded = Random(1), list[list[Row]]()  # noqa: S311 - which customers are read

        def ours() -> tuple[int, float]:
            asked = [
                (
                    DataOf(
                        customer=CustomerId(f"c-{chance.randrange(_CUSTOMERS)}"),
                        data_class=DataClass.CONTACT,
                    ),
                    Actor(role="support", id=f"s-{chance.randrange(_AGENTS)}"),
                )
                for _ in range(reads)
            ]
            with closing(sqlite3.connect(file)) as log:
                (before,) = log.execute("SELECT max(position) FROM events").fetchone()
            with timed() as elapsed:
                shown = [
                    crm.reveal(one, purpose="service", actor=actor, reason="ticket-1")
                    for one, actor in asked
                ]
            if not all(isinstance(one, Masked) for one in shown):
                raise ValueError("a value was not shown")
            recorded[:] = transactions(file, after=before)
            return reads, elapsed.seconds

        def raw() -> tuple[int, float]:
            removed(raw_file)
            database = Database(f"sqlite:///{raw_file}", synchronous="NORMAL")
            try:
                database.driver.execute("DROP TRIGGER events_contiguous")
                driver: object = database.driver
                if not isinstance(driver, sqlite3.Connection):
                    raise TypeError("the driver of SQLite is its own connection")
                with timed() as elapsed:
                    insert(driver, recorded)
            finally:
                database.close()
            return len(recorded), elapsed.seconds

        rates, raw_rates = alternate(ours, raw, runs=settings.runs)
    return Result(
        unit="reads per second",
        ours=rates,
        reference=raw_rates,
        ours_is="Crm.reveal: rules, limit, access record, box opened and masked; view inline",
        reference_is=f"{RAW}; the access records alone, by autocommit",
        sizes={"reads": reads, "customers": _CUSTOMERS, "readers": _AGENTS},
        durability="SQLite, journal WAL, synchronous NORMAL, both sides",
        left_out=("unwrapping of data keys: all are in memory",),
    )


def _customers() -> list[RegisterCustomer]:
    return [
        RegisterCustomer(
            customer=CustomerId(f"c-{number}"),
            at=_NOON,
            contact=Contact(name=f"Ada Berg {number}", phone=f"138{number:08}"),
        )
        for number in range(_CUSTOMERS)
    ]


REVEAL: Final = Benchmark(
    name="reveal",
    line="a personal value read with its access record, against raw inserts of the records",
    goal=0.1,
    run=_run,
)
