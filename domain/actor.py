"""A reader of personal data: what they asked to read, and whether they still may."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.codes import require_code
from regulars.domain.empty import empty
from regulars.domain.reading import MOST_READS, Limit
from regulars.domain.values import OrderId, Refusal

OFFICER: Final = "privacy_officer"
"""The role that lets a suspended reader go on."""

DENIED: Final = "denied"
"""The outcome of a look that showed nothing because it was not allowed."""

FOUND: Final = "found"
NOBODY: Final = "nobody"
"""The outcomes of looking somebody up by what they are reached by: they, or nobody at all."""


@frozen(kw_only=True)
class Actor:
    """Who reads: a role of the policy, and an opaque id, which must not be personal data."""

    role: str
    id: str


@frozen(kw_only=True)
class Look:
    """
    One value that somebody asked for: whose, of which class, and what came of it.

    `outcome` is `revealed`, `masked`, `erased`, `tampered`, `key_unavailable`, `not_kept`,
    `several_kept` or `denied`; `denial` says why it was denied. Of a look-up by a phone number or
    an e-mail address it is `found`, or `nobody` or `denied` with an empty `subject`.
    """

    subject: str
    data_class: str
    outcome: str
    denial: str | None = None


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class AccessRecorded:
    """
    Somebody asked to read personal data, for a purpose; a batch is one record of many looks.

    `reason` is a code, such as `ticket-12`, and never a person's words.
    """

    role: str
    actor: str
    purpose: str
    looks: tuple[Look, ...]
    order: OrderId | None = None
    reason: str | None = None
    bulk: bool = False


@frozen(kw_only=True)
class ActorSuspended:
    """They read too much at once: so many values in so many seconds. They read nothing more."""

    role: str
    actor: str
    reads: int
    seconds: int


@frozen(kw_only=True)
class ActorReinstated:
    """A privacy officer looked into it, and they may read again."""

    role: str
    actor: str
    officer: str
    reason: str | None = None


@frozen(kw_only=True)
class WriteRefused:
    """They asked for these commands, by their names, in a role that may write nothing."""

    role: str
    actor: str
    commands: tuple[str, ...]


Event: TypeAlias = AccessRecorded | ActorSuspended | ActorReinstated | WriteRefused


@define
class Conduct:
    """The state of one reader, written by `fold` alone: the latest reads, and how many each was."""

    suspended: bool = False
    recent: list[tuple[datetime, int]] = empty(list[tuple[datetime, int]])

    def reads_since(self, moment: datetime) -> int:
        """How many values were read after `moment`, of those that are remembered."""
        return sum(reads for at, reads in self.recent if at > moment)


def fold(state: Conduct, event: Event, at: datetime) -> None:
    """Record in `state` what happened at `at`."""
    match event:
        case AccessRecorded(looks=looks):
            reads = sum(look.outcome != DENIED for look in looks)
            if reads:
                state.recent.append((at, reads))
                # No limit counts further back.
                del state.recent[:-MOST_READS]
        case ActorSuspended():
            state.suspended = True
        case ActorReinstated():
            state.suspended = False
            state.recent.clear()
        case WriteRefused():
            pass
        case _:
            assert_never(event)


@frozen(kw_only=True)
class RecordAccess:
    """
    Record what was asked for. `wanted` counts what the rules allowed, whatever the limit says.

    The gate says this, before it hands out a value; nobody else has a reason to.
    """

    actor: Actor
    at: datetime
    purpose: str
    looks: tuple[Look, ...]
    wanted: int
    limit: Limit | None = None
    order: OrderId | None = None
    reason: str | None = None
    bulk: bool = False


@frozen(kw_only=True)
class ReinstateActor:
    """Let a suspended reader go on. `officer` is a privacy officer, and somebody else."""

    actor: Actor
    at: datetime
    officer: Actor
    reason: str | None = None


@frozen(kw_only=True)
class RecordRefusal:
    """Record that commands were refused because of the role of who asked for them."""

    actor: Actor
    at: datetime
    commands: tuple[str, ...]


Command: TypeAlias = RecordAccess | ReinstateActor | RecordRefusal


@frozen(kw_only=True)
class NotAnOfficer(Refusal):
    """Only another person, in the role of a privacy officer, reinstates."""

    actor: str

    def __str__(self) -> str:
        return f"only a {OFFICER} who is somebody else reinstates {self.actor}"


def decide(command: Command, state: Conduct) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's, when the command cannot be.
    """
    match command:
        case RecordAccess(actor=actor):
            return _record(command, actor, state)
        case ReinstateActor(actor=actor, officer=officer):
            if officer.role != OFFICER or officer.id == actor.id:
                raise NotAnOfficer(actor=actor.id)
            require_code("reason", command.reason)
            if not state.suspended:
                return []
            return [
                ActorReinstated(
                    role=actor.role, actor=actor.id, officer=officer.id, reason=command.reason
                )
            ]
        case RecordRefusal(actor=actor, commands=commands):
            return [WriteRefused(role=actor.role, actor=actor.id, commands=commands)]
        case _:
            assert_never(command)


def _record(command: RecordAccess, actor: Actor, state: Conduct) -> Sequence[Event]:
    for name, code in (("purpose", command.purpose), ("reason", command.reason)):
        require_code(name, code)
    recorded = AccessRecorded(
        role=actor.role,
        actor=actor.id,
        purpose=command.purpose,
        looks=command.looks,
        order=command.order,
        reason=command.reason,
        bulk=command.bulk,
    )
    limit = command.limit
    if limit is None or state.suspended:
        return [recorded]
    reads = read_within(state, limit, command.at) + command.wanted
    if reads < limit.reads:
        return [recorded]
    suspended = ActorSuspended(role=actor.role, actor=actor.id, reads=reads, seconds=limit.seconds)
    return [recorded, suspended]


def read_within(state: Conduct, limit: Limit, at: datetime) -> int:
    """How many values a reader read in the stretch that `limit` looks at, up to `at`."""
    return state.reads_since(at - timedelta(seconds=limit.seconds))
