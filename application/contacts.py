"""Contacts that commands bring: who claims which, and whether another customer has it already."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from attrs import define, frozen

from regulars.application.contact_index import (
    Blinder,
    ContactField,
    ContactIndex,
    SharedContact,
    Token,
    values_of,
)
from regulars.domain.empty import empty
from regulars.domain.personal import Contact
from regulars.domain.values import CustomerId, Refusal

_TOLD: Final = 10
"""How many of those who share something are named in a message."""
_NAMES: Final = {
    ContactField.PHONE.value: "a phone number",
    ContactField.EMAIL.value: "an e-mail address",
}


@frozen(kw_only=True)
class ContactTaken(Refusal):
    """
    Another customer has this phone number or e-mail address.

    Says neither what it is nor whose.
    """

    field: str

    def __str__(self) -> str:
        return f"{self.field}: another customer has it already"


@frozen(kw_only=True)
class ContactsShared(Exception):
    """
    Contacts cannot be unique, because customers share some: `shared` has them all.

    Says who they are, and not what they share.
    """

    shared: tuple[SharedContact, ...]

    def __str__(self) -> str:
        some = "; ".join(
            f"{_NAMES[one.field]}: {', '.join(one.customers)}" for one in self.shared[:_TOLD]
        )
        more = len(self.shared) - _TOLD
        rest = f"; and {more} more" if more > 0 else ""
        return f"contacts cannot be unique while customers share {some}{rest}"


class Claim(NamedTuple):
    """The tokens that a subject is to have, in place of those it had in these versions."""

    subject: str
    tokens: tuple[Token, ...]
    versions: tuple[int, ...]
    unique: bool


@define
class Claims:
    """What the requests of one transaction have claimed so far, in their order."""

    made: list[Claim] = empty(list[Claim])
    latest: dict[str, Claim] = empty(dict[str, Claim])
    takers: dict[Token, set[str]] = empty(dict[Token, set[str]])

    def add(self, claim: Claim) -> None:
        """Let this stand in place of what its subject claimed before."""
        before = self.latest.get(claim.subject)
        for token in () if before is None else before.tokens:
            self.takers[token].discard(claim.subject)
        for token in claim.tokens:
            self.takers.setdefault(token, set()).add(claim.subject)
        self.latest[claim.subject] = claim
        self.made.append(claim)

    def back_to(self, count: int) -> None:
        """Forget all but the first `count` claims, because a request was refused."""
        if count == len(self.made):
            return
        kept = self.made[:count]
        self.made, self.latest, self.takers = [], {}, {}
        for claim in kept:
            self.add(claim)


class Contacts:
    """Makes claims at the door, settles them in the order of commands, and writes them down."""

    def __init__(self, index: ContactIndex, blinder: Blinder) -> None:
        self._index = index
        self._blinder = blinder

    def claim(self, subject: str, contact: Contact) -> Claim | None:
        """
        What a contact claims for its subject, in every version; None if no index is kept.

        Raises:
            InvalidPersonalData: a field is no phone number or e-mail address.
            UnusableIndex: the tokens cannot be made.
        """
        versions = self._index.versions()
        if not versions:
            return None
        tokens: Sequence[Token] = [
            self._blinder.token(contact_field, text, version)
            for contact_field, text in values_of(contact)
            for version in versions
        ]
        return Claim(
            subject=subject,
            tokens=tuple(tokens),
            versions=tuple(version.version for version in versions),
            unique=versions[-1].unique,
        )

    def settle(self, claim: Claim, claims: Claims, others: Collection[CustomerId] = ()) -> None:
        """
        Add a claim to those of its transaction, which nobody else writes beside.

        What `others` have, who were merged into the customer, is the customer's own.

        Raises:
            ContactTaken: somebody else has the contact, and contacts are unique.
        """
        if claim.unique:
            holders = self._index.holders(claim.tokens)
            own = {claim.subject, *(f"customer/{one}" for one in others)}
            for token in claim.tokens:
                held = holders.get(token, frozenset()) - claims.latest.keys()
                if held & own:
                    continue  # what they shared before they may go on sharing
                if (held | claims.takers.get(token, set())) - own:
                    raise ContactTaken(field=token.kind.value)
        claims.add(claim)

    def write(self, claims: Claims) -> None:
        """Put what was claimed into the index."""
        for claim in claims.latest.values():
            self._index.put(claim.subject, claim.tokens, versions=claim.versions)
