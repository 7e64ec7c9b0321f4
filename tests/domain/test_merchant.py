import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.codes import NoCode
from regulars.domain.merchant import (
    Command,
    ImpossiblePrice,
    MenuItemPublished,
    MerchantAlreadyRegistered,
    MerchantDetailsUpdated,
    MerchantRegistered,
    PublishMenuItem,
    RegisterMerchant,
    UnknownMerchant,
    UpdateMerchantDetails,
)
from regulars.domain.reminders import CareReminderRaised, RaiseCareReminder
from regulars.domain.values import MOST_MINOR, ItemId, Money, OccasionId
from tests.domain.examples import ANNA, BO, NOODLES
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, MerchantStory, merchant_story
from tests.domain.strategies import merchant_commands

SOUP = ItemId("soup")
REGISTER = RegisterMerchant(merchant=NOODLES, at=NOON, name="Noodles")
RENAME = evolve(REGISTER, name="Oodles")
UPDATE = UpdateMerchantDetails(merchant=NOODLES, at=NOON, brand="Oodles")
PUBLISH = PublishMenuItem(
    merchant=NOODLES, at=NOON, item=SOUP, name="Soup", price=Money(minor=12_00, currency="CNY")
)
REPRICE = evolve(PUBLISH, price=Money(minor=13_00, currency="CNY"))
REMIND = RaiseCareReminder(
    merchant=NOODLES,
    at=NOON,
    customer=ANNA,
    occasion=OccasionId("2026/birthday"),
    on="birthday",
    days=3,
)

COMMANDS: dict[str, Command] = {
    "register": REGISTER,
    "otherwise": RENAME,
    "update": UPDATE,
    "publish": PUBLISH,
    "reprice": REPRICE,
    "remind": REMIND,
}
LEGEND: Legend = {UnknownMerchant: "?", MerchantAlreadyRegistered: "!"}
TABLE = """
                register  otherwise  update  publish  reprice  remind
nobody          +         +          ?       ?        ?        +
registered      =         !          +       +        +        +
updated         =         !          =       +        +        +
with a menu     =         !          +       =        +        +
repriced        =         !          +       +        =        +
reminded        =         !          +       +        +        =
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nobody": (),
    "registered": (REGISTER,),
    "updated": (REGISTER, UPDATE),
    "with a menu": (REGISTER, PUBLISH),
    "repriced": (REGISTER, PUBLISH, REPRICE),
    "reminded": (REGISTER, REMIND),
}


def noodles() -> MerchantStory:
    return merchant_story().given(REGISTER)


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(merchant_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_a_merchant_is_reminded_of_each_occasion_of_each_customer_once() -> None:
    story = noodles().given(REMIND, evolve(REMIND, customer=BO), evolve(REMIND, on="spring"))
    next_year = evolve(REMIND, occasion=OccasionId("2027/birthday"))

    assert story.when(REMIND) == []
    assert story.when(next_year) == [
        CareReminderRaised(
            merchant=NOODLES,
            customer=ANNA,
            occasion=OccasionId("2027/birthday"),
            on="birthday",
            days=3,
        )
    ]


def test_what_a_merchant_is_reminded_of_is_named_by_a_code() -> None:
    with pytest.raises(NoCode) as refused:
        noodles().when(evolve(REMIND, on="her birthday"))
    assert refused.value.field == "on"


def test_a_merchant_needs_no_more_than_an_id() -> None:
    assert merchant_story().when(RegisterMerchant(merchant=NOODLES, at=NOON)) == [
        MerchantRegistered(merchant=NOODLES)
    ]


def test_a_merchant_registers_with_all_that_is_known() -> None:
    register = RegisterMerchant(
        merchant=NOODLES,
        at=NOON,
        name="Noodles",
        brand="Oodles",
        category="soups",
        address="Main Street 1",
        region="north",
        extra=(("stall", "7"),),
    )

    assert merchant_story().when(register) == [
        MerchantRegistered(
            merchant=NOODLES,
            name="Noodles",
            brand="Oodles",
            category="soups",
            address="Main Street 1",
            region="north",
            extra=(("stall", "7"),),
        )
    ]


@pytest.mark.parametrize(
    "other",
    [
        evolve(REGISTER, name=None),
        evolve(REGISTER, brand="Oodles"),
        evolve(REGISTER, category="soups"),
        evolve(REGISTER, address="Main Street 1"),
        evolve(REGISTER, region="north"),
        evolve(REGISTER, extra=(("stall", "7"),)),
    ],
    ids=["name", "brand", "category", "address", "region", "extra"],
)
def test_another_merchant_under_the_same_id_is_refused(other: RegisterMerchant) -> None:
    with pytest.raises(MerchantAlreadyRegistered) as refused:
        noodles().when(other)

    assert refused.value.merchant == NOODLES


def test_an_item_is_published_with_its_price_and_category() -> None:
    assert noodles().when(evolve(PUBLISH, category="soups")) == [
        MenuItemPublished(
            merchant=NOODLES,
            item=SOUP,
            name="Soup",
            price=Money(minor=12_00, currency="CNY"),
            category="soups",
        )
    ]


@pytest.mark.parametrize(
    "other",
    [
        evolve(PUBLISH, name="Hot soup"),
        evolve(PUBLISH, category="starters"),
        evolve(PUBLISH, price=Money(minor=12_00, currency="USD")),
        evolve(PUBLISH, item=ItemId("rice")),
    ],
    ids=["name", "category", "currency", "item"],
)
def test_an_item_with_anything_else_about_it_is_published_anew(other: PublishMenuItem) -> None:
    assert len(noodles().given(PUBLISH).when(other)) == 1


def test_a_menu_needs_a_merchant() -> None:
    with pytest.raises(UnknownMerchant) as refused:
        merchant_story().when(PUBLISH)

    assert refused.value.merchant == NOODLES


@pytest.mark.parametrize(
    "price",
    [Money(minor=0, currency="CNY"), Money(minor=MOST_MINOR, currency="GBP.3")],
    ids=["nothing", "the most"],
)
def test_an_item_may_cost_anything_from_nothing_to_the_most(price: Money) -> None:
    assert noodles().when(evolve(PUBLISH, price=price))


@pytest.mark.parametrize(
    "price",
    [
        Money(minor=-1, currency="CNY"),
        Money(minor=MOST_MINOR + 1, currency="CNY"),
        Money(minor=1, currency="yuan"),
    ],
    ids=["below nothing", "above the most", "no currency"],
)
def test_an_impossible_price_is_refused(price: Money) -> None:
    with pytest.raises(ImpossiblePrice) as refused:
        noodles().when(evolve(PUBLISH, price=price))

    assert (refused.value.item, refused.value.price) == (SOUP, price)


def test_details_that_are_not_given_stay_as_they_were() -> None:
    assert noodles().when(UPDATE) == [MerchantDetailsUpdated(merchant=NOODLES, brand="Oodles")]


def test_all_that_is_known_of_a_merchant_may_change() -> None:
    update = UpdateMerchantDetails(
        merchant=NOODLES,
        at=NOON,
        name="Oodles",
        brand="Oodles",
        category="soups",
        address="Main Street 1",
        region="north",
        extra=(("stall", "7"),),
    )

    assert noodles().when(update) == [
        MerchantDetailsUpdated(
            merchant=NOODLES,
            name="Oodles",
            brand="Oodles",
            category="soups",
            address="Main Street 1",
            region="north",
            extra=(("stall", "7"),),
        )
    ]


def test_an_update_of_nothing_adds_nothing() -> None:
    assert noodles().when(UpdateMerchantDetails(merchant=NOODLES, at=NOON)) == []


def test_details_may_change_back() -> None:
    story = noodles().given(UPDATE, evolve(UPDATE, brand="Noodles"))

    assert story.when(UPDATE) == [MerchantDetailsUpdated(merchant=NOODLES, brand="Oodles")]


def test_a_merchant_registered_again_as_at_first_is_no_news_after_an_update() -> None:
    assert noodles().given(UPDATE).when(REGISTER) == []


@given(st.lists(merchant_commands(st.just(NOODLES)), max_size=12))
def test_no_sequence_of_commands_breaks_the_invariants(commands: list[Command]) -> None:
    story = merchant_story()
    menu: dict[ItemId, MenuItemPublished] = {}

    for event in (event for command in commands for event in story.attempt(command)):
        if isinstance(event, MenuItemPublished):
            assert 0 <= event.price.minor <= MOST_MINOR
            assert menu.get(event.item) != event
            menu[event.item] = event

    kinds = [type(event) for event in story.told if not isinstance(event, CareReminderRaised)]
    assert kinds[:1] in ([], [MerchantRegistered])
    assert MerchantRegistered not in kinds[1:]


@given(st.lists(merchant_commands(st.just(NOODLES)), max_size=12))
def test_a_repeated_command_adds_nothing(commands: list[Command]) -> None:
    story = merchant_story()
    for command in commands:
        story.attempt(command)

        assert story.attempt(command) == []
