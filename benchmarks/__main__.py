"""`python -m benchmarks NAME`: measure ours beside a reference, in turns and in one run."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.append import APPEND
from benchmarks.growth import GROWTH
from benchmarks.history import IMPORT
from benchmarks.load import LOAD
from benchmarks.measure import Benchmark, Settings, document
from benchmarks.rebuild import REBUILD
from benchmarks.subscribers import SUBSCRIBERS

BENCHMARKS: Final[dict[str, Benchmark]] = {
    benchmark.name: benchmark for benchmark in (IMPORT, APPEND, LOAD, REBUILD, GROWTH, SUBSCRIBERS)
}
"""Every benchmark by its name."""


def main() -> None:
    """Run the benchmark that the command line names, or list them all."""
    listed = "\n".join(
        f"  {one.name:<11} {one.line}; goal {one.goal:g}" for one in BENCHMARKS.values()
    )
    parser = ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\n\n{listed}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=sorted(BENCHMARKS), metavar="NAME")
    parser.add_argument("--runs", type=int, default=5, help="how often each side runs, 5 if left")
    parser.add_argument("--quick", action="store_true", help="on little, to see that it works")
    parser.add_argument("--all", action="store_true", help="the whole year, not 13 weeks of it")
    parser.add_argument("--json", action="store_true", help="everything, as one JSON document")
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="for growth and subscribers; the others run on SQLite",
    )
    given = parser.parse_args()
    if given.name is None:
        print(listed)
        return
    if given.runs < 1:
        parser.error("--runs has to be 1 or more")
    benchmark = BENCHMARKS[given.name]
    settings = Settings(
        runs=given.runs, quick=given.quick, whole=given.all, database=given.database
    )
    with TemporaryDirectory(prefix="regulars-benchmark-") as name:
        folder = Path(name)
        measured = document(benchmark, settings, benchmark.run(settings, folder), folder)
    print(json.dumps(measured, indent=2) if given.json else _in_words(measured))


def _in_words(measured: dict[str, Any]) -> str:
    def rates(side: str) -> str:
        rate = measured[side]
        return f"{rate['median']:,} ({rate['min']:,} to {rate['max']:,}) {measured['unit']}"

    return "\n".join(
        (
            f"{measured['benchmark']}: {measured['what']}",
            (
                f"  ratio      {measured['ratio']:g}"
                f" ({measured['ratio_min']:g} to {measured['ratio_max']:g}),"
                f" goal at least {measured['goal']:g}"
            ),
            f"  ours       {rates('ours')}",
            f"  reference  {rates('reference')}",
        )
    )


if __name__ == "__main__":
    main()
