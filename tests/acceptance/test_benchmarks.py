import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Forked
from tests.postgres_server import server_url

_ROOT = Path(__file__).parents[2]
_NAMES = (
    *("import", "append", "batch", "replay", "stream"),
    *("load", "fold", "handled", "view", "rebuild"),
    *("growth", "subscribers", "group", "group-slow"),
    *("pg-append", "pg-clients", "pg-batch", "pg-replay"),
    *("seal", "boxes", "rewrap", "reveal"),
    *("liability", "lots"),
)


def _run(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=_ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_without_a_name_the_benchmarks_are_listed_with_a_line_and_a_goal_each() -> None:
    with Forked("benchmarks") as listing:
        listed = listing.answer().splitlines()

    assert listing.poll() == 0
    assert [line.split()[0] for line in listed] == list(_NAMES)
    assert all("; goal " in line for line in listed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "database"),
    [
        *((name, "sqlite") for name in _NAMES),
        ("growth", "postgresql"),
        ("subscribers", "postgresql"),
    ],
)
def test_a_benchmark_tells_its_ratio_and_all_that_it_holds_for(name: str, database: str) -> None:
    server = ("--server", server_url()) if name == "view" or name.startswith("pg-") else ()
    quick = ("--quick", "--runs", "2", "--database", database, "--json")
    measured: dict[str, Any] = json.loads(_run(name, *quick, *server))

    if "not_measured" in measured:
        pytest.skip(measured["not_measured"])
    assert measured["benchmark"] == name
    assert measured["database"] == database
    assert 0 < measured["ratio_min"] <= measured["ratio_max"]
    assert measured["ratio"] > 0
    assert measured["goal"] > 0
    for side in ("ours", "reference"):
        rates = measured[side]
        assert len(rates["runs"]) == measured["runs"] == 2
        assert 0 < rates["min"] <= rates["median"] <= rates["max"]
        assert rates["is"]
    assert measured["unit"].endswith(" per second")
    assert measured["machine"].keys() == {"system", "processor", "cpus", "filesystem"}
    assert {"sqlite", "eventsourcing", "msgspec"} <= measured["versions"].keys()
    assert measured["sizes"]
    assert measured["durability"]
    assert measured["left_out"]
