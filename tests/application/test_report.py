from datetime import UTC, date
from zoneinfo import ZoneInfo

from hypothesis import given

from regulars.application.balances import PointsBalance
from regulars.application.report import (
    PointsTotals,
    Report,
    SalesReport,
    Sold,
    TopCustomer,
    TopItem,
    TopMerchant,
)
from regulars.domain.order import OrderCancelled, OrderDelivered
from regulars.domain.refund import RefundIssued
from regulars.domain.values import Money
from tests.application.histories import towns
from tests.application.memory_crm import Parts, memory_core
from tests.application.shop_week import BAKERY, shop_week
from tests.domain.examples import ANNA, BO, NOODLES

SHANGHAI = ZoneInfo("Asia/Shanghai")


def cny(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


def report(town: Parts, currency: str | None = None, top: int = 10) -> Report:
    return town.crm.ask(SalesReport(timezone=SHANGHAI, currency=currency, top=top))


def test_a_report_counts_who_came_and_who_came_back() -> None:
    found = report(shop_week())

    assert found.orders == 5
    assert found.cancelled_orders == 1
    assert (found.customers, found.ordering_customers, found.repeat_customers) == (2, 2, 1)
    assert found.return_rate == 0.5
    assert found.merchants == 2


def test_a_report_tells_what_was_sold_by_currency_the_most_used_first() -> None:
    found = report(shop_week())

    assert found.currency == "CNY"
    assert found.sold == (
        Sold(
            currency="CNY",
            orders=4,
            revenue=cny(137_50),
            refunds=2,
            refunded=cny(60_50),
            anonymous_orders=1,
            anonymous_revenue=cny(7_00),
        ),
        Sold(
            currency="USD",
            orders=1,
            revenue=Money(minor=9_99, currency="USD"),
            refunds=0,
            refunded=Money(minor=0, currency="USD"),
            anonymous_orders=0,
            anonymous_revenue=Money(minor=0, currency="USD"),
        ),
    )


def test_a_report_tells_hours_and_days_of_the_place_that_is_asked_for() -> None:
    found = report(shop_week())

    assert {hour: orders for hour, orders in enumerate(found.hours) if orders} == {
        0: 1,
        11: 3,
        12: 1,
    }
    assert found.days == (
        (date(2024, 5, 17), 1),
        (date(2024, 5, 18), 1),
        (date(2024, 5, 20), 3),
    )


def test_a_report_adds_up_the_points_of_everybody() -> None:
    found = report(shop_week())

    assert found.points == PointsTotals(
        earned=139, reversed=51, expired=0, redeemed=0, adjusted=0, outstanding=88
    )


def test_a_report_ranks_merchants_items_and_customers() -> None:
    found = report(shop_week())

    assert found.top_merchants == (
        TopMerchant(merchant=NOODLES, name="Noodles", orders=3, revenue=cny(92_00)),
        TopMerchant(merchant=BAKERY, name=None, orders=2, revenue=cny(45_50)),
    )
    assert found.top_items == (
        TopItem(item="soup", name="Soup", category="mains", orders=3, quantity=8),
        TopItem(item="tea", name="Tea 茶", category="drinks", orders=3, quantity=3),
        TopItem(item="rice", name=None, category=None, orders=1, quantity=3),
    )
    assert found.top_customers == (
        TopCustomer(customer=ANNA, orders=3, spent=cny(85_00), points=43),
        TopCustomer(customer=BO, orders=1, spent=cny(45_50), points=45),
    )


def test_a_host_chooses_the_currency_that_ranks_and_how_many_it_wants() -> None:
    found = report(shop_week(), currency="USD", top=1)

    usd = Money(minor=9_99, currency="USD")
    assert found.top_customers == (TopCustomer(customer=ANNA, orders=3, spent=usd, points=43),)
    assert [(one.merchant, one.revenue) for one in found.top_merchants] == [(NOODLES, None)]
    assert len(found.top_items) == 1


def test_a_report_of_nothing_is_empty() -> None:
    found = report(memory_core())

    assert (found.orders, found.customers, found.return_rate, found.currency) == (0, 0, None, None)
    assert (found.sold, found.days, found.flags) == ((), (), ())
    assert (found.top_merchants, found.top_items, found.top_customers) == ((), (), ())
    assert found.hours == (0,) * 24


@given(town=towns)
def test_a_report_agrees_with_a_count_of_the_events(town: Parts) -> None:
    found = town.crm.ask(SalesReport(timezone=UTC))
    events = [one.event for one in town.events()]
    delivered = [one for one in events if isinstance(one, OrderDelivered)]
    refunds = [one for one in events if isinstance(one, RefundIssued)]

    assert found.orders == len(delivered) == sum(found.hours) == sum(n for _, n in found.days)
    assert sum(one.revenue.minor for one in found.sold) == sum(one.total for one in delivered)
    assert sum(one.refunded.minor for one in found.sold) == sum(one.amount for one in refunds)
    assert found.cancelled_orders == sum(isinstance(one, OrderCancelled) for one in events)
    balances = [town.crm.ask(PointsBalance(customer=customer)) for customer in ("anna", "bo")]
    assert found.points.outstanding == sum(one.balance for one in balances if one is not None)
