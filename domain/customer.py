"""A customer: how they are reached, where they are delivered to, and what they allow."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from attrs import Factory, define, frozen

from regulars.domain import bank_card, consents, real_name, records, rights
from regulars.domain.bank_card import (
    BankCardBound,
    BankCardUnbound,
    BindBankCard,
    UnbindBankCard,
)
from regulars.domain.consents import (
    ConsentGranted,
    Consents,
    ConsentWithdrawn,
    GrantConsent,
    WithdrawConsent,
)
from regulars.domain.empty import empty
from regulars.domain.personal import (
    Address,
    Contact,
    Content,
    Profile,
    Sealed,
    sealed,
    sealed_or_none,
)
from regulars.domain.real_name import RealNameVerified, VerifyRealName
from regulars.domain.records import Records, require_own
from regulars.domain.rights import Rights
from regulars.domain.values import AddressId, CardId, CustomerId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class CustomerRegistered:
    """A customer is known from now on. `source` is where they came from, such as a campaign."""

    customer: CustomerId
    contact: Sealed | None = None
    profile: Sealed | None = None
    extra: Sealed | None = None
    source: str | None = None


@frozen(kw_only=True)
class CustomerDetailsUpdated:
    """What is given here replaces what was known before; what is None stays as it was."""

    customer: CustomerId
    contact: Sealed | None = None
    profile: Sealed | None = None
    extra: Sealed | None = None
    source: str | None = None


@frozen(kw_only=True)
class DeliveryAddressAdded:
    """An address to deliver to. `district` and `region` are coarse and kept in clear."""

    customer: CustomerId
    address_id: AddressId
    address: Sealed
    district: str | None = None
    region: str | None = None


@frozen(kw_only=True)
class DeliveryAddressRemoved:
    """The address is no longer used."""

    customer: CustomerId
    address_id: AddressId


Event: TypeAlias = (
    CustomerRegistered
    | CustomerDetailsUpdated
    | DeliveryAddressAdded
    | DeliveryAddressRemoved
    | BankCardBound
    | BankCardUnbound
    | RealNameVerified
    | consents.Event
    | rights.Event
    | records.Event
)


@define
class Customer:
    """The state of one customer, written by `fold` alone."""

    registered: bool = False
    addresses: set[AddressId] = empty(set[AddressId])
    cards: set[CardId] = empty(set[CardId])
    verified_by: str | None = None
    consents: Consents = Factory(Consents)
    rights: Rights = Factory(Rights)
    records: Records = Factory(Records)


def fold(state: Customer, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    if isinstance(event, records.Event):
        records.fold(state.records, event)
        return
    match event:
        case CustomerRegistered():
            state.registered = True
        case CustomerDetailsUpdated():
            pass
        case DeliveryAddressAdded(address_id=address_id):
            state.addresses.add(address_id)
        case DeliveryAddressRemoved(address_id=address_id):
            state.addresses.discard(address_id)
        case BankCardBound(card=card):
            state.cards.add(card)
        case BankCardUnbound(card=card):
            state.cards.discard(card)
        case RealNameVerified(evidence=evidence):
            state.verified_by = evidence
        case ConsentGranted() | ConsentWithdrawn():
            consents.fold(state.consents, event)
        case _:
            rights.fold(state.rights, event)


@frozen(kw_only=True)
class RegisterCustomer:
    """Make a customer known. Only the id is needed; it must not itself be personal data."""

    customer: CustomerId
    at: datetime
    contact: Contact | Sealed | None = None
    profile: Profile | Sealed | None = None
    extra: Content | Sealed | None = None
    source: str | None = None


@frozen(kw_only=True)
class UpdateCustomerDetails:
    """Replace what is given; what is None stays as it is."""

    customer: CustomerId
    at: datetime
    contact: Contact | Sealed | None = None
    profile: Profile | Sealed | None = None
    extra: Content | Sealed | None = None
    source: str | None = None


@frozen(kw_only=True)
class AddDeliveryAddress:
    """Add an address under an id of the host's choosing."""

    customer: CustomerId
    at: datetime
    address_id: AddressId
    address: Address | Sealed
    district: str | None = None
    region: str | None = None


@frozen(kw_only=True)
class RemoveDeliveryAddress:
    """Stop using an address."""

    customer: CustomerId
    at: datetime
    address_id: AddressId


Command: TypeAlias = (
    RegisterCustomer
    | UpdateCustomerDetails
    | AddDeliveryAddress
    | RemoveDeliveryAddress
    | BindBankCard
    | UnbindBankCard
    | VerifyRealName
    | consents.Command
    | rights.Command
)


@frozen(kw_only=True)
class CustomerAlreadyRegistered(Refusal):
    """Another registration of this id was recorded before."""

    customer: CustomerId

    def __str__(self) -> str:
        return f"customer {self.customer} is registered already"


@frozen(kw_only=True)
class UnknownCustomer(Refusal):
    """Nobody registered under this id."""

    customer: CustomerId

    def __str__(self) -> str:
        return f"customer {self.customer} is not registered"


@frozen(kw_only=True)
class AddressAlreadyAdded(Refusal):
    """The customer has an address under this id."""

    customer: CustomerId
    address_id: AddressId

    def __str__(self) -> str:
        return f"customer {self.customer} has an address {self.address_id} already"


def decide(command: Command, state: Customer) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's, of a card's or a real name's, when the command cannot be.
        MergedInto: another speaks for the customer.
    """
    require_own(command.customer, state.records)
    match command:
        case RegisterCustomer():
            return _register(command, state)
        case _ if not state.registered:
            raise UnknownCustomer(customer=command.customer)
        case UpdateCustomerDetails():
            return _update(command)
        case AddDeliveryAddress():
            return _add_address(command, state)
        case RemoveDeliveryAddress(customer=customer, address_id=address_id):
            if address_id not in state.addresses:
                return []
            return [DeliveryAddressRemoved(customer=customer, address_id=address_id)]
        case BindBankCard():
            return bank_card.bind(command, state.cards)
        case UnbindBankCard():
            return bank_card.unbind(command, state.cards)
        case VerifyRealName():
            return real_name.verify(command, state.verified_by)
        case GrantConsent() | WithdrawConsent():
            return consents.decide(command, state.consents)
        case _:
            return rights.decide(command, state.rights)


def _register(command: RegisterCustomer, state: Customer) -> Sequence[Event]:
    if state.registered:
        raise CustomerAlreadyRegistered(customer=command.customer)
    return [
        CustomerRegistered(
            customer=command.customer,
            contact=sealed_or_none(command.contact),
            profile=sealed_or_none(command.profile),
            extra=sealed_or_none(command.extra),
            source=command.source,
        )
    ]


def _update(command: UpdateCustomerDetails) -> Sequence[Event]:
    updated = CustomerDetailsUpdated(
        customer=command.customer,
        contact=sealed_or_none(command.contact),
        profile=sealed_or_none(command.profile),
        extra=sealed_or_none(command.extra),
        source=command.source,
    )
    return [] if updated == CustomerDetailsUpdated(customer=command.customer) else [updated]


def _add_address(command: AddDeliveryAddress, state: Customer) -> Sequence[Event]:
    if command.address_id in state.addresses:
        raise AddressAlreadyAdded(customer=command.customer, address_id=command.address_id)
    return [
        DeliveryAddressAdded(
            customer=command.customer,
            address_id=command.address_id,
            address=sealed(command.address),
            district=command.district,
            region=command.region,
        )
    ]
