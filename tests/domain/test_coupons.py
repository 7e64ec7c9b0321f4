"""What the coupons of an offer tell in full, and the moments and numbers at which they turn."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from regulars.domain.codes import NoCode
from regulars.domain.coupon import (
    CouponAlreadyIssued,
    CouponDoesNotCount,
    CouponExpired,
    CouponIssued,
    CouponRedeemed,
    CouponRejected,
    CouponReservationReleased,
    CouponReserved,
    CouponRestored,
    CouponRevoked,
    OfferIsOver,
)
from regulars.domain.coupons import Use
from regulars.domain.offer import OfferEnded, refusal
from regulars.domain.offer_limits import UNLIMITED, Limits
from regulars.domain.offer_terms import Reason, Rejection
from regulars.domain.purchase import AmountBelowZero
from regulars.domain.values import CouponId
from tests.domain.carts import basket
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON, minutes, offer_story
from tests.domain.test_offer import (
    C1,
    C2,
    DAY,
    DEFINE,
    END,
    ISSUE,
    ONE,
    REDEEM,
    RELEASE,
    RESERVE,
    RESTORE,
    REVOKE,
    SPRING,
    TWO,
    spring,
    why,
)

OF: dict[str, Any] = {"program": PROGRAM, "offer": SPRING, "coupon": C1}
MOMENT = timedelta(microseconds=1)


def test_a_coupon_is_issued_for_a_customer_and_what_brought_it() -> None:
    story, brought = offer_story().given(DEFINE), evolve(ISSUE, order=TWO)

    assert story.when(brought) == [
        CouponIssued(**OF, valid_from=NOON, customer=ANNA, order=TWO),
    ]
    assert story.when(brought) == []
    with pytest.raises(CouponAlreadyIssued):
        story.when(ISSUE)


def test_an_offer_ends_for_a_reason_that_is_a_code() -> None:
    assert spring().when(END) == [OfferEnded(program=PROGRAM, offer=SPRING, reason="sold-out")]
    with pytest.raises(NoCode) as refused:
        spring().when(evolve(END, reason="sold out"))
    assert refused.value.field == "reason"


def test_what_was_held_and_used_comes_back_even_when_it_is_revoked() -> None:
    story = spring(UNLIMITED, RESERVE, REDEEM, REVOKE)

    assert story.when(RESTORE) == [CouponRestored(**OF, order=ONE)]
    assert story.state.coupons.used == 0


def test_what_becomes_of_a_coupon_is_told_in_full() -> None:
    until = NOON + DAY
    story = spring(Limits(valid_days=1))

    assert story.when(RESERVE) == [
        CouponReserved(**OF, order=ONE, lapses_at=RESERVE.lapses_at, customer=ANNA)
    ]
    assert story.when(RELEASE) == [CouponReservationReleased(**OF, order=ONE)]
    assert story.when(REDEEM) == [CouponRedeemed(**OF, order=ONE, amount=10_00, customer=ANNA)]
    assert story.when(RESTORE) == [CouponRestored(**OF, order=ONE, valid_until=until)]
    late = story.given(REDEEM).when(evolve(RESTORE, at=until))
    assert late == [CouponExpired(**OF, order=ONE, expired_at=until)]
    assert story.when(REVOKE) == [CouponRevoked(**OF, reason="mistake")]


def test_a_rejection_tells_for_whose_order_and_is_told_once() -> None:
    story = spring()
    small = evolve(RESERVE, basket=basket(49_99))
    rejected = CouponRejected(
        **OF,
        order=ONE,
        rejection=Rejection(reason=Reason.CONDITION_FAILED, needed=50_00, found=49_99),
        customer=ANNA,
    )

    assert story.when(small) == [rejected]
    assert story.when(small) == []
    assert story.when(evolve(small, order=TWO)) == [evolve(rejected, order=TWO)]
    assert story.given(RESERVE, RELEASE).when(evolve(small, order=TWO)) == [
        evolve(rejected, order=TWO)
    ]
    story.given(REDEEM, RESTORE)
    assert story.when(evolve(small, order=TWO)) == [evolve(rejected, order=TWO)]


def test_a_coupon_counts_from_its_first_moment_and_before_its_last() -> None:
    story = spring(Limits(inactive_days=1, valid_days=1))

    def told_at(since: timedelta) -> Rejection | None:
        at = NOON + since
        return why(story, evolve(RESERVE, at=at, lapses_at=at + minutes(15)))

    assert told_at(DAY - MOMENT) == Rejection(reason=Reason.NOT_STARTED)
    assert told_at(2 * DAY) == Rejection(reason=Reason.EXPIRED)
    assert told_at(DAY) is None


def test_one_can_ask_of_a_coupon_whose_offer_is_over() -> None:
    use = Use(coupon=C1, order=ONE, at=NOON, customer=ANNA)

    assert refusal(spring(UNLIMITED, END).state, use) == Rejection(reason=Reason.NOT_RUNNING)


def test_a_coupon_is_issued_until_the_offer_ends() -> None:
    story = offer_story().given(evolve(DEFINE, limits=Limits(until=NOON + DAY)))

    assert story.when(evolve(ISSUE, at=NOON + DAY - MOMENT))
    with pytest.raises(OfferIsOver):
        story.when(evolve(ISSUE, coupon=C2, at=NOON + DAY))


def test_the_customer_who_holds_a_coupon_has_one_less_to_hold() -> None:
    third = CouponId("c-3")
    story = spring(Limits(per_customer=2), evolve(ISSUE, coupon=third))
    story.given(evolve(ISSUE, coupon=CouponId("c-4")), REDEEM)
    bos = evolve(RESERVE, coupon=C2, customer=BO, order=TWO)

    assert why(story, evolve(RESERVE, coupon=third, order=TWO)) is None
    fourth = evolve(RESERVE, coupon=CouponId("c-4"), order=TWO)
    assert why(story, fourth) == Rejection(reason=Reason.CUSTOMER_LIMIT, needed=2, found=2)
    assert why(story, bos) is None


def test_who_holds_a_coupon_may_hold_it_up_to_the_limit_of_all() -> None:
    story = spring(Limits(total=2), REDEEM)

    assert why(story, evolve(RESERVE, coupon=C2, customer=BO, order=TWO)) is None
    third = CouponId("c-3")
    story.given(evolve(ISSUE, coupon=third))
    assert why(story, evolve(RESERVE, coupon=third, order=TWO)) == Rejection(
        reason=Reason.CAMPAIGN_LIMIT, needed=2, found=2
    )


def test_another_order_does_not_release_what_is_held() -> None:
    story = spring(UNLIMITED, RESERVE)

    assert story.when(evolve(RELEASE, order=TWO)) == []
    assert story.when(evolve(RESTORE, order=TWO)) == []
    assert story.when(RESTORE) == [CouponReservationReleased(**OF, order=ONE)]
    assert story.state.coupons.held == set()


def test_another_order_does_not_give_back_what_was_used() -> None:
    assert spring(UNLIMITED, REDEEM).when(evolve(RESTORE, order=TWO)) == []


def test_a_hold_ends_with_its_last_moment() -> None:
    story = spring(UNLIMITED, RESERVE)
    again = evolve(RESERVE, at=RESERVE.lapses_at, lapses_at=RESERVE.lapses_at + DAY)
    held = CouponReserved(**OF, order=TWO, lapses_at=again.lapses_at, customer=ANNA)

    assert why(story, evolve(again, at=again.at - MOMENT, order=TWO)) == Rejection(
        reason=Reason.RESERVED
    )
    assert story.when(evolve(again, order=TWO)) == [
        CouponReservationReleased(**OF, order=ONE, lapsed=True),
        held,
    ]


def test_a_hold_that_lapsed_may_be_taken_anew_by_its_order() -> None:
    story = spring(UNLIMITED, RESERVE)
    again = evolve(RESERVE, at=NOON + DAY, lapses_at=NOON + 2 * DAY)

    *_, held = story.when(again)

    assert held == CouponReserved(**OF, order=ONE, lapses_at=NOON + 2 * DAY, customer=ANNA)


def test_a_coupon_that_never_expires_comes_back_as_it_was() -> None:
    story = spring(Limits(restore_grace_days=7), REDEEM)

    assert story.when(evolve(RESTORE, at=NOON + 900 * DAY)) == [CouponRestored(**OF, order=ONE)]


def test_days_of_grace_are_given_from_the_end_on_and_not_before() -> None:
    limits = Limits(valid_days=1, restore_grace_days=7)

    def until(at: timedelta) -> object:
        (restored,) = spring(limits, REDEEM).when(evolve(RESTORE, at=NOON + at))
        assert isinstance(restored, CouponRestored)
        return restored.valid_until

    assert until(DAY - MOMENT) == NOON + DAY
    assert until(DAY) == NOON + 8 * DAY


def test_a_coupon_comes_back_as_often_as_its_offer_says() -> None:
    twice = spring(Limits(max_restores=2), REDEEM, RESTORE, REDEEM)

    assert twice.when(RESTORE) == [CouponRestored(**OF, order=ONE)]
    assert twice.given(REDEEM).when(RESTORE) == [CouponExpired(**OF, order=ONE, expired_at=NOON)]


def test_who_gave_a_coupon_back_may_use_another_and_so_may_who_lost_it() -> None:
    for limits in (Limits(per_customer=1), Limits(per_customer=1, max_restores=0)):
        story = spring(limits, REDEEM, RESTORE)

        assert story.state.coupons.used_by == {ANNA: 0}


def test_what_a_coupon_took_off_is_no_loss_once_it_came_back() -> None:
    (revoked,) = spring(UNLIMITED, REDEEM, RESTORE).when(REVOKE)

    assert revoked == CouponRevoked(**OF, reason="mistake")


def test_what_is_held_is_revoked_of_no_order() -> None:
    assert spring(UNLIMITED, RESERVE).when(REVOKE) == [CouponRevoked(**OF, reason="mistake")]


def test_a_reason_for_a_revocation_is_a_code() -> None:
    with pytest.raises(NoCode) as refused:
        spring().when(evolve(REVOKE, reason="because of Anna"))

    assert refused.value.field == "reason"


def test_an_amount_below_zero_names_the_order_and_the_field() -> None:
    with pytest.raises(AmountBelowZero) as refused:
        spring().when(evolve(REDEEM, amount=-1))

    assert (refused.value.order, refused.value.field, refused.value.amount) == (ONE, "discount", -1)


def test_a_coupon_may_take_nothing_off() -> None:
    assert spring().when(evolve(REDEEM, amount=0)) == [
        CouponRedeemed(**OF, order=ONE, amount=0, customer=ANNA)
    ]


def test_an_order_is_not_placed_with_a_coupon_of_another_customer() -> None:
    with pytest.raises(CouponDoesNotCount) as refused:
        spring().when(evolve(REDEEM, customer=BO))

    assert refused.value.reason is Reason.WRONG_RECIPIENT
