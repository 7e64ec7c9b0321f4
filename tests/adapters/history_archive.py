"""A folder with the files of a history, and what reading them gives."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from attrs import frozen

from regulars.adapters.history_files import HistoryFiles, find_files
from regulars.application.history import (
    CustomerRow,
    MerchantRow,
    OrderRow,
    Reject,
    ReviewRow,
)

Record = Mapping[str, object]


@frozen(kw_only=True)
class Reading:
    """All that a history delivered, and all that it said."""

    merchants: Sequence[MerchantRow]
    customers: Sequence[CustomerRow]
    orders: Sequence[OrderRow]
    reviews: Sequence[ReviewRow]
    rejects: Sequence[Reject]
    read: Mapping[str, int]
    duplicates: int
    notices: Sequence[str]

    def delivered(self) -> dict[str, int]:
        """How many rows of each kind were delivered."""
        return {
            "merchants": len(self.merchants),
            "customers": len(self.customers),
            "orders": len(self.orders),
            "lines": sum(len(order.lines) for order in self.orders),
            "reviews": len(self.reviews),
        }

    def accounted(self) -> dict[str, int]:
        """Rows of each kind that was read: delivered, duplicates of others, or rejected."""
        rejected = Counter(Path(reject.place.file).name.split(".")[0] for reject in self.rejects)
        rows = Counter(self.delivered()) + rejected + Counter(orders=self.duplicates)
        return {kind: rows[kind] for kind in self.read}

    def reasons(self) -> list[tuple[str, int, str]]:
        """Each reject as its file's name, its row and its field."""
        return [
            (Path(reject.place.file).name, reject.place.row, reject.field)
            for reject in self.rejects
        ]


@frozen
class Archive:
    """The files in `folder`, where the spool of a reading lies too."""

    folder: Path

    def keep(self, name: str, content: str | bytes) -> Path:
        """A file with this content, compressed if its name says so."""
        raw = content.encode() if isinstance(content, str) else content
        path = self.folder / name
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return path

    def read(
        self, *paths: Path, timezone: tzinfo | None = None, keep_extra: bool = False
    ) -> Reading:
        """Reads these files, or all that are here."""
        rejects: list[Reject] = []
        with HistoryFiles(
            find_files(paths or [self.folder]),
            timezone=timezone,
            keep_extra=keep_extra,
            spool_folder=self.folder,
            reject=rejects.append,
            progress=None,
        ) as history:
            return Reading(
                merchants=list(history.merchants()),
                customers=list(history.customers()),
                orders=list(history.orders()),
                reviews=list(history.reviews()),
                rejects=rejects,
                read=history.read,
                duplicates=history.duplicates,
                notices=history.notices,
            )


def csv_text(records: Iterable[Record]) -> str:
    """The records as CSV, under all names that any of them has."""
    rows = list(records)
    text = io.StringIO(newline="")
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def json_text(records: Iterable[Record]) -> str:
    """The records as JSON Lines."""
    return "".join(f"{json.dumps(record)}\n" for record in records)
