"""
The door: personal fields of a command are checked and sealed here; past it no plaintext exists.

One box holds the values of one subject and data class, bound to the event that will carry it.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import blake2b, sha256
from os import urandom
from typing import Final, NamedTuple, Protocol, assert_never, cast
from uuid import UUID

from attrs import evolve, fields, frozen

from regulars.application.contacts import Claim, Contacts
from regulars.application.errors import InvalidPersonalData
from regulars.application.events import Command, Event, EventId, Retired, microseconds, moment
from regulars.application.fields import check_command, check_id, is_text, said
from regulars.application.ports import Spot, Vault
from regulars.domain import bank_card, customer, protection, purchase, real_name, review
from regulars.domain.personal import (
    DATA_CLASS,
    Address,
    Contact,
    Content,
    Identity,
    Payment,
    Personal,
    Profile,
    Sealed,
)
from regulars.domain.values import Refusal

_LONGEST_TEXT: Final = 10_000
_EARLIEST_BIRTH: Final = date(1880, 1, 1)
_CARD_TAIL: Final = re.compile(r"[0-9]{4}")
_EVENTS_A_COMMAND: Final = 256
_FREE: Final = 0xFFFFFFFF_FFFF_0FFF_3FFF_FFFFFF000000
_VERSION_8: Final = 0x00000000_0000_8000_8000_000000000000


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Boxed(NamedTuple):
    """A field of a command that arrives personal and leaves as a box of the event's same field."""

    field: str
    event: type[Event]


BOXED: Final[dict[type[Command], tuple[Boxed, ...]]] = {
    customer.RegisterCustomer: (
        Boxed("contact", customer.CustomerRegistered),
        Boxed("profile", customer.CustomerRegistered),
        Boxed("extra", customer.CustomerRegistered),
    ),
    customer.UpdateCustomerDetails: (
        Boxed("contact", customer.CustomerDetailsUpdated),
        Boxed("profile", customer.CustomerDetailsUpdated),
        Boxed("extra", customer.CustomerDetailsUpdated),
    ),
    customer.AddDeliveryAddress: (Boxed("address", customer.DeliveryAddressAdded),),
    bank_card.BindBankCard: (Boxed("payment", bank_card.BankCardBound),),
    real_name.VerifyRealName: (Boxed("identity", real_name.RealNameVerified),),
    purchase.PlaceOrder: (Boxed("extra", purchase.OrderPlaced),),
    review.SubmitReview: (Boxed("text", review.ReviewSubmitted),),
    protection.NameParty: (Boxed("contact", protection.PartyNamed),),
}
"""
Which fields are sealed, and for which event.

A command listed here records that event first: the box is bound to the id of its first event.
"""


def is_bare(command: Command) -> bool:
    """Whether a command brings no personal data, so that nothing is sealed for it."""
    return all(getattr(command, name) is None for name, _ in BOXED.get(type(command), ()))


@frozen(kw_only=True)
class Request:
    """
    Commands that are recorded together or not at all, in their order.

    An `id` makes the request idempotent: a repeat with the same content returns the first
    receipt, one with other content is refused. Without one, the request is one of its kind.
    `by` names who asks; like every id it must not be personal data. `correlation` ties requests
    of one conversation together.
    """

    commands: tuple[Command, ...]
    by: str
    id: str | None = None
    correlation: str | None = None


NO_CLAIMS: Final[Mapping[int, Claim]] = {}
"""Of a request that brings nothing to be found by."""


class Admitted(NamedTuple):
    """
    A request past the door: nothing personal is left in it.

    A request that came without an id has got one here, and no `fingerprint`, because nobody can
    repeat it. `base` is the id of its first event, as a number. `claims` are of the commands, by
    their places, that bring something to be found by.
    """

    id: str
    base: int
    fingerprint: bytes | None
    commands: tuple[Command, ...]
    by: str
    correlation: str | None
    claims: Mapping[int, Claim] = NO_CLAIMS

    def first_id(self, place: int) -> int:
        """The id, as a number, of the first event of the command at `place`, from 0."""
        return self.base + place * _EVENTS_A_COMMAND

    def block(self) -> list[EventId]:
        """The id by whose block a repeat is known; none for a request that nobody can repeat."""
        return [] if self.fingerprint is None else [EventId(self.base.to_bytes(16, "big"))]


def request_base(tenant: str, request_id: str) -> int:
    """
    The id of a request's first event, as a number; the others count up from it.

    A UUID of version 8 (RFC 9562): BLAKE2b of tenant and request id, its last 24 bits left free.
    """
    name = len(tenant).to_bytes(4, "big") + f"{tenant}{request_id}".encode()
    return _numbered(blake2b(name, digest_size=16, person=b"regulars/event").digest())


def _numbered(random: bytes) -> int:
    return int.from_bytes(random, "big") & _FREE | _VERSION_8


@frozen(kw_only=True)
class Door:
    """
    Checks and seals. `encode` gives the same bytes for the same command, and none personal.

    `contacts` makes tokens of what customers are found by, while it can still be read.
    """

    tenant: str
    vault: Vault
    stored_as: Callable[[type[Event]], tuple[str, int]]
    encode: Callable[[object], bytes]
    contacts: Contacts

    def admit(self, request: Request) -> Admitted:
        """
        The request with every personal field sealed.

        Raises:
            InvalidId: an id is blank, too long or no text.
            InvalidPersonalData: a field is no such thing; its value is not repeated.
            SubjectErased: the request brings personal data for someone who was erased.
            UnusableIndex: an index is kept, and cannot take in the contact that it brings.
            TypeError: a field is not of its type, a bug of the caller.
            ValueError: a number needs more than 64 bits, or a time has no zone.
        """
        check_id("by", request.by)
        if request.correlation is not None:
            check_id("correlation", request.correlation)
        if request.id is None:
            base, digest = _numbered(urandom(16)), None
        else:
            check_id("id", request.id)
            base, digest = request_base(self.tenant, f"request/{request.id}"), sha256()
        commands = tuple(
            self._admitted(command, base + place * _EVENTS_A_COMMAND, digest)
            for place, command in enumerate(request.commands)
        )
        return Admitted(
            id=request.id or f"{base:032x}",
            base=base,
            fingerprint=None if digest is None else digest.digest()[:16],
            commands=commands,
            by=request.by,
            correlation=request.correlation,
            claims={
                place: claim
                for place, command in enumerate(request.commands)
                if (claim := self._claim(command)) is not None
            },
        )

    def _claim(self, command: Command) -> Claim | None:
        if not isinstance(command, customer.RegisterCustomer | customer.UpdateCustomerDetails):
            return None
        contact = command.contact
        if not isinstance(contact, Contact):
            return None
        return self.contacts.claim(subject_of(command), contact)

    def prepare(self, requests: Collection[Request]) -> None:
        """Have at hand what admitting all of `requests` takes."""
        self.vault.prepare(
            {
                (subject_of(command), DATA_CLASS[type(value)])
                for request in requests
                for command in request.commands
                for name, _ in BOXED.get(type(command), ())
                if type(value := getattr(command, name)) in DATA_CLASS and _is_fine(command, value)
            }
        )

    def _admitted(self, command: Command, first: int, digest: _Hash | None) -> Command:
        check_command(command)
        admitted = bare = _in_utc(command)
        boxed = BOXED.get(type(command))
        if boxed:
            admitted, bare = self._sealed(admitted, boxed, first, digested=digest is not None)
        if digest is not None:
            encoded = self.encode(said(bare))
            digest.update(type(command).__name__.encode())
            digest.update(len(encoded).to_bytes(8, "big"))
            digest.update(encoded)
        return admitted

    def _sealed(
        self, command: Command, boxed: Sequence[Boxed], first: int, *, digested: bool
    ) -> tuple[Command, Command]:
        subject = subject_of(command)
        boxes: dict[str, Sealed] = {}
        digests: dict[str, Sealed] = {}
        for name, event in boxed:
            value = getattr(command, name)
            if value is None:
                continue
            if isinstance(value, Sealed):
                raise TypeError(f"{type(command).__name__}.{name} is sealed already")
            check(value)
            stored, schema = self.stored_as(event)
            spot = Spot(
                subject=subject,
                type=stored,
                schema=schema,
                event_id=UUID(int=first),
                box=name,
            )
            boxes[name] = self.vault.seal(value, spot)
            if digested:
                digests[name] = Sealed(self.vault.digest(value, subject))
        if not boxes:
            return command, command
        replaced = cast("Callable[..., Command]", evolve)
        admitted = replaced(command, **boxes)
        return admitted, replaced(command, **digests) if digested else admitted


def _is_fine(command: Command, value: Personal) -> bool:
    # What is not fine is refused when it is admitted, and needs no key.
    try:
        check_command(command)
        check(value)
    except (Refusal, TypeError, ValueError):
        return False
    return True


def _in_utc(command: Command) -> Command:
    # One moment has one spelling, so that a repeat from another time zone is the same command.
    start = getattr(command, "effective_from", None)
    if start is not None:
        replaced = cast("Callable[..., Command]", evolve)
        command = replaced(command, effective_from=moment(microseconds(start)))
    at = command.at
    if at.tzinfo is UTC and type(at) is datetime:
        return command
    return evolve(command, at=moment(microseconds(at)))


def subject_of(command_or_event: Command | Event | Retired) -> str:
    """
    Whose personal data a command brings or an event holds: `customer/` and their id.

    Words on an order that nobody is named for belong to that order alone; who serves one is
    `courier/` or `merchant/` and their id.
    """
    if isinstance(command_or_event, protection.NameParty | protection.PartyNamed):
        return f"{command_or_event.party.value}/{command_or_event.who}"
    named = getattr(command_or_event, "customer", None)
    if named is None:
        return f"order/{getattr(command_or_event, 'order', '')}"
    return f"customer/{named}"


def check(value: Personal) -> None:
    """
    Refuse what cannot be personal data of this kind.

    Raises:
        InvalidPersonalData: names the field and the reason, never the value.
    """
    if isinstance(value, Profile) and value.birth_date and value.birth_date < _EARLIEST_BIRTH:
        raise InvalidPersonalData(field="birth_date", reason="lies before 1880")
    for name, text in _texts(value).items():
        if text is None:
            continue
        if not text.strip():
            raise InvalidPersonalData(field=name, reason="is blank")
        if len(text) > _LONGEST_TEXT:
            reason = f"is longer than {_LONGEST_TEXT} characters"
            raise InvalidPersonalData(field=name, reason=reason)
        if not is_text(text):
            raise InvalidPersonalData(field=name, reason="holds characters that are no text")
    if isinstance(value, Payment) and not _CARD_TAIL.fullmatch(value.card_tail):
        raise InvalidPersonalData(field="card_tail", reason="is not four digits")


def _texts(value: Personal) -> dict[str, str | None]:
    match value:
        case Contact(name=name, phone=phone, email=email):
            return {"name": name, "phone": phone, "email": email}
        case Address(text=text):
            return {"address": text}
        case Payment(card_tail=tail, issuer=issuer):
            return {"card_tail": tail, "issuer": issuer}
        case Identity(real_name=real_name, document_number=number):
            return {"real_name": real_name, "document_number": number}
        case Profile(gender=gender, occupation=occupation):
            return {"gender": gender, "occupation": occupation}
        case Content(text=text, extra=extra):
            return {"text": text, **{f"extra column {column}": cell for column, cell in extra}}
        case _:
            assert_never(value)


def boxes_of(event: Event | Retired) -> dict[str, Sealed]:
    """The boxes of an event by the name of their field."""
    return {
        spec.name: value
        for spec in fields(type(event))
        if isinstance(value := getattr(event, spec.name), Sealed)
    }
