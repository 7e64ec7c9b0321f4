"""
Envelope v1: how a box of personal data is laid out, encrypted and bound to its place.

    E5 50 01 | algorithm u8 | class u8 | key version u32 | nonce 12 | ciphertext | tag 16 | mark 16

Numbers are big-endian. The first nine bytes are the header. The ciphertext hides a u32 length, as
many bytes of JSON, and zeros up to a multiple of 32 bytes, because ciphertext shows how long its
text is. The associated data is a list of items, each behind its length as u32: the domain tag,
the header, tenant, subject, stored event type, schema version in decimal, event id, box name.
The mark proves all of it, also when the key is gone: see `box_marks`.

Stored boxes hold these numbers and this layout: add, never change.
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

import msgspec
from attrs import Attribute, fields
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV, ChaCha20Poly1305

from regulars.application.errors import InvalidPersonalData
from regulars.application.ports import Spot, Tampered
from regulars.domain.personal import DATA_CLASS, DataClass, Personal

Sealing: TypeAlias = Literal["aes-256-gcm", "aes-256-gcm-siv", "chacha20-poly1305"]

AES_256_GCM: Final = 0x01
"""The default: in every OpenSSL, and the fastest where the processor knows AES."""

AES_256_GCM_SIV: Final = 0x02
"""For hosts that may be cloned while they run: a repeated nonce tells only of repeated content."""

CHACHA20_POLY1305: Final = 0x03
"""For processors that do not know AES."""

ALGORITHMS: Final[dict[str, int]] = {
    "aes-256-gcm": AES_256_GCM,
    "aes-256-gcm-siv": AES_256_GCM_SIV,
    "chacha20-poly1305": CHACHA20_POLY1305,
}
"""By the names that `Sealing` has for them."""

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
MARK_BYTES: Final = 16

CLASS_CODES: Final[dict[DataClass, int]] = {
    DataClass.CONTACT: 1,
    DataClass.ADDRESS: 2,
    DataClass.PAYMENT: 3,
    DataClass.IDENTITY: 4,
    DataClass.PROFILE: 5,
    DataClass.CONTENT: 6,
}

_FORMAT: Final = b"\xe5\x50\x01"
_DOMAIN: Final = b"regulars/box/1"
_HEADER: Final = Struct(">3sBBI")
_TAG_BYTES: Final = 16
_PADDED_TO: Final = 32
_ZEROS: Final = bytes(_PADDED_TO)
_SHORTEST: Final = _HEADER.size + NONCE_BYTES + _PADDED_TO + _TAG_BYTES + MARK_BYTES

_CLASSES: Final = {code: data_class for data_class, code in CLASS_CODES.items()}


class Cipher(Protocol):
    """Authenticated encryption under one key; the tag stands at the end of the ciphertext."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """`data` sealed; `nonce` must never have been used with this key."""
        ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """
        What was sealed.

        Raises:
            InvalidTag: `data`, `nonce` or `associated_data` is not what it was.
        """
        ...


_ALGORITHMS: Final[dict[int, Callable[[bytes], Cipher]]] = {
    AES_256_GCM: AESGCM,
    AES_256_GCM_SIV: AESGCMSIV,
    CHACHA20_POLY1305: ChaCha20Poly1305,
}


def cipher(algorithm: int, key: bytes) -> Cipher:
    """
    The algorithm of that number under a key of 32 bytes.

    Raises:
        ValueError: there is no such algorithm, or the key is of another length.
        UnsupportedAlgorithm: the OpenSSL of this process does not have it.
    """
    if algorithm not in _ALGORITHMS or len(key) != KEY_BYTES:
        message = f"algorithm {algorithm:#04x} with {len(key)} key bytes is none of an envelope"
        raise ValueError(message)
    return _ALGORITHMS[algorithm](key)


class Parts(NamedTuple):
    """An envelope taken apart. Nothing in it is proven yet."""

    header: bytes
    algorithm: int
    data_class: DataClass
    key_version: int
    nonce: bytes
    ciphertext: bytes
    mark: bytes


def header(algorithm: int, data_class: DataClass, key_version: int) -> bytes:
    """How an envelope begins."""
    return _HEADER.pack(_FORMAT, algorithm, CLASS_CODES[data_class], key_version)


def take_apart(envelope: bytes) -> Parts | Tampered:
    """The parts of an envelope, if it is one of version 1 with numbers that are known."""
    if len(envelope) < _SHORTEST or (len(envelope) - _SHORTEST) % _PADDED_TO:
        return Tampered("the box has a length that no box has")
    start, algorithm, code, key_version = _HEADER.unpack_from(envelope)
    if start != _FORMAT:
        return Tampered("the box does not begin as an envelope of version 1")
    if algorithm not in _ALGORITHMS:
        return Tampered("the box names an unknown algorithm")
    data_class = _CLASSES.get(code)
    if data_class is None:
        return Tampered("the box names an unknown data class")
    if not key_version:
        return Tampered("the box names version 0 of a key, and versions count from 1")
    ciphertext = _HEADER.size + NONCE_BYTES
    return Parts(
        envelope[: _HEADER.size],
        algorithm,
        data_class,
        key_version,
        envelope[_HEADER.size : ciphertext],
        envelope[ciphertext:-MARK_BYTES],
        envelope[-MARK_BYTES:],
    )


def framed(*items: bytes) -> bytes:
    """Items one after the other, each behind its length as u32: no two lists look the same."""
    return b"".join([part for item in items for part in (len(item).to_bytes(4), item)])


def bound_to_key(header: bytes, tenant: str, subject: str) -> bytes:
    """The first part of the associated data, the same for every box under one key."""
    return framed(_DOMAIN, header, tenant.encode(), subject.encode())


def bound_to_spot(spot: Spot) -> bytes:
    """The rest of the associated data, the same for no other box."""
    event_id = spot.event_id
    before, length = _type_frame(spot.type, spot.schema), len(event_id).to_bytes(4)
    return b"".join((before, length, event_id, _name_frame(spot.box)))


@lru_cache(maxsize=1024)
def _type_frame(type_: str, schema: int) -> bytes:
    return framed(type_.encode(), str(schema).encode())


@lru_cache(maxsize=1024)
def _name_frame(box: str) -> bytes:
    return framed(box.encode())


class _Form(NamedTuple):
    """How the values of one data class are written: its fields in order, and the way back."""

    defaults: tuple[tuple[str, object], ...]
    decode: Callable[[bytes], Personal]


def _form(kind: type[Personal]) -> _Form:
    specs: tuple[Attribute[Any], ...] = fields(kind)
    return _Form(
        tuple(sorted((spec.name, spec.default) for spec in specs if spec.init)),
        msgspec.json.Decoder(kind).decode,
    )


_FORMS: Final = {kind: _form(kind) for kind in DATA_CLASS}
_FORM_OF: Final = {data_class: _FORMS[kind] for kind, data_class in DATA_CLASS.items()}
_encode: Final = msgspec.json.Encoder().encode


def content(value: Personal) -> bytes:
    """
    The JSON of a value: its fields in alphabetical order, without those that hold their default.

    A field that is added later with a default changes no content that was made before.

    Raises:
        InvalidPersonalData: what would be read back is not `value`; a field is of another type.
        TypeError: this is no personal value.
    """
    kind = type(value)
    form = _FORMS.get(kind)
    if form is None:
        message = f"{kind.__name__} is no class of personal data"
        raise TypeError(message)
    given = {
        name: held for name, default in form.defaults if (held := getattr(value, name)) != default
    }
    try:
        encoded = _encode(given)
        whole = form.decode(encoded) == value
    except (TypeError, UnicodeEncodeError, msgspec.DecodeError):
        encoded, whole = b"", False
    # Raised out here, because those errors hold the value.
    if not whole:
        raise InvalidPersonalData(
            field=DATA_CLASS[kind].value, reason="holds what is not of its type"
        )
    return encoded


def padded(encoded: bytes) -> bytes:
    """What is encrypted."""
    size = len(encoded)
    return b"".join((size.to_bytes(4), encoded, _ZEROS[: -(4 + size) % _PADDED_TO]))


def value_in(plaintext: bytes, data_class: DataClass) -> Personal | Tampered:
    """The value in what was decrypted; Tampered if it is none of its class, to the last byte."""
    end = 4 + int.from_bytes(plaintext[:4])
    encoded = plaintext[4:end]
    if padded(encoded) != plaintext:
        return Tampered("the content of the box is not padded as it should be")
    try:
        return _FORM_OF[data_class].decode(encoded)
    except (msgspec.DecodeError, RecursionError):
        return Tampered("the content of the box is no value of its data class")
