"""The keys that personal data is sealed under: what is stored of them, and who keeps and wraps."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from attrs import field, frozen

from regulars.application.ports import KeyUnavailable, Tampered
from regulars.domain.personal import DataClass


class KeyName(NamedTuple):
    """Whose keys, and for what. Their versions count up from 1 without a gap."""

    tenant: str
    subject: str
    data_class: DataClass


def marks_of(tenant: str) -> KeyName:
    """
    The name of the one key that marks every box of a tenant, in version 1 only.

    It is no person's, because theirs have a slash in their subject: erasure never comes near it.
    """
    return KeyName(tenant, "marks", DataClass.CONTENT)


class KeyState(Enum):
    """Where a version of a key stands. Absent is not among them: it is not the same as erased."""

    ACTIVE = "active"
    """Seals and opens."""

    SUPERSEDED = "superseded"
    """Opens what it sealed; a newer version seals, or the next seal makes one."""

    ERASED = "erased"
    """Destroyed. The row stays, so that nobody makes the version again."""


@frozen(kw_only=True)
class StoredKey:
    """
    One version of a data key as it is stored: encrypted under a key-encryption key.

    `wrapped` is None in an erased key, and only there. `kek` names the key-encryption key, None
    if the version was erased before it ever held a key. Times are microseconds (see `moment`).
    A held key is not erased while the hold lasts.
    """

    name: KeyName
    version: int
    state: KeyState
    wrapped: bytes | None = field(repr=False)
    kek: str | None
    created_at: int
    erased_at: int | None = None
    held: bool = False


class KeyStore(Protocol):
    """Keeps wrapped keys, under any tenant."""

    def get_many(self, names: Collection[KeyName]) -> Mapping[KeyName, Sequence[StoredKey]]:
        """
        Every version under each name, oldest first; names without any are left out.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def provision_many(self, keys: Sequence[StoredKey]) -> None:
        """
        Store each of `keys` unless its version is there, as `provision` does.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def provision(self, key: StoredKey) -> StoredKey:
        """
        Store `key` unless its version is there. Returns the one that is stored: the winner's.

        It is kept or lost with the transaction it is called in; outside one it is kept at once.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...


class KeyWrapper(Protocol):
    """Encrypts data keys under a key-encryption key, each bound to its name and version."""

    @property
    def kek_id(self) -> str:
        """The key-encryption key that `wrap` uses."""
        ...

    def wrap(self, secret: bytes, name: KeyName, version: int) -> bytes:
        """`secret` encrypted under `kek_id`, to be unwrapped for this name and version only."""
        ...

    def unwrap(
        self, wrapped: bytes, name: KeyName, version: int, *, kek_id: str
    ) -> bytes | Tampered | KeyUnavailable:
        """The secret that was wrapped under `kek_id` for this name and version, or why not."""
        ...
