"""`view`: a durable view brought up to the log, against the runner of stock eventsourcing."""

from itertools import count
from pathlib import Path
from typing import Final
from uuid import UUID

from eventsourcing.application import Application

from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.placed import account_streams, order_streams, place, told
from benchmarks.server import about, server, stock_settings
from benchmarks.stock import stock_copies
from benchmarks.stock_accounts import run_view, save_accounts
from regulars.adapters.database import Database
from regulars.adapters.storage import SqlStorage
from regulars.application.loyalty import ACCOUNTS
from regulars.application.projecting import Projector


def _run(settings: Settings, folder: Path) -> Result:
    orders = 30 if settings.quick else 2_000
    file = folder / "ours.db"
    place(file, orders)
    with server(settings) as url:
        found = about(url)
        database = Database(f"sqlite:///{file}")
        storage = SqlStorage(database, [ACCOUNTS])
        env = stock_settings(url)
        stock = Application[UUID](env=env)
        stock_copies(stock, (told(storage.log, name) for name in order_streams(orders)))
        save_accounts(stock, (told(storage.log, name) for name in account_streams(orders)))
        last = stock.recorder.max_notification_id() or 0
        stock.close()
        numbers = count()

        def ours() -> tuple[int, float]:
            storage.views.clear(ACCOUNTS)
            projector = Projector(storage, [ACCOUNTS])
            with timed() as elapsed:
                events = projector.catch_up()
            return events, elapsed.seconds

        def theirs() -> tuple[int, float]:
            with timed() as elapsed:
                balances = run_view(env, folder / f"view-{next(numbers)}.db", upto=last)
            expected = sum(row.balance for row in storage.views.rows(ACCOUNTS))
            if balances != expected:
                raise ValueError(f"the view of stock adds up to {balances}, not to {expected}")
            return last, elapsed.seconds

        try:
            rates, stock_rates = alternate(ours, theirs, runs=settings.runs)
            events = storage.log.head()
        finally:
            database.close()
    return Result(
        unit="events per second",
        ours=rates,
        reference=stock_rates,
        ours_is="Projector.catch_up of the view of accounts from nothing, log and view on SQLite",
        reference_is=(
            "stock eventsourcing: ProjectionRunner over an Application on its PostgreSQL module"
            " (none of SQLite can be subscribed to), rows and tracking on its SQLite module, an"
            " event a transaction; from its start to the last event"
        ),
        sizes={"orders": orders, "events": events, "events of stock": last},
        durability="view and checkpoint: SQLite, journal WAL, synchronous FULL, both sides",
        left_out=("topics: stock could skip the events of orders, ours decodes them as well",),
        details={"server": found},
    )


VIEW: Final = Benchmark(
    name="view",
    line="a durable view with its checkpoint, against the ProjectionRunner of stock",
    goal=50,
    run=_run,
)
