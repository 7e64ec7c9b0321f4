"""
What an order or another occasion earns by a set of rules, step by step.

Amounts stay exact fractions through every rate and multiplier; they are rounded down once, at the
end (R1 of docs/loyalty.md). The evaluation keeps each step, so that it explains itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from fractions import Fraction
from math import floor
from typing import Final, assert_never

from attrs import frozen

from regulars.domain.earning_rules import (
    MOST_POINTS,
    Base,
    EarningLine,
    Goods,
    Group,
    Mode,
    Multiplier,
    Nth,
    Occasion,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.values import MOST_MINOR

MOST_EARNED: Final = MOST_MINOR * MOST_POINTS
"""The most points that one occasion earns, whatever its rules say: sums of them fit 64 bits."""


class Unmet(Enum):
    """Why a rule gave nothing, in the order in which it is found out."""

    OCCASION = "occasion"
    MERCHANT = "merchant"
    CHANNEL = "channel"
    TIER = "tier"
    CURRENCY = "currency"
    AT_LEAST = "at_least"
    NTH = "nth"
    PERIOD = "period"
    GOODS = "goods"
    STOPPED = "stopped"
    NOT_BEST = "not_best"
    NOT_FIRST = "not_first"


@frozen(kw_only=True)
class Step:
    """
    What one rule gave on goods that had the same multipliers.

    exact = points_for(base) x multiplier, or the bonus where `multipliers` and `base` are none.
    """

    rule: RuleId
    base: int
    multipliers: tuple[RuleId, ...]
    exact_numerator: int
    exact_denominator: int

    @property
    def exact(self) -> Fraction:
        """Exact points."""
        return Fraction(self.exact_numerator, self.exact_denominator)


@frozen(kw_only=True)
class Passed:
    """A rule or multiplier that counted for nothing, and why."""

    rule: RuleId
    why: Unmet


@frozen(kw_only=True)
class Evaluation:
    """
    What an occasion earns and how: `points` = floor(exact), once.

    `desired` is what it would be without caps; `exact` is the sum of the steps, capped.
    `amount` is what the rules looked at, in minor units: goods by the base, delivery if it earns.
    """

    points: int
    desired: int
    exact_numerator: int
    exact_denominator: int
    amount: int = 0
    steps: tuple[Step, ...] = ()
    passed: tuple[Passed, ...] = ()

    @property
    def exact(self) -> Fraction:
        """Exact points, before they are rounded down."""
        return Fraction(self.exact_numerator, self.exact_denominator)


def evaluate(rules: RuleSet, occasion: Occasion) -> Evaluation:
    """What `occasion` earns by `rules`."""
    weighing = _Weighing(rules, occasion)
    desired = capped = Fraction(0)
    steps: list[Step] = []
    passed = list(weighing.idle)
    for group in rules.groups:
        given, left = _group(group, weighing)
        worth = sum((step.exact for step in given), Fraction(0))
        desired += worth
        capped += _capped(worth, group.most)
        steps += given
        passed += left
    exact = _capped(capped, MOST_EARNED if rules.most is None else rules.most)
    return Evaluation(
        points=floor(exact),
        desired=floor(desired),
        exact_numerator=exact.numerator,
        exact_denominator=exact.denominator,
        amount=weighing.amount,
        steps=tuple(steps),
        passed=tuple(passed),
    )


def unmet(when: When, occasion: Occasion, amount: int) -> Unmet | None:
    """Why `when` is not met by an occasion whose eligible amount is `amount`; None if it is."""
    checks = (
        (Unmet.OCCASION, when.on == occasion.on),
        (Unmet.MERCHANT, not when.merchants or occasion.merchant in when.merchants),
        (Unmet.CHANNEL, not when.channels or occasion.channel in when.channels),
        (Unmet.TIER, not when.tiers or occasion.tier in when.tiers),
        (Unmet.CURRENCY, when.currency in {None, occasion.currency}),
        (Unmet.AT_LEAST, amount >= when.at_least),
        (Unmet.NTH, when.nth is None or _number(when.nth, occasion) == when.nth.n),
        (Unmet.PERIOD, _lies_within(when, occasion.at)),
    )
    return next((why for why, met in checks if not met), None)


def _number(nth: Nth, occasion: Occasion) -> int:
    if nth.days is None:
        return occasion.orders_before + 1
    start = occasion.at - timedelta(days=nth.days)
    return sum(start < moment for moment in occasion.recent) + 1


def _lies_within(when: When, at: datetime) -> bool:
    return (when.since is None or when.since <= at) and (when.until is None or at < when.until)


def _capped(worth: Fraction, most: int | None) -> Fraction:
    return worth if most is None else min(worth, Fraction(most))


class _Weighing:
    """The parts of one occasion that earn, and the multipliers that each part has."""

    def __init__(self, rules: RuleSet, occasion: Occasion) -> None:
        self.occasion = occasion
        self._net = rules.base is Base.NET
        self._delivery = occasion.delivery if rules.delivery else 0
        self.amount = self._delivery + sum(map(self._worth, occasion.lines))
        self._multipliers: list[Multiplier] = []
        self.idle: list[Passed] = []
        for one in rules.multipliers:
            why = self.unmet(one)
            if why is None:
                self._multipliers.append(one)
            else:
                self.idle.append(Passed(rule=one.rule, why=why))

    def unmet(self, one: Rule | Multiplier) -> Unmet | None:
        """Why a rule does not apply; None if it does."""
        why = unmet(one.when, self.occasion, self.amount)
        if why is None and one.goods.named and not any(map(one.goods.has, self.occasion.lines)):
            return Unmet.GOODS
        return why

    def steps(self, rule: Rule) -> list[Step]:
        """What a rule gives that applies."""
        found: list[Step] = []
        if rule.rate is not None:
            for multipliers, base in self._bases(rule.goods).items():
                exact = rule.rate.points_for(base, self.occasion.currency)
                for one in multipliers:
                    exact *= Fraction(one.numerator, one.denominator)
                found.append(_step(rule.rule, base, (one.rule for one in multipliers), exact))
        if rule.bonus:
            lines = filter(rule.goods.has, self.occasion.lines)
            times = sum(line.quantity for line in lines) if rule.each else 1
            found.append(_step(rule.rule, 0, (), Fraction(rule.bonus * times)))
        return found

    def _bases(self, goods: Goods) -> Mapping[tuple[Multiplier, ...], int]:
        """The amount that a rule looks at, by the multipliers that it has."""
        if not self._multipliers:
            base = self._base(goods)
            return {} if base is None else {(): base}
        bases: Counter[tuple[Multiplier, ...]] = Counter()
        for line in filter(goods.has, self.occasion.lines):
            having = tuple(one for one in self._multipliers if one.goods.has(line))
            bases[having] += self._worth(line)
        if self._delivery and _takes_delivery(goods):
            having = tuple(one for one in self._multipliers if _takes_delivery(one.goods))
            bases[having] += self._delivery
        return bases

    def _base(self, goods: Goods) -> int | None:
        """The amount that a rule looks at without multipliers; None if it looks at nothing."""
        worths = [self._worth(line) for line in self.occasion.lines if goods.has(line)]
        if self._delivery and _takes_delivery(goods):
            worths.append(self._delivery)
        return sum(worths) if worths else None

    def _worth(self, line: EarningLine) -> int:
        return line.net if self._net else line.gross


def _takes_delivery(goods: Goods) -> bool:
    return goods.delivery and not goods.named


def _step(rule: RuleId, base: int, multipliers: Iterable[RuleId], exact: Fraction) -> Step:
    return Step(
        rule=rule,
        base=base,
        multipliers=tuple(multipliers),
        exact_numerator=exact.numerator,
        exact_denominator=exact.denominator,
    )


def _group(group: Group, weighing: _Weighing) -> tuple[list[Step], list[Passed]]:
    applied: list[tuple[RuleId, list[Step]]] = []
    passed: list[Passed] = []
    stopped = False
    for rule in group.rules:
        why = Unmet.STOPPED if stopped else weighing.unmet(rule)
        if why is not None:
            passed.append(Passed(rule=rule.rule, why=why))
            continue
        applied.append((rule.rule, weighing.steps(rule)))
        stopped = rule.stop
    return _counted(group.mode, applied, passed)


def _counted(
    mode: Mode, applied: Sequence[tuple[RuleId, list[Step]]], passed: list[Passed]
) -> tuple[list[Step], list[Passed]]:
    if mode is Mode.SUM or not applied:
        return [step for _, steps in applied for step in steps], passed
    match mode:
        case Mode.BEST_OF:
            worths = [sum((step.exact for step in steps), Fraction(0)) for _, steps in applied]
            taken, why = worths.index(max(worths)), Unmet.NOT_BEST
        case Mode.FIRST:
            taken, why = 0, Unmet.NOT_FIRST
        case _:
            assert_never(mode)
    left = [Passed(rule=rule, why=why) for at, (rule, _) in enumerate(applied) if at != taken]
    return applied[taken][1], [*passed, *left]
