"""
Orders that add up, and refunds of them, for Hypothesis to draw.

They are as a host says them, and nothing of an order alone is refused. Ids and moments are put in
by `attrs.evolve`, as a test needs them.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from regulars.domain.discounts import Discount, Share
from regulars.domain.purchase import Channel, Line, PlaceOrder
from regulars.domain.refund import IssueRefund, Returned
from regulars.domain.shares import shares
from regulars.domain.values import CustomerId, ItemId, OrderId, RefundId

ITEMS: Final = tuple(ItemId(name) for name in ("noodles", "soup", "tea"))
NOON: Final = datetime(2024, 5, 17, 12, tzinfo=UTC)

_ITEMS: Final = st.sampled_from(ITEMS)
_CURRENCIES: Final = st.sampled_from(["USD", "JPY", "KWD"])
_SOMEBODY: Final = st.none() | st.sampled_from([CustomerId("anna"), CustomerId("bo")])


def order_lines(
    items: SearchStrategy[ItemId] = _ITEMS, most: int = 4
) -> SearchStrategy[tuple[Line, ...]]:
    """One to `most` lines with numbers and prices of their own; a price may be 0."""
    goods = st.tuples(
        items,
        st.integers(1, 5),
        st.sampled_from([0, 1, 99, 1_000]) | st.integers(0, 9_999),
    )
    return st.lists(goods, min_size=1, max_size=most).map(
        lambda drawn: tuple(
            Line(line=place, item=item, quantity=units, category="food", unit_price=price)
            for place, (item, units, price) in enumerate(drawn, 1)
        )
    )


_LINES: Final = order_lines()


@st.composite
def orders(
    draw: DrawFn,
    *,
    lines: SearchStrategy[tuple[Line, ...]] = _LINES,
    currencies: SearchStrategy[str] = _CURRENCIES,
    customers: SearchStrategy[CustomerId | None] = _SOMEBODY,
) -> PlaceOrder:
    """
    An order `o-1` at noon, whose discount of the host's own, if any, falls to its lines.

    What its lines come to is what is paid and the discount, so that units of them can go back.
    """
    goods = draw(lines)
    prices = [(line.unit_price or 0) * line.quantity for line in goods]
    whole = sum(prices)
    off = draw(st.just(0) | st.integers(0, whole))
    parts = zip(goods, shares(off, prices), strict=True)
    discount = Discount(
        source="drawn",
        amount=off,
        shares=tuple(Share(line=line.line, amount=part) for line, part in parts),
    )
    return PlaceOrder(
        order=OrderId("o-1"),
        at=NOON,
        currency=draw(currencies),
        total=whole - off,
        customer=draw(customers),
        lines=goods,
        discount=off,
        delivery_fee=draw(st.sampled_from([0, 299])),
        tip=draw(st.sampled_from([0, 150])),
        channel=draw(st.sampled_from(Channel)),
        discounts=(discount,) if off else (),
    )


@st.composite
def refunds(
    draw: DrawFn, order: PlaceOrder, before: Sequence[IssueRefund] = ()
) -> IssueRefund | None:
    """
    The refund that comes after those `before`: units that are left, or an amount up to the total.

    None if there is neither. It is called `r-1` where it is the first, and so on.
    """
    gone = Counter[int]()
    for one in before:
        for returned in one.lines:
            gone[returned.line] += returned.quantity
    left = {line.line: line.quantity - gone[line.line] for line in order.lines}
    units = {line: draw(st.integers(0, most)) for line, most in left.items() if most}
    back = tuple(Returned(line=line, quantity=count) for line, count in units.items() if count)
    if not back and not order.total:
        return None
    return IssueRefund(
        order=order.order,
        at=order.at,
        refund=RefundId(f"r-{len(before) + 1}"),
        amount=None if back else draw(st.integers(1, order.total)),
        lines=back,
    )


@st.composite
def partitions(draw: DrawFn, total: int) -> tuple[int, ...]:
    """Up to six amounts above zero that add up to `total`."""
    cuts = draw(st.lists(st.integers(0, total), max_size=5))
    return tuple(
        after - before for before, after in pairwise(sorted([0, *cuts, total])) if after > before
    )
