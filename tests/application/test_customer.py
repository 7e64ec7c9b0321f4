from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from regulars.application.customer import CustomerProfile, Favourite, Summary
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.customer import RegisterCustomer
from regulars.domain.values import CustomerId, Money
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.application.shop_week import (
    BAKERY,
    FRIDAY,
    MONDAY,
    RICE,
    SATURDAY,
    delivered,
    place,
    shop_week,
)
from tests.domain.examples import ANNA, BO, DELIVER, NOODLES, PLACE
from tests.domain.story import NOON, minutes

SHANGHAI = ZoneInfo("Asia/Shanghai")


def profile(town: Parts, customer: str = ANNA, **how: int) -> Summary | None:
    return town.crm.ask(CustomerProfile(customer=customer, timezone=SHANGHAI, **how))


def test_a_profile_is_what_the_orders_of_a_customer_add_up_to() -> None:
    found = profile(shop_week())

    assert found is not None
    assert (found.registered_at, found.source) == (FRIDAY, "flyer")
    assert (found.orders, found.cancelled, found.open_orders) == (3, 1, 1)
    assert (found.first_order_at, found.last_order_at) == (FRIDAY, MONDAY)
    assert found.spent == (Money(minor=85_00, currency="CNY"), Money(minor=9_99, currency="USD"))
    assert found.refunded == (Money(minor=60_50, currency="CNY"),)
    assert (found.addresses, found.consents) == (1, ("analytics", "marketing/email"))


def test_a_profile_tells_what_was_taken_out_of_a_consent_for_all() -> None:
    town = shop_week()
    allow = GrantConsent(customer=ANNA, at=NOON, purpose="marketing")
    stop = WithdrawConsent(customer=ANNA, at=NOON, purpose="marketing", channel="sms")

    def told(*commands: GrantConsent | WithdrawConsent) -> tuple[tuple[str, ...], tuple[str, ...]]:
        town.execute(*commands)
        found = profile(town)
        assert found is not None
        return found.consents, found.withdrawn

    assert told(allow, stop) == (("analytics", "marketing", "marketing/email"), ("marketing/sms",))
    assert told(evolve(allow, channel="sms"))[1] == ()
    assert told(stop)[1] == ("marketing/sms",)
    assert told(evolve(stop, channel=None)) == (("analytics",), ())


def test_hours_and_weekdays_are_those_of_the_place_that_is_asked_for() -> None:
    there = profile(shop_week())
    here = shop_week().crm.ask(CustomerProfile(customer=ANNA, timezone=UTC))

    assert there is not None
    assert here is not None
    assert {hour: orders for hour, orders in enumerate(there.hours) if orders} == {
        0: 1,
        11: 1,
        12: 1,
    }
    assert {hour: orders for hour, orders in enumerate(here.hours) if orders} == {3: 1, 4: 1, 16: 1}
    assert there.weekdays == (1, 0, 0, 0, 1, 1, 0)
    assert here.weekdays == (1, 0, 0, 0, 2, 0, 0)
    assert (there.weekday_orders, there.weekend_orders) == (2, 1)
    assert (here.weekday_orders, here.weekend_orders) == (3, 0)


def test_favourites_come_with_names_the_most_chosen_first() -> None:
    found = profile(shop_week())

    assert found is not None
    assert found.favourite_items == (
        Favourite(id="soup", name="Soup", orders=2),
        Favourite(id="rice", name=None, orders=1),
        Favourite(id="tea", name="Tea 茶", orders=1),
    )
    assert [one.id for one in found.favourite_categories] == ["mains", "drinks"]
    assert found.favourite_merchants == (
        Favourite(id=NOODLES, name="Noodles", orders=2),
        Favourite(id=BAKERY, name=None, orders=1),
    )
    assert [(one.id, one.orders) for one in found.channels] == [("delivery", 2), ("pickup", 1)]
    assert [(one.id, one.orders) for one in found.payment_methods] == [("card", 2)]


@pytest.mark.parametrize(("top", "items"), [(0, []), (1, ["soup"]), (2, ["soup", "rice"])])
def test_a_host_says_how_many_favourites_it_wants(top: int, items: list[str]) -> None:
    found = profile(shop_week(), top=top)

    assert found is not None
    assert [one.id for one in found.favourite_items] == items


def test_nobody_has_no_profile() -> None:
    assert profile(shop_week(), customer="nobody") is None


def test_somebody_who_ordered_without_registering_has_one() -> None:
    found = profile(shop_week(), customer=BO)

    assert found is not None
    assert (found.registered_at, found.orders) == (None, 1)


def test_somebody_who_registered_without_ordering_has_an_empty_one() -> None:
    carl = CustomerId("carl")
    town = tell(memory_core(), [RegisterCustomer(customer=carl, at=FRIDAY)])

    found = profile(town, customer=carl)

    assert found is not None
    assert (found.orders, found.first_order_at, found.favourite_items) == (0, None, ())
    assert sum(found.hours) == sum(found.weekdays) == 0


def test_the_first_order_is_the_one_that_was_placed_first() -> None:
    told = [
        place(order, at, 1_00, RICE)
        for order, at in (("o-2", SATURDAY), ("o-3", MONDAY), ("o-1", FRIDAY))
    ]
    town = tell(
        memory_core(), [*told, *(delivered(order, MONDAY) for order in ("o-3", "o-1", "o-2"))]
    )

    found = profile(town)

    assert found is not None
    assert (found.first_order_at, found.last_order_at, found.orders) == (FRIDAY, MONDAY, 3)


def test_an_order_without_a_merchant_counts_all_the_same() -> None:
    found = profile(tell(memory_core(), [evolve(PLACE, merchant=None), DELIVER]))

    assert found is not None
    assert (found.orders, found.favourite_merchants) == (1, ())


def test_an_order_that_was_delivered_before_it_was_placed_counts_without_its_goods() -> None:
    town = tell(memory_core(), [PLACE, evolve(DELIVER, at=PLACE.at - minutes(5))])

    asked = CustomerProfile(customer=ANNA, timezone=UTC)
    found = town.crm.ask(asked, as_of=PLACE.at - minutes(1))

    assert found is not None
    assert (found.orders, found.channels, found.open_orders) == (1, (), 0)
