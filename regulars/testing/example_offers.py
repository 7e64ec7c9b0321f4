"""The examples of the events of offers and coupons."""

from datetime import UTC, datetime
from typing import Final

from regulars.application.events import Event
from regulars.domain.coupon import (
    CouponExpired,
    CouponIssued,
    CouponRedeemed,
    CouponRejected,
    CouponReservationReleased,
    CouponReserved,
    CouponRestored,
    CouponRevoked,
)
from regulars.domain.discounts import CouponOf, OnReturn
from regulars.domain.offer import OfferDefined, OfferEnded
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Kind, Reason, Rejection, Scope, Terms
from regulars.domain.purchase import Channel
from regulars.domain.scene import Scene
from regulars.domain.values import CouponId, ItemId, OfferId
from regulars.testing.example_ids import ADA, CAFE, ORDER, PLACED_AT, PROGRAM

OFFER = OfferId("满50减10")
COUPON = CouponId("c-17")
A_COUPON = CouponOf(program=PROGRAM, offer=OFFER, coupon=COUPON)
BROUGHT = CouponOf(program=PROGRAM, offer=OfferId("card"), coupon=CouponId("c-18"))

OFFERS: Final[dict[tuple[str, int], Event]] = {
    ("OfferDefined", 2): OfferDefined(
        program=PROGRAM,
        offer=OFFER,
        terms=Terms(
            kind=Kind.PERCENT,
            currency="GBP.3",
            value=1500,
            at_least=5000,
            most=9000,
            whole=True,
            scope=Scope(
                merchants=(CAFE,),
                channels=(Channel.PICKUP,),
                tiers=("gold",),
                categories=("mains",),
                items=(ItemId("dumplings"),),
            ),
            stack_group="percentages",
            exclusive=True,
            on_return=OnReturn.RECLAIM,
        ),
        limits=Limits(
            since=PLACED_AT,
            until=datetime(2027, 1, 1, tzinfo=UTC),
            inactive_days=1,
            valid_days=30,
            per_customer=2,
            total=1000,
            reservation_required=True,
            restore_grace_days=7,
            max_restores=3,
        ),
        scene=Scene(
            hours=(11, 12),
            weekdays=(5, 6),
            zone="Europe/London",
            merchant_categories=("noodles",),
            first_order=True,
        ),
    ),
    ("CouponIssued", 1): CouponIssued(
        program=PROGRAM,
        offer=OFFER,
        coupon=COUPON,
        valid_from=PLACED_AT,
        valid_until=datetime(2026, 3, 30, tzinfo=UTC),
        customer=ADA,
        order=ORDER,
    ),
    ("CouponRejected", 1): CouponRejected(
        program=PROGRAM,
        offer=OFFER,
        coupon=COUPON,
        order=ORDER,
        rejection=Rejection(reason=Reason.CONDITION_FAILED, needed=5000, found=4999),
        customer=ADA,
    ),
    ("CouponReserved", 1): CouponReserved(
        program=PROGRAM,
        offer=OFFER,
        coupon=COUPON,
        order=ORDER,
        lapses_at=PLACED_AT,
        customer=ADA,
    ),
    ("CouponReservationReleased", 1): CouponReservationReleased(
        program=PROGRAM, offer=OFFER, coupon=COUPON, order=ORDER, lapsed=True
    ),
    ("CouponRedeemed", 1): CouponRedeemed(
        program=PROGRAM,
        offer=OFFER,
        coupon=COUPON,
        order=ORDER,
        amount=390,
        customer=ADA,
    ),
    ("CouponRestored", 1): CouponRestored(
        program=PROGRAM,
        offer=OFFER,
        coupon=COUPON,
        order=ORDER,
        valid_until=datetime(2026, 4, 7, tzinfo=UTC),
    ),
    ("CouponExpired", 1): CouponExpired(
        program=PROGRAM,
        offer=OFFER,
        coupon=COUPON,
        order=ORDER,
        expired_at=PLACED_AT,
    ),
    ("CouponRevoked", 1): CouponRevoked(
        program=PROGRAM,
        offer=OFFER,
        coupon=COUPON,
        order=ORDER,
        lost=390,
        reason="refunded",
    ),
    ("OfferEnded", 1): OfferEnded(program=PROGRAM, offer=OFFER, reason="sold-out"),
}
