from enum import Enum
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain import (
    account,
    adjustment,
    budget,
    campaign,
    care_plan,
    claim,
    coupon,
    customer,
    discounts,
    erasure,
    expiry_notice,
    holding,
    idleness,
    loyalty,
    merchant,
    offer,
    order,
    points_payment,
    program,
    purchase,
    redemption,
    referral,
    refund,
    review,
    subject_request,
    told_occasions,
    transfer,
    two_accounts,
)
from regulars.domain.campaign_plan import Phase
from regulars.domain.order import Stage
from regulars.domain.rule_flaws import Flaw, spelled
from regulars.domain.values import Money, Refusal
from tests.domain.fillings import SEALED, Filling, built, words

FILLING: Filling = {
    **SEALED,
    Stage: st.sampled_from(Stage),
    Phase: st.sampled_from(Phase),
    Flaw: st.builds(Flaw, place=st.just(("groups", 0, "most")), why=words),
    "known": st.tuples(words),
}
# Read from the modules: among the subclasses, attrs may have left the classes that it replaced.
MODULES = (
    account,
    adjustment,
    budget,
    campaign,
    claim,
    care_plan,
    coupon,
    customer,
    discounts,
    erasure,
    expiry_notice,
    holding,
    idleness,
    loyalty,
    merchant,
    offer,
    order,
    points_payment,
    program,
    purchase,
    redemption,
    referral,
    refund,
    review,
    subject_request,
    told_occasions,
    transfer,
    two_accounts,
)
REFUSALS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Refusal) and kind.__module__ == module.__name__
    # Names the one part of two discounts that differs: see test_checkout.
    if kind is not discounts.WrongDiscount
]


def in_words(value: object) -> tuple[str, ...]:
    match value:
        case Enum():
            return (value.name.lower(),)
        case Money():
            return (str(value.minor), value.currency)
        case Flaw():
            return (spelled(value.place), value.why)
        case tuple():
            return tuple(map(str, cast("tuple[object, ...]", value)))
        case _:
            return (str(value),)


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: str(kind.__name__))
@given(data=st.data())
def test_a_refusal_says_what_it_is_about(kind: type[Refusal], data: st.DataObject) -> None:
    refusal: Refusal = data.draw(built(kind, FILLING))

    for value in refusal.args:
        assert value is None or all(word in str(refusal) for word in in_words(value))


def test_no_aggregate_is_without_refusals() -> None:
    assert {kind.__module__ for kind in REFUSALS} == {module.__name__ for module in MODULES}
