"""The end of a loyalty account: what is held comes back first, then everything is forfeited."""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from regulars.domain.account import Account, NoAccount, require_open
from regulars.domain.codes import require_code
from regulars.domain.due import AccountAt
from regulars.domain.due import Event as Due
from regulars.domain.lots import Allocation
from regulars.domain.values import CustomerId, ProgramId


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


def decide(
    command: CloseAccount, state: Account, now: AccountAt
) -> Sequence[LoyaltyAccountClosed | Due]:
    """
    The end of an account, which is `now` what it is; nothing a second time.

    Raises:
        NoCode: the reason is no code.
        NoAccount: there is none to close.
        AccountMerged: it ended already, in another.
    """
    require_code("reason", command.reason)
    if not state.opened:
        raise NoAccount(customer=command.customer)
    if state.closed:
        return []
    require_open(state)
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
