"""
The door: personal fields of a command are checked and sealed here; past it no plaintext exists.

One box holds the values of one subject and data class, bound to the event that will carry it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from os import urandom
from typing import Final, NamedTuple, Protocol, cast

from attrs import evolve, frozen

from regulars.application.boxed import BOXED, Boxed, is_bare, replaced, subject_of
from regulars.application.contacts import Claim, Contacts
from regulars.application.errors import MayNotWrite
from regulars.application.events import Command, Event, EventId, microseconds, moment
from regulars.application.fields import check_command, check_id, said
from regulars.application.own_ids import check_own
from regulars.application.personal import check
from regulars.application.ports import Spot, Vault
from regulars.application.wishes import check_wish
from regulars.domain import customer
from regulars.domain.actor import Actor, NotAnOfficer, RecordAccess, RecordRefusal, ReinstateActor
from regulars.domain.personal import DATA_CLASS, Contact, Personal, Sealed
from regulars.domain.reading import ReadingPolicy
from regulars.domain.rights import RecordExport
from regulars.domain.values import Refusal

_EVENTS_A_COMMAND: Final = 256
_FREE: Final = 0xFFFFFFFF_FFFF_0FFF_3FFF_FFFFFF000000
_VERSION_8: Final = 0x00000000_0000_8000_8000_000000000000


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


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


def are_bare(requests: Collection[Request]) -> bool:
    """Whether none of these requests brings personal data, so that nothing is sealed for them."""
    return all(is_bare(command) for request in requests for command in request.commands)


def _is_own_read(command: Command, by: str) -> bool:
    """Whether a command tells what who asks has read, as the gate has it recorded."""
    match command:
        case RecordAccess(actor=actor):
            return by == f"{actor.role}:{actor.id}"
        case RecordExport(recipient=recipient):
            return by == recipient
        case _:
            return False


def asker(by: str) -> Actor:
    """The role and the id of who asks, where `by` has both, as in `support:s-7`."""
    role, _, name = by.partition(":")
    return Actor(role=role, id=name or role)


def refusal_of(request: Request, at: datetime) -> RecordRefusal:
    """What is recorded of a request that was refused because of the role of who asks."""
    kinds = tuple(type(command).__name__ for command in request.commands)
    return RecordRefusal(actor=asker(request.by), at=at, commands=kinds)


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

    `contacts` makes tokens of what customers are found by, while it can still be read. Who asks in
    a role that may read at most, by the `policy`, gets in with nothing but the records of their
    own reads.
    """

    tenant: str
    vault: Vault
    stored_as: Callable[[type[Event]], tuple[str, int]]
    encode: Callable[[object], bytes]
    contacts: Contacts
    policy: ReadingPolicy

    def admit(self, request: Request) -> Admitted:
        """
        The request with every personal field sealed.

        Raises:
            InvalidId: an id is blank, too long or no text.
            ReservedId: an id is one of those that the product makes itself.
            HeldForOrder: points are let go of in the name of an order.
            MayNotWrite: the role of who asks may read at most.
            NotAnOfficer: who asks is suspended, and would let themselves go on.
            NotInPolicy: a consent or an objection is about what the policy does not name.
            NotToObjectTo: an objection is to what is done for a legal duty.
            InvalidPersonalData: a field is no such thing; its value is not repeated.
            SubjectErased: the request brings personal data for someone who was erased.
            ErasureWaits: it does for someone who is to be.
            UnusableIndex: an index is kept, and cannot take in the contact that it brings.
            TypeError: a field is not of its type, a bug of the caller.
            ValueError: a number needs more than 64 bits, or a time has no zone.
        """
        try:
            return self._admit(request)
        except Exception as error:  # noqa: BLE001 - whichever it is, it is raised again
            # The frames inside hold personal values as text, and reports of errors show frames.
            raise error.with_traceback(None) from error.__cause__

    def _admit(self, request: Request) -> Admitted:
        check_id("by", request.by)
        role = request.by.partition(":")[0]
        if role in self.policy.read_only and not all(
            _is_own_read(one, request.by) for one in request.commands
        ):
            raise MayNotWrite(role=role)
        for one in request.commands:
            if isinstance(one, ReinstateActor) and one.actor == asker(request.by):
                raise NotAnOfficer(actor=one.actor.id)
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
        check_own(command)
        check_wish(command, self.policy)
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
        subject, event_id = subject_of(command), EventId(first.to_bytes(16, "big"))
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
            spot = Spot(subject=subject, type=stored, schema=schema, event_id=event_id, box=name)
            boxes[name] = self.vault.seal(value, spot)
            if digested:
                digests[name] = Sealed(self.vault.digest(value, subject))
        if not boxes:
            return command, command
        admitted = replaced(command, boxes)
        return admitted, replaced(command, digests) if digested else admitted


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
