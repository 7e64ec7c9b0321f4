"""Whose account is meant where accounts were merged or closed; policies ask before they act."""

from collections.abc import Callable, Mapping
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from attrs import frozen

from regulars.domain.account import Account
from regulars.domain.values import CustomerId, LotId, RedemptionId, ReservationId


class Accounts(Protocol):
    """The accounts of one programme, with all that was recorded so far."""

    def account(self, customer: CustomerId) -> Account:
        """The customer's account."""
        ...


def taker(look: Accounts, customer: CustomerId) -> CustomerId | None:
    """Whose account takes what a customer earns now; None if it is closed."""
    account = look.account(customer)
    while account.merged_into is not None:
        customer = account.merged_into
        account = look.account(customer)
    return None if account.closed else customer


def holder(
    look: Accounts, customer: CustomerId, has: Callable[[Account], bool]
) -> CustomerId | None:
    """
    Whose account has now what was in a customer's; None if none has, or it is closed.

    It went along with each merge, also if the accounts were separated since.
    """
    asked = [customer]
    for one in asked:  # grows on the way
        account = look.account(one)
        if not account.closed and account.merged_into is None and has(account):
            return one
        asked += [into for into in account.successors if into not in asked]
    return None


Name = TypeVar("Name", bound=str)
Found: TypeAlias = tuple[CustomerId, Name]
"""Whose account has something, and what it is called there."""


@frozen
class _Kind(Generic[Name]):
    """Things of one kind: whether an account has one, or ever had it, and what came with merges."""

    has: Callable[[Account, Name], bool]
    had: Callable[[Account, Name], bool]
    came: Callable[[Account], Mapping[Found[Name], Name]]


_LOTS: Final = _Kind[LotId](
    has=lambda account, name: name in account.awards,
    had=lambda account, name: name in account.went or name in account.lots.known,
    came=lambda account: account.came.lots,
)
_RESERVATIONS: Final = _Kind[ReservationId](
    has=lambda account, name: name in account.held,
    had=lambda account, name: name in account.told.reservations,
    came=lambda account: account.came.reservations,
)
_REDEMPTIONS: Final = _Kind[RedemptionId](
    has=lambda account, name: name in account.redemptions,
    had=lambda account, name: name in account.told.redemptions,
    came=lambda account: account.came.redemptions,
)


def lot_of(look: Accounts, customer: CustomerId, lot: LotId) -> Found[LotId] | None:
    """Where what was awarded to a customer as that lot is now; None if its account is closed."""
    return _followed(look, (customer, lot), _LOTS)


def reservation_of(
    look: Accounts, customer: CustomerId, reservation: ReservationId
) -> Found[ReservationId] | None:
    """Where what a customer had held under that id is held now; None if it is not any more."""
    return _followed(look, (customer, reservation), _RESERVATIONS)


def redemption_of(
    look: Accounts, customer: CustomerId, redemption: RedemptionId
) -> Found[RedemptionId] | None:
    """Where what a customer spent under that id is now; None if its account is closed."""
    return _followed(look, (customer, redemption), _REDEMPTIONS)


def _followed(look: Accounts, what: Found[Name], kind: _Kind[Name]) -> Found[Name] | None:
    """
    Where something is now, through all merges that it went along with.

    What never was in the account of a customer came to be, after a merge, in that of the survivor.
    """
    asked = [what]
    for whose, name in asked:  # grows on the way
        account = look.account(whose)
        if not account.closed and account.merged_into is None and kind.has(account, name):
            return whose, name
        otherwise = None if kind.had(account, name) else name
        for into in account.successors:
            there = kind.came(look.account(into)).get((whose, name), otherwise)
            if there is not None and (into, there) not in asked:
                asked.append((into, there))
    return None
