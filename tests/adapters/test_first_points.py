"""Points of the first versions of their events come to what they came to then."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.codec import CODEC, encode
from regulars.domain.account import Account
from regulars.domain.earning import evaluate
from regulars.domain.earning_rules import EarningLine, Occasion
from regulars.domain.loyalty import PointsEarned, fold
from regulars.domain.program import EarningRulesPublished
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import digits
from tests.domain.fillings import amounts, currencies
from tests.domain.laws import law
from tests.domain.story import NOON

rules = st.fixed_dictionaries(
    {
        "points": st.integers(0, 50),
        "per_numerator": st.integers(1, 500),
        "per_denominator": st.sampled_from([1, 2, 7]),
        "currency": st.none() | currencies,
    }
)


def points(rule: dict[str, Any], minor: int, currency: str) -> int:
    """What the one rule of then gave, by whole numbers alone."""
    if rule["currency"] not in {None, currency}:
        return 0
    per: int = rule["per_numerator"] * 10 ** digits(currency)
    return int(rule["points"] * minor * rule["per_denominator"] // per)


def read(name: str, **payload: object) -> Any:  # noqa: ANN401 - each of its class
    (event,) = CODEC.decode(name, 1, encode(payload))
    return event


@law
@given(rules, currencies, amounts, amounts)
def test_l14_the_same_balances_come_of_the_first_versions(
    rule: dict[str, Any], currency: str, base: int, remaining: int
) -> None:
    remaining = min(base, remaining)
    earned, kept = points(rule, base, currency), points(rule, remaining, currency)
    account = {"program": "club", "customer": "anna", "order": "o-1"}
    published = read(
        "EarningRulePublished", program="club", version=1, rule=rule, effective_from=None
    )
    award = read(
        "PointsEarned",
        **account,
        points=earned,
        base=base,
        currency=currency,
        rule_version=1,
        rule=rule,
    )
    taken = read(
        "PointsReversed",
        **account,
        refund="r-1",
        points=earned - kept,
        remaining=remaining,
        kept=kept,
    )

    assert isinstance(published, EarningRulesPublished)
    assert isinstance(award, PointsEarned)
    assert isinstance(taken, PointsReversed)
    state = Account()
    for event in (award, taken):
        fold(state, event, NOON)
    assert state.lots.available == kept
    assert published.currency == rule["currency"]
    if published.currency in {None, currency}:
        line = EarningLine(line=1, gross=base, net=base)
        again = evaluate(published.rules, Occasion(at=NOON, currency=currency, lines=(line,)))
        assert award.evaluation == again
    assert sum(part.points for part in taken.allocations) == taken.points
