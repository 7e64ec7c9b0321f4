"""
The laws of two accounts between which points go (L1 to L3, L7, L8, L10, L12 of docs/loyalty.md).

Told the same, an independent ledger says the same of both.
"""

from collections.abc import Sequence
from datetime import datetime

from attrs import Factory, define
from hypothesis import given

from regulars.domain import adjustment, redemption, two_accounts
from regulars.domain.account import Account
from regulars.domain.account_merge import LoyaltyAccountAbsorbed
from regulars.domain.due import balance
from regulars.domain.holding import PointsReservationReleased, PointsReserved
from regulars.domain.loyalty import AwardPoints, Event
from regulars.domain.redemption import PointsRedeemed
from regulars.domain.reversal import ReversePoints
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut, TransferPoints
from regulars.domain.values import CustomerId, LotId, Refusal, ReservationId
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


_AGAIN = (
    AwardPoints,
    ReversePoints,
    adjustment.Command,
    redemption.Command,
    two_accounts.Command,
)


@law
@given(two_lives(longest=10))
def test_l7_what_was_done_in_two_lives_is_not_done_again_whoever_has_the_accounts_by_then(
    commands: tuple[Posting, ...],
) -> None:
    town = Town()
    done = [one for one in commands if isinstance(one, _AGAIN) and town.attempt(one)]

    assert [town.tell(one) for one in done] == [[]] * len(done)


@law
@given(two_lives(longest=10))
def test_l8_of_two_accounts_only_active_points_that_did_not_expire_are_spent_or_given(
    commands: tuple[Posting, ...],
) -> None:
    town = Town()
    for command in commands:
        known = {one: dict(town.state(one).lots.known) for one in (ANNA, BO)}
        as_of = max(town.state(one).as_of for one in whose(command))
        at = max(command.at, as_of)
        for event in town.attempt(command):
            if isinstance(event, PointsReserved | PointsRedeemed | PointsTransferredOut):
                spent = [known[event.customer][lot] for lot in spent_at_once(event)]
                assert not any(lot.pending or lot.is_past(at) for lot in spent)


def whose(command: Posting) -> tuple[CustomerId, ...]:
    if isinstance(command, two_accounts.Command):
        return two_accounts.giver(command), two_accounts.taker(command)
    return (command.customer,)


def spent_at_once(event: PointsReserved | PointsRedeemed | PointsTransferredOut) -> list[LotId]:
    """The lots of points that were free until then."""
    if isinstance(event, PointsTransferredOut):
        return [one.of for one in event.lots]
    if isinstance(event, PointsRedeemed) and event.reservation is not None:
        return []
    return [one.lot for one in event.allocations]


@law
@given(two_lives(longest=10))
def test_l12_what_two_accounts_hold_is_spent_released_or_goes_along_once(
    commands: tuple[Posting, ...],
) -> None:
    town, held = Town(), dict[tuple[CustomerId, ReservationId], int]()
    for command in commands:
        for event in town.attempt(command):
            match event:
                case PointsReserved(reservation=name, points=points):
                    held[event.customer, name] = points
                case PointsReservationReleased(reservation=name, points=points):
                    assert held.pop((event.customer, name)) == points
                case PointsRedeemed(reservation=str(name), points=points):
                    assert held.pop((event.customer, ReservationId(name))) == points
                case LoyaltyAccountAbsorbed(reservations=came):
                    for one in came:
                        assert held.pop((event.absorbed, one.of)) == one.points
                        held[event.customer, one.reservation] = one.points
                case _:
                    pass

    assert held == {
        (one, name): there.points
        for one in (ANNA, BO)
        for name, there in town.state(one).held.items()
    }
