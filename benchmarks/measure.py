"""How two ways of doing the same work are compared: in turns, by medians, as one document."""

import gc
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count
from pathlib import Path
from platform import machine, python_implementation, python_version, system
from sqlite3 import sqlite_version
from statistics import median
from time import perf_counter
from typing import Any, Final, TypeAlias

from attrs import define, frozen

Side: TypeAlias = Callable[[], tuple[int, float]]
"""Does some of the work and returns how much it was, and the seconds that it took."""

_PACKAGES: Final = (
    *("attrs", "cryptography", "eventsourcing", "msgspec", "sqlalchemy"),
    *("psycopg", "umadb"),  # not everywhere installed
)


class NotMeasured(Exception):
    """The machine lacks what the benchmark needs; the message says what, and how to get it."""


@frozen(kw_only=True)
class Settings:
    """
    How often each side runs, and on how much: `quick` on little, `whole` on all there is.

    `server` is the URL of a PostgreSQL server to measure on; None starts one for the length of it.
    `database` is `sqlite` or `postgresql`, for the benchmarks that know both.
    """

    runs: int = 5
    quick: bool = False
    whole: bool = False
    server: str | None = None
    database: str = "sqlite"


@frozen(kw_only=True)
class Result:
    """
    What came out: the rates of both sides, one a run, in `unit`.

    `details` are further figures of the same runs, and `left_out` is what was not measured.
    """

    unit: str
    ours: Sequence[float]
    reference: Sequence[float]
    ours_is: str
    reference_is: str
    sizes: Mapping[str, int]
    durability: str
    left_out: Sequence[str]
    details: Mapping[str, Any] = {}

    @property
    def ratio(self) -> float:
        """The median of ours over the median of the reference: above 1, ours is the faster."""
        return median(self.ours) / median(self.reference)


@frozen(kw_only=True)
class Benchmark:
    """A comparison with the `ratio` that is its goal. `run` may write into the folder it gets."""

    name: str
    line: str
    goal: float
    run: Callable[[Settings, Path], Result]


@define
class Elapsed:
    """Seconds that a timed block took; 0 until it has ended."""

    seconds: float = 0


@contextmanager
def timed() -> Generator[Elapsed]:
    """Times the block, with the garbage of what came before collected first."""
    elapsed = Elapsed()
    gc.collect()
    began = perf_counter()
    yield elapsed
    elapsed.seconds = perf_counter() - began


def alternate(
    ours: Side, reference: Side, *, runs: int, turns: int = 1, warm: bool = True
) -> tuple[list[float], list[float]]:
    """
    The rates of both sides, one a run.

    In each run both take that many turns by turns, so that a slow moment of the machine meets
    both. With `warm`, each has one turn that does not count.
    """
    if warm:
        ours()
        reference()
    rates: list[float] = []
    reference_rates: list[float] = []
    for _ in range(runs):
        taken = [(ours(), reference()) for _ in range(turns)]
        rates.append(_rate([one for one, _ in taken]))
        reference_rates.append(_rate([other for _, other in taken]))
    return rates, reference_rates


def _rate(turns: Sequence[tuple[int, float]]) -> float:
    return sum(done for done, _ in turns) / sum(seconds for _, seconds in turns)


def document(benchmark: Benchmark, settings: Settings, result: Result, folder: Path) -> Any:  # noqa: ANN401 - JSON
    """The result as JSON values, with the machine and the versions that it holds for."""
    pairs = [one / other for one, other in zip(result.ours, result.reference, strict=True)]
    return {
        "benchmark": benchmark.name,
        "what": benchmark.line,
        "ratio": _rounded(result.ratio),
        "ratio_min": _rounded(min(pairs)),
        "ratio_max": _rounded(max(pairs)),
        "goal": benchmark.goal,
        "unit": result.unit,
        "ours": {"is": result.ours_is, **_spread(result.ours)},
        "reference": {"is": result.reference_is, **_spread(result.reference)},
        "details": dict(result.details),
        "runs": settings.runs,
        "quick": settings.quick,
        "database": settings.database,
        "sizes": dict(result.sizes),
        "durability": result.durability,
        "left_out": list(result.left_out),
        "machine": {
            "system": f"{system()} {machine()}",
            "processor": _processor(),
            "cpus": cpu_count(),
            "filesystem": _filesystem(folder),
        },
        "python": f"{python_implementation()} {python_version()}",
        "versions": {"sqlite": sqlite_version, **_versions()},
    }


def _spread(rates: Sequence[float]) -> dict[str, Any]:
    return {
        "median": round(median(rates)),
        "min": round(min(rates)),
        "max": round(max(rates)),
        "runs": [round(rate) for rate in rates],
    }


def _rounded(ratio: float) -> float:
    return float(f"{ratio:.3g}")


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text(encoding="utf-8").splitlines() if cpus.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"


def _filesystem(folder: Path) -> str:
    """Where the files are: synchronous writes cost nothing on a file system in memory."""
    mounts = Path("/proc/mounts")
    lines = mounts.read_text(encoding="utf-8").splitlines() if mounts.exists() else []
    under = [
        (len(point), kind)
        for _, point, kind, *_ in (line.split() for line in lines)
        if folder.resolve().is_relative_to(point)
    ]
    return max(under)[1] if under else "unknown"
