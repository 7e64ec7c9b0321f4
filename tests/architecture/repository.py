"""Where the code of this repository lies, and which tests there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOUNTED = ("domain", "application", "adapters")
SHIPPED = (*MOUNTED, "regulars")
_TEST = re.compile(r"\b(tests/[\w/]+\.py)::(\w+)")


def code(*folders: str) -> list[Path]:
    """Every Python file in these folders, from the root, by its real name."""
    return [
        path.relative_to(ROOT)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not any(parent.is_symlink() for parent in path.parents)
    ]


def missing_tests(text: str) -> list[str]:
    """Tests that a text names as `file::test`, and that are not there."""
    return [f"{file}::{name}" for file, name in _TEST.findall(text) if not _is_test(file, name)]


def _is_test(file: str, name: str) -> bool:
    path = ROOT / file
    defined = rf"^ *def {name}\("
    return path.exists() and re.search(defined, path.read_text(), re.MULTILINE) is not None
