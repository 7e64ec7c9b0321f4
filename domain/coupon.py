"""
A coupon of an offer: what happens to it, and what it is at a moment.

It is issued, held by an order, used by one, and given back if that order is cancelled. Its offer
decides (`regulars.domain.offer`).
"""

from collections.abc import Container, Iterator
from datetime import datetime
from typing import TypeAlias

from attrs import define, frozen

from regulars.domain.discounts import Discount
from regulars.domain.offer_terms import Basket, Reason, Rejection, Taken
from regulars.domain.values import CouponId, CustomerId, OfferId, OrderId, ProgramId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class CouponIssued:
    """
    A coupon counts from `valid_from` and before `valid_until`.

    For `customer`, or for whoever brings it; `order` is the one that brought it, if one did.
    """

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    valid_from: datetime
    valid_until: datetime | None = None
    customer: CustomerId | None = None
    order: OrderId | None = None


@frozen(kw_only=True)
class CouponReserved:
    """The coupon is kept for an order until `lapses_at`, and no other can use it."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    order: OrderId
    lapses_at: datetime
    customer: CustomerId | None = None


@frozen(kw_only=True)
class CouponReservationReleased:
    """The order no longer holds the coupon. `lapsed`: its time was over."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    order: OrderId
    lapsed: bool = False


@frozen(kw_only=True)
class CouponRedeemed:
    """The order has used the coupon; `amount` is what it took off, in minor units."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    order: OrderId
    amount: int
    customer: CustomerId | None = None


@frozen(kw_only=True)
class CouponRejected:
    """The coupon does not count for the order, and why. Nothing else has changed."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    order: OrderId
    rejection: Rejection
    customer: CustomerId | None = None


@frozen(kw_only=True)
class CouponRestored:
    """The order was cancelled: its coupon counts again, before `valid_until`."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    order: OrderId
    valid_until: datetime | None = None


@frozen(kw_only=True)
class CouponExpired:
    """
    The order was cancelled, but its coupon does not count again.

    It had expired by then, or came back too often already.
    """

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    order: OrderId
    expired_at: datetime


@frozen(kw_only=True)
class CouponRevoked:
    """
    The coupon does not count any more.

    Where `order` had used it already, `lost` is what it took off there and nobody gets back.
    """

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    order: OrderId | None = None
    lost: int = 0
    reason: str | None = None


Event: TypeAlias = (
    CouponIssued
    | CouponReserved
    | CouponReservationReleased
    | CouponRedeemed
    | CouponRejected
    | CouponRestored
    | CouponExpired
    | CouponRevoked
)


@define
class Coupon:
    """
    One coupon, written by the fold of its offer alone.

    `order` is the one that holds it (until `lapses_at`) or has used it (`lapses_at` None).
    """

    valid_from: datetime
    valid_until: datetime | None
    customer: CustomerId | None = None
    issued_for: OrderId | None = None
    order: OrderId | None = None
    lapses_at: datetime | None = None
    user: CustomerId | None = None
    amount: int = 0
    restores: int = 0
    revoked: bool = False
    rejected: tuple[OrderId, Rejection] | None = None

    def is_held(self, at: datetime) -> bool:
        """Whether an order holds it at that moment."""
        return self.lapses_at is not None and at < self.lapses_at

    def is_used(self) -> bool:
        """Whether an order has used it."""
        return self.order is not None and self.lapses_at is None

    def belongs_to(self, order: OrderId, at: datetime) -> bool:
        """Whether that order has used it, or holds it at that moment."""
        return self.order == order and (self.is_used() or self.is_held(at))

    def objections(
        self, order: OrderId, person: Container[CustomerId], at: datetime
    ) -> Iterator[Rejection]:
        """
        Every reason why this coupon, of an offer whatever it is, does not count for an order.

        The order is of the `person` who has these ids.
        """
        found = (
            (Reason.REVOKED, self.revoked),
            (Reason.WRONG_RECIPIENT, self.customer is not None and self.customer not in person),
            (Reason.USED, self.is_used()),
            (Reason.RESERVED, self.order != order and self.is_held(at)),
            (Reason.NOT_STARTED, at < self.valid_from),
            (Reason.EXPIRED, self.valid_until is not None and at >= self.valid_until),
        )
        return (Rejection(reason=reason) for reason, holds in found if holds)


@frozen(kw_only=True)
class IssueCoupon:
    """Give a coupon to `customer`, or to whoever brings it; `order` is what it is given for."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    at: datetime
    customer: CustomerId | None = None
    order: OrderId | None = None


@frozen(kw_only=True)
class ReserveCoupon:
    """
    Keep a coupon for an order that is about to be placed, until `lapses_at`.

    `basket` is the order before discounts. Where the coupon does not count, that is recorded as
    `CouponRejected` with the reason. All ids of the `person` are told where it is decided.
    """

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    at: datetime
    order: OrderId
    basket: Basket
    lapses_at: datetime
    customer: CustomerId | None = None
    person: tuple[CustomerId, ...] = ()


@frozen(kw_only=True)
class ReleaseCoupon:
    """The order will not be placed: give the coupon free."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    at: datetime
    order: OrderId


@frozen(kw_only=True)
class AtCheckout:
    """
    What an order says that a coupon took off it, and what that is judged by.

    `basket` is the order before discounts, `taken` are those that come before this one. `untold`
    are the fields of scope and scene that nobody tells of the basket.
    """

    discount: Discount
    basket: Basket
    taken: tuple[Taken, ...] = ()
    untold: tuple[str, ...] = ()


@frozen(kw_only=True)
class RedeemCoupon:
    """
    The order has used the coupon, which took `amount` off.

    An order asks so when it is placed, and has its `checkout` judged: refused where the coupon does
    not count for it, or takes off something else.

    Without, it is a fact of the past that is told: what the coupon took off then, whatever its
    offer says. Whether it could be used then is asked all the same. All ids of the `person` are
    told where it is decided.
    """

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    at: datetime
    order: OrderId
    amount: int
    customer: CustomerId | None = None
    person: tuple[CustomerId, ...] = ()
    checkout: AtCheckout | None = None


@frozen(kw_only=True)
class RestoreCoupon:
    """The order was cancelled: what it used or holds of this offer is to count again."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    at: datetime
    order: OrderId


@frozen(kw_only=True)
class RevokeCoupon:
    """
    Take a coupon away, because of what brought it. `reason` is a code.

    Where it must be `unused`, one that an order has used is not taken away.
    """

    program: ProgramId
    offer: OfferId
    coupon: CouponId
    at: datetime
    reason: str | None = None
    unused: bool = False


Command: TypeAlias = (
    IssueCoupon | ReserveCoupon | ReleaseCoupon | RedeemCoupon | RestoreCoupon | RevokeCoupon
)


@frozen(kw_only=True)
class CouponAlreadyIssued(Refusal):
    """The id is that of another coupon of this offer, for somebody else."""

    offer: OfferId
    coupon: CouponId

    def __str__(self) -> str:
        return f"offer {self.offer}: coupon {self.coupon} was issued already, for somebody else"


@frozen(kw_only=True)
class CouponWasUsed(Refusal):
    """An order has used the coupon, which was to be taken away unused."""

    offer: OfferId
    coupon: CouponId

    def __str__(self) -> str:
        return f"offer {self.offer}: coupon {self.coupon} was used"


@frozen(kw_only=True)
class UnknownCoupon(Refusal):
    """The offer has no coupon of this id."""

    offer: OfferId
    coupon: CouponId

    def __str__(self) -> str:
        return f"offer {self.offer} has no coupon {self.coupon}"


@frozen(kw_only=True)
class CouponDoesNotCount(Refusal):
    """
    An order cannot be placed with this coupon.

    Where that is about an amount or a number, `needed` is what it would take and `found` what there
    is, as in `Rejection`.
    """

    offer: OfferId
    coupon: CouponId
    reason: Reason
    needed: int | None = None
    found: int | None = None

    def __str__(self) -> str:
        amounts = [
            f"{amount} {what}"
            for what, amount in (("needed", self.needed), ("found", self.found))
            if amount is not None
        ]
        told = f"offer {self.offer}: coupon {self.coupon} does not count, {self.reason.value}"
        return f"{told}: {', '.join(amounts)}" if amounts else told


@frozen(kw_only=True)
class NoTimeToHold(Refusal):
    """A coupon is reserved until a moment that is still to come."""

    offer: OfferId
    coupon: CouponId

    def __str__(self) -> str:
        return (
            f"offer {self.offer}: coupon {self.coupon} cannot be held until a moment that is past"
        )


@frozen(kw_only=True)
class OfferIsOver(Refusal):
    """No coupon of this offer is issued any more."""

    offer: OfferId

    def __str__(self) -> str:
        return f"offer {self.offer} is over"
