"""Coupons of customers, and offers with what is used of them: now or as of any moment."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Final, TypeAlias, assert_never, cast, get_args

from attrs import define, frozen

from regulars.application.aggregates import CUSTOMER, customer_stream
from regulars.application.events import Happened, microseconds, moment
from regulars.application.queries import Query, ViewRows
from regulars.application.questions import Look, Question
from regulars.application.views import Key, View
from regulars.domain.coupon import (
    CouponExpired,
    CouponIssued,
    CouponRedeemed,
    CouponReservationReleased,
    CouponReserved,
    CouponRestored,
    CouponRevoked,
)
from regulars.domain.customer import Customer
from regulars.domain.offer import OfferDefined, OfferEnded, UnknownOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Terms
from regulars.domain.values import CustomerId, OfferId, ProgramId

_DEFAULT: Final = ProgramId("default")


@define
class CouponEntry:
    """One coupon's row; times are microseconds. `order_id` holds it to `lapses_at`, or used it."""

    program: str
    offer: str
    coupon: str
    customer: str | None = None
    valid_from: int = 0
    valid_until: int | None = None
    order_id: str | None = None
    lapses_at: int | None = None
    amount: int = 0
    revoked: int = 0


_Told: TypeAlias = (
    CouponIssued
    | CouponReserved
    | CouponReservationReleased
    | CouponRedeemed
    | CouponRestored
    | CouponExpired
    | CouponRevoked
)


def _coupon_parts(recorded: Happened) -> Iterable[tuple[Key, Happened]]:
    coupon = cast("_Told", recorded.event)
    return (((coupon.program, coupon.offer, coupon.coupon), recorded),)


def _coupon_fold(row: CouponEntry, recorded: Happened) -> None:
    event = cast("_Told", recorded.event)
    match event:
        case CouponIssued():
            row.customer = event.customer
            row.valid_from = microseconds(event.valid_from)
            row.valid_until = _micros(event.valid_until)
        case CouponReserved(order=order, lapses_at=lapses_at):
            row.order_id, row.lapses_at = order, microseconds(lapses_at)
        case CouponRedeemed(order=order, amount=amount):
            row.order_id, row.lapses_at, row.amount = order, None, amount
        case CouponRestored(valid_until=until):
            _free(row)
            row.valid_until = _micros(until)
        case CouponExpired(expired_at=expired_at):
            _free(row)
            row.valid_until = microseconds(expired_at)
        case CouponReservationReleased():
            _free(row)
        case CouponRevoked():
            row.revoked = 1
            if row.lapses_at is not None:
                _free(row)
        case _:
            assert_never(event)


def _free(row: CouponEntry) -> None:
    row.order_id = row.lapses_at = None
    row.amount = 0


def _micros(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)


COUPONS: Final[View[CouponEntry, Happened]] = View(
    name="coupons",
    version=1,
    row=CouponEntry,
    key=("program", "offer", "coupon"),
    reads=frozenset(get_args(_Told)),
    parts=_coupon_parts,
    fold=_coupon_fold,
    indexes=("customer",),
)


@define
class OfferEntry:
    """One offer's row: what it says, and from when on (microseconds) nothing of it counts."""

    program: str
    offer: str
    terms: Terms | None = None
    ended_at: int | None = None


def _offer_parts(recorded: Happened) -> Iterable[tuple[Key, Happened]]:
    offer = cast("OfferDefined | OfferEnded", recorded.event)
    return (((offer.program, offer.offer), recorded),)


def _offer_fold(row: OfferEntry, recorded: Happened) -> None:
    if isinstance(recorded.event, OfferDefined):
        row.terms = recorded.event.terms
    else:
        row.ended_at = recorded.occurred_at


OFFERS: Final[View[OfferEntry, Happened]] = View(
    name="offers",
    version=1,
    row=OfferEntry,
    key=("program", "offer"),
    reads=frozenset({OfferDefined, OfferEnded}),
    parts=_offer_parts,
    fold=_offer_fold,
)


class CouponStanding(Enum):
    """What a coupon is at a moment."""

    USABLE = "usable"
    WAITING = "waiting"  # it does not count yet
    RESERVED = "reserved"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    OVER = "over"  # its offer was ended


@frozen(kw_only=True)
class HeldCoupon:
    """
    A coupon that was issued to `customer`, as this id.

    `order` holds it until `lapses_at`, or has used it for `amount`. `over_at` is when its offer was
    ended, None if it was not.
    """

    program: str
    offer: str
    coupon: str
    customer: str
    terms: Terms
    valid_from: datetime
    valid_until: datetime | None
    order: str | None
    lapses_at: datetime | None
    amount: int
    revoked: bool
    over_at: datetime | None

    def standing(self, at: datetime) -> CouponStanding:
        """What it is at that moment: nothing has to run for it to expire."""
        if self.revoked:
            return CouponStanding.REVOKED
        if self.order is not None and self.lapses_at is None:
            return CouponStanding.USED
        if self.lapses_at is not None and at < self.lapses_at:
            return CouponStanding.RESERVED
        if self.over_at is not None and self.over_at <= at:
            return CouponStanding.OVER
        if at < self.valid_from:
            return CouponStanding.WAITING
        if self.valid_until is not None and self.valid_until <= at:
            return CouponStanding.EXPIRED
        return CouponStanding.USABLE


@frozen(kw_only=True)
class CouponsOf(Question[tuple[HeldCoupon, ...]]):
    """
    Every coupon that was ever issued to a customer, by programme, offer and id.

    Those of whom the customer absorbed are theirs too.
    """

    views: ClassVar[tuple[View[Any, Any], ...]] = (COUPONS, OFFERS)

    customer: str

    def answer(self, look: Look) -> tuple[HeldCoupon, ...]:
        """The coupons, with what their offers say."""
        state: Customer = look.state(customer_stream(CustomerId(self.customer)), CUSTOMER)
        return look.ask(_IssuedTo(customers=(self.customer, *state.records.others)))


@frozen(kw_only=True)
class _IssuedTo(Query[tuple[HeldCoupon, ...]]):
    views: ClassVar[tuple[View[Any, Any], ...]] = CouponsOf.views

    customers: tuple[str, ...]

    def answer(self, rows: ViewRows) -> tuple[HeldCoupon, ...]:
        theirs = (row for one in self.customers for row in rows.rows(COUPONS, customer=one))
        found = sorted(theirs, key=lambda row: (row.program, row.offer, row.coupon))
        offers = rows.load(OFFERS, {(row.program, row.offer) for row in found})
        return tuple(_held(row, offers[row.program, row.offer]) for row in found)


def _held(row: CouponEntry, offer: OfferEntry) -> HeldCoupon:
    return HeldCoupon(
        program=row.program,
        offer=row.offer,
        coupon=row.coupon,
        customer=cast("str", row.customer),
        terms=cast("Terms", offer.terms),
        valid_from=moment(row.valid_from),
        valid_until=_moment(row.valid_until),
        order=row.order_id,
        lapses_at=_moment(row.lapses_at),
        amount=row.amount,
        revoked=bool(row.revoked),
        over_at=_moment(offer.ended_at),
    )


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else moment(micros)


@frozen(kw_only=True)
class OfferStatus:
    """
    An offer at a moment: `issued` coupons, of which orders have `used` some, and hold others.

    `left` orders may still have one; None without a limit. `amount` is what those took off that
    count.
    """

    program: ProgramId
    offer: OfferId
    terms: Terms
    limits: Limits
    ended: bool
    issued: int
    used: int
    held: int
    amount: int

    @property
    def left(self) -> int | None:
        """How many more orders may have a coupon of it."""
        total = self.limits.total
        return None if total is None else max(0, total - self.used - self.held)


@frozen(kw_only=True)
class OfferStanding(Question[OfferStatus]):
    """
    How an offer stands.

    Raises:
        UnknownOffer: it was not defined by then.
    """

    offer: OfferId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> OfferStatus:
        """Its terms and limits, and what is used of it."""
        state = look.offer(self.program, self.offer)
        if state.defined is None:
            raise UnknownOffer(offer=self.offer)
        coupons = state.coupons
        return OfferStatus(
            program=self.program,
            offer=self.offer,
            terms=state.defined.terms,
            limits=state.defined.limits,
            ended=state.ended,
            issued=len(coupons.all),
            used=coupons.used,
            held=sum(coupons.all[name].is_held(look.at) for name in coupons.held),
            amount=sum(one.amount for one in coupons.all.values() if one.is_used()),
        )
