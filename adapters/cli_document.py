"""An answer as a JSON document: every field of it under its own name."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any, Final, cast

from attrs import AttrsInstance, fields, has

from regulars.adapters.cli_screen import money_document, time_text
from regulars.application.earnings import Earning, Given
from regulars.application.explaining import LotExplained, OrderExplained
from regulars.application.lot_traces import TakenBack
from regulars.application.objections import Objection
from regulars.application.simulating import Simulation
from regulars.domain.discounts import Discount, PointsPayment, Priced, Share
from regulars.domain.earning import Evaluation, Step
from regulars.domain.earning_rules import When
from regulars.domain.offer_terms import Kind, Reason, Terms
from regulars.domain.points_payment import MostPoints
from regulars.domain.purchase import Line, PlaceOrder
from regulars.domain.tier_ladder import Level
from regulars.domain.values import Money

AMOUNTS: Final[Mapping[type, tuple[str, ...]]] = {
    Discount: ("amount", "delivery", "at_least"),
    Earning: ("amount",),
    Evaluation: ("amount",),
    Given: ("base",),
    Level: ("least",),
    Line: ("unit_price",),
    MostPoints: ("amount",),
    Objection: ("needed", "found"),
    OrderExplained: ("total", "delivery_fee"),
    PlaceOrder: ("total", "delivery_fee", "tip", "discount"),
    PointsPayment: ("amount",),
    Priced: ("gross", "discount", "points"),
    Share: ("amount",),
    Simulation: ("delivery", "to_pay"),
    Step: ("base",),
    TakenBack: ("remaining",),
    Terms: ("value", "at_least", "most"),
    When: ("at_least",),
}
"""The fields that are minor units of the nearest currency that is told, itself or around it."""


def document(answer: object, timezone: tzinfo, currency: str | None = None) -> Any:  # noqa: ANN401 - JSON has no type
    """
    An answer of attrs classes in what JSON has, times on the clocks of `timezone`.

    Exact numbers are text, as 477/25, so that no reader rounds them, and money is as
    `money_document` has it. `currency` is that of amounts which tell none of their own.
    """
    match answer:
        case datetime():
            return time_text(answer, timezone)
        case Fraction():
            return str(answer)
        case Money():
            return money_document(answer)
        case IntEnum():
            return answer.name.lower()
        case Enum():
            return answer.value
        case tuple() | list():
            parts = cast("tuple[object, ...]", answer)
            return [document(part, timezone, currency) for part in parts]
        case Mapping():
            named = cast("Mapping[str, object]", answer)
            return {name: document(part, timezone, currency) for name, part in named.items()}
        case _ if has(type(answer)):
            return _fields(answer, timezone, _currency_of(answer) or currency)
        case _:
            return answer


def _fields(answer: object, timezone: tzinfo, currency: str | None) -> dict[str, Any]:
    kind = type(cast("AttrsInstance", answer))
    amounts = AMOUNTS.get(kind, ())
    found: dict[str, Any] = {}
    for one in fields(kind):
        value = getattr(answer, one.name)
        if one.name in amounts and value is not None:
            found[one.name] = _amount(answer, one.name, value, currency)
        else:
            found[one.name] = document(value, timezone, currency)
    return found


def _currency_of(answer: object) -> str | None:
    match answer:
        case LotExplained():  # what refunds took back is of what was earned
            return None if answer.earning is None else answer.earning.currency
        case Simulation():
            return answer.order.currency
        case _:
            return getattr(answer, "currency", None)


def _amount(answer: object, name: str, value: int, currency: str | None) -> object:
    """An amount, or what stands in its place: a number of points, orders or units, or a part."""
    match answer:
        case Level() if currency is None:
            return value
        case Objection() if answer.reason is not Reason.CONDITION_FAILED:
            return value
        case Terms(kind=Kind.FREE_ITEM) if name == "value":
            return {"units": value}
        case Terms(kind=Kind.PERCENT) if name == "value":
            return {"percent": str(Decimal(value) / 100)}
        case _:
            return (
                None if currency is None else money_document(Money(minor=value, currency=currency))
            )
