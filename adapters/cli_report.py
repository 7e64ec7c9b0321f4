"""`regulars report`: the figures of the whole log."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Final

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import (
    Call,
    as_of_option,
    call_options,
    examples,
    moment_of,
    timezone_option,
)
from regulars.adapters.cli_screen import (
    amount,
    amounts,
    count,
    days_chart,
    facts,
    hours_chart,
    listing,
    money_document,
    section,
    show,
    time_text,
    write_json,
)
from regulars.application.report import Report, SalesReport, Sold
from regulars.domain.values import Money, is_currency

_FLAGS: Final = {
    "late_entry": "Steps out of order",
    "goodwill_refund": "Refunds above the total",
}


@click.command(
    epilog=examples(
        "regulars report --timezone Europe/Berlin",
        "regulars report --as-of 2024-05-31 --top 20",
        "regulars report --json | jq .return_rate",
    )
)
@timezone_option("On whose clocks the hours and days are.")
@as_of_option
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="Entries of each list.",
)
@click.option(
    "--currency",
    metavar="CODE",
    help="The currency that revenue is told in and customers are ranked by, such as USD;"
    " by default the one with the most orders.",
)
@call_options(keys=False)
def report(
    call: Call, *, timezone: tzinfo, as_of: str | None, top: int, currency: str | None
) -> None:
    """
    Show what all orders add up to.

    How many customers came, how many came back, what they bought and what they earned.

    Orders are delivered ones, at the time they were placed. Rejects are the rows that imports
    into this database turned away so far, whatever --as-of says.
    """
    if currency is not None and not is_currency(currency):
        raise click.BadParameter(f"{currency!r} is no code such as USD", param_hint="--currency")
    at = moment_of(as_of, timezone)
    with call.read() as crm:
        found = crm.ask(SalesReport(timezone=timezone, top=top, currency=currency), as_of=at)
        rejects = len(crm.findings())
    if call.as_json:
        write_json(report_document(found, rejects=rejects, timezone=timezone, as_of=at))
    else:
        title = (
            call.named()
            if at is None
            else f"{call.named()} as of {at.astimezone(timezone).isoformat(' ')}"
        )
        show(*shown_report(found, title=title, rejects=rejects, timezone=timezone))


def report_document(
    report: Report, *, rejects: int, timezone: tzinfo, as_of: datetime | None = None
) -> dict[str, object]:
    """The report in JSON. `revenue` and `refunds` are those of the report's currency."""
    chosen = _chosen(report)
    nothing = {"amount": "0", "currency": None}
    return {
        "orders": report.orders,
        "cancelled_orders": report.cancelled_orders,
        "customers": report.customers,
        "ordering_customers": report.ordering_customers,
        "repeat_customers": report.repeat_customers,
        "return_rate": report.return_rate,
        "merchants": report.merchants,
        "revenue": money_document(chosen.revenue) if chosen else nothing,
        "refunds": money_document(chosen.refunded) if chosen else nothing,
        "currencies": [_sold_document(sold) for sold in report.sold],
        "points": {
            "earned": report.points.earned,
            "reversed": report.points.reversed,
            "expired": report.points.expired,
            "redeemed": report.points.redeemed,
            "adjusted": report.points.adjusted,
            "outstanding": report.points.outstanding,
        },
        "timezone": str(timezone),
        "as_of": time_text(as_of, timezone),
        "orders_by_hour": {str(hour): orders for hour, orders in enumerate(report.hours)},
        "orders_by_day": {day.isoformat(): orders for day, orders in report.days},
        "top_merchants": [
            {
                "merchant": one.merchant,
                "name": one.name,
                "orders": one.orders,
                "revenue": money_document(one.revenue),
            }
            for one in report.top_merchants
        ],
        "top_items": [
            {
                "item": one.item,
                "name": one.name,
                "category": one.category,
                "orders": one.orders,
                "quantity": one.quantity,
            }
            for one in report.top_items
        ],
        "top_customers": [
            {
                "customer": one.customer,
                "orders": one.orders,
                "spent": money_document(one.spent),
                "points": one.points,
            }
            for one in report.top_customers
        ],
        "flags": dict(report.flags),
        "rejects": rejects,
    }


def _chosen(report: Report) -> Sold | None:
    """What was sold in the report's currency; None if there is no currency to tell it in."""
    if report.currency is None:
        return None
    nothing = Money(minor=0, currency=report.currency)
    for sold in report.sold:
        if sold.currency == report.currency:
            return sold
    return Sold(
        currency=report.currency,
        orders=0,
        revenue=nothing,
        refunds=0,
        refunded=nothing,
        anonymous_orders=0,
        anonymous_revenue=nothing,
    )


def _sold_document(sold: Sold) -> dict[str, object]:
    return {
        "currency": sold.currency,
        "orders": sold.orders,
        "revenue": money_document(sold.revenue),
        "refunds": money_document(sold.refunded),
        "refund_count": sold.refunds,
        "anonymous_orders": sold.anonymous_orders,
        "anonymous_revenue": money_document(sold.anonymous_revenue),
    }


def shown_report(
    report: Report, *, title: str, rejects: int, timezone: tzinfo
) -> Iterator[RenderableType]:
    """The report for people, part by part."""
    yield section(title, _figures(report, rejects))
    if not report.orders:
        return
    yield section(f"Orders by hour ({timezone})", hours_chart(report.hours))
    first, last = report.days[0][0], report.days[-1][0]
    step, drawn = days_chart(report.days)
    yield section(f"Orders from {first} to {last}, a column for each {step}", drawn)
    if report.top_items:
        yield section("Most bought", _items(report))
    if report.top_merchants:
        yield section("Merchants with the most orders", _merchants(report))
    if report.top_customers:
        yield section("Best customers", _customers(report))


def _figures(report: Report, rejects: int) -> RenderableType:
    sold, points = report.sold, report.points
    anonymous = sum(one.anonymous_orders for one in sold)
    pairs = [
        (
            "Customers",
            f"{count(report.customers)}, {count(report.ordering_customers)} of them ordered",
        ),
        ("Came back", _came_back(report)),
        ("Merchants", count(report.merchants)),
        ("Orders", f"{count(report.orders)}, and {count(report.cancelled_orders)} cancelled"),
        ("Revenue", amounts(one.revenue for one in sold)),
        ("Refunds", amounts(one.refunded for one in sold if one.refunds)),
        ("Points earned", count(points.earned)),
        ("Points taken back", count(points.reversed)),
        ("Points outstanding", count(points.outstanding)),
    ]
    if anonymous:
        pairs.insert(4, ("Anonymous orders", count(anonymous)))
    pairs += [(_FLAGS.get(kind, kind), count(times)) for kind, times in report.flags]
    if rejects:
        pairs.append(("Rejected rows", count(rejects)))
    return facts(*pairs)


def _came_back(report: Report) -> str:
    if report.return_rate is None:
        return "-"
    return f"{report.return_rate:.1%}: {count(report.repeat_customers)} ordered twice or more"


def _items(report: Report) -> RenderableType:
    return listing(
        ("Item", "Name", "Category", "Orders"),
        (
            (one.item, one.name or "", one.category or "", count(one.orders))
            for one in report.top_items
        ),
        left=3,
    )


def _merchants(report: Report) -> RenderableType:
    return listing(
        ("Merchant", "Orders", "Revenue"),
        (
            (
                one.name or one.merchant,
                count(one.orders),
                amount(one.revenue) if one.revenue else "-",
            )
            for one in report.top_merchants
        ),
    )


def _customers(report: Report) -> RenderableType:
    return listing(
        ("Customer", "Orders", "Spent", "Points"),
        (
            (one.customer, count(one.orders), amount(one.spent), count(one.points))
            for one in report.top_customers
        ),
    )
