"""What grants ask of the offers that their variants have."""

from attrs import evolve

from regulars.domain.budget import Budget, BudgetConsumed, BudgetRestored
from regulars.domain.coupon import IssueCoupon, RevokeCoupon
from regulars.domain.policies_campaigns import issue_on_grant, revoke_on_cancelled_grant
from regulars.domain.values import CouponId, GrantId
from tests.domain.chronicle import Chronicle, chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON
from tests.domain.test_campaign import CANCEL, GRANT, MAIL, running
from tests.domain.test_offer import DEFINE, ISSUE, SPRING


def test_a_grant_of_a_variant_with_an_offer_is_a_coupon_of_it() -> None:
    story = running(Budget(total=50), variants=(evolve(MAIL, offer=SPRING),))
    _, consumed, _ = story.when(GRANT)
    _, nothing = story.when(evolve(GRANT, grant=GrantId("g-2"), customer=BO))
    (restored,) = story.when(CANCEL)

    assert isinstance(consumed, BudgetConsumed)
    assert isinstance(nothing, BudgetConsumed)
    assert isinstance(restored, BudgetRestored)
    (issue,) = issue_on_grant(consumed, NOON)
    (revoke,) = revoke_on_cancelled_grant(restored, NOON, chronicle([DEFINE, issue]))
    assert isinstance(issue, IssueCoupon)
    assert isinstance(revoke, RevokeCoupon)
    assert (issue.offer, issue.coupon, issue.customer) == (SPRING, "campaign/lunch/g-1", ANNA)
    assert (revoke.offer, revoke.coupon) == (issue.offer, issue.coupon)
    assert revoke.reason == "grant-cancelled"
    assert issue_on_grant(nothing, NOON) == []
    assert issue_on_grant(evolve(consumed, offer=None), NOON) == []
    assert revoke_on_cancelled_grant(evolve(restored, offer=None), NOON, Chronicle()) == []


def test_the_coupon_of_a_grant_that_an_older_version_made_is_revoked_by_its_name() -> None:
    story = running(variants=(evolve(MAIL, offer=SPRING),)).given(GRANT)
    (restored,) = story.when(CANCEL)
    shop = chronicle([DEFINE, evolve(ISSUE, coupon=CouponId("lunch/g-1"))])

    assert isinstance(restored, BudgetRestored)
    (revoke,) = revoke_on_cancelled_grant(restored, NOON, shop)
    assert isinstance(revoke, RevokeCoupon)
    assert revoke.coupon == "lunch/g-1"
