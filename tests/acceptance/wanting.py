"""
A process that wants the last one: `python -m tests.acceptance.wanting URL KEYS WHAT NAME`.

It says that it is ready, begins when a line comes in, and prints what its command led to. `WHAT`
is the id of a coupon to reserve, or to place an order with after `place `, or `budget`; `NAME` is
that of an order, or of a grant.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Final

from regulars import connect
from regulars.application.events import Command
from regulars.domain.budget import BudgetConsumed, GrantBenefit
from regulars.domain.coupon import CouponDoesNotCount, ReserveCoupon
from regulars.domain.discounts import CouponOf, Discount, Share
from regulars.domain.offer_terms import Basket
from regulars.domain.purchase import Line, PlaceOrder
from regulars.domain.values import (
    CampaignId,
    CouponId,
    CustomerId,
    GrantId,
    ItemId,
    OfferId,
    OrderId,
    ProgramId,
)

AT: Final = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
OFFER: Final = OfferId("last-one")
CAMPAIGN: Final = CampaignId("lunch")
PROGRAM: Final = ProgramId("default")
BASKET: Final = Basket(
    currency="CNY", lines=(Line(line=1, item=ItemId("soup"), quantity=1, unit_price=60_00),)
)


def wish(what: str, name: str) -> Command:
    """The command of one process."""
    if what == "budget":
        return GrantBenefit(
            program=PROGRAM,
            campaign=CAMPAIGN,
            at=AT,
            grant=GrantId(name),
            customer=CustomerId(name),
            amount=50,
        )
    how, _, coupon = what.rpartition(" ")
    if how:
        less = Discount(
            source="coupon",
            amount=10_00,
            shares=(Share(line=1, amount=10_00),),
            coupon=CouponOf(program=PROGRAM, offer=OFFER, coupon=CouponId(coupon)),
        )
        return PlaceOrder(
            order=OrderId(name),
            at=AT,
            currency="CNY",
            total=50_00,
            discount=10_00,
            lines=BASKET.lines,
            discounts=(less,),
        )
    return ReserveCoupon(
        program=PROGRAM,
        offer=OFFER,
        coupon=CouponId(what),
        at=AT,
        order=OrderId(name),
        basket=BASKET,
        lapses_at=AT + timedelta(minutes=15),
    )


if __name__ == "__main__":
    url, keys, wanted, who = sys.argv[1:]
    with connect(url, keys=keys, create=False) as crm:
        print("ready", flush=True)  # noqa: T201 - this is how it speaks
        sys.stdin.readline()
        try:
            events = crm.execute(wish(wanted, who), by=who).events
        except CouponDoesNotCount as refused:
            print(refused.reason.value)  # noqa: T201 - this is how it speaks
            sys.exit()
        grants = [event.amount for event in events if isinstance(event, BudgetConsumed)]
        heard = grants[0] if grants else type(events[0]).__name__
        print(heard)  # noqa: T201 - this is how it speaks
