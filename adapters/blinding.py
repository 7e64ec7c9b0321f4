"""
Tokens of the contact index: HMAC-SHA256 of values in their one form, under keys of the index.

The root key of a version is 32 random bytes, kept with the data keys and wrapped like them, under
a name that no subject has. Which bytes are hashed: docs/privacy.md.
"""

from collections.abc import Collection
from hmac import digest
from os import urandom
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from regulars.adapters import normalisers
from regulars.adapters.envelope import KEY_BYTES, framed
from regulars.application.contact_index import ContactField, IndexVersion, Token
from regulars.application.errors import InvalidPersonalData, UnusableIndex
from regulars.application.events import microseconds
from regulars.application.fields import is_text
from regulars.application.keys import KeyName, KeyState, KeyStore, KeyWrapper, StoredKey
from regulars.application.ports import Clock
from regulars.domain.personal import DataClass

_DOMAIN: Final = b"regulars/index/1"
_PURPOSE: Final = b"find"
_ROOTS: Final = "index/"
_ONLY: Final = 1
"""A root key has one version: another version of the index has another name."""


def root_name(tenant: str, version: int) -> KeyName:
    """Under which name the root key of a version is kept. Subjects are called `customer/…`."""
    return KeyName(tenant, f"{_ROOTS}{version}", DataClass.CONTACT)


class KeyedBlinder:
    """The `Blinder` port over a key store and a key wrapper, for one tenant."""

    def __init__(self, tenant: str, keys: KeyStore, wrapper: KeyWrapper, *, clock: Clock) -> None:
        self._tenant = tenant
        self._keys = keys
        self._wrapper = wrapper
        self._clock = clock
        self._roots: dict[int, bytes] = {}

    @property
    def normaliser(self) -> int:
        """The newest edition; see the port."""
        return max(normalisers.NORMALISERS)

    def check_region(self, region: str | None) -> None:
        """Whether numbers can be read as those of a region; see the port."""
        normalisers.check_region(region)

    def provide(self, version: int) -> None:
        """Make the key of a version unless it is there; see the port."""
        name = root_name(self._tenant, version)
        self._keys.provision(
            StoredKey(
                name=name,
                version=_ONLY,
                state=KeyState.ACTIVE,
                wrapped=self._wrapper.wrap(urandom(KEY_BYTES), name, _ONLY),
                kek=self._wrapper.kek_id,
                created_at=microseconds(self._clock.now()),
            )
        )

    def retire(self, kept: Collection[int]) -> None:
        """Destroy the keys of all versions but these; see the port."""
        needed = {root_name(self._tenant, version) for version in kept}
        names = [
            name
            for subject in self._keys.subjects(self._tenant, prefix=_ROOTS)
            if (name := KeyName(self._tenant, subject, DataClass.CONTACT)) not in needed
        ]
        self._keys.destroy(names, at=microseconds(self._clock.now()))
        self._roots = {version: self._roots[version] for version in kept if version in self._roots}

    def token(self, contact_field: ContactField, text: str, version: IndexVersion) -> Token:
        """The token of a value in a version; see the port."""
        edition = normalisers.NORMALISERS.get(version.normaliser)
        if edition is None:
            why = f"was made by normaliser {version.normaliser}, of a newer version of regulars"
            raise UnusableIndex(why=why)
        if not is_text(text):
            raise InvalidPersonalData(field=contact_field.value, reason="is no text")
        form = edition[contact_field](text, version.region)
        derivation = HKDF(
            algorithm=SHA256(),
            length=KEY_BYTES,
            salt=None,
            info=framed(
                _DOMAIN,
                self._tenant.encode(),
                contact_field.value.encode(),
                _PURPOSE,
                version.version.to_bytes(4),
                version.normaliser.to_bytes(4),
            ),
        )
        key = derivation.derive(self._root(version.version))
        message = framed(contact_field.value.encode(), form.encode())
        return Token(
            kind=contact_field,
            version=version.version,
            normaliser=version.normaliser,
            value=digest(key, message, "sha256"),
        )

    def _root(self, version: int) -> bytes:
        root = self._roots.get(version)
        if root is None:
            root = self._roots[version] = self._unwrapped(version)
        return root

    def _unwrapped(self, version: int) -> bytes:
        name = root_name(self._tenant, version)
        for stored in self._keys.get_many([name]).get(name, ()):
            if stored.wrapped is not None and stored.kek is not None:
                secret = self._wrapper.unwrap(
                    stored.wrapped, name, stored.version, kek_id=stored.kek
                )
                if isinstance(secret, bytes):
                    return secret
                why = f"cannot use the key of its version {version}: {secret.why}"
                raise UnusableIndex(why=why)
        raise UnusableIndex(why=f"has lost the key of its version {version}: rotate it")
