"""
The access log: who asked to read whose personal data, for what, and what came of it.

And what became of who read too much, or asked to write in a role that may not.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from heapq import merge
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias

from attrs import define, frozen

from regulars.application.aggregates import actor_stream, customer_stream
from regulars.application.customer import CUSTOMERS, RecordsOf
from regulars.application.events import Event, Happened, moment
from regulars.application.queries import Query, ViewRows
from regulars.application.questions import Look as Sight
from regulars.application.questions import Question
from regulars.application.views import Key, View
from regulars.domain.actor import (
    AccessRecorded,
    Actor,
    ActorReinstated,
    ActorSuspended,
    Look,
    WriteRefused,
)
from regulars.domain.values import CustomerId


@define
class AccessEntry:
    """
    One value that was asked for, by the position of its record and its number in that, from 1.

    `bulk` is 1 where the record was of many values at once. Times are microseconds.
    """

    position: int
    number: int
    subject: str = ""
    role: str = ""
    actor: str = ""
    purpose: str = ""
    data_class: str = ""
    outcome: str = ""
    denial: str | None = None
    order_id: str | None = None
    reason: str | None = None
    bulk: int = 0
    occurred_at: int = 0


class _Part(NamedTuple):
    recorded: AccessRecorded
    look: Look
    occurred_at: int


def _parts(recorded: Happened) -> Iterable[tuple[Key, _Part]]:
    event: Any = recorded.event  # the view reads no other class
    return (
        ((recorded.position, number), _Part(event, look, recorded.occurred_at))
        for number, look in enumerate(event.looks, 1)
    )


def _fold(row: AccessEntry, part: _Part) -> None:
    recorded, look, row.occurred_at = part
    row.subject = look.subject
    row.role = recorded.role
    row.actor = recorded.actor
    row.purpose = recorded.purpose
    row.data_class = look.data_class
    row.outcome = look.outcome
    row.denial = look.denial
    row.order_id = recorded.order
    row.reason = recorded.reason
    row.bulk = int(recorded.bulk)


ACCESSES: Final[View[AccessEntry, _Part]] = View(
    name="accesses",
    version=1,
    row=AccessEntry,
    key=("position", "number"),
    reads=frozenset({AccessRecorded}),
    parts=_parts,
    fold=_fold,
    indexes=("subject", "actor"),
)


@frozen(kw_only=True)
class Access:
    """One value that somebody asked for. Nothing of the value is in it."""

    position: int
    at: datetime
    actor: Actor
    purpose: str
    subject: str
    data_class: str
    outcome: str
    denial: str | None
    order: str | None
    reason: str | None
    bulk: bool


@frozen(kw_only=True)
class AccessLog(Query[tuple[Access, ...]]):
    """
    Who asked to read personal data, oldest first.

    That of a customer, and of whoever was merged into them; what a reader asked for; or both. All
    of it where neither is named.
    """

    views: ClassVar[tuple[View[Any, Any], ...]] = (ACCESSES, CUSTOMERS)

    customer: CustomerId | None = None
    actor: Actor | None = None

    def streams(self) -> Collection[str] | None:
        """Those of the reader and the customer, if one reads; else any may hold something."""
        if self.actor is None:
            return None
        whose = [] if self.customer is None else [customer_stream(self.customer)]
        return [actor_stream(self.actor), *whose]

    def concerns(self, view: View[Any, Any], key: Key) -> bool:
        """Every access, and the customer's row for who was merged into them."""
        return view is not CUSTOMERS or key == (self.customer,)

    def answer(self, rows: ViewRows) -> tuple[Access, ...]:
        """The accesses in the order of the log."""
        equal: dict[str, str | int] = {}
        if self.actor is not None:
            equal |= {"role": self.actor.role, "actor": self.actor.id}
        if self.customer is None:
            found = rows.rows(ACCESSES, **equal)
        else:
            whose = RecordsOf(customer=self.customer).answer(rows)
            each = [rows.rows(ACCESSES, subject=f"customer/{one}", **equal) for one in whose]
            found = merge(*map(list, each), key=lambda row: (row.position, row.number))
        return tuple(
            Access(
                position=row.position,
                at=moment(row.occurred_at),
                actor=Actor(role=row.role, id=row.actor),
                purpose=row.purpose,
                subject=row.subject,
                data_class=row.data_class,
                outcome=row.outcome,
                denial=row.denial,
                order=row.order_id,
                reason=row.reason,
                bulk=bool(row.bulk),
            )
            for row in found
        )


Happening: TypeAlias = ActorSuspended | ActorReinstated | WriteRefused
"""What becomes of an actor beside what they read."""

_HAPPENINGS: Final[frozenset[type[Event]]] = frozenset(
    {ActorSuspended, ActorReinstated, WriteRefused}
)


@frozen(kw_only=True)
class Incident:
    """A reader was suspended or reinstated, or somebody was refused what they asked to write."""

    position: int
    at: datetime
    event: Happening


@frozen(kw_only=True)
class Incidents(Question[tuple[Incident, ...]]):
    """What became of an actor, or of everybody, beside what they read; oldest first."""

    actor: Actor | None = None

    def answer(self, look: Sight) -> tuple[Incident, ...]:
        """What happened by then, in the order of the log."""
        told = (
            look.everywhere(_HAPPENINGS)
            if self.actor is None
            else look.events(actor_stream(self.actor))
        )
        return tuple(
            Incident(position=one.position, at=moment(one.occurred_at), event=one.event)
            for one in told
            if isinstance(one.event, Happening)
        )
