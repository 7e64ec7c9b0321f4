"""`pg-clients`: eight processes append to one log on PostgreSQL, against one and others."""

from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application

from benchmarks.clients import Clients, clients, ours, stock, umadb
from benchmarks.measure import Benchmark, Result, Settings, Side, alternate
from benchmarks.orders import EVENTS
from benchmarks.placed import place
from benchmarks.server import DURABILITY, about, new_schema, server, stock_settings
from benchmarks.umadb_peer import MISSING, is_installed, umadb_server
from regulars.adapters.database import Database

_CLIENTS: Final = 8


def _run(settings: Settings, folder: Path) -> Result:
    each = 10 if settings.quick else 150
    alone = each * 2
    file = folder / "shop.db"
    # Of its share, the first client appends the most: with the others and alone.
    needed = (settings.runs + 1) * (each + alone) * _CLIENTS
    place(file, orders=needed // EVENTS + 100)
    with ExitStack() as stack:
        enter = stack.enter_context
        url = enter(server(settings))
        log = new_schema(url)
        Database(log).close()
        env = stock_settings(url)
        Application[UUID](env=env).close()
        peers = {"stock": enter(clients(stock, env, file=file, count=_CLIENTS))}
        if is_installed():
            address = enter(umadb_server(folder / "umadb"))
            peers["umadb"] = enter(clients(umadb, address, file=file, count=_CLIENTS))
        mine = enter(clients(ours, log, file=file, count=_CLIENTS))
        rates: dict[str, list[float]] = {}

        def beside() -> tuple[int, float]:
            for name, peer in peers.items():
                _noted(rates, f"{name}, {_CLIENTS} clients", peer, each, _CLIENTS)
            if "umadb" in peers:
                _noted(rates, "umadb, 1 client", peers["umadb"], alone, 1)
            return mine.append(alone, clients=1)

        together: Side = lambda: mine.append(each, clients=_CLIENTS)  # noqa: E731 - a side
        found, single = alternate(together, beside, runs=settings.runs)
        details: dict[str, Any] = {"server": about(url)}
    counted = {name: some[1:] for name, some in rates.items()}  # the first of each is to warm up
    for name in peers:
        theirs = counted[f"{name}, {_CLIENTS} clients"]
        details[f"vs_{name}"] = float(f"{median(found) / median(theirs):.3g}")
    if "umadb" not in peers:
        details["vs_umadb"] = MISSING
    details["events per second"] = {name: _spread(some) for name, some in counted.items()}
    return Result(
        unit="events per second",
        ours=found,
        reference=single,
        ours_is=f"SqlLog.append of one event a transaction, from {_CLIENTS} processes",
        reference_is="the same from one process",
        sizes={"clients": _CLIENTS, "events of each a run": each, "events alone a run": alone},
        durability=f"{DURABILITY}; UmaDB as it comes, by TCP on this machine",
        left_out=(
            "deciding and sealing",
            "contention: each client appends to orders of its own",
            "a network: clients and servers share the processors",
        ),
        details=details,
    )


def _noted(
    rates: dict[str, list[float]], name: str, peer: Clients, events: int, count: int
) -> None:
    done, seconds = peer.append(events, clients=count)
    rates.setdefault(name, []).append(done / seconds)


def _spread(rates: list[float]) -> dict[str, int]:
    return {
        "median": round(median(rates)),
        "min": round(min(rates)),
        "max": round(max(rates)),
    }


PG_CLIENTS: Final = Benchmark(
    name="pg-clients",
    line="one event a transaction on PostgreSQL from eight processes, against one process",
    goal=1.3,
    run=_run,
)
