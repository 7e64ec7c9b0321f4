"""
Certificates of erasure: what the events of a customer's erasures add up to, as evidence.

Nothing in one is personal, and all of it can be computed again from the log.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import asdict, frozen

from regulars.application.events import Recorded, moment
from regulars.domain.erasure import (
    Completed,
    Erasure,
    Event,
    Requested,
    fold,
)
from regulars.domain.evidence import DestroyedKey, Purged, Traces
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject, SubjectErasureRequested
from regulars.domain.values import CustomerId, ErasureId

FORMAT: Final = "regulars erasure certificate"
VERSION: Final = 1


@frozen(kw_only=True)
class Entry:
    """An event that a certificate rests on: where it stands, who asked and when it happened."""

    position: int
    event_id: UUID
    by: str
    at: datetime


@frozen(kw_only=True)
class Completion:
    """Classes that were erased together, and the evidence; see `CustomerErased`."""

    entry: Entry
    classes: tuple[DataClass, ...]
    keys: tuple[DestroyedKey, ...]
    purged: tuple[Purged, ...]
    readable_for: int
    traces: Traces


@frozen(kw_only=True)
class Certificate:
    """
    One erasure of data of one customer, or of a subject that is none, complete or not.

    Of the `classes` asked for, `restricted` are held and kept, `waiting` are to be erased yet,
    and `completions` tell of the others.
    """

    tenant: str
    customer: CustomerId | Subject
    erasure: ErasureId
    basis: str
    requested: Entry
    classes: tuple[DataClass, ...]
    restricted: tuple[DataClass, ...]
    waiting: tuple[DataClass, ...]
    completions: tuple[Completion, ...]

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is erased."""
        return not (self.restricted or self.waiting)

    def document(self) -> dict[str, object]:
        """The certificate in JSON's terms; docs/privacy.md describes it."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "tenant": self.tenant,
            **subject_document(self.customer),
            "erasure": self.erasure,
            "basis": self.basis,
            "complete": self.complete,
            "requested": _entry(self.requested),
            "classes": _words(self.classes),
            "restricted": _words(self.restricted),
            "waiting": _words(self.waiting),
            "completions": [
                {
                    **_entry(one.entry),
                    "classes": _words(one.classes),
                    "keys": [
                        asdict(key) | {"data_class": key.data_class.value} for key in one.keys
                    ],
                    "purged": {purged.place: purged.entries for purged in one.purged},
                    "readable_for_seconds": one.readable_for,
                    "traces": one.traces.value,
                }
                for one in self.completions
            ],
        }


def certificates(recorded: Iterable[Recorded]) -> list[Certificate]:
    """The certificates of every erasure in the events of one subject, oldest first."""
    state = Erasure()
    told = [(one, one.event) for one in recorded if isinstance(one.event, Event)]
    for one, event in told:
        fold(state, event, moment(one.occurred_at))
    asked = [(one, event) for one, event in told if isinstance(event, Requested)]
    done = [(one, event) for one, event in told if isinstance(event, Completed)]
    return [
        _certificate(one, request, state, [(of, end) for of, end in done if _ends(request, end)])
        for one, request in asked
    ]


def _ends(request: Requested, end: Completed) -> bool:
    return request.erasure == end.erasure


def _certificate(
    one: Recorded,
    request: Requested,
    state: Erasure,
    done: list[tuple[Recorded, Completed]],
) -> Certificate:
    # What a later erasure took over is left until that one has done it.
    ended = {data for _, end in done for data in end.classes}
    left = [data for data in request.classes if data in state.pending.keys() - ended]
    return Certificate(
        tenant=one.tenant,
        customer=request.subject
        if isinstance(request, SubjectErasureRequested)
        else request.customer,
        erasure=request.erasure,
        basis=request.basis,
        requested=_told(one),
        classes=request.classes,
        restricted=tuple(data for data in left if data in state.held),
        waiting=tuple(data for data in left if data not in state.held),
        completions=tuple(
            Completion(
                entry=_told(of),
                classes=end.classes,
                keys=end.keys,
                purged=end.purged,
                readable_for=end.readable_for,
                traces=end.traces,
            )
            for of, end in done
        ),
    )


def _told(one: Recorded) -> Entry:
    return Entry(
        position=one.position,
        event_id=UUID(bytes=one.event_id),
        by=one.actor,
        at=moment(one.occurred_at),
    )


def subject_document(customer: str | Subject) -> dict[str, object]:
    """Whose data it is, in JSON's terms: a customer, or another kind of subject, and their id."""
    if isinstance(customer, Subject):
        return {customer.kind.value: customer.id}
    return {"customer": customer}


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "position": entry.position,
        "event_id": str(entry.event_id),
        "by": entry.by,
        "at": entry.at.isoformat(),
    }


def _words(classes: Iterable[DataClass]) -> list[str]:
    return [one.value for one in classes]
