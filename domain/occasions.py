"""An order as the occasion that earning rules are asked about, as placed and after refunds."""

from datetime import datetime

from attrs import frozen

from regulars.domain.earning_rules import EarningLine, Occasion
from regulars.domain.purchase import OrderPlaced
from regulars.domain.shares import shares


@frozen(kw_only=True)
class Standing:
    """What the customer was when an order was placed; see `Occasion`. No refund changes it."""

    tier: str | None = None
    orders_before: int = 0
    recent: tuple[datetime, ...] = ()


NEWCOMER = Standing()
"""Without a tier, and without an order before."""


def occasion(
    placed: OrderPlaced, placed_at: datetime, standing: Standing = NEWCOMER, *, refunded: int = 0
) -> Occasion:
    """
    The occasion of an order of which `refunded` of its total was paid back.

    Lines share what is still paid in proportion to their prices, and their prices shrink alike.
    Goods of an order without prices are one line more, of no item, numbered after the others.

    Raises:
        ValueError: more than the total was paid back, or less than nothing.
    """
    paid = placed.total - refunded
    if not 0 <= paid <= placed.total:
        raise ValueError(f"{refunded} of {placed.total} cannot be paid back")
    prices = [(line.unit_price or 0) * line.quantity for line in placed.lines]
    unpriced = not any(prices)
    weights = [*prices, placed.total + placed.discount] if unpriced else prices
    whole = sum(weights)
    gross = whole * paid // placed.total if placed.total else whole
    grosses, nets = shares(gross, weights), shares(paid, weights)
    lines = [
        EarningLine(
            line=line.line,
            item=line.item,
            category=line.category,
            quantity=line.quantity if paid or not refunded else 0,
            gross=grosses[at],
            net=nets[at],
        )
        for at, line in enumerate(placed.lines)
    ]
    if unpriced:
        last = max((line.line for line in placed.lines), default=0)
        lines.append(EarningLine(line=last + 1, gross=grosses[-1], net=nets[-1]))
    return Occasion(
        at=placed_at,
        currency=placed.currency,
        lines=tuple(lines),
        delivery=placed.delivery_fee,
        merchant=placed.merchant,
        channel=placed.channel.value,
        tier=standing.tier,
        orders_before=standing.orders_before,
        recent=standing.recent,
    )
