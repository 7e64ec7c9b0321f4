"""
Earning rules as values: what a programme says about points, and the occasions it is asked about.

What comes of them is counted in `regulars.domain.earning`.
"""

from datetime import datetime
from enum import Enum
from fractions import Fraction
from typing import Final, NewType

from attrs import frozen

from regulars.domain.values import ItemId, MerchantId, digits

RuleId = NewType("RuleId", str)

MOST_POINTS: Final = 10_000
"""The most points that a rate gives for a unit of money."""

ORDER: Final = "order"
"""The occasion that most rules are for. Others are named by the host, as `birthday`."""


NO_CURRENCY: Final = "XXX"
"""The code that ISO 4217 has for no currency at all: of occasions on which nothing is paid."""


class Base(Enum):
    """Whether an order earns on what was paid or on what it would have cost."""

    NET = "net"
    GROSS = "gross"


class Mode(Enum):
    """What counts of the rules of a group that apply: all, the best or the first."""

    SUM = "sum"
    BEST_OF = "best_of"
    FIRST = "first"


@frozen(kw_only=True)
class EarningLine:
    """A line of an order. `net` is `gross` without its shares of discounts and points paid."""

    line: int
    gross: int
    net: int
    item: ItemId | None = None
    category: str | None = None
    quantity: int = 1


@frozen(kw_only=True)
class Occasion:
    """
    What rules are asked about: an order, or an event such as a birthday, which has no lines.

    Amounts are minor units of `currency`. `tier` is the customer's at that moment. `orders_before`
    counts the customer's orders that earned before; `recent` has the moments at which those earned
    that lie within the widest window of any rule.
    """

    at: datetime
    on: str = ORDER
    currency: str = "CNY"
    lines: tuple[EarningLine, ...] = ()
    delivery: int = 0
    merchant: MerchantId | None = None
    channel: str | None = None
    tier: str | None = None
    orders_before: int = 0
    recent: tuple[datetime, ...] = ()


@frozen(kw_only=True)
class Goods:
    """
    The part of an order that a rule looks at.

    Where `items` or `categories` are named, lines of one of them and no delivery; otherwise all
    lines, and delivery unless `delivery` is False. What is excepted is left out of either.
    """

    items: tuple[ItemId, ...] = ()
    categories: tuple[str, ...] = ()
    except_items: tuple[ItemId, ...] = ()
    except_categories: tuple[str, ...] = ()
    delivery: bool = True

    @property
    def named(self) -> bool:
        """Whether only some lines are meant."""
        return bool(self.items or self.categories)

    def has(self, line: EarningLine) -> bool:
        """Whether the rule looks at this line."""
        if line.item in self.except_items or line.category in self.except_categories:
            return False
        return not self.named or line.item in self.items or line.category in self.categories


@frozen(kw_only=True)
class Nth:
    """
    The customer's order number `n`, of those that earned.

    With `days` only those count that earned since so many x 24 hours before it was placed.
    """

    n: int
    days: int | None = None


@frozen(kw_only=True)
class When:
    """
    The occasions that a rule is for; what is left out or None stands for any.

    `at_least` is the smallest order in minor units, by the base and delivery of the rule set.
    `since` and `until` bound the moment, the latter exclusive.
    """

    on: str = ORDER
    merchants: tuple[MerchantId, ...] = ()
    channels: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    currency: str | None = None
    at_least: int = 0
    nth: Nth | None = None
    since: datetime | None = None
    until: datetime | None = None


@frozen(kw_only=True)
class Rate:
    """`points` for each `per` major units of money; `per` is numerator / denominator."""

    points: int
    per_numerator: int = 1
    per_denominator: int = 1

    def points_for(self, minor: int, currency: str) -> Fraction:
        """Exact points for `minor` units of `currency`."""
        return Fraction(
            self.points * minor * self.per_denominator,
            self.per_numerator * 10 ** digits(currency),
        )


@frozen(kw_only=True)
class Rule:
    """
    What is earned: by a `rate` on the goods, and a `bonus` that no multiplier touches.

    The bonus is given once, or with `each` for every unit of the lines that the rule looks at.
    A rule that applied and has `stop` ends its group.
    """

    rule: RuleId
    rate: Rate | None = None
    bonus: int = 0
    each: bool = False
    goods: Goods = Goods()
    when: When = When()
    stop: bool = False


@frozen(kw_only=True)
class Multiplier:
    """Multiplies what rates give on its goods, by numerator / denominator. Several multiply."""

    rule: RuleId
    numerator: int
    denominator: int = 1
    goods: Goods = Goods()
    when: When = When()


@frozen(kw_only=True)
class Group:
    """Rules that are weighed against each other. `most` caps what they give for one occasion."""

    rules: tuple[Rule, ...]
    mode: Mode = Mode.SUM
    most: int | None = None


@frozen(kw_only=True)
class RuleSet:
    """
    All that one version of a programme says about earning.

    Groups add up. `delivery` tells whether the delivery fee earns; `most` caps one occasion.
    """

    groups: tuple[Group, ...]
    multipliers: tuple[Multiplier, ...] = ()
    base: Base = Base.NET
    delivery: bool = False
    most: int | None = None
