"""`group` and `group-slow`: 64 callers of one process, whose commits are shared, against one."""

import asyncio
import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from shutil import which
from typing import Any, Final

from benchmarks.files import opened
from benchmarks.measure import Benchmark, NotMeasured, Result, Settings, alternate, timed
from benchmarks.orders import CUSTOMERS, lives
from regulars import Crm
from regulars.application.door import Request
from regulars.application.events import Command

_CALLERS: Final = 64
_SLOW: Final = "REGULARS_BENCHMARK_SLOW_FSYNC"
_SOURCE: Final = Path(__file__).with_name("slow_fsync.c")
_ORDERS_AT_ONCE: Final = 100
_ORDERS_A_RUN: Final = 1_000
_MOST_SLOWLY: Final = 500
"""Commits a second, one after the other, that a disk of 2 ms allows."""


def _run(settings: Settings, folder: Path) -> Result:
    each = 100 if settings.quick else 2_000
    with opened(folder / "ours.db", views="deferred") as crm:
        # Accounts and keys of all customers are there, as in a shop that has regulars.
        crm.execute_all(
            [
                Request(id=f"before/{number}", commands=(command,), by="host")
                for number, command in enumerate(lives(0, CUSTOMERS))
            ]
        )
        first = count(CUSTOMERS, _ORDERS_A_RUN)

        def ours() -> tuple[int, float]:
            return _executed(crm, next(first), each, callers=_CALLERS)

        def single() -> tuple[int, float]:
            return _executed(crm, next(first), min(each, 600) // 3, callers=1)

        rates, single_rates = alternate(ours, single, runs=settings.runs)
    return Result(
        unit="commands per second",
        ours=rates,
        reference=single_rates,
        ours_is=f"Crm.execute_async from {_CALLERS} tasks of asyncio, each awaiting its receipt",
        reference_is="the same from one task",
        sizes={"callers": _CALLERS, "commands a run": each},
        durability="SQLite, journal WAL, synchronous FULL; a receipt follows its own commit",
        left_out=("views (see rebuild)", "making of keys", "commands that are refused"),
    )


def _executed(crm: Crm, first: int, commands: int, *, callers: int) -> tuple[int, float]:
    """Execute commands of new orders, each awaited by one of so many callers."""
    orders = -(-commands // 6 // _ORDERS_AT_ONCE) * _ORDERS_AT_ONCE
    some = list(lives(first, orders))[:commands]
    with timed() as elapsed:
        asyncio.run(_awaited(crm, some, callers))
    return len(some), elapsed.seconds


async def _awaited(crm: Crm, commands: list[Command], callers: int) -> None:
    left = iter(commands)

    async def caller() -> None:
        for command in left:
            receipt = await crm.execute_async(command, by="checkout")
            if not receipt.events:
                raise ValueError(f"{command!r} led to nothing")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(callers):
            tasks.create_task(caller())


def _slow(settings: Settings, folder: Path) -> Result:
    if _SLOW in os.environ:
        return _run(settings, folder)
    measured = _measured_slowly(settings, folder)
    rates: list[float] = measured["ours"]["runs"]
    single_rates: list[float] = measured["reference"]["runs"]
    if max(single_rates) > _MOST_SLOWLY:
        raise ValueError(f"fsync was not slowed: {max(single_rates)} commands a second by one")
    return Result(
        unit=measured["unit"],
        ours=rates,
        reference=single_rates,
        ours_is=measured["ours"]["is"],
        reference_is=measured["reference"]["is"],
        sizes=measured["sizes"],
        durability=f"{measured['durability']}; every fsync and fdatasync 2 ms slower",
        left_out=measured["left_out"],
    )


def _measured_slowly(settings: Settings, folder: Path) -> Any:  # noqa: ANN401 - JSON
    """What a process of its own measures, the slowed calls preloaded."""
    compiler = which("gcc")
    if compiler is None:
        raise NotMeasured("needs gcc, which makes the library that slows fsync")
    library = folder / "slow_fsync.so"
    subprocess.run(  # noqa: S603 - a source of our own
        [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE), "-ldl"],
        check=True,
    )
    command = [sys.executable, "-m", "benchmarks", "group-slow", "--json"]
    command += ["--runs", str(settings.runs), *(["--quick"] if settings.quick else [])]
    slowed = {**os.environ, "LD_PRELOAD": str(library), _SLOW: "1"}
    done = subprocess.run(command, env=slowed, check=True, stdout=subprocess.PIPE)  # noqa: S603 - this one
    return json.loads(done.stdout)


GROUP: Final = Benchmark(
    name="group",
    line="64 callers of one process, each told of its own commit, against one caller",
    goal=5,
    run=_run,
)
GROUP_SLOW: Final = Benchmark(
    name="group-slow",
    line="the same on a disk whose fsync takes 2 ms longer",
    goal=25,
    run=_slow,
)
