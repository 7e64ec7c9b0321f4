"""`regulars simulate`: what an order would come to, without recording anything."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import (
    Call,
    as_of_option,
    call_options,
    examples,
    moment_of,
    program_option,
    timezone_option,
)
from regulars.adapters.cli_document import document
from regulars.adapters.cli_explain import shown_earning
from regulars.adapters.cli_screen import (
    clock,
    count,
    facts,
    listing,
    plain,
    section,
    show,
    write_json,
)
from regulars.adapters.cli_why_not import shown_verdict
from regulars.adapters.order_file import read_order
from regulars.application.simulating import Holdings, Simulate, Simulation
from regulars.domain.values import Money, ProgramId, decimal_text

_FILE = """\b
FILE:
  {
    "customer_id": "ada",
    "merchant_id": "m-1",
    "currency": "CNY",
    "lines": [{"sku": "noodles", "quantity": 2, "unit_price": "15.50"}],
    "delivery_fee": "6.00",
    "coupons": [{"offer": "spring", "coupon": "c-1"}],
    "points": {"points": 300, "amount": "3.00"}
  }

"""


@click.command(
    epilog=_FILE
    + examples(
        "regulars simulate basket.json",
        "regulars simulate basket.json --program club",
        "regulars simulate basket.json --as-of 2024-05-31T18:00+08:00 --json | jq .earned",
    )
)
@click.argument("file")
@as_of_option
@program_option("The programme in which orders earn, whose coupons and points are meant.")
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def simulate(
    call: Call, *, file: str, as_of: str | None, program: ProgramId, timezone: tzinfo
) -> None:
    """
    Tell what an order would come to, with none placed.

    That is, if the order of FILE were placed and delivered now: which coupons count and for how
    much, what falls to each line, what is to pay, the points that it earns with every rule, when
    they can be used, and the tier before and after.
    Nothing is recorded. Of FILE only the currency is required, with lines or with a total; - reads
    it from standard input.
    """
    at = moment_of(as_of, timezone)
    draft = read_order(file, at=at or datetime.now(UTC), program=program)
    asked = Simulate(order=draft.order, coupons=draft.coupons, points=draft.points, program=program)
    with call.read(program) as crm:
        found = crm.ask(asked, as_of=at)
    if call.as_json:
        write_json(document(found, timezone))
    else:
        show(*shown_simulation(found, timezone))


def shown_simulation(found: Simulation, timezone: tzinfo) -> Iterator[RenderableType]:
    """What an order would come to, for people."""
    order = found.order
    to_pay = Money(minor=found.to_pay, currency=order.currency)
    yield section(f"Order {plain(order.order)}: {to_pay} to pay")
    if found.lines:
        yield section(
            f"Line by line, in {order.currency}",
            listing(
                ("line", "units", "price", "off", "by points", "to pay"),
                (
                    (
                        str(one.line),
                        count(one.quantity),
                        *(
                            decimal_text(minor, order.currency)
                            for minor in (one.gross, one.discount, one.points, one.cash)
                        ),
                    )
                    for one in found.lines
                ),
            ),
        )
    for coupon in found.coupons:
        yield shown_verdict(coupon, timezone)
    if found.earned is None:
        yield section("It earns nothing: nobody is named who takes part, or no rules are in force")
    else:
        yield section(
            f"It earns {count(found.earned.points)} points, {_usable(found, timezone)}",
            facts(*shown_earning(found.earned)),
        )
    if found.before is not None and found.after is not None:
        yield section(
            f"Customer {plain(order.customer or '')}",
            facts(("Before", _has(found.before)), ("After", _has(found.after))),
        )


def _usable(found: Simulation, timezone: tzinfo) -> str:
    if found.activates_at is not None:
        start = f"usable from {clock(found.activates_at, timezone)} on"
    else:
        start = (
            "usable once it is completed or somebody says so" if found.pending else "usable at once"
        )
    until = f", until {clock(found.expires_at, timezone)}" if found.expires_at else ""
    return f"{start}{until}"


def _has(held: Holdings) -> str:
    tier = "no tier" if held.tier is None else f"tier {held.tier}"
    points = held.points
    return (
        f"{count(points.available)} points to spend, {count(points.pending)} not yet,"
        f" {count(points.reserved)} held, {count(points.debt)} owed; {tier}"
    )
