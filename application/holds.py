"""Legal holds that stand: what their events add up to."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import frozen

from regulars.application.events import Event, Recorded, moment
from regulars.domain.erasure import LegalHoldPlaced, LegalHoldReleased
from regulars.domain.personal import DataClass
from regulars.domain.values import CustomerId

READ: Final[frozenset[type[Event]]] = frozenset({LegalHoldPlaced, LegalHoldReleased})


@frozen(kw_only=True)
class Hold:
    """Data of a class is kept, whoever asks for its erasure: why, who said so and since when."""

    customer: CustomerId
    data_class: DataClass
    basis: str
    by: str
    at: datetime


def standing(recorded: Iterable[Recorded]) -> list[Hold]:
    """The holds that have not ended, oldest first."""
    found: dict[tuple[CustomerId, DataClass], Hold] = {}
    for one in recorded:
        match one.event:
            case LegalHoldPlaced(customer=customer, classes=classes, basis=basis):
                for data_class in classes:
                    found[customer, data_class] = Hold(
                        customer=customer,
                        data_class=data_class,
                        basis=basis,
                        by=one.actor,
                        at=moment(one.occurred_at),
                    )
            case LegalHoldReleased(customer=customer, classes=classes):
                for data_class in classes:
                    found.pop((customer, data_class), None)
            case _:
                pass
    return list(found.values())
