"""`python -m benchmarks NAME`: measure ours beside a reference, in turns and in one run."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from benchmarks.accounts import LIABILITY, LOTS
from benchmarks.append import APPEND
from benchmarks.batch import BATCH
from benchmarks.fold import FOLD, HANDLED
from benchmarks.group import GROUP, GROUP_SLOW
from benchmarks.growth import GROWTH
from benchmarks.history import IMPORT
from benchmarks.load import LOAD
from benchmarks.measure import Benchmark, NotMeasured, Settings, document
from benchmarks.pg_append import PG_APPEND
from benchmarks.pg_batch import PG_BATCH
from benchmarks.pg_clients import PG_CLIENTS
from benchmarks.pg_replay import PG_REPLAY
from benchmarks.rebuild import REBUILD
from benchmarks.replay import REPLAY
from benchmarks.reveal import REVEAL
from benchmarks.stream import STREAM
from benchmarks.subscribers import SUBSCRIBERS
from benchmarks.vault import BOXES, REWRAP, SEAL
from benchmarks.view import VIEW

BENCHMARKS: Final[dict[str, Benchmark]] = {
    benchmark.name: benchmark
    for benchmark in (
        *(IMPORT, APPEND, BATCH, REPLAY, STREAM, LOAD, FOLD, HANDLED, VIEW, REBUILD),
        *(GROWTH, SUBSCRIBERS, GROUP, GROUP_SLOW, PG_APPEND, PG_CLIENTS, PG_BATCH, PG_REPLAY),
        *(SEAL, BOXES, REWRAP, REVEAL),
        *(LIABILITY, LOTS),
    )
}
"""Every benchmark by its name."""

_ALL: Final = "all"


def main() -> None:
    """Run the benchmark that the command line names, or list them all."""
    listed = "\n".join(
        f"  {one.name:<11} {one.line}; goal {one.goal:g}" for one in BENCHMARKS.values()
    )
    parser = ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\n\n{listed}\n  all        each of them, in a table",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=[*BENCHMARKS, _ALL], metavar="NAME")
    parser.add_argument("--runs", type=int, default=5, help="how often each side runs, 5 if left")
    parser.add_argument("--quick", action="store_true", help="on little, to see that it works")
    parser.add_argument("--all", action="store_true", help="the whole year, not 13 weeks of it")
    parser.add_argument("--server", help="URL of a PostgreSQL server, instead of one of its own")
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
    settings = Settings(
        runs=given.runs,
        quick=given.quick,
        whole=given.all,
        server=given.server,
        database=given.database,
    )
    names = list(BENCHMARKS) if given.name == _ALL else [given.name]
    measured = [_measured(BENCHMARKS[name], settings) for name in names]
    if given.json:
        print(json.dumps(measured if given.name == _ALL else measured[0], indent=2))
    elif given.name == _ALL:
        print("\n".join(map(_in_a_row, measured)))
    else:
        print(_in_words(measured[0]))


def _measured(benchmark: Benchmark, settings: Settings) -> dict[str, Any]:
    with TemporaryDirectory(prefix="regulars-benchmark-") as name:
        folder = Path(name)
        try:
            return cast(
                "dict[str, Any]",
                document(benchmark, settings, benchmark.run(settings, folder), folder),
            )
        except NotMeasured as missing:
            return {"benchmark": benchmark.name, "not_measured": str(missing)}


def _in_a_row(measured: dict[str, Any]) -> str:
    name = f"{measured['benchmark']:<11}"
    if "not_measured" in measured:
        return f"{name} not measured: {measured['not_measured']}"
    between = f"({measured['ratio_min']:g} to {measured['ratio_max']:g})"
    reached = "reached" if measured["ratio"] >= measured["goal"] else "missed"
    row = f"{name} {measured['ratio']:<6g} {between:<18} goal {measured['goal']:<5g} {reached}"
    return "\n".join((row, *_against_peers(measured)))


def _against_peers(measured: dict[str, Any]) -> list[str]:
    """What was measured beside peers: how many times as fast as each, or why it was not."""
    found = measured["details"].items()
    return [f"  {name}: {told}" for name, told in found if name.startswith("vs_")]


def _in_words(measured: dict[str, Any]) -> str:
    if "not_measured" in measured:
        return _in_a_row(measured)

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
            *_against_peers(measured),
        )
    )


if __name__ == "__main__":
    main()
