"""A command that is dated too far beyond the clock is refused; a repeat is known all the same."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, get_args, get_type_hints

import pytest
from attrs import evolve

from regulars.application.ahead import A_DAY
from regulars.application.batch import Receipt
from regulars.application.errors import TooFarAhead
from regulars.application.events import Command
from regulars.application.history import Reject
from regulars.application.history_requests import COLUMNS
from regulars.domain.adjustment import NotYetEffective
from regulars.domain.order import CancelOrder, MarkDelivered
from tests.application.memory_crm import Parts, Ticking, memory_core, request
from tests.application.test_importing import Past, an_order
from tests.domain.examples import ORDER, PLACE
from tests.domain.points import adjust
from tests.domain.story import NOON, minutes

A_MOMENT: Final = timedelta(microseconds=1)

PLANS: Final = {
    "activates_at",
    "due_at",
    "effective_at",
    "effective_from",
    "expires_at",
    "lapses_at",
    "valid_until",
}
"""
Moments of commands at which nothing has happened yet.

But for `effective_at`, which cannot lie behind `at`.
"""


def shop(ahead: timedelta | None = A_DAY) -> Parts:
    """A shop whose clock stands at noon."""
    return memory_core(clock=Ticking(at=NOON, tick=timedelta(0)), ahead=ahead)


def placed(at: datetime) -> Command:
    return evolve(PLACE, at=at)


def test_a_command_from_beyond_tomorrow_is_refused_with_what_the_clock_showed() -> None:
    town, at = shop(), NOON + A_DAY + A_MOMENT

    with pytest.raises(TooFarAhead) as refused:
        town.execute(placed(at))

    said = refused.value
    assert (said.command, said.field, said.at) == ("PlaceOrder", "at", at)
    assert (said.clock, said.ahead) == (NOON, A_DAY)
    for word in ("PlaceOrder.at", at.isoformat(), NOON.isoformat(), "more than 1 day beyond"):
        assert word in str(said)
    assert not town.events()


@pytest.mark.parametrize(
    ("ahead", "at"),
    [
        (A_DAY, NOON + A_DAY),
        (timedelta(0), NOON),
        (None, NOON + 10_000 * A_DAY),
    ],
)
def test_what_is_not_too_far_ahead_is_believed(ahead: timedelta | None, at: datetime) -> None:
    town = shop(ahead)

    town.execute(placed(at))

    assert town.events()


def test_the_same_moment_on_other_clocks_is_as_far_ahead() -> None:
    town = shop(timedelta(0))

    with pytest.raises(TooFarAhead):
        town.execute(placed(datetime.fromisoformat("2024-05-17T20:00:00.000001+08:00")))


def test_a_request_is_refused_as_a_whole_and_leaves_others_alone() -> None:
    town = shop()

    refused, recorded = town.execute_all(
        request(PLACE, MarkDelivered(order=ORDER, at=NOON + 2 * A_DAY)), request(placed(NOON))
    )

    assert isinstance(refused, TooFarAhead)
    assert refused.command == "MarkDelivered"
    assert isinstance(recorded, Receipt)
    assert [one.event for one in town.events()] == [*recorded.events]


def test_a_repeat_gives_its_first_receipt_whatever_the_clock_says() -> None:
    town = shop()
    first = town.execute(placed(NOON), id="o-1")
    town.clock.at = NOON - 3 * A_DAY

    again = town.execute(placed(NOON), id="o-1")

    assert again == evolve(first, repeated=True)
    with pytest.raises(TooFarAhead):
        town.execute(placed(NOON), id="o-2")


def by_submit(town: Parts, command: Command) -> object:
    return town.crm.submit(command, by="till:1").result()


def by_task(town: Parts, command: Command) -> object:
    return asyncio.run(town.crm.execute_async(command, by="till:1"))


@pytest.mark.parametrize("say", [by_submit, by_task])
def test_whoever_says_it_is_refused(say: Callable[[Parts, Command], object]) -> None:
    town = shop()

    with pytest.raises(TooFarAhead):
        say(town, placed(NOON + 2 * A_DAY))


def test_a_row_from_beyond_tomorrow_is_rejected_with_its_place_and_column() -> None:
    town, rejects = shop(), list[Reject]()
    rows = [an_order(1), an_order(2)]
    rows = [
        evolve(row, placed_at=NOON, delivered_at=NOON + days * A_DAY)
        for row, days in zip(rows, (0, 2), strict=True)
    ]

    imported = town.crm.import_history(Past(orders_=rows), reject=rejects.append)

    assert imported.orders == 1
    assert [(one.place, one.field) for one in rejects] == [(rows[1].place, "delivered_at")]
    assert "beyond the clock" in rejects[0].reason


def test_every_command_of_an_import_that_has_a_moment_names_its_column() -> None:
    assert {*COLUMNS} <= {kind.__name__ for kind in get_args(Command)}
    assert COLUMNS[CancelOrder.__name__] == "cancelled_at"


def test_commands_have_one_moment_at_which_they_happened() -> None:
    moments = {
        name
        for kind in get_args(Command)
        for name, hint in get_type_hints(kind).items()
        if datetime in (hint, *get_args(hint))
    }

    assert moments == {"at", *PLANS}


def test_no_correction_is_for_a_later_moment_than_its_own() -> None:
    town = shop()

    with pytest.raises(NotYetEffective):
        town.execute(evolve(adjust(5, at=NOON), effective_at=NOON + minutes(1)))
