from typing import Any

import pytest
from attrs import evolve

from regulars.domain.due import balance
from regulars.domain.holding import PointsReservationReleased, PointsReserved
from regulars.domain.ledger_policies import ReturnPolicy
from regulars.domain.lots import Allocation
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
from regulars.domain.values import LotId, OrderId, RedemptionId, RefundId, ReservationId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.points import SOUP, award, capture, day, redeem, release, reserve, undo
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


def test_what_is_held_and_spent_is_told_in_full() -> None:
    story = account_story().given(award("o-1", 100_00))
    order, lapses_at = OrderId("o-7"), NOON + minutes(15)
    of: dict[str, Any] = {
        "program": PROGRAM,
        "customer": ANNA,
        "points": 60,
        "allocations": (Allocation(lot=LotId("o-1"), points=60),),
        "reservation": ReservationId("h-1"),
        "order": order,
    }

    held = story.when(evolve(reserve(60, lapses_at=lapses_at), order=order))
    spent = story.when(capture())

    assert held == [PointsReserved(**of, lapses_at=lapses_at)]
    assert spent == [PointsRedeemed(**of, redemption=RedemptionId("s-1"), reward=SOUP)]


def test_what_is_released_by_name_did_not_lapse() -> None:
    story = account_story().given(award("o-1", 100_00), reserve(60))

    (released,) = story.when(release())

    assert isinstance(released, PointsReservationReleased)
    assert (released.reservation, released.lapsed) == ("h-1", False)


def test_what_is_redeemed_at_once_is_told_in_full_and_once() -> None:
    story = account_story().given(award("o-1", 100_00))
    redemption = evolve(redeem(30), order=OrderId("o-7"))

    assert story.when(redemption) == [
        PointsRedeemed(
            program=PROGRAM,
            customer=ANNA,
            redemption=RedemptionId("s-1"),
            points=30,
            allocations=(Allocation(lot=LotId("o-1"), points=30),),
            reward=SOUP,
            order=OrderId("o-7"),
        )
    ]
    assert story.when(redemption) == []


def test_what_was_spent_at_once_is_not_captured_under_its_id() -> None:
    story = account_story().given(award("o-1", 100_00), reserve(30), redeem(30))

    with pytest.raises(RedemptionDiffers):
        story.when(capture())


def test_what_was_captured_is_not_redeemed_at_once_under_its_id() -> None:
    story = account_story().given(award("o-1", 100_00), reserve(30), capture())

    with pytest.raises(RedemptionDiffers):
        story.when(redeem(30))


def test_the_points_that_were_spent_last_come_back_first() -> None:
    lots = [award("o-1", 10_00), award("o-2", 20_00), award("o-3", 30_00)]
    story = account_story().given(*lots, redeem(60))

    def back(quarters: int) -> list[tuple[str, int]]:
        (event,) = story.when(undo(quarters, 4, refund=f"r-{quarters}"))
        assert isinstance(event, RedemptionReversed)
        assert event.points == 15
        return [(one.lot, one.points) for one in event.allocations]

    assert [back(quarters) for quarters in (1, 2, 3, 4)] == [
        [("o-3", 15)],
        [("o-3", 15)],
        [("o-2", 15)],
        [("o-2", 5), ("o-1", 10)],
    ]


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

    back = story.when(undo(1, 1, day("2025-07-05"), policy=ReturnPolicy(reinstate_days=30)))

    assert back == [
        RedemptionReversed(
            program=PROGRAM,
            customer=ANNA,
            redemption=RedemptionId("s-1"),
            refund=RefundId("r-1"),
            points=60,
            allocations=(Allocation(lot=LotId("o-1"), points=60),),
            reinstated=(LotId("o-1"),),
            reinstated_until=day("2025-08-04"),
        )
    ]
    assert balance(story.state, day("2025-08-03")).available == 60
    assert balance(story.state, day("2025-08-04")).available == 0


def test_what_is_spent_late_is_spent_not_before_what_the_account_knows() -> None:
    known = NOON + minutes(60)
    story = account_story().given(award("o-1", 100_00, known))

    story.given(reserve(30, NOON), capture(NOON), undo(1, 3, NOON))

    assert story.moments[-3:] == [known, known, known]


def test_a_single_point_is_spent_and_comes_back() -> None:
    story = account_story().given(award("o-1", 100_00), redeem(1))

    (back,) = story.when(undo(1, 1, policy=ReturnPolicy(reinstate_days=30)))

    assert isinstance(back, RedemptionReversed)
    assert (back.points, back.reinstated, back.reinstated_until) == (1, (), None)


@pytest.mark.parametrize(("refunded", "whole"), [(-1, 2), (0, 0), (3, 2)])
def test_a_part_that_is_none_is_refused_by_its_figures(refunded: int, whole: int) -> None:
    story = account_story().given(award("o-1", 100_00), redeem(4))

    with pytest.raises(ImpossibleRestoration) as refused:
        story.when(undo(refunded, whole))

    assert (refused.value.refunded, refused.value.whole) == (refunded, whole)
    assert story.when(undo(0, 2)) == []


def test_a_refund_told_late_takes_nothing_that_came_back() -> None:
    story = account_story().given(award("o-1", 100_00), redeem(100), undo(20_00, 30_00))

    assert story.when(undo(10_00, 30_00, refund="r-2")) == []
