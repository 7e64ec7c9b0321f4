"""
What can go wrong between a command and the log.

    Exception
    +-- Refusal                 (domain) the command cannot be; each aggregate names its own
    |   +-- InvalidId             an id is blank, too long or no text
    |   +-- ReservedId            an id is one of those that the product makes itself
    |   +-- InvalidText           a text holds half a character
    |   +-- InvalidPersonalData   a personal field is no such thing; the value is not repeated
    |   +-- IdempotencyConflict   the command id was used before, for another command
    |   +-- MayNotWrite           the role of who asks may read at most
    |   +-- NotInPolicy           a consent or an objection is about what the policy does not name
    |   +-- NotToObjectTo         an objection is to what the law demands, and would stop nothing
    |   +-- SubjectErased         personal data for someone who was erased
    |   +-- ErasureWaits          personal data for someone whose erasure was asked for
    |   +-- TooFarAhead           a command is dated too far beyond the clock
    |   +-- ContactTaken          (contacts) another customer has the phone number or e-mail address
    +-- StaleHistory            somebody else appended first: load, decide, append again
    +-- AlreadyRecorded         an event id is in the log: the command is a repeat
    +-- StorageUnavailable      the store is locked, full, read-only, broken or gone
    +-- UndecodableEvent        a stored event is not what its name promises
    +-- AheadOfLog              a follower is at a position that the log never gave
    +-- UnknownView             there is no view of that name
    +-- ContactsShared          (contacts) customers share what is to be unique
    +-- UnusableIndex           customers cannot be found, or contacts not be taken in, for now
    +-- NotOurDatabase          the file or schema is not a database of this product
    +-- OlderFormat             its tables are of an older format: migrate them
"""

from datetime import datetime, timedelta

from attrs import frozen

from regulars.domain.values import Refusal


@frozen(kw_only=True)
class InvalidPersonalData(Refusal):
    """A personal field is no such thing. The value itself is never repeated."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@frozen(kw_only=True)
class InvalidId(Refusal):
    """An id is blank, longer than 200 characters, or holds control characters."""

    field: str

    def __str__(self) -> str:
        return f"{self.field}: an id is 1 to 200 characters, not blank, without control characters"


@frozen(kw_only=True)
class ReservedId(Refusal):
    """An id begins with a word that the product names things of its own by, or lacks one."""

    field: str
    word: str
    lacking: bool = False

    def __str__(self) -> str:
        if self.lacking:
            return f"{self.field}: an id of this kind has to begin with {self.word}/"
        return f"{self.field}: ids that begin with {self.word}/ are made by the product alone"


@frozen(kw_only=True)
class InvalidText(Refusal):
    """A text holds a NUL or half a character, a lone surrogate, that no database can keep."""

    field: str

    def __str__(self) -> str:
        return f"{self.field}: the text holds a NUL or half a character"


@frozen(kw_only=True)
class IdempotencyConflict(Refusal):
    """The command id was used before, for another command."""

    command_id: str

    def __str__(self) -> str:
        return f"command id {self.command_id} was used before, with other content"


@frozen(kw_only=True)
class MayNotWrite(Refusal):
    """Who asks does so in a role that the policy lets read at most; the attempt is recorded."""

    role: str

    def __str__(self) -> str:
        return f"the role {self.role} may not write"


@frozen(kw_only=True)
class NotInPolicy(Refusal):
    """A consent or an objection is about what the policy does not name, and nothing would heed."""

    field: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field}: the policy names none such; it knows {', '.join(self.known)}"


@frozen(kw_only=True)
class NotToObjectTo(Refusal):
    """An objection is to what is done for a legal duty alone, which it does not stop (GDPR 21)."""

    purpose: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"purpose: {self.purpose} is a legal duty, which no objection stops;"
            f" one may object to {', '.join(self.known)}"
        )


@frozen(kw_only=True)
class SubjectErased(Refusal):
    """The subject's data of this class was destroyed for good; no more is taken in."""

    subject: str
    data_class: str

    def __str__(self) -> str:
        return f"{self.data_class} data of {self.subject} was erased; none is accepted"


@frozen(kw_only=True)
class ErasureWaits(Refusal):
    """
    The subject's data of this class waits for its erasure, which would destroy this too.

    A legal hold keeps it back, or it was cut short. `requested_at` is when it was asked for.
    """

    subject: str
    data_class: str
    erasure: str
    requested_at: datetime

    def __str__(self) -> str:
        return (
            f"{self.data_class} data of {self.subject} waits for erasure {self.erasure}, requested"
            f" at {self.requested_at.isoformat()}; none is accepted, for it would be destroyed too"
        )


@frozen(kw_only=True)
class TooFarAhead(Refusal):
    """A command is dated more than `ahead` beyond what the `clock` of the core showed."""

    command: str
    at: datetime
    clock: datetime
    ahead: timedelta
    field: str = "at"

    @property
    def why(self) -> str:
        """What is wrong with the field, in words."""
        ahead = str(self.ahead).removesuffix(", 0:00:00")
        return (
            f"is {self.at.isoformat()}, more than {ahead} beyond the clock, which shows"
            f" {self.clock.isoformat()}"
        )

    def __str__(self) -> str:
        return f"{self.command}.{self.field} {self.why}"


@frozen(kw_only=True)
class StaleHistory(Exception):
    """Somebody else appended to the stream first, or a version was left out."""

    stream: str

    def __str__(self) -> str:
        return f"stream {self.stream} does not end where the append begins"


@frozen(kw_only=True)
class AlreadyRecorded(Exception):
    """An event id of the append is in the log already."""

    def __str__(self) -> str:
        return "an event with this id is in the log already"


@frozen(kw_only=True)
class StorageUnavailable(Exception):
    """The store is locked, full, read-only, broken or gone. Nothing was kept of the transaction."""

    store: str
    why: str

    def __str__(self) -> str:
        return f"{self.store}: {self.why}"


@frozen(kw_only=True)
class UndecodableEvent(Exception):
    """A stored event is not what its name promises. Names the place, never the content."""

    position: int
    type: str
    schema: int

    def __str__(self) -> str:
        return f"event {self.position} is no {self.type} of schema version {self.schema}"


@frozen(kw_only=True)
class NotOurDatabase(Exception):
    """The file or schema holds something else, or a newer format than this version reads."""

    store: str
    why: str

    def __str__(self) -> str:
        return f"{self.store}: {self.why}"


@frozen(kw_only=True)
class OlderFormat(Exception):
    """The tables are of an older format than this version uses, and were left as they are."""

    store: str
    found: int
    needed: int

    def __str__(self) -> str:
        return (
            f"{self.store}: its tables are of format {self.found}, and this version needs format"
            f" {self.needed}: back it up, then run `regulars log migrate`"
        )


@frozen(kw_only=True)
class UnusableIndex(Exception):
    """The contact index is not kept, not filled, or lacks what it needs. Holds no value."""

    why: str

    def __str__(self) -> str:
        return f"the contact index {self.why}"


@frozen(kw_only=True)
class AheadOfLog(Exception):
    """A follower is at a position that the log never gave: it has followed another, or its end."""

    position: int
    head: int

    def __str__(self) -> str:
        return (
            f"the position {self.position} was never given: the log ends at {self.head}; it is"
            " another log, or one that came from an older backup"
        )


@frozen(kw_only=True)
class UnknownView(Exception):
    """There is no view of that name."""

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"there is no view {self.name}; there are {', '.join(self.known)}"
