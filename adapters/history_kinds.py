"""The kinds of files that an import takes: their columns, and how they are found."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from attrs import frozen


class UnreadableHistory(Exception):
    """A file cannot be read as history at all. Holds names and numbers, never content."""

    def __init__(self, file: str, problem: str, row: int | None = None) -> None:
        """`row` is where reading stopped: 0 for the header line, None if it did not begin."""
        super().__init__(file, problem, row)
        self.file = file
        self.problem = problem
        self.row = row

    def __str__(self) -> str:
        at = {None: "", 0: ", header line"}.get(self.row, f", row {self.row}")
        return f"{self.file}{at}: {self.problem}"


@frozen(kw_only=True)
class Kind:
    """What a kind of file holds. Its first column is the id that every row must bear."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    has_extra: bool = True
    """Whether its rows have a place for other columns."""


def _kind(name: str, columns: str, *, has_extra: bool = True) -> Kind:
    starred = columns.split()
    return Kind(
        name=name,
        columns=tuple(column.rstrip("*") for column in starred),
        required=tuple(column.rstrip("*") for column in starred if column.endswith("*")),
        has_extra=has_extra,
    )


ORDERS: Final = _kind(
    "orders",
    "order_id* customer_id merchant_id placed_at* accepted_at prepared_at picked_up_at"
    " delivered_at cancelled_at status currency* total* discount delivery_fee tip"
    " refund refunded_at channel payment_method region",
)
LINES: Final = _kind("lines", "order_id* sku* name category quantity* unit_price", has_extra=False)
CUSTOMERS: Final = _kind(
    "customers",
    "customer_id* name phone email birth_date gender occupation address registered_at source",
)
MERCHANTS: Final = _kind("merchants", "merchant_id* name brand category address region")
REVIEWS: Final = _kind("reviews", "order_id* stars dish_stars delivery_stars text reviewed_at")

KINDS: Final = {kind.name: kind for kind in (ORDERS, LINES, CUSTOMERS, MERCHANTS, REVIEWS)}
"""The import format. Rows are read as tuples of cells in the order of these columns."""

_SUFFIXES: Final = (".csv", ".jsonl", ".ndjson")
_EXPECTED: Final = (
    f"expected names that begin with {', '.join(KINDS)}"
    f" and end with {', '.join(_SUFFIXES)}, or with .gz behind that;"
    " a file of another name is named with its kind, as --orders FILE"
)


def format_of(file: Path) -> str:
    """`.csv`, `.jsonl` or `.ndjson`, in any case, with or without .gz; empty for others."""
    suffix = Path(file.name.lower().removesuffix(".gz")).suffix
    return suffix if suffix in _SUFFIXES else ""


def find_files(paths: Iterable[Path]) -> dict[str, tuple[Path, ...]]:
    """
    The history files among `paths` by the name of their kind; of a folder, those in it, by name.

    A file that is named twice is read once.

    Raises:
        UnreadableHistory: a path is missing, or is neither a history file nor a folder with some.
    """
    found: dict[str, list[Path]] = {}
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise UnreadableHistory(str(path), "there is no such file or folder")
        candidates = sorted(path.iterdir()) if path.is_dir() else [path]
        files = [(kind, file) for file in candidates if (kind := _kind_of(file))]
        if not files:
            raise UnreadableHistory(str(path), f"is not order history: {_EXPECTED}")
        for kind, file in files:
            if (real := file.resolve()) not in seen:
                seen.add(real)
                found.setdefault(kind, []).append(file)
    return {kind: tuple(files) for kind, files in found.items()}


def _kind_of(file: Path) -> str:
    if not format_of(file) or file.is_dir():
        return ""
    return next((kind for kind in KINDS if file.name.lower().startswith(kind)), "")
