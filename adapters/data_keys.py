"""Data keys in memory: unwrapped, with all that is the same for every box under one of them."""

import hmac
from collections.abc import Callable
from threading import Lock
from typing import Final, NamedTuple, TypeAlias

from attrs import frozen
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from regulars.adapters import envelope
from regulars.application.keys import KeyName
from regulars.application.ports import Erased, KeyUnavailable, Tampered
from regulars.domain.personal import DataClass

_DIGEST_INFO: Final = b"regulars/digest/1"


def derived(
    secret: bytes, info: bytes, *, salt: bytes | None = None, size: int = envelope.KEY_BYTES
) -> bytes:
    """A key for one purpose, `info`, made of `secret`: HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=info).derive(secret)


def keyed_digest(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104)."""
    return hmac.digest(key, content, "sha256")


class Way(NamedTuple):
    """All that is the same for every box under one key and algorithm."""

    header: bytes
    bound: bytes
    cipher: envelope.Cipher


class DataKey:
    """
    One version of a data key, unwrapped. Python cannot wipe it: it leaves with its memory.

    `seals` counts the boxes that it sealed since it came to memory.
    """

    __slots__ = ("_digest_key", "_name", "_secret", "_ways", "seals", "version")

    def __init__(self, secret: bytes, name: KeyName, version: int) -> None:
        self._secret = secret
        self._name = name
        self.version = version
        self.seals = 0
        self._ways: dict[int, Way] = {}
        self._digest_key: bytes | None = None

    def way(self, algorithm: int) -> Way:
        """
        How boxes are sealed and opened with this algorithm.

        Raises:
            UnsupportedAlgorithm: the OpenSSL of this process does not have it.
        """
        known = self._ways.get(algorithm)
        if known is None:
            header = envelope.header(algorithm, self._name.data_class, self.version)
            bound = envelope.bound_to_key(header, self._name.tenant, self._name.subject)
            known = Way(header, bound, envelope.cipher(algorithm, self._secret))
            self._ways[algorithm] = known
        return known

    def digest(self, content: bytes) -> bytes:
        """A keyed digest of `content`, under a key derived from this one."""
        if self._digest_key is None:
            self._digest_key = derived(self._secret, _DIGEST_INFO)
        return keyed_digest(self._digest_key, content)


Outcome: TypeAlias = DataKey | Erased | Tampered | KeyUnavailable
"""What came of a stored key: it can be used, or why not."""


@frozen(kw_only=True)
class Versions:
    """
    What came of every stored version of a key.

    `latest` seals; None if it is superseded, and the next seal makes another. `first` digests:
    the oldest that was not erased, so that digests stay the same. Both are None of keys that were
    loaded to open boxes, when nobody asked whether more may be sealed.
    """

    outcomes: dict[int, Outcome]
    latest: Outcome | None
    first: Outcome | None


class RecentKeys:
    """
    The keys of the subjects and classes that were used last.

    Holds at most `capacity` of them, each at most `max_age` seconds of `timer`.
    """

    def __init__(self, capacity: int, max_age: float, timer: Callable[[], float]) -> None:
        self._capacity = capacity
        self._max_age = max_age
        self._timer = timer
        self._lock = Lock()
        self._entries: dict[tuple[str, DataClass], tuple[float, Versions]] = {}
        self._cleared = 0

    def get(self, subject: str, data_class: DataClass) -> Versions | None:
        """The versions that were put here, unless they are forgotten."""
        place = (subject, data_class)
        with self._lock:
            entry = self._entries.pop(place, None)
            if entry is None or entry[0] <= self._timer():
                return None
            self._entries[place] = entry
            return entry[1]

    def mark(self) -> int:
        """What to tell `put` of keys that are loaded from now on."""
        return self._cleared

    def put(self, subject: str, data_class: DataClass, versions: Versions, *, since: int) -> None:
        """
        Remember `versions`, and forget those that were used longest ago if it is too many.

        Not if everything was forgotten `since` that mark: they may be from before an erasure.
        """
        with self._lock:
            if since != self._cleared:
                return
            self._entries.pop((subject, data_class), None)
            self._entries[subject, data_class] = (self._timer() + self._max_age, versions)
            if len(self._entries) > self._capacity:
                del self._entries[next(iter(self._entries))]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._cleared += 1
            self._entries.clear()
