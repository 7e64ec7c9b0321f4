from datetime import datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.bank_card import (
    BankCardBound,
    BankCardUnbound,
    BindBankCard,
    CardAlreadyBound,
    UnbindBankCard,
)
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn, GrantConsent, WithdrawConsent
from regulars.domain.customer import (
    AddDeliveryAddress,
    AddressAlreadyAdded,
    Command,
    CustomerAlreadyRegistered,
    CustomerDetailsUpdated,
    CustomerRegistered,
    DeliveryAddressAdded,
    DeliveryAddressRemoved,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UnknownCustomer,
    UpdateCustomerDetails,
)
from regulars.domain.personal import Address, Contact, Content, Profile, Sealed
from regulars.domain.real_name import RealNameAlreadyVerified, RealNameVerified, VerifyRealName
from regulars.domain.values import AddressId, CardId
from tests.domain.examples import ANNA
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, CustomerStory, customer_story
from tests.domain.strategies import customer_commands

BOX, OTHER_BOX = Sealed(b"box"), Sealed(b"other")
HOME = AddressId("home")
RED = CardId("red")

REGISTER = RegisterCustomer(customer=ANNA, at=NOON)
UPDATE = UpdateCustomerDetails(customer=ANNA, at=NOON, contact=BOX)
ADD = AddDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME, address=BOX)
REMOVE = RemoveDeliveryAddress(customer=ANNA, at=NOON, address_id=HOME)
BIND = BindBankCard(customer=ANNA, at=NOON, card=RED, payment=BOX)
UNBIND = UnbindBankCard(customer=ANNA, at=NOON, card=RED)
VERIFY = VerifyRealName(customer=ANNA, at=NOON, identity=BOX, method="id-card", evidence="check-1")
GRANT = GrantConsent(customer=ANNA, at=NOON, purpose="marketing", channel="sms")
WITHDRAW = WithdrawConsent(customer=ANNA, at=NOON, purpose="marketing", channel="sms")

COMMANDS: dict[str, Command] = {
    "register": REGISTER,
    "update": UPDATE,
    "add": ADD,
    "remove": REMOVE,
    "bind": BIND,
    "unbind": UNBIND,
    "verify": VERIFY,
    "grant": GRANT,
    "withdraw": WITHDRAW,
}
LEGEND: Legend = {
    UnknownCustomer: "?",
    CustomerAlreadyRegistered: "!",
    AddressAlreadyAdded: "!",
    CardAlreadyBound: "!",
    RealNameAlreadyVerified: "!",
}
TABLE = """
                      register  update  add  remove  bind  unbind  verify  grant  withdraw
nobody                +         ?       ?    ?       ?     ?       ?       ?      ?
registered            !         +       +    =       +     =       +       +      =
with an address       !         +       !    +       +     =       +       +      =
address removed       !         +       +    =       +     =       +       +      =
with a card           !         +       +    =       !     +       +       +      =
card unbound          !         +       +    =       +     =       +       +      =
verified              !         +       +    =       +     =       !       +      =
with a consent        !         +       +    =       +     =       +       =      +
consent withdrawn     !         +       +    =       +     =       +       +      =
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nobody": (),
    "registered": (REGISTER,),
    "with an address": (REGISTER, ADD),
    "address removed": (REGISTER, ADD, REMOVE),
    "with a card": (REGISTER, BIND),
    "card unbound": (REGISTER, BIND, UNBIND),
    "verified": (REGISTER, VERIFY),
    "with a consent": (REGISTER, GRANT),
    "consent withdrawn": (REGISTER, GRANT, WITHDRAW),
}


def anna() -> CustomerStory:
    return customer_story().given(REGISTER)


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(customer_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_a_customer_needs_no_more_than_an_id() -> None:
    assert customer_story().when(REGISTER) == [CustomerRegistered(customer=ANNA)]


def test_a_customer_registers_with_boxes_and_a_source() -> None:
    register = evolve(REGISTER, contact=BOX, profile=OTHER_BOX, extra=BOX, source="leaflet")

    assert customer_story().when(register) == [
        CustomerRegistered(
            customer=ANNA, contact=BOX, profile=OTHER_BOX, extra=BOX, source="leaflet"
        )
    ]


@pytest.mark.parametrize(
    "command",
    [
        evolve(REGISTER, contact=Contact(name="Anna")),
        evolve(REGISTER, profile=Profile(gender="f")),
        evolve(REGISTER, extra=Content(text="left-handed")),
    ],
    ids=["contact", "profile", "extra"],
)
def test_nobody_registers_with_plain_personal_data(command: Command) -> None:
    with pytest.raises(TypeError):
        customer_story().when(command)


@pytest.mark.parametrize(
    "command",
    [
        evolve(UPDATE, contact=Contact(name="Anna")),
        evolve(UPDATE, profile=Profile(gender="f")),
        evolve(UPDATE, extra=Content(text="left-handed")),
        evolve(ADD, address=Address(text="Home Street 1")),
    ],
    ids=["contact", "profile", "extra", "address"],
)
def test_nobody_is_described_by_plain_personal_data(command: Command) -> None:
    with pytest.raises(TypeError):
        anna().when(command)


def test_details_that_are_not_given_stay_as_they_were() -> None:
    assert anna().when(UPDATE) == [CustomerDetailsUpdated(customer=ANNA, contact=BOX)]
    assert anna().when(evolve(UPDATE, contact=None, profile=BOX)) == [
        CustomerDetailsUpdated(customer=ANNA, profile=BOX)
    ]


def test_an_update_of_nothing_adds_nothing() -> None:
    assert anna().when(evolve(UPDATE, contact=None)) == []


def test_any_detail_is_updated_by_itself() -> None:
    update = evolve(UPDATE, contact=None)

    assert anna().when(evolve(update, extra=BOX)) == [
        CustomerDetailsUpdated(customer=ANNA, extra=BOX)
    ]
    assert anna().when(evolve(update, source="leaflet")) == [
        CustomerDetailsUpdated(customer=ANNA, source="leaflet")
    ]


def test_an_address_keeps_what_is_coarse_in_clear() -> None:
    add = evolve(ADD, district="Haidian", region="Beijing")

    assert anna().when(add) == [
        DeliveryAddressAdded(
            customer=ANNA, address_id=HOME, address=BOX, district="Haidian", region="Beijing"
        )
    ]


def test_a_second_address_stands_beside_the_first() -> None:
    office = AddressId("office")
    story = anna().given(ADD, evolve(ADD, address_id=office))

    assert story.when(REMOVE) == [DeliveryAddressRemoved(customer=ANNA, address_id=HOME)]
    assert story.when(evolve(REMOVE, address_id=office))


def test_an_address_id_is_not_given_twice() -> None:
    with pytest.raises(AddressAlreadyAdded) as refused:
        anna().given(ADD).when(evolve(ADD, address=OTHER_BOX))

    assert (refused.value.customer, refused.value.address_id) == (ANNA, HOME)


def test_a_consent_names_the_text_that_was_agreed_to() -> None:
    assert anna().when(evolve(GRANT, policy_version="2024-05")) == [
        ConsentGranted(customer=ANNA, purpose="marketing", channel="sms", policy_version="2024-05")
    ]


def test_a_consent_to_a_new_text_is_another_consent() -> None:
    first, second = evolve(GRANT, policy_version="2023"), evolve(GRANT, policy_version="2024")
    story = anna().given(first)

    assert story.when(first) == []
    assert story.when(second) == [
        ConsentGranted(customer=ANNA, purpose="marketing", channel="sms", policy_version="2024")
    ]
    assert story.when(second) == []


def test_a_consent_is_for_one_purpose_and_channel() -> None:
    story = anna().given(GRANT)

    assert story.when(evolve(GRANT, channel=None))
    assert story.when(evolve(GRANT, purpose="analytics"))
    assert story.when(WITHDRAW) == [
        ConsentWithdrawn(customer=ANNA, purpose="marketing", channel="sms")
    ]


def test_a_refusal_says_whom_it_is_about() -> None:
    with pytest.raises(UnknownCustomer) as unknown:
        customer_story().when(UPDATE)
    with pytest.raises(CustomerAlreadyRegistered) as known:
        anna().when(REGISTER)

    assert (unknown.value.customer, known.value.customer) == (ANNA, ANNA)


@given(st.lists(customer_commands(st.just(ANNA)), max_size=15))
def test_no_sequence_of_commands_breaks_the_invariants(commands: list[Command]) -> None:
    story = customer_story()
    addresses: set[AddressId] = set()
    cards: set[CardId] = set()
    evidence: str | None = None
    consents: dict[tuple[str, str | None], tuple[str | None, datetime | None]] = {}

    for event in (event for command in commands for event in story.attempt(command)):
        match event:
            case DeliveryAddressAdded(address_id=address):
                assert address not in addresses
                addresses.add(address)
            case DeliveryAddressRemoved(address_id=address):
                addresses.remove(address)
            case BankCardBound(card=card):
                assert card not in cards
                cards.add(card)
            case BankCardUnbound(card=card):
                cards.remove(card)
            case RealNameVerified():
                assert event.evidence != evidence
                evidence = event.evidence
            case ConsentGranted(purpose=purpose, channel=channel):
                given = (event.policy_version, event.valid_until)
                assert consents.get((purpose, channel)) != given
                consents[purpose, channel] = given
            case ConsentWithdrawn(purpose=purpose, channel=channel):
                del consents[purpose, channel]
            case _:
                pass

    kinds = [type(event) for event in story.told]
    assert kinds[:1] in ([], [CustomerRegistered])
    assert CustomerRegistered not in kinds[1:]


@given(st.lists(customer_commands(st.just(ANNA)), max_size=15))
def test_a_repeated_command_adds_nothing(commands: list[Command]) -> None:
    story = customer_story()
    for command in commands:
        story.attempt(command)
        again = story.attempt(command)

        # New details replace the old ones, so that the same ones once more change nothing.
        assert not again or isinstance(command, UpdateCustomerDetails)
