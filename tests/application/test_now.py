"""Now is as of the clock, for whatever is asked, and counts what was told a little ahead of it."""

from datetime import UTC, timedelta
from fractions import Fraction
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.application.access_log import AccessLog, Incidents
from regulars.application.balances import ExpirySchedule, PointsBalance
from regulars.application.campaigns import CampaignOutcome, CampaignStanding
from regulars.application.coupons import CouponsOf, OfferStanding
from regulars.application.customer import CustomerProfile, RecordsOf
from regulars.application.explaining import ExplainBalance, ExplainLot, ExplainOrder
from regulars.application.liability import Liability, ValueOfPoints
from regulars.application.member_center import MemberCenter
from regulars.application.noticing import NoticeDays
from regulars.application.postings import PointsLedger
from regulars.application.programs import Programs, ProgramsOf
from regulars.application.queries import Query
from regulars.application.questions import Question
from regulars.application.referrals import ReferralsOf
from regulars.application.report import SalesReport
from regulars.application.rights import PrivacyChoicesOf
from regulars.application.simulating import PointsOffered, Simulate
from regulars.application.spending import SpendOrderOf
from regulars.application.subject_requests import SubjectRequests
from regulars.application.tiers import OrderBenefits, ProjectedTier, TierAt, TierBenefits
from regulars.application.why_not import WhyNot
from regulars.domain.consents import GrantConsent
from regulars.domain.coupon import IssueCoupon
from regulars.domain.customer import RegisterCustomer
from regulars.domain.discounts import CouponOf
from regulars.domain.order import MarkDelivered
from regulars.domain.program import DefineProgram, PublishEarningRules, PublishTierLadder
from regulars.domain.redemption import NotEnoughPoints
from regulars.domain.subject_request import ReceiveSubjectRequest, Right
from regulars.domain.values import BEGINNING, CouponId, LotId, OrderId, SubjectRequestId
from tests.application.memory_crm import Parts, Ticking, memory_core
from tests.application.test_why_not import order as goods
from tests.architecture.test_public_names import below
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, ORDER, PLACE, giving
from tests.domain.points import adjust, award, redeem, reserve
from tests.domain.story import NOON, minutes
from tests.domain.test_benefits import LADDER
from tests.domain.test_campaign import DRAFT, GRANT, LAUNCH, LUNCH
from tests.domain.test_offer import DEFINE, SPRING
from tests.domain.test_referral import CLAIM

AHEAD: Final = NOON + minutes(5)
"""The clock stands at noon, and all that happens is told as of five minutes later."""

COUPON: Final = CouponOf(program=PROGRAM, offer=SPRING, coupon=CouponId("s-1"))
NEXT: Final = evolve(goods(60_00, OrderId("next")), at=AHEAD)
ASKED: Final[tuple[Question[Any] | Query[Any], ...]] = (
    PointsBalance(customer=ANNA),
    ExpirySchedule(customer=ANNA),
    PointsLedger(customer=ANNA),
    ExplainBalance(customer=ANNA),
    ExplainLot(customer=ANNA, lot=LotId(ORDER)),
    ExplainOrder(order=ORDER),
    MemberCenter(customer=ANNA),
    TierAt(customer=ANNA),
    ProjectedTier(customer=ANNA),
    TierBenefits(customer=ANNA),
    OrderBenefits(order=ORDER),
    CouponsOf(customer=ANNA),
    OfferStanding(offer=SPRING),
    WhyNot(coupon=COUPON, order=NEXT),
    WhyNot(coupon=COUPON, order=ORDER),
    Simulate(order=NEXT, coupons=(COUPON,), points=PointsOffered(points=10, amount=1_00)),
    CampaignStanding(campaign=LUNCH),
    CampaignOutcome(campaign=LUNCH, margin=Fraction(1, 2)),
    ReferralsOf(customer=ANNA),
    NoticeDays(program=PROGRAM),
    SpendOrderOf(program=PROGRAM),
    ValueOfPoints(on=NOON.date(), program=PROGRAM),
    Liability(on=NOON.date()),
    SalesReport(timezone=UTC),
    CustomerProfile(customer=ANNA, timezone=UTC),
    RecordsOf(customer=ANNA),
    AccessLog(),
    Incidents(),
    PrivacyChoicesOf(customer=ANNA),
    SubjectRequests(),
    Programs(),
    ProgramsOf(customer=ANNA),
)


def shop() -> Parts:
    town = memory_core(clock=Ticking(at=NOON, tick=timedelta(0)), ahead=minutes(5))
    for command in (
        DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
        PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(1)),
        PublishTierLadder(program=PROGRAM, at=BEGINNING, ladder=LADDER),
        RegisterCustomer(customer=ANNA, at=AHEAD),
        GrantConsent(customer=ANNA, at=AHEAD, purpose="marketing"),
        ReceiveSubjectRequest(
            request=SubjectRequestId("r-1"), customer=ANNA, at=AHEAD, right=Right.ACCESS
        ),
        evolve(DEFINE, at=AHEAD),
        IssueCoupon(program=PROGRAM, offer=SPRING, coupon=COUPON.coupon, at=AHEAD, customer=ANNA),
        evolve(DRAFT, at=AHEAD),
        evolve(LAUNCH, at=AHEAD),
        evolve(GRANT, at=AHEAD),
        evolve(CLAIM, at=AHEAD),
        evolve(PLACE, at=AHEAD),
        MarkDelivered(order=ORDER, at=AHEAD),
        award("o-9", 5_00, NOON, expires_at=NOON + minutes(4)),
        award("o-10", 5_00, NOON, expires_at=NOON + minutes(9)),
        reserve(10, AHEAD, lapses_at=NOON + minutes(9)),
    ):
        town.execute(command)
    return town


@pytest.mark.parametrize(
    "asked", ASKED, ids=[f"{number} {type(one).__name__}" for number, one in enumerate(ASKED)]
)
def test_now_is_as_of_the_clock_also_where_something_was_told_ahead_of_it(
    asked: Question[Any] | Query[Any],
) -> None:
    town = shop()

    now = town.crm.ask(asked)

    assert now == town.crm.ask(asked, as_of=NOON)
    # Once it is past, the log says the same of the moment that it was told for.
    town.clock.at = AHEAD + minutes(10)
    assert now == town.crm.ask(asked, as_of=AHEAD)


def test_whatever_can_be_asked_is_asked_here() -> None:
    can: set[type[Any]] = {*below(Question), *below(Query)}

    assert {type(one) for one in ASKED} == {one for one in can if one.__name__[0] != "_"}


def test_what_was_told_ahead_is_read_at_once_and_not_as_of_a_moment_before_it() -> None:
    town = shop()
    balance = PointsBalance(customer=ANNA)

    told = town.crm.ask(balance)
    town.clock.at = AHEAD

    assert told is not None
    assert told.earned == 110
    assert town.crm.ask(balance, as_of=NOON) != told


def test_what_is_promised_now_is_what_an_order_of_now_gets() -> None:
    town = shop()
    town.execute(redeem(90, AHEAD))
    order = goods(60_00, OrderId("o-2"))

    with pytest.raises(NotEnoughPoints):
        town.crm.ask(Simulate(order=order, points=PointsOffered(points=6, amount=1_00)))
    promised = town.crm.ask(Simulate(order=order, points=PointsOffered(points=5, amount=1_00)))
    town.execute(promised.order)

    left = town.crm.ask(PointsBalance(customer=ANNA))
    assert left is not None
    assert (left.available, left.reserved) == (0, 15)


@given(told=st.lists(st.integers(-9, 9), min_size=1, max_size=4), clock=st.integers(-2, 20))
def test_now_is_as_of_the_clock_whatever_was_told_for_when(told: list[int], clock: int) -> None:
    town = memory_core(clock=Ticking(at=NOON, tick=timedelta(0)), ahead=minutes(9))
    for number, minute in enumerate(told):
        town.execute(
            evolve(
                adjust(5, NOON + minutes(minute), f"a-{number}"),
                expires_at=NOON + minutes(minute + 6),
            )
        )
    town.clock.at = NOON + minutes(clock)
    at = max(town.clock.at, NOON + minutes(max(told)))

    now = town.crm.ask(PointsBalance(customer=ANNA))

    assert now == town.crm.ask(PointsBalance(customer=ANNA), as_of=town.clock.at)
    town.clock.at = at + minutes(1)
    assert now == town.crm.ask(PointsBalance(customer=ANNA), as_of=at)
