"""What an order would come to, from its coupons to its points, with nothing recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from regulars.application.earnings import Earning, earning_by
from regulars.application.fields import check_command
from regulars.application.member_prices import with_benefits
from regulars.application.own_ids import check_own
from regulars.application.questions import Look, Question
from regulars.application.reacting import AtHand
from regulars.application.rehearsing import Rehearsal
from regulars.application.why_not import Judged, at_the_checkout, judged
from regulars.domain import offer as offers
from regulars.domain import purchase
from regulars.domain.coupon import RedeemCoupon
from regulars.domain.discounts import CouponOf, DoesNotAddUp, PointsPayment, Priced, Share
from regulars.domain.due import AccountAt, AccountBalance, balance
from regulars.domain.holders import taker
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer_terms import Counted
from regulars.domain.order import MarkDelivered
from regulars.domain.persons import as_person
from regulars.domain.points_payment import Bound, MostPoints, most_points
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
    is what of them falls to each line. `to_pay` is for goods, `delivery`, which is what is left of
    the delivery fee, and tip. `coupons` are those that were wished, in their order, each with what
    it takes off or with every reason against it. `usable` is how many points may pay for its goods
    at most, of those that can be spent or are held for its basket.

    Once delivered it earns as `earned` says, nothing if that is None; the points can be used from
    `activates_at` until `expires_at`; None is when the order is completed or a person says so if
    they are `pending`, otherwise at once, and never. `before` and `after` are what the customer
    has before it is placed and once it is delivered; None if nobody takes part.
    """

    order: PlaceOrder
    lines: tuple[Priced, ...]
    delivery: int
    to_pay: int
    coupons: tuple[Judged, ...]
    usable: MostPoints
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

    Its own discounts are counted first, then those of the customer's tier, then `coupons` in their
    order, then `points` pay. It is placed and delivered as it would be now, or at the moment asked
    about; nothing is recorded.
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
            ValueError: more is wished for an order that points pay for already, or one of its
                moments has no time zone.
        """
        check_command(self.order)
        check_own(self.order)
        if look.order(self.order.order).placed is not None:
            raise OrderAlreadyPlaced(order=self.order.order)
        at_hand = AtHand(self.program, look.state)
        for placed in purchase.decide(self.order, None, None):
            for asked in use_coupons(placed, self.order.at, at_hand):
                offer = look.offer(asked.program, asked.offer)
                if isinstance(asked, RedeemCoupon):
                    offers.decide(as_person(asked, at_hand.records), offer)
                else:
                    offers.decide(asked, offer)
        order, wished = self._wished(look, with_benefits(self.order, look, self.program))
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
            delivery=delivery,
            to_pay=order.total + delivery + order.tip,
            coupons=wished,
            usable=self._usable(at_hand, order, lines[0]),
            earned=None if earned is None else earning_by(earned, look.program(self.program)),
            pending=earned is not None and earned.pending,
            activates_at=None if earned is None else earned.activates_at,
            expires_at=None if earned is None else earned.expires_at,
            before=self._holdings(at_hand, at),
            after=self._holdings(rehearsal.at_hand, done_at),
        )

    def _wished(self, look: Look, order: PlaceOrder) -> tuple[PlaceOrder, tuple[Judged, ...]]:
        """The order with the coupons that count and the points that pay, and each coupon judged."""
        wished: list[Judged] = []
        if not self.coupons and self.points is None:
            return order, ()
        if order.points_payment is not None:
            raise ValueError(f"order {order.order} is paid with points, and takes nothing more")
        till = at_the_checkout(AtHand(self.program, look.state), order, order.at)
        for coupon in dict.fromkeys(self.coupons):
            one = judged(till, coupon)
            wished.append(one)
            if one.discount is not None:
                till = till.having(one.discount)
        granted = tuple(one.discount for one in wished if one.discount is not None)
        off = sum(one.amount - one.delivery for one in granted)
        order = evolve(
            order,
            discounts=(*order.discounts, *granted),
            discount=order.discount + off,
            total=order.total - off,
        )
        if self.points is not None:
            order = _paid(order, self.points, till.so_far)
        return order, tuple(wished)

    def _usable(self, look: AtHand, order: PlaceOrder, lines: Sequence[Priced]) -> MostPoints:
        whose = None if order.customer is None else taker(look, order.customer)
        if whose is None:
            return MostPoints(points=0, amount=0, bound=Bound.NOBODY)
        payment = order.points_payment
        is_priced = all(line.unit_price is not None for line in order.lines)
        goods = sum(one.gross - one.discount for one in lines)
        if not (lines and is_priced and goods == order.total + (payment.amount if payment else 0)):
            return MostPoints(points=0, amount=0, bound=Bound.LINES)
        account = look.account(whose)
        now = AccountAt(account, max(order.at, account.as_of))
        basket = payment.reservation if payment else ReservationId(order.order)
        held = account.held[basket] if now.holds(basket) else None
        beside = held.points if held is not None and held.order in {None, order.order} else 0
        catalogue = look.program().rewards_at(order.at)
        cash = None if catalogue is None else catalogue.cash(order.currency)
        return most_points(now.available + beside, goods, cash)

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
