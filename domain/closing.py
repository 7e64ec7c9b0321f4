"""
The end of a loyalty account: what is held comes back first, then everything is forfeited.

What pays for an order that is under way is left to that order, which ends before the account does.
"""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from regulars.domain.account import Account, NoAccount, require_open
from regulars.domain.codes import require_code
from regulars.domain.due import AccountAt
from regulars.domain.due import Event as Due
from regulars.domain.lots import Allocation
from regulars.domain.values import CustomerId, OrderId, ProgramId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class LoyaltyAccountClosed:
    """The account ended, for `reason`; `forfeited` points of `allocations` are gone."""

    program: ProgramId
    customer: CustomerId
    reason: str
    forfeited: int
    allocations: tuple[Allocation, ...] = ()


def fold(state: Account, event: LoyaltyAccountClosed) -> None:
    """Record in `state` what happened."""
    state.closed = True
    state.lots.take(event.allocations)
    state.totals.forfeited += event.forfeited


@frozen(kw_only=True)
class CloseAccount:
    """End an account for good; `reason` is a code. What is owed stays owed."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    reason: str


@frozen(kw_only=True)
class PaysForOrders(Refusal):
    """Points of the account pay for orders that are under way; these are delivered or cancelled."""

    customer: CustomerId
    orders: tuple[OrderId, ...]

    def __str__(self) -> str:
        return (
            f"points of customer {self.customer} pay for {', '.join(self.orders)}:"
            " deliver or cancel that first"
        )


def decide(
    command: CloseAccount, state: Account, now: AccountAt
) -> Sequence[LoyaltyAccountClosed | Due]:
    """
    The end of an account, which is `now` what it is; nothing a second time.

    Raises:
        NoCode: the reason is no code.
        NoAccount: there is none to close.
        AccountMerged: it ended already, in another.
        PaysForOrders: an order that was placed holds points of it.
    """
    require_code("reason", command.reason)
    if not state.opened:
        raise NoAccount(customer=command.customer)
    if state.closed:
        return []
    require_open(state)
    paid = tuple(
        held.order for held in state.held.values() if held.confirmed and held.order is not None
    )
    if paid:
        raise PaysForOrders(customer=command.customer, orders=paid)
    released = [
        event
        for held in state.held
        if now.holds(held)
        for event in now.release(held, now.at, lapsed=False)
    ]
    rest = now.rest()
    return [
        *released,
        LoyaltyAccountClosed(
            program=command.program,
            customer=command.customer,
            reason=command.reason,
            forfeited=sum(one.points for one in rest),
            allocations=rest,
        ),
    ]
