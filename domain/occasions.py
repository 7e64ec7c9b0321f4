"""An order as the occasion that earning rules are asked about, as placed and after refunds."""

from collections.abc import Mapping
from datetime import datetime
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

from attrs import frozen

from regulars.domain.discounts import Priced
from regulars.domain.earning_rules import EarningLine, Occasion
from regulars.domain.purchase import OrderPlaced, priced
from regulars.domain.shares import shares


@frozen(kw_only=True)
class Standing:
    """What the customer was when an order was placed; see `Occasion`. No refund changes it."""

    tier: str | None = None
    orders_before: int = 0
    recent: tuple[datetime, ...] = ()


NEWCOMER = Standing()
"""Without a tier, and without an order before."""

_NOTHING: Final[Mapping[int, int]] = MappingProxyType({})


def occasion(
    placed: OrderPlaced,
    placed_at: datetime,
    standing: Standing = NEWCOMER,
    *,
    refunded: int = 0,
    returned: Mapping[int, int] = _NOTHING,
) -> Occasion:
    """
    The occasion of an order of which `refunded` of its total was paid back.

    Without the units `returned` by line, each line counts with what was paid for it. Where that
    is not what is still paid, as after refunds of an amount or where nobody said which discount
    fell to which line, lines share it in proportion, and their prices shrink alike.
    Goods of an order without prices are one line more, of no item, numbered after the others.

    Raises:
        ValueError: more than the total was paid back, or less than nothing.
    """
    paid = placed.total - refunded
    if not 0 <= paid <= placed.total:
        raise ValueError(f"{refunded} of {placed.total} cannot be paid back")
    lines = kept = priced(placed)
    if returned:
        kept = tuple(line.without(line.part(returned.get(line.line, 0))) for line in lines)
    if not any(line.gross for line in lines):
        last = max((line.line for line in placed.lines), default=0)
        worth = placed.total + placed.discount
        kept += (Priced(line=last + 1, quantity=1, gross=worth, discount=placed.discount),)
    grosses, cashes = [line.gross for line in kept], [line.cash for line in kept]
    whole, due = sum(grosses), sum(cashes)
    exact = due if returned else placed.total
    gross = min(whole, whole * paid // exact) if exact else whole
    gone = refunded and not paid
    return Occasion(
        at=placed_at,
        currency=placed.currency,
        lines=tuple(
            EarningLine(
                line=line.line,
                item=of.item if of else None,
                category=of.category if of else None,
                quantity=0 if gone and of else line.quantity,
                gross=gross,
                net=net,
            )
            for of, line, gross, net in zip_longest(
                placed.lines, kept, shares(gross, grosses), shares(paid, cashes)
            )
        ),
        delivery=placed.delivery_fee,
        merchant=placed.merchant,
        channel=placed.channel.value,
        tier=standing.tier,
        orders_before=standing.orders_before,
        recent=standing.recent,
    )
