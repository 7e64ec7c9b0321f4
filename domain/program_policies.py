"""What a programme decides about points beside earning: when they can be used, and what becomes."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from regulars.domain.ledger_policies import USUAL_RETURNS, Capture, ReturnPolicy, SpendOrder
from regulars.domain.rule_flaws import MOST_DAYS, Flaw, Place
from regulars.domain.validity import (
    MONTHS_OF_A_YEAR,
    Activation,
    ActivationPolicy,
    ExpiryPolicy,
    is_zone,
)

_DAYS_OF_A_MONTH: Final = 31
_MOST_MONTHS: Final = MOST_DAYS // _DAYS_OF_A_MONTH


_AT_ONCE: Final = ActivationPolicy(activation=Activation.IMMEDIATE)
_FOR_EVER: Final = ExpiryPolicy()


@frozen(kw_only=True)
class ProgramPolicies:
    """
    The policies of a programme.

    Those of the moment at which an order was placed go with it to the end. `spend_order` is that
    of the moment at which points are spent. Where nothing is said, points can be used from their
    award on, and for ever. `notice_days` is how long before its end a customer is told of a lot.
    """

    activation: ActivationPolicy = _AT_ONCE
    expiry: ExpiryPolicy = _FOR_EVER
    returns: ReturnPolicy = USUAL_RETURNS
    spend_order: SpendOrder = SpendOrder.FEFO
    capture: Capture = Capture.DELIVERY
    notice_days: int | None = None


USUAL: Final = ProgramPolicies()
"""The policies of a programme that says nothing about them."""


def policy_flaw(policies: ProgramPolicies) -> Flaw | None:
    """The first flaw of some policies; None if points can be kept by them."""
    return next(_flaws(policies), None)


def _flaws(policies: ProgramPolicies) -> Iterator[Flaw]:
    expiry = policies.expiry
    days = {
        ("activation", "days"): (policies.activation.days, 0),
        ("expiry", "days"): (expiry.days, 0),
        ("expiry", "inactivity"): (expiry.inactivity, 1),
        ("returns", "reinstate_days"): (policies.returns.reinstate_days, 0),
        ("notice_days",): (policies.notice_days, 1),
    }
    for place, (count, least) in days.items():
        if count is not None and not least <= count <= MOST_DAYS:
            yield Flaw(place=place, why=f"must be from {least} to {MOST_DAYS}")
    yield from (Flaw(place=("expiry", *place), why=why) for place, why in _expiry(expiry))


def _expiry(expiry: ExpiryPolicy) -> Iterator[tuple[Place, str]]:
    if expiry.months is not None and not 0 <= expiry.months <= _MOST_MONTHS:
        yield ("months",), f"must be from 0 to {_MOST_MONTHS}"
    if expiry.month is not None and not 1 <= expiry.month <= MONTHS_OF_A_YEAR:
        yield ("month",), f"must be from 1 to {MONTHS_OF_A_YEAR}"
    if expiry.day is not None and not 1 <= expiry.day <= _DAYS_OF_A_MONTH:
        yield ("day",), f"must be from 1 to {_DAYS_OF_A_MONTH}"
    if (expiry.month is None) != (expiry.day is None):
        yield (), "needs both a month and a day, or neither"
    if sum(one is not None for one in (expiry.days, expiry.months, expiry.month)) > 1:
        yield (), "is told twice: by days, by months, or by a month and a day"
    if not is_zone(expiry.zone):
        yield ("zone",), "is no time zone such as Asia/Shanghai"
