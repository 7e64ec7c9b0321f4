"""People whose every detail is a canary, to register with a service and to look for afterwards."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from attrs import field, frozen

from regulars.domain.personal import Address, Contact, Content, Identity, Payment, Profile
from regulars.testing.canaries import Canaries

_FIRST_BIRTHDAY: Final = date(1913, 7, 29)
_MOST: Final = 1_000
"""People with numbers of their own: the last three digits of a phone tell them apart."""

_THEIR_OWN: Final = frozenset({"phone", "e-mail", "birth date", "document number"})
"""Details that no two of them share."""

_NUMBER: Final = re.compile("[0-9]+")


@frozen
class CanaryPerson:
    """
    Someone who does not exist, and whose details are nowhere else.

    Letters beyond ASCII show what an encoding does to them. All people share the long words of
    their details, and are told apart by numbers.
    """

    number: int
    contact: Contact = field(repr=False)
    profile: Profile = field(repr=False)
    address: Address = field(repr=False)
    payment: Payment = field(repr=False)
    identity: Identity = field(repr=False)
    content: Content = field(repr=False)

    @property
    def values(self) -> Mapping[str, str]:
        """The details as they would be read, by what they are."""
        birth = self.profile.birth_date
        texts = {
            "name": self.contact.name,
            "phone": self.contact.phone,
            "e-mail": self.contact.email,
            "birth date": None if birth is None else birth.isoformat(),
            "gender": self.profile.gender,
            "occupation": self.profile.occupation,
            "address": self.address.text,
            "issuer of a card": self.payment.issuer,
            "real name": self.identity.real_name,
            "document number": self.identity.document_number,
            "words": self.content.text,
        }
        return {name: text for name, text in texts.items() if text is not None}


def canary_people(count: int) -> list[CanaryPerson]:
    """
    People by number, from 0; the same ones each time.

    Raises:
        ValueError: they are more than a thousand, of whom some would be the same.
    """
    if not 0 <= count <= _MOST:
        message = f"there are canary people for 0 to {_MOST}, not {count}"
        raise ValueError(message)
    return [_person(number) for number in range(count)]


def canaries_of(people: list[CanaryPerson]) -> Canaries:
    """
    The canaries of these people.

    Searched for are the words that they share, whose finds are of somebody, and of each the phone
    number, the e-mail address, the birth date and the document number, also as hashes, which
    whoever can list such values can undo; these are found as of their number. The last digits of a
    card are too short to search for.
    """
    shared = {
        f"{name} of somebody": _NUMBER.sub("", value)
        for person in people[:1]
        for name, value in person.values.items()
        if name not in _THEIR_OWN or name == "e-mail"
    }
    own = {
        f"{name} of {person.number}": value
        for person in people
        for name, value in person.values.items()
        if name in _THEIR_OWN
    }
    return Canaries(shared | own)


def _person(number: int) -> CanaryPerson:
    return CanaryPerson(
        number=number,
        contact=Contact(
            name=f"Žofie Kanárkovičová {number}",
            phone=f"+420 604 729 {number:03}",
            email=f"papousek{number:03}@perutnice.test",
        ),
        profile=Profile(
            birth_date=_FIRST_BIRTHDAY + timedelta(days=number),
            gender="strnadice",
            occupation="krmička tučňáků",
        ),
        address=Address(text=f"Sokolovničí {number}, Volavkov"),
        payment=Payment(card_tail=f"{number:04}", issuer=f"Banka Krahujec {number}"),
        identity=Identity(
            real_name=f"Vlaštovka Sýkorová {number}",
            document_number=f"13525011913072{number:04}",
        ),
        content=Content(text=f"zvoňte na Hrdličkovou, {number} krát"),
    )
