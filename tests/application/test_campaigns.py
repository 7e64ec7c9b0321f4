"""Campaigns through the whole core: a grant is a coupon, and a cancelled one no longer is."""

from attrs import evolve

from regulars.domain.budget import Budget, BudgetConsumed, BudgetExhausted, BudgetRestored
from regulars.domain.campaign import CustomerAssigned
from regulars.domain.coupon import CouponIssued, CouponRejected, CouponRevoked
from regulars.domain.offer_terms import Reason
from regulars.domain.values import CouponId
from tests.application.memory_crm import memory_core
from tests.application.test_coupons import kinds, recorded
from tests.domain.test_campaign import CANCEL, DRAFT, GRANT, LAUNCH, MAIL, PLAN
from tests.domain.test_offer import DEFINE, RESERVE, SPRING


def test_a_grant_issues_a_coupon_and_its_cancellation_revokes_it() -> None:
    shop = memory_core()
    plan = evolve(PLAN, variants=(evolve(MAIL, offer=SPRING),), budget=Budget(total=50))
    shop.execute(DEFINE, evolve(DRAFT, plan=plan), LAUNCH)

    granted = recorded(shop, GRANT)
    cancelled = recorded(shop, CANCEL)
    (rejected,) = recorded(shop, evolve(RESERVE, coupon=CouponId("lunch/g-1")))

    assert kinds(granted) == [CustomerAssigned, BudgetConsumed, BudgetExhausted, CouponIssued]
    assert kinds(cancelled) == [BudgetRestored, CouponRevoked]
    assert isinstance(rejected, CouponRejected)
    assert rejected.rejection.reason is Reason.REVOKED
