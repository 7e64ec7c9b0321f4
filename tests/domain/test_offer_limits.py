"""When coupons count and how often: their windows, impossible limits, and what always holds."""

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.coupon import (
    CouponExpired,
    CouponIssued,
    CouponRedeemed,
    CouponRestored,
    RedeemCoupon,
    ReserveCoupon,
)
from regulars.domain.offer import Command, DefineOffer, ImpossibleOffer
from regulars.domain.offer_limits import MOST_DAYS, UNLIMITED, Limits
from regulars.domain.values import CouponId, CustomerId
from tests.domain.carts import off
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON, minutes, offer_story
from tests.domain.strategies import offer_commands
from tests.domain.test_offer import (
    C1,
    DAY,
    DEFINE,
    ISSUE,
    ONE,
    REDEEM,
    RELEASE,
    RESERVE,
    RESTORE,
    SPRING,
    TWO,
)


@pytest.mark.parametrize(
    ("define", "field"),
    [
        (evolve(DEFINE, terms=off(0)), "value"),
        (evolve(DEFINE, limits=Limits(since=NOON, until=NOON)), "until"),
        (evolve(DEFINE, limits=Limits(inactive_days=-1)), "days"),
        (evolve(DEFINE, limits=Limits(valid_days=MOST_DAYS + 1)), "days"),
        (evolve(DEFINE, limits=Limits(inactive_days=MOST_DAYS + 1)), "days"),
        (evolve(DEFINE, limits=Limits(valid_days=-1)), "days"),
        (evolve(DEFINE, limits=Limits(restore_grace_days=-1)), "days"),
        (evolve(DEFINE, limits=Limits(restore_grace_days=MOST_DAYS + 1)), "days"),
        (evolve(DEFINE, limits=Limits(per_customer=-1)), "counts"),
        (evolve(DEFINE, limits=Limits(total=-1)), "counts"),
        (evolve(DEFINE, limits=Limits(max_restores=-1)), "counts"),
    ],
)
def test_an_impossible_offer_is_refused_by_its_field(define: DefineOffer, field: str) -> None:
    with pytest.raises(ImpossibleOffer) as refused:
        offer_story().when(define)

    assert refused.value.field == field


@pytest.mark.parametrize(
    "limits",
    [
        Limits(since=NOON, until=NOON + minutes(1)),
        Limits(inactive_days=MOST_DAYS, valid_days=MOST_DAYS, restore_grace_days=MOST_DAYS),
        Limits(valid_days=0),
        Limits(per_customer=0, total=0, max_restores=0),
    ],
)
def test_limits_may_go_as_far_as_their_bounds(limits: Limits) -> None:
    assert limits.flaw() is None


def test_wc13_a_coupon_counts_for_as_many_days_as_its_offer_says() -> None:
    at = datetime(2018, 7, 1, tzinfo=UTC)
    story = offer_story().given(evolve(DEFINE, limits=Limits(valid_days=30)))

    assert story.when(evolve(ISSUE, at=at)) == [
        CouponIssued(
            program=PROGRAM,
            offer=SPRING,
            coupon=C1,
            valid_from=at,
            valid_until=datetime(2018, 7, 31, tzinfo=UTC),
            customer=ANNA,
        )
    ]


@pytest.mark.parametrize(
    ("limits", "start", "end"),
    [
        (UNLIMITED, NOON, None),
        (Limits(inactive_days=2, valid_days=1), NOON + 2 * DAY, NOON + 3 * DAY),
        (Limits(since=NOON + DAY, valid_days=1), NOON + DAY, NOON + 2 * DAY),
        (Limits(since=NOON - DAY, until=NOON + 5 * DAY), NOON, NOON + 5 * DAY),
        (Limits(until=NOON + 5 * DAY, valid_days=9), NOON, NOON + 5 * DAY),
        (Limits(until=NOON + 5 * DAY, valid_days=4), NOON, NOON + 4 * DAY),
        (Limits(since=NOON + DAY, inactive_days=2), NOON + 2 * DAY, None),
    ],
)
def test_a_coupon_counts_within_the_days_of_its_offer(
    limits: Limits, start: datetime, end: datetime | None
) -> None:
    assert limits.window(NOON) == (start, end)


LIMITS = st.builds(
    Limits,
    valid_days=st.none() | st.integers(1, 3),
    per_customer=st.none() | st.integers(0, 2),
    total=st.none() | st.integers(0, 3),
    restore_grace_days=st.integers(0, 2),
    max_restores=st.none() | st.integers(0, 1),
)


STEPS: list[Any] = [RESERVE, REDEEM, REDEEM, RESTORE, RELEASE]


@st.composite
def told(draw: st.DrawFn) -> list[Command]:
    """What may be told of one offer: coupons come, are held, used and given back, in any order."""
    coupons = [CouponId(f"c-{number}") for number in range(1, 5)]
    commands: list[Command] = [evolve(DEFINE, limits=draw(LIMITS))]
    commands += [evolve(ISSUE, coupon=one, customer=None) for one in coupons]
    at = NOON
    for _ in range(draw(st.integers(0, 14))):
        at += draw(st.sampled_from([minutes(1), minutes(10), DAY]))
        step: Any = evolve(
            draw(st.sampled_from(STEPS)),
            at=at,
            coupon=draw(st.sampled_from(coupons)),
            order=draw(st.sampled_from([ONE, TWO])),
        )
        if isinstance(step, ReserveCoupon):
            step = evolve(step, lapses_at=at + minutes(15))
        if isinstance(step, ReserveCoupon | RedeemCoupon):
            step = evolve(step, customer=draw(st.sampled_from([ANNA, BO])))
        commands.append(step)
    return commands


@given(told())
def test_no_sequence_of_commands_breaks_a_limit(commands: list[Command]) -> None:
    story = offer_story()
    used: dict[CouponId, CustomerId | None] = {}
    for command in commands:
        for event in story.attempt(command):
            if isinstance(event, CouponRedeemed):
                assert event.coupon not in used
                used[event.coupon] = event.customer
            if isinstance(event, CouponRestored | CouponExpired):
                del used[event.coupon]
        assert story.state.defined is not None
        limits = story.state.defined.limits
        if limits.total is not None:
            assert len(used) <= limits.total
        if limits.per_customer is not None:
            for customer in (ANNA, BO):
                assert list(used.values()).count(customer) <= limits.per_customer
        assert story.state.coupons.used == len(used)


@given(told() | st.lists(offer_commands(), max_size=8))
def test_a_repeated_command_adds_nothing(commands: list[Command]) -> None:
    story = offer_story()
    for command in commands:
        story.attempt(command)

        assert story.attempt(command) == []
