from collections.abc import Iterator, Sequence
from typing import get_args

import pytest
from attrs import fields, frozen
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from regulars.domain import adjustment, erasure, subject_request, tiers, transfer
from regulars.domain.actor import WriteRefused
from regulars.domain.care_plan import CarePlanSet
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.expiry_notice import PointsExpiryNoticeIssued
from regulars.domain.holding import (
    PointsReservationConfirmed,
    PointsReservationReleased,
    PointsReserved,
)
from regulars.domain.idleness import InactivityLimitSet, LoyaltyAccountWentIdle
from regulars.domain.lots import PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.order import OrderDelivered
from regulars.domain.personal import Personal, Sealed
from regulars.domain.program import (
    ProgramPoliciesSet,
    TierBenefitsPublished,
    TierLadderPublished,
)
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.refund import RefundIssued
from regulars.domain.reminders import CareReminderRaised
from regulars.domain.reversal import PointsReversed
from regulars.domain.reward_catalogue import RewardsPublished
from regulars.testing.order_strategies import partitions
from tests.domain.chronicle import Chronicle, Command, Event, chronicle
from tests.domain.fillings import PLAIN, SEALED, built
from tests.domain.strategies import events, histories

ELSEWHERE = {
    # What erasures leave as it was is told in test_erasures.py, refused roles in test_read_only.py.
    *get_args(erasure.Event),
    WriteRefused,
    # Points that wait, expire and are spent have lives of their own in test_ledger_laws.py, tiers
    # in test_tiers.py and test_benefits.py, policies in test_program_policies.py, rewards in
    # test_claim.py.
    PointsActivated,
    PointsDebtSettled,
    PointsExpired,
    PointsReserved,
    PointsExpiryNoticeIssued,
    PointsReservationConfirmed,
    PointsReservationReleased,
    PointsRedeemed,
    RedemptionReversed,
    *get_args(tiers.Event),
    ProgramPoliciesSet,
    TierLadderPublished,
    RewardsPublished,
    TierBenefitsPublished,
    # Accounts are corrected, opened from elsewhere, left idle and closed, and points change hands,
    # in test_two_ledgers.py; customers are cared for in test_caring.py.
    *get_args(adjustment.Event),
    *get_args(transfer.Event),
    InactivityLimitSet,
    LoyaltyAccountWentIdle,
    LoyaltyAccountClosed,
    CarePlanSet,
    CareReminderRaised,
    # What people ask for about their data is told in test_subject_request.py.
    *get_args(subject_request.Event),
}
"""What these histories do not tell."""

WHAT_HAPPENS = {
    *(kind.__name__ for kind in {*get_args(Event)} - ELSEWHERE),
    "a step told late",
    "a refund in three parts",
    "goodwill",
    "an order of nobody known",
    "points kept after a refund",
    "points for two customers",
}


def happened(town: Chronicle) -> Iterator[str]:
    for event, _ in town.facts:
        yield type(event).__name__
        if getattr(event, "late_entry", False):
            yield "a step told late"
        match event:
            case RefundIssued(refund="r-3"):
                yield "a refund in three parts"
            case RefundIssued(goodwill=goodwill) if goodwill:
                yield "goodwill"
            case OrderDelivered(customer=None):
                yield "an order of nobody known"
            case PointsReversed(points=points, kept=kept) if points and kept:
                yield "points kept after a refund"
            case _:
                pass
    if len(town.accounts) > 1:
        yield "points for two customers"


def heard_in_some(number: int) -> set[str]:
    heard: set[str] = set()

    @seed(number)
    @settings(max_examples=500, database=None)
    @given(histories())
    def listen(history: tuple[Command, ...]) -> None:
        heard.update(happened(chronicle(history)))

    listen()
    return heard


@pytest.mark.slow  # of the strategies, not of the product
def test_in_histories_everything_happens_at_some_time() -> None:
    heard: set[str] = set()

    for number in range(12):
        heard |= heard_in_some(number)
        if heard == WHAT_HAPPENS:
            break

    assert heard == WHAT_HAPPENS


@settings(max_examples=15)
@given(histories(PLAIN))
def test_histories_of_a_host_hold_no_boxes(history: tuple[Command, ...]) -> None:
    values = (getattr(command, spec.name) for command in history for spec in fields(type(command)))

    assert not any(isinstance(value, Sealed) for value in values)


@given(events())
def test_events_hold_no_plain_personal_data(event: Event) -> None:
    values = [getattr(event, spec.name) for spec in fields(type(event))]

    assert not any(isinstance(value, Personal) for value in values)


@given(st.integers(0, 10**6).flatmap(lambda total: st.tuples(st.just(total), partitions(total))))
def test_the_parts_of_a_partition_add_up(drawn: tuple[int, Sequence[int]]) -> None:
    total, parts = drawn

    assert sum(parts) == total
    assert all(part > 0 for part in parts)


def test_a_field_that_nothing_fills_is_an_error_not_a_gap() -> None:
    @frozen
    class Novelty:
        weight: complex

    with pytest.raises(TypeError):
        built(Novelty, SEALED)
