"""A member's own page: one answer, each part of which its own question gives as well."""

from datetime import timedelta

from attrs import evolve

from regulars.application.balances import ExpirySchedule
from regulars.application.member_center import AccountStanding, Member, MemberCenter
from regulars.application.postings import PointsLedger
from regulars.application.tiers import ProjectedTier, TierAt
from regulars.domain.coupon import IssueCoupon
from regulars.domain.due import AccountBalance
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.program import (
    DefineProgram,
    PublishTierBenefits,
    PublishTierLadder,
)
from regulars.domain.values import BEGINNING, CouponId, CustomerId, LotId, OfferId, ProgramId
from regulars.domain.waiting import Awaited
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.domain.carts import off
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO
from tests.domain.points import award, close, join
from tests.domain.story import NOON
from tests.domain.test_benefits import CAKE, FIRST, GIFT, LADDER

A_DAY = timedelta(days=1)
NIGHT = ProgramId("night")
SPRING = OfferId("spring")
DEFINE = DefineOffer(program=PROGRAM, offer=CAKE, at=BEGINNING, terms=off(10_00))


def coupon(name: str, offer: OfferId = SPRING, program: ProgramId = PROGRAM) -> Command:
    return IssueCoupon(program=program, offer=offer, coupon=CouponId(name), at=NOON, customer=ANNA)


def club() -> Parts:
    """Anna is silver, with a cake for it, a coupon for 3 days, and points that come and go."""
    spring = evolve(DEFINE, offer=SPRING, limits=Limits(valid_days=3))
    return tell(
        memory_core(),
        [
            DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
            PublishTierLadder(program=PROGRAM, at=BEGINNING, ladder=LADDER),
            DEFINE,
            spring,
            evolve(spring, program=NIGHT),
            PublishTierBenefits(program=PROGRAM, at=BEGINNING, benefits=(GIFT, FIRST)),
            coupon("s-1"),
            coupon("elsewhere", program=NIGHT),
            award("o-1", 100_00, expires_at=NOON + 30 * A_DAY),
            award("o-2", 40_00, activates_at=NOON + 2 * A_DAY, pending=True),
            award("o-3", 5_00, pending=True),
        ],
    )


def page(town: Parts, days: int, customer: CustomerId = ANNA) -> Member:
    return town.crm.ask(MemberCenter(customer=customer, postings=2), as_of=NOON + days * A_DAY)


def test_a_member_sees_all_of_it_on_one_page() -> None:
    town = club()
    at = NOON + A_DAY

    found = page(town, 1)

    assert found.points == AccountBalance(available=100, pending=45, reserved=0, debt=0)
    assert found.awaited == (
        Awaited(lot=LotId("o-2"), points=40, activates_at=NOON + 2 * A_DAY),
        Awaited(lot=LotId("o-3"), points=5, activates_at=None),
    )
    assert found.tier.tier == "silver"
    assert found.benefits == (GIFT,)
    assert [one.coupon for one in found.coupons] == ["s-1", "benefit/gift/anna/1"]
    assert [one.lot for one in found.postings] == ["o-3", "o-2"]
    assert found.expiring == town.crm.ask(ExpirySchedule(customer=ANNA), as_of=at)
    assert found.tier == town.crm.ask(TierAt(customer=ANNA), as_of=at)
    assert found.outlook == town.crm.ask(ProjectedTier(customer=ANNA), as_of=at)
    ledger = town.crm.ask(PointsLedger(customer=ANNA), as_of=at)
    assert found.postings == (ledger[2], ledger[1])


def test_what_comes_and_ends_by_itself_counts_on_the_page() -> None:
    found = page(club(), 31)

    assert found.points == AccountBalance(available=40, pending=5, reserved=0, debt=0)
    assert [one.lot for one in found.awaited] == ["o-3"]
    assert [one.coupon for one in found.coupons] == ["benefit/gift/anna/1"]
    assert [(one.lot, one.points, one.position) for one in found.postings][:1] == [
        ("o-1", -100, None)
    ]


def test_the_page_of_today_has_what_was_recorded_a_moment_ago() -> None:
    town = club()
    known = town.crm.ask(MemberCenter(customer=ANNA)).coupons
    town.execute(coupon("c-2", CAKE))

    found = town.crm.ask(MemberCenter(customer=ANNA)).coupons

    assert {one.coupon for one in found} - {one.coupon for one in known} == {"c-2"}


def test_an_account_that_is_closed_or_went_to_another_says_so() -> None:
    town, chen = club(), CustomerId("chen")
    assert (page(town, 1).account, page(town, 1).merged_into) == (AccountStanding.OPEN, None)

    tell(town, [join(), evolve(join(), absorbed=BO, survivor=chen, at=NOON + 3 * A_DAY)])
    tell(town, [evolve(close(NOON + 5 * A_DAY), customer=chen)])

    assert [(page(town, days).account, page(town, days).merged_into) for days in (1, 3)] == [
        (AccountStanding.MERGED, BO),
        (AccountStanding.MERGED, chen),
    ]
    assert [page(town, days, chen).account for days in (1, 3, 5)] == [
        AccountStanding.NONE,
        AccountStanding.OPEN,
        AccountStanding.CLOSED,
    ]


def test_who_has_no_part_in_it_has_an_empty_page() -> None:
    found = page(club(), 1, CustomerId("nobody"))

    assert found.points == AccountBalance(available=0, pending=0, reserved=0, debt=0)
    assert (found.tier.tier, found.outlook.tier) == (None, None)
    assert found.outlook.reach is not None
    assert (found.benefits, found.coupons, found.postings) == ((), (), ())
