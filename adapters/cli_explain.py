"""`regulars explain`: why an order, a lot or a balance is what it is, to the last point."""

from collections.abc import Iterator
from datetime import tzinfo

import click
from rich.console import RenderableType

from regulars.adapters.cli_balance import balance_of
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
from regulars.adapters.cli_screen import (
    amount,
    clock,
    count,
    facts,
    how_many,
    plain,
    section,
    show,
    write_json,
)
from regulars.application.earnings import Earning, RuleOutcome, exact_text
from regulars.application.explaining import (
    BalanceExplained,
    ExplainBalance,
    ExplainLot,
    ExplainOrder,
    LotExplained,
    OrderExplained,
)
from regulars.application.lot_traces import Move, TakenBack
from regulars.domain.order import UnknownOrder
from regulars.domain.values import CustomerId, LotId, Money, OrderId, ProgramId

_clocks = timezone_option("On whose clocks times are shown, and --as-of is read.")


class UnknownLot(Exception):
    """The customer has no lot of this name."""

    def __init__(self, customer: str, lot: str) -> None:
        super().__init__(customer, lot)
        self.customer = customer
        self.lot = lot

    def __str__(self) -> str:
        return f"customer {self.customer!r} has no lot {self.lot!r}; see regulars explain balance"


@click.group()
def explain() -> None:
    """
    Tell why points of an order or account are so many.

    Every point is led back to the rules that gave it, with every figure and the rounding, and on
    to what became of it. Nothing is computed anew: it is what was recorded.
    """


@explain.command(
    epilog=examples(
        "regulars explain order 40000",
        "regulars explain order 40000 --json | jq .earned[0].earning.groups",
        "regulars explain order 40000 --program club",
    )
)
@click.argument("order")
@as_of_option
@program_option()
@_clocks
@call_options(keys=False)
def order(
    call: Call, *, order: str, as_of: str | None, program: ProgramId, timezone: tzinfo
) -> None:
    """
    Explain what ORDER earned in a programme, rule by rule, and what refunds took back of it.

    Where it earned nothing, that is said with the reason; so is which rule gave nothing, and why.
    """
    at = moment_of(as_of, timezone)
    with call.read(program) as crm:
        found = crm.ask(ExplainOrder(order=OrderId(order), program=program), as_of=at)
    if found is None:
        raise UnknownOrder(order=OrderId(order))
    if call.as_json:
        write_json(document(found, timezone))
    else:
        show(*shown_order(found, timezone))


@explain.command(epilog=examples("regulars explain lot 1609 40000"))
@click.argument("customer")
@click.argument("lot")
@as_of_option
@program_option()
@_clocks
@call_options(keys=False)
def lot(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    customer: str,
    lot: str,
    as_of: str | None,
    program: ProgramId,
    timezone: tzinfo,
) -> None:
    """
    Explain LOT of CUSTOMER: points that came together, and what became of each of them.

    The lot of an order bears the name of the order; `explain balance` lists them all.
    """
    at = moment_of(as_of, timezone)
    asked = ExplainLot(customer=CustomerId(customer), lot=LotId(lot), program=program)
    with call.read(program) as crm:
        found = crm.ask(asked, as_of=at)
    if found is None:
        raise UnknownLot(customer, lot)
    if call.as_json:
        write_json(document(found, timezone))
    else:
        show(*shown_lot(found, timezone))


@explain.command(
    epilog=examples(
        "regulars explain balance 1609",
        "regulars explain balance 1609 --as-of 2017-02-28 --timezone America/New_York",
    )
)
@click.argument("customer")
@as_of_option
@program_option()
@_clocks
@call_options(keys=False)
def balance(
    call: Call, *, customer: str, as_of: str | None, program: ProgramId, timezone: tzinfo
) -> None:
    """
    Explain the points of CUSTOMER, lot by lot: what is left of each, and where the rest went.

    What is left of the lots adds up to the balance, less what is held and owed, to the point.
    """
    at = moment_of(as_of, timezone)
    asked = ExplainBalance(customer=CustomerId(customer), program=program)
    with call.read(program) as crm:
        found = crm.ask(asked, as_of=at)
        if not found.lots:
            balance_of(crm, customer, at, program=program)
    if call.as_json:
        write_json(document(found, timezone))
    else:
        show(*shown_balance(found, timezone))


def shown_order(found: OrderExplained, timezone: tzinfo) -> Iterator[RenderableType]:
    """An order for people: what it earned and why, and what became of it."""
    yield section(
        f"Order {plain(found.order)}: {plain(found.why)}",
        facts(
            ("Customer", found.customer or "-"),
            ("Placed", clock(found.placed_at, timezone)),
            ("Stage", f"{found.stage.name.lower()}{', cancelled' if found.cancelled else ''}"),
            ("Paid for goods", amount(Money(minor=found.total, currency=found.currency))),
            *(
                (f"Off by {one.source}", amount(Money(minor=one.amount, currency=found.currency)))
                for one in found.discounts
            ),
            ("Programme", found.program),
        ),
    )
    for one in found.earned:
        yield from shown_lot(one, timezone, found.currency)
    if found.paid:
        moves = (f"{_moved(move, timezone)}  of lot {lot}" for lot, move in found.paid)
        yield section("Points that paid for it", *map(plain, moves))


def shown_lot(
    found: LotExplained, timezone: tzinfo, currency: str | None = None
) -> Iterator[RenderableType]:
    """
    A lot for people: how it came about, what refunds took, and every move of its points.

    `currency` is that of its order, where it does not tell itself how it came about.
    """
    lot = plain(f"lot {found.trace.lot} of customer {found.customer}")
    if found.earning is not None:
        currency = found.earning.currency
        yield section(f"How {lot} came about", facts(*shown_earning(found.earning, timezone)))
    if found.trace.taken_back:
        taken = (_taken_back(one, currency, timezone) for one in found.trace.taken_back)
        yield section(f"What refunds took back of {lot}", *map(plain, taken))
    yield section(
        f"What became of {lot}: {_state(found, timezone)}",
        *(plain(_moved(move, timezone)) for move in found.trace.moves),
    )


def shown_balance(found: BalanceExplained, timezone: tzinfo) -> Iterator[RenderableType]:
    """A balance for people: its lots, those first that have something left."""
    yield section(
        f"Customer {plain(found.customer)}: {how_many(found.available, 'point')} can be spent",
        facts(
            ("Not yet", count(found.pending)),
            ("Held", count(found.held)),
            ("Owed", count(found.debt)),
            ("Programme", found.program),
        ),
    )
    full = [one for one in found.lots if one.trace.left or one.trace.held]
    for one in [*full, *(one for one in found.lots if one not in full)]:
        yield section(
            f"Lot {plain(one.trace.lot)}: {_state(one, timezone)}",
            *([] if one.earning is None else [plain(one.earning.why)]),
            *(plain(_moved(move, timezone)) for move in one.trace.moves),
        )
    if found.owed:
        owed = (
            f"{clock(one.at, timezone)}  {one.points:>+9,}  ={count(one.debt):>8}  {one.why}"
            for one in found.owed
        )
        yield section("What is owed", *map(plain, owed))


def shown_earning(found: Earning, timezone: tzinfo) -> Iterator[tuple[str, str]]:
    """How points came about, as names and values: rule by rule, then the sum."""
    if found.base is not None and found.currency is not None:
        looked = amount(Money(minor=found.amount, currency=found.currency))
        yield "Looked at", f"{looked}, {found.base.value} prices"
    if found.rules_version is not None:
        since = found.effective_from
        begun = "ever" if since is None else clock(since, timezone)
        yield "Rules", f"version {found.rules_version}, in force since {begun}"
        order = f"order number {found.orders_before + 1}"
        yield "Customer", f"{'no tier' if found.tier is None else found.tier}, {order}"
    for number, group in enumerate(found.groups, 1):
        capped = "" if group.most is None else f", at most {group.most}"
        mode = group.mode.value.replace("_", " ")
        yield f"Group {number}", f"{exact_text(group.counted)} points ({mode}{capped})"
        for rule in group.rules:
            yield from _rule(rule)
    for one in found.idle:
        yield f"  {one.rule}", f"multiplies nothing: {one.why}"
    yield "Together", found.why


def _rule(rule: RuleOutcome) -> Iterator[tuple[str, str]]:
    for given in rule.given:
        yield f"  {rule.rule}", f"{given.why} = {exact_text(given.exact)}"
    if not rule.given:
        yield f"  {rule.rule}", f"nothing: {rule.why}"


def _state(found: LotExplained, timezone: tzinfo) -> str:
    trace = found.trace
    held = f", {count(trace.held)} held" if trace.held else ""
    until = f", until {clock(trace.expires_at, timezone)}" if trace.expires_at else ""
    return f"{found.status.value}, {count(trace.left)} left{held}{until}"


def _moved(move: Move, timezone: tzinfo) -> str:
    event = "not recorded yet" if move.position is None else f"event {count(move.position)}"
    what = f"{move.what.value:<9}{count(move.points):>9}"
    return f"{clock(move.at, timezone)}  {what}  {move.why}  ({event})"


def _taken_back(one: TakenBack, currency: str | None, timezone: tzinfo) -> str:
    kept = f"{count(one.kept)} kept"
    if currency is not None:
        kept = f"{kept} for {amount(Money(minor=one.remaining, currency=currency))}"
    parts = [f"{count(part.points)} of lot {part.lot}" for part in one.taken]
    parts += [f"{count(one.owed)} owed"] if one.owed else []
    parts += [f"{count(one.forgiven)} not asked for"] if one.forgiven else []
    return (
        f"{clock(one.at, timezone)}  refund {one.refund}: {count(one.points)}"
        f" ({', '.join(parts) or 'nothing'}), {kept}"
    )
