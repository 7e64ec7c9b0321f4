"""What a person takes along: what they gave, what they did, and who used it for what."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from attrs import Factory, define, frozen

from regulars.application.boxed import boxes_of, subject_of
from regulars.application.events import Event, Recorded, Retired, moment
from regulars.application.ports import EventLog
from regulars.application.reading import BoxIn, Outcome
from regulars.application.shelf import OlderValues, Placed
from regulars.domain import customer, order
from regulars.domain.actor import AccessRecorded
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn
from regulars.domain.coupon import (
    CouponExpired,
    CouponIssued,
    CouponReservationReleased,
    CouponRestored,
    CouponRevoked,
)
from regulars.domain.customer import Customer
from regulars.domain.empty import empty
from regulars.domain.erasure import CustomerErased, LegalHoldPlaced, LegalHoldReleased
from regulars.domain.order import Order
from regulars.domain.purchase import OrderPlaced
from regulars.domain.reading import Denial, ReadingPolicy
from regulars.domain.subject import Subject
from regulars.domain.values import CouponId, CustomerId, ProgramId, Refusal

_NAMING: Final = ("customer", "referrer", "referee")
_OF_A_COUPON: Final = (CouponReservationReleased, CouponRestored, CouponExpired, CouponRevoked)
"""What happens to a coupon without naming whose it is."""
_KEPT_QUIET: Final = (LegalHoldPlaced, LegalHoldReleased)
"""What would warn somebody of an inquiry into them: others rely on it (GDPR 15(4), 23)."""


@frozen(kw_only=True)
class ExportDenied(Refusal):
    """Who asks for a portable copy may not have it. Tells nothing about the person."""

    reason: Denial

    def __str__(self) -> str:
        return f"the export is denied: {self.reason.value}"


@define
class Gathered:
    """
    What the log has of a customer in clear, and the boxes of their orders and reviews.

    `facts` are all events that name them but for legal holds, and those of `coupons`, which were
    issued to them. `older` counts what they replaced or took away.
    """

    facts: list[tuple[datetime, Event]] = empty(list[tuple[datetime, Event]])
    coupons: set[tuple[ProgramId, CouponId]] = empty(set[tuple[ProgramId, CouponId]])
    orders: dict[str, Order] = empty(dict[str, Order])
    boxes: list[BoxIn] = empty(list[BoxIn])
    consents: list[tuple[datetime, ConsentGranted | ConsentWithdrawn]] = empty(
        list[tuple[datetime, ConsentGranted | ConsentWithdrawn]]
    )
    accesses: list[tuple[datetime, AccessRecorded]] = empty(list[tuple[datetime, AccessRecorded]])
    older: OlderValues = Factory(OlderValues)


@frozen(kw_only=True)
class Given:
    """A value that the person gave: where it stands, and what came of opening it."""

    found: Placed
    outcome: Outcome


@frozen(kw_only=True)
class Portable:
    """
    A portable copy. What can be summed up from its facts, such as a balance, is left out.

    `records` are the customer and whoever was merged into them, of whom it tells too; who only
    serves orders has none.
    """

    export_id: str
    whose: CustomerId | Subject
    records: tuple[CustomerId, ...]
    made_at: datetime
    given: tuple[Given, ...]
    person: Customer
    theirs: Gathered
    policy: ReadingPolicy


def gathered(log: EventLog, records: Collection[CustomerId]) -> Gathered:
    """All that concerns these customers, in one pass over the log, as long as that takes."""
    theirs, subjects = Gathered(), {f"customer/{one}" for one in records}
    for recorded in log.read():
        event, at = recorded.event, moment(recorded.occurred_at)
        if not isinstance(event, Retired) and _is_theirs(theirs, event, records):
            theirs.facts.append((at, event))
        if isinstance(event, CustomerErased) or (
            isinstance(event, customer.Event) and event.customer in records
        ):
            theirs.older.learn(event)
        match event:
            case AccessRecorded(looks=looks):
                if any(look.subject in subjects for look in looks):
                    theirs.accesses.append((at, event))
            case ConsentGranted() | ConsentWithdrawn():
                if event.customer in records:
                    theirs.consents.append((at, event))
            case _ if isinstance(event, order.Event):
                _gather(theirs, recorded, event, subjects)
            case _:
                pass
    return theirs


def _is_theirs(theirs: Gathered, event: Event, records: Collection[str]) -> bool:
    if isinstance(event, _KEPT_QUIET):
        return False
    if isinstance(event, _OF_A_COUPON):
        return (event.program, event.coupon) in theirs.coupons
    named = any(getattr(event, name, None) in records for name in _NAMING)
    if named and isinstance(event, CouponIssued):
        theirs.coupons.add((event.program, event.coupon))
    return named


def _gather(
    theirs: Gathered, recorded: Recorded, event: order.Event, subjects: Collection[str]
) -> None:
    if isinstance(event, OrderPlaced) and subject_of(event) in subjects:
        theirs.orders[event.order] = Order()
    state = theirs.orders.get(event.order)
    if state is not None:
        order.fold(state, event, moment(recorded.occurred_at))
    # Who serves an order has told things of themselves there, which are not the customer's.
    if state is not None and subject_of(event) in subjects:
        theirs.boxes += [BoxIn(recorded=recorded, field=name) for name in boxes_of(event)]
