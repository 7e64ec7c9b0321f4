"""Files that appear whole under their name, or not at all."""

import errno
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from attrs import frozen


@frozen(kw_only=True)
class FileInTheWay(Exception):
    """Something stands where a file is to be written; it was left alone."""

    file: str
    why: str = "something stands there, and is not replaced unasked: name another file"

    def __str__(self) -> str:
        return f"{self.file}: {self.why}"


def refuse_own_files(path: Path, database: Path | None) -> None:
    """
    Refuse to write over a database that is read, or over what belongs to it, its keys first of all.

    Raises:
        FileInTheWay: `path` is one of these files.
    """
    if database is not None:
        for end in ("", "-wal", "-shm", "-journal", ".keys"):
            own = Path(f"{database}{end}")
            if own.resolve() == path.resolve() or (
                own.exists() and path.exists() and own.samefile(path)
            ):
                why = "belongs to the database that is read, and is never replaced by this"
                raise FileInTheWay(file=str(path), why=why)


@contextmanager
def new_file(path: Path, *, replace: bool) -> Generator[Path]:
    """
    A place beside `path` to write to; what is there when the block ends takes the name `path`.

    It is on disk by then. If the block raises, nothing is left of it and `path` is as it was.
    Only its owner may read it, or who could read the file that it replaces.

    Raises:
        FileInTheWay: something stands at `path` and is not to be replaced.
        OSError: `path` is a folder, lies in none, or cannot be written.
    """
    _look(path, replace=replace)
    draft = path.with_name(f".{path.name}.{token_hex(8)}.part")
    draft.touch(mode=0o600)
    try:
        yield draft
        _look(path, replace=replace)
        if path.exists():
            shutil.copymode(path, draft)
        _flush(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _flush(path.parent)


def _look(path: Path, *, replace: bool) -> None:
    if not path.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "there is no such folder", str(path.parent))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
    if path.exists() and not replace:
        raise FileInTheWay(file=str(path))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
