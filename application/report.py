"""The report: how many came, how many came back, what they bought and what they earned."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, tzinfo
from heapq import nsmallest
from typing import Any, ClassVar, Final

from attrs import define, field, fields, frozen
from attrs.validators import ge

from regulars.application.customer import CUSTOMERS, CustomerHistory, of_person
from regulars.application.loyalty import ACCOUNTS, AccountTotals
from regulars.application.queries import Query, ViewRows
from regulars.application.sales import FLAGS, ITEMS, MERCHANTS, SALES, QuarterSales, local
from regulars.application.views import View
from regulars.domain.values import Money

_REPEAT: Final = 2


@frozen(kw_only=True)
class Sold:
    """What was sold in one currency. `refunded` is everything paid back, goodwill included."""

    currency: str
    orders: int
    revenue: Money
    refunds: int
    refunded: Money
    anonymous_orders: int
    anonymous_revenue: Money


@frozen(kw_only=True)
class PointsTotals:
    """
    Points of all accounts: outstanding = earned + adjusted - reversed - expired - redeemed.

    `adjusted` were put in by hand or came along from another system, less those taken out by hand
    or forfeited.
    """

    earned: int
    reversed: int
    expired: int
    redeemed: int
    adjusted: int
    outstanding: int


@frozen(kw_only=True)
class TopMerchant:
    """A merchant by orders. `revenue` in the report's currency, None if it sold nothing in it."""

    merchant: str
    name: str | None
    orders: int
    revenue: Money | None


@frozen(kw_only=True)
class TopItem:
    """An item by the orders that had it."""

    item: str
    name: str | None
    category: str | None
    orders: int
    quantity: int


@frozen(kw_only=True)
class TopCustomer:
    """
    A customer by what they spent in the report's currency; points of all programmes.

    Both with what stands under the ids of those who were merged into them.
    """

    customer: str
    orders: int
    spent: Money
    points: int


@frozen(kw_only=True)
class Report:
    """
    The figures of the whole log. Orders are delivered ones, by the time they were placed.

    `customers` and `merchants` are those known, merged customers as one; `return_rate` is
    `repeat_customers` (two orders or more) over `ordering_customers` (one or more), None if nobody
    ordered. `hours` has 24 counts. `currency` is the one that ranks; `sold` has every currency, the
    most used first.
    """

    orders: int
    cancelled_orders: int
    customers: int
    ordering_customers: int
    repeat_customers: int
    return_rate: float | None
    merchants: int
    currency: str | None
    sold: tuple[Sold, ...]
    points: PointsTotals
    hours: tuple[int, ...]
    days: tuple[tuple[date, int], ...]
    top_merchants: tuple[TopMerchant, ...]
    top_items: tuple[TopItem, ...]
    top_customers: tuple[TopCustomer, ...]
    flags: tuple[tuple[str, int], ...]


@define
class _Customers:
    """What the customers' rows add up to."""

    known: int = 0
    ordering: int = 0
    repeat: int = 0


@frozen(kw_only=True)
class SalesReport(Query[Report]):
    """
    The report, its hours and days on the clocks of `timezone`, its lists of `top` entries.

    `currency` chooses whose amounts rank customers; None takes the one with the most orders.
    Ties are broken by id.
    """

    views: ClassVar[tuple[View[Any, Any], ...]] = (
        CUSTOMERS,
        ACCOUNTS,
        SALES,
        MERCHANTS,
        ITEMS,
        FLAGS,
    )

    timezone: tzinfo
    top: int = field(default=10, validator=ge(0))
    currency: str | None = None

    def answer(self, rows: ViewRows) -> Report:
        """The figures."""
        hours, days = [0] * 24, Counter[date]()
        sold: dict[str, QuarterSales] = {}
        for row in rows.rows(SALES):
            at = local(row.quarter, self.timezone)
            hours[at.hour] += row.orders
            if row.orders:
                days[at.date()] += row.orders
            _add(row, to=sold.setdefault(row.currency, QuarterSales(0, row.currency)))
        totals = sorted(
            (total for total in sold.values() if total.orders or total.refunds),
            key=lambda total: (-total.orders, total.currency),
        )
        currency = self.currency or (totals[0].currency if totals else None)
        points, held = _points(rows)
        customers, best = self._customers(rows, currency, held)
        merchants, sellers = self._merchants(rows, currency)
        return Report(
            orders=sum(total.orders for total in totals),
            cancelled_orders=sum(total.cancelled for total in sold.values()),
            customers=customers.known,
            ordering_customers=customers.ordering,
            repeat_customers=customers.repeat,
            return_rate=customers.repeat / customers.ordering if customers.ordering else None,
            merchants=merchants,
            currency=currency,
            sold=tuple(_sold(total) for total in totals),
            points=points,
            hours=tuple(hours),
            days=tuple(sorted(days.items())),
            top_merchants=sellers,
            top_items=self._items(rows),
            top_customers=best,
            flags=tuple((flag.kind, flag.times) for flag in rows.rows(FLAGS)),
        )

    def _customers(
        self, rows: ViewRows, currency: str | None, held: Counter[str]
    ) -> tuple[_Customers, tuple[TopCustomer, ...]]:
        count = _Customers()

        def ranked() -> Iterable[tuple[int, str, int]]:
            for row in _persons(rows):
                for absorbed in row.absorbed:
                    held[row.customer] += held[absorbed]
                count.known += 1
                count.ordering += row.orders > 0
                count.repeat += row.orders >= _REPEAT
                if currency in row.spent:
                    yield -row.spent[currency], row.customer, row.orders

        best = tuple(
            TopCustomer(
                customer=customer,
                orders=orders,
                spent=Money(minor=-spent, currency=currency or ""),
                points=held[customer],
            )
            for spent, customer, orders in nsmallest(self.top or 1, ranked())[: self.top]
        )
        return count, best

    def _merchants(
        self, rows: ViewRows, currency: str | None
    ) -> tuple[int, tuple[TopMerchant, ...]]:
        known = list(rows.rows(MERCHANTS))
        best = nsmallest(self.top, known, key=lambda row: (-row.orders, row.merchant))
        return len(known), tuple(
            TopMerchant(
                merchant=row.merchant,
                name=row.name,
                orders=row.orders,
                revenue=_money_in(currency, row.revenue),
            )
            for row in best
            if row.orders
        )

    def _items(self, rows: ViewRows) -> tuple[TopItem, ...]:
        best = nsmallest(self.top, rows.rows(ITEMS), key=lambda row: (-row.orders, row.item))
        return tuple(
            TopItem(
                item=row.item,
                name=row.name,
                category=row.category,
                orders=row.orders,
                quantity=row.quantity,
            )
            for row in best
            if row.orders
        )


def _persons(rows: ViewRows) -> Iterator[CustomerHistory]:
    """A row for each person: those of customers who were merged are added up."""
    merged: dict[str, CustomerHistory] = {}
    survivors: list[CustomerHistory] = []
    for row in rows.rows(CUSTOMERS):
        if row.merged_into is not None:
            merged[row.customer] = row
        elif row.absorbed:
            survivors.append(row)
        else:
            yield row
    for row in survivors:
        yield of_person(row, (merged[one] for one in row.absorbed if one in merged))


def _add(row: QuarterSales, *, to: QuarterSales) -> None:
    for spec in fields(QuarterSales)[2:]:
        setattr(to, spec.name, getattr(to, spec.name) + getattr(row, spec.name))


def _sold(total: QuarterSales) -> Sold:
    currency = total.currency
    return Sold(
        currency=currency,
        orders=total.orders,
        revenue=Money(minor=total.revenue, currency=currency),
        refunds=total.refunds,
        refunded=Money(minor=total.refunded, currency=currency),
        anonymous_orders=total.anonymous_orders,
        anonymous_revenue=Money(minor=total.anonymous_revenue, currency=currency),
    )


def _points(rows: ViewRows) -> tuple[PointsTotals, Counter[str]]:
    total = AccountTotals("", "")
    held = Counter[str]()
    for account in rows.rows(ACCOUNTS):
        held[account.customer] += account.balance
        total.earned += account.earned
        total.reversed += account.reversed
        total.expired += account.expired
        total.redeemed += account.redeemed
        total.adjusted += account.migrated + account.adjusted - account.forfeited
        total.balance += account.balance
    points = PointsTotals(
        earned=total.earned,
        reversed=total.reversed,
        expired=total.expired,
        redeemed=total.redeemed,
        adjusted=total.adjusted,
        outstanding=total.balance,
    )
    return points, held


def _money_in(currency: str | None, amounts: dict[str, int]) -> Money | None:
    if currency is None or currency not in amounts:
        return None
    return Money(minor=amounts[currency], currency=currency)
