"""Houses to break: copies of this repository's code, and bare ones, under all of its settings."""

import shutil
from pathlib import Path

import pytest

from tests.architecture.repository import MOUNTED, ROOT, SHIPPED


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the code and its settings."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    bytecode = shutil.ignore_patterns("__pycache__")
    for folder in SHIPPED:
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True, ignore=bytecode)
    return tmp_path


@pytest.fixture
def bare_house(tmp_path: Path) -> Path:
    """The folders with nothing in them, and the settings."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in (*SHIPPED, "tests", "benchmarks"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    for folder in MOUNTED:
        (tmp_path / "regulars" / folder).symlink_to(Path("..", folder))
    return tmp_path
