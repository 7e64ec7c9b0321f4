"""Wrapped keys in memory, for tests and for hosts that keep nothing."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from threading import Lock

from attrs import evolve

from regulars.application.keys import (
    KeyCount,
    KeyName,
    KeyState,
    Rewrapped,
    StoredKey,
    kind_of,
)


class MemoryKeyStore:
    """The `KeyStore` port over a dictionary. It knows no transactions: what is stored stays."""

    def __init__(self, keys: Iterable[StoredKey] = ()) -> None:
        self._keys: dict[KeyName, dict[int, StoredKey]] = {}
        self._lock = Lock()
        for key in keys:
            self.provision(key)

    def get_many(self, names: Collection[KeyName]) -> dict[KeyName, list[StoredKey]]:
        """Every version under each name; see the port."""
        with self._lock:
            return {
                name: [key for _, key in sorted(self._keys[name].items())]
                for name in names
                if name in self._keys
            }

    def provision_many(self, keys: Sequence[StoredKey]) -> None:
        """Store those of `keys` whose version is not there; see the port."""
        for key in keys:
            self.provision(key)

    def provision(self, key: StoredKey) -> StoredKey:
        """Store `key` unless its version is there; see the port."""
        with self._lock:
            return self._keys.setdefault(key.name, {}).setdefault(key.version, key)

    def scan(self, kek: str, *, after: StoredKey | None, limit: int) -> list[StoredKey]:
        """The next keys that are wrapped under `kek`; see the port."""
        with self._lock:
            keys = sorted(self._all(), key=_order)
        return [
            key
            for key in keys
            if key.kek == kek and key.wrapped and (after is None or _order(key) > _order(after))
        ][:limit]

    def rewrap(self, keys: Sequence[Rewrapped]) -> int:
        """Wrap anew those that did not change; see the port."""
        with self._lock:
            return sum(map(self._rewrap, keys))

    def _rewrap(self, anew: Rewrapped) -> bool:
        versions = self._keys.get(anew.key.name, {})
        stored = versions.get(anew.key.version)
        if stored is None or stored.wrapped is None or stored.wrapped != anew.key.wrapped:
            return False
        versions[stored.version] = evolve(stored, wrapped=anew.wrapped, kek=anew.kek)
        return True

    def supersede(self, name: KeyName, version: int) -> None:
        """Let an active key seal no more; see the port."""
        with self._lock:
            stored = self._keys.get(name, {}).get(version)
            if stored is not None and stored.state is KeyState.ACTIVE:
                self._keys[name][version] = evolve(stored, state=KeyState.SUPERSEDED)

    def counts(self) -> list[KeyCount]:
        """How many there are of each kind; see the port."""
        with self._lock:
            found = Counter((kind_of(key.name), key.state, key.kek) for key in self._all())
        return [
            KeyCount(kind=kind, state=state, kek=kek, keys=keys)
            for (kind, state, kek), keys in found.items()
        ]

    def _all(self) -> Iterator[StoredKey]:
        return (key for versions in self._keys.values() for key in versions.values())


def _order(key: StoredKey) -> tuple[str, str, str, int]:
    tenant, subject, data_class = key.name
    return tenant, subject, data_class.value, key.version
