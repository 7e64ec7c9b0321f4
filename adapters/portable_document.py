"""A portable copy as JSON, as `docs/portable-export.schema.json` has it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from regulars.adapters.codec import STORED, encode
from regulars.adapters.spelled_out import spelled_out
from regulars.application.boxed import boxes_of
from regulars.application.events import Event, moment
from regulars.application.portable import Given, Portable
from regulars.application.ports import Revealed
from regulars.application.reading import WORDS
from regulars.domain.account_merge import LoyaltyAccountAbsorbed
from regulars.domain.actor import AccessRecorded
from regulars.domain.adjustment import PointsAdjusted
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn
from regulars.domain.erasure import CustomerErased
from regulars.domain.order import Order
from regulars.domain.personal import DataClass
from regulars.domain.protection import Party
from regulars.domain.reading import Reach, Rule
from regulars.domain.records import CustomerAbsorbed
from regulars.domain.refund import RefundIssued
from regulars.domain.retention import DataSubject, Retention
from regulars.domain.rights import PersonalDataExported
from regulars.domain.subject import Subject, SubjectErasureCompleted
from regulars.domain.transfer import PointsTransferredIn
from regulars.domain.values import decimal_text

FORMAT: Final = "regulars/personal-data/2"
"""What the document calls itself; a change that a reader would notice is another number."""

_PEOPLE: Final = frozenset(
    {
        *("customer", "into", "out_of", "absorbed", "further", "survivor"),
        *("receiver", "sender", "referrer", "referee"),
    }
)
"""Fields that hold ids of customers: those of other people are theirs (GDPR 15(4), 20(4))."""

_KEPT_BACK: Final[dict[type[Event], frozenset[str]]] = {
    PointsAdjusted: frozenset({"approver"}),
    PersonalDataExported: frozenset({"recipient"}),
    CustomerErased: frozenset({"keys"}),
    CustomerAbsorbed: frozenset({"consents"}),
    PointsTransferredIn: frozenset({"lots"}),
    SubjectErasureCompleted: frozenset({"keys"}),
    LoyaltyAccountAbsorbed: frozenset(
        {
            *("lots", "debt", "reservations", "redemptions", "orders", "recent"),
            *("last", "told"),
        }
    ),
}
"""Ids of who works for the shop, names of keys, and what may be another person's."""


_BELONGS_TO: Final = {
    "customer": "customer",
    "order": "order",
    "address": "address_id",
    "card": "card",
}
"""Whose or of what a value is, and the field of the event that it came with that tells so."""

_PARTIES: Final = frozenset(one.value for one in Party)


def portable_document(portable: Portable) -> dict[str, Any]:
    """The copy as one JSON object; times in ISO 8601, amounts as decimal text."""
    rights, whose = portable.person.rights, _whose(portable)
    subjects = {f"customer/{one}" for one in portable.records} or {str(portable.whose)}
    return {
        "format": FORMAT,
        "export_id": portable.export_id,
        whose.value: _id_of(portable),
        "records": list(portable.records),
        "made_at": portable.made_at.isoformat(),
        "data": list(map(_given, portable.given)),
        "uses": [
            {
                "role": rule.role,
                "purpose": rule.purpose,
                "basis": rule.basis.value,
                "revealed": sorted(one.value for one in rule.revealed),
                "masked": sorted(one.value for one in rule.masked),
                "finds": rule.finds,
            }
            for rule in portable.policy.rules
            if _is_about(rule, whose)
        ],
        "retention": [_kept(one) for one in portable.policy.retention if whose in one.of],
        "consents": [_consent(at, event) for at, event in portable.theirs.consents],
        "objections": sorted(rights.objections),
        "restricted": sorted("*" if one is None else one.value for one in rights.restricted),
        "policy_accepted": rights.accepted,
        "orders": [_order(of, state, refunds) for of, state, refunds in _orders(portable)],
        "facts": [_fact(at, event, portable.records) for at, event in portable.theirs.facts],
        "accesses": [
            access
            for at, event in portable.theirs.accesses
            for access in _accesses(at, event, subjects)
        ],
        "left_out": [
            {"what": "balances", "why": "what the points among the facts add up to"},
            {
                "what": "others",
                "why": "ids of other people, such as who points went to, are theirs",
            },
            {"what": "legal holds", "why": "whether there are any, no copy says"},
            *_older(portable.theirs.older.by_class()),
        ],
    }


def _whose(portable: Portable) -> DataSubject:
    whose = portable.whose
    return DataSubject(whose.kind.value if isinstance(whose, Subject) else "customer")


def _id_of(portable: Portable) -> str:
    return portable.whose.id if isinstance(portable.whose, Subject) else portable.whose


def _is_about(rule: Rule, whose: DataSubject) -> bool:
    """Whether a rule may give something of a person; who serves an order is asked about by none."""
    if whose is DataSubject.CUSTOMER:
        return rule.reach is not Reach.OWN or rule.role not in _PARTIES
    return rule.reach is Reach.ANYBODY or (rule.reach is Reach.OWN and rule.role == whose.value)


def _older(counts: Mapping[DataClass, int]) -> Iterator[dict[str, Any]]:
    for of, number in counts.items():
        yield {
            "what": f"older {of.value}",
            "why": f"{number} replaced or removed, shown to nobody, and sealed until the erasure of"
            f" all {of.value}",
        }


def _given(given: Given) -> dict[str, Any]:
    outcome = given.outcome
    value = spelled_out(outcome.value) if isinstance(outcome, Revealed) else None
    return {
        "class": given.found.data_class.value,
        "event": given.found.spot.type,
        "event_id": given.found.spot.event_id.hex(),
        "field": given.found.spot.box,
        **{
            name: getattr(given.found.event, attribute, None)
            for name, attribute in _BELONGS_TO.items()
        },
        "given_at": moment(given.found.at).isoformat(),
        "outcome": WORDS[type(outcome)],
        "value": value,
    }


def _kept(rule: Retention) -> dict[str, Any]:
    return {
        "kind": rule.kind,
        "days": rule.days,
        "classes": sorted(one.value for one in rule.classes),
        "since": rule.since.value,
        "purpose": rule.purpose,
    }


def _consent(at: datetime, event: ConsentGranted | ConsentWithdrawn) -> dict[str, Any]:
    told: dict[str, Any] = {
        "at": at.isoformat(),
        "purpose": event.purpose,
        "channel": event.channel,
        "granted": isinstance(event, ConsentGranted),
    }
    if isinstance(event, ConsentGranted):
        until = event.valid_until
        told |= {
            "policy_version": event.policy_version,
            "evidence_ref": event.evidence_ref,
            "valid_until": None if until is None else until.isoformat(),
        }
    return told


def _orders(
    portable: Portable,
) -> Iterator[tuple[str, Order, Sequence[tuple[datetime, RefundIssued]]]]:
    refunds: dict[str, list[tuple[datetime, RefundIssued]]] = {}
    for at, event in portable.theirs.facts:
        if isinstance(event, RefundIssued):
            refunds.setdefault(event.order, []).append((at, event))
    for order_id, state in portable.theirs.orders.items():
        yield order_id, state, refunds.get(order_id, ())


def _order(
    order_id: str, state: Order, refunds: Sequence[tuple[datetime, RefundIssued]]
) -> dict[str, Any]:
    placed, at = state.placed, state.placed_at
    if placed is None or at is None:
        raise TypeError("an order is gathered from its placing on")
    return {
        "order": order_id,
        "placed_at": at.isoformat(),
        "merchant": placed.merchant,
        "channel": placed.channel.value,
        "stage": "cancelled" if state.cancelled else state.stage.name.lower(),
        "total": decimal_text(placed.total, placed.currency),
        "currency": placed.currency,
        "payment_method": placed.payment_method,
        "lines": [
            {"item": line.item, "name": line.name, "quantity": line.quantity}
            for line in placed.lines
        ],
        "refunds": [
            {
                "refund": one.refund,
                "at": at.isoformat(),
                "amount": decimal_text(one.amount, one.currency),
                "reason": one.reason,
            }
            for at, one in refunds
        ],
    }


def _fact(at: datetime, event: Event, records: Collection[str]) -> dict[str, Any]:
    """What is in clear of an event, but for what is not the person's."""
    written: dict[str, Any] = msgspec.json.decode(encode(event))
    hidden = boxes_of(event).keys() | _KEPT_BACK.get(type(event), frozenset())
    fields: dict[str, Any] = {}
    for name, value in written.items():
        told = _own(value, records) if name in _PEOPLE else value
        if told is not None and name not in hidden:
            fields[name] = told
    return {"at": at.isoformat(), "event": STORED[type(event)][0], "fields": fields}


def _own(people: str | list[str] | None, records: Collection[str]) -> str | list[str] | None:
    if isinstance(people, list):
        return [one for one in people if one in records]
    return people if people in records else None


def _accesses(
    at: datetime, event: AccessRecorded, subjects: Collection[str]
) -> Iterator[dict[str, Any]]:
    for look in event.looks:
        if look.subject in subjects:
            yield {
                "at": at.isoformat(),
                "role": event.role,
                "purpose": event.purpose,
                "class": look.data_class,
                "outcome": look.outcome,
            }
