"""What a person may say about the use of their data: accept, object, restrict, take it along."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.empty import empty
from regulars.domain.personal import DataClass
from regulars.domain.values import CustomerId


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PrivacyPolicyAccepted:
    """The customer accepts the privacy text of this version."""

    customer: CustomerId
    policy_version: str


@frozen(kw_only=True)
class ProcessingObjected:
    """The customer wants no use for this purpose, whatever was allowed before (GDPR 21)."""

    customer: CustomerId
    purpose: str


@frozen(kw_only=True)
class ObjectionWithdrawn:
    """The customer no longer objects; what needs a consent still needs it."""

    customer: CustomerId
    purpose: str


@frozen(kw_only=True)
class ProcessingRestricted:
    """
    Data of the class, or all (None), is kept and not used (GDPR 18, PIPL 47).

    `reason` is a code, never a person's words.
    """

    customer: CustomerId
    data_class: DataClass | None = None
    reason: str | None = None


@frozen(kw_only=True)
class RestrictionLifted:
    """What was restricted in just these words is no longer so."""

    customer: CustomerId
    data_class: DataClass | None = None
    reason: str | None = None


@frozen(kw_only=True)
class PersonalDataExported:
    """A portable copy was made of data of these classes, for `recipient`, an opaque id."""

    customer: CustomerId
    export_id: str
    classes: tuple[DataClass, ...]
    recipient: str


Event: TypeAlias = (
    PrivacyPolicyAccepted
    | ProcessingObjected
    | ObjectionWithdrawn
    | ProcessingRestricted
    | RestrictionLifted
    | PersonalDataExported
)


@define
class Rights:
    """What a customer has said. `restricted` holds None where all is."""

    accepted: str | None = None
    objections: set[str] = empty(set[str])
    restricted: set[DataClass | None] = empty(set[DataClass | None])
    exports: set[str] = empty(set[str])

    def restricts(self, data_class: DataClass) -> bool:
        """Whether data of a class may be kept and no more."""
        return data_class in self.restricted or None in self.restricted


def fold(state: Rights, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case PrivacyPolicyAccepted(policy_version=version):
            state.accepted = version
        case ProcessingObjected(purpose=purpose):
            state.objections.add(purpose)
        case ObjectionWithdrawn(purpose=purpose):
            state.objections.discard(purpose)
        case ProcessingRestricted(data_class=data_class):
            state.restricted.add(data_class)
        case RestrictionLifted(data_class=data_class):
            state.restricted.discard(data_class)
        case PersonalDataExported(export_id=export_id):
            state.exports.add(export_id)
        case _:
            assert_never(event)


@frozen(kw_only=True)
class AcceptPolicy:
    """Accept the privacy text of this version; a newer one is accepted anew."""

    customer: CustomerId
    at: datetime
    policy_version: str


@frozen(kw_only=True)
class ObjectToProcessing:
    """Object to a purpose, such as `marketing`: it stops at once."""

    customer: CustomerId
    at: datetime
    purpose: str


@frozen(kw_only=True)
class WithdrawObjection:
    """Take an objection back."""

    customer: CustomerId
    at: datetime
    purpose: str


@frozen(kw_only=True)
class RestrictProcessing:
    """Keep data of a class, or all of it, and let nobody use it but for a legal duty."""

    customer: CustomerId
    at: datetime
    data_class: DataClass | None = None
    reason: str | None = None


@frozen(kw_only=True)
class LiftRestriction:
    """Take back a restriction of just this class, or the one of all."""

    customer: CustomerId
    at: datetime
    data_class: DataClass | None = None
    reason: str | None = None


@frozen(kw_only=True)
class RecordExport:
    """Record that a portable copy was handed out. `Crm.export_personal_data` says this."""

    customer: CustomerId
    at: datetime
    export_id: str
    classes: tuple[DataClass, ...]
    recipient: str


Command: TypeAlias = (
    AcceptPolicy
    | ObjectToProcessing
    | WithdrawObjection
    | RestrictProcessing
    | LiftRestriction
    | RecordExport
)


def decide(command: Command, state: Rights) -> Sequence[Event]:
    """The events that `command` leads to; a customer may say each of these at any time."""
    customer = command.customer
    match command:
        case AcceptPolicy(policy_version=version):
            if state.accepted == version:
                return []
            return [PrivacyPolicyAccepted(customer=customer, policy_version=version)]
        case ObjectToProcessing(purpose=purpose):
            if purpose in state.objections:
                return []
            return [ProcessingObjected(customer=customer, purpose=purpose)]
        case WithdrawObjection(purpose=purpose):
            if purpose not in state.objections:
                return []
            return [ObjectionWithdrawn(customer=customer, purpose=purpose)]
        case RestrictProcessing(data_class=data_class, reason=reason):
            if data_class in state.restricted:
                return []
            return [ProcessingRestricted(customer=customer, data_class=data_class, reason=reason)]
        case LiftRestriction(data_class=data_class, reason=reason):
            if data_class not in state.restricted:
                return []
            return [RestrictionLifted(customer=customer, data_class=data_class, reason=reason)]
        case RecordExport(export_id=export_id, classes=classes, recipient=recipient):
            if export_id in state.exports:
                return []
            return [
                PersonalDataExported(
                    customer=customer, export_id=export_id, classes=classes, recipient=recipient
                )
            ]
        case _:
            assert_never(command)
