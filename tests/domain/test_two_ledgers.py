"""
The laws of two accounts between which points go (L1 to L3, L7, L8, L10, L12 of docs/loyalty.md).

Told the same, an independent ledger says the same of both.
"""

from collections.abc import Sequence
from datetime import datetime

from attrs import Factory, define
from hypothesis import given

from regulars.domain import two_accounts
from regulars.domain.account import Account
from regulars.domain.due import balance
from regulars.domain.loyalty import Event
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut, TransferPoints
from regulars.domain.values import CustomerId, Refusal
from tests.domain.account_histories import Posting, two_lives
from tests.domain.chronicle import PROGRAM, Chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.laws import QUICK, law
from tests.domain.ledger import Ledger
from tests.domain.story import NOON
from tests.domain.test_ledger_laws import FAR, assert_sound, net


@define
class Town:
    """Two accounts, the independent ledger beside them, and when they were last told anything."""

    written: Chronicle = Factory(Chronicle)
    ledger: Ledger = Factory(Ledger)
    now: datetime = NOON

    def tell(self, command: Posting) -> list[Event]:
        """What both accounts make of it."""
        events = self.written.recorded(command)
        self.now = max(self.now, command.at)
        if events:
            self.ledger.post(command)
        return events

    def attempt(self, command: Posting) -> list[Event]:
        """As `tell`; no events if the command is refused."""
        try:
            return self.tell(command)
        except Refusal:
            return []

    def state(self, whose: CustomerId) -> Account:
        return self.written.accounts[PROGRAM, whose].state

    def worth(self) -> int:
        """What both accounts hold, less what they owe."""
        return sum(net(self.state(one), self.now) for one in (ANNA, BO))


def agree(commands: Sequence[Posting]) -> None:
    town = Town()
    for command in commands:
        town.attempt(command)
        for whose in (ANNA, BO):
            state = town.state(whose)
            assert_sound(state, town.written.accounts[PROGRAM, whose].told, town.now)
            moments = (town.now, town.now + FAR)
            held = [balance(state, at) for at in moments]
            assert held == town.ledger.balances(*moments, whose=whose)


@law
@given(two_lives(longest=10 if QUICK else 40))
def test_l1_l2_l3_two_accounts_are_what_an_independent_ledger_says(
    commands: tuple[Posting, ...],
) -> None:
    agree(commands)


def expiries(account: Account, events: Sequence[Event]) -> list[datetime | None]:
    return [
        account.lots.known[
            lot.of if isinstance(event, PointsTransferredOut) else lot.lot
        ].expires_at
        for event in events
        if isinstance(event, PointsTransferredOut | PointsTransferredIn)
        for lot in event.lots
        if event.customer == account.customer
    ]


@law
@given(two_lives(longest=10))
def test_l10_what_goes_between_accounts_is_neither_more_nor_less_and_expires_as_before(
    commands: tuple[Posting, ...],
) -> None:
    town = Town()
    for command in commands:
        if not isinstance(command, two_accounts.Command):
            town.attempt(command)
            continue
        town.now = max(town.now, command.at)
        before = town.worth()
        events = town.attempt(command)
        assert town.worth() == before
        if events and isinstance(command, TransferPoints):
            sent, got = (expiries(town.state(one), events) for one in (ANNA, BO))
            assert sent == got != []


@law
@given(two_lives())
def test_l7_two_lives_told_with_every_command_twice_are_the_same(
    commands: tuple[Posting, ...],
) -> None:
    once, twice = Town(), Town()
    for command in commands:
        once.attempt(command)
        if twice.attempt(command):
            assert twice.tell(command) == []

    for whose in (ANNA, BO):
        told = [town.written.accounts[PROGRAM, whose].told for town in (once, twice)]
        assert told[0] == told[1]
