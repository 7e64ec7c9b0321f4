"""Coupons of one offer that one order would use together count against its limits."""

from attrs import evolve

from regulars.domain.coupons import Use
from regulars.domain.discounts import CouponOf, Discount
from regulars.domain.offer import objections
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Offered, Reason, Rejection, Taken
from regulars.domain.values import CouponId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.story import NOON
from tests.domain.test_offer import C1, DEFINE, ISSUE, ONE, REDEEM, RESERVE, SPRING, spring

C3 = CouponId("c-3")
ANOTHER = evolve(ISSUE, coupon=C3)
BESIDE = CouponOf(program=PROGRAM, offer=SPRING, coupon=C3)
TAKEN = Taken(
    discount=Discount(source="spring", amount=10_00, coupon=BESIDE),
    offer=Offered(terms=DEFINE.terms, source="spring", coupon=BESIDE),
)
USE = Use(coupon=C1, order=ONE, at=NOON, customer=ANNA, taken=(TAKEN,))


def test_a_coupon_beside_another_counts_once_whether_the_order_has_it_yet_or_not() -> None:
    limits = Limits(total=1)
    held, used = evolve(RESERVE, coupon=C3), evolve(REDEEM, coupon=C3)
    full = [Rejection(reason=Reason.CAMPAIGN_LIMIT, needed=1, found=1)]

    for told in ([], [held], [used], [held, used]):
        assert list(objections(spring(limits, ANOTHER, *told).state, USE)) == full
    alone = evolve(USE, taken=())
    assert list(objections(spring(limits, ANOTHER).state, alone)) == []
