import pytest

from regulars.domain.ledger_policies import ReturnPolicy
from regulars.domain.program_policies import USUAL, ProgramPolicies, policy_flaw
from regulars.domain.rule_flaws import MOST_DAYS, spelled
from regulars.domain.validity import Activation, ActivationPolicy, ExpiryPolicy, Period


def expiring(**told: int | str) -> ProgramPolicies:
    return ProgramPolicies(expiry=ExpiryPolicy(**told))  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("told", "place"),
    [
        (
            ProgramPolicies(activation=ActivationPolicy(activation=Activation.DELAY, days=-1)),
            "activation.days",
        ),
        (ProgramPolicies(returns=ReturnPolicy(reinstate_days=-1)), "returns.reinstate_days"),
        (ProgramPolicies(notice_days=0), "notice_days"),
        (expiring(days=-1), "expiry.days"),
        (expiring(days=MOST_DAYS + 1), "expiry.days"),
        (expiring(inactivity=0), "expiry.inactivity"),
        (expiring(months=-1), "expiry.months"),
        (expiring(months=1_179), "expiry.months"),
        (expiring(inactivity=MOST_DAYS + 1), "expiry.inactivity"),
        (
            ProgramPolicies(returns=ReturnPolicy(reinstate_days=MOST_DAYS + 1)),
            "returns.reinstate_days",
        ),
        (expiring(month=0, day=1), "expiry.month"),
        (expiring(month=1, day=32), "expiry.day"),
        (expiring(months=1, month=1, day=1), "expiry"),
        (expiring(month=13, day=1), "expiry.month"),
        (expiring(month=12, day=0), "expiry.day"),
        (expiring(month=12), "expiry"),
        (expiring(day=1), "expiry"),
        (expiring(days=1, months=1), "expiry"),
        (expiring(zone="Asia/Nowhere"), "expiry.zone"),
        (expiring(zone=""), "expiry.zone"),
        (expiring(zone="../UTC"), "expiry.zone"),
    ],
)
def test_a_policy_that_cannot_be_kept_is_told_by_its_place(
    told: ProgramPolicies, place: str
) -> None:
    found = policy_flaw(told)

    assert found is not None
    assert spelled(found.place) == place


@pytest.mark.parametrize(
    "told",
    [
        USUAL,
        expiring(days=0),
        expiring(days=MOST_DAYS, inactivity=MOST_DAYS),
        expiring(months=1_178),
        expiring(month=1, day=31),
        expiring(month=12, day=1),
        expiring(months=0, inactivity=1),
        expiring(month=2, day=29, zone="Europe/Berlin"),
        ProgramPolicies(expiry=ExpiryPolicy(period=Period.YEAR)),
    ],
)
def test_a_policy_that_can_be_kept_has_no_flaw(told: ProgramPolicies) -> None:
    assert policy_flaw(told) is None
