"""How often a customer ordered, as earning rules ask it; see `Nth`."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import define

from regulars.domain.earning_rules import Multiplier, Rule, RuleSet
from regulars.domain.empty import empty
from regulars.domain.occasions import Standing
from regulars.domain.rule_flaws import MOST_NTH


@define
class Patronage:
    """
    The orders of a customer that earned, if only 0. No refund takes one out again.

    `recent` has the moments at which the last of them were delivered, in the order of time.
    """

    orders: int = 0
    recent: list[datetime] = empty(list[datetime])


def count(state: Patronage, at: datetime) -> None:
    """Record in `state` that an order earned at that moment."""
    state.orders += 1
    insort(state.recent, at)
    del state.recent[:-MOST_NTH]


def join(state: Patronage, orders: int, recent: Sequence[datetime]) -> None:
    """Record in `state` that orders of another account count in this one."""
    state.orders += orders
    state.recent = sorted([*state.recent, *recent])[-MOST_NTH:]


def before(state: Patronage, at: datetime) -> int:
    """
    How many orders had earned by a moment.

    It is known of the last `MOST_NTH`; those that earned before these count as if they had by then.
    """
    return state.orders - (len(state.recent) - bisect_right(state.recent, at))


def standing(state: Patronage, rules: RuleSet, placed_at: datetime) -> Standing:
    """What the rules may ask about a customer whose next order was placed at that moment."""
    days = max(map(_days, _asking(rules)), default=0)
    start = placed_at - timedelta(days=days)
    recent = tuple(moment for moment in state.recent if start < moment) if days else ()
    return Standing(orders_before=state.orders, recent=recent)


def _asking(rules: RuleSet) -> list[Rule | Multiplier]:
    return [*(rule for group in rules.groups for rule in group.rules), *rules.multipliers]


def _days(one: Rule | Multiplier) -> int:
    return (one.when.nth.days if one.when.nth is not None else None) or 0
