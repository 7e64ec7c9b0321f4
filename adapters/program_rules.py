"""The tables of a programme's file that say what is earned, and the rules that they are."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Final

import msgspec

from regulars.domain.earning_rules import (
    ORDER,
    Base,
    Goods,
    Group,
    Mode,
    Multiplier,
    Nth,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.rule_flaws import Place, flaw
from regulars.domain.rule_reach import unreached
from regulars.domain.values import ItemId, MerchantId, digits, is_currency

_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_ONLY: Final = RuleId("earning")
"""The name of a rule that is the only one and has none."""

# Parts of the domain that are one table here.
_OF_THE_ONLY: Final = len(("groups", 0, "rules", 0))
_FLAT: Final = {"rate", "when", "goods"}
_NAMED: Final = {"rule": "id"}

Points = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class WrongRules(Exception):
    """What the tables say cannot be; `place` leads there, `other` to what it does not go with."""

    def __init__(self, place: Place, why: str, *, other: Place | None = None) -> None:
        super().__init__(why)
        self.place = place
        self.other = other

    def below(self, *above: str | int) -> "WrongRules":
        """The same, by the way from a table that holds this one."""
        other = None if self.other is None else (*above, *self.other)
        return WrongRules((*above, *self.place), str(self), other=other)


class _Conditions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    on: str = ORDER
    merchants: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    currency: str | None = None
    at_least: str | None = None
    nth: int | None = None
    days: int | None = None
    since: Moment | None = None
    until: Moment | None = None
    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    except_items: tuple[str, ...] = ()
    except_categories: tuple[str, ...] = ()
    delivery: bool = True

    def goods(self) -> Goods:
        return Goods(
            items=tuple(map(ItemId, self.items)),
            categories=self.categories,
            except_items=tuple(map(ItemId, self.except_items)),
            except_categories=self.except_categories,
            delivery=self.delivery,
        )

    def when(self, place: Place, paid_in: str | None) -> When:
        if self.days is not None and self.nth is None:
            raise WrongRules((*place, "days"), "tells no time without nth")
        return When(
            on=self.on,
            merchants=tuple(map(MerchantId, self.merchants)),
            channels=self.channels,
            tiers=self.tiers,
            currency=self.currency,
            at_least=self._least((*place, "at_least"), self.currency or paid_in),
            nth=None if self.nth is None else Nth(n=self.nth, days=self.days),
            since=_utc(self.since),
            until=_utc(self.until),
        )

    def _least(self, place: Place, currency: str | None) -> int:
        return 0 if self.at_least is None else minor_units(self.at_least, place, currency)


class _Rule(_Conditions, forbid_unknown_fields=True, kw_only=True):
    id: str
    points: Points | None = None
    per: str = "1"
    bonus: Points = 0
    each: bool = False
    stop: bool = False


class _Multiplier(_Conditions, forbid_unknown_fields=True, kw_only=True):
    id: str
    times: str


class _Group(msgspec.Struct, forbid_unknown_fields=True):
    rules: Annotated[list[_Rule], msgspec.Meta(min_length=1)]
    mode: Mode = Mode.SUM
    most: Points | None = None


class Earning(msgspec.Struct, forbid_unknown_fields=True):
    """A table `[[earning]]`: a set of rules, or one rate with nothing else to say about it."""

    points: Points | None = None
    per: str = "1"
    currency: str | None = None
    effective_from: Moment | None = None
    base: Base = Base.NET
    delivery: bool = False
    most: Points | None = None
    groups: list[_Group] = []
    multipliers: list[_Multiplier] = []

    def rules(self, tiers: Collection[str] | None) -> RuleSet:
        """
        The set of rules that the table says. `tiers` are those that there are; None for any.

        Raises:
            WrongRules: they cannot be, or one of them never counts; the place is in this table.
        """
        if (self.points is None) == (not self.groups):
            raise WrongRules((), "needs either points or groups of rules")
        if self.currency is not None and not is_currency(self.currency):
            raise WrongRules(("currency",), "must be a code such as USD")
        told = RuleSet(
            groups=tuple(self._group(at, group) for at, group in enumerate(self.groups))
            or (Group(rules=(Rule(rule=_ONLY, rate=_rate(self.points, self.per, ())),)),),
            multipliers=tuple(
                self._multiplier(("multipliers", at), one)
                for at, one in enumerate(self.multipliers)
            ),
            base=self.base,
            delivery=self.delivery,
            most=self.most,
        )
        found = flaw(told)
        if found is not None:
            raise WrongRules(self._written(found.place), found.why)
        idle = unreached(told, currency=self.currency, tiers=tiers)
        if idle is not None:
            other = None if idle.behind is None else self._written(idle.behind)
            raise WrongRules(self._written(idle.place), idle.why, other=other)
        return told

    def _group(self, at: int, group: _Group) -> Group:
        place: Place = ("groups", at, "rules")
        return Group(
            rules=tuple(self._rule((*place, n), rule) for n, rule in enumerate(group.rules)),
            mode=group.mode,
            most=group.most,
        )

    def _rule(self, place: Place, rule: _Rule) -> Rule:
        return Rule(
            rule=_id(rule.id, place),
            rate=_rate(rule.points, rule.per, place),
            bonus=rule.bonus,
            each=rule.each,
            goods=rule.goods(),
            when=rule.when(place, self.currency),
            stop=rule.stop,
        )

    def _multiplier(self, place: Place, one: _Multiplier) -> Multiplier:
        times = amount(one.times, (*place, "times"))
        return Multiplier(
            rule=_id(one.id, place),
            numerator=times.numerator,
            denominator=times.denominator,
            goods=one.goods(),
            when=one.when(place, self.currency),
        )

    def _written(self, found: Place) -> Place:
        """Where in the table stands what the domain finds a flaw in."""
        place = tuple(_NAMED.get(str(one), one) for one in found if one not in _FLAT)
        # The only rule of a table without groups is the table itself.
        return place if self.groups or place[0] != "groups" else place[_OF_THE_ONLY:]


def amount(text: str, place: Place) -> Fraction:
    """
    An amount as a person writes it, exact.

    Raises:
        WrongRules: it is none.
    """
    if not _AMOUNT.fullmatch(text):
        raise WrongRules(place, 'must be an amount in quotes, such as "10" or "0.50"')
    return Fraction(text)


def minor_units(text: str, place: Place, currency: str | None) -> int:
    """
    An amount of a currency as a person writes it, in its minor units.

    Raises:
        WrongRules: it is none, or finer than the currency is counted, or there is no currency.
    """
    if currency is None or not is_currency(currency):
        raise WrongRules(place, "needs a currency, here or in the whole table")
    minor = amount(text, place) * Fraction(10) ** digits(currency)
    if minor.denominator != 1:
        raise WrongRules(place, f"is finer than {currency} is counted")
    return minor.numerator


def _rate(points: int | None, per: str, place: Place) -> Rate | None:
    if points is None:
        return None
    of = amount(per, (*place, "per"))
    return Rate(points=points, per_numerator=of.numerator, per_denominator=of.denominator)


def _id(text: str, place: Place) -> RuleId:
    if not text.strip():
        raise WrongRules((*place, "id"), "is blank")
    return RuleId(text)


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
