"""The code that docs/eventsourcing.md shows runs, both ways."""

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from eventsourcing.popo import POPOApplicationRecorder

from regulars.adapters.log_status import check_log, log_status

PAGE = Path(__file__).parents[2] / "docs" / "eventsourcing.md"


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[ModuleType]:
    # As modules, because that library stores the path of a class with its events.
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    names = ["shown_application", "shown_log"]
    for name, block in zip(names, blocks, strict=True):
        (tmp_path / f"{name}.py").write_text(block)
    return [import_module(name) for name in names]


def test_applications_and_logs_of_the_page_work(shown: list[ModuleType], tmp_path: Path) -> None:
    application, log = shown
    url = f"sqlite:///{tmp_path / 'cafe.db'}"

    assert application.notified(url) == [1, 2, 3]
    assert application.projected(url) == 2
    assert application.in_a_system(url) == 3
    for tenant in ("cafe", "bar"):
        found = check_log(url, tenant=tenant)
        assert found.sound
        assert found.foreign == found.events > 0
    standing = log_status(url, tenant="bar")
    assert standing.views == ()
    assert [(one.follower, one.follows, one.lag) for one in standing.followers] == [
        ("bar", "Cafe", None)
    ]
    with pytest.raises(NotImplementedError, match="leave snapshotting off"):
        application.Cafe(application.env(url) | {"IS_SNAPSHOTTING_ENABLED": "y"})

    assert log.accept(POPOApplicationRecorder(), "o-1", bytes(16)) == [2]
