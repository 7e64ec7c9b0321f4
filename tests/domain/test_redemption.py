import pytest
from attrs import evolve

from regulars.domain.due import balance
from regulars.domain.ledger_policies import ReturnPolicy
from regulars.domain.loyalty import Command
from regulars.domain.redemption import (
    ImpossiblePoints,
    ImpossibleRestoration,
    NotEnoughPoints,
    NothingHeld,
    PointsRedeemed,
    RedemptionDiffers,
    RedemptionReversed,
    ReservationDiffers,
    UnknownRedemption,
)
from regulars.domain.values import OrderId
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.points import award, capture, day, redeem, release, reserve, undo
from tests.domain.story import NOON, account_story, minutes

COMMANDS: dict[str, Command] = {
    "hold": reserve(60),
    "hold else": reserve(10),
    "hold 0": reserve(0, reservation="h-9"),
    "hold 101": reserve(101, reservation="h-9"),
    "take": capture(),
    "take else": capture(redemption="s-2"),
    "free": release(),
    "spend": redeem(30, redemption="s-2"),
    "spend else": redeem(31, redemption="s-1"),
    "undo": undo(1, 2),
    "undo %": undo(3, 2),
}
LEGEND: Legend = {
    ImpossiblePoints: "0",
    ImpossibleRestoration: "%",
    NotEnoughPoints: "<",
    NothingHeld: "h",
    RedemptionDiffers: "!",
    ReservationDiffers: "!",
    UnknownRedemption: "?",
}
TABLE = """
          hold  hold else  hold 0  hold 101  take  take else  free  spend  spend else  undo  undo %
earned    +     +          0       <         h     h          h     +      +           ?     ?
held      =     !          0       <         +     +          +     +      +           ?     ?
released  =     !          0       <         h     h          =     +      +           ?     ?
captured  =     !          0       <         =     h          =     +      !           +     %
restored  =     !          0       <         =     h          =     +      !           =     %
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "earned": (award("o-1", 100_00),),
    "held": (award("o-1", 100_00), reserve(60)),
    "released": (award("o-1", 100_00), reserve(60), release()),
    "captured": (award("o-1", 100_00), reserve(60), capture()),
    "restored": (award("o-1", 100_00), reserve(60), capture(), undo(1, 2)),
}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(account_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_what_is_redeemed_at_once_is_redeemed_once() -> None:
    story = account_story().given(award("o-1", 100_00), redeem(30))

    assert story.when(redeem(30)) == []


def test_a_redemption_does_not_take_the_id_of_another_reservation() -> None:
    story = account_story().given(award("o-1", 100_00), reserve(60), capture())
    story.given(reserve(10, reservation="h-2"))

    with pytest.raises(RedemptionDiffers):
        story.when(capture(reservation="h-2"))


def test_what_was_held_is_spent_for_the_order_that_it_was_held_for() -> None:
    held_for = evolve(reserve(60), order=OrderId("o-7"))
    (redeemed,) = account_story().given(award("o-1", 100_00), held_for).when(capture())

    assert isinstance(redeemed, PointsRedeemed)
    assert redeemed.order == "o-7"


def test_a_reservation_that_lapsed_cannot_be_captured() -> None:
    story = account_story().given(award("o-1", 100_00), reserve(60, lapses_at=NOON + minutes(15)))

    with pytest.raises(NothingHeld):
        story.when(capture(NOON + minutes(15)))


def test_points_that_expired_meanwhile_may_be_reinstated_for_some_days() -> None:
    story = account_story().given(
        award("o-1", 60_00, day("2025-05-01"), expires_at=day("2025-07-01")),
        redeem(60, day("2025-06-01")),
    )

    (back,) = story.when(undo(1, 1, day("2025-07-05"), policy=ReturnPolicy(reinstate_days=30)))

    assert isinstance(back, RedemptionReversed)
    assert back.reinstated_until == day("2025-08-04")
    assert balance(story.state, day("2025-08-03")).available == 60
    assert balance(story.state, day("2025-08-04")).available == 0


def test_a_refund_told_late_takes_nothing_that_came_back() -> None:
    story = account_story().given(award("o-1", 100_00), redeem(100), undo(20_00, 30_00))

    assert story.when(undo(10_00, 30_00, refund="r-2")) == []
