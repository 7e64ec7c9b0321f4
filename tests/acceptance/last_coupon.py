"""
A process that wants one coupon: `python -m tests.acceptance.last_coupon URL KEYS COUPON ORDER`.

It says that it is ready, begins when a line comes in, and prints what its reservation led to.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Final

from regulars import connect
from regulars.domain.coupon import ReserveCoupon
from regulars.domain.offer_terms import Basket
from regulars.domain.purchase import Line
from regulars.domain.values import CouponId, ItemId, OfferId, OrderId, ProgramId

AT: Final = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
OFFER: Final = OfferId("last-one")
PROGRAM: Final = ProgramId("default")
BASKET: Final = Basket(
    currency="CNY", lines=(Line(line=1, item=ItemId("soup"), quantity=1, unit_price=60_00),)
)


def reserve(coupon: str, order: str) -> ReserveCoupon:
    """The wish of one order for one coupon of the offer."""
    return ReserveCoupon(
        program=PROGRAM,
        offer=OFFER,
        coupon=CouponId(coupon),
        at=AT,
        order=OrderId(order),
        basket=BASKET,
        lapses_at=AT + timedelta(minutes=15),
    )


if __name__ == "__main__":
    url, keys, wanted, placed = sys.argv[1:]
    with connect(url, keys=keys, create=False) as crm:
        print("ready", flush=True)  # noqa: T201 - this is how it speaks
        sys.stdin.readline()
        (event,) = crm.execute(reserve(wanted, placed), by=placed).events
        print(type(event).__name__)  # noqa: T201 - this is how it speaks
