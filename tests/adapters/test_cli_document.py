"""Answers in JSON: one form of money, whatever the answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, get_args, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from attrs import has

from regulars.adapters.cli_document import AMOUNTS, document
from regulars.application.explaining import BalanceExplained, LotExplained, OrderExplained
from regulars.application.lot_traces import TakenBack
from regulars.application.objections import Objection
from regulars.application.simulating import Simulation
from regulars.application.why_not import Judged
from regulars.domain.benefits import Benefit
from regulars.domain.earning_rules import When
from regulars.domain.offer_terms import Kind, Reason, Terms
from regulars.domain.program import Event
from regulars.domain.tier_ladder import Level, TierLadder
from regulars.domain.values import Money, RefundId

ANSWERS: Final[tuple[type, ...]] = (
    BalanceExplained,
    LotExplained,
    OrderExplained,
    Simulation,
    Judged,
    Benefit,
    *get_args(Event),
)
"""What `document` is given."""

NUMBERS: Final = frozenset(
    {
        # of points
        *("points", "left", "held", "available", "pending", "reserved", "debt", "owed", "kept"),
        *("forgiven", "desired", "bonus", "most", "step"),
        # of the budget of a campaign, in its own unit
        "amount",
        # of things and steps
        *("line", "quantity", "position", "version", "rules_version", "orders_before", "n"),
        *("numerator", "denominator", "per_numerator", "per_denominator"),
        *("exact_numerator", "exact_denominator"),
        # of time
        *("day", "days", "month", "months", "notice_days", "reinstate_days", "inactivity"),
        *("term_months", "grace_months", "quiet_from", "quiet_until", "remind_days"),
    }
)
"""The names of whole numbers that are no money, wherever `AMOUNTS` does not say that they are."""


def classes_in(hint: Any) -> Iterator[type]:  # noqa: ANN401 - a type's arguments are anything
    if isinstance(hint, type) and has(hint):
        yield hint
    for part in get_args(hint):
        yield from classes_in(part)


def reached() -> set[type]:
    found, waiting = set[type](), list(ANSWERS)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [part for hint in get_type_hints(one).values() for part in classes_in(hint)]
    return found - {Money}


def test_every_whole_number_of_an_answer_is_known_as_money_or_as_none() -> None:
    unknown = {
        f"{kind.__name__}.{name}"
        for kind in reached()
        for name, hint in get_type_hints(kind).items()
        if int in {hint, *get_args(hint)}
        and name not in AMOUNTS.get(kind, ())
        and name not in NUMBERS
    }

    assert unknown == set()
    assert set(AMOUNTS) <= reached()
    assert all(name in get_type_hints(kind) for kind, names in AMOUNTS.items() for name in names)


@pytest.mark.parametrize(
    ("answer", "field", "told"),
    [
        (Terms(kind=Kind.FIXED, currency="USD", value=5), "value", "0.05"),
        (Terms(kind=Kind.PERCENT, currency="USD", value=750), "value", {"percent": "7.5"}),
        (Terms(kind=Kind.FREE_ITEM, currency="USD", value=2), "value", {"units": 2}),
        (Terms(kind=Kind.PERCENT, currency="USD", value=750, most=9_00), "most", "9.00"),
        (Terms(kind=Kind.FIXED, currency="USD", value=5), "most", None),
        (When(at_least=10_00, currency="USD"), "at_least", "10.00"),
        (When(), "at_least", None),
        (Objection(reason=Reason.CONDITION_FAILED, why="", needed=7), "needed", None),
        (Objection(reason=Reason.CAMPAIGN_LIMIT, why="", needed=7), "needed", 7),
        (Level(tier="gold", least=7), "least", 7),
    ],
)
def test_amounts_are_money_and_other_numbers_are_not(
    answer: object, field: str, told: object
) -> None:
    money = {"amount": told, "currency": "USD"} if isinstance(told, str) else told

    assert document(answer, UTC)[field] == money


def test_an_amount_is_in_the_nearest_currency_that_is_told() -> None:
    ladder = TierLadder(levels=(Level(tier="gold", least=1_234),), currency="USD.3")
    back = TakenBack(
        at=datetime(2024, 5, 31, tzinfo=UTC),
        position=1,
        refund=RefundId("r-1"),
        points=1,
        kept=0,
        remaining=50,
        taken=(),
        owed=0,
        forgiven=0,
    )

    told = document(ladder, UTC, "CNY")
    assert told["levels"][0]["least"] == {"amount": "1.234", "currency": "USD.3"}
    assert document(back, UTC, "CNY")["remaining"] == {"amount": "0.50", "currency": "CNY"}
    assert document(Money(minor=5, currency="JPY"), UTC) == {"amount": "5", "currency": "JPY"}
    there = document(back, ZoneInfo("Asia/Tokyo"))
    assert (there["at"], there["remaining"]) == ("2024-05-31T09:00:00+09:00", None)
