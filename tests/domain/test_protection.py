from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.order import (
    AcceptOrder,
    CancelOrder,
    Command,
    CompleteOrder,
    OrderCompleted,
    UnknownOrder,
)
from regulars.domain.personal import Sealed
from regulars.domain.protection import (
    AddressHidden,
    AssignCourier,
    AssignVirtualNumber,
    ContactIsOver,
    CourierAssigned,
    NameParty,
    NoSuchGrace,
    OpenOrderChat,
    OrderChatClosed,
    OrderChatOpened,
    OrderRedirected,
    OtherParty,
    Party,
    PartyNamed,
    RedirectOrder,
    VirtualNumberAssigned,
    VirtualNumberRevoked,
)
from regulars.domain.values import AddressId
from tests.domain.examples import DELIVER, ORDER, PLACE
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, minutes, order_story

LATER = NOON + minutes(120)
BOX = Sealed(b"box")
RIDER = NameParty(order=ORDER, at=LATER, party=Party.COURIER, who="rider", contact=BOX)
OTHER = evolve(RIDER, who="other", contact=Sealed(b"other box"))
ASSIGN = AssignCourier(order=ORDER, at=LATER, courier="rider")
REDIRECT = RedirectOrder(order=ORDER, at=LATER, address_id=AddressId("office"))
NUMBER = AssignVirtualNumber(
    order=ORDER,
    at=LATER,
    party=Party.COURIER,
    number_ref="line-1",
    valid_until=LATER + timedelta(days=1),
    who="rider",
    grace_seconds=600,
)
CHAT = OpenOrderChat(order=ORDER, at=LATER, party=Party.MERCHANT)
ACCEPT = AcceptOrder(order=ORDER, at=LATER)
COMPLETE = CompleteOrder(order=ORDER, at=LATER)
CANCEL = CancelOrder(order=ORDER, at=LATER)
LEGEND: Legend = {UnknownOrder: "?", ContactIsOver: "x", OtherParty: "o"}
COMMANDS: dict[str, Command] = {
    "rider": RIDER,
    "other": OTHER,
    "assign": ASSIGN,
    "redirect": REDIRECT,
    "number": NUMBER,
    "chat": CHAT,
}
TABLE = """
                        rider  other  assign  redirect  number  chat
nothing                 ?      ?      ?       ?         ?       ?
placed                  +      +      +       +         o       +
accepted                +      +      +       +         o       +
with a rider            +      +      =       +         +       +
with a rider assigned   +      +      =       +         +       +
with a number           +      +      =       +         =       +
with another rider      +      +      +       +         o       +
with another assigned   +      +      +       +         o       +
with a chat             +      +      +       +         o       =
redirected              +      +      +       =         o       +
delivered               +      +      =       +         =       =
completed               x      x      x       x         x       x
completed at once       x      x      x       x         x       x
cancelled               x      x      x       x         x       x
"""
MET: tuple[Command, ...] = (PLACE, ACCEPT, RIDER, NUMBER, CHAT)
PASTS: dict[str, tuple[Command, ...]] = {
    "nothing": (),
    "placed": (PLACE,),
    "accepted": (PLACE, ACCEPT),
    "with a rider": (PLACE, ACCEPT, RIDER),
    "with a rider assigned": (PLACE, ASSIGN),
    "with a number": (PLACE, ACCEPT, RIDER, NUMBER),
    "with another rider": (PLACE, ACCEPT, RIDER, NUMBER, OTHER),
    "with another assigned": (PLACE, ACCEPT, RIDER, NUMBER, evolve(ASSIGN, courier="other")),
    "with a chat": (PLACE, ACCEPT, CHAT),
    "redirected": (PLACE, ACCEPT, REDIRECT),
    "delivered": (*MET, DELIVER),
    "completed": (*MET, DELIVER, COMPLETE),
    "completed at once": (PLACE, COMPLETE),
    "cancelled": (*MET, CANCEL),
}


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_what_can_be_said_of_contact_at_each_point_of_an_order(row: Row) -> None:
    cells = {
        name: outcome(order_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert cells == row.cells


def test_who_serves_an_order_is_named_with_a_sealed_contact() -> None:
    assert order_story().given(PLACE).when(RIDER) == [
        PartyNamed(order=ORDER, party=Party.COURIER, who="rider", contact=BOX)
    ]


def test_who_brings_an_order_is_told_without_a_contact_too() -> None:
    assert order_story().given(PLACE).when(ASSIGN) == [
        CourierAssigned(order=ORDER, courier="rider")
    ]


def test_an_order_is_sent_elsewhere_and_back() -> None:
    back = evolve(REDIRECT, address_id=AddressId("home"))

    assert order_story().given(PLACE, REDIRECT).when(back) == [
        OrderRedirected(order=ORDER, address_id=AddressId("home"))
    ]
    assert order_story().given(PLACE, REDIRECT, back, REDIRECT).when(REDIRECT) == []


def test_what_connected_them_ends_with_the_order_and_its_address_is_hidden() -> None:
    story = order_story().given(*MET, DELIVER)

    assert story.when(COMPLETE) == [
        OrderCompleted(order=ORDER),
        VirtualNumberRevoked(
            order=ORDER, party=Party.COURIER, number_ref="line-1", ends_at=LATER + minutes(10)
        ),
        OrderChatClosed(order=ORDER, party=Party.MERCHANT, ends_at=LATER),
        AddressHidden(order=ORDER),
    ]
    assert story.when(COMPLETE) == []


def test_a_cancelled_order_leaves_no_grace() -> None:
    _, revoked, closed, hidden = order_story().given(*MET).when(CANCEL)

    assert [revoked, closed, hidden] == [
        VirtualNumberRevoked(order=ORDER, party=Party.COURIER, number_ref="line-1", ends_at=LATER),
        OrderChatClosed(order=ORDER, party=Party.MERCHANT, ends_at=LATER),
        AddressHidden(order=ORDER),
    ]


def test_another_number_takes_the_place_of_the_first() -> None:
    story = order_story().given(*MET, OTHER)

    assert story.when(evolve(NUMBER, who="other", number_ref="line-2")) == [
        VirtualNumberRevoked(order=ORDER, party=Party.COURIER, number_ref="line-1", ends_at=LATER),
        VirtualNumberAssigned(
            order=ORDER,
            party=Party.COURIER,
            number_ref="line-2",
            valid_until=NUMBER.valid_until,
            who="other",
            grace_seconds=600,
        ),
    ]


def test_a_number_is_extended_and_stays_the_same() -> None:
    longer = evolve(NUMBER, valid_until=NUMBER.valid_until + minutes(60))

    (extended,) = order_story().given(*MET).when(longer)

    assert isinstance(extended, VirtualNumberAssigned)
    assert (extended.number_ref, extended.valid_until) == ("line-1", longer.valid_until)


def test_a_chat_takes_the_place_of_a_number_and_the_other_way_round() -> None:
    story = order_story().given(*MET)
    chat = evolve(CHAT, party=Party.COURIER, who="rider")

    assert story.when(chat) == [
        VirtualNumberRevoked(order=ORDER, party=Party.COURIER, number_ref="line-1", ends_at=LATER),
        OrderChatOpened(order=ORDER, party=Party.COURIER, who="rider"),
    ]
    assert [type(one) for one in story.when(NUMBER)] == [OrderChatClosed, VirtualNumberAssigned]


def test_a_chat_goes_on_with_the_next_courier() -> None:
    story = order_story().given(*MET[:3], evolve(CHAT, party=Party.COURIER, who="rider"), OTHER)

    assert story.when(evolve(CHAT, party=Party.COURIER, who="other")) == [
        OrderChatOpened(order=ORDER, party=Party.COURIER, who="other")
    ]


@pytest.mark.parametrize("grace", [-1, 7 * 86_400 + 1])
@pytest.mark.parametrize("command", [NUMBER, CHAT])
def test_a_grace_has_bounds(command: AssignVirtualNumber | OpenOrderChat, grace: int) -> None:
    with pytest.raises(NoSuchGrace):
        order_story().given(PLACE, RIDER).when(evolve(command, grace_seconds=grace))


def test_refusals_say_what_is_wrong_and_nothing_personal() -> None:
    refusals = (
        ContactIsOver(order=ORDER),
        OtherParty(order=ORDER, party=Party.COURIER),
        NoSuchGrace(order=ORDER, grace_seconds=-1),
    )

    assert [ORDER in str(refusal) for refusal in refusals] == [True] * 3
