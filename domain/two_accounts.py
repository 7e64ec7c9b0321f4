"""
What is decided on two loyalty accounts of one programme at once: transfers and merges.

Both halves are recorded together, at one moment that is before the last event of neither.
"""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

from attrs import frozen

from regulars.domain import account_merge, transfer
from regulars.domain.account import Account, require_open
from regulars.domain.account_merge import MergeAccounts
from regulars.domain.due import AccountAt
from regulars.domain.loyalty import Event, LoyaltyAccountOpened
from regulars.domain.repeats import is_repeat
from regulars.domain.transfer import TransferPoints
from regulars.domain.values import CustomerId, Refusal

Command: TypeAlias = TransferPoints | MergeAccounts


@frozen(kw_only=True)
class OneAccount(Refusal):
    """Points go from one account to another."""

    customer: CustomerId

    def __str__(self) -> str:
        return f"points of customer {self.customer} are in the account of that customer already"


def giver(command: Command) -> CustomerId:
    """Whose account points leave."""
    return command.customer if isinstance(command, TransferPoints) else command.absorbed


def taker(command: Command) -> CustomerId:
    """Whose account takes them."""
    return command.receiver if isinstance(command, TransferPoints) else command.survivor


def decide(command: Command, giving: Account, taking: Account) -> Sequence[Event]:
    """
    The events that `command` leads to in both accounts, after those that fell due before it.

    Raises:
        TransferDiffers: the id was used for another transfer.
        OneAccount: the two are one.
        AccountClosed: one of them was closed.
        AccountMerged: one of them was merged into another.
        Refusal: one of those of `transfer` or `account_merge`.
    """
    if isinstance(command, TransferPoints) and is_repeat(command, giving):
        return []
    if giver(command) == taker(command):
        raise OneAccount(customer=giver(command))
    if isinstance(command, MergeAccounts) and giving.merged_into == command.survivor:
        return []
    require_open(giving)
    require_open(taking)
    at = max(command.at, giving.as_of, taking.as_of)
    left, right = AccountAt(giving, at), AccountAt(taking, at)
    match command:
        case TransferPoints():
            moved: Sequence[Event] = transfer.decide(command, giving, left, right)
        case MergeAccounts():
            moved = account_merge.decide(command, giving, taking, left, right)
        case _:
            assert_never(command)
    opened = LoyaltyAccountOpened(program=command.program, customer=taker(command))
    opens = not taking.opened and any(event.customer == taker(command) for event in moved)
    return [*left.due, *right.due, *([opened] if opens else []), *moved]
