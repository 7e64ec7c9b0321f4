"""Wrapped keys in memory, for tests and for hosts that keep nothing."""

from collections.abc import Collection, Iterable, Sequence
from threading import Lock

from regulars.application.keys import KeyName, StoredKey


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
