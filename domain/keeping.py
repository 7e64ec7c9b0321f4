"""
What is kept of a data subject: what starts the clocks of retention, and whose time is over.

It is folded from what they gave, did and wanted, over all streams that concern them. Merged
customers are one person: `joined`, what each of them did keeps the data of all. An order that no
customer is named for is a subject by itself, and so is whoever serves orders: `serve`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar, assert_never

from attrs import define, frozen

from regulars.domain import customer, erasure, records
from regulars.domain.bank_card import BankCardBound, BankCardUnbound
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn
from regulars.domain.customer import (
    CustomerDetailsUpdated,
    CustomerRegistered,
    DeliveryAddressAdded,
    DeliveryAddressRemoved,
)
from regulars.domain.empty import empty
from regulars.domain.erasure import (
    Completed,
    CustomerErased,
    Erasure,
    ErasureRequested,
    LegalHoldPlaced,
    LegalHoldReleased,
    NewLifeAuthorised,
)
from regulars.domain.order import (
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderPickedUp,
    OrderReady,
    PreparationStarted,
    StepEvent,
)
from regulars.domain.personal import DataClass, Sealed
from regulars.domain.protection import CourierAssigned, OrderRedirected, PartyNamed
from regulars.domain.purchase import OrderPlaced
from regulars.domain.real_name import RealNameVerified
from regulars.domain.records import (
    CustomerAbsorbed,
    CustomerMergeReverted,
    CustomerSeparated,
    CustomersMerged,
    Records,
)
from regulars.domain.refund import RefundIssued
from regulars.domain.retention import Retention, Since, kind_of
from regulars.domain.review import ReviewSubmitted
from regulars.domain.rights import (
    ObjectionWithdrawn,
    PersonalDataExported,
    PrivacyPolicyAccepted,
    ProcessingObjected,
    ProcessingRestricted,
    RestrictionLifted,
)
from regulars.domain.subject import (
    Subject,
    SubjectErasureCompleted,
    SubjectErasureRequested,
    SubjectHoldPlaced,
    SubjectHoldReleased,
    SubjectLifeAuthorised,
)
from regulars.domain.values import CustomerId

Named: TypeAlias = PartyNamed | CourierAssigned
"""What tells who serves an order."""

Bought: TypeAlias = (
    OrderPlaced
    | StepEvent
    | OrderRedirected
    | OrderCancelled
    | RefundIssued
    | ReviewSubmitted
    | Named
)
"""What happens of an order, and concerns its customer and everybody who serves it."""

OfCustomer: TypeAlias = (
    customer.Event
    | ErasureRequested
    | CustomerErased
    | LegalHoldPlaced
    | LegalHoldReleased
    | NewLifeAuthorised
)
OfSubject: TypeAlias = (
    SubjectErasureRequested
    | SubjectErasureCompleted
    | SubjectHoldPlaced
    | SubjectHoldReleased
    | SubjectLifeAuthorised
)
Event: TypeAlias = OfCustomer | OfSubject | Bought
"""What starts a clock, or keeps one from counting."""


_Key = TypeVar("_Key")


@define
class Kept:
    """
    What is kept of one subject and since when, written by `fold` and `serve` alone.

    `given` has the classes of which there is something that was not erased. `consents` are by
    purpose and channel, with when they end by themselves; `withdrawn` is by purpose. `erasure` is
    None where there never was an erasure or a hold, and `records` where there never was a merge.
    """

    given: dict[DataClass, datetime] = empty(dict[DataClass, datetime])
    ordered: datetime | None = None
    active: datetime | None = None
    consents: dict[tuple[str, str | None], datetime | None] | None = None
    withdrawn: dict[str, datetime] | None = None
    restricted: frozenset[DataClass | None] = frozenset()
    erasure: Erasure | None = None
    records: Records | None = None

    @property
    def into(self) -> CustomerId | None:
        """Who speaks for the customer, if another does."""
        return None if self.records is None else self.records.into

    @property
    def others(self) -> tuple[CustomerId, ...]:
        """For whom the customer speaks beside themselves."""
        return () if self.records is None else self.records.others

    def is_kept_back(self, data_class: DataClass) -> bool:
        """Whether a class is held, or restricted: kept, whatever its time (GDPR 18, PIPL 47)."""
        held = self.erasure is not None and data_class in self.erasure.held
        return held or data_class in self.restricted or None in self.restricted


def fold(state: Kept, event: Event, at: datetime) -> None:
    """Record in `state` what happened."""
    match event:
        case PersonalDataExported():
            return
        case (
            ErasureRequested()
            | CustomerErased()
            | LegalHoldPlaced()
            | LegalHoldReleased()
            | NewLifeAuthorised()
            | SubjectErasureRequested()
            | SubjectErasureCompleted()
            | SubjectHoldPlaced()
            | SubjectHoldReleased()
            | SubjectLifeAuthorised()
        ):
            _fold_erasure(state, event, at)
            return
        case OrderPlaced(extra=box) | ReviewSubmitted(text=box):
            _give(state, DataClass.CONTENT, box, at)
            state.ordered = _later(state.ordered, at)
        case (
            OrderAccepted()
            | PreparationStarted()
            | OrderReady()
            | OrderPickedUp()
            | OrderDelivered()
            | OrderCompleted()
            | OrderCancelled()
            | OrderRedirected()
            | RefundIssued()
            | PartyNamed()
            | CourierAssigned()
        ):
            state.ordered = _later(state.ordered, at)
        case CustomerRegistered() | CustomerDetailsUpdated():
            _give(state, DataClass.CONTACT, event.contact, at)
            _give(state, DataClass.PROFILE, event.profile, at)
            _give(state, DataClass.CONTENT, event.extra, at)
        case DeliveryAddressAdded(address=box):
            _give(state, DataClass.ADDRESS, box, at)
        case BankCardBound(payment=box):
            _give(state, DataClass.PAYMENT, box, at)
        case RealNameVerified(identity=box):
            _give(state, DataClass.IDENTITY, box, at)
        case ConsentGranted(purpose=purpose, channel=channel):
            state.consents = {**(state.consents or {}), (purpose, channel): event.valid_until}
        case ConsentWithdrawn(purpose=purpose, channel=channel):
            if state.consents is not None:
                state.consents.pop((purpose, channel), None)
            state.withdrawn = {**(state.withdrawn or {}), purpose: at}
        case ProcessingRestricted(data_class=data_class):
            state.restricted |= {data_class}
        case RestrictionLifted(data_class=data_class):
            state.restricted -= {data_class}
        case (
            DeliveryAddressRemoved()
            | BankCardUnbound()
            | PrivacyPolicyAccepted()
            | ProcessingObjected()
            | ObjectionWithdrawn()
        ):
            pass
        case CustomersMerged() | CustomerAbsorbed() | CustomerMergeReverted() | CustomerSeparated():
            state.records = state.records or Records()
            records.fold(state.records, event)
        case _:
            assert_never(event)
    state.active = _later(state.active, at)


def serve(state: Kept, event: Bought, at: datetime, *, theirs: bool = True) -> None:
    """
    Record in the `state` of who serves an order what happened of it.

    `theirs`: they are who it names, if it names anybody.
    """
    if theirs and isinstance(event, PartyNamed):
        _give(state, DataClass.CONTACT, event.contact, at)
    state.ordered = _later(state.ordered, at)
    state.active = _later(state.active, at)


def _fold_erasure(state: Kept, event: erasure.Event, at: datetime) -> None:
    state.erasure = state.erasure or Erasure()
    erasure.fold(state.erasure, event, at)
    if isinstance(event, CustomerErased | SubjectErasureCompleted):
        forget(state, event)


def forget(state: Kept, event: Completed) -> None:
    """Record what an erasure destroyed, that of the subject or of who speaks for them."""
    for data_class in event.classes:
        state.given.pop(data_class, None)


def joined(state: Kept, others: Iterable[Kept]) -> Kept:
    """
    What is kept of one person, of whom `others` are further records.

    What they hold, restrict and consent to is what is said of `state`, to which a merge adds it.
    """
    every = (state, *others)
    if len(every) == 1:
        return state
    return Kept(
        given=_latest(one.given for one in every),
        ordered=max((one.ordered for one in every if one.ordered is not None), default=None),
        active=max((one.active for one in every if one.active is not None), default=None),
        consents=state.consents,
        withdrawn=_latest(one.withdrawn or {} for one in every),
        restricted=state.restricted,
        erasure=state.erasure,
        records=state.records,
    )


def _latest(every: Iterable[Mapping[_Key, datetime]]) -> dict[_Key, datetime]:
    found: dict[_Key, datetime] = {}
    for one in every:
        for key, at in one.items():
            found[key] = _later(found.get(key), at)
    return found


def _give(state: Kept, data_class: DataClass, box: Sealed | None, at: datetime) -> None:
    if box is not None:
        state.given[data_class] = _later(state.given.get(data_class), at)


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None or at > known else known


@frozen(kw_only=True)
class Expired:
    """The time of a subject's data of a class is over, by `rule`, which counted from `since`."""

    customer: CustomerId | Subject
    data_class: DataClass
    rule: Retention
    since: datetime


def expired(
    rules: Iterable[Retention], of: CustomerId | Subject, state: Kept, at: datetime
) -> list[Expired]:
    """
    What of a subject's data is over at a moment, each class by the rule that ended first.

    Not what is held or restricted, and nothing twice: what was erased is no longer kept.
    """
    found: dict[DataClass, tuple[timedelta, Expired]] = {}
    about = kind_of(of)
    for rule in rules:
        started = _started(rule, state, at) if about in rule.of else None
        for data_class, given in state.given.items():
            if data_class not in rule.classes or started is None or state.is_kept_back(data_class):
                continue
            since = max(started, given)
            past = at - since - timedelta(days=rule.days)
            known = found.get(data_class)
            if past >= timedelta(0) and (known is None or past > known[0]):
                over = Expired(customer=of, data_class=data_class, rule=rule, since=since)
                found[data_class] = past, over
    return [found[data_class][1] for data_class in DataClass if data_class in found]


def _started(rule: Retention, state: Kept, at: datetime) -> datetime | None:
    """When a rule's clock last started, apart from what was given; None if it stands still."""
    match rule.since:
        case Since.ORDER:
            return state.ordered or min(state.given.values(), default=None)
        case Since.ACTIVITY:
            return state.active
        case Since.CONSENT:
            return _consent_ended(rule, state, at)
        case _:
            assert_never(rule.since)


def _consent_ended(rule: Retention, state: Kept, at: datetime) -> datetime | None:
    ends = [end for (purpose, _), end in (state.consents or {}).items() if purpose == rule.purpose]
    if any(end is None or end > at for end in ends):
        return None
    withdrawn = (state.withdrawn or {}).get(rule.purpose or "")
    return max((end for end in (*ends, withdrawn) if end is not None), default=None)
