"""
The vault: seals personal data under keys of its subject, opens it, and tells why it cannot.

A data key seals 2**24 boxes, after which two of its nonces are likelier than 2**-49 to be the same;
then it is superseded, and the next box is sealed under another version. Each process counts its
own boxes, as long as the key stays in its memory.
"""

from collections.abc import Callable, Collection, Sequence
from os import urandom
from time import monotonic
from typing import Final, assert_never

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm

from regulars.adapters import envelope
from regulars.adapters.box_marks import Marking
from regulars.adapters.data_keys import DataKey, Outcome, RecentKeys, Versions
from regulars.adapters.key_ring import UnusableKeys
from regulars.application.errors import StorageUnavailable, SubjectErased
from regulars.application.events import microseconds
from regulars.application.key_history import KeyHistory
from regulars.application.keys import KeyName, KeyState, KeyStore, KeyWrapper, StoredKey, marks_of
from regulars.application.ports import (
    Clock,
    Erased,
    KeyUnavailable,
    Opened,
    Revealed,
    Spot,
    Tampered,
)
from regulars.domain.personal import DATA_CLASS, DataClass, Personal, Sealed

_LAST_VERSION: Final = 2**32 - 1  # what a header has room for
_LOST: Final = (
    "holds boxes, and the key of their marks is not in this key store: bring the keys along with a"
    " backup, or give up what is sealed under them (regulars keys renounce)"
)
_MARKS_DESTROYED: Final = KeyUnavailable("the key of the marks was destroyed")
_OTHER_KEY: Final = KeyUnavailable("the key of that version is not the one that sealed the box")
_CHANGED: Final = Tampered("the box or the place it stands in is not what was sealed")


class EnvelopeVault:
    """
    The `Vault` port over a key store and a key wrapper, held to what the log tells of keys.

    `algorithm` is what boxes are sealed with from now on; those of the others still open.
    The unwrapped keys of at most `capacity` subjects and classes stay in memory, at most `max_age`
    seconds: so long may a key that another process destroyed still open boxes here. None of them
    seals more than `max_seals` boxes.
    A vault belongs to one connection, and must hear when a transaction of it fails: `rolled_back`.

    Raises:
        UnsupportedAlgorithm: the OpenSSL of this process does not have `algorithm`.
    """

    def __init__(  # noqa: PLR0913 - ports and settings, each by name
        self,
        tenant: str,
        keys: KeyStore,
        wrapper: KeyWrapper,
        *,
        history: KeyHistory,
        clock: Clock,
        algorithm: int = envelope.AES_256_GCM,
        capacity: int = 10_000,
        max_age: float = 300,
        max_seals: int = 2**24,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        envelope.cipher(algorithm, bytes(envelope.KEY_BYTES))
        self._tenant = tenant
        self._keys = keys
        self._wrapper = wrapper
        self._history = history
        self._clock = clock
        self._algorithm = algorithm
        self._recent = RecentKeys(capacity, max_age, timer)
        self._max_seals = max_seals
        self._marking: Marking | None = None
        self._generation = -1
        self.max_age = max_age

    def seal(self, value: Personal, spot: Spot) -> Sealed:
        """
        A box that holds `value` and opens at `spot` only; see the port.

        Raises:
            InvalidPersonalData: the value could not be read back as it is.
            StorageUnavailable: the key cannot be had, or is not what was stored.
            UnusableKeys: there are no keys to seal under, or the log holds boxes, and the key of
                their marks is not there.
        """
        content = envelope.content(value)
        data_class = DATA_CLASS[type(value)]
        marking = self._marking or self._provided_marking()
        recent = self._recent.get(spot.subject, data_class)
        key = recent.latest if recent is not None else None
        if not isinstance(key, DataKey) or key.seals >= self._max_seals:
            name = KeyName(self._tenant, spot.subject, data_class)
            if isinstance(key, DataKey):
                self._keys.supersede(name, key.version)
            key = _usable(self._provided(name).latest, name)
        key.seals += 1
        way = key.way(self._algorithm)
        nonce = urandom(envelope.NONCE_BYTES)
        bound = way.bound + envelope.bound_to_spot(spot)
        sealed = nonce + way.cipher.encrypt(nonce, envelope.padded(content), bound)
        return Sealed(way.header + sealed + marking.mark(bound, sealed))

    def prepare(self, needed: Collection[tuple[str, DataClass]]) -> None:
        """Have the keys of many subjects and classes at hand, made where there are none."""
        names = {
            KeyName(self._tenant, subject, data_class)
            for subject, data_class in needed
            if (recent := self._recent.get(subject, data_class)) is None or recent.first is None
        }
        if not names:
            return
        since = self._recent.mark()
        closed = self._history.closed({name.subject for name in names})
        # Whoever is erased is refused by itself, when it seals.
        names = {name for name in names if name.data_class not in closed.get(name.subject, ())}
        if names and self._marking is None:
            self._provided_marking()
        stored = dict(self._keys.get_many(names))
        missing = [self._new(name, 1) for name in names - stored.keys()]
        if missing:
            self._keys.provision_many(missing)
            stored |= self._keys.get_many([key.name for key in missing])
        for name, versions in stored.items():
            self._remembered(name, versions, since, seals=True)

    def open(self, box: Sealed, spot: Spot) -> Opened:
        """
        What the box holds, or which of three reasons keeps it shut; see the port.

        The mark comes first: no box is called erased that is not, to the last bit, what was sealed
        at this spot under the version that was destroyed.
        """
        parts = envelope.take_apart(box.envelope)
        if isinstance(parts, Tampered):
            return parts
        marking = self._marking or self._known_marking()
        if not isinstance(marking, Marking):
            return marking
        bound = envelope.bound_to_key(
            parts.header, self._tenant, spot.subject
        ) + envelope.bound_to_spot(spot)
        if not marking.holds(bound, parts):
            return marking.otherwise
        recent = self._recent.get(spot.subject, parts.data_class)
        key = recent.outcomes.get(parts.key_version) if recent is not None else None
        if not isinstance(key, (DataKey, Erased)):
            name = KeyName(self._tenant, spot.subject, parts.data_class)
            key = self._looked_up(name, parts.key_version)
        if not isinstance(key, DataKey):
            return key
        try:
            cipher = key.way(parts.algorithm).cipher
            plaintext = cipher.decrypt(parts.nonce, parts.ciphertext, bound)
        except InvalidTag:
            # Its mark holds, so it is whole: it was sealed under a key that was lost.
            return _OTHER_KEY
        except UnsupportedAlgorithm:
            return KeyUnavailable("the OpenSSL of this process lacks the algorithm of the box")
        value = envelope.value_in(plaintext, parts.data_class)
        return value if isinstance(value, Tampered) else Revealed(value)

    def version_of(self, box: Sealed) -> int:
        """The version of the key that a box names; see the port."""
        parts = envelope.take_apart(box.envelope)
        return 0 if isinstance(parts, Tampered) else parts.key_version

    def digest(self, value: Personal, subject: str) -> bytes:
        """
        A digest of 32 bytes that tells whether two values of a subject are the same; see the port.

        HMAC-SHA256 over the content of the box that `value` would be in, under a key that
        HKDF-SHA256 derives from the oldest data key of the class that was not erased.

        Raises:
            InvalidPersonalData: as for `seal`.
            StorageUnavailable: as for `seal`.
        """
        content = envelope.content(value)
        data_class = DATA_CLASS[type(value)]
        recent = self._recent.get(subject, data_class)
        key = recent.first if recent is not None else None
        if not isinstance(key, DataKey):
            name = KeyName(self._tenant, subject, data_class)
            key = _usable(self._provided(name).first, name)
        return key.digest(content)

    def rolled_back(self) -> None:
        """
        Forget the keys in memory, because one may have been made in the transaction that failed.

        A box under a key that was never kept could not be opened by anybody.
        """
        self._generation = -1
        self._recent.clear()
        self._marking = None

    def heed_erasures(self) -> None:
        """Forget the keys in memory if some were fenced or erased; see the port."""
        generation = self._keys.generation(self._tenant)
        if generation != self._generation:
            self._recent.clear()
            self._generation = generation

    def ask_again(self) -> None:
        """Have every process load its keys anew, and ask the log before; see the port."""
        self._keys.raise_generation(self._tenant)

    def begin_lives(self, needed: Collection[tuple[str, DataClass]]) -> None:
        """Make new keys where the old ones were erased; see the port."""
        names = [KeyName(self._tenant, *one) for one in needed]
        for name, versions in self._keys.get_many(names).items():
            if versions[-1].state is KeyState.ERASED:
                self._made(name, versions[-1].version + 1)
        self._recent.clear()

    def renounce_marks(self) -> bool:
        """
        Make a new key of the marks, where the log holds boxes and the one of theirs is lost.

        The old one counts as destroyed from then on: its boxes never open here, and are never told
        to be tampered with. Returns whether there was anything to give up. Called in a transaction.

        Raises:
            StorageUnavailable: the key store does not answer.
        """
        name = marks_of(self._tenant)
        if name in self._keys.get_many([name]) or not self._history.has_boxes():
            return False
        self._keys.fence([name], at=microseconds(self._clock.now()))
        self._made(name, 2)
        self.rolled_back()
        return True

    def _provided_marking(self) -> Marking:
        name = marks_of(self._tenant)
        if name not in self._keys.get_many([name]):
            if self._history.has_boxes():
                raise UnusableKeys(source=f"the log of {self._tenant}", why=_LOST)
            self._made(name, 1)
        marking = self._known_marking()
        if not isinstance(marking, Marking):
            _ = self._wrapper.kek_id  # who was opened without keys says so
            why = f"no box of {self._tenant} can be marked: {marking.why}"
            raise StorageUnavailable(store="key store", why=why)
        return marking

    def _known_marking(self) -> Marking | Tampered | KeyUnavailable:
        name = marks_of(self._tenant)
        try:
            stored = self._keys.get_many([name]).get(name)
        except StorageUnavailable as error:
            return KeyUnavailable(str(error))
        if not stored:
            return KeyUnavailable("the key of the marks is not in this key store")
        *older, secret = (self._secret_of(name, key) for key in stored)
        if not isinstance(secret, bytes):
            return _MARKS_DESTROYED if isinstance(secret, Erased) else secret
        # There is an older one only where it was given up.
        self._marking = Marking(secret, _MARKS_DESTROYED if older else _CHANGED)
        return self._marking

    def _provided(self, name: KeyName) -> Versions:
        since = self._recent.mark()
        closed = self._history.closed([name.subject]).get(name.subject, {})
        if name.data_class in closed:
            raise closed[name.data_class]
        stored = self._keys.get_many([name]).get(name, ())
        if not stored:
            stored = [self._made(name, 1)]
        elif stored[-1].state is KeyState.SUPERSEDED:
            stored = [*stored, self._made(name, stored[-1].version + 1)]
        return self._remembered(name, stored, since, seals=True)

    def _made(self, name: KeyName, version: int) -> StoredKey:
        return self._keys.provision(self._new(name, version))

    def _new(self, name: KeyName, version: int) -> StoredKey:
        secret, kek = urandom(envelope.KEY_BYTES), self._wrapper.kek_id
        return StoredKey(
            name=name,
            version=version,
            state=KeyState.ACTIVE,
            wrapped=self._wrapper.wrap(secret, name, version, kek_id=kek),
            kek=kek,
            created_at=microseconds(self._clock.now()),
        )

    def _looked_up(self, name: KeyName, version: int) -> Outcome:
        since = self._recent.mark()
        try:
            stored = self._keys.get_many([name]).get(name)
        except StorageUnavailable as error:
            return KeyUnavailable(str(error))
        outcomes = {}
        if stored:
            outcomes = self._remembered(name, stored, since, seals=False).outcomes
        return outcomes.get(version, KeyUnavailable("the key is not in this key store"))

    def _remembered(
        self, name: KeyName, stored: Sequence[StoredKey], since: int, *, seals: bool
    ) -> Versions:
        outcomes = {key.version: self._unwrapped(name, key) for key in stored}
        latest = outcomes[stored[-1].version]
        living = (key for key in outcomes.values() if not isinstance(key, Erased))
        versions = Versions(
            outcomes=outcomes,
            latest=latest if seals and stored[-1].state is not KeyState.SUPERSEDED else None,
            first=latest if isinstance(latest, Erased) else next(living) if seals else None,
        )
        self._recent.put(name.subject, name.data_class, versions, since=since)
        return versions

    def _unwrapped(self, name: KeyName, key: StoredKey) -> Outcome:
        secret = self._secret_of(name, key)
        return DataKey(secret, name, key.version) if isinstance(secret, bytes) else secret

    def _secret_of(
        self, name: KeyName, key: StoredKey
    ) -> bytes | Erased | Tampered | KeyUnavailable:
        if key.state is KeyState.ERASED:
            return Erased()
        if key.wrapped is None or key.kek is None or not 0 < key.version <= _LAST_VERSION:
            return Tampered("the stored key is not whole, and was not erased")
        return self._wrapper.unwrap(key.wrapped, name, key.version, kek_id=key.kek)


def _usable(key: Outcome | None, name: KeyName) -> DataKey:
    match key:
        case DataKey():
            return key
        case Erased():
            raise SubjectErased(subject=name.subject, data_class=name.data_class.value)
        case Tampered(why) | KeyUnavailable(why):
            why = f"no {name.data_class.value} data of {name.subject} can be sealed: {why}"
            raise StorageUnavailable(store="key store", why=why)
        case None:
            why = f"the {name.data_class.value} key of {name.subject} changed at this moment"
            raise StorageUnavailable(store="key store", why=why)
        case _:
            assert_never(key)
