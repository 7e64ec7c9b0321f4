"""
Personal data: the plain values that a command may bring, and the sealed box that stays.

Plain values live only between the caller and the door. Past it, commands, events and
states hold `Sealed` boxes, which say nothing, compare by their bytes and cannot be opened here.
"""

from datetime import date
from enum import Enum
from typing import Final, TypeAlias

from attrs import field, frozen


class DataClass(Enum):
    """What kind of personal data a box holds. Each kind has keys and permissions of its own."""

    CONTACT = "contact"
    ADDRESS = "address"
    PAYMENT = "payment"
    IDENTITY = "identity"
    PROFILE = "profile"
    CONTENT = "content"


@frozen
class Sealed:
    """
    A box of personal data: an envelope (format: docs/privacy.md) that only the vault opens.

    Its `repr` and `str` show nothing.
    """

    envelope: bytes = field(repr=False)


@frozen(kw_only=True, repr=False)
class Contact:
    """How a person is named and reached. Data class `contact`."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None

    def __repr__(self) -> str:
        return "<contact>"


@frozen(kw_only=True, repr=False)
class Address:
    """Where a person is delivered to. Data class `address`."""

    text: str

    def __repr__(self) -> str:
        return "<address>"


@frozen(kw_only=True, repr=False)
class Profile:
    """What a person is: all of it optional, absent means unknown. Data class `profile`."""

    birth_date: date | None = None
    gender: str | None = None
    occupation: str | None = None

    def __repr__(self) -> str:
        return "<profile>"


@frozen(kw_only=True, repr=False)
class Content:
    """Free text that a person wrote, or columns that a host kept. Data class `content`."""

    text: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return "<content>"


Personal: TypeAlias = Contact | Address | Profile | Content

DATA_CLASS: Final[dict[type[Personal], DataClass]] = {
    Contact: DataClass.CONTACT,
    Address: DataClass.ADDRESS,
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
