from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain import protection
from regulars.domain.order import (
    AcceptOrder,
    AlreadyDelivered,
    CancelOrder,
    Command,
    CompleteOrder,
    Event,
    MarkReady,
    NotYetDelivered,
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderIsCancelled,
    OrderPickedUp,
    OrderReady,
    PickUpOrder,
    PreparationStarted,
    Stage,
    StartPreparing,
    Step,
    StepTooLate,
    UnknownOrder,
)
from regulars.domain.protection import AddressHidden, OrderChatClosed, VirtualNumberRevoked
from regulars.domain.purchase import Line, OrderAlreadyPlaced, OrderPlaced, PlaceOrder
from regulars.domain.refund import RefundDiffers, RefundIssued
from regulars.domain.review import AlreadyReviewed, ReviewSubmitted, SubmitReview
from regulars.domain.values import ItemId
from tests.domain.examples import ANNA, DELIVER, FIRST, NOODLES, ORDER, PLACE, SECOND, refund
from tests.domain.fillings import SEALED, built
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, OrderStory, minutes, order_story
from tests.domain.strategies import order_commands

LATER = NOON + minutes(120)
ACCEPT = AcceptOrder(order=ORDER, at=LATER)
PREPARE = StartPreparing(order=ORDER, at=LATER)
READY = MarkReady(order=ORDER, at=LATER)
PICK_UP = PickUpOrder(order=ORDER, at=LATER)
COMPLETE = CompleteOrder(order=ORDER, at=LATER)
CANCEL = CancelOrder(order=ORDER, at=LATER)
REVIEW = SubmitReview(order=ORDER, at=LATER, customer=ANNA, stars=5)

A_MOMENT = timedelta(microseconds=1)

COMMANDS: dict[str, Command] = {
    "place": PLACE,
    "other": evolve(PLACE, total=1),
    "accept": ACCEPT,
    "prepare": PREPARE,
    "ready": READY,
    "pick up": PICK_UP,
    "deliver": DELIVER,
    "complete": COMPLETE,
    "cancel": CANCEL,
    "refund": refund(40_00, FIRST),
    "differs": refund(39_99, FIRST),
    "another": refund(40_00, SECOND),
    "review": REVIEW,
}
LEGEND: Legend = {
    UnknownOrder: "?",
    OrderAlreadyPlaced: "!",
    RefundDiffers: "!",
    AlreadyReviewed: "!",
    StepTooLate: "<",
    AlreadyDelivered: "<",
    OrderIsCancelled: "x",
    NotYetDelivered: "-",
}
TABLE = """
                        place  other  accept  prepare  ready  pick up  deliver  complete  cancel  refund  differs  another  review
nothing                 +      +      ?       ?        ?      ?        ?        ?         ?       ?       ?        ?        ?
placed                  =      !      +       +        +      +        +        ++        +       -       -        -        -
accepted                =      !      =       +        +      +        +        ++        +       -       -        -        -
preparing               =      !      =       =        +      +        +        ++        +       -       -        -        -
ready                   =      !      =       =        =      +        +        ++        +       -       -        -        -
picked up               =      !      =       =        =      =        +        ++        +       -       -        -        -
delivered               =      !      =       =        =      =        =        +         <       +       +        +        +
completed               =      !      =       =        =      =        =        =         <       +       +        +        +
preparing at once       =      !      <       =        +      +        +        ++        +       -       -        -        -
ready at once           =      !      <       <        =      +        +        ++        +       -       -        -        -
picked up at once       =      !      <       <        <      =        +        ++        +       -       -        -        -
delivered at once       =      !      <       <        <      <        =        +         <       +       +        +        +
completed at once       =      !      <       <        <      <        =        =         <       +       +        +        +
cancelled, placed       =      !      x       x        x      x        x        x         =       x       x        x        x
cancelled, accepted     =      !      =       x        x      x        x        x         =       x       x        x        x
cancelled, preparing    =      !      =       =        x      x        x        x         =       x       x        x        x
cancelled, ready        =      !      =       =        =      x        x        x         =       x       x        x        x
cancelled, picked up    =      !      =       =        =      =        x        x         =       x       x        x        x
cancelled, at once      =      !      x       x        x      =        x        x         =       x       x        x        x
refunded in part        =      !      =       =        =      =        =        +         <       =       !        +        +
refunded in full        =      !      =       =        =      =        =        +         <       =       !        +        +
refunded, completed     =      !      =       =        =      =        =        =         <       =       !        +        +
reviewed                =      !      =       =        =      =        =        +         <       +       +        +        !
reviewed, completed     =      !      =       =        =      =        =        =         <       +       +        +        !
reviewed, refunded      =      !      =       =        =      =        =        +         <       =       !        +        !
all of it               =      !      =       =        =      =        =        =         <       =       !        +        !
"""  # noqa: E501 - a table of thirteen columns is read across
ON_THE_WAY = (PLACE, ACCEPT, PREPARE, READY, PICK_UP)
DELIVERED: tuple[Command, ...] = (*ON_THE_WAY, DELIVER)
IN_PART = refund(40_00, FIRST)
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "placed": ON_THE_WAY[:1],
    "accepted": ON_THE_WAY[:2],
    "preparing": ON_THE_WAY[:3],
    "ready": ON_THE_WAY[:4],
    "picked up": ON_THE_WAY,
    "delivered": DELIVERED,
    "completed": (*DELIVERED, COMPLETE),
    "preparing at once": (PLACE, PREPARE),
    "ready at once": (PLACE, READY),
    "picked up at once": (PLACE, PICK_UP),
    "delivered at once": (PLACE, DELIVER),
    "completed at once": (PLACE, COMPLETE),
    "cancelled, placed": (*ON_THE_WAY[:1], CANCEL),
    "cancelled, accepted": (*ON_THE_WAY[:2], CANCEL),
    "cancelled, preparing": (*ON_THE_WAY[:3], CANCEL),
    "cancelled, ready": (*ON_THE_WAY[:4], CANCEL),
    "cancelled, picked up": (*ON_THE_WAY, CANCEL),
    "cancelled, at once": (PLACE, PICK_UP, CANCEL),
    "refunded in part": (*DELIVERED, IN_PART),
    "refunded in full": (*DELIVERED, IN_PART, refund(60_00, "r-9")),
    "refunded, completed": (*DELIVERED, COMPLETE, IN_PART),
    "reviewed": (*DELIVERED, REVIEW),
    "reviewed, completed": (*DELIVERED, COMPLETE, REVIEW),
    "reviewed, refunded": (*DELIVERED, IN_PART, REVIEW),
    "all of it": (*DELIVERED, COMPLETE, IN_PART, REVIEW),
}
DELIVERY = OrderDelivered(
    order=ORDER, currency="CNY", total=100_00, placed_at=NOON, customer=ANNA, merchant=NOODLES
)
LIFE: dict[type[Event], int] = {
    OrderPlaced: 1,
    OrderAccepted: 2,
    PreparationStarted: 3,
    OrderReady: 4,
    OrderPickedUp: 5,
    OrderDelivered: 6,
    OrderCompleted: 7,
}
"""How far each event takes an order."""
placed = built(PlaceOrder, SEALED, order=ORDER)
tellings = st.lists(order_commands(st.just(ORDER)), max_size=20)


def kind(command: Command) -> str:
    return type(command).__name__


def point(story: OrderStory) -> tuple[int, bool, bool, bool]:
    """How far the order came, and whether it is cancelled, refunded, reviewed."""
    kinds = {type(event) for event in story.told}
    reached = max((LIFE.get(kind, 0) for kind in kinds), default=0)
    return reached, OrderCancelled in kinds, RefundIssued in kinds, ReviewSubmitted in kinds


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_at_every_point_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(order_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_the_table_leaves_out_no_point_that_an_order_can_come_to() -> None:
    listed = {point(order_story().given(*past)) for past in PASTS.values()}
    reached = set[tuple[int, bool, bool, bool]]()
    paths: list[tuple[Command, ...]] = [()]
    for path in paths:
        here = point(order_story().given(*path))
        if here not in reached:
            reached.add(here)
            paths += [
                (*path, command)
                for command in COMMANDS.values()
                if order_story().given(*path).attempt(command)
            ]

    assert [row.point for row in rows(TABLE)] == list(PASTS)
    assert reached == listed


@pytest.mark.parametrize(
    ("step", "event"),
    [
        (ACCEPT, OrderAccepted(order=ORDER)),
        (PREPARE, PreparationStarted(order=ORDER)),
        (READY, OrderReady(order=ORDER)),
        (PICK_UP, OrderPickedUp(order=ORDER)),
        (DELIVER, DELIVERY),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_step_is_recorded_as_itself(step: Step, event: Event) -> None:
    assert order_story().given(PLACE).when(step) == [event]


def test_an_order_completed_without_a_word_of_delivery_was_delivered() -> None:
    completed = OrderCompleted(order=ORDER)

    assert order_story().given(PLACE).when(COMPLETE) == [DELIVERY, completed]
    assert order_story().given(PLACE, DELIVER).when(COMPLETE) == [completed]


def test_a_cancelled_order_tells_what_is_to_be_uncounted() -> None:
    lines = (Line(line=1, item=ItemId("soup"), quantity=2),)
    story = order_story().given(evolve(PLACE, lines=lines))

    assert story.when(evolve(CANCEL, reason="no rider")) == [
        OrderCancelled(
            order=ORDER,
            currency="CNY",
            placed_at=NOON,
            customer=ANNA,
            merchant=NOODLES,
            lines=lines,
            reason="no rider",
        )
    ]


def test_a_step_that_came_too_late_is_told_how_far_the_order_is() -> None:
    with pytest.raises(StepTooLate) as refused:
        order_story().given(PLACE, READY).when(ACCEPT)

    assert (refused.value.order, refused.value.step) == (ORDER, Stage.ACCEPTED)
    assert refused.value.reached is Stage.READY


def test_a_delivered_order_is_past_cancelling() -> None:
    with pytest.raises(AlreadyDelivered) as refused:
        order_story().given(PLACE, DELIVER).when(CANCEL)

    assert refused.value.order == ORDER


@pytest.mark.parametrize("command", [ACCEPT, DELIVER, CANCEL, IN_PART, REVIEW], ids=kind)
def test_a_refusal_names_the_order(command: Command) -> None:
    with pytest.raises(UnknownOrder) as unknown:
        order_story().when(command)

    assert unknown.value.order == ORDER


@pytest.mark.parametrize("command", [ACCEPT, DELIVER, IN_PART, REVIEW], ids=kind)
def test_a_cancelled_order_goes_no_further(command: Command) -> None:
    with pytest.raises(OrderIsCancelled) as refused:
        order_story().given(PLACE, CANCEL).when(command)

    assert refused.value.order == ORDER


@pytest.mark.parametrize("command", [IN_PART, REVIEW], ids=kind)
def test_before_delivery_there_is_nothing_to_pay_back_or_to_rate(command: Command) -> None:
    with pytest.raises(NotYetDelivered) as refused:
        order_story().given(PLACE, PICK_UP).when(command)

    assert refused.value.order == ORDER


@pytest.mark.parametrize(
    "command", [ACCEPT, PREPARE, READY, PICK_UP, DELIVER, COMPLETE, CANCEL], ids=kind
)
@pytest.mark.parametrize(("at", "late"), [(NOON - A_MOMENT, True), (NOON, False)], ids=str)
def test_a_step_from_before_an_earlier_one_is_a_late_entry(
    command: Step | CancelOrder, at: datetime, *, late: bool
) -> None:
    events = order_story().given(PLACE).when(evolve(command, at=at))

    assert [getattr(event, "late_entry", None) for event in events] == [late] * len(events)


def test_late_is_measured_by_the_latest_step_not_by_the_last_one_told() -> None:
    story = order_story().given(PLACE, evolve(ACCEPT, at=NOON + minutes(30)))

    assert story.when(evolve(PREPARE, at=NOON + minutes(10))) == [
        PreparationStarted(order=ORDER, late_entry=True)
    ]
    assert story.when(evolve(READY, at=NOON + minutes(20))) == [
        OrderReady(order=ORDER, late_entry=True)
    ]
    assert story.when(evolve(PICK_UP, at=NOON + minutes(30))) == [OrderPickedUp(order=ORDER)]


def test_a_repeated_step_is_nothing_new_at_whatever_time() -> None:
    story = order_story().given(PLACE, ACCEPT, READY)

    assert story.when(evolve(ACCEPT, at=NOON - A_MOMENT)) == []


@given(placed, tellings)
def test_no_sequence_of_commands_breaks_the_invariants(
    place: PlaceOrder, commands: list[Command]
) -> None:
    story = order_story().given(place)
    latest = place.at
    for command in commands:
        for event in story.attempt(command):
            late = getattr(event, "late_entry", None)
            assert late in (None, command.at < latest)
            if type(event) in LIFE:
                latest = max(latest, command.at)

    life = [LIFE[type(event)] for event in story.told if type(event) in LIFE]
    kinds = [type(event) for event in story.told]
    delivered = kinds.index(OrderDelivered) if OrderDelivered in kinds else len(kinds)
    assert all(before < after for before, after in pairwise(life))
    assert OrderCompleted not in kinds or OrderDelivered in kinds
    cancelled = kinds.index(OrderCancelled) if OrderCancelled in kinds else len(kinds)
    assert set(kinds[cancelled + 1 :]) <= {VirtualNumberRevoked, OrderChatClosed, AddressHidden}
    assert not {RefundIssued, ReviewSubmitted} & set(kinds[:delivered])
    assert kinds.count(ReviewSubmitted) <= 1
    refunds = [event for event in story.told if isinstance(event, RefundIssued)]
    assert sum(event.goods for event in refunds) <= place.total
    assert all(event.goods + event.goodwill == event.amount > 0 for event in refunds)
    assert all(min(event.goods, event.goodwill) >= 0 for event in refunds)
    assert len({event.refund for event in refunds}) == len(refunds)


@given(placed, tellings, st.data())
def test_a_repeated_command_adds_nothing(
    place: PlaceOrder, commands: list[Command], data: st.DataObject
) -> None:
    """But for who serves it, of whom the same may come back: tests/domain/test_protection.py."""
    story = order_story()
    accepted = [
        command
        for command in (place, *commands)
        if story.attempt(command) and not isinstance(command, protection.Command)
    ]

    assert story.attempt(data.draw(st.sampled_from(accepted))) == []
