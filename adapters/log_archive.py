"""An exported log read back, every line of it proven: from the first to the last, or not at all."""

import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Final, cast

from attrs import frozen

from regulars.adapters.log_lines import (
    Heading,
    Malformed,
    ending_line,
    heading_in,
    is_ending,
    stored_in,
)
from regulars.application.stored import Continuity, Stored, flaws

HIGHEST: Final = 2**53
"""Up to here every reader of JSON counts exactly, and behind it there is room for more events."""

_PACKED_DAMAGED: Final = "cannot be read: the compressed file is damaged, or cut short"


@frozen(kw_only=True)
class UnusableArchive(Exception):
    """A file is no exported log, or not the whole of one. Names the line, never the content."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}: line {self.line} {self.why}; nothing was imported"


@contextmanager
def opened_archive(path: Path, mode: str, *, packed: bool) -> Generator[IO[bytes]]:
    """The plain bytes of a file; the same bytes make the same file, whatever its name."""
    with path.open(mode) as raw:
        plain = cast("IO[bytes]", raw)
        if not packed:
            yield plain
            return
        with gzip.GzipFile("", mode, 6, plain, mtime=0) as unpacked:
            yield cast("IO[bytes]", unpacked)


def is_packed(file: Path) -> bool:
    """Whether a file of that name is compressed."""
    return file.name.lower().endswith(".gz")


class Archive:
    """
    An exported log of one tenant, in a file that errors call `said` if that is given.

    Raises:
        UnusableArchive: the first line is none of an export, or the log is another tenant's.
        OSError: the file cannot be read.
    """

    def __init__(self, file: Path, *, tenant: str, said: str | None = None) -> None:
        self.file = file
        self._said = said or str(file)
        with self._opened() as lines:
            self._heading = lines.heading()
        self.count = self._heading.count
        self.head = self._heading.head
        self.keys_apart = self._heading.keys_apart or None
        self.from_zero = self._heading.from_zero or ()
        if self._heading.tenant != tenant:
            raise self.unusable(1, f"says that the log is not that of the tenant {tenant}")
        if self.head > HIGHEST:
            raise self.unusable(1, f"tells a head that no log has reached, past {HIGHEST}")

    def unusable(self, line: int, why: str) -> UnusableArchive:
        """What to raise about a line."""
        return UnusableArchive(file=self._said, line=line, why=why)

    def events(self) -> Iterator[tuple[int, Stored]]:
        """
        Every event with the line it stands on; the last comes before the end of the file is proven.

        Raises:
            UnusableArchive: a line is not what stood there when the log was exported.
            OSError: the file cannot be read.
        """
        continuity = Continuity()
        with self._opened() as lines:
            if lines.heading() != self._heading:
                raise self.unusable(1, "was changed while the file was read")
            for before in range(self.count):
                stored = lines.event(missing=self.count - before)
                if (version := continuity.next_of(stored.stream)) < stored.version:
                    why = f"holds version {stored.version} of {stored.stream}, and version"
                    raise self.unusable(lines.number, f"{why} {version} is missing before it")
                for reason in continuity.take(stored):
                    raise self.unusable(lines.number, f"holds an event out of place: {reason}")
                for flaw in flaws(stored):
                    raise self.unusable(lines.number, f"holds what was never recorded: {flaw}")
                if stored.position > self.head:
                    raise self.unusable(lines.number, f"holds an event past the head, {self.head}")
                yield lines.number, stored
            lines.ending()

    @contextmanager
    def _opened(self) -> Generator["_Lines"]:
        with opened_archive(self.file, "rb", packed=is_packed(self.file)) as file:
            lines = _Lines(file)
            try:
                yield lines
            except Malformed as malformed:
                raise self.unusable(lines.number, str(malformed)) from None
            except (gzip.BadGzipFile, EOFError, zlib.error):
                raise self.unusable(lines.number, _PACKED_DAMAGED) from None


class _Lines:
    """The lines of an export in their order; `number` is that of the line in hand, from 1."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = sha256()
        self.number = 0

    def _next(self) -> bytes:
        self.number += 1
        line = self._file.readline()
        if not line.endswith(b"\n"):
            raise Malformed("is cut short" if line else "is missing: the file is cut short")
        return line

    def heading(self) -> Heading:
        """What the first line says."""
        line = self._next()
        self._digest.update(line)
        return heading_in(line)

    def event(self, *, missing: int) -> Stored:
        """The event of the next line, which is `missing` if the log ends here."""
        line = self._next()
        if is_ending(line):
            raise Malformed(f"ends the log, and of its events {missing} are missing")
        self._digest.update(line)
        return stored_in(line)

    def ending(self) -> None:
        """Read the last line, and prove by it every line before."""
        if self._next() != ending_line(self._digest.hexdigest()):
            raise Malformed("is not the checksum of the lines before: one of them was changed")
        self.number += 1
        if self._file.read(1):
            raise Malformed("stands behind the end")
