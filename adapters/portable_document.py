"""A portable copy as JSON, as `docs/portable-export.schema.json` has it."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

from regulars.adapters.spelled_out import spelled_out
from regulars.application.boxed import boxes_of
from regulars.application.events import Event, moment
from regulars.application.portable import Given, Portable
from regulars.application.ports import Revealed
from regulars.application.reading import WORDS
from regulars.domain.actor import AccessRecorded
from regulars.domain.adjustment import PointsAdjusted
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn
from regulars.domain.erasure import CustomerErased
from regulars.domain.order import Order
from regulars.domain.retention import Retention
from regulars.domain.values import decimal_text

FORMAT: Final = "regulars/personal-data/1"
"""What the document calls itself; a change that a reader would notice is another number."""


def portable_document(portable: Portable) -> dict[str, Any]:
    """The copy as one JSON object; times in ISO 8601, amounts as decimal text."""
    rights = portable.person.rights
    return {
        "format": FORMAT,
        "export_id": portable.export_id,
        "customer": portable.customer,
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
        ],
        "retention": [_kept(one) for one in portable.policy.retention],
        "consents": [_consent(at, event) for at, event in portable.theirs.consents],
        "objections": sorted(rights.objections),
        "restricted": sorted("*" if one is None else one.value for one in rights.restricted),
        "policy_accepted": rights.accepted,
        "orders": [_order(of, state) for of, state in portable.theirs.orders.items()],
        "accesses": [
            access
            for at, event in portable.theirs.accesses
            for access in _accesses(at, event, {f"customer/{one}" for one in portable.records})
        ],
        "left_out": [{"what": "points", "why": "computed by the shop, not given by the person"}],
    }


def _given(given: Given) -> dict[str, Any]:
    outcome = given.outcome
    value = spelled_out(outcome.value) if isinstance(outcome, Revealed) else None
    return {
        "class": given.found.data_class.value,
        "event": given.found.spot.type,
        "field": given.found.spot.box,
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


def _order(order_id: str, state: Order) -> dict[str, Any]:
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
    }


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
