"""Legal holds that stand: what their events add up to."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final, get_args

from attrs import frozen

from regulars.application.events import Event, Recorded, moment
from regulars.domain.erasure import (
    HoldPlaced,
    HoldReleased,
    LegalHoldPlaced,
    LegalHoldReleased,
    still_holding,
)
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject, SubjectHoldPlaced, SubjectHoldReleased
from regulars.domain.values import CustomerId

READ: Final[frozenset[type[Event]]] = frozenset((*get_args(HoldPlaced), *get_args(HoldReleased)))


@frozen(kw_only=True)
class Hold:
    """Data of a class is kept, whoever asks for its erasure: why, who said so and since when."""

    customer: CustomerId | Subject
    data_class: DataClass
    basis: str
    by: str
    at: datetime


def ended(recorded: Sequence[Recorded]) -> set[DataClass]:
    """The classes of one subject that were held once, and are not any more."""
    placed = (one.event for one in recorded if isinstance(one.event, HoldPlaced))
    held = {one.data_class for one in standing(recorded)}
    return {one for event in placed for one in event.classes} - held


def standing(recorded: Iterable[Recorded]) -> list[Hold]:
    """The holds that have not ended, oldest first."""
    found: dict[tuple[CustomerId | Subject, DataClass], dict[str, Hold]] = {}
    for one in recorded:
        match one.event:
            case LegalHoldPlaced() | SubjectHoldPlaced():
                for data_class in one.event.classes:
                    placed = found.setdefault((_whose(one.event), data_class), {})
                    placed[one.event.basis] = Hold(
                        customer=_whose(one.event),
                        data_class=data_class,
                        basis=one.event.basis,
                        by=one.actor,
                        at=moment(one.occurred_at),
                    )
            case LegalHoldReleased() | SubjectHoldReleased():
                for data_class in one.event.classes:
                    whose = _whose(one.event), data_class
                    holds = found.pop(whose, {})
                    left = still_holding(holds, one.event.basis)
                    found[whose] = {basis: holds[basis] for basis in holds if basis in left}
            case _:
                pass
    every = (one for holds in found.values() for one in holds.values())
    return sorted(every, key=attrgetter("at"))


def _whose(event: HoldPlaced | HoldReleased) -> CustomerId | Subject:
    if isinstance(event, LegalHoldPlaced | LegalHoldReleased):
        return event.customer
    return event.subject
