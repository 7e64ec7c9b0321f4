"""`growth`: what one append, one stream and one page cost in a log of a million events."""

from collections.abc import Callable
from contextlib import closing
from hashlib import blake2b
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from typing import Final, TypeAlias

from benchmarks.databases import durability, new_url, server_settings
from benchmarks.measure import Benchmark, Result, Settings, Side, alternate, timed
from benchmarks.orders import EVENTS, order_id
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.events import EventId, Pending
from regulars.domain.order import OrderAccepted

_TURNS: Final = 10
_PAGE: Final = 1_000
_AT: Final = 1_767_225_600_000_000

Work: TypeAlias = Callable[[SqlLog, int], Side]


def _event(number: int) -> Pending:
    # Ids are spread like those of commands, so that an insert meets any page of their index.
    order = order_id(number // EVENTS)
    return Pending(
        stream=f"order-{order}",
        version=number % EVENTS + 1,
        event=OrderAccepted(order=order),
        event_id=EventId(blake2b(str(number).encode(), digest_size=13).digest() + bytes(3)),
        occurred_at=_AT,
        actor="host",
        correlation=order,
        causation=order,
    )


def _fill(log: SqlLog, events: int) -> None:
    for start in range(0, events, _PAGE):
        some = range(start, min(start + _PAGE, events))
        log.append([_event(number) for number in some], recorded_at=_AT)


def _appends(log: SqlLog, events: int) -> Side:
    numbers = count(events)

    def append() -> tuple[int, float]:
        some = [_event(next(numbers)) for _ in range(100)]
        with timed() as elapsed:
            for one in some:
                log.append([one], recorded_at=_AT)
        return len(some), elapsed.seconds

    return append


def _loads(log: SqlLog, events: int) -> Side:
    chance = Random(6)  # noqa: S311 - the same streams every time

    def load() -> tuple[int, float]:
        chosen = [_event(EVENTS * chance.randrange(events // EVENTS)).stream for _ in range(200)]
        with timed() as elapsed:
            found = sum(1 for name in chosen for _ in log.facts(name))
        if found != len(chosen) * EVENTS:
            raise ValueError(f"{len(chosen)} streams held {found} events")
        return len(chosen), elapsed.seconds

    return load


def _pages(log: SqlLog, events: int) -> Side:
    chance = Random(7)  # noqa: S311 - the same pages every time

    def read() -> tuple[int, float]:
        starts = [chance.randrange(events - _PAGE) for _ in range(5)]
        with timed() as elapsed:
            found = sum(1 for start in starts for _ in log.read(after=start, upto=start + _PAGE))
        if found != len(starts) * _PAGE:
            raise ValueError(f"{len(starts)} pages held {found} events")
        return len(starts), elapsed.seconds

    return read


_WORK: Final[dict[str, Work]] = {"append": _appends, "load": _loads, "page": _pages}


def _run(settings: Settings, folder: Path) -> Result:
    many, few = (12_000, 1_200) if settings.quick else (1_000_002, 10_002)
    with (
        closing(Database(new_url(settings, folder))) as large,
        closing(Database(new_url(settings, folder))) as small,
    ):
        grown, young = SqlLog(large), SqlLog(small)
        _fill(grown, many)
        _fill(young, few)
        found = {
            name: alternate(work(grown, many), work(young, few), runs=settings.runs, turns=_TURNS)
            for name, work in _WORK.items()
        }
    ratios = {name: median(a) / median(b) for name, (a, b) in found.items()}
    worst = min(ratios, key=lambda name: ratios[name])
    ours, reference = found[worst]
    return Result(
        unit=f"{worst}s per second",
        ours=ours,
        reference=reference,
        ours_is=f"in a log of {many:,} events; of append, load and page, what lost most",
        reference_is=f"the same in a log of {few:,} events beside it",
        sizes={"events": many, "events of the reference": few, "events of a page": _PAGE},
        durability=durability(settings),
        left_out=("commands: the log alone", "a cache that is cold"),
        details={
            name: {"ratio": round(ratios[name], 3), "ours": median(a), "reference": median(b)}
            for name, (a, b) in found.items()
        }
        | {"server": server_settings(settings)},
    )


GROWTH: Final = Benchmark(
    name="growth",
    line="an append, a stream, a page in a log of a million events, against one of ten thousand",
    goal=0.8,
    run=_run,
)
