"""Campaigns through the whole core: their coupons, how they stand, and what came of them."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from attrs import evolve

from regulars.application.campaigns import CampaignOutcome, CampaignStanding, CampaignStatus
from regulars.domain.budget import Budget, BudgetConsumed, BudgetExhausted, BudgetRestored
from regulars.domain.campaign import CustomerAssigned, UnknownCampaign
from regulars.domain.campaign_plan import Phase
from regulars.domain.campaign_result import Arm
from regulars.domain.caps import Cap, Span
from regulars.domain.coupon import CouponIssued, CouponRejected, CouponRevoked
from regulars.domain.holdout import PLACES, variant_of
from regulars.domain.offer_terms import Reason
from regulars.domain.order import CancelOrder
from regulars.domain.values import CouponId, CustomerId, GrantId, OrderId
from tests.application.memory_crm import Parts, memory_core
from tests.application.test_coupons import kinds, recorded
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import BO, PLACE
from tests.domain.story import NOON, minutes
from tests.domain.test_campaign import ASSIGN, CANCEL, DRAFT, END, GRANT, LAUNCH, LUNCH, MAIL, PLAN
from tests.domain.test_offer import DEFINE, RESERVE, SPRING

SOON = minutes(5)


def test_a_grant_issues_a_coupon_and_its_cancellation_revokes_it() -> None:
    shop = memory_core()
    plan = evolve(PLAN, variants=(evolve(MAIL, offer=SPRING),), budget=Budget(total=50))
    shop.execute(DEFINE, evolve(DRAFT, plan=plan), LAUNCH)

    granted = recorded(shop, GRANT)
    cancelled = recorded(shop, CANCEL)
    (rejected,) = recorded(shop, evolve(RESERVE, coupon=CouponId("campaign/lunch/g-1")))

    assert kinds(granted) == [CustomerAssigned, BudgetConsumed, BudgetExhausted, CouponIssued]
    assert kinds(cancelled) == [BudgetRestored, CouponRevoked]
    assert isinstance(rejected, CouponRejected)
    assert rejected.rejection.reason is Reason.REVOKED


def orders_of(shop: Parts, customer: str, number: int, after: timedelta = SOON) -> None:
    place = evolve(PLACE, customer=CustomerId(customer), at=NOON + after)
    for one in range(number):
        shop.execute(evolve(place, order=OrderId(f"{customer}-{after}-{one}")))


def test_a_campaign_stands_at_each_moment_as_its_log_says() -> None:
    shop = memory_core()
    budget = Budget(total=60, caps=(Cap(span=Span.DAY, total=60),), zone="Asia/Shanghai")
    shop.execute(evolve(DRAFT, plan=evolve(PLAN, starts_at=NOON, budget=budget)), LAUNCH, GRANT)
    shop.execute(evolve(GRANT, grant=GrantId("g-2"), customer=BO))
    shop.execute(evolve(CANCEL, at=NOON + minutes(5)))
    shop.execute(evolve(END, at=NOON + minutes(9)))

    def at(moment: datetime) -> CampaignStatus:
        return shop.crm.ask(CampaignStanding(campaign=LUNCH, program=PROGRAM), as_of=moment)

    now, later = at(NOON), at(NOON + minutes(5))
    assert (now.phase, now.granted, now.grants, now.cut, now.left) == (Phase.RUNNING, 60, 2, 1, 0)
    assert now.assigned == {"mail": 2}
    assert (later.granted, later.grants, later.left) == (10, 1, 50)
    assert at(NOON + minutes(9)).phase is Phase.ENDED
    with pytest.raises(UnknownCampaign):
        at(NOON - minutes(1))


def test_the_result_counts_orders_from_the_assignment_to_the_end() -> None:
    shop = memory_core()
    people = [CustomerId(f"c-{number}") for number in range(8)]
    plan = evolve(PLAN, holdout=PLACES // 2, ends_at=NOON + minutes(60))
    shop.execute(evolve(DRAFT, plan=plan), LAUNCH)
    for one in people:
        shop.execute(evolve(ASSIGN, customer=one))
    treated = [
        one
        for one in people
        if variant_of(LUNCH, one, seed="1", holdout=plan.holdout, variants=plan.variants)
    ]
    alone = next(one for one in people if one not in treated)
    orders_of(shop, treated[0], 2)
    orders_of(shop, treated[1], 1)
    orders_of(shop, alone, 1)
    orders_of(shop, alone, 1, minutes(60))
    orders_of(shop, treated[2], 1, -minutes(1))
    orders_of(shop, "a stranger", 1)
    shop.execute(evolve(PLACE, customer=None, order=OrderId("of nobody"), at=NOON + SOON))
    orders_of(shop, treated[2], 1)
    shop.execute(CancelOrder(order=OrderId(f"{treated[2]}-{minutes(5)}-0"), at=NOON + minutes(50)))
    brought = CampaignOutcome(campaign=LUNCH, program=PROGRAM, margin=Fraction(3))
    before = shop.crm.ask(brought, as_of=NOON + minutes(49))
    after = shop.crm.ask(evolve(brought, cost=Fraction(7)), as_of=NOON + minutes(99))

    assert before.treated == Arm(customers=len(treated), buyers=3, orders=4)
    assert before.cost == 0
    assert after.cost == 7
    assert after.treated == Arm(customers=len(treated), buyers=2, orders=3)
    assert after.held_out == Arm(customers=8 - len(treated), buyers=1, orders=1)
    assert shop.crm.ask(evolve(brought, cost=Fraction(7))) == after
    shop.execute(evolve(END, at=NOON + minutes(5)))
    assert shop.crm.ask(brought).treated.orders == 0


def test_who_got_nothing_is_compared_as_assigned_and_not_told_as_granted() -> None:
    shop = memory_core()
    shop.execute(evolve(DRAFT, plan=evolve(PLAN, budget=Budget(total=60))), LAUNCH, GRANT)
    for number in (2, 3):
        customer, grant = CustomerId(f"c-{number}"), GrantId(f"g-{number}")
        shop.execute(evolve(GRANT, grant=grant, customer=customer))

    brought = CampaignOutcome(campaign=LUNCH, program=PROGRAM, margin=Fraction(3))

    result = shop.crm.ask(brought)
    assert (result.treated.customers, result.granted) == (3, 2)
    shop.execute(CANCEL)
    assert shop.crm.ask(brought).granted == 1


def test_a_cancellation_that_is_dated_before_its_grant_keeps_no_question_from_an_answer() -> None:
    shop = memory_core()
    shop.execute(DRAFT, LAUNCH, evolve(GRANT, at=NOON + minutes(5)))
    shop.execute(evolve(CANCEL, at=NOON + minutes(1)))
    standing = CampaignStanding(campaign=LUNCH, program=PROGRAM)

    granted = [shop.crm.ask(standing, as_of=as_of).granted for as_of in (NOON + minutes(2), None)]
    assert granted == [0, 0]
