"""The tables of a programme's file that say what tiers bring, and the benefits that they are."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from regulars.adapters.program_rules import Moment, WrongRules, amount, minor_units
from regulars.domain.benefits import NEEDS, Benefit, BenefitId, BenefitKind, benefits_flaw
from regulars.domain.earning_rules import RuleId, RuleSet
from regulars.domain.offer_terms import Kind, Scope, Terms
from regulars.domain.purchase import Channel
from regulars.domain.rule_flaws import Flaw, Place
from regulars.domain.tier_ladder import TierLadder
from regulars.domain.values import ItemId, MerchantId, OfferId

_A_PERCENT: Final = 100
"""Basis points."""

# Parts of the domain that are one table here.
_FLAT: Final = {"terms"}
_NAMED: Final = {"benefit": "id"}


class _Benefit(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    kind: BenefitKind
    tiers: tuple[str, ...]
    rule: str | None = None
    offer: str | None = None
    off: str | None = None
    percent: str | None = None
    whole: bool = False
    currency: str | None = None
    at_least: str | None = None
    most: str | None = None
    merchants: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    stack_group: str | None = None
    exclusive: bool = False

    def benefit(self, place: Place) -> Benefit:
        return Benefit(
            benefit=BenefitId(self.id),
            kind=self.kind,
            tiers=self.tiers,
            rule=None if self.rule is None else RuleId(self.rule),
            terms=self._terms(place),
            offer=None if self.offer is None else OfferId(self.offer),
        )

    def value_field(self) -> str:
        """The field that says how much is taken off."""
        return "off" if self.percent is None else "percent"

    def _terms(self, place: Place) -> Terms | None:
        if NEEDS[self.kind] != "terms":
            self._require_unsaid(place, _OF_TERMS)
            return None
        kind, value = Kind.FREE_DELIVERY, 0
        if self.kind is BenefitKind.FREE_DELIVERY:
            self._require_unsaid(place, ("off", "percent", "whole"))
        else:
            kind, value = self._off(place)
        if self.currency is None:
            raise WrongRules((*place, "currency"), f"is needed for a {self.kind.value}")
        return Terms(
            kind=kind,
            currency=self.currency,
            value=value,
            at_least=self._minor(place, "at_least", self.at_least) or 0,
            most=self._minor(place, "most", self.most),
            whole=self.whole,
            scope=Scope(
                merchants=tuple(map(MerchantId, self.merchants)),
                channels=self.channels,
                categories=self.categories,
                items=tuple(map(ItemId, self.items)),
            ),
            stack_group=self.stack_group,
            exclusive=self.exclusive,
        )

    def _off(self, place: Place) -> tuple[Kind, int]:
        if (self.off is None) == (self.percent is None):
            raise WrongRules(place, "takes off either an amount (off) or a percentage (percent)")
        if self.percent is None:
            return Kind.FIXED, self._minor(place, "off", self.off) or 0
        points = amount(self.percent, (*place, "percent")) * _A_PERCENT
        if points.denominator != 1:
            raise WrongRules((*place, "percent"), "has more than two decimals")
        return Kind.PERCENT, points.numerator

    def _minor(self, place: Place, field: str, text: str | None) -> int | None:
        return None if text is None else minor_units(text, (*place, field), self.currency)

    def _require_unsaid(self, place: Place, fields: Iterable[str]) -> None:
        for field in fields:
            if getattr(self, field):
                why = f"is nothing for a benefit of kind {self.kind.value}"
                raise WrongRules((*place, field), why)


_OF_TERMS: Final = tuple(
    name
    for name in _Benefit.__struct_fields__
    if name not in {"id", "kind", "tiers", "rule", "offer"}
)


class TierBenefits(msgspec.Struct, forbid_unknown_fields=True):
    """A table `[[tier_benefits]]`: a version of what tiers bring."""

    benefits: Annotated[list[_Benefit], msgspec.Meta(min_length=1)]
    effective_from: Moment | None = None

    def told(self, ladders: Iterable[TierLadder], rules: Iterable[RuleSet]) -> tuple[Benefit, ...]:
        """
        The benefits that the table says, in a programme of these ladders and rules.

        Raises:
            WrongRules: they cannot be; the place is one in this table.
        """
        told = tuple(one.benefit(("benefits", at)) for at, one in enumerate(self.benefits))
        found = benefits_flaw(told, ladders, rules)
        if found is not None:
            raise WrongRules(self._written(found), found.why)
        return told

    def _written(self, found: Flaw) -> Place:
        """Where in the table stands what the domain finds a flaw in."""
        number = found.place[1]
        named = _NAMED
        if isinstance(number, int):
            named = _NAMED | {"value": self.benefits[number].value_field()}
        return tuple(named.get(str(one), one) for one in found.place if one not in _FLAT)
