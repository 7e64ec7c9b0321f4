"""Whose account is meant where accounts were merged or closed; policies ask before they act."""

from collections.abc import Callable
from typing import Protocol

from regulars.domain.account import Account
from regulars.domain.values import CustomerId, LotId


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


def holder_of_lot(look: Accounts, customer: CustomerId, lot: LotId) -> CustomerId | None:
    """Whose account has what was awarded to a customer as that lot; None if it is closed."""
    return holder(look, customer, lambda account: lot in account.awards)
