"""The keys that personal data is sealed under: what is stored of them, and who keeps and wraps."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from attrs import evolve, field, frozen

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


def kind_of(name: KeyName) -> str:
    """What a key is counted as: its data class, or `marks`."""
    return "marks" if name == marks_of(name.tenant) else name.data_class.value


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


@frozen(kw_only=True)
class Rewrapped:
    """A stored key, and what it is under another key-encryption key."""

    key: StoredKey
    wrapped: bytes = field(repr=False)
    kek: str


@frozen(kw_only=True)
class KeyCount:
    """
    How many keys there are of a kind: a data class by its name, or `marks` for those of the marks.

    `kek` is None of keys that were erased before they ever were.
    """

    kind: str
    state: KeyState
    kek: str | None
    keys: int


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

    def scan(self, kek: str, *, after: StoredKey | None, limit: int) -> Sequence[StoredKey]:
        """
        The first `limit` keys, of any tenant, that are wrapped under `kek` and come past `after`.

        Their order is one and the same, and `after` need not be wrapped under `kek` any more.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def rewrap(self, keys: Sequence[Rewrapped]) -> int:
        """
        Wrap each of `keys` anew, unless it changed since it was read. Returns how many were.

        Raises:
            StorageUnavailable: the store does not answer; none of them was.
        """
        ...

    def supersede(self, name: KeyName, version: int) -> None:
        """
        Let an active key seal no more, so that the next seal makes another version.

        One that is not there, or not active, stays as it is.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def counts(self) -> Sequence[KeyCount]:
        """
        How many keys of all tenants there are of each kind, state and key-encryption key.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def fence(self, names: Collection[KeyName], *, at: int) -> None:
        """
        Let nothing more be sealed under these names, of which some may never have had a key.

        Each name's next version is stored as erased, so that whoever is about to make it finds it
        taken. What was sealed before still opens. Names that are fenced or held stay as they are.
        No transaction that began before, under whatever isolation, makes a key of them after.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def destroy(self, names: Collection[KeyName], *, at: int) -> Sequence[StoredKey]:
        """
        Erase every key under these names for good, but for those of names that are held.

        Returns the erased versions that once held a key, those too that were erased before.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def hold(self, names: Collection[KeyName]) -> None:
        """
        Let the keys under these names be neither fenced nor erased. A name without has none.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def release(self, names: Collection[KeyName]) -> None:
        """
        End what `hold` began.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def subjects(self, tenant: str, *, prefix: str) -> Iterator[str]:
        """
        The subjects that have a key which is not erased, with names that begin so, in order.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def generation(self, tenant: str) -> int:
        """
        A number that changes with every transaction in which keys are fenced or erased.

        It changes with `raise_generation` too.

        Inside a transaction that may seal, keys in memory are as they are stored if it is the one
        under which they were loaded. 0 where nothing was ever fenced.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...

    def raise_generation(self, tenant: str) -> None:
        """
        Have `generation` change although no key did, so that keys in memory are loaded anew.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        ...


def is_held(versions: Iterable[StoredKey]) -> bool:
    """Whether a name with these versions is held: one of them is."""
    return any(key.held for key in versions)


def fences(
    names: Iterable[KeyName], stored: Mapping[KeyName, Sequence[StoredKey]], at: int
) -> list[StoredKey]:
    """The versions to store as erased, so that nothing more is sealed under these names."""
    return [
        StoredKey(
            name=name,
            version=versions[-1].version + 1 if versions else 1,
            state=KeyState.ERASED,
            wrapped=None,
            kek=None,
            created_at=at,
            erased_at=at,
        )
        for name in names
        if not (versions := stored.get(name, ()))
        or (versions[-1].state is not KeyState.ERASED and not is_held(versions))
    ]


def erased(keys: Iterable[StoredKey], at: int) -> list[StoredKey]:
    """Those of `keys` that are not erased yet, as they are once they are."""
    return [
        evolve(key, state=KeyState.ERASED, wrapped=None, erased_at=at)
        for key in keys
        if key.state is not KeyState.ERASED
    ]


class KeyWrapper(Protocol):
    """Encrypts data keys under a key-encryption key, each bound to its name and version."""

    @property
    def kek_id(self) -> str:
        """The key-encryption key that `wrap` uses."""
        ...

    def wrap(
        self, secret: bytes, name: KeyName, version: int, *, kek_id: str | None = None
    ) -> bytes:
        """
        `secret` encrypted under `kek_id`, to be unwrapped for this name and version only.

        It is the one that `self.kek_id` names by default. Who stores the name beside the outcome
        asks for it first and gives it, for another may come to wrap in between.

        Raises:
            StorageUnavailable: there is no such key-encryption key, or it cannot be used now.
        """
        ...

    def unwrap(
        self, wrapped: bytes, name: KeyName, version: int, *, kek_id: str
    ) -> bytes | Tampered | KeyUnavailable:
        """The secret that was wrapped under `kek_id` for this name and version, or why not."""
        ...
