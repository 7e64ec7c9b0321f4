"""
The blind index: who has a phone number or an e-mail address, kept as tokens that tell neither.

It stands beside the log and never in it, so that what is found by can be taken away.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Final, Protocol

from attrs import field, frozen

from regulars.domain.personal import Contact, DataClass
from regulars.domain.values import CustomerId


class ContactField(Enum):
    """What a customer is found by."""

    PHONE = "phone"
    EMAIL = "email"


@frozen
class Token:
    """
    What stands for a value in the index: a digest under the key of one version of the index.

    Its `repr` does not show the digest.
    """

    kind: ContactField
    version: int
    normaliser: int
    value: bytes = field(repr=False)


@frozen(kw_only=True)
class IndexVersion:
    """
    One version of the index, with a key of its own.

    Every command adds to all versions; `full` tells that what was recorded before the version
    began is in it too, and `position` how far that has got. `normaliser` and `region` are how
    values are brought into one form, and `unique` refuses a contact that another customer has.
    `left_out` counts values of the past that have no such form, or were tampered with.
    """

    version: int
    normaliser: int
    region: str | None
    unique: bool
    full: bool
    position: int = 0
    left_out: int = 0


@frozen(kw_only=True)
class SharedContact:
    """Customers who have the same phone number or e-mail address. Holds no value."""

    field: str
    customers: tuple[CustomerId, ...]


FORGOTTEN_WITH: Final = DataClass.CONTACT
"""The data class whose erasure takes a subject out of the index."""


class ContactIndex(Protocol):
    """Keeps the tokens of one tenant. What is written is kept or lost with the transaction."""

    @property
    def name(self) -> str:
        """What this place is called in the record of an erasure."""
        ...

    def versions(self) -> Sequence[IndexVersion]:
        """The versions that are there, oldest first; none if no index is kept."""
        ...

    def keep(self, version: IndexVersion) -> None:
        """Write down a version, over what was known of it."""
        ...

    def drop(self, version: int) -> None:
        """Let go of a version and all its tokens."""
        ...

    def put(self, subject: str, tokens: Collection[Token], *, versions: Collection[int]) -> None:
        """Let a subject have these tokens, and no others in these versions."""
        ...

    def holders(self, tokens: Collection[Token]) -> Mapping[Token, frozenset[str]]:
        """The subjects that have each of `tokens`; those that nobody has are left out."""
        ...

    def count(self, version: int) -> int:
        """How many tokens a version has."""
        ...

    def shared(self, version: int) -> Sequence[tuple[ContactField, tuple[str, ...]]]:
        """
        The subjects, in order, of each token of a version that several have.

        In an order that tells nothing of the tokens.
        """
        ...

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:
        """
        Let go of every token of these subjects if contacts are among `classes`. Returns how many.

        By subject, never by token: what a token was made of may be gone already.
        """
        ...


class Blinder(Protocol):
    """Makes tokens. A version's key is made once, and kept with the other keys."""

    @property
    def normaliser(self) -> int:
        """The newest way to bring values into one form, for versions to come."""
        ...

    def check_region(self, region: str | None) -> None:
        """
        Whether numbers can be read as those of a region.

        Raises:
            UnusableIndex: there is no such region, or what reads numbers is not installed.
        """
        ...

    def provide(self, version: int) -> None:
        """Make the key of a version unless it is there; kept or lost with the transaction."""
        ...

    def retire(self, kept: Collection[int]) -> None:
        """
        Destroy the keys of all versions but these, for good; those that are gone stay so.

        Raises:
            StorageUnavailable: the key store does not answer.
        """
        ...

    def token(self, contact_field: ContactField, text: str, version: IndexVersion) -> Token:
        """
        The token of a value in a version.

        Raises:
            InvalidPersonalData: it is no phone number or e-mail address; it is not repeated.
            UnusableIndex: the key of the version, or what reads values, is not to be had.
        """
        ...


def values_of(contact: Contact) -> list[tuple[ContactField, str]]:
    """What a customer with this contact can be found by."""
    found = ((ContactField.PHONE, contact.phone), (ContactField.EMAIL, contact.email))
    return [(contact_field, text) for contact_field, text in found if text is not None]
