"""Referrals through the whole core, from the claim to the points and back."""

from datetime import timedelta

from attrs import evolve

from regulars.application.balances import PointsBalance
from regulars.domain.referral import ReferralAccepted, ReferralClaimed, ReferralRejected
from regulars.domain.values import CustomerId
from tests.application.memory_crm import Parts, memory_core
from tests.application.test_coupons import kinds, recorded
from tests.domain.examples import ANNA, BO, refund
from tests.domain.story import NOON
from tests.domain.test_referral import CLAIM, PROGRAMME, completed


def balances(shop: Parts) -> list[int]:
    found = [shop.crm.ask(PointsBalance(customer=one)) for one in (BO, ANNA)]
    return [one.balance for one in found if one is not None]


def test_a_claim_is_decided_as_it_is_made() -> None:
    shop = memory_core()
    shop.execute(*PROGRAMME)

    assert kinds(recorded(shop, CLAIM)) == [ReferralClaimed, ReferralAccepted]
    second = evolve(CLAIM, referrer=CustomerId("chen"))
    assert kinds(recorded(shop, second)) == [ReferralClaimed, ReferralRejected]


def test_both_sides_have_their_points_until_the_first_order_is_paid_back() -> None:
    shop = memory_core()
    shop.execute(*PROGRAMME, CLAIM, *completed())

    assert balances(shop) == [80, 100 + 120]
    shop.execute(evolve(refund(100_00), at=NOON + timedelta(days=1)))
    assert balances(shop) == [0, 0]
