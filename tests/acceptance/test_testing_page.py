"""The test that docs/testing.md shows passes for a log that keeps its promises, and only then."""

import re
import sys
from os import environ
from pathlib import Path
from subprocess import run

import pytest

ROOT = Path(__file__).parents[2]
SHOWN = "RecorderLog(self.recorder, tenant=tenant)"
BROKEN = "NewestFirst(tenant=tenant)"
IMPORTS = "from tests.contracts.broken_event_logs import NewestFirst\n"

QUICK = """\
from hypothesis import Phase, settings
settings.register_profile(
    "quick", max_examples=5, stateful_step_count=10, derandomize=True, phases=[Phase.generate]
)
settings.load_profile("quick")
from regulars.testing import EventLogContract
EventLogContract.racing_seconds = 0.05
"""


@pytest.mark.parametrize(
    ("log", "tests", "ending"),
    [
        (SHOWN, "oldest_first or grow", r"^\d passed, \d\d deselected in"),
        pytest.param(SHOWN, "test_", r"^\d\d passed in", marks=pytest.mark.slow),
        (BROKEN, "oldest_first or grow", r"^\d failed, \d passed, \d\d deselected in"),
    ],
)
def test_the_test_that_the_page_shows_finds_out_whether_a_log_keeps_its_promises(
    tmp_path: Path, log: str, tests: str, ending: str
) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (block,) = [one for one in blocks if SHOWN in one]
    (tmp_path / "test_my_shop.py").write_text(IMPORTS + block.replace(SHOWN, log))
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")

    (tmp_path / "conftest.py").write_text(QUICK)

    command = [sys.executable, "-m", "pytest", "-q", "-k", tests]
    paths = {**environ, "PYTHONPATH": str(ROOT)}
    done = run(command, cwd=tmp_path, env=paths, check=False, capture_output=True, text=True)

    assert re.search(ending, done.stdout, re.MULTILINE), done.stdout
