"""
Key-encryption keys: kept in a file or handed in as text, and used to wrap data keys.

Wrapping is AES-256-KWP (RFC 5649) over the data key and the first 16 bytes of SHA-256 of what it
is for: tenant, subject, data class and version (u32), framed as in an envelope. KWP by itself binds
nothing, so a wrapped key that was copied into another row would open there unnoticed.
"""

import logging
import os
import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final

from attrs import frozen
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from regulars.adapters.envelope import KEY_BYTES, framed
from regulars.application.errors import StorageUnavailable
from regulars.application.key_rotation import CannotRotate
from regulars.application.keys import KeyName
from regulars.application.ports import KeyUnavailable, Tampered

_LOG: Final = logging.getLogger("regulars.keys")

_CONTEXT_BYTES: Final = 16
_OTHERS: Final = 0o077
_ACTIVE: Final = "active"
_LINE: Final = re.compile(
    r"(?P<id>[\w.-]{1,64})[ \t]+(?P<key>\S+)(?P<active>[ \t]+active)?", re.ASCII
)

_HANDED_IN: Final = (
    "the key-encryption keys are not in a file that can be changed: put a new line with the word"
    ' "active" beside the old ones where they come from, open the core again, and wrap anew'
)

_ABOUT: Final = """\
# Key-encryption keys of regulars.
#
# Every key that protects personal data in the database is itself encrypted under a key in this
# file. If this file is lost, no name, phone number, address or note in the database can be read
# again, by anybody, for ever. Who has both this file and the database can read them all.
# Keep a copy in a safe place, apart from the database and its backups.
#
# A line for each key: its id, 32 random bytes in base64, and the word "active" behind the one
# under which new keys are wrapped.
"""


@frozen(kw_only=True)
class UnusableKeys(Exception):
    """A key file, or a text in its place, cannot be used. Names the place, never the content."""

    source: str
    why: str

    def __str__(self) -> str:
        return f"{self.source}: {self.why}"


class KeyRing:
    """
    The `KeyWrapper` port over keys of 32 bytes in memory, of which one wraps and all unwrap.

    Raises:
        ValueError: a key is of another length, or `active` is none of them.
    """

    def __init__(self, keys: Mapping[str, bytes], *, active: str) -> None:
        if active not in keys or any(len(key) != KEY_BYTES for key in keys.values()):
            message = f"a key ring needs keys of {KEY_BYTES} bytes, one of them active"
            raise ValueError(message)
        self._keys = dict(keys)
        self._active = active

    @property
    def kek_id(self) -> str:
        """The key-encryption key that wraps; see the port."""
        return self._active

    @property
    def kek_ids(self) -> list[str]:
        """All of them."""
        return list(self._keys)

    def reaches(self, kek_id: str) -> bool:
        """Whether a key of that name is in the ring."""
        return kek_id in self._keys

    def rotate(self) -> str:
        """Raises `CannotRotate`: these keys were handed in."""
        raise CannotRotate(why=_HANDED_IN)

    def retire(self, kek_id: str) -> None:  # noqa: ARG002 - the port's
        """Raises `CannotRotate`: these keys were handed in."""
        raise CannotRotate(why=_HANDED_IN)

    def wrap(
        self, secret: bytes, name: KeyName, version: int, *, kek_id: str | None = None
    ) -> bytes:
        """`secret` encrypted and bound to what it is for; see the port."""
        kek = self._keys.get(self._active if kek_id is None else kek_id)
        if kek is None:
            why = f"the key-encryption key {kek_id} is not in the key ring"
            raise StorageUnavailable(store="key ring", why=why)
        return wrapped_under(kek, secret + _mark(name, version))

    def unwrap(
        self, wrapped: bytes, name: KeyName, version: int, *, kek_id: str
    ) -> bytes | Tampered | KeyUnavailable:
        """The secret, or why not; see the port."""
        kek = self._keys.get(kek_id)
        if kek is None:
            return KeyUnavailable(f"the key-encryption key {kek_id} is not in the key ring")
        bound = unwrapped_under(kek, wrapped)
        if bound is None:
            return Tampered("the stored key is not what was wrapped")
        secret, mark = bound[:-_CONTEXT_BYTES], bound[-_CONTEXT_BYTES:]
        if not compare_digest(mark, _mark(name, version)):
            return Tampered("the stored key was wrapped for another place")
        return secret


class NoKeys:
    """The `KeyWrapper` port where there is no key file and none may be made: it only reads."""

    def __init__(self, source: str, *, why: str = "is missing") -> None:
        self._missing = UnusableKeys(source=source, why=why)

    @property
    def kek_id(self) -> str:
        """None wraps: raises `UnusableKeys`."""
        raise self._missing

    @property
    def kek_ids(self) -> list[str]:
        """None."""
        return []

    def reaches(self, kek_id: str) -> bool:  # noqa: ARG002 - the port's
        """Never."""
        return False

    def rotate(self) -> str:
        """None can be made: raises `UnusableKeys`."""
        raise self._missing

    def retire(self, kek_id: str) -> None:  # noqa: ARG002 - the port's
        """None can be forgotten: raises `UnusableKeys`."""
        raise self._missing

    def wrap(
        self,
        secret: bytes,  # noqa: ARG002 - the port's
        name: KeyName,  # noqa: ARG002 - the port's
        version: int,  # noqa: ARG002 - the port's
        *,
        kek_id: str | None = None,  # noqa: ARG002 - the port's
    ) -> bytes:
        """Raises `UnusableKeys`: what is sealed under no key could never be read."""
        raise self._missing

    def unwrap(
        self,
        wrapped: bytes,  # noqa: ARG002 - the port's
        name: KeyName,  # noqa: ARG002 - the port's
        version: int,  # noqa: ARG002 - the port's
        *,
        kek_id: str,
    ) -> KeyUnavailable:
        """Always why not; see the port."""
        return KeyUnavailable(f"the key-encryption key {kek_id} is not at hand: {self._missing}")


def wrapped_under(kek: bytes, content: bytes) -> bytes:
    """`content` under a key-encryption key: AES-KWP (RFC 5649, NIST SP 800-38F)."""
    return aes_key_wrap_with_padding(kek, content)


def unwrapped_under(kek: bytes, wrapped: bytes) -> bytes | None:
    """What was wrapped; None if nothing was, or not this, or not under this key."""
    try:
        return aes_key_unwrap_with_padding(kek, wrapped)
    except InvalidUnwrap:
        return None


def _mark(name: KeyName, version: int) -> bytes:
    context = framed(
        name.tenant.encode(),
        name.subject.encode(),
        name.data_class.value.encode(),
        version.to_bytes(4),
    )
    return sha256(context).digest()[:_CONTEXT_BYTES]


def create_key_file(path: Path) -> None:
    """
    Make a key file with one new key, readable by its owner only, or none at all.

    It stands complete and on disk when this returns. Of several that try at once, one makes it.

    Raises:
        FileExistsError: something stands at `path`; it is left alone.
        UnusableKeys: the file cannot be written.
    """
    key = b64encode(token_bytes(KEY_BYTES)).decode()
    text = f"{_ABOUT}kek-{token_hex(8)} {key} {_ACTIVE}\n"
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        try:
            write_new(draft, text.encode())
            path.hardlink_to(draft)  # unlike a rename, it never replaces what stands there
        finally:
            draft.unlink(missing_ok=True)
        flush_folder(path.parent)
    except FileExistsError:
        raise FileExistsError(f"{path}: a file stands there") from None
    except OSError as error:
        raise UnusableKeys(source=str(path), why=f"cannot be made: {error.strerror}") from None


def write_new(path: Path, content: bytes) -> None:
    """Make a file where none is, for its owner alone, complete and on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def flush_folder(folder: Path) -> None:
    """Have the names of the files in a folder on disk, where a system lets one ask for it."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_key_file(path: Path) -> KeyRing:
    """
    The keys of a file; warns in the log if others than its owner may read or change it.

    Raises:
        UnusableKeys: the file is not there, cannot be read, or is malformed.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except OSError as error:
        raise UnusableKeys(source=str(path), why=f"cannot be read: {error.strerror}") from None
    if os.name == "posix" and mode & _OTHERS:
        _LOG.warning("%s: others than its owner may use it (mode %03o)", path, mode & 0o777)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableKeys(source=str(path), why="is not text") from None
    return parse_keys(text, source=str(path))


def parse_keys(text: str, *, source: str) -> KeyRing:
    """
    The keys of a text in the format of a key file; `source` names it in errors.

    Raises:
        UnusableKeys: names the line, never what stands in it.
    """
    keys: dict[str, bytes] = {}
    active: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        found = _LINE.fullmatch(bare)
        key = _decoded(found["key"]) if found else None
        if found is None or key is None:
            raise UnusableKeys(
                source=source, why=f"line {number} is not an id and {KEY_BYTES} bytes in base64"
            )
        if found["id"] in keys:
            raise UnusableKeys(source=source, why=f"line {number} repeats the id of another key")
        keys[found["id"]] = key
        if found["active"]:
            active.append(found["id"])
    if len(active) != 1:
        raise UnusableKeys(
            source=source, why=f'{len(active)} keys are marked "{_ACTIVE}", and one should be'
        )
    return KeyRing(keys, active=active[0])


def _decoded(text: str) -> bytes | None:
    try:
        key = a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None
