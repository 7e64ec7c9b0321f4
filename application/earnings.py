"""How points came about: group by group and rule by rule, with every figure and in words."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final

from attrs import frozen

from regulars.domain.earning import Step, Unmet
from regulars.domain.earning_rules import (
    NO_CURRENCY,
    ORDER,
    Base,
    Goods,
    Group,
    Mode,
    Multiplier,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.loyalty import PointsEarned
from regulars.domain.occasions import Standing
from regulars.domain.program import EarningRulesPublished, Program
from regulars.domain.values import LotId, Money, OrderId, decimal_text


@frozen(kw_only=True)
class Given:
    """
    What a rule gave: on `base` minor units by `rate`, times `factors`; or as a bonus, without.

    `why` is the computation in words.
    """

    exact: Fraction
    why: str
    base: int | None = None
    rate: Rate | None = None
    factors: tuple[tuple[RuleId, Fraction], ...] = ()


@frozen(kw_only=True)
class RuleOutcome:
    """A rule, and what it gave; or that it gave nothing, and why, in words too."""

    rule: RuleId
    given: tuple[Given, ...] = ()
    unmet: Unmet | None = None
    why: str = ""


@frozen(kw_only=True)
class GroupOutcome:
    """A group of rules: `exact` is what its rules gave, of which `most` counts at most."""

    mode: Mode
    most: int | None
    exact: Fraction
    rules: tuple[RuleOutcome, ...]

    @property
    def counted(self) -> Fraction:
        """What counts of it."""
        return self.exact if self.most is None else min(self.exact, Fraction(self.most))


@frozen(kw_only=True)
class Earning:
    """
    How the points of a lot came about: `points` are `exact`, rounded down once.

    By the rules of version `rules_version`, in force from `effective_from` on, which looked at
    `amount` of `base`, in minor units of `currency`; for a customer of `tier` who had ordered
    `orders_before` times. `desired` is what no cap would have cut. `idle` are the multipliers that
    counted for nothing. Without a version no rules gave the points: something else did, as `on`
    names it.
    """

    lot: LotId
    on: str
    order: OrderId | None
    points: int
    desired: int
    exact: Fraction
    amount: int
    currency: str | None
    base: Base | None
    rules_version: int | None
    effective_from: datetime | None
    tier: str | None
    orders_before: int
    most: int | None
    groups: tuple[GroupOutcome, ...]
    idle: tuple[RuleOutcome, ...]
    why: str


def earning(earned: PointsEarned, published: EarningRulesPublished | None) -> Earning:
    """How a lot came about, by the rules that it names; None of them where it names none."""
    evaluation = earned.evaluation
    rules = None if published is None else published.rules
    groups, idle = ((), ()) if rules is None else _outcomes(earned, rules)
    most = None if rules is None else rules.most
    return Earning(
        lot=earned.lot,
        on=earned.on,
        order=earned.order,
        points=evaluation.points,
        desired=evaluation.desired,
        exact=evaluation.exact,
        amount=evaluation.amount,
        currency=earned.currency,
        base=None if rules is None else rules.base,
        rules_version=earned.rules_version,
        effective_from=None if published is None else published.effective_from,
        tier=earned.standing.tier,
        orders_before=earned.standing.orders_before,
        most=most,
        groups=groups,
        idle=idle,
        why=_why(earned, groups, most),
    )


def earning_by(earned: PointsEarned, program: Program) -> Earning:
    """How a lot came about, by the rules of its programme that it names."""
    named = (one for one in program.published if one.version == earned.rules_version)
    return earning(earned, next(named, None))


def exact_text(exact: Fraction) -> str:
    """An exact number in words: 19.08 as a decimal where it ends, else as 6 2/3."""
    for places in range(_PLACES):
        scaled = exact * 10**places
        if scaled.denominator == 1:
            digits = f"{scaled.numerator:0{places + 1}d}"
            return digits if not places else f"{digits[:-places]}.{digits[-places:]}"
    whole, rest = divmod(exact.numerator, exact.denominator)
    part = f"{rest}/{exact.denominator}"
    return f"{whole} {part}" if whole else part


_PLACES: Final = 7
"""So many decimal places and one are told at most; more are a fraction."""


def _why(earned: PointsEarned, groups: Sequence[GroupOutcome], most: int | None) -> str:
    exact, points = earned.evaluation.exact, earned.points
    if earned.rules_version is None:
        return f"{points} points for {earned.on}"
    counted = sum((group.counted for group in groups), Fraction(0)) if groups else exact
    words = f"{exact_text(counted)} points by rules {earned.rules_version}"
    if most is not None and counted > most:
        words = f"{words}, of which {most} count"
    return words if exact == points else f"{words}, rounded down to {points}"


def _outcomes(
    earned: PointsEarned, rules: RuleSet
) -> tuple[tuple[GroupOutcome, ...], tuple[RuleOutcome, ...]]:
    telling = _Telling(earned, rules)
    groups = tuple(telling.group(group) for group in rules.groups)
    return groups, tuple(
        telling.passed(one, telling.unmet[one.rule])
        for one in rules.multipliers
        if one.rule in telling.unmet
    )


class _Telling:
    """Tells what each rule of a set came to in one evaluation."""

    def __init__(self, earned: PointsEarned, rules: RuleSet) -> None:
        self._earned = earned
        self._currency = earned.currency or NO_CURRENCY
        self._factors = {
            one.rule: Fraction(one.numerator, one.denominator) for one in rules.multipliers
        }
        self._steps: dict[RuleId, list[Step]] = {}
        for step in earned.evaluation.steps:
            self._steps.setdefault(step.rule, []).append(step)
        self.unmet = {one.rule: one.why for one in earned.evaluation.passed}

    def group(self, group: Group) -> GroupOutcome:
        rules = tuple(map(self._rule, group.rules))
        given = (one.exact for rule in rules for one in rule.given)
        return GroupOutcome(
            mode=group.mode, most=group.most, exact=sum(given, Fraction(0)), rules=rules
        )

    def passed(self, one: Rule | Multiplier, why: Unmet) -> RuleOutcome:
        words = _words(why, one.when, one.goods, self._earned)
        return RuleOutcome(rule=one.rule, unmet=why, why=words)

    def _rule(self, rule: Rule) -> RuleOutcome:
        if rule.rule in self.unmet:
            return self.passed(rule, self.unmet[rule.rule])
        given = tuple(self._given(rule))
        return RuleOutcome(
            rule=rule.rule, given=given, why="" if given else "found nothing to count"
        )

    def _given(self, rule: Rule) -> Iterator[Given]:
        steps = self._steps.get(rule.rule, [])
        by_rate = steps[:-1] if rule.bonus else steps
        if rule.rate is not None:
            for step in by_rate:
                yield self._by_rate(rule.rate, step)
        for step in steps[len(by_rate) :]:
            each = f" for each of {step.exact / rule.bonus}" if rule.each else ""
            yield Given(exact=step.exact, why=f"{rule.bonus} points{each}")

    def _by_rate(self, rate: Rate, step: Step) -> Given:
        factors = tuple((one, self._factors[one]) for one in step.multipliers)
        per = exact_text(Fraction(rate.per_numerator, rate.per_denominator))
        times = "".join(f" x {exact_text(factor)} ({one})" for one, factor in factors)
        money = Money(minor=step.base, currency=self._currency)
        return Given(
            exact=step.exact,
            why=f"{money} at {rate.points} for each {per} {self._currency}{times}",
            base=step.base,
            rate=rate,
            factors=factors,
        )


def _words(why: Unmet, when: When, goods: Goods, earned: PointsEarned) -> str:
    """Why a rule or multiplier counted for nothing, in words."""
    standing, amount = earned.standing, earned.evaluation.amount
    currency = when.currency or earned.currency or NO_CURRENCY
    lacking = decimal_text(when.at_least - amount, currency)
    words = {
        Unmet.OCCASION: f"is for {_occasion(when.on)}, not for {_occasion(earned.on)}",
        Unmet.MERCHANT: f"is for orders at {_any(when.merchants)}",
        Unmet.CHANNEL: f"is for orders by {_any(when.channels)}",
        Unmet.TIER: f"is for {_any(when.tiers)}, and the tier was {standing.tier or 'none'}",
        Unmet.CURRENCY: f"is for {when.currency}, and {earned.currency} was paid",
        Unmet.AT_LEAST: f"is for {decimal_text(when.at_least, currency)} {currency} or more,"
        f" and this came to {decimal_text(amount, currency)}, {lacking} too little",
        Unmet.NTH: _nth(when, standing),
        Unmet.PERIOD: _period(when),
        Unmet.GOODS: f"is for {_any((*goods.items, *goods.categories))}, and there was none",
        Unmet.STOPPED: "was not looked at: a rule before it ended its group",
        Unmet.NOT_BEST: "another rule of its group gave as much or more, and only the best counts",
        Unmet.NOT_FIRST: "another rule of its group came first, and only the first counts",
    }
    return words[why]


def _any(names: Sequence[str]) -> str:
    return " or ".join(names)


def _occasion(on: str) -> str:
    return "orders" if on == ORDER else on


def _nth(when: When, standing: Standing) -> str:
    if when.nth is None:
        return ""
    if when.nth.days is not None:
        return f"is for order number {when.nth.n} within {when.nth.days} days"
    return f"is for order number {when.nth.n}, and this was number {standing.orders_before + 1}"


def _period(when: When) -> str:
    since = "" if when.since is None else f" from {when.since.isoformat(' ')}"
    until = "" if when.until is None else f" until {when.until.isoformat(' ')}"
    return f"holds{since}{until}"
