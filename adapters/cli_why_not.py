"""`regulars why-not`: every reason why a coupon does not count for an order."""

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
from regulars.adapters.cli_screen import clock, plain, section, show, write_json
from regulars.adapters.order_file import read_order
from regulars.application.explaining import ExplainOrder
from regulars.application.why_not import Judged, WhyNot
from regulars.domain.discounts import CouponOf
from regulars.domain.order import UnknownOrder
from regulars.domain.values import CouponId, Money, OfferId, OrderId, ProgramId


@click.command(
    name="why-not",
    epilog=examples(
        "regulars why-not spring c-1 --order 40000",
        "regulars why-not spring c-1 --file basket.json",
        "regulars why-not spring c-1 --order 40000 --program club",
    ),
)
@click.argument("offer")
@click.argument("coupon")
@click.option("--order", metavar="ORDER", help="The order that it was, or is to be, used for.")
@click.option(
    "--file",
    metavar="FILE",
    help="An order that is to be placed, in JSON, as for regulars simulate; - reads it from"
    " standard input.",
)
@as_of_option
@program_option("The programme whose offer is meant; regulars program list tells which there are.")
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def why_not(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    offer: str,
    coupon: str,
    order: str | None,
    file: str | None,
    as_of: str | None,
    program: ProgramId,
    timezone: tzinfo,
) -> None:
    """
    Tell why COUPON of OFFER does not count for an order.

    All reasons, and what is lacking. An order is judged as of the moment at which it was placed,
    unless --as-of says otherwise; one that is to be placed as of now. Nothing is recorded.
    """
    if (order is None) == (file is None):
        raise click.UsageError("name an order with --order, or with --file one to be placed")
    named = CouponOf(program=program, offer=OfferId(offer), coupon=CouponId(coupon))
    at = moment_of(as_of, timezone)
    with call.read(program) as crm:
        if file is not None:
            draft = read_order(file, at=at or datetime.now(UTC), program=program)
            found = crm.ask(WhyNot(coupon=named, order=draft.order), as_of=at)
        else:
            name = OrderId(order or "")
            placed = crm.ask(ExplainOrder(order=name))
            if placed is None:
                raise UnknownOrder(order=name)
            found = crm.ask(WhyNot(coupon=named, order=name), as_of=at or placed.placed_at)
    if call.as_json:
        write_json(document(found, timezone))
    else:
        show(shown_verdict(found, timezone))


def shown_verdict(found: Judged, timezone: tzinfo) -> RenderableType:
    """What a coupon comes to, for people."""
    coupon = f"Coupon {found.coupon.coupon} of {found.coupon.offer}"
    when = f"as of {clock(found.at, timezone)}"
    if found.is_used:
        return section(plain(f"{coupon} is used by order {found.order}"))
    if found.discount is not None:
        off = Money(minor=found.discount.amount, currency=found.currency)
        return section(plain(f"{coupon} takes {off} off order {found.order}, {when}"))
    return section(
        plain(f"{coupon} does not count for order {found.order}, {when}"),
        *(plain(f"- {one.why}") for one in found.objections),
    )
