"""The bank cards of a customer: known by an id, their last digits sealed."""

from collections.abc import Collection
from datetime import datetime

from attrs import frozen

from regulars.domain.personal import Payment, Sealed, sealed
from regulars.domain.values import CardId, CustomerId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class BankCardBound:
    """A card to pay with. `co_brand` is the programme that the card is issued with, in clear."""

    customer: CustomerId
    card: CardId
    payment: Sealed
    co_brand: str | None = None


@frozen(kw_only=True)
class BankCardUnbound:
    """The card is no longer used."""

    customer: CustomerId
    card: CardId


@frozen(kw_only=True)
class BindBankCard:
    """Pay with a card, under an id of the host's choosing that says nothing of its number."""

    customer: CustomerId
    at: datetime
    card: CardId
    payment: Payment | Sealed
    co_brand: str | None = None


@frozen(kw_only=True)
class UnbindBankCard:
    """Stop using a card."""

    customer: CustomerId
    at: datetime
    card: CardId


@frozen(kw_only=True)
class CardAlreadyBound(Refusal):
    """The customer has a card under this id."""

    customer: CustomerId
    card: CardId

    def __str__(self) -> str:
        return f"customer {self.customer} has a card {self.card} already"


def bind(command: BindBankCard, cards: Collection[CardId]) -> list[BankCardBound]:
    """
    The card to record beside `cards`.

    Raises:
        CardAlreadyBound: one of them has its id.
    """
    if command.card in cards:
        raise CardAlreadyBound(customer=command.customer, card=command.card)
    return [
        BankCardBound(
            customer=command.customer,
            card=command.card,
            payment=sealed(command.payment),
            co_brand=command.co_brand,
        )
    ]


def unbind(command: UnbindBankCard, cards: Collection[CardId]) -> list[BankCardUnbound]:
    """What is recorded of a card that is no longer used: nothing if it is none of `cards`."""
    if command.card not in cards:
        return []
    return [BankCardUnbound(customer=command.customer, card=command.card)]
