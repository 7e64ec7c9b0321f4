"""
Histories of commands, for Hypothesis to draw: what could be told of a shop in about a week.

Nearly all of it is acceptable. Orders overlap, skip steps, are cancelled, paid back in parts, and
left unfinished; commands come late or twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from regulars.domain import order
from regulars.domain.order import (
    AcceptOrder,
    CancelOrder,
    CompleteOrder,
    MarkDelivered,
    MarkReady,
    PickUpOrder,
    StartPreparing,
)
from regulars.domain.purchase import PlaceOrder
from regulars.domain.refund import IssueRefund
from regulars.domain.values import OrderId
from regulars.testing.order_strategies import orders, refunds

BEGINNING_OF_WEEK: Final = datetime(2024, 2, 28, 21, tzinfo=UTC)

starts: Final = st.integers(0, 7 * 24).map(lambda count: BEGINNING_OF_WEEK + timedelta(hours=count))
"""When something begins: at an hour of a week that has a 29th of February."""

_GAPS: Final = st.sampled_from(
    [
        timedelta(minutes=7),
        timedelta(0),
        timedelta(microseconds=1),
        timedelta(days=1),
        timedelta(minutes=-20),  # reported late: it happened before what was told earlier
    ]
)

End: TypeAlias = type[MarkDelivered | CompleteOrder | CancelOrder]

ON_THE_WAY: Final = (AcceptOrder, StartPreparing, MarkReady, PickUpOrder)
"""The steps of an order before its end, of which any may be left out."""

_REPORTED: Final = st.sets(st.sampled_from(ON_THE_WAY))
_ENDINGS: Final[list[tuple[End, ...]]] = [
    (MarkDelivered,),
    (MarkDelivered, CompleteOrder),
    (CompleteOrder,),
    (CancelOrder,),
    (),
]
_ENDS: Final = st.sampled_from(_ENDINGS)
_MOST_REFUNDS: Final = 3
_ORDERS: Final = orders()


@st.composite
def order_lives(
    draw: DrawFn, placing: SearchStrategy[PlaceOrder] = _ORDERS
) -> tuple[order.Command, ...]:
    """One order from its placing to whatever end it takes, with its refunds."""
    placed = draw(placing)
    steps, ends = draw(ways())
    life = [step(order=placed.order, at=placed.at) for step in (*steps, *ends)]
    back: list[IssueRefund] = []
    if {MarkDelivered, CompleteOrder} & set(ends):
        for _ in range(draw(st.integers(0, _MOST_REFUNDS))):
            one = draw(refunds(placed, back))
            back += [] if one is None else [one]
    return (placed, *life, *back)


def ways() -> SearchStrategy[tuple[Sequence[type[order.Step]], tuple[End, ...]]]:
    """The steps that are reported of an order, in their order, and those that end it."""
    steps = _REPORTED.map(lambda reported: [step for step in ON_THE_WAY if step in reported])
    return st.tuples(steps, _ENDS)


@st.composite
def told(draw: DrawFn, lane: SearchStrategy[Sequence[Any]]) -> tuple[Any, ...]:
    """The commands of `lane` one after another in time, and some of them once again."""
    at = draw(starts)
    commands: list[Any] = []
    for command in draw(lane):
        commands.append(evolve(command, at=at))
        at += draw(_GAPS)
    again = draw(st.lists(st.sampled_from(commands), max_size=2)) if commands else []
    return (*commands, *again)


@st.composite
def interleaved(draw: DrawFn, lanes: Sequence[SearchStrategy[tuple[Any, ...]]]) -> tuple[Any, ...]:
    """The commands of all lanes, those of each in their order."""
    drawn = [draw(lane) for lane in lanes]
    turns = draw(st.permutations([place for place, lane in enumerate(drawn) for _ in lane]))
    waiting = [iter(lane) for lane in drawn]
    return tuple(next(waiting[place]) for place in turns)


def histories(
    placing: SearchStrategy[PlaceOrder] = _ORDERS, most_orders: int = 4
) -> SearchStrategy[tuple[order.Command, ...]]:
    """The lives of up to `most_orders` orders of a week, told as they come."""
    lives = [
        told(order_lives(placing.map(partial(_called, number=number))))
        for number in range(1, most_orders + 1)
    ]
    return st.one_of([interleaved(lives[:count]) for count in range(1, most_orders + 1)])


def _called(placed: PlaceOrder, number: int) -> PlaceOrder:
    return evolve(placed, order=OrderId(f"o-{number}"))
