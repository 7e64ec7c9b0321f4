"""`regulars profile`: what is known of one customer, without any personal data."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import Call, call_options, examples, timezone_option
from regulars.adapters.cli_screen import (
    amounts,
    bars,
    clock,
    count,
    facts,
    hours_chart,
    money_document,
    plain,
    section,
    show,
    time_text,
    write_json,
)
from regulars.application.crm import Crm
from regulars.application.customer import CustomerProfile, Favourite, Summary
from regulars.domain.values import BEGINNING

_WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


class UnknownCustomer(Exception):
    """Nobody of this id is known."""

    def __init__(self, customer: str) -> None:
        super().__init__(customer)
        self.customer = customer

    def __str__(self) -> str:
        return f"there is no customer {self.customer!r}"


def known_customer(crm: Crm, customer: str) -> None:
    """
    Say so where nobody of this id is known today.

    Raises:
        UnknownCustomer: nobody is.
    """
    if crm.ask(CustomerProfile(customer=customer, timezone=UTC, top=0)) is None:
        raise UnknownCustomer(customer)


@click.command(
    epilog=examples(
        "regulars profile 1609 --timezone America/New_York",
        "regulars profile 1609 --json | jq .favourite_items",
    )
)
@click.argument("customer")
@timezone_option("On whose clocks the hours and weekdays are.")
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Entries of each list of favourites.",
)
@call_options(keys=False)
def profile(call: Call, *, customer: str, timezone: tzinfo, top: int) -> None:
    """
    Show what the orders of CUSTOMER add up to.

    Figures and habits only: names, addresses and all other personal data stay sealed.
    """
    with call.read() as crm:
        found = crm.ask(CustomerProfile(customer=customer, timezone=timezone, top=top))
    if found is None:
        raise UnknownCustomer(customer)
    if call.as_json:
        write_json(profile_document(found, timezone))
    else:
        show(*shown_profile(found, timezone))


def profile_document(summary: Summary, timezone: tzinfo) -> dict[str, object]:
    """The profile in JSON, times on the clocks of `timezone`."""
    return {
        "customer": summary.customer,
        "registered_at": time_text(_known(summary.registered_at), timezone),
        "source": summary.source,
        "orders": summary.orders,
        "cancelled_orders": summary.cancelled,
        "open_orders": summary.open_orders,
        "first_order_at": time_text(summary.first_order_at, timezone),
        "last_order_at": time_text(summary.last_order_at, timezone),
        "spent": [money_document(money) for money in summary.spent],
        "refunded": [money_document(money) for money in summary.refunded],
        "timezone": str(timezone),
        "orders_by_hour": {str(hour): orders for hour, orders in enumerate(summary.hours)},
        "orders_by_weekday": {
            day.lower(): orders for day, orders in zip(_WEEKDAYS, summary.weekdays, strict=True)
        },
        "weekday_orders": summary.weekday_orders,
        "weekend_orders": summary.weekend_orders,
        "favourite_items": _favourites(summary.favourite_items),
        "favourite_categories": _favourites(summary.favourite_categories),
        "favourite_merchants": _favourites(summary.favourite_merchants),
        "payment_methods": _favourites(summary.payment_methods),
        "channels": _favourites(summary.channels),
        "addresses": summary.addresses,
        "consents": list(summary.consents),
        "withdrawn": list(summary.withdrawn),
        "merged_into": summary.merged_into,
        "absorbed": list(summary.absorbed),
    }


def _favourites(favourites: Sequence[Favourite]) -> list[dict[str, object]]:
    return [{"id": one.id, "name": one.name, "orders": one.orders} for one in favourites]


def shown_profile(summary: Summary, timezone: tzinfo) -> Iterator[RenderableType]:
    """The profile for people, part by part."""
    channels = ", ".join(f"{one.id} {count(one.orders)}" for one in summary.channels)
    payments = ", ".join(f"{one.id} {count(one.orders)}" for one in summary.payment_methods)
    yield section(
        f"Customer {plain(summary.customer)}",
        facts(
            ("Registered", _registered(summary, timezone)),
            ("Orders", _orders(summary)),
            ("First order", clock(summary.first_order_at, timezone)),
            ("Last order", clock(summary.last_order_at, timezone)),
            ("Spent", amounts(summary.spent)),
            ("Refunded", amounts(summary.refunded)),
            ("Channels", channels or "-"),
            ("Payment", payments or "-"),
            ("Addresses", count(summary.addresses)),
            ("Consents", ", ".join(_consents(summary)) or "-"),
            *_merged(summary),
        ),
    )
    if not summary.orders:
        return
    yield section(f"Orders by hour ({timezone})", hours_chart(summary.hours))
    yield section("Orders by weekday", bars(list(zip(_WEEKDAYS, summary.weekdays, strict=True))))
    for title, favourites in (
        ("Favourite items", summary.favourite_items),
        ("Favourite categories", summary.favourite_categories),
        ("Favourite merchants", summary.favourite_merchants),
    ):
        if favourites:
            yield section(
                title, bars([(plain(one.name or one.id), one.orders) for one in favourites])
            )


def _consents(summary: Summary) -> list[str]:
    return [*summary.consents, *(f"not {one}" for one in summary.withdrawn)]


def _merged(summary: Summary) -> Iterator[tuple[str, str]]:
    if summary.merged_into is not None:
        yield "Merged into", f"{plain(summary.merged_into)}, whose profile counts these orders too"
    if summary.absorbed:
        yield "Counts also", ", ".join(map(plain, summary.absorbed))


def _registered(summary: Summary, timezone: tzinfo) -> str:
    source = f", from {summary.source}" if summary.source else ""
    return f"{clock(_known(summary.registered_at), timezone)}{source}"


def _known(registered_at: datetime | None) -> datetime | None:
    """None for the moment that stands in for one that an import was not told."""
    return None if registered_at == BEGINNING else registered_at


def _orders(summary: Summary) -> str:
    others = [
        f"{count(number)} {what}"
        for number, what in ((summary.cancelled, "cancelled"), (summary.open_orders, "open"))
        if number
    ]
    return "; ".join([count(summary.orders), *others])
