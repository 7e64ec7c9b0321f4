"""Points, coupons and merges beside orders: a state machine for a host to extend."""

from datetime import timedelta
from typing import Final

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    multiple,
    precondition,
    rule,
)
from hypothesis.strategies import DataObject

from regulars.application.balances import PointsBalance
from regulars.application.simulating import PointsOffered, Simulate
from regulars.domain.adjustment import AdjustPoints
from regulars.domain.coupon import IssueCoupon
from regulars.domain.discounts import CouponOf
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.offer import DefineOffer
from regulars.domain.purchase import PlaceOrder
from regulars.domain.redemption import (
    CapturePoints,
    RedeemPoints,
    ReleasePoints,
    ReservePoints,
    ReverseRedemption,
)
from regulars.domain.reward import Reward
from regulars.domain.transfer import TransferPoints
from regulars.domain.values import (
    AdjustmentId,
    CouponId,
    CustomerId,
    OfferId,
    RedemptionId,
    RefundId,
    Refusal,
    ReservationId,
    TransferId,
)
from regulars.testing.order_machine import (
    ANNA,
    BO,
    CUSTOMERS,
    OrderMachine,
    customers,
    delays,
    dollars,
    waits,
)
from regulars.testing.order_strategies import orders
from regulars.testing.program_strategies import DEFAULT, offers

OTHER: Final = {ANNA: BO, BO: ANNA}
GIFT: Final = Reward(kind="gift", id="mug")

shares: Final = st.sampled_from([1, 2, 5])
"""Which part of a customer's points is wanted: all, a half, a fifth."""


def _has_points(machine: "CrmMachine") -> bool:
    return any(map(machine.available, CUSTOMERS))


class CrmMachine(OrderMachine):
    """
    Orders, and what customers do with points and coupons; some of them are one person at times.

    It is extended as `OrderMachine` is.
    """

    held: Bundle[ReservePoints] = Bundle("held")
    spent: Bundle[RedeemPoints] = Bundle("spent")

    def __init__(self) -> None:
        super().__init__()
        self.coupons: list[CouponOf] = []
        self.absorbed: CustomerId | None = None

    @rule(
        target=OrderMachine.placed,
        order=orders(currencies=dollars),
        customer=customers,
        data=st.data(),
    )
    def buy(
        self, order: PlaceOrder, customer: CustomerId, data: DataObject
    ) -> PlaceOrder | MultipleResults[PlaceOrder]:
        """A customer orders with coupons and points; what was simulated is what is placed."""
        order = self.numbered(order, customer, timedelta(0))
        coupons = (
            data.draw(st.lists(st.sampled_from(self.coupons), max_size=2, unique=True))
            if self.coupons
            else ()
        )
        wished = Simulate(order=order, coupons=tuple(coupons))
        try:
            simulated = self.crm.ask(wished).order
            most = min(simulated.total, self.available(customer))
            if most:
                points = data.draw(st.integers(1, most))
                paying = PointsOffered(points=points, amount=data.draw(st.integers(1, most)))
                simulated = self.crm.ask(evolve(wished, points=paying)).order
        except Refusal:
            return multiple()
        placed = self.kept(simulated)
        assert placed == simulated
        return placed

    @precondition(_has_points)
    @rule(target=held, customer=customers, share=shares, lapses=waits | st.none())
    def hold(
        self, customer: CustomerId, share: int, lapses: timedelta | None
    ) -> ReservePoints | MultipleResults[ReservePoints]:
        """A basket holds points."""
        customer = self.owner(customer)
        return self.kept(
            ReservePoints(
                program=DEFAULT,
                customer=customer,
                at=self.clock.at,
                reservation=ReservationId(self.name("hold")),
                points=self.some(customer, share),
                lapses_at=None if lapses is None else self.clock.at + lapses,
            )
        )

    @rule(hold=held, capture=st.booleans())
    def let_go(self, hold: ReservePoints, *, capture: bool) -> None:
        """Held points are spent on a gift, or free again."""
        at, customer, name = self.clock.at, hold.customer, hold.reservation
        if capture:
            spent = RedemptionId(self.name("spent"))
            self.say(
                CapturePoints(
                    program=DEFAULT,
                    customer=customer,
                    at=at,
                    reservation=name,
                    redemption=spent,
                    reward=GIFT,
                )
            )
        else:
            self.say(ReleasePoints(program=DEFAULT, customer=customer, at=at, reservation=name))

    @precondition(_has_points)
    @rule(target=spent, customer=customers, share=shares, delay=delays)
    def redeem(
        self, customer: CustomerId, share: int, delay: timedelta
    ) -> RedeemPoints | MultipleResults[RedeemPoints]:
        """Points are spent on a gift."""
        customer = self.owner(customer)
        return self.kept(
            RedeemPoints(
                program=DEFAULT,
                customer=customer,
                at=self.ago(delay),
                redemption=RedemptionId(self.name("spent")),
                points=self.some(customer, share),
                reward=GIFT,
            )
        )

    @rule(spent=spent, refunded=st.integers(0, 100))
    def give_back(self, spent: RedeemPoints, refunded: int) -> None:
        """A gift comes back, or a part of it."""
        self.say(
            ReverseRedemption(
                program=DEFAULT,
                customer=spent.customer,
                at=self.clock.at,
                redemption=spent.redemption,
                refund=RefundId(self.name("refund")),
                refunded=refunded,
                whole=100,
            )
        )

    @rule(customer=customers, points=st.integers(-50, 50), owed=st.booleans())
    def adjust(self, customer: CustomerId, points: int, *, owed: bool) -> None:
        """Somebody corrects a balance."""
        self.say(
            AdjustPoints(
                program=DEFAULT,
                customer=customer,
                at=self.clock.at,
                adjustment=AdjustmentId(self.name("correction")),
                points=points,
                reason="goodwill",
                approver="chief",
                owed=owed,
            )
        )

    @precondition(_has_points)
    @rule(customer=customers, share=shares)
    def transfer(self, customer: CustomerId, share: int) -> None:
        """A customer gives points to another."""
        customer = self.owner(customer)
        self.say(
            TransferPoints(
                program=DEFAULT,
                customer=customer,
                at=self.clock.at,
                transfer=TransferId(self.name("present")),
                receiver=OTHER[customer],
                points=self.some(customer, share),
            )
        )

    @rule(absorbed=customers, wanted=st.booleans())
    def merge(self, absorbed: CustomerId, *, wanted: bool) -> None:
        """Two customers are one person; then they are two again."""
        at, evidence = self.clock.at, "same-phone"
        if self.absorbed is not None:
            absorbed, self.absorbed = self.absorbed, None
            survivor = OTHER[absorbed]
            self.say(RevertMerge(absorbed=absorbed, survivor=survivor, at=at, evidence=evidence))
        elif wanted:
            survivor = OTHER[absorbed]
            merge = MergeCustomers(absorbed=absorbed, survivor=survivor, at=at, evidence=evidence)
            self.absorbed = absorbed if self.say(merge) else None

    @rule(offer=offers(), customer=st.none() | customers, count=st.integers(1, 2))
    def offer(self, offer: DefineOffer, customer: CustomerId | None, count: int) -> None:
        """Coupons of a new offer are given to somebody, or to whoever brings them."""
        offer = evolve(offer, offer=OfferId(self.name("offer")))
        self.say(offer)
        for _ in range(count):
            issued = IssueCoupon(
                program=offer.program,
                offer=offer.offer,
                coupon=CouponId(self.name("coupon")),
                at=self.clock.at,
                customer=customer,
            )
            if self.say(issued):
                self.coupons.append(
                    CouponOf(program=issued.program, offer=issued.offer, coupon=issued.coupon)
                )

    def owner(self, customer: CustomerId) -> CustomerId:
        """Somebody who has points: this customer, or the other."""
        return customer if self.available(customer) else OTHER[customer]

    def some(self, customer: CustomerId, share: int) -> int:
        """So much of a customer's points, one at least."""
        return max(1, self.available(customer) // share)

    def available(self, customer: CustomerId) -> int:
        """The points that a customer can spend."""
        balance = self.crm.ask(PointsBalance(customer=customer))
        return 0 if balance is None else balance.available
