"""
The laws of an account's ledger (L1 to L12 of docs/loyalty.md), over generated lives.

`pytest -k l4` finds a law by its id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import Factory, define, evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.account import Account
from regulars.domain.account_merge import LoyaltyAccountAbsorbed, LoyaltyAccountMerged
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.due import AccountBalance, balance
from regulars.domain.holding import PointsReservationReleased, PointsReserved
from regulars.domain.idleness import LoyaltyAccountWentIdle
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import Command, Event, PointsEarned, RecordDuePoints, fold, moment
from regulars.domain.redemption import (
    NotEnoughPoints,
    PointsRedeemed,
    RedeemPoints,
    RedemptionReversed,
    ReservePoints,
)
from regulars.domain.reversal import PointsReversed
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut
from regulars.domain.values import Refusal
from tests.domain.account_histories import lives
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.laws import QUICK, law
from tests.domain.ledger import Ledger
from tests.domain.story import NOON, AccountStory, account_story

FAR = timedelta(days=60)


def lacks(refused: NotEnoughPoints, held: int, wanted: int) -> None:
    assert (refused.available, refused.wanted) == (held, wanted)
    assert held < wanted


@define
class Watched:
    """An account that is told commands, the independent ledger beside it."""

    story: AccountStory = Factory(account_story)
    ledger: Ledger = Factory(Ledger)
    now: datetime = NOON

    def tell(self, command: Command) -> list[Event]:
        """What the account makes of it; both agree on what can be spent."""
        self.now = max(self.now, command.at)
        if not isinstance(command, RedeemPoints | ReservePoints):
            return self._told(command)
        (then,) = self.ledger.balances(max(command.at, self.state.as_of))
        try:
            events = self._told(command)
        except NotEnoughPoints as refused:
            lacks(refused, then.available, command.points)
            raise
        assert not events or command.points <= then.available
        return events

    def _told(self, command: Command) -> list[Event]:
        events = self.story.when(command)
        if events:
            self.ledger.post(command)
        return events

    @property
    def state(self) -> Account:
        return self.story.state


def lived(commands: Sequence[Command]) -> Watched:
    watched = Watched()
    for command in commands:
        try:
            watched.tell(command)
        except Refusal:
            continue
    return watched


def net(state: Account, at: datetime) -> int:
    then = balance(state, at)
    return then.available + then.pending + then.reserved - then.debt


def total(allocations: Sequence[Allocation]) -> int:
    return sum(one.points for one in allocations)


def granted_less_gone(events: Sequence[Event]) -> int:
    """L1, the right side: what the events say that there is."""
    worth = 0
    for event in events:
        match event:
            case PointsEarned(points=points) | RedemptionReversed(points=points):
                worth += points
            case PointsMigrated(points=points) | PointsTransferredIn(points=points):
                worth += points
            case PointsAdjusted(points=points) | LoyaltyAccountAbsorbed(points=points):
                worth += points
            case PointsExpired(points=points) | PointsRedeemed(points=points):
                worth -= points
            case PointsTransferredOut(points=points) | LoyaltyAccountMerged(points=points):
                worth -= points
            case LoyaltyAccountClosed(forfeited=points):
                worth -= points
            case PointsReversed(points=points, written_off=forgiven):
                worth -= points - forgiven
            case _:
                pass
    return worth


def check(watched: Watched) -> None:
    """L1, L2, L3 and L12 of one state, and what the independent ledger says."""
    state = watched.state
    assert_sound(state, watched.story.told, watched.now)
    moments = (watched.now, watched.now + FAR)
    assert [balance(state, at) for at in moments] == watched.ledger.balances(*moments)


def assert_sound(state: Account, told: Sequence[Event], now: datetime) -> None:
    """L1, L2 and L3 of one state, now and once everything fell due that can."""
    lots = state.lots
    here = AccountBalance(
        available=lots.available,
        pending=lots.pending,
        reserved=sum(one.points for one in state.held.values()),
        debt=state.debt,
    )
    assert here.available + here.pending + here.reserved - here.debt == granted_less_gone(told)
    then = balance(state, now)
    assert min(here.available, here.pending, here.reserved, here.debt) >= 0
    assert min(then.available, then.pending, then.reserved, then.debt) >= 0
    # A lot that was past when it was awarded stands in the state until it is found due.
    assert not (then.available and then.debt)
    assert all(0 <= lot.left <= lot.points for lot in lots.known.values())
    active = [lot for lot in lots.known.values() if not lot.pending]
    assert lots.available == sum(lot.left for lot in active)
    assert len(lots.by_award) == len(lots.by_expiry) == sum(bool(lot.left) for lot in active)


def agree(commands: Sequence[Command]) -> None:
    watched = Watched()
    for command in commands:
        try:
            watched.tell(command)
        except Refusal:
            continue
        check(watched)


@law
@given(lives(longest=18 if QUICK else 40))
def test_l1_l2_l3_an_account_is_what_an_independent_ledger_says(
    commands: tuple[Command, ...],
) -> None:
    agree(commands)


def allocations_of(event: Event) -> tuple[int, int] | None:
    """What an event says that it moved, and what its allocations add up to."""
    match event:
        case PointsReversed(points=points, allocations=moved):
            return points, total(moved) + event.debt_added + event.written_off
        case (
            PointsDebtSettled(points=points, allocations=moved)
            | PointsReserved(points=points, allocations=moved)
            | PointsReservationReleased(points=points, allocations=moved)
            | PointsRedeemed(points=points, allocations=moved)
            | RedemptionReversed(points=points, allocations=moved)
        ):
            return points, total(moved)
        case _:
            return None


@law
@given(lives())
def test_l3_l12_events_name_the_lots_of_all_points_that_they_move(
    commands: tuple[Command, ...],
) -> None:
    held: dict[str, int] = {}
    for event in lived(commands).story.told:
        sums = allocations_of(event)
        assert sums is None or sums[0] == sums[1]
        match event:
            case PointsReserved(reservation=name, points=points):
                held[name] = points
            case PointsReservationReleased(reservation=name, points=points):
                assert held.pop(name) == points
            case PointsRedeemed(reservation=str(name), points=points):
                assert held.pop(name) == points
            case _:
                pass


@law
@given(lives(late=False), st.sets(st.integers(0, 13)))
def test_l4_no_balance_depends_on_whether_a_job_ran(
    commands: tuple[Command, ...], runs: set[int]
) -> None:
    jobless, worked = account_story(), account_story()
    for place, command in enumerate(commands):
        if place in runs:
            due = RecordDuePoints(program=PROGRAM, customer=ANNA, at=command.at)
            worked.when(due)
        without = [event for event in jobless.attempt(command) if type(event) not in DUE]
        assert without == [event for event in worked.attempt(command) if type(event) not in DUE]
        for at in (command.at, command.at + FAR):
            assert balance(jobless.state, at) == balance(worked.state, at)


DUE = {
    LoyaltyAccountWentIdle,
    PointsActivated,
    PointsDebtSettled,
    PointsExpired,
    PointsReservationReleased,
}


@law
@given(lives())
def test_l7_a_life_told_with_every_command_twice_is_the_same(commands: tuple[Command, ...]) -> None:
    once, twice = account_story(), account_story()
    for command in commands:
        once.attempt(command)
        if twice.attempt(command):
            assert twice.when(command) == []

    assert once.told == twice.told


@law
@given(lives())
def test_l8_only_active_points_that_did_not_expire_are_spent(
    commands: tuple[Command, ...],
) -> None:
    story = account_story()
    for command in commands:
        lots = story.state.lots.known
        for event in story.attempt(command):
            if isinstance(event, PointsReserved) or (
                isinstance(event, PointsRedeemed) and event.reservation is None
            ):
                at = max(command.at, story.state.as_of)
                spent = [lots[one.lot] for one in event.allocations]
                assert not any(lot.pending or lot.is_past(at) for lot in spent)


@law
@given(lives(late=False), st.integers(0, 400))
def test_l9_what_had_occurred_by_a_moment_gives_the_balance_of_that_moment(
    commands: tuple[Command, ...], hours: int
) -> None:
    when = NOON + timedelta(hours=hours)
    now, then, past = account_story(), account_story(), Account()
    for command in commands:
        place = len(now.told)
        before = evolve(now.state, as_of=now.state.as_of)
        now.attempt(command)
        for event in now.told[place:]:
            at = moment(event, command.at, before)
            before.as_of = max(before.as_of, at)
            if at <= when:
                fold(past, event, at)
        if command.at <= when:
            then.attempt(command)

    assert balance(past, when) == balance(then.state, when)
