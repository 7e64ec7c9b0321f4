"""Wrapped keys in memory, for tests and for hosts that keep nothing."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from threading import RLock

from attrs import evolve

from regulars.application.keys import (
    KeyCount,
    KeyName,
    KeyState,
    Rewrapped,
    StoredKey,
    erased,
    fences,
    is_held,
    kind_of,
)


class MemoryKeyStore:
    """The `KeyStore` port over a dictionary. It knows no transactions: what is stored stays."""

    def __init__(self, keys: Iterable[StoredKey] = ()) -> None:
        self._keys: dict[KeyName, dict[int, StoredKey]] = {}
        self._lock = RLock()
        self._generations: dict[str, int] = {}
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

    def fence(self, names: Collection[KeyName], *, at: int) -> None:
        """Let nothing more be sealed under these names; see the port."""
        with self._lock:
            self._put(fences(dict.fromkeys(names), self.get_many(names), at))

    def destroy(self, names: Collection[KeyName], *, at: int) -> list[StoredKey]:
        """Erase every key under these names; see the port."""
        with self._lock:
            free = {name for name, keys in self.get_many(names).items() if not is_held(keys)}
            self._put([key for keys in self.get_many(free).values() for key in erased(keys, at)])
            return [key for keys in self.get_many(free).values() for key in keys if key.kek]

    def hold(self, names: Collection[KeyName]) -> None:
        """Let these keys be neither fenced nor erased; see the port."""
        self._hold(names, held=True)

    def release(self, names: Collection[KeyName]) -> None:
        """End what `hold` began; see the port."""
        self._hold(names, held=False)

    def subjects(self, tenant: str, *, prefix: str) -> Iterator[str]:
        """The subjects that have a key, with names that begin so; see the port."""
        with self._lock:
            found = {
                name.subject
                for name, keys in self._keys.items()
                if (name.tenant, name.subject[: len(prefix)]) == (tenant, prefix)
                and any(key.state is not KeyState.ERASED for key in keys.values())
            }
        return iter(sorted(found))

    def generation(self, tenant: str) -> int:
        """A number that changes with whatever is fenced or erased; see the port."""
        with self._lock:
            return self._generations.get(tenant, 0)

    def raise_generation(self, tenant: str) -> None:
        """Have that number change; see the port."""
        with self._lock:
            self._generations[tenant] = self.generation(tenant) + 1

    def _put(self, keys: Iterable[StoredKey]) -> None:
        for key in keys:
            self._keys.setdefault(key.name, {})[key.version] = key
            self.raise_generation(key.name.tenant)

    def _hold(self, names: Collection[KeyName], *, held: bool) -> None:
        with self._lock:
            for keys in (self._keys.get(name, {}) for name in names):
                keys.update(
                    (version, evolve(key, held=held))
                    for version, key in keys.items()
                    if key.state is not KeyState.ERASED
                )


def _order(key: StoredKey) -> tuple[str, str, str, int]:
    tenant, subject, data_class = key.name
    return tenant, subject, data_class.value, key.version
