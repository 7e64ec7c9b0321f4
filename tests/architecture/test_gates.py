import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import pytest

FOLDERS = ("adapters", "application", "benchmarks", "domain", "regulars", "tests")
FAULT = 'import json\n\nanswer: int = "forty-two"\n'  # an unused import, and a text for a number
UNTESTED = "def forgotten() -> int:\n    return 42\n"


def said_by(tool: str, house: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", tool, *arguments]
    return run(command, cwd=house, check=False, capture_output=True, text=True).stdout


def ruff(house: Path) -> list[str]:
    report = said_by("ruff", house, "check", "--select=F401", "--output-format=json")
    return [fault["filename"] for fault in json.loads(report)]


def mypy(house: Path) -> list[str]:
    return re.findall(r"^(\S+):\d+: error: .+\[assignment\]", said_by("mypy", house), re.MULTILINE)


def pyright(house: Path) -> list[str]:
    report = json.loads(said_by("pyright", house, "--outputjson"))
    faults = report["generalDiagnostics"]
    return [fault["file"] for fault in faults if fault["rule"] == "reportAssignmentType"]


@pytest.mark.parametrize(
    "tool", [ruff, *(pytest.param(tool, marks=pytest.mark.slow) for tool in (mypy, pyright))]
)
def test_a_fault_in_any_folder_is_reported_once(
    bare_house: Path, tool: Callable[[Path], list[str]]
) -> None:
    for folder in FOLDERS:
        (bare_house / folder / "planted.py").write_text(FAULT)

    reported = [(bare_house / path).resolve().parent.name for path in tool(bare_house)]

    assert Counter(reported) == dict.fromkeys(FOLDERS, 1)


def test_a_line_of_the_core_that_no_test_runs_is_counted_once(bare_house: Path) -> None:
    for folder in FOLDERS:
        (bare_house / folder / "planted.py").write_text(UNTESTED)

    said_by("coverage", bare_house, "run", "-m", "regulars.domain.planted")
    said_by("coverage", bare_house, "json", "-o", "report.json")
    report = json.loads((bare_house / "report.json").read_text())

    missed = {path: file["summary"]["missing_lines"] for path, file in report["files"].items()}
    assert {path: lines for path, lines in missed.items() if lines} == {
        "application/planted.py": 2,
        "domain/planted.py": 1,
    }


def test_a_core_that_is_not_covered_to_the_last_branch_fails(bare_house: Path) -> None:
    (bare_house / "domain" / "planted.py").write_text("for _ in [1]:\n    break\n")

    said_by("coverage", bare_house, "run", "-m", "regulars.domain.planted")
    command = [sys.executable, "-m", "coverage", "report"]
    done = run(command, cwd=bare_house, check=False, capture_output=True, text=True)

    assert (done.returncode, "domain/planted.py" in done.stdout) == (2, True), done.stdout
