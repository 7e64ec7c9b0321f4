"""Where the code of this repository lies."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
MOUNTED = ("domain", "application", "adapters")
SHIPPED = (*MOUNTED, "regulars")


def code(*folders: str) -> list[Path]:
    """Every Python file in these folders, from the root, by its real name."""
    return [
        path.relative_to(ROOT)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not any(parent.is_symlink() for parent in path.parents)
    ]
