"""
Personal data: the plain values that a command may bring, and the sealed box that stays.

Plain values live only between the caller and the door. Past it, commands, events and
states hold `Sealed` boxes, which say nothing, compare by their bytes and cannot be opened here.
"""

from datetime import date
from enum import Enum
from typing import Final, NoReturn, SupportsIndex, TypeAlias

from attrs import field, frozen


class DataClass(Enum):
    """What kind of personal data a box holds. Each kind has keys and permissions of its own."""

    CONTACT = "contact"
    ADDRESS = "address"
    PAYMENT = "payment"
    IDENTITY = "identity"
    PROFILE = "profile"
    CONTENT = "content"

    __hash__ = object.__hash__  # there is one of each, and keys are looked up by it at every box


@frozen
class Sealed:
    """
    A box of personal data: an envelope (format: docs/privacy.md) that only the vault opens.

    Its `repr` and `str` show nothing.
    """

    envelope: bytes = field(repr=False)


class _Unencodable:
    """What no encoder takes, and no pickle; nor has it a text, for those that write one instead."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        message = "personal data is neither encoded nor copied: it is sealed"
        raise TypeError(message)

    def __repr__(self) -> NoReturn:
        message = "personal data is not written out: it is sealed"
        raise TypeError(message)


_UNENCODABLE: Final = _Unencodable()


@frozen(kw_only=True, repr=False)
class _Plain:
    """
    What every personal value is: by what it carries, no encoder of any kind takes it.

    Nor does one take the dictionary or the tuple that attrs makes of it, and neither has a `repr`.
    No field is for a `repr`, whoever writes one of them, as rich does of the locals of a traceback.
    Bugs of this kind wrote plaintext where a box belonged. The vault spells out what it seals.
    """

    unencodable: _Unencodable = field(
        factory=lambda: _UNENCODABLE, init=False, eq=False, repr=False
    )

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        _UNENCODABLE.__reduce_ex__(protocol)


@frozen(kw_only=True, repr=False)
class Contact(_Plain):
    """How a person is named and reached. Data class `contact`."""

    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return "<contact>"


@frozen(kw_only=True, repr=False)
class Address(_Plain):
    """Where a person is delivered to. Data class `address`."""

    text: str = field(repr=False)

    def __repr__(self) -> str:
        return "<address>"


@frozen(kw_only=True, repr=False)
class Payment(_Plain):
    """
    What a person pays with, as far as it may be kept. Data class `payment`.

    `card_tail` is the last four digits of a card; there is no place for its whole number.
    """

    card_tail: str = field(repr=False)
    issuer: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return "<payment>"


@frozen(kw_only=True, repr=False)
class Identity(_Plain):
    """Who a person is by their papers. Data class `identity`."""

    real_name: str = field(repr=False)
    document_number: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return "<identity>"


@frozen(kw_only=True, repr=False)
class Profile(_Plain):
    """What a person is: all of it optional, absent means unknown. Data class `profile`."""

    birth_date: date | None = field(default=None, repr=False)
    gender: str | None = field(default=None, repr=False)
    occupation: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return "<profile>"


@frozen(kw_only=True, repr=False)
class Content(_Plain):
    """Free text that a person wrote, or columns that a host kept. Data class `content`."""

    text: str | None = field(default=None, repr=False)
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        return "<content>"


Personal: TypeAlias = Contact | Address | Payment | Identity | Profile | Content

DATA_CLASS: Final[dict[type[Personal], DataClass]] = {
    Contact: DataClass.CONTACT,
    Address: DataClass.ADDRESS,
    Payment: DataClass.PAYMENT,
    Identity: DataClass.IDENTITY,
    Profile: DataClass.PROFILE,
    Content: DataClass.CONTENT,
}


def sealed(value: Personal | Sealed) -> Sealed:
    """
    The box that the door made of a command's personal value.

    Raises:
        TypeError: plain personal data passed the door, which is a bug of the host's wiring.
    """
    if isinstance(value, Sealed):
        return value
    message = f"{value!r} reached the domain unsealed"
    raise TypeError(message)


def sealed_or_none(value: Personal | Sealed | None) -> Sealed | None:
    """As `sealed`, for a box that a command may leave out."""
    return None if value is None else sealed(value)
