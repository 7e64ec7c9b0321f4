"""Customer profiles: what the orders of one person add up to. No personal data."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any, ClassVar, Final, TypeAlias

from attrs import define, field, frozen
from attrs.validators import ge

from regulars.application.aggregates import customer_stream
from regulars.application.events import Happened, microseconds, moment
from regulars.application.queries import Ask, Query, ViewRows
from regulars.application.sales import ITEMS, MERCHANTS, local, quarter_hour
from regulars.application.views import Key, View
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn
from regulars.domain.customer import (
    CustomerDetailsUpdated,
    CustomerRegistered,
    DeliveryAddressAdded,
    DeliveryAddressRemoved,
)
from regulars.domain.empty import empty
from regulars.domain.order import OrderCancelled, OrderDelivered
from regulars.domain.purchase import OrderPlaced
from regulars.domain.records import (
    CustomerAbsorbed,
    CustomerMergeReverted,
    CustomerSeparated,
    CustomersMerged,
)
from regulars.domain.refund import RefundIssued
from regulars.domain.values import CustomerId, Money

_SATURDAY: Final = 5


@define
class OpenOrder:
    """What a placed order will count for once it is delivered."""

    items: list[str]
    categories: list[str]
    channel: str
    payment_method: str | None = None


@define
class CustomerHistory:
    """
    One customer's row. Orders count from their delivery on; times are microseconds.

    `quarters` counts the orders placed in each quarter of an hour since 1970, so that any time
    zone's hours and weekdays can be told. `items` and `categories` count the orders that had
    them. Amounts are minor units by currency. `open` are orders not delivered yet. What was
    recorded of a customer who was `merged_into` another stays in their own row, and is added up
    with that of whoever `absorbed` them when it is asked for.
    """

    customer: str
    registered_at: int | None = None
    source: str | None = None
    orders: int = 0
    cancelled: int = 0
    first_order_at: int | None = None
    last_order_at: int | None = None
    spent: dict[str, int] = empty(dict[str, int])
    refunded: dict[str, int] = empty(dict[str, int])
    quarters: dict[int, int] = empty(dict[int, int])
    items: dict[str, int] = empty(dict[str, int])
    categories: dict[str, int] = empty(dict[str, int])
    merchants: dict[str, int] = empty(dict[str, int])
    payment_methods: dict[str, int] = empty(dict[str, int])
    channels: dict[str, int] = empty(dict[str, int])
    addresses: int = 0
    consents: list[str] = empty(list[str])
    withdrawn: list[str] = empty(list[str])
    open: dict[str, OpenOrder] = empty(dict[str, OpenOrder])
    merged_into: str | None = None
    absorbed: list[str] = empty(list[str])


_Theirs: TypeAlias = (
    CustomerRegistered
    | CustomerDetailsUpdated
    | DeliveryAddressAdded
    | DeliveryAddressRemoved
    | ConsentGranted
    | ConsentWithdrawn
    | CustomersMerged
    | CustomerAbsorbed
    | CustomerMergeReverted
    | CustomerSeparated
    | OrderPlaced
    | OrderDelivered
    | OrderCancelled
    | RefundIssued
)


def _parts(recorded: Happened) -> Iterable[tuple[Key, Happened]]:
    customer = getattr(recorded.event, "customer", None)
    return () if customer is None else (((customer,), recorded),)


def _fold(row: CustomerHistory, recorded: Happened) -> None:
    match recorded.event:
        case OrderPlaced() as placed:
            row.open[placed.order] = OpenOrder(
                items=sorted({line.item for line in placed.lines}),
                categories=sorted({line.category for line in placed.lines if line.category}),
                channel=placed.channel.value,
                payment_method=placed.payment_method,
            )
        case OrderDelivered() as delivered:
            _count(row, delivered)
        case OrderCancelled(order=order):
            row.open.pop(order, None)
            row.cancelled += 1
        case RefundIssued(currency=currency, amount=amount):
            _add(row.refunded, currency, amount)
        case CustomerRegistered(source=source):
            row.registered_at = recorded.occurred_at or None
            row.source = source
        case CustomerDetailsUpdated(source=source):
            row.source = source or row.source
        case DeliveryAddressAdded():
            row.addresses += 1
        case DeliveryAddressRemoved():
            row.addresses -= 1
        case ConsentGranted(purpose=purpose, channel=channel):
            row.consents = sorted({*row.consents, _consent(purpose, channel)})
            row.withdrawn = _left(row.withdrawn, purpose, channel)
        case ConsentWithdrawn(purpose=purpose, channel=channel):
            row.consents = sorted({*row.consents} - {_consent(purpose, channel)})
            row.withdrawn = _left(row.withdrawn, purpose, channel)
            if purpose in row.consents:
                row.withdrawn = sorted([*row.withdrawn, _consent(purpose, channel)])
        case CustomersMerged(into=into):
            row.merged_into = into
        case CustomerMergeReverted():
            row.merged_into = None
        case CustomerAbsorbed(absorbed=absorbed, further=further):
            row.absorbed = [*row.absorbed, absorbed, *further]
        case CustomerSeparated(absorbed=absorbed, further=further):
            row.absorbed = [one for one in row.absorbed if one not in {absorbed, *further}]
        case _:
            pass


def _count(row: CustomerHistory, delivered: OrderDelivered) -> None:
    order = row.open.pop(delivered.order, None)
    placed_at = microseconds(delivered.placed_at)
    row.orders += 1
    if row.first_order_at is None or placed_at < row.first_order_at:
        row.first_order_at = placed_at
    if row.last_order_at is None or placed_at > row.last_order_at:
        row.last_order_at = placed_at
    _add(row.spent, delivered.currency, delivered.total)
    quarter = quarter_hour(placed_at)
    row.quarters[quarter] = row.quarters.get(quarter, 0) + 1
    if delivered.merchant is not None:
        _add(row.merchants, delivered.merchant, 1)
    # As of a moment between the two, an order can be delivered that was not placed yet.
    if order is not None:
        for item in order.items:
            _add(row.items, item, 1)
        for category in order.categories:
            _add(row.categories, category, 1)
        _add(row.channels, order.channel, 1)
        if order.payment_method is not None:
            _add(row.payment_methods, order.payment_method, 1)


def _add(counts: dict[str, int], name: str, amount: int) -> None:
    counts[name] = counts.get(name, 0) + amount


def _consent(purpose: str, channel: str | None) -> str:
    return purpose if channel is None else f"{purpose}/{channel}"


def _left(withdrawn: Sequence[str], purpose: str, channel: str | None) -> list[str]:
    """What stays withdrawn once something else was said about a channel, or about all."""
    if channel is None:
        return [one for one in withdrawn if not one.startswith(f"{purpose}/")]
    return [one for one in withdrawn if one != _consent(purpose, channel)]


CUSTOMERS: Final[View[CustomerHistory, Happened]] = View(
    name="customers",
    version=3,
    row=CustomerHistory,
    key=("customer",),
    reads=frozenset(_Theirs.__args__),
    parts=_parts,
    fold=_fold,
)


def of_person(own: CustomerHistory, absorbed: Iterable[CustomerHistory]) -> CustomerHistory:
    """
    The rows of one person added up, in a row of its own.

    What they allow is what the survivor's row says, which heeds what both have said.
    """
    total = CustomerHistory(
        customer=own.customer,
        consents=own.consents,
        withdrawn=own.withdrawn,
        absorbed=own.absorbed,
        source=own.source,
    )
    for row in (own, *absorbed):
        total.registered_at = _first(total.registered_at, row.registered_at)
        total.source = total.source or row.source
        total.orders += row.orders
        total.cancelled += row.cancelled
        total.addresses += row.addresses
        total.first_order_at = _first(total.first_order_at, row.first_order_at)
        total.last_order_at = max(total.last_order_at or 0, row.last_order_at or 0) or None
        total.open |= row.open
        for counts, more in (
            (total.spent, row.spent),
            (total.refunded, row.refunded),
            (total.items, row.items),
            (total.categories, row.categories),
            (total.merchants, row.merchants),
            (total.payment_methods, row.payment_methods),
            (total.channels, row.channels),
        ):
            for name, amount in more.items():
                _add(counts, name, amount)
        for quarter, orders in row.quarters.items():
            total.quarters[quarter] = total.quarters.get(quarter, 0) + orders
    return total


def _first(one: int | None, other: int | None) -> int | None:
    return min((at for at in (one, other) if at is not None), default=None)


@frozen(kw_only=True)
class Favourite:
    """Something a customer chose in `orders` orders."""

    id: str
    name: str | None
    orders: int


@frozen(kw_only=True)
class Summary:
    """
    A customer's profile. Hours and weekdays are those of the time zone asked for.

    Of a customer who `absorbed` others it tells what all of them ordered; of one who was
    `merged_into` another, what was recorded under their own id.
    `consents` are purposes, or purpose/channel; `withdrawn` are channels that were taken out of a
    consent for all.
    `hours` has 24 counts, from midnight; `weekdays` 7, from Monday. Both count delivered orders
    by the time they were placed. Favourites are by orders, ties by id.
    """

    customer: str
    registered_at: datetime | None
    source: str | None
    orders: int
    cancelled: int
    open_orders: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    spent: tuple[Money, ...]
    refunded: tuple[Money, ...]
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    weekday_orders: int
    weekend_orders: int
    favourite_items: tuple[Favourite, ...]
    favourite_categories: tuple[Favourite, ...]
    favourite_merchants: tuple[Favourite, ...]
    payment_methods: tuple[Favourite, ...]
    channels: tuple[Favourite, ...]
    addresses: int
    consents: tuple[str, ...]
    withdrawn: tuple[str, ...]
    merged_into: str | None
    absorbed: tuple[str, ...]


@frozen(kw_only=True)
class RecordsOf(Query[tuple[str, ...]]):
    """The ids that a customer's orders stand under: their own, and those merged into them."""

    views: ClassVar[tuple[View[Any, Any], ...]] = (CUSTOMERS,)

    customer: str

    def streams(self) -> Collection[str]:
        """The customer's own."""
        return [customer_stream(CustomerId(self.customer))]

    def answer(self, rows: ViewRows) -> tuple[str, ...]:
        """The ids, the customer's own first."""
        key = (self.customer,)
        row = rows.load(CUSTOMERS, [key]).get(key)
        return (self.customer, *([] if row is None else row.absorbed))


@frozen(kw_only=True)
class CustomerProfile(Query[Summary | None]):
    """
    What is known of a customer's orders; None for nobody.

    `top` limits each list of favourites.
    """

    views: ClassVar[tuple[View[Any, Any], ...]] = (CUSTOMERS, ITEMS, MERCHANTS)

    customer: str
    timezone: tzinfo
    top: int = field(default=5, validator=ge(0))

    def concerning(self, ask: Ask) -> Callable[[View[Any, Any], Key], bool]:
        """The rows of the person, and those of items and merchants for their names."""
        records = ask(RecordsOf(customer=self.customer))
        return lambda view, key: view is not CUSTOMERS or key[0] in records

    def answer(self, rows: ViewRows) -> Summary | None:
        """The profile, with names of items and merchants as they are known now."""
        key = (self.customer,)
        row = rows.load(CUSTOMERS, [key]).get(key)
        if row is None:
            return None
        if row.absorbed:
            others = rows.load(CUSTOMERS, [(one,) for one in row.absorbed])
            row = of_person(row, others.values())
        hours, weekdays = [0] * 24, [0] * 7
        for quarter, orders in row.quarters.items():
            at = local(quarter, self.timezone)
            hours[at.hour] += orders
            weekdays[at.weekday()] += orders
        items = self._most(row.items)
        merchants = self._most(row.merchants)
        item_rows = rows.load(ITEMS, [(item,) for item, _ in items])
        merchant_rows = rows.load(MERCHANTS, [(merchant,) for merchant, _ in merchants])
        item_names = {key[0]: found.name for key, found in item_rows.items()}
        merchant_names = {key[0]: found.name for key, found in merchant_rows.items()}
        return Summary(
            customer=row.customer,
            registered_at=_moment(row.registered_at),
            source=row.source,
            orders=row.orders,
            cancelled=row.cancelled,
            open_orders=len(row.open),
            first_order_at=_moment(row.first_order_at),
            last_order_at=_moment(row.last_order_at),
            spent=_money(row.spent),
            refunded=_money(row.refunded),
            hours=tuple(hours),
            weekdays=tuple(weekdays),
            weekday_orders=sum(weekdays[:_SATURDAY]),
            weekend_orders=sum(weekdays[_SATURDAY:]),
            favourite_items=_favourites(items, item_names),
            favourite_categories=_favourites(self._most(row.categories)),
            favourite_merchants=_favourites(merchants, merchant_names),
            payment_methods=_favourites(self._most(row.payment_methods)),
            channels=_favourites(self._most(row.channels)),
            addresses=row.addresses,
            consents=tuple(row.consents),
            withdrawn=tuple(row.withdrawn),
            merged_into=row.merged_into,
            absorbed=tuple(row.absorbed),
        )

    def _most(self, counts: dict[str, int]) -> list[tuple[str, int]]:
        return sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))[: self.top]


def _favourites(
    counted: Collection[tuple[str, int]], names: dict[str | int, str | None] | None = None
) -> tuple[Favourite, ...]:
    named = names or {}
    return tuple(Favourite(id=id_, name=named.get(id_), orders=orders) for id_, orders in counted)


def _money(amounts: dict[str, int]) -> tuple[Money, ...]:
    return tuple(Money(minor=minor, currency=code) for code, minor in sorted(amounts.items()))


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else moment(micros)
