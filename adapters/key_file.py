"""
The key-encryption keys in a file that several processes share, and that may change under them.

A new key is added, then used, in one step: the file is written anew beside itself and renamed.
Every process looks at the file again before it wraps, and when it misses a key.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes, token_hex
from stat import S_IMODE
from typing import Final

from regulars.adapters.envelope import KEY_BYTES
from regulars.adapters.key_ring import KeyRing, UnusableKeys, flush_folder, read_key_file, write_new
from regulars.adapters.new_file import real
from regulars.application.key_rotation import CannotRetire
from regulars.application.keys import KeyName
from regulars.application.ports import KeyUnavailable, Tampered

_ACTIVE: Final = "active"


def key_file_beside(database: Path) -> Path:
    """
    Where the key file of a database's file is looked for, unless somebody says otherwise.

    It is named like the file; of one that is opened by a symbolic link, like that or like the link.
    """
    named = Path(f"{database}.keys")
    is_elsewhere = database.is_symlink() and not named.exists()
    return Path(f"{real(database)}.keys") if is_elsewhere else named


class KeyFile:
    """
    The `KeyWrapper` port over a key file, as it is now.

    Raises:
        UnusableKeys: the file is not there, cannot be read, or is malformed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _looks(path)
        self._ring = read_key_file(path)

    @property
    def kek_id(self) -> str:
        """The key-encryption key that wraps, in the file as it is now; see the port."""
        return self._now().kek_id

    @property
    def kek_ids(self) -> list[str]:
        """All that are in the file now."""
        return self._now().kek_ids

    def wrap(
        self, secret: bytes, name: KeyName, version: int, *, kek_id: str | None = None
    ) -> bytes:
        """`secret` encrypted and bound to what it is for; see the port."""
        return self._now().wrap(secret, name, version, kek_id=kek_id)

    def unwrap(
        self, wrapped: bytes, name: KeyName, version: int, *, kek_id: str
    ) -> bytes | Tampered | KeyUnavailable:
        """The secret, or why not; see the port."""
        outcome = self._ring.unwrap(wrapped, name, version, kek_id=kek_id)
        if isinstance(outcome, KeyUnavailable):
            try:
                return self._now().unwrap(wrapped, name, version, kek_id=kek_id)
            except UnusableKeys as gone:
                return KeyUnavailable(str(gone))
        return outcome

    def reaches(self, kek_id: str) -> bool:
        """Whether a key of that name is in the file now."""
        return kek_id in self._now().kek_ids

    def rotate(self) -> str:
        """
        Add a key to the file, and make it the one that wraps; see the port.

        Raises:
            UnusableKeys: the file cannot be written, or somebody else is writing it.
        """
        made = f"kek-{token_hex(8)}"
        line = f"{made} {b64encode(token_bytes(KEY_BYTES)).decode()} {_ACTIVE}"
        self._rewrite(lambda lines: [*map(_passive, lines), line])
        return made

    def retire(self, kek_id: str) -> None:
        """
        Take a key out of the file; see the port.

        Raises:
            CannotRetire: it is the one that wraps, or not in the file.
            UnusableKeys: as for `rotate`.
        """

        def without(lines: Sequence[str]) -> list[str]:
            ring = read_key_file(self._path)
            if kek_id not in ring.kek_ids:
                raise CannotRetire(kek=kek_id, why=f"is not in {self._path}")
            if kek_id == ring.kek_id:
                raise CannotRetire(kek=kek_id, why="is the one that wraps new keys")
            return [line for line in lines if line.split()[:1] != [kek_id]]

        self._rewrite(without)

    def _now(self) -> KeyRing:
        looks = _looks(self._path)
        if looks != self._seen:
            # Looked at before it is read: a change in between is seen the next time.
            self._ring = read_key_file(self._path)
            self._seen = looks
        return self._ring

    def _rewrite(self, change: Callable[[Sequence[str]], Sequence[str]]) -> None:
        with _alone(self._path) as draft:
            lines = change(self._path.read_text("utf-8-sig").splitlines())
            write_new(draft, "".join(f"{line}\n" for line in lines).encode())
            read_key_file(draft)
            _give(draft, self._path.stat())
            draft.replace(self._path)
            flush_folder(self._path.parent)
        self._now()


@contextmanager
def _alone(path: Path) -> Generator[Path]:
    """The place to write the file anew in, where nobody else does so at this moment."""
    lock = path.with_name(f".{path.name}.lock")
    draft = path.with_name(f".{path.name}.new")
    try:
        write_new(lock, b"")
        try:
            draft.unlink(missing_ok=True)
            yield draft
        finally:
            draft.unlink(missing_ok=True)
            lock.unlink()
    except FileExistsError:
        why = f"somebody else is changing it; if nobody is, remove {lock}"
        raise UnusableKeys(source=str(path), why=why) from None
    except OSError as error:
        raise UnusableKeys(source=str(path), why=f"cannot be changed: {error.strerror}") from None


def _give(draft: Path, like: os.stat_result) -> None:
    """Let those use the new file who used the old one."""
    draft.chmod(S_IMODE(like.st_mode))
    mine = draft.stat()
    if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
        os.chown(draft, like.st_uid, like.st_gid)


def _passive(line: str) -> str:
    words = line.split()
    if line.strip().startswith("#") or words[-1:] != [_ACTIVE]:
        return line
    return " ".join(words[:-1])


def _looks(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a look before every wrapping: without a new Path
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
