"""Files that appear whole under their name, or not at all."""

import errno
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

from attrs import frozen

if os.name == "posix":
    import fcntl

SIDE_FILES: Final = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by what is added to its name."""

OR_REPLACE: Final = "name another file, or replace it (--replace)"
"""What to do about a file in the way where one may be replaced."""

_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@frozen(kw_only=True)
class FileInTheWay(Exception):
    """Something stands where a file is to be written; it was left alone."""

    file: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.why}"


def refuse_own_files(path: Path, database: Path | None) -> None:
    """
    Refuse to write over a database that is read, or over what belongs to it, its keys first of all.

    Raises:
        FileInTheWay: `path` is one of these files.
    """
    if database is not None:
        for of in {database, real(database)}:
            for end in ("", *SIDE_FILES, ".keys"):
                own = Path(f"{of}{end}")
                if real(own) == real(path) or (
                    own.exists() and path.exists() and own.samefile(path)
                ):
                    why = "belongs to the database that is read, and is never replaced by this"
                    raise FileInTheWay(file=str(path), why=why)


def real(path: Path) -> Path:
    """The path of the file itself, if `path` is a symbolic link to it or leads through one."""
    return Path(os.path.realpath(path))


@contextmanager
def new_file(path: Path, *, replace: bool, instead: str = "name another file") -> Generator[Path]:
    """
    A place beside `path` to write to; what is there when the block ends takes the name `path`.

    It is on disk by then. If the block raises, nothing is left of it and `path` is as it was; what
    a process that was killed has left is deleted by the next that writes there. A symbolic link
    stays one, and what it leads to is replaced. Only its owner may read the file, or who could read
    the one that it replaces.

    Raises:
        FileInTheWay: something stands at `path` and is not to be replaced; tells what to do
            `instead`.
        OSError: `path` is a folder, lies in none, or cannot be written.
    """
    _look(path, replace=replace, instead=instead)
    to = real(path)
    _drop_leftovers(to)
    draft, held = _draft_of(to)
    try:
        try:
            yield draft
            _look(path, replace=replace, instead=instead)
            if to.exists():
                shutil.copymode(to, draft)
            _flush(draft)
        except OSError as error:
            if error.filename is None and error.errno in _NO_ROOM:
                raise OSError(error.errno, error.strerror, str(path)) from None
            raise
        finally:
            # Before others open it: SQLite's locks on a file end with any descriptor of a process.
            os.close(held)
        draft.replace(to)
    finally:
        _drop(draft)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _flush(to.parent)


def _draft_of(path: Path) -> tuple[Path, int]:
    """A new file beside `path`, locked as long as its descriptor, which is given too, is open."""
    while True:
        draft = path.with_name(f".{path.name}.{token_hex(8)}.part")
        held = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        with suppress(OSError):  # not every file system has such locks
            _lock(held)
        # Before it was locked somebody may have taken it for one that was left.
        if os.fstat(held).st_nlink:
            return draft, held
        os.close(held)


def _lock(held: int) -> None:
    """Another lock than those by which SQLite tells who reads and writes."""
    if os.name == "posix":
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _drop_leftovers(path: Path) -> None:
    """Delete what was to become `path`, and nobody is at work on any more."""
    if os.name != "posix":  # nothing would tell
        return
    for draft in _drafts_beside(path):
        with suppress(OSError):  # it is another user's, or locked
            left = os.open(draft, os.O_RDWR | os.O_NOFOLLOW) if draft.exists() else None
            try:
                if left is not None:
                    _lock(left)
                _drop(draft)
            finally:
                if left is not None:
                    os.close(left)


def _drafts_beside(path: Path) -> set[Path]:
    ends = "|".join(SIDE_FILES)
    name = re.compile(rf"(\.{re.escape(path.name)}\.[0-9a-f]{{16}}\.part)(?:{ends})?")
    with suppress(OSError):
        found = [name.fullmatch(other.name) for other in path.parent.iterdir()]
        return {path.with_name(one[1]) for one in found if one}
    return set()


def drop_side_files(path: Path) -> None:
    """Delete what SQLite keeps beside a database that nobody has open."""
    for end in SIDE_FILES:
        path.with_name(path.name + end).unlink(missing_ok=True)


def _drop(draft: Path) -> None:
    drop_side_files(draft)
    draft.unlink(missing_ok=True)


def _look(path: Path, *, replace: bool, instead: str) -> None:
    if not path.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "there is no such folder", str(path.parent))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
    if path.exists() and not replace:
        why = f"something stands there, and is not replaced unasked: {instead}"
        raise FileInTheWay(file=str(path), why=why)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
