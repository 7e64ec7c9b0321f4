"""
Key-encryption keys come and go: data keys are wrapped anew, and no event is ever touched.

In this order: `rotate` makes a key that wraps from then on, `rewrap` wraps under it what the
others wrapped, and `retire` takes one of those away once nothing is left under it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol, TypeAlias

from attrs import frozen

from regulars.application.keys import (
    KeyCount,
    KeyName,
    KeyState,
    KeyStore,
    KeyWrapper,
    Rewrapped,
    StoredKey,
)

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many are done, of how many."""

_BATCH: Final = 2_000


@frozen(kw_only=True)
class CannotRotate(Exception):
    """The key-encryption keys are kept where this process cannot change them; says what to do."""

    why: str

    def __str__(self) -> str:
        return self.why


@frozen(kw_only=True)
class CannotRetire(Exception):
    """A key-encryption key is still needed, or there is none of that name."""

    kek: str
    why: str

    def __str__(self) -> str:
        return f"the key-encryption key {self.kek} {self.why}"


class KeyEncryptionKeys(KeyWrapper, Protocol):
    """A `KeyWrapper` that also knows the key-encryption keys it has, and changes them if it can."""

    @property
    def kek_ids(self) -> Sequence[str]:
        """All of them, the one that wraps among them."""
        ...

    def reaches(self, kek_id: str) -> bool:
        """Whether what is wrapped under that key can be unwrapped, as far as can be told."""
        ...

    def rotate(self) -> str:
        """
        Make a key-encryption key that wraps from now on, in every process. Returns its name.

        The others stay, and unwrap. It is kept for good when this returns.

        Raises:
            CannotRotate: they are kept by somebody else.
        """
        ...

    def retire(self, kek_id: str) -> None:
        """
        Forget a key-encryption key for good. What is wrapped under it can never be read again.

        Raises:
            CannotRotate: they are kept by somebody else.
            CannotRetire: it is the one that wraps, or none of them.
        """
        ...


@frozen(kw_only=True)
class KeysStatus:
    """
    The key-encryption key that wraps, those at hand, and how many data keys there are.

    `missing` are key-encryption keys that data keys are wrapped under, and that are not at hand.
    """

    active: str
    at_hand: tuple[str, ...]
    missing: tuple[str, ...]
    counts: tuple[KeyCount, ...]

    @property
    def waiting(self) -> int:
        """Data keys that are not wrapped under the active one."""
        return sum(one.keys for one in self.counts if _is_waiting(one, self.active))


@frozen(kw_only=True)
class Rewrapping:
    """What a re-wrap came to. `stuck` are data keys that could not be unwrapped, by the reason."""

    active: str
    rewrapped: int
    stuck: tuple[tuple[str, int], ...]


class KeyRotation:
    """
    Keeps the data keys of all tenants of a key store wrapped under the right key.

    `alone` is a transaction that waits for all who record, and that those to come wait for;
    `begin_anew` has one tenant's boxes sealed under new keys where the old ones are lost.
    """

    def __init__(
        self,
        store: KeyStore,
        keks: KeyEncryptionKeys,
        *,
        alone: Callable[[], AbstractContextManager[object]],
        begin_anew: Callable[[], bool],
    ) -> None:
        self._store = store
        self._keks = keks
        self._alone = alone
        self._begin_anew = begin_anew

    def status(self) -> KeysStatus:
        """
        How many data keys there are, by class, state and key-encryption key.

        Raises:
            StorageUnavailable: the key store does not answer.
        """
        counts = tuple(self._store.counts())
        needed = {one.kek for one in counts if one.kek and one.state is not KeyState.ERASED}
        return KeysStatus(
            active=self._keks.kek_id,
            at_hand=tuple(self._keks.kek_ids),
            missing=tuple(kek for kek in sorted(needed) if not self._keks.reaches(kek)),
            counts=counts,
        )

    def of(self, names: Collection[KeyName]) -> Mapping[KeyName, Sequence[StoredKey]]:
        """
        The versions of data keys that are stored under these names.

        Raises:
            StorageUnavailable: the key store does not answer.
        """
        return self._store.get_many(names)

    def rotate(self) -> str:
        """
        Make a key-encryption key that wraps from now on. Returns its name.

        Raises:
            CannotRotate: they are kept where this process cannot change them.
        """
        return self._keks.rotate()

    def rewrap(self, *, batch: int = _BATCH, progress: Progress | None = None) -> Rewrapping:
        """
        Wrap every data key under the active key-encryption key, in batches that are each kept.

        Stopped at any point, it goes on where it was when it is called again; others may seal,
        open and erase meanwhile, and a key that changes under it is left to the next call.

        Raises:
            StorageUnavailable: the key store does not answer.
        """
        status = self.status()
        done, stuck = 0, dict[str, int]()
        for kek in sorted({one.kek for one in status.counts if one.kek} - {status.active}):
            after: StoredKey | None = None
            while keys := self._store.scan(kek, after=after, limit=batch):
                anew = [self._anew(key, kek, status.active) for key in keys]
                done += self._store.rewrap([one for one in anew if isinstance(one, Rewrapped)])
                for why in (one for one in anew if isinstance(one, str)):
                    stuck[why] = stuck.get(why, 0) + 1
                after = keys[-1]
                if progress is not None:
                    progress(done, max(done, status.waiting))
        return Rewrapping(active=status.active, rewrapped=done, stuck=tuple(sorted(stuck.items())))

    def retire(self, kek_id: str) -> None:
        """
        Forget a key-encryption key under which no data key is left.

        Waits for commands that are under way: one may have wrapped a key under it, and tells
        nobody before it commits. Those that come after find another one that wraps.
        Copies of the key store that are older than the re-wrap hold nothing from then on.

        Raises:
            CannotRetire: data keys are wrapped under it, it wraps, or there is none of that name.
            CannotRotate: they are kept where this process cannot change them.
            StorageUnavailable: the key store does not answer.
        """
        with self._alone():
            if self._store.scan(kek_id, after=None, limit=1):
                why = "still wraps data keys: wrap them anew first (regulars keys rewrap)"
                raise CannotRetire(kek=kek_id, why=why)
            self._keks.retire(kek_id)

    def renounce(self) -> bool:
        """
        Give up all that is sealed in a log whose keys are lost, so that it takes in data again.

        Its boxes stay shut for good, also to keys that are found later. Returns whether there was
        anything to give up: not where the log holds no box, or the keys are there.

        Raises:
            UnusableKeys: there is no key-encryption key to wrap new ones under.
            StorageUnavailable: a store does not answer; nothing was given up.
        """
        with self._alone():
            return self._begin_anew()

    def _anew(self, key: StoredKey, kek: str, active: str) -> Rewrapped | str:
        if key.wrapped is None:
            return "the stored key is not whole"
        secret = self._keks.unwrap(key.wrapped, key.name, key.version, kek_id=kek)
        if not isinstance(secret, bytes):
            return secret.why
        wrapped = self._keks.wrap(secret, key.name, key.version, kek_id=active)
        return Rewrapped(key=key, wrapped=wrapped, kek=active)


def _is_waiting(one: KeyCount, active: str) -> bool:
    return one.state is not KeyState.ERASED and one.kek != active
