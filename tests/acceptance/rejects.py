"""The rejects file as a person opens it."""

import csv
from pathlib import Path

from attrs import frozen


@frozen(kw_only=True, order=True)
class Listed:
    """A row of the rejects file. `file` is the name alone, without folders."""

    file: str
    row: int
    field: str
    reason: str


def listed_rejects(path: Path) -> list[Listed]:
    """Everything that a rejects file lists, by file and row."""
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(
            Listed(
                file=Path(one["file"]).name,
                row=int(one["row"]),
                field=one["field"],
                reason=one["reason"],
            )
            for one in csv.DictReader(file)
        )
