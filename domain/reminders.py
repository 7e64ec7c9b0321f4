"""Reminders to merchants, without personal data: a customer of theirs has an occasion soon."""

from collections.abc import Sequence
from datetime import datetime

from attrs import define, frozen

from regulars.domain.codes import require_code
from regulars.domain.empty import empty
from regulars.domain.values import CustomerId, MerchantId, OccasionId


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class CareReminderRaised:
    """
    In `days` days the customer has an occasion that `on` names, as `birthday`.

    The merchant is told the customer by their id alone; whoever may read more asks at the gate.
    """

    merchant: MerchantId
    customer: CustomerId
    occasion: OccasionId
    on: str
    days: int


@define
class Reminders:
    """The last occasion of each name of which a merchant was reminded, by customer."""

    last: dict[tuple[CustomerId, str], OccasionId] = empty(dict[tuple[CustomerId, str], OccasionId])


def fold(state: Reminders, event: CareReminderRaised) -> None:
    """Record in `state` what happened."""
    state.last[event.customer, event.on] = event.occasion


@frozen(kw_only=True)
class RaiseCareReminder:
    """Tell a merchant that a customer has an occasion in `days` days. Its id tells a repeat."""

    merchant: MerchantId
    at: datetime
    customer: CustomerId
    occasion: OccasionId
    on: str
    days: int


def decide(command: RaiseCareReminder, state: Reminders) -> Sequence[CareReminderRaised]:
    """
    The reminder; nothing if it was raised before.

    Raises:
        NoCode: the occasion has a name that is no code.
    """
    require_code("on", command.on)
    if state.last.get((command.customer, command.on)) == command.occasion:
        return []
    return [
        CareReminderRaised(
            merchant=command.merchant,
            customer=command.customer,
            occasion=command.occasion,
            on=command.on,
            days=command.days,
        )
    ]
