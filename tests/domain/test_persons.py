"""Coupons and limits of one person, under whatever ids: a merge conserves them, so does its end."""

from random import Random
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.budget import Budget, BudgetConsumed, CancelGrant, GrantBenefit
from regulars.domain.campaign import DraftCampaign, LaunchCampaign
from regulars.domain.campaign_plan import Plan
from regulars.domain.caps import Cap, Span
from regulars.domain.checkout import checkout
from regulars.domain.coupon import (
    CouponDoesNotCount,
    CouponRedeemed,
    CouponRejected,
    IssueCoupon,
    ReserveCoupon,
)
from regulars.domain.customer import RegisterCustomer
from regulars.domain.discounts import CouponOf
from regulars.domain.holdout import Variant
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_limits import UNLIMITED, Limits
from regulars.domain.offer_terms import Reason
from regulars.domain.order import CancelOrder
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import (
    CampaignId,
    CouponId,
    CustomerId,
    GrantId,
    OfferId,
    OrderId,
    Refusal,
)
from tests.domain.carts import basket, off
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON, minutes
from tests.domain.test_checkout import by, order

CAROL: Final = CustomerId("carol")
SPRING: Final = OfferId("spring")
LUNCH: Final = CampaignId("lunch")


def town(limits: Limits = UNLIMITED, *commands: Command) -> Chronicle:
    """Anna, Bo and Carol have two coupons each of ¥1 off."""
    define = DefineOffer(program=PROGRAM, offer=SPRING, at=NOON, terms=off(1_00), limits=limits)
    everybody = (ANNA, BO, CAROL)
    told = chronicle([define, *(RegisterCustomer(customer=one, at=NOON) for one in everybody)])
    for whose in everybody:
        for number in (1, 2):
            name = coupon(whose, number).coupon
            issue = IssueCoupon(program=PROGRAM, offer=SPRING, coupon=name, at=NOON, customer=whose)
            told.tell(issue)
    for command in commands:
        told.tell(command)
    return told


def coupon(whose: CustomerId, number: int = 1) -> CouponOf:
    return CouponOf(program=PROGRAM, offer=SPRING, coupon=CouponId(f"{whose}-{number}"))


def merge(absorbed: CustomerId, survivor: CustomerId) -> MergeCustomers:
    return MergeCustomers(absorbed=absorbed, survivor=survivor, at=NOON, evidence="same-phone")


def revert(absorbed: CustomerId, survivor: CustomerId) -> RevertMerge:
    return RevertMerge(absorbed=absorbed, survivor=survivor, at=NOON, evidence="other-phone")


def bought(name: str, who: CustomerId, of: CouponOf) -> PlaceOrder:
    return evolve(order(basket(60_00), by(of, 1_00)), order=OrderId(name), customer=who)


def why(told: Chronicle, place: PlaceOrder) -> Reason:
    with pytest.raises(CouponDoesNotCount) as refused:
        told.tell(place)
    return refused.value.reason


def test_c5_coupons_of_whom_a_customer_absorbed_are_theirs_until_the_merge_is_taken_back() -> None:
    annas = bought("o-1", BO, coupon(ANNA))

    assert why(town(), annas) is Reason.WRONG_RECIPIENT
    merged = town(UNLIMITED, merge(ANNA, BO), annas, bought("o-2", ANNA, coupon(BO)))
    assert [(one.coupon, one.customer) for one in merged.all(CouponRedeemed)] == [
        ("anna-1", BO),
        ("bo-1", ANNA),
    ]
    separated = town(UNLIMITED, merge(ANNA, BO), revert(ANNA, BO))
    assert why(separated, annas) is Reason.WRONG_RECIPIENT
    separated.tell(bought("o-2", ANNA, coupon(ANNA)))


def test_who_was_absorbed_along_with_another_is_the_same_person() -> None:
    carols = bought("o-1", BO, coupon(CAROL))

    town(UNLIMITED, merge(CAROL, ANNA), merge(ANNA, BO), carols)

    assert why(town(UNLIMITED, merge(ANNA, BO)), carols) is Reason.WRONG_RECIPIENT


def test_what_both_used_before_and_after_a_merge_counts_against_the_limit_of_each() -> None:
    twice = Limits(per_customer=2)
    before = (bought("o-1", ANNA, coupon(ANNA)), bought("o-2", BO, coupon(BO)))
    third = bought("o-3", BO, coupon(BO, 2))

    town(twice, *before, third)

    assert why(town(twice, *before, merge(ANNA, BO)), third) is Reason.CUSTOMER_LIMIT
    old_id = bought("o-3", ANNA, coupon(ANNA, 2))
    assert why(town(twice, *before, merge(ANNA, BO)), old_id) is Reason.CUSTOMER_LIMIT
    town(twice, *before, merge(ANNA, BO), revert(ANNA, BO), third)


def hold(name: str, who: CustomerId, of: CouponOf) -> ReserveCoupon:
    return ReserveCoupon(
        program=PROGRAM,
        offer=SPRING,
        coupon=of.coupon,
        at=NOON,
        order=OrderId(name),
        basket=basket(60_00),
        lapses_at=NOON + minutes(15),
        customer=who,
    )


def test_what_an_order_under_another_id_holds_counts_too() -> None:
    once = Limits(per_customer=1)
    told = town(once, hold("o-1", ANNA, coupon(ANNA)), merge(ANNA, BO), hold("o-2", BO, coupon(BO)))

    assert [one.rejection.reason for one in told.all(CouponRejected)] == [Reason.CUSTOMER_LIMIT]
    assert why(told, bought("o-3", BO, coupon(BO))) is Reason.CUSTOMER_LIMIT
    told.tell(bought("o-1", ANNA, coupon(ANNA)))


def test_what_an_order_took_hold_of_before_a_merge_was_taken_back_it_may_use() -> None:
    told = town(UNLIMITED, merge(ANNA, BO), hold("o-1", BO, coupon(ANNA)), revert(ANNA, BO))

    told.tell(bought("o-1", BO, coupon(ANNA)))

    assert [(one.coupon, one.customer) for one in told.all(CouponRedeemed)] == [("anna-1", BO)]


def test_what_an_order_holds_it_may_use_under_another_id_of_the_person() -> None:
    once, held, used = Limits(per_customer=1), coupon(ANNA), coupon(BO)
    told = town(once, hold("o-1", ANNA, held), bought("o-2", BO, used), merge(ANNA, BO))

    told.tell(bought("o-1", BO, held))

    assert [one.coupon for one in told.all(CouponRedeemed)] == ["bo-1", "anna-1"]


def test_a_coupon_that_a_cancelled_order_gives_back_is_that_of_who_was_issued_it() -> None:
    told = town(Limits(per_customer=1), merge(ANNA, BO), bought("o-1", BO, coupon(ANNA)))
    told.tell(revert(ANNA, BO))

    assert why(told, bought("o-2", BO, coupon(BO))) is Reason.CUSTOMER_LIMIT
    told.tell(CancelOrder(order=OrderId("o-1"), at=NOON))

    assert why(told, bought("o-3", BO, coupon(ANNA))) is Reason.WRONG_RECIPIENT
    told.tell(bought("o-5", BO, coupon(BO)))
    told.tell(bought("o-4", ANNA, coupon(ANNA)))


def test_a_coupon_is_asked_about_for_the_person() -> None:
    place = bought("o-1", BO, coupon(ANNA))

    def reasons(told: Chronicle) -> list[Reason]:
        return [
            one.reason for one in checkout(told, place, NOON, ()).verdict(coupon(ANNA)).rejections
        ]

    assert reasons(town()) == [Reason.WRONG_RECIPIENT]
    assert reasons(town(UNLIMITED, merge(ANNA, BO))) == []


def grant(name: str, whose: CustomerId, amount: int) -> GrantBenefit:
    return GrantBenefit(
        program=PROGRAM,
        campaign=LUNCH,
        at=NOON,
        grant=GrantId(name),
        customer=whose,
        amount=amount,
    )


@pytest.mark.parametrize(
    ("budget", "left"),
    [
        (Budget(per_customer=100), 30),
        (Budget(caps=(Cap(span=Span.WEEK, per_customer=90),), zone="UTC"), 20),
        (Budget(caps=(Cap(span=Span.DAY, times=2),), zone="UTC"), 0),
        (Budget(caps=(Cap(span=Span.DAY, times=3),), zone="UTC"), 50),
        (Budget(per_customer=60), 0),
        (Budget(caps=(Cap(span=Span.MONTH, per_customer=60),), zone="UTC"), 0),
    ],
)
def test_a_budget_counts_what_the_person_was_granted(budget: Budget, left: int) -> None:
    campaign: list[Command] = [
        DraftCampaign(
            program=PROGRAM,
            campaign=LUNCH,
            at=NOON,
            plan=Plan(variants=(Variant(name="mail"),), budget=budget),
        ),
        LaunchCampaign(program=PROGRAM, campaign=LUNCH, at=NOON),
        grant("g-1", ANNA, 40),
        grant("g-2", BO, 30),
    ]
    third = grant("g-3", BO, 50)

    def given_last(*commands: Command) -> int:
        return town(UNLIMITED, *campaign, *commands).all(BudgetConsumed)[-1].amount

    assert given_last(merge(ANNA, BO), third) == left
    alone = given_last(third)
    assert alone > left or alone == 50
    assert given_last(merge(ANNA, BO), revert(ANNA, BO), third) == alone
    cancel = CancelGrant(program=PROGRAM, campaign=LUNCH, at=NOON, grant=GrantId("g-1"))
    assert given_last(merge(ANNA, BO), cancel, third) == alone


@given(st.integers(0, 2**32))
def test_c5_no_coupon_is_used_twice_and_each_by_the_person_whose_it_is(number: int) -> None:
    chance = Random(number)  # noqa: S311 - nothing is kept secret by it
    most = chance.choice([1, 2, 3])
    told = town(Limits(per_customer=most))
    into = dict.fromkeys((ANNA, BO, CAROL), CustomerId(""))
    used: dict[OrderId, tuple[CustomerId, CouponOf]] = {}

    def person(one: CustomerId) -> CustomerId:
        while into[one]:
            one = into[one]
        return one

    for step in range(14):
        one, other = chance.sample([*into], 2)
        name = OrderId(f"o-{step}")
        match chance.choice(["merge", "revert", "cancel", "buy", "buy", "buy"]):
            case "merge" if attempt(told, merge(one, other)):
                into[one] = other
            case "revert" if into[one] == other and attempt(told, revert(one, other)):
                into[one] = CustomerId("")
            case "cancel" if used:
                back = chance.choice([*used])
                told.tell(CancelOrder(order=back, at=NOON))
                del used[back]
            case "buy":
                whose = chance.choice([*into])
                of = coupon(whose, chance.choice([1, 2]))
                uses = sum(person(who) == person(one) for who, _ in used.values())
                free = of not in {taken for _, taken in used.values()}
                counts = free and person(whose) == person(one) and uses < most
                assert attempt(told, bought(name, one, of)) == counts
                if counts:
                    used[name] = one, of
            case _:
                pass
    coupons = told.offer(SPRING).coupons
    assert {name: one.order for name, one in coupons.all.items() if one.is_used()} == {
        of.coupon: name for name, (_, of) in used.items()
    }
    assert coupons.used == len(used)


def attempt(told: Chronicle, command: Command) -> bool:
    try:
        told.tell(command)
    except Refusal:
        return False
    return True
