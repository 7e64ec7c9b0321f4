"""What is wrong with a set of earning rules, and where in it."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from attrs import frozen

from regulars.domain.earning_rules import (
    MOST_POINTS,
    Multiplier,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.values import is_currency

MOST_BONUS: Final = 10**9
"""The most points that a bonus gives at once."""

MOST_TIMES: Final = 1_000
"""The most that a multiplier multiplies by."""

MOST_DAYS: Final = 36_525
"""The longest time that rules and policies count in days: a hundred years."""

MOST_NTH: Final = 100
"""The highest number of an order within some days that a rule may ask for."""

Place: TypeAlias = tuple[str | int, ...]
"""The fields, and the numbers in tuples from 0 on, that lead to a value."""


@frozen(kw_only=True)
class Flaw:
    """What is wrong at a place."""

    place: Place
    why: str

    def __str__(self) -> str:
        return f"{spelled(self.place)} {self.why}"


def spelled(place: Place) -> str:
    """A place in words, as `groups[0].rules[1].rate`."""
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in place)[1:]


def flaw(rules: RuleSet) -> Flaw | None:
    """The first flaw of a set of rules; None if points can be counted by it."""
    found = next(_flaws(rules), None)
    return None if found is None else Flaw(place=found[0], why=found[1])


_Found: TypeAlias = Iterator[tuple[Place, str]]


def _flaws(rules: RuleSet) -> _Found:
    known = set[RuleId]()
    for at, group in enumerate(rules.groups):
        place: Place = ("groups", at)
        if not group.rules:
            yield (*place, "rules"), "holds no rule"
        for number, rule in enumerate(group.rules):
            yield from _named(rule, known, (*place, "rules", number))
            yield from _rule(rule, (*place, "rules", number))
        yield from _most(group.most, (*place, "most"))
    for at, multiplier in enumerate(rules.multipliers):
        yield from _named(multiplier, known, ("multipliers", at))
        yield from _multiplier(multiplier, ("multipliers", at))
    yield from _most(rules.most, ("most",))


def _named(one: Rule | Multiplier, known: set[RuleId], place: Place) -> _Found:
    if one.rule in known:
        yield (*place, "rule"), f"names two rules {one.rule!r}"
    known.add(one.rule)


def _rule(rule: Rule, place: Place) -> _Found:
    if rule.rate is not None:
        yield from _rate(rule.rate, (*place, "rate"))
    elif not rule.bonus:
        yield place, "gives nothing, neither a rate nor a bonus"
    if not 0 <= rule.bonus <= MOST_BONUS:
        yield (*place, "bonus"), f"must be from 0 to {MOST_BONUS}"
    yield from _when(rule.when, (*place, "when"))


def _rate(rate: Rate, place: Place) -> _Found:
    if rate.per_numerator <= 0 or rate.per_denominator <= 0:
        yield (*place, "per"), "must be an amount above 0"
    elif not 0 <= rate.points * rate.per_denominator <= MOST_POINTS * rate.per_numerator:
        yield (*place, "points"), f"must be from 0 to {MOST_POINTS} for a unit of money"


def _multiplier(multiplier: Multiplier, place: Place) -> _Found:
    if multiplier.denominator <= 0 or not (
        0 <= multiplier.numerator <= MOST_TIMES * multiplier.denominator
    ):
        yield (*place, "times"), f"must be from 0 to {MOST_TIMES}"
    yield from _when(multiplier.when, (*place, "when"))


def _when(when: When, place: Place) -> _Found:
    if when.currency is not None and not is_currency(when.currency):
        yield (*place, "currency"), "is no currency code such as USD"
    if when.at_least < 0:
        yield (*place, "at_least"), "must be 0 or more"
    if when.nth is not None and when.nth.n < 1:
        yield (*place, "nth"), "must be 1 or more"
    if when.nth is not None and when.nth.days is not None:
        if not 1 <= when.nth.days <= MOST_DAYS:
            yield (*place, "days"), f"must be from 1 to {MOST_DAYS}"
        if when.nth.n > MOST_NTH:
            yield (*place, "nth"), f"must be at most {MOST_NTH} where days are told"
    if when.since is not None and when.until is not None and when.since >= when.until:
        yield (*place, "until"), "must lie after since"


def _most(most: int | None, place: Place) -> _Found:
    if most is not None and most < 0:
        yield place, "must be 0 or more"
