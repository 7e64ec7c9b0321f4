"""What an order would come to, from its coupons to its points, with nothing recorded."""

from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from regulars.application.earnings import Earning, earning_by
from regulars.application.questions import Look, Question
from regulars.application.reacting import AtHand
from regulars.application.rehearsing import Rehearsal
from regulars.application.why_not import Judged, checkout
from regulars.domain import offer as offers
from regulars.domain import purchase
from regulars.domain.discounts import CouponOf, DoesNotAddUp, PointsPayment, Priced, Share
from regulars.domain.due import AccountBalance, balance
from regulars.domain.holders import taker
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer_terms import Counted
from regulars.domain.order import MarkDelivered
from regulars.domain.policies import Present, tier_of
from regulars.domain.policies_coupons import use_coupons
from regulars.domain.purchase import OrderAlreadyPlaced, OrderPlaced, PlaceOrder, priced
from regulars.domain.shares import shares
from regulars.domain.values import ProgramId, ReservationId

_DEFAULT: Final = ProgramId("default")


@frozen(kw_only=True)
class PointsOffered:
    """
    So many points of the customer are to pay `amount` minor units of the goods.

    They are those that are held for the basket under `reservation`, if they are.
    """

    points: int
    amount: int
    reservation: ReservationId | None = None


@frozen(kw_only=True)
class Holdings:
    """What a customer has in a programme: points, and a tier if any."""

    points: AccountBalance
    tier: str | None


@frozen(kw_only=True)
class Simulation:
    """
    What an order would come to. Amounts are minor units of the order's currency.

    `order` is what to place for it, with the coupons that count and the points that pay; `lines`
    is what of them falls to each line. `to_pay` is for goods, what is left of the delivery fee,
    and tip. `coupons` are those that were wished, in their order, each with what it takes off or
    with every reason against it.

    Once delivered it earns as `earned` says, nothing if that is None; the points can be used from
    `activates_at` until `expires_at`; None is when the order is completed or a person says so if
    they are `pending`, otherwise at once, and never. `before` and `after` are what the customer
    has before it is placed and once it is delivered; None if nobody takes part.
    """

    order: PlaceOrder
    lines: tuple[Priced, ...]
    to_pay: int
    coupons: tuple[Judged, ...]
    earned: Earning | None
    pending: bool
    activates_at: datetime | None
    expires_at: datetime | None
    before: Holdings | None
    after: Holdings | None


@frozen(kw_only=True)
class Simulate(Question[Simulation]):
    """
    What an order would come to if it were placed, and delivered at `delivered_at` or at once.

    Its own discounts are counted first, then `coupons` in their order, then `points` pay. It is
    placed and delivered as it would be now, or at the moment asked about; nothing is recorded.
    """

    order: PlaceOrder
    coupons: tuple[CouponOf, ...] = ()
    points: PointsOffered | None = None
    delivered_at: datetime | None = None
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> Simulation:
        """
        What it would come to.

        Raises:
            OrderAlreadyPlaced: it was placed before; it can be explained.
            NoPrice: coupons or points are wished for an order that has a line without a price.
            NotEnoughPoints: the customer has fewer than are to pay.
            Refusal: the order could not be placed.
            ValueError: more is wished for an order that points pay for already.
        """
        if look.order(self.order.order).placed is not None:
            raise OrderAlreadyPlaced(order=self.order.order)
        for placed in purchase.decide(self.order, None, None):
            for command in use_coupons(placed, self.order.at):
                offers.decide(command, look.offer(command.program, command.offer))
        order, judged = self._wished(look)
        at, done_at = order.at, self.delivered_at or order.at
        rehearsal = Rehearsal(look, self.program)
        told = [
            *rehearsal.take(order),
            *rehearsal.take(MarkDelivered(order=order.order, at=done_at)),
        ]
        earned = next((one.event for one in told if isinstance(one.event, PointsEarned)), None)
        lines = [priced(one.event) for one in told if isinstance(one.event, OrderPlaced)]
        delivery = order.delivery_fee - sum(one.delivery for one in order.discounts)
        return Simulation(
            order=order,
            lines=lines[0],
            to_pay=order.total + delivery + order.tip,
            coupons=judged,
            earned=None if earned is None else earning_by(earned, look.program(self.program)),
            pending=earned is not None and earned.pending,
            activates_at=None if earned is None else earned.activates_at,
            expires_at=None if earned is None else earned.expires_at,
            before=self._holdings(AtHand(self.program, look.state), at),
            after=self._holdings(rehearsal.at_hand, done_at),
        )

    def _wished(self, look: Look) -> tuple[PlaceOrder, tuple[Judged, ...]]:
        """The order with the coupons that count and the points that pay, and each coupon judged."""
        order, judged = self.order, list[Judged]()
        if not self.coupons and self.points is None:
            return order, ()
        if order.points_payment is not None:
            raise ValueError(f"order {order.order} is paid with points, and takes nothing more")
        at_checkout = checkout(look, order, order.at)
        for coupon in dict.fromkeys(self.coupons):
            one = at_checkout.judged(coupon)
            at_checkout = at_checkout.with_coupon(one)
            judged.append(one)
        granted = tuple(one.discount for one in judged if one.discount is not None)
        off = sum(one.amount - one.delivery for one in granted)
        order = evolve(
            order,
            discounts=(*order.discounts, *granted),
            discount=order.discount + off,
            total=order.total - off,
        )
        if self.points is not None:
            order = _paid(order, self.points, at_checkout.so_far)
        return order, tuple(judged)

    def _holdings(self, look: Present, at: datetime) -> Holdings | None:
        customer = self.order.customer
        whose = None if customer is None else taker(look, customer)
        if whose is None:
            return None
        account = look.account(whose)
        return Holdings(
            points=balance(account, max(at, account.as_of)),
            tier=tier_of(whose, at, self.program, look),
        )


def _paid(order: PlaceOrder, by: PointsOffered, so_far: Counted) -> PlaceOrder:
    left = sum(so_far.left.values())
    if not 0 <= by.amount <= left:
        raise DoesNotAddUp(
            order=order.order, part="payment by points", stated=by.amount, counted=left
        )
    parts = zip(so_far.left, shares(by.amount, list(so_far.left.values())), strict=True)
    payment = PointsPayment(
        reservation=by.reservation or ReservationId(order.order),
        points=by.points,
        amount=by.amount,
        shares=tuple(Share(line=line, amount=part) for line, part in parts),
    )
    return evolve(order, points_payment=payment, total=order.total - by.amount)
