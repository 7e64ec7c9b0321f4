"""Every point of an account is accounted for by the moves of its lots."""

from datetime import timedelta

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.application.lot_moves import Moved
from regulars.application.lot_traces import AccountTrace, Told, heard, traced
from regulars.domain.account import Account
from regulars.domain.due import AccountAt, balance
from regulars.domain.hindsight import fold_account
from regulars.domain.ledger_policies import ReturnPolicy
from regulars.domain.lots import Allocation
from regulars.domain.loyalty import ActivatePoints, Command, moment
from regulars.domain.values import LotId, OrderId
from tests.domain.account_histories import lives
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.points import award, capture, redeem, refunded, release, reserve, undo
from tests.domain.story import NOON, AccountStory, account_story

LATER = timedelta(days=3)
DAY = timedelta(days=1)


def trace(story: AccountStory, later: timedelta = LATER) -> AccountTrace:
    """The lots a while after the last event, with what fell due since."""
    recorded = zip(story.told, story.moments, strict=True)
    told = [Told(event=event, at=at, position=n) for n, (event, at) in enumerate(recorded, 1)]
    at = story.state.as_of + later
    due = AccountAt(story.state, at).due
    told += [Told(event=one, at=moment(one, at, story.state), position=None) for one in due]
    return traced(told)


def whys(found: AccountTrace, lot: str = "o-1") -> list[str]:
    (of,) = (one for one in found.lots if one.lot == lot)
    return [move.why for move in of.moves]


@given(lives())
def test_the_lots_add_up_to_the_balance_and_their_moves_to_the_lots(
    commands: tuple[Command, ...],
) -> None:
    story = account_story()
    for command in commands:
        story.attempt(command)

    found = trace(story)

    held = balance(story.state, story.state.as_of + LATER)
    assert sum(one.left for one in found.lots if not one.pending) == held.available
    assert sum(one.left for one in found.lots if one.pending) == held.pending
    assert sum(one.held for one in found.lots) == held.reserved
    assert found.debt == held.debt == sum(one.points for one in found.owed)
    for one in found.lots:
        came = (Moved.EARNED, Moved.RESTORED, Moved.GIVEN, Moved.RECEIVED)
        still = (Moved.ACTIVATED, Moved.HELD, Moved.RELEASED)
        went = (what for what in Moved if what not in {*came, *still})
        assert one.left + one.held == sum(map(one.sum, came)) - sum(map(one.sum, went))
        assert (one.moves[-1].left, one.moves[-1].held) == (one.left, one.held)
        assert one.expires_at == story.state.lots.known[one.lot].expires_at
        for back in one.taken_back:
            assert back.points == sum(a.points for a in back.taken) + back.owed + back.forgiven


@settings(max_examples=60)
@given(lives(), st.integers(-10, 200))
def test_as_of_any_moment_what_is_explained_is_what_the_account_holds(
    commands: tuple[Command, ...], hours: int
) -> None:
    story, when, state = account_story(), NOON + timedelta(hours=hours), Account()
    for command in commands:
        story.attempt(command)
    recorded = [
        Told(event=event, at=at, position=number)
        for number, (event, at) in enumerate(zip(story.told, story.moments, strict=True))
        if at <= when
    ]
    for one in recorded:
        fold_account(state, one.event, one.at)

    account, told = heard(recorded)

    assert account == state
    now = AccountAt(state, max(when, state.as_of))
    told += [Told(event=one, at=now.at, position=None) for one in now.due]
    found = traced(told)
    assert all(min(move.left, move.held) >= 0 for one in found.lots for move in one.moves)
    assert sum(one.left for one in found.lots if not one.pending) == now.available
    assert sum(one.left for one in found.lots if one.pending) == now.pending
    assert sum(one.held for one in found.lots) == now.reserved
    assert found.debt == now.debt


def test_what_was_paid_at_once_names_the_event_of_the_payment() -> None:
    story = account_story().given(
        award("o-1", 10_00),
        redeem(10),
        refunded("o-1", 0, NOON + DAY, price=10_00),
        award("o-2", 30_00, NOON + 2 * DAY),
        award("o-3", 1_00, NOON + 4 * DAY),
        redeem(1, NOON + 4 * DAY, redemption="s-2"),
        refunded("o-3", 0, NOON + 4 * DAY, price=1_00),
    )
    recorded = [
        Told(event=event, at=at, position=number)
        for number, (event, at) in enumerate(zip(story.told, story.moments, strict=True))
    ]

    _, told = heard(recorded)

    assert told == recorded


def test_each_move_says_what_it_was_for() -> None:
    story = account_story().given(
        award("o-1", 100_00, expires_at=NOON + 2 * DAY),
        redeem(10),
        reserve(20),
        capture(redemption="s-2"),
        reserve(30, reservation="h-2"),
        release(reservation="h-2"),
        reserve(5, reservation="h-3", lapses_at=NOON + DAY),
        undo(1, 2),
        refunded("o-1", 90_00, refund="r-2"),
    )

    found = trace(story)

    assert whys(found) == [
        "earned by order o-1",
        "spent on item soup",
        "held under h-1",
        "spent on item soup",
        "held under h-2",
        "no longer held under h-2",
        "held under h-3",
        "given back by refund r-1",
        "taken back by refund r-2",
        "no longer held under h-3, whose time was over",
        "expired unused",
    ]
    (lot,) = found.lots
    assert [move.position for move in lot.moves][-2:] == [None, None]
    assert (lot.left, lot.held, lot.sum(Moved.EXPIRED)) == (0, 0, 65)


def test_what_a_lot_lacked_is_taken_of_others_and_owed_and_paid_by_what_comes_next() -> None:
    story = account_story().given(
        award("o-1", 70_00),
        redeem(70),
        award("o-2", 50_00, pending=True),
        ActivatePoints(program=PROGRAM, customer=ANNA, at=NOON, lot=LotId("o-2")),
        refunded("o-1", 0, refund="r-2"),
        award("o-3", 30_00),
    )

    found = trace(story)

    assert whys(found, "o-2") == [
        "earned by order o-2",
        "can be used from now on",
        "taken back by refund r-2, which o-1 had too few left for",
    ]
    assert whys(found, "o-3") == ["earned by order o-3", "paid what was owed"]
    (back,) = found.lots[0].taken_back
    assert back.taken == (Allocation(lot=LotId("o-2"), points=50),)
    assert (back.points, back.owed, back.kept) == (70, 20, 0)
    assert [(one.points, one.debt, one.why) for one in found.owed] == [
        (20, 20, "refund r-2 of o-1 took back more than there was"),
        (-20, 0, "paid with points of o-3"),
    ]


def test_what_was_held_or_spent_for_an_order_names_it_also_when_it_comes_back() -> None:
    story = account_story().given(
        award("o-1", 100_00),
        evolve(reserve(20), order=OrderId("o-9")),
        capture(),
        undo(1, 2),
        evolve(reserve(5, reservation="h-2"), order=OrderId("o-8")),
        release(reservation="h-2"),
        redeem(10, redemption="h-2"),
    )

    found = trace(story)

    assert whys(found)[1:3] == ["held for order o-9 under h-1", "spent on item soup, order o-9"]
    assert [move.order for move in found.lots[0].moves] == [
        "o-1",
        *["o-9"] * 3,
        *["o-8"] * 2,
        None,
    ]


def test_points_that_were_reinstated_expire_later() -> None:
    policy = ReturnPolicy(reinstate_days=9)
    story = account_story().given(
        award("o-1", 10_00, expires_at=NOON + DAY),
        redeem(10),
        undo(1, 1, NOON + 2 * DAY, policy=policy),
    )

    (lot,) = trace(story).lots
    assert (lot.left, lot.expires_at) == (10, NOON + 11 * DAY)


def test_a_refund_that_is_told_before_its_order_leaves_less_than_nothing() -> None:
    story = account_story().given(award("o-1", 10_00), refunded("o-1", 4_00))

    found = traced([Told(event=story.told[-1], at=NOON, position=3)])

    assert [(one.lot, one.left, one.earned) for one in found.lots] == [("o-1", -6, None)]
