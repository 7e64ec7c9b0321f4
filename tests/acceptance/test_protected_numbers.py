"""A host with a provider of numbers: what comes of it, and that no number is left lying."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from regulars import (
    AcceptOrder,
    CompleteOrder,
    Contact,
    CustomerId,
    NameParty,
    OrderId,
    Party,
    PlaceOrder,
    RegisterCustomer,
    UnusableIndex,
    connect,
)
from regulars.adapters.memory_numbers import MemoryNumbers
from regulars.domain.personal import DataClass
from regulars.domain.protection import NUMBER_PROTECTION
from regulars.domain.reading import DEFAULT_POLICY, OrderState
from regulars.testing.canaries import Canaries
from regulars.testing.number_protections import NOON, Hands

PHONES = {"hers": "+86 138 7429 1830", "riders": "+86 139 5182 7364"}
CUSTOMER, ORDER = CustomerId("c-1"), OrderId("o-1")
SHOWN = frozenset({DataClass.CONTACT})
NOTHING = frozenset[DataClass]()


@pytest.mark.parametrize("numbers", [["+8617000000001"], []])
def test_an_order_is_served_without_anybody_learning_a_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, numbers: list[str]
) -> None:
    caplog.set_level("DEBUG")
    clock, canaries = Hands(), Canaries(PHONES)
    provider = MemoryNumbers(numbers, clock=clock)
    grace = timedelta(minutes=5)
    said: list[object] = []
    with connect(
        f"sqlite:///{tmp_path}/shop.db", clock=clock, numbers=provider, number_grace=grace
    ) as crm:
        contact = Contact(phone=PHONES["hers"])
        crm.execute(RegisterCustomer(customer=CUSTOMER, at=NOON, contact=contact), by="web")
        placing = PlaceOrder(order=ORDER, at=NOON, customer=CUSTOMER, currency="CNY", total=1)
        crm.execute(placing, by="web")
        crm.execute(AcceptOrder(order=ORDER, at=NOON), by="shop")
        rider = Contact(phone=PHONES["riders"])
        naming = NameParty(order=ORDER, at=NOON, party=Party.COURIER, who="r-1", contact=rider)
        crm.execute(naming, by="dispatch")
        crm.protection.catch_up()
        line = crm.protection.line(ORDER, as_="courier")
        assert line is not None
        assert line.number == (numbers[0] if numbers else None)
        crm.execute(CompleteOrder(order=ORDER, at=NOON), by="web")
        assert crm.protection.line(ORDER, as_="courier") == line
        clock.at = NOON + grace
        assert crm.protection.line(ORDER, as_="courier") is None
        said += [line, *crm.events(), crm.protection]
        assert canaries.in_folder(tmp_path) == []

    assert canaries.in_database(f"sqlite:///{tmp_path / 'shop.db'}") == []
    assert canaries.in_text(f"{said!r} {caplog.text}", "what was said") == []


@pytest.mark.parametrize(
    "change",
    [None, {"orders": frozenset({OrderState.CLOSED})}, {"revealed": NOTHING, "masked": SHOWN}],
    ids=["no rule", "too late", "masked"],
)
def test_a_policy_that_opens_no_number_is_refused_where_numbers_are_given(
    change: dict[str, Any] | None,
) -> None:
    rules = DEFAULT_POLICY.rules
    others = [rule for rule in rules if rule.role != NUMBER_PROTECTION]
    (own,) = [rule for rule in rules if rule.role == NUMBER_PROTECTION]
    changed = [] if change is None else [evolve(own, **change)]
    policy = evolve(DEFAULT_POLICY, rules=(*others, *changed))
    provider = MemoryNumbers([], clock=Hands())

    with pytest.raises(ValueError, match="reveals contact to number_protection for delivery"):
        connect("sqlite://", environment={}, numbers=provider, policy=policy)

    connect("sqlite://", environment={}, policy=policy).close()
    connect("sqlite://", environment={}, numbers=provider).close()


def test_a_region_that_is_none_is_told_as_the_core_is_opened() -> None:
    provider = MemoryNumbers([], clock=Hands())
    with pytest.raises(UnusableIndex, match="no region ZZ"):
        connect("sqlite://", environment={}, numbers=provider, region="ZZ")
