"""A merchant: who sells, and what is on the menu at which price."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import Factory, define, frozen

from regulars.domain import reminders
from regulars.domain.empty import empty
from regulars.domain.reminders import CareReminderRaised, RaiseCareReminder, Reminders
from regulars.domain.values import (
    MOST_MINOR,
    ItemId,
    MerchantId,
    Money,
    Refusal,
    is_currency,
)


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class MerchantRegistered:
    """A merchant is known from now on. All of it is business data and kept in clear."""

    merchant: MerchantId
    name: str | None = None
    brand: str | None = None
    category: str | None = None
    address: str | None = None
    region: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class MerchantDetailsUpdated:
    """What is given here replaces what was known before; what is None or empty stays."""

    merchant: MerchantId
    name: str | None = None
    brand: str | None = None
    category: str | None = None
    address: str | None = None
    region: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class MenuItemPublished:
    """An item can be ordered at `price` from now on. A placed order keeps the price it had."""

    merchant: MerchantId
    item: ItemId
    name: str
    price: Money
    category: str | None = None


Event: TypeAlias = (
    MerchantRegistered | MerchantDetailsUpdated | MenuItemPublished | CareReminderRaised
)


@define
class Merchant:
    """The state of one merchant, written by `fold` alone."""

    registered: MerchantRegistered | None = None
    updated: MerchantDetailsUpdated | None = None
    category: str | None = None
    menu: dict[ItemId, MenuItemPublished] = empty(dict[ItemId, MenuItemPublished])
    reminders: Reminders = Factory(Reminders)


def fold(state: Merchant, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    match event:
        case MerchantRegistered():
            state.registered = event
            state.category = event.category
        case MerchantDetailsUpdated():
            state.updated = event
            state.category = event.category or state.category
        case MenuItemPublished(item=item):
            state.menu[item] = event
        case CareReminderRaised():
            reminders.fold(state.reminders, event)
        case _:
            assert_never(event)


@frozen(kw_only=True)
class RegisterMerchant:
    """Make a merchant known. Only the id is needed."""

    merchant: MerchantId
    at: datetime
    name: str | None = None
    brand: str | None = None
    category: str | None = None
    address: str | None = None
    region: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class UpdateMerchantDetails:
    """Replace what is given; what is None or empty stays as it is."""

    merchant: MerchantId
    at: datetime
    name: str | None = None
    brand: str | None = None
    category: str | None = None
    address: str | None = None
    region: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class PublishMenuItem:
    """Put an item on the menu, or give it another name, price or category."""

    merchant: MerchantId
    at: datetime
    item: ItemId
    name: str
    price: Money
    category: str | None = None


Command: TypeAlias = RegisterMerchant | UpdateMerchantDetails | PublishMenuItem | RaiseCareReminder


@frozen(kw_only=True)
class MerchantAlreadyRegistered(Refusal):
    """Another registration of this id, with other details, was recorded before."""

    merchant: MerchantId

    def __str__(self) -> str:
        return f"merchant {self.merchant} is registered already, with other details"


@frozen(kw_only=True)
class UnknownMerchant(Refusal):
    """No merchant registered under this id."""

    merchant: MerchantId

    def __str__(self) -> str:
        return f"merchant {self.merchant} is not registered"


@frozen(kw_only=True)
class ImpossiblePrice(Refusal):
    """A price is 0 to `MOST_MINOR` minor units of a currency with a code."""

    item: ItemId
    price: Money

    def __str__(self) -> str:
        return f"item {self.item} cannot cost {self.price.minor} units of {self.price.currency!r}"


def decide(command: Command, state: Merchant) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's, when the command cannot be.
    """
    match command:
        case RegisterMerchant():
            return _register(command, state)
        case RaiseCareReminder():
            # Orders name merchants that nobody registered, and these have customers as well.
            return reminders.decide(command, state.reminders)
        case _ if state.registered is None:
            raise UnknownMerchant(merchant=command.merchant)
        case UpdateMerchantDetails():
            return _update(command, state)
        case PublishMenuItem():
            return _publish(command, state)
        case _:
            assert_never(command)


def _register(command: RegisterMerchant, state: Merchant) -> Sequence[Event]:
    registered = MerchantRegistered(
        merchant=command.merchant,
        name=command.name,
        brand=command.brand,
        category=command.category,
        address=command.address,
        region=command.region,
        extra=command.extra,
    )
    if state.registered is None:
        return [registered]
    if state.registered == registered:
        return []
    raise MerchantAlreadyRegistered(merchant=command.merchant)


def _update(command: UpdateMerchantDetails, state: Merchant) -> Sequence[Event]:
    updated = MerchantDetailsUpdated(
        merchant=command.merchant,
        name=command.name,
        brand=command.brand,
        category=command.category,
        address=command.address,
        region=command.region,
        extra=command.extra,
    )
    nothing = MerchantDetailsUpdated(merchant=command.merchant)
    return [] if updated in {nothing, state.updated} else [updated]


def _publish(command: PublishMenuItem, state: Merchant) -> Sequence[Event]:
    price = command.price
    if not is_currency(price.currency) or not 0 <= price.minor <= MOST_MINOR:
        raise ImpossiblePrice(item=command.item, price=price)
    published = MenuItemPublished(
        merchant=command.merchant,
        item=command.item,
        name=command.name,
        price=price,
        category=command.category,
    )
    return [] if state.menu.get(command.item) == published else [published]
