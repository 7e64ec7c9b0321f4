"""What has become of each older name and version under which events stand in logs."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from regulars.adapters.upcasting import Payload, Turned, Upcaster
from regulars.domain.values import digits

_RULE: Final = "earning"
"""The name of the only rule that a programme had at a time."""


def _without_evidence(payload: Payload) -> Iterator[Turned]:
    yield "ConsentGranted", 2, {**payload, "evidence_ref": None, "valid_until": None}


def _without_discounts(payload: Payload) -> Iterator[Turned]:
    yield "OrderPlaced", 2, {**payload, "discounts": [], "points_payment": None, "brings": []}


def _to_no_known_address(payload: Payload) -> Iterator[Turned]:
    yield "OrderPlaced", 3, {**payload, "address_id": None}


def _of_an_amount(payload: Payload) -> Iterator[Turned]:
    yield "RefundIssued", 2, {**payload, "lines": [], "withheld": 0, "takes_back": []}


def _without_coupons(payload: Payload) -> Iterator[Turned]:
    yield "OrderCancelled", 2, {**payload, "coupons": [], "takes_back": []}


def _set_of_one_rule(payload: Payload) -> Iterator[Turned]:
    rate = _without(payload["rule"], "currency")
    turned = {
        **_without(payload, "rule"),
        "rules": {"groups": [{"rules": [{"rule": _RULE, "rate": rate}]}]},
        "currency": payload["rule"]["currency"],
    }
    yield "EarningRulesPublished", 1, turned


def _evaluated(payload: Payload) -> Iterator[Turned]:
    rule, base, currency = payload["rule"], payload["base"], payload["currency"]
    applies = rule["currency"] in {None, currency}
    exact = Fraction(
        rule["points"] * base * rule["per_denominator"] * applies,
        rule["per_numerator"] * 10 ** digits(currency),
    )
    given = {"exact_numerator": exact.numerator, "exact_denominator": exact.denominator}
    step: Payload = {"rule": _RULE, "base": base, "multipliers": [], **given}
    evaluation: Payload = {
        "points": payload["points"],
        "desired": payload["points"],
        "amount": base,
        "steps": [step] if applies else [],
        "passed": [] if applies else [{"rule": _RULE, "why": "currency"}],
        **given,
    }
    turned: Payload = {
        **_without(payload, "rule", "rule_version", "base"),
        "lot": payload["order"],
        "evaluation": evaluation,
        "rules_version": payload["rule_version"],
    }
    yield "PointsEarned", 2, turned


def _of_its_lot(payload: Payload) -> Iterator[Turned]:
    lot, points = payload["order"], payload["points"]
    taken = [{"lot": lot, "points": points}] if points else []
    yield "PointsReversed", 2, {**payload, "lot": lot, "allocations": taken}


def _without(payload: Payload, *names: str) -> Payload:
    return {name: value for name, value in payload.items() if name not in names}


def _for_good(payload: Payload) -> Iterator[Turned]:
    yield "ErasureRequested", 2, {**payload, "new_life": False}


def _of_a_subject_for_good(payload: Payload) -> Iterator[Turned]:
    yield "SubjectErasureRequested", 2, {**payload, "restricted": [], "new_life": False}


def _without_audience(payload: Payload) -> Iterator[Turned]:
    plan = payload["plan"]
    budget: Payload = {**plan["budget"], "caps": [], "zone": "Asia/Shanghai"}
    audience: Payload = {"customers": [], "tiers": [], "snapshot": None}
    turned: Payload = {**payload, "plan": {**plan, "budget": budget, "audience": audience}}
    yield "CampaignDrafted", 2, turned


def _on_no_known_day(payload: Payload) -> Iterator[Turned]:
    yield "BudgetConsumed", 2, {**payload, "on": None, "limit": None}


def _spent_at_delivery(payload: Payload) -> Iterator[Turned]:
    policies: Payload = {**payload["policies"], "capture": "delivery", "notice_days": None}
    yield "ProgramPoliciesSet", 2, {**payload, "policies": policies}


def _of_no_catalogue(payload: Payload) -> Iterator[Turned]:
    yield "PointsRedeemed", 2, {**payload, "units": 1, "catalogue": None, "brings": []}


def _without_rewards(payload: Payload) -> Iterator[Turned]:
    yield "RedemptionReversed", 2, {**payload, "takes_back": []}


def _in_any_scene(payload: Payload) -> Iterator[Turned]:
    scene: Payload = {
        "hours": [],
        "weekdays": [],
        "zone": "Asia/Shanghai",
        "merchant_categories": [],
        "first_order": False,
    }
    yield "OfferDefined", 2, {**payload, "scene": scene}


def _of_any_number(payload: Payload) -> Iterator[Turned]:
    terms = {**payload["terms"], "most": None, "most_days": 30}
    yield "ReferralClaimed", 2, {**payload, "terms": terms}


def _for_any_number(payload: Payload) -> Iterator[Turned]:
    yield "ReferralQualified", 2, {**payload, "most": None, "most_days": 30}


def _without_confirmations(payload: Payload) -> Iterator[Turned]:
    lots: list[Payload] = [{**one, "told_end": None} for one in payload["lots"]]
    held: list[Payload] = [{**one, "confirmed": False} for one in payload["reservations"]]
    spent: list[Payload] = [{**one, "brings": []} for one in payload["redemptions"]]
    turned: Payload = {**payload, "lots": lots, "reservations": held, "redemptions": spent}
    yield "LoyaltyAccountAbsorbed", 2, turned


def _told_what_came(payload: Payload) -> Iterator[Turned]:
    held: list[Payload] = [
        {
            "reservation": one["reservation"],
            "points": one["points"],
            "lapses_at": one["lapses_at"],
            "order": one["order"],
        }
        for one in payload["reservations"]
    ]
    spent: list[Payload] = [
        {
            "redemption": one["redemption"],
            "points": one["points"],
            "reward": None,
            "reservation": one["reservation"],
            "order": None,
            "units": 1,
            "catalogue": None,
        }
        for one in payload["redemptions"]
    ]
    told: Payload = {
        "adjustments": [],
        "migrations": [],
        "transfers": [],
        "reservations": held,
        "redemptions": spent,
    }
    yield "LoyaltyAccountAbsorbed", 3, {**payload, "told": told}


def _told_which_occasions(payload: Payload) -> Iterator[Turned]:
    came: list[Payload] = [{"occasion": one, "on": None} for one in payload["occasions"]]
    told: Payload = {**payload["told"], "occasions": came}
    yield "LoyaltyAccountAbsorbed", 4, {**_without(payload, "occasions"), "told": told}


UPCASTERS: Final[tuple[Upcaster, ...]] = (
    Upcaster(of=("OrderPlaced", 1), into=(("OrderPlaced", 2),), turn=_without_discounts),
    Upcaster(of=("OrderPlaced", 2), into=(("OrderPlaced", 3),), turn=_to_no_known_address),
    Upcaster(of=("RefundIssued", 1), into=(("RefundIssued", 2),), turn=_of_an_amount),
    Upcaster(of=("OrderCancelled", 1), into=(("OrderCancelled", 2),), turn=_without_coupons),
    Upcaster(of=("ConsentGranted", 1), into=(("ConsentGranted", 2),), turn=_without_evidence),
    Upcaster(
        of=("EarningRulePublished", 1),
        into=(("EarningRulesPublished", 1),),
        turn=_set_of_one_rule,
    ),
    Upcaster(
        of=("ProgramPoliciesSet", 1),
        into=(("ProgramPoliciesSet", 2),),
        turn=_spent_at_delivery,
    ),
    Upcaster(of=("PointsEarned", 1), into=(("PointsEarned", 2),), turn=_evaluated),
    Upcaster(of=("PointsRedeemed", 1), into=(("PointsRedeemed", 2),), turn=_of_no_catalogue),
    Upcaster(
        of=("RedemptionReversed", 1),
        into=(("RedemptionReversed", 2),),
        turn=_without_rewards,
    ),
    Upcaster(
        of=("LoyaltyAccountAbsorbed", 1),
        into=(("LoyaltyAccountAbsorbed", 2),),
        turn=_without_confirmations,
    ),
    Upcaster(
        of=("LoyaltyAccountAbsorbed", 2),
        into=(("LoyaltyAccountAbsorbed", 3),),
        turn=_told_what_came,
    ),
    Upcaster(
        of=("LoyaltyAccountAbsorbed", 3),
        into=(("LoyaltyAccountAbsorbed", 4),),
        turn=_told_which_occasions,
    ),
    Upcaster(of=("PointsReversed", 1), into=(("PointsReversed", 2),), turn=_of_its_lot),
    Upcaster(of=("ErasureRequested", 1), into=(("ErasureRequested", 2),), turn=_for_good),
    Upcaster(
        of=("SubjectErasureRequested", 1),
        into=(("SubjectErasureRequested", 2),),
        turn=_of_a_subject_for_good,
    ),
    Upcaster(of=("OfferDefined", 1), into=(("OfferDefined", 2),), turn=_in_any_scene),
    Upcaster(of=("ReferralClaimed", 1), into=(("ReferralClaimed", 2),), turn=_of_any_number),
    Upcaster(
        of=("ReferralQualified", 1),
        into=(("ReferralQualified", 2),),
        turn=_for_any_number,
    ),
    Upcaster(of=("CampaignDrafted", 1), into=(("CampaignDrafted", 2),), turn=_without_audience),
    Upcaster(of=("BudgetConsumed", 1), into=(("BudgetConsumed", 2),), turn=_on_no_known_day),
)
"""The steps of their chain; see CONTRIBUTING.md."""
