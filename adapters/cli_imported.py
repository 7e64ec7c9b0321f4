"""An import with all that surrounds it, and how it is told: for `import` and for `demo`."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from time import perf_counter
from typing import Final

from attrs import define, frozen
from rich.console import RenderableType
from rich.text import Text

from regulars.adapters.cli_screen import Bars, count, listing, plain, section
from regulars.adapters.history_files import HistoryFiles
from regulars.adapters.rejects_file import RejectsFile
from regulars.application.crm import Crm
from regulars.application.history import Reject
from regulars.application.importing import Counts, Imported
from regulars.application.ports import Finding
from regulars.domain.empty import empty

_KEPT_AT_ONCE: Final = 500


@frozen(kw_only=True)
class Run:
    """
    One import.

    Of each kind, `read` rows = recorded + skipped + rejected ones, as `rows` has them. Skipped
    are rows that were recorded before or stand in the files twice.
    """

    imported: Imported
    read: Mapping[str, int]
    rows: Mapping[str, Counts]
    notices: Sequence[str]
    rejects_file: Path
    seconds: float

    @property
    def skipped(self) -> int:
        """Skipped rows of all kinds."""
        return sum(counts.skipped for counts in self.rows.values())

    @property
    def rejected(self) -> int:
        """Rejected rows of all kinds."""
        return sum(counts.rejected for counts in self.rows.values())


@define
class _Rejected:
    """Lists rejects, keeps them as findings of the database, and counts them by file."""

    listed: RejectsFile
    keep: Callable[[Sequence[Finding]], None]
    by_file: Counter[str] = empty(Counter[str])
    waiting: list[Finding] = empty(list[Finding])

    def take(self, reject: Reject) -> None:
        self.listed.add(reject)
        place = reject.place
        self.by_file[place.file] += 1
        self.waiting.append(
            Finding(file=place.file, row=place.row, field=reject.field, reason=reject.reason)
        )
        if len(self.waiting) >= _KEPT_AT_ONCE:
            self.hand_over()

    def hand_over(self) -> None:
        if self.waiting:
            self.keep(self.waiting)
            self.waiting = []


def import_files(  # noqa: PLR0913 - what an import can be told, each by name
    crm: Crm,
    files: Mapping[str, tuple[Path, ...]],
    *,
    timezone: tzinfo | None,
    keep_extra: bool,
    spool_folder: Path,
    listed: RejectsFile,
    bars: Bars,
) -> Run:
    """
    Record what the files hold, and bring the views up to it.

    Raises:
        UnreadableHistory: a file cannot be read; what was recorded before stands.
    """
    started = perf_counter()
    crm.forget_findings([str(path) for paths in files.values() for path in paths])
    rejected = _Rejected(listed=listed, keep=crm.keep_findings)

    def reading(file: str, done: int, size: int | None) -> None:
        bars.tell(f"Reading {Path(file).name}", done, size)

    with HistoryFiles(
        files,
        timezone=timezone,
        keep_extra=keep_extra,
        spool_folder=spool_folder,
        reject=rejected.take,
        progress=reading,
    ) as history:
        try:
            imported = crm.import_history(
                history,
                reject=rejected.take,
                told=lambda kind, rows: bars.tell(f"Recording {kind}", rows, history.read[kind]),
            )
        finally:
            rejected.hand_over()
    crm.catch_up(progress=lambda done, of: bars.tell("Updating views", done, of))
    return Run(
        imported=imported,
        read=history.read,
        rows=_rows(files, imported, history.duplicates, rejected.by_file),
        notices=history.notices,
        rejects_file=listed.path,
        seconds=perf_counter() - started,
    )


def _rows(
    files: Mapping[str, tuple[Path, ...]],
    imported: Imported,
    duplicates: int,
    rejected: Mapping[str, int],
) -> dict[str, Counts]:
    rows: dict[str, Counts] = {}
    for kind, paths in files.items():
        done = imported.rows.get(kind, Counts())
        rows[kind] = Counts(
            recorded=done.recorded,
            skipped=done.skipped + (duplicates if kind == "orders" else 0),
            rejected=sum(rejected.get(str(path), 0) for path in paths),
        )
    return rows


def run_document(run: Run) -> dict[str, object]:
    """The import in JSON."""
    return {
        "orders": run.imported.orders,
        "customers": run.imported.customers,
        "merchants": run.imported.merchants,
        "reviews": run.imported.reviews,
        "events": run.imported.events,
        "rejected": run.rejected,
        "skipped": run.skipped,
        "flagged": run.imported.flagged,
        "seconds": round(run.seconds, 3),
        "rows": {
            kind: {
                "read": run.read[kind],
                "recorded": counts.recorded,
                "skipped": counts.skipped,
                "rejected": counts.rejected,
            }
            for kind, counts in run.rows.items()
        },
        "rejects_file": str(run.rejects_file) if run.rejected else None,
        "notices": list(run.notices),
    }


def shown_run(run: Run, database: str) -> Iterator[RenderableType]:
    """The import for people, part by part."""
    new = run.imported
    yield section(
        f"Imported into {database} in {run.seconds:.1f} s",
        listing(
            ("", "Rows read", "Recorded", "Skipped", "Rejected"),
            (
                (
                    kind,
                    count(run.read[kind]),
                    count(counts.recorded),
                    count(counts.skipped),
                    count(counts.rejected),
                )
                for kind, counts in run.rows.items()
            ),
        ),
    )
    told = Text(
        f"New orders {count(new.orders)}, customers {count(new.customers)}, merchants"
        f" {count(new.merchants)}, reviews {count(new.reviews)}; events {count(new.events)}"
    )
    odd = Text(f"Flagged orders {count(new.flagged)}: steps out of order, or an odd refund")
    yield section("Recorded", told, *([odd] if new.flagged else []))
    if run.rejected:
        many = "1 row was" if run.rejected == 1 else f"{count(run.rejected)} rows were"
        yield Text(f"{many} rejected; see {plain(str(run.rejects_file))}", style="bold red")
