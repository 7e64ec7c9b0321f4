"""The rows of an import: CSV or JSON Lines as cells of text, in the order of a kind's columns."""

import csv
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from gzip import GzipFile
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from regulars.adapters.history_fields import Extra, Unfit
from regulars.adapters.history_kinds import Kind, UnreadableHistory, format_of
from regulars.application.history import Place

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told a file's name, the bytes read of it so far, and its size in bytes if it has one."""

Malformed: TypeAlias = Callable[[Place, str, Unfit], None]
"""Told of a row without readable cells: its place, the id it seems to bear, and what is wrong."""

Row: TypeAlias = tuple[int, tuple[str, ...], Extra]
"""A row's number, its cells in the order of the kind's columns, and its other columns, as read."""

_LONGEST: Final = 1 << 24
"""Bytes of the longest line and characters of the longest cell: what bounds the memory."""

_STEP: Final = 8192
"""Lines between two words about progress."""

_BOM: Final = b"\xef\xbb\xbf"


class Rows:
    """
    The rows of one file in its order, to be read once.

    A row's number counts from 1 after the header, blank rows included; in JSON Lines it is the
    number of the line. A cell that a row does not have is empty.
    """

    def __init__(
        self,
        path: Path,
        kind: Kind,
        *,
        malformed: Malformed,
        unknown: Callable[[str], None] | None,
        progress: Progress | None,
    ) -> None:
        """Other columns are read, or else `unknown` is told their names, perhaps for every row."""
        self.file = str(path)
        self.read = 0
        """Rows so far, malformed ones included, blank ones not."""
        self._path = path
        self._kind = kind
        self._malformed = malformed
        self._unknown = unknown
        self._progress = progress
        # The header is row 0, so rows behind it are counted from there.
        self._blank = -1

    def __iter__(self) -> Iterator[Row]:
        """
        The rows that have readable cells; the others go to `malformed`.

        Raises:
            UnreadableHistory: the file is missing, not UTF-8, cut off or damaged; it has no
                header or lacks a required column; or a quote that is not closed swallows rows.
        """
        try:
            file = self._path.open("rb", buffering=0)
        except OSError as error:
            raise UnreadableHistory(self.file, f"cannot be read: {error.strerror}") from error
        with file:
            lines = self._lines(file)
            yield from self._csv(lines) if format_of(self._path) == ".csv" else self._json(lines)

    def _lines(self, file: io.FileIO) -> Iterator[str]:
        size = os.fstat(file.fileno()).st_size or None
        packed = self._path.name.lower().endswith(".gz")
        # GzipFile finds the ends of lines in Python, a buffer around it does so in C.
        with io.BufferedReader(GzipFile(fileobj=file) if packed else file) as stream:
            line = self._line(stream.readline).removeprefix("\ufeff")
            count = 0
            while line:
                yield line
                count += 1
                if self._progress and not count % _STEP:
                    self._progress(self.file, file.tell(), size)
                line = self._line(stream.readline)
            if self._progress:
                self._progress(self.file, file.tell(), size)

    def _line(self, read: Callable[[int], bytes]) -> str:
        try:
            line = read(_LONGEST)
            text = line.decode()
        except UnicodeDecodeError:
            problem = "is not UTF-8"
        except (EOFError, zlib.error):
            problem = "is cut off or damaged: it does not decompress"
        except OSError as error:
            problem = f"cannot be read: {error.strerror or 'it is damaged, or not gzip'}"
        else:
            if len(line) < _LONGEST:
                return text
            problem = f"has a line of {_LONGEST} bytes or more"
        # Raised out here, for an error of decoding holds all that was being decoded.
        raise UnreadableHistory(self.file, problem, self._row() + 1)

    def _row(self) -> int:
        return self.read + self._blank

    def _csv(self, lines: Iterator[str]) -> Iterator[Row]:
        # The limit belongs to the process and is 131,072 characters by default.
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
        reader = csv.reader(lines, strict=True)
        header: list[str] = []
        with suppress(csv.Error):
            header = next(reader, header)
        self._check(header)
        width = len(header)
        # A column that the file does not have is read from the empty cell behind the last one.
        known = [header.index(name) if name in header else width for name in self._kind.columns]
        cells_of = itemgetter(*known)
        extra = [(name, at) for at, name in enumerate(header) if name not in self._kind.columns]
        if self._unknown:
            for name, _ in extra:
                self._unknown(name)
            extra = []
        self._blank = 0
        end = reader.line_num
        while True:
            try:
                for cells in reader:
                    end = reader.line_num
                    if not cells:
                        self._blank += 1
                        continue
                    self.read += 1
                    if len(cells) != width:
                        if len(cells) > width:
                            more = Unfit("", "has more cells than the header")
                            self._refuse(cells[known[0]], more)
                            continue
                        cells.extend([""] * (width - len(cells)))
                    cells.append("")
                    others = tuple([(name, cells[at]) for name, at in extra]) if extra else ()
                    yield self.read + self._blank, cells_of(cells), others
            except csv.Error:
                self.read += 1
            else:
                return
            if reader.line_num - end > 1:
                # Nothing tells any more where the next row begins.
                raise UnreadableHistory(self.file, "has a quote that is not closed", self._row())
            end = reader.line_num
            self._refuse("", Unfit("", "is not CSV: a quote in it is not closed, or not doubled"))

    def _check(self, header: list[str]) -> None:
        missing = [name for name in self._kind.required if name not in header]
        repeated = [name for name in self._kind.columns if header.count(name) > 1]
        if missing:
            problem = f"has no column {' and no '.join(missing)} in its header line"
        elif repeated:
            problem = f"has the column {' and '.join(repeated)} more than once"
        else:
            return
        raise UnreadableHistory(self.file, problem)

    def _json(self, lines: Iterator[str]) -> Iterator[Row]:
        # A number with a point or an exponent stays the text that it is.
        decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode
        columns = self._kind.columns
        known = frozenset(columns)
        self._blank = 0
        for line in lines:
            if line.isspace():
                self._blank += 1
                continue
            self.read += 1
            try:
                values = decode(line)
            except (msgspec.DecodeError, RecursionError):
                self._refuse("", Unfit("", "is not a JSON object"))
                continue
            texts = [_text(values.get(name)) for name in columns]
            cells = tuple([text for text in texts if text is not None])
            if len(cells) < len(columns):
                odd = Unfit(columns[texts.index(None)], "is not text, nor a number of some use")
                self._refuse(texts[0] or "", odd)
                continue
            others: Extra = ()
            if not known.issuperset(values):
                others = self._others(line, [name for name in values if name not in known])
            yield self._row(), cells, others

    def _others(self, line: str, names: list[str]) -> Extra:
        if self._unknown:
            for name in names:
                self._unknown(name)
            return ()
        values = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        return tuple((name, _json_text(values[name])) for name in names)

    def _refuse(self, bearer: str, unfit: Unfit) -> None:
        self._malformed(Place(file=self.file, row=self._row()), bearer, unfit)


_HUGE: Final = 10**200
"""No field takes a number of so many digits, and Python refuses to write much longer ones."""


def _text(value: object) -> str | None:
    """A value of JSON as the cell it would be in CSV; None if it could not be one."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    usable = isinstance(value, int) and not isinstance(value, bool) and -_HUGE < value < _HUGE
    return str(value) if usable else None


def _json_text(raw: msgspec.Raw) -> str:
    """What a column without rules says: text as it is, nothing for null, the rest as JSON."""
    said = bytes(raw)
    if said.startswith(b'"'):
        return msgspec.json.decode(said, type=str)
    return "" if said == b"null" else said.decode()
