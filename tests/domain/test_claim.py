"""Rewards that points are spent on, and given back."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from regulars.domain.account_merge import MergeAccounts
from regulars.domain.claim import ClaimReward, ImpossibleUnits, NoDish, UnknownReward
from regulars.domain.coupon import CouponIssued, CouponRevoked, CouponWasUsed, RedeemCoupon
from regulars.domain.discounts import CouponOf
from regulars.domain.due import balance
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.offer import DefineOffer, UnknownOffer
from regulars.domain.offer_terms import Kind, Scope, Terms
from regulars.domain.points_payment import WorthDiffers
from regulars.domain.program import DefineProgram, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.redemption import (
    NotEnoughPoints,
    PointsRedeemed,
    RedemptionDiffers,
    RedemptionReversed,
)
from regulars.domain.reward import Reward
from regulars.domain.reward_catalogue import PublishRewards
from regulars.domain.values import (
    CouponId,
    ItemId,
    Money,
    OfferId,
    OrderId,
    RedemptionId,
    RewardId,
)
from tests.domain.carts import basket, place
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, BO, NOODLES
from tests.domain.points import award, redeem, undo
from tests.domain.story import NOON
from tests.domain.test_reward_catalogue import CASH, MUG, TEA

FREE_TEA = DefineOffer(
    program=PROGRAM,
    offer=OfferId("free-tea"),
    at=NOON,
    terms=Terms(
        kind=Kind.FREE_ITEM,
        currency="CNY",
        value=1,
        scope=Scope(merchants=(NOODLES,), items=(ItemId("tea"),)),
    ),
)
PUBLISH = PublishRewards(program=PROGRAM, at=NOON, rewards=(MUG, TEA, CASH))
CLAIM = ClaimReward(
    program=PROGRAM, customer=ANNA, at=NOON, redemption=RedemptionId("s-1"), reward=TEA.reward
)
COUPON = CouponOf(program=PROGRAM, offer=FREE_TEA.offer, coupon=CouponId("reward/anna/s-1"))


def town(*commands: Command, points: int = 100) -> Chronicle:
    """The town in which Anna has so many points, and the catalogue has a mug, tea and cash."""
    define = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
    told = chronicle([define, PUBLISH, FREE_TEA, award("before", points * 100)])
    for command in commands:
        told.tell(command)
    return told


def left(told: Chronicle) -> int:
    return balance(told.accounts[PROGRAM, ANNA].state, NOON).available


def spent(told: Chronicle) -> PointsRedeemed:
    (event,) = told.all(PointsRedeemed)
    return event


def test_a_dish_is_a_coupon_for_the_next_order_of_its_merchant() -> None:
    told = town(CLAIM)

    assert (spent(told).points, spent(told).catalogue, spent(told).brings) == (30, 1, (COUPON,))
    assert spent(told).reward == Reward(kind="dish", id=TEA.reward)
    (issued,) = told.all(CouponIssued)
    assert (issued.coupon, issued.customer, issued.order) == (COUPON.coupon, ANNA, None)
    assert left(told) == 70


def test_a_gift_and_a_donation_are_points_and_nothing_else() -> None:
    told = town(evolve(CLAIM, reward=MUG.reward, units=2), points=400)

    assert spent(told).reward == Reward(kind="gift", id=MUG.reward)
    assert (spent(told).points, spent(told).units, spent(told).brings) == (400, 2, ())


@pytest.mark.parametrize(("points", "worth"), [(20, 40_00), (50, 100_00)])
def test_wc14_cash_is_worth_exactly_its_points(points: int, worth: int) -> None:
    told = town(evolve(CLAIM, reward=CASH.reward, units=points))

    money = Money(minor=worth, currency="CNY")
    assert spent(told).reward == Reward(kind="cash", id=CASH.reward, value=money)
    assert left(told) == 100 - points


@pytest.mark.parametrize(("points", "to_pay"), [(20, 60_00), (50, 0)])
def test_wc14_points_pay_for_an_order_what_the_catalogue_says(points: int, to_pay: int) -> None:
    order = place(basket(100_00), points=points, value=2_00)

    assert order.total == to_pay
    assert left(town(order)) == 100 - points
    with pytest.raises(WorthDiffers) as refused:
        town(place(basket(100_00), points=points, value=1_99))
    assert (refused.value.points, refused.value.amount) == (points, points * 1_99)


def test_a_price_is_paid_whole_or_not_at_all() -> None:
    told = town(points=29)
    before = len(told.facts)

    with pytest.raises(NotEnoughPoints) as refused:
        told.tell(CLAIM)
    assert (refused.value.available, refused.value.wanted) == (29, 30)
    assert len(told.facts) == before


def test_a_claim_spends_first_what_the_programme_spends_first() -> None:
    sooner = award("sooner", 30_00, expires_at=NOON + timedelta(days=1))
    fifo = SetProgramPolicies(
        program=PROGRAM, at=NOON, policies=ProgramPolicies(spend_order=SpendOrder.FIFO)
    )

    assert [one.lot for one in spent(town(sooner, CLAIM)).allocations] == ["sooner"]
    assert [one.lot for one in spent(town(sooner, fifo, CLAIM)).allocations] == ["before"]


def test_a_claim_told_twice_spends_once() -> None:
    told = town(CLAIM, CLAIM)

    assert len(told.all(PointsRedeemed)) == len(told.all(CouponIssued)) == 1


def test_a_claim_is_known_though_its_reward_is_dearer_or_gone_or_its_account_is_over() -> None:
    dearer = evolve(PUBLISH, at=NOON + timedelta(days=1), rewards=(evolve(TEA, points=31),))
    gone = evolve(PUBLISH, at=NOON + timedelta(days=2), rewards=(MUG,))
    merge = MergeAccounts(program=PROGRAM, absorbed=ANNA, survivor=BO, at=NOON + timedelta(days=3))
    told = town(CLAIM)
    changes: tuple[Command, ...] = (dearer, gone, merge)
    for days, change in enumerate(changes, 1):
        told.tell(change)
        told.tell(evolve(CLAIM, at=NOON + timedelta(days=days)))

    told.tell(evolve(CLAIM, customer=BO))

    assert len(told.all(PointsRedeemed)) == len(told.all(CouponIssued)) == 1


def test_something_else_under_the_id_of_a_claim_is_refused() -> None:
    told = town(CLAIM, redeem(5, redemption="s-2"))

    for other in (
        evolve(CLAIM, reward=MUG.reward),
        evolve(CLAIM, units=2),
        evolve(CLAIM, redemption=RedemptionId("s-2")),
    ):
        with pytest.raises(RedemptionDiffers):
            told.tell(other)


def test_two_customers_may_claim_under_one_id() -> None:
    told = town(CLAIM)
    told.tell(evolve(award("of-bo", 100_00), customer=BO))

    told.tell(evolve(CLAIM, customer=BO))

    assert [one.customer for one in told.all(CouponIssued)] == [ANNA, BO]


def test_the_price_is_that_of_the_moment() -> None:
    dearer = evolve(
        PUBLISH,
        rewards=(evolve(TEA, points=50),),
        effective_from=NOON + timedelta(days=1),
    )
    later = evolve(CLAIM, at=NOON + timedelta(days=1), redemption=RedemptionId("s-2"))
    told = town(dearer, CLAIM, later)

    assert [(one.points, one.catalogue) for one in told.all(PointsRedeemed)] == [(30, 1), (50, 2)]
    with pytest.raises(UnknownReward):
        told.tell(evolve(later, reward=MUG.reward, redemption=RedemptionId("s-3")))


@pytest.mark.parametrize("claim", [evolve(CLAIM, reward=RewardId("moon")), CLAIM])
def test_what_no_catalogue_has_is_not_sold(claim: ClaimReward) -> None:
    nothing = chronicle([award("before", 100_00)])

    with pytest.raises(UnknownReward):
        (town() if claim is not CLAIM else nothing).tell(claim)


@pytest.mark.parametrize(("reward", "units"), [(MUG.reward, 0), (TEA.reward, 2)])
def test_one_is_claimed_at_least_and_of_a_coupon_one(reward: RewardId, units: int) -> None:
    with pytest.raises(ImpossibleUnits):
        town(evolve(CLAIM, reward=reward, units=units))


def elsewhere(**terms: Any) -> DefineOffer:  # noqa: ANN401 - fields of terms
    return evolve(FREE_TEA, offer=OfferId("other"), terms=evolve(FREE_TEA.terms, **terms))


@pytest.mark.parametrize(
    ("offer", "refused"),
    [
        (elsewhere(kind=Kind.FIXED), NoDish),
        (elsewhere(scope=Scope(items=(ItemId("tea"),))), NoDish),
        (evolve(FREE_TEA, offer=OfferId("unheard-of")), UnknownOffer),
    ],
)
def test_a_dish_is_free_items_of_a_merchant(offer: DefineOffer, refused: type[Exception]) -> None:
    other = evolve(TEA, offer=OfferId("other"))

    with pytest.raises(refused):
        town(offer, evolve(PUBLISH, rewards=(other,)), CLAIM)


def test_points_that_come_back_take_the_coupon_away() -> None:
    told = town(CLAIM, undo(1, 2), undo(2, 2, refund="r-2"))

    assert [one.takes_back for one in told.all(RedemptionReversed)] == [(COUPON,), ()]
    assert [(one.coupon, one.reason) for one in told.all(CouponRevoked)] == [
        (COUPON.coupon, "points-given-back")
    ]
    assert left(told) == 100


def test_points_whose_coupon_was_used_do_not_come_back() -> None:
    use = RedeemCoupon(
        program=PROGRAM,
        offer=COUPON.offer,
        coupon=COUPON.coupon,
        at=NOON,
        order=OrderId("o-1"),
        amount=5_00,
        customer=ANNA,
    )
    told = town(CLAIM, use)

    with pytest.raises(CouponWasUsed) as refused:
        told.tell(undo(1, 1))
    assert refused.value.coupon == COUPON.coupon


def test_the_account_that_took_another_over_takes_its_coupons_back_too() -> None:
    told = town(CLAIM, MergeAccounts(program=PROGRAM, absorbed=ANNA, survivor=BO, at=NOON))

    told.tell(evolve(undo(1, 1), customer=BO))

    assert [one.coupon for one in told.all(CouponRevoked)] == [COUPON.coupon]
