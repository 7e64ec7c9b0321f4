"""The rejects of one import as a CSV file: file, row, field and reason, and no value of any row."""

import csv
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from attrs import frozen

from regulars.application.history import Reject

_HEADER: Final = ["file", "row", "field", "reason"]


@frozen(kw_only=True)
class UnusableRejects(Exception):
    """The rejects file cannot be written, or something else stands in its place."""

    file: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.why}"


class RejectsFile:
    """
    Takes rejects as they come; leaving it puts the whole file in its place.

    Without a reject there is no file: the one of an earlier run is taken away. If the block
    raises, that one stays as it is.
    """

    def __init__(self, path: Path) -> None:
        """
        Writes nothing yet.

        Raises:
            UnusableRejects: what stands at `path` is no rejects file, or its folder is missing.
        """
        self.path = path
        self._draft = path.with_name(f".{path.name}.part")
        self._file: IO[str] | None = None
        self._writer: Any = None
        if not path.parent.is_dir():
            raise UnusableRejects(file=str(path), why=f"there is no folder {path.parent}")
        if path.exists() and not _is_ours(path):
            raise UnusableRejects(
                file=str(path), why="is not a rejects file, and would be overwritten"
            )

    def add(self, reject: Reject) -> None:
        """
        One more.

        Raises:
            UnusableRejects: it cannot be written.
        """
        try:
            if self._file is None:
                self._file = self._draft.open("w", encoding="utf-8", newline="")
                self._writer = csv.writer(self._file, lineterminator="\n")
                self._writer.writerow(_HEADER)
            self._writer.writerow(
                (reject.place.file, reject.place.row, reject.field, reject.reason)
            )
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UnusableRejects:
        return UnusableRejects(file=str(self.path), why=f"cannot be written: {error.strerror}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._file is not None:
                self._file.close()
                if kind is None:
                    self._draft.replace(self.path)
            elif kind is None:
                self.path.unlink(missing_ok=True)
            self._draft.unlink(missing_ok=True)
        except OSError as failure:
            raise self._unwritable(failure) from None


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(64).startswith(",".join(_HEADER).encode())
    except OSError:
        return False
