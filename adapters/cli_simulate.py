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
    amount,
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
from regulars.domain.points_payment import Bound
from regulars.domain.values import Money, ProgramId, decimal_text

_BOUNDS = {
    Bound.BALANCE: "no more can be spent",
    Bound.GOODS: "no more is to pay for goods",
    Bound.LINES: "points are for lines whose prices add up to what is paid",
    Bound.NOBODY: "nobody is named who takes part",
}
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
    much, what falls to each line, what is to pay, how many points may pay at most, the points that
    it earns with every rule, when they can be used, and the tier before and after.
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
    yield section(
        f"Order {plain(order.order)}: {_money(found, found.to_pay)} to pay", facts(*_sums(found))
    )
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
    own = [one for one in order.discounts if one.coupon is None]
    if own:
        off = ((plain(one.source), _money(found, one.amount)) for one in own)
        yield section("Taken off without a coupon", facts(*off))
    for coupon in found.coupons:
        yield shown_verdict(coupon, timezone)
    if found.earned is None:
        yield section("It earns nothing: nobody is named who takes part, or no rules are in force")
    else:
        yield section(
            f"It earns {count(found.earned.points)} points, {_usable(found, timezone)}",
            facts(*shown_earning(found.earned, timezone)),
        )
    if found.before is not None and found.after is not None:
        yield section(
            f"Customer {plain(order.customer or '')}",
            facts(("Before", _has(found.before)), ("After", _has(found.after))),
        )


def _sums(found: Simulation) -> Iterator[tuple[str, str]]:
    """What there is to pay in parts, and how many points may pay for the goods."""
    order = found.order
    yield "Goods", _money(found, order.total)
    if order.delivery_fee:
        off = order.delivery_fee - found.delivery
        taken = f", {_money(found, off)} taken off" if off else ""
        yield "Delivery", f"{_money(found, found.delivery)}{taken}"
    if order.tip:
        yield "Tip", _money(found, order.tip)
    if order.points_payment is not None:
        paid = order.points_payment
        yield "Paid with points", f"{count(paid.points)} for {_money(found, paid.amount)}"
    yield "Points may pay", f"{_most(found)}: {_BOUNDS[found.usable.bound]}"


def _most(found: Simulation) -> str:
    most = found.usable
    worth = f" for {_money(found, most.amount)}" if most.points and most.amount else ""
    steps = f" in steps of {count(most.step)}" if most.step > 1 else ""
    return f"{count(most.points)} at most{worth}{steps}"


def _money(found: Simulation, minor: int) -> str:
    return amount(Money(minor=minor, currency=found.order.currency))


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
