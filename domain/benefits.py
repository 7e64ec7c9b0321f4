"""Benefits of tiers: what a member has as long as a tier is held, as data of the programme."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, NewType, TypeAlias

from attrs import frozen

from regulars.domain.earning_rules import RuleId, RuleSet
from regulars.domain.offer_terms import Kind, Offered, Terms
from regulars.domain.offer_terms import flaw as terms_flaw
from regulars.domain.rule_flaws import Flaw, Place
from regulars.domain.tier_ladder import TierLadder
from regulars.domain.values import OfferId

BenefitId = NewType("BenefitId", str)

SOURCE: Final = "tier"
"""The source of a discount that a benefit gives; see `Discount`."""


class BenefitKind(Enum):
    """What a benefit is to the member; `NEEDS` has what says how it comes about."""

    POINTS = "points"
    DISCOUNT = "discount"
    FREE_DELIVERY = "free_delivery"
    COUPON = "coupon"
    GIFT = "gift"
    FREE_TRIAL = "free_trial"
    PRIORITY_DELIVERY = "priority_delivery"


NEEDS: Final[Mapping[BenefitKind, str | None]] = {
    BenefitKind.POINTS: "rule",
    BenefitKind.DISCOUNT: "terms",
    BenefitKind.FREE_DELIVERY: "terms",
    BenefitKind.COUPON: "offer",
    BenefitKind.GIFT: "offer",
    BenefitKind.FREE_TRIAL: "offer",
    BenefitKind.PRIORITY_DELIVERY: None,
}
"""The field that a benefit of each kind has, and no other."""


@frozen(kw_only=True)
class Benefit:
    """
    What members of these `tiers` have.

    An earning `rule` or multiplier counts for them; `terms` are taken off every order; a coupon of
    the `offer` is issued with each term of the tier. Priority of delivery needs nothing more.
    """

    benefit: BenefitId
    kind: BenefitKind
    tiers: tuple[str, ...]
    rule: RuleId | None = None
    terms: Terms | None = None
    offer: OfferId | None = None


def of_tier(benefits: Iterable[Benefit], tier: str | None) -> tuple[Benefit, ...]:
    """Those that a member of the tier has."""
    return tuple(one for one in benefits if tier in one.tiers)


def offered(benefits: Iterable[Benefit]) -> tuple[Offered, ...]:
    """What the benefits take off an order, to be counted by `quote` in this order."""
    return tuple(
        Offered(terms=one.terms, source=f"{SOURCE}/{one.benefit}")
        for one in benefits
        if one.terms is not None
    )


def has_priority(benefits: Iterable[Benefit]) -> bool:
    """Whether an order is to be delivered before those without this benefit."""
    return any(one.kind is BenefitKind.PRIORITY_DELIVERY for one in benefits)


def benefits_flaw(
    benefits: Sequence[Benefit], ladders: Iterable[TierLadder], rules: Iterable[RuleSet]
) -> Flaw | None:
    """The first flaw of benefits in a programme that has, or had, these ladders and rules."""
    tiers = {level.tier for ladder in ladders for level in ladder.levels}
    found = next(_flaws(benefits, tiers, _tiers_of_rules(rules)), None)
    return None if found is None else Flaw(place=("benefits", *found[0]), why=found[1])


def _tiers_of_rules(rules: Iterable[RuleSet]) -> dict[RuleId, tuple[str, ...]]:
    """The tiers that each rule is for, by its latest version; no tiers are all of them."""
    found = dict[RuleId, tuple[str, ...]]()
    for published in rules:
        for group in published.groups:
            found |= {one.rule: one.when.tiers for one in group.rules}
        found |= {one.rule: one.when.tiers for one in published.multipliers}
    return found


_Found: TypeAlias = Iterator[tuple[Place, str]]


def _flaws(
    benefits: Sequence[Benefit], tiers: set[str], rules: Mapping[RuleId, tuple[str, ...]]
) -> _Found:
    known = set[BenefitId]()
    for at, one in enumerate(benefits):
        if not one.benefit.strip() or one.benefit in known:
            yield (at, "benefit"), "is blank, or names two benefits"
        known.add(one.benefit)
        if not one.tiers:
            yield (at, "tiers"), "names no tier"
        for number, tier in enumerate(one.tiers):
            if tier not in tiers:
                yield (at, "tiers", number), f"names {tier!r}, which no ladder has"
        for place, why in _needs(one):
            yield (at, *place), why
        if one.rule is not None:
            of = rules.get(one.rule)
            if of is None:
                yield (at, "rule"), "names no earning rule or multiplier"
            elif of and not set(one.tiers) <= set(of):
                yield (at, "rule"), "is not for all of these tiers"


def _needs(one: Benefit) -> _Found:
    needed = NEEDS[one.kind]
    for field in ("rule", "terms", "offer"):
        if (getattr(one, field) is not None) != (field == needed):
            word = "is needed" if field == needed else "is nothing"
            yield (field,), f"{word} for a benefit of kind {one.kind.value}"
    if one.terms is not None:
        wrong = terms_flaw(one.terms)
        if wrong is not None:
            yield ("terms", wrong), "is impossible"
        is_delivery = one.terms.kind is Kind.FREE_DELIVERY
        if is_delivery != (one.kind is BenefitKind.FREE_DELIVERY):
            yield ("terms", "kind"), f"is not that of a {one.kind.value}"
