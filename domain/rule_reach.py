"""Which rules of a set can never count: nobody meets them, or another always does before them."""

from collections.abc import Collection, Iterator
from typing import Final

from attrs import frozen

from regulars.domain.earning_rules import (
    NO_CURRENCY,
    ORDER,
    Goods,
    Group,
    Mode,
    Multiplier,
    Rule,
    RuleSet,
    When,
)
from regulars.domain.rule_flaws import Place

_OF_ORDERS: Final = ("merchants", "channels", "at_least")


@frozen(kw_only=True)
class Unreached:
    """What can never count, why, and what stands before it if that is why."""

    place: Place
    why: str
    behind: Place | None = None


def unreached(
    rules: RuleSet, *, currency: str | None, tiers: Collection[str] | None
) -> Unreached | None:
    """
    The first rule or multiplier that can never count; None if each can.

    `currency` is what the set is for, `tiers` are those that there are; None stands for any.
    """
    return next(_unreached(rules, currency, tiers), None)


def _unreached(
    rules: RuleSet, currency: str | None, tiers: Collection[str] | None
) -> Iterator[Unreached]:
    for at, group in enumerate(rules.groups):
        for number, rule in enumerate(group.rules):
            yield from _unmet(rule, ("groups", at, "rules", number), currency, tiers)
        yield from _behind(group, ("groups", at, "rules"))
    for at, multiplier in enumerate(rules.multipliers):
        yield from _unmet(multiplier, ("multipliers", at), currency, tiers)


def _unmet(
    one: Rule | Multiplier, place: Place, currency: str | None, tiers: Collection[str] | None
) -> Iterator[Unreached]:
    when = one.when
    asked: Place = (*place, "when")
    if when.on == ORDER:
        if None not in {when.currency, currency} and when.currency != currency:
            why = f"must be {currency}, as that of the whole set"
            yield Unreached(place=(*asked, "currency"), why=why)
    else:
        if currency not in {None, NO_CURRENCY}:
            why = f"is no order, and is never paid in {currency}, which the whole set is for"
            yield Unreached(place=(*asked, "on"), why=why)
        if when.currency not in {None, NO_CURRENCY}:
            yield Unreached(place=(*asked, "currency"), why="is asked of what is no order")
        for name in _OF_ORDERS:
            if getattr(when, name):
                yield Unreached(place=(*asked, name), why="is asked of what is no order")
        if one.goods.named:
            yield Unreached(place=place, why="looks for goods in what is no order")
    for tier in when.tiers:
        if tiers is not None and tier not in tiers:
            yield Unreached(place=(*asked, "tiers"), why=f"has {tier!r}, which is on no ladder")


def _behind(group: Group, place: Place) -> Iterator[Unreached]:
    last = [rule.stop or group.mode is Mode.FIRST for rule in group.rules]
    for number, rule in enumerate(group.rules):
        for before in range(number):
            if last[before] and _applies_with(group.rules[before], rule):
                why = "never counts, because another always does before it"
                yield Unreached(place=(*place, number), why=why, behind=(*place, before))


def _applies_with(one: Rule, other: Rule) -> bool:
    """Whether `one` applies whenever `other` does."""
    return _met_with(one.when, other.when) and _there_with(one.goods, other.goods)


def _met_with(one: When, other: When) -> bool:
    return (
        one.on == other.on
        and _as_wide(one.merchants, other.merchants)
        and _as_wide(one.channels, other.channels)
        and _as_wide(one.tiers, other.tiers)
        and one.currency in {None, other.currency}
        and one.at_least <= other.at_least
        and one.nth in {None, other.nth}
        and (one.since is None or (other.since is not None and one.since <= other.since))
        and (one.until is None or (other.until is not None and other.until <= one.until))
    )


def _as_wide(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return not one or (bool(other) and set(other) <= set(one))


def _there_with(one: Goods, other: Goods) -> bool:
    return not one.named or (
        other.named
        and set(other.items) <= set(one.items)
        and set(other.categories) <= set(one.categories)
        and set(one.except_items) <= set(other.except_items)
        and set(one.except_categories) <= set(other.except_categories)
    )
