from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.application.events import microseconds
from regulars.application.sales import FLAGS, ITEMS, MERCHANTS, SALES, local, quarter_hour
from regulars.application.views import View
from regulars.domain.merchant import PublishMenuItem
from regulars.domain.order import AcceptOrder, CancelOrder
from regulars.domain.purchase import Line
from regulars.domain.values import ItemId, Money, OrderId
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.application.shop_week import BAKERY, FRIDAY, MONDAY, SATURDAY, SOUP, TEA, shop_week
from tests.domain.examples import DELIVER, NOODLES, ORDER, PLACE, REFUND
from tests.domain.story import minutes


def rows(town: Parts, view: View[Any, Any]) -> dict[Any, Any]:
    found = {view.key_of(row): row for row in town.storage.views.rows(view)}
    return {key if len(view.key) > 1 else next(iter(key)): row for key, row in found.items()}


@given(
    at=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - `timezones` makes them aware
    offset=st.integers(-56, 56).map(lambda quarters: timedelta(minutes=15 * quarters)),
)
def test_a_quarter_of_an_hour_has_one_hour_and_day_in_every_time_zone(
    at: datetime, offset: timedelta
) -> None:
    there = timezone(offset)
    begins = local(quarter_hour(microseconds(at)), there)

    assert timedelta(0) <= at - begins < timedelta(minutes=15)
    assert (begins.date(), begins.hour) == (
        at.astimezone(there).date(),
        at.astimezone(there).hour,
    )


def test_a_sale_counts_when_it_was_placed_and_a_refund_when_it_was_issued() -> None:
    found = rows(shop_week(), SALES)

    def at(moment: datetime, currency: str = "CNY") -> Any:  # noqa: ANN401 - a row
        return found[quarter_hour(microseconds(moment)), currency]

    assert (at(FRIDAY).orders, at(FRIDAY).revenue, at(FRIDAY).refunds) == (1, 45_00, 0)
    assert (at(SATURDAY).orders, at(SATURDAY).revenue) == (1, 40_00)
    assert (at(MONDAY).orders, at(MONDAY).revenue) == (2, 52_50)
    assert (at(MONDAY).anonymous_orders, at(MONDAY).anonymous_revenue) == (1, 7_00)
    assert (at(MONDAY).refunds, at(MONDAY).refunded) == (2, 60_50)
    assert (at(MONDAY, "USD").orders, at(MONDAY, "USD").revenue) == (1, 9_99)
    assert (at(MONDAY).cancelled, at(FRIDAY).cancelled) == (1, 0)
    assert len(found) == 4


def test_a_merchant_is_what_it_sold_and_how_it_was_rated() -> None:
    found = rows(shop_week(), MERCHANTS)

    noodles, bakery = found[NOODLES], found[BAKERY]
    assert (noodles.name, noodles.category, noodles.orders) == ("Noodles", "mains", 3)
    assert (noodles.revenue, noodles.refunded) == ({"CNY": 92_00}, {"CNY": 60_50})
    assert (noodles.reviews, noodles.stars) == (1, 4)
    assert (bakery.name, bakery.orders, bakery.revenue) == (None, 2, {"USD": 9_99, "CNY": 45_50})


def test_an_item_counts_from_its_order_on_until_that_is_cancelled() -> None:
    found = rows(shop_week(), ITEMS)

    soup, tea, rice = found["soup"], found["tea"], found["rice"]
    assert (soup.name, soup.category) == ("Soup", "mains")
    assert (soup.orders, soup.quantity, soup.revenue) == (3, 8, {"CNY": 160_00})
    assert (tea.name, tea.category) == ("Tea 茶", "drinks")
    assert (tea.orders, tea.quantity, tea.revenue) == (3, 3, {"CNY": 15_00})
    assert (rice.orders, rice.quantity, rice.revenue) == (1, 3, {})


def test_the_menu_names_an_item_whatever_its_orders_called_it() -> None:
    menu = PublishMenuItem(
        merchant=NOODLES,
        at=MONDAY,
        item=SOUP.item,
        name="Soup of the day",
        price=Money(minor=1, currency="CNY"),
        category="specials",
    )
    later = evolve(SOUP, name="Old soup", category="old")
    town = shop_week()

    tell(town, [menu, evolve(PLACE, order=OrderId("o-9"), lines=(later,))])

    soup = rows(town, ITEMS)["soup"]
    assert (soup.name, soup.category, soup.orders) == ("Soup of the day", "specials", 4)


def test_an_item_that_is_given_away_earns_nothing() -> None:
    free = Line(line=1, item=ItemId("bag"), quantity=0, unit_price=0)

    bag = rows(tell(memory_core(), [evolve(PLACE, lines=(free,))]), ITEMS)["bag"]

    assert (bag.orders, bag.quantity, bag.revenue) == (1, 0, {"CNY": 0})


def test_a_cancelled_order_leaves_its_items_as_they_were() -> None:
    town = tell(
        memory_core(),
        [evolve(PLACE, lines=(SOUP, TEA)), CancelOrder(order=ORDER, at=PLACE.at)],
    )

    for row in rows(town, ITEMS).values():
        assert (row.orders, row.quantity, row.revenue) == (0, 0, {"CNY": 0})


@pytest.mark.parametrize(
    ("told", "flags"),
    [
        ([DELIVER], {}),
        ([AcceptOrder(order=ORDER, at=PLACE.at - minutes(1))], {"late_entry": 1}),
        ([DELIVER, REFUND], {}),
        ([DELIVER, evolve(REFUND, amount=PLACE.total + 1)], {"goodwill_refund": 1}),
        (
            [DELIVER, evolve(REFUND, amount=PLACE.total + 1, at=PLACE.at)],
            {"goodwill_refund": 1, "late_entry": 1},
        ),
    ],
)
def test_what_is_odd_is_counted(told: list[Any], flags: dict[str, int]) -> None:
    town = tell(memory_core(), [PLACE, *told])

    assert {kind: row.times for kind, row in rows(town, FLAGS).items()} == flags
