"""What a customer allows: consents by purpose and channel, given and withdrawn."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.empty import empty
from regulars.domain.reading import Consent
from regulars.domain.values import CustomerId

Purpose: TypeAlias = tuple[str, str | None]
"""A purpose on one channel, or on all of them (None)."""


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class ConsentGranted:
    """
    The customer allows `purpose`, on `channel` or on all, under the text `policy_version`.

    `evidence_ref` is an opaque id under which the host keeps the proof; `valid_until` is the first
    moment at which it no longer holds, None for none.
    """

    customer: CustomerId
    purpose: str
    channel: str | None = None
    policy_version: str | None = None
    evidence_ref: str | None = None
    valid_until: datetime | None = None


@frozen(kw_only=True)
class ConsentWithdrawn:
    """The customer no longer allows `purpose` on `channel`; what was done before stands."""

    customer: CustomerId
    purpose: str
    channel: str | None = None


Event: TypeAlias = ConsentGranted | ConsentWithdrawn


@define
class Given:
    """What a consent was given under, and until when it holds."""

    policy_version: str | None = None
    valid_until: datetime | None = None


@define
class Consents:
    """What one customer allows. `withdrawn` is what they took back last."""

    given: dict[Purpose, Given] = empty(dict[Purpose, Given])
    withdrawn: set[Purpose] = empty(set[Purpose])

    def about(
        self, purpose: str, channel: str | None, at: datetime, *, text: str | None = None
    ) -> Consent:
        """
        Whether they allow `purpose` on `channel`, or on all (None), at that moment.

        A channel that was withdrawn is taken out of a consent for all, which then is none for all.
        `text` is the version of the privacy text in force; None takes a consent under any.
        """
        if self.refuses(purpose, channel):
            return Consent.WITHDRAWN
        found = Consent.NEVER
        for asked in dict.fromkeys([(purpose, None), (purpose, channel)]):
            given = self.given.get(asked)
            if given is None:
                found = Consent.WITHDRAWN if asked in self.withdrawn else found
            elif given.valid_until is not None and at >= given.valid_until:
                found = Consent.EXPIRED
            elif text is not None and given.policy_version != text:
                found = Consent.OUTDATED
            else:
                return Consent.GIVEN
        return found

    def refuses(self, purpose: str, channel: str | None) -> bool:
        """Whether they withdrew the consent on that channel, or on one of all (None), last."""
        if channel is None:
            return any(of == purpose for of, _ in self.withdrawn)
        return (purpose, channel) in self.withdrawn


def fold(state: Consents, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case ConsentGranted(purpose=purpose, channel=channel):
            state.given[purpose, channel] = Given(event.policy_version, event.valid_until)
            again = [
                (of, on) for of, on in state.withdrawn if of == purpose and channel in (None, on)
            ]
            state.withdrawn.difference_update(again)
        case ConsentWithdrawn(purpose=purpose, channel=channel):
            state.given.pop((purpose, channel), None)
            state.withdrawn.add((purpose, channel))
        case _:
            assert_never(event)


@frozen(kw_only=True)
class GrantConsent:
    """
    Allow a purpose, such as `marketing`, on one channel or (None) on all.

    All are those too that were withdrawn before.
    """

    customer: CustomerId
    at: datetime
    purpose: str
    channel: str | None = None
    policy_version: str | None = None
    evidence_ref: str | None = None
    valid_until: datetime | None = None


@frozen(kw_only=True)
class WithdrawConsent:
    """
    Allow a purpose no longer: on this channel, also out of a consent for all, or (None) on any.

    What was never allowed need not be withdrawn, and is not recorded.
    """

    customer: CustomerId
    at: datetime
    purpose: str
    channel: str | None = None


Command: TypeAlias = GrantConsent | WithdrawConsent


def decide(command: Command, state: Consents) -> Sequence[Event]:
    """The events that `command` leads to; what is allowed, or not, already adds none."""
    match command:
        case GrantConsent():
            return _grant(command, state)
        case WithdrawConsent():
            return _withdraw(command, state)
        case _:
            assert_never(command)


def _grant(command: GrantConsent, state: Consents) -> Sequence[Event]:
    given = Given(command.policy_version, command.valid_until)
    asked = command.purpose, command.channel
    if state.given.get(asked) == given and not state.refuses(*asked):
        return []
    return [
        ConsentGranted(
            customer=command.customer,
            purpose=command.purpose,
            channel=command.channel,
            policy_version=command.policy_version,
            evidence_ref=command.evidence_ref,
            valid_until=command.valid_until,
        )
    ]


def _withdraw(command: WithdrawConsent, state: Consents) -> Sequence[Event]:
    purpose, channel = command.purpose, command.channel
    given = [on for of, on in state.given if of == purpose]
    if channel is None:
        gone = sorted(given, key=lambda one: one or "")
    else:
        allowed = {channel, None} & set(given) and not state.refuses(purpose, channel)
        gone = [channel] if allowed else []
    return [
        ConsentWithdrawn(customer=command.customer, purpose=purpose, channel=one) for one in gone
    ]
