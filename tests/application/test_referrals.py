"""Referrals through the whole core, from the claim to the points and back."""

from datetime import timedelta

from attrs import evolve

from regulars.application.balances import PointsBalance
from regulars.application.referrals import ReferralsOf, ReferralStage
from regulars.domain.customer import RegisterCustomer
from regulars.domain.merge import MergeCustomers
from regulars.domain.referral import (
    NoReferral,
    ReferralAccepted,
    ReferralClaimed,
    ReferralRejected,
    ReferralTerms,
)
from regulars.domain.values import CustomerId, OrderId
from tests.application.memory_crm import Parts, memory_core
from tests.application.test_coupons import kinds, recorded
from tests.domain.carts import basket, place
from tests.domain.examples import ANNA, BO, ORDER, refund
from tests.domain.points import adjust
from tests.domain.story import NOON
from tests.domain.test_discounts import back
from tests.domain.test_referral import CLAIM, PROGRAMME, completed

BOTH = tuple(RegisterCustomer(customer=one, at=NOON) for one in (ANNA, BO))
MERGE = MergeCustomers(absorbed=ANNA, survivor=BO, at=NOON, evidence="same-phone")


def balance(shop: Parts, customer: str) -> int:
    found = shop.crm.ask(PointsBalance(customer=customer))
    return 0 if found is None else found.balance


def balances(shop: Parts) -> list[int]:
    found = [shop.crm.ask(PointsBalance(customer=one)) for one in (BO, ANNA)]
    return [one.balance for one in found if one is not None]


def test_a_claim_is_decided_as_it_is_made() -> None:
    shop = memory_core()
    shop.execute(*PROGRAMME)

    assert kinds(recorded(shop, CLAIM)) == [ReferralClaimed, ReferralAccepted]
    second = evolve(CLAIM, referrer=CustomerId("chen"))
    assert kinds(recorded(shop, second)) == [ReferralClaimed, ReferralRejected]


def test_nobody_refers_the_customer_that_they_were_merged_with() -> None:
    shop = memory_core()
    shop.execute(*PROGRAMME, *BOTH, MERGE)

    assert kinds(recorded(shop, CLAIM)) == [ReferralClaimed, ReferralRejected]
    shop.execute(*completed())
    assert balance(shop, BO) == 100


def test_both_sides_that_became_one_customer_earn_for_the_order_alone() -> None:
    shop = memory_core()
    shop.execute(*PROGRAMME, *BOTH, CLAIM, MERGE, *completed())

    assert balance(shop, BO) == 100


def test_both_sides_have_their_points_until_the_first_order_is_paid_back() -> None:
    shop = memory_core()
    shop.execute(*PROGRAMME, CLAIM, *completed())

    assert balances(shop) == [80, 100 + 120]
    shop.execute(evolve(refund(100_00), at=NOON + timedelta(days=1)))
    assert balances(shop) == [0, 0]


def test_a_first_order_that_points_paid_for_is_paid_back_with_its_goods() -> None:
    shop = memory_core()
    paid = place(basket(50, 50), points=100)
    shop.execute(*PROGRAMME, adjust(100), evolve(CLAIM, terms=ReferralTerms()))
    shop.execute(paid, *completed()[1:])
    assert balances(shop) == [80, 120]

    shop.execute(back("r-1", line_1=1))
    assert balances(shop) == [80, 120 + 50]
    shop.execute(back("r-2", line_2=1))
    assert balances(shop) == [0, 100]


def test_a_referrer_earns_for_so_many_within_so_many_days_and_every_referee_does() -> None:
    shop = memory_core()
    shop.execute(*PROGRAMME)
    terms = evolve(CLAIM.terms, most=2, most_days=10)
    for day, name in ((0, "one"), (3, "two"), (9, "three"), (10, "four")):
        referee, order = CustomerId(name), OrderId(f"of {name}")
        later = timedelta(days=day)
        shop.execute(evolve(CLAIM, referee=referee, terms=terms, at=CLAIM.at + later))
        place, *rest = completed()
        shop.execute(evolve(place, customer=referee, order=order, at=place.at + later))
        shop.execute(*(evolve(one, order=order, at=one.at + later) for one in rest))

    # The first was not within the ten days before the fourth any more.
    assert [balance(shop, name) for name in ("one", "two", "three", "four")] == [220] * 4
    assert balance(shop, BO) == 3 * 80


def test_each_claim_tells_how_far_it_is() -> None:
    shop = memory_core()
    chen = CustomerId("chen")
    shop.execute(*PROGRAMME, CLAIM, evolve(CLAIM, referrer=chen, at=NOON + timedelta(minutes=1)))

    def stages() -> list[tuple[str, ReferralStage]]:
        return [(one.referrer, one.stage) for one in shop.crm.ask(ReferralsOf(customer=ANNA))]

    assert stages() == [(BO, ReferralStage.ACCEPTED), (chen, ReferralStage.REJECTED)]
    shop.execute(*completed(minute=5))
    assert stages()[0] == (BO, ReferralStage.QUALIFIED)
    qualified, rejected = shop.crm.ask(ReferralsOf(customer=ANNA))
    assert (qualified.order, qualified.claimed_at, qualified.since) == (
        ORDER,
        NOON,
        NOON + timedelta(minutes=5),
    )
    assert (rejected.reason, rejected.terms) == (NoReferral.SECOND_REFERRER, CLAIM.terms)
    shop.execute(evolve(refund(100_00), at=NOON + timedelta(days=1)))
    assert stages()[0] == (BO, ReferralStage.CLAWED_BACK)
    before = shop.crm.ask(ReferralsOf(customer=ANNA), as_of=NOON)
    assert [(one.referrer, one.stage) for one in before] == [(BO, ReferralStage.ACCEPTED)]
    assert shop.crm.ask(ReferralsOf(customer=chen)) == ()
