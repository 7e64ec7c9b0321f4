"""`regulars campaign`: how a campaign stands, what it brought, and grants to its audience."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import TextIO

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
from regulars.adapters.cli_screen import (
    Bars,
    clock,
    count,
    facts,
    how_many,
    listing,
    plain,
    section,
    show,
    time_text,
    write_json,
)
from regulars.application.campaigns import CampaignOutcome, CampaignStanding, CampaignStatus
from regulars.application.granting import Granted, Granting, Round
from regulars.domain.campaign_result import Arm, CampaignResult
from regulars.domain.caps import Cap
from regulars.domain.values import CampaignId, CustomerId, ProgramId


def _money(ctx: click.Context, param: click.Parameter, value: str | None) -> Fraction | None:
    try:
        money = None if value is None else Fraction(value)
    except (ValueError, ZeroDivisionError):
        money = Fraction(-1)
    if money is not None and money < 0:
        raise click.BadParameter(
            f"{value!r} is no amount; one is 3600 or 12.50", ctx=ctx, param=param
        )
    return money


@click.group()
def campaign() -> None:
    """
    Look at a campaign, and grant what it gives.

    A campaign is drafted and launched by the host (docs/coupons.md). It begins and ends by the
    clock, assigns customers to its variants or leaves them alone, and grants out of its budget.
    """


@campaign.command(
    name="show",
    epilog=examples(
        "regulars campaign show spring",
        "regulars campaign show spring --as-of 2026-05-31",
        "regulars campaign show spring --margin 15 --cost 3600",
        "regulars campaign show spring --program club",
    ),
)
@click.argument("name", metavar="CAMPAIGN")
@as_of_option
@click.option(
    "--margin",
    metavar="M",
    callback=_money,
    help="Also tell what it brought, if an order is worth so much: 15 or 12.50.",
)
@click.option(
    "--cost",
    metavar="M",
    callback=_money,
    help="What it cost, in the same money. By default what it granted, in units of its budget.",
)
@program_option()
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def show_(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    name: str,
    as_of: str | None,
    margin: Fraction | None,
    cost: Fraction | None,
    program: ProgramId,
    timezone: tzinfo,
) -> None:
    """
    Show where CAMPAIGN is in its life, whom it has, and what is left of its budget.

    With --margin its customers are compared with those whom it left alone: orders count that were
    placed after a customer was assigned and before the campaign ended, and not cancelled. All count
    who were assigned, also those for whom the budget had nothing left.
    """
    at = moment_of(as_of, timezone) or datetime.now(UTC)
    if cost is not None and margin is None:
        raise click.UsageError("--cost needs a --margin")
    result = None
    campaign = CampaignId(name)
    with call.open(program) as crm:
        status = crm.ask(CampaignStanding(campaign=campaign, program=program), as_of=at)
        if margin is not None:
            brought = CampaignOutcome(campaign=campaign, margin=margin, cost=cost, program=program)
            result = crm.ask(brought, as_of=at)
    if call.as_json:
        write_json(
            {
                **_document(status, timezone),
                "as_of": time_text(at, timezone),
                "result": None if result is None else _result_document(result),
            }
        )
    else:
        show(*_shown(status, timezone), *(() if result is None else _brought(result)))


@campaign.command(
    epilog=examples(
        "regulars campaign grant spring --round 2026-11 --amount 1",
        "regulars campaign grant spring --round 2026-11 --amount 1 --customers students.txt",
        "sqlite3 shop.db 'SELECT id FROM students' | regulars campaign grant spring --round 1"
        " --amount 1 --customers -",
    )
)
@click.argument("name", metavar="CAMPAIGN")
@click.option(
    "--round",
    "round_",
    metavar="CODE",
    required=True,
    help="The name of this round of grants, such as 2026-11: each customer has one turn in it.",
)
@click.option(
    "--amount",
    metavar="N",
    type=click.IntRange(1, 2**63 - 1),
    required=True,
    help="How much each is granted, in units of the budget: 1 for a coupon.",
)
@click.option(
    "--customers",
    metavar="FILE",
    type=click.File(encoding="utf-8"),
    help="The ids of the audience, one a line; by default those whom the campaign names.",
)
@program_option()
@call_options(keys=False)
def grant(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    name: str,
    round_: str,
    amount: int,
    customers: TextIO | None,
    program: ProgramId,
) -> None:
    """
    Grant to the whole audience of CAMPAIGN, once in each round.

    Where the budget is too small, the same customers are served whatever the order of the file.
    Stopped at any time and run again, it does what is left, and grants nobody twice.
    """
    try:
        told = None if customers is None else [line.strip() for line in customers if line.strip()]
    except UnicodeDecodeError:
        raise click.BadParameter("is no text in UTF-8", param_hint="--customers") from None
    one = Round(
        program=program,
        campaign=CampaignId(name),
        name=round_,
        amount=amount,
        at=datetime.now(UTC),
    )
    with call.open(program) as crm, Bars() as bars:
        done = Granting(crm).run(
            one,
            None if told is None else [CustomerId(customer) for customer in told],
            progress=lambda done, of: bars.tell("Granting", done, of),
        )
    if call.as_json:
        about = {"program": program, "campaign": name, "round": round_}
        write_json({**about, **_granted_document(done)})
    else:
        show(section(f"Campaign {plain(name)}, round {plain(round_)}", _granted(done)))


def _document(status: CampaignStatus, timezone: tzinfo) -> dict[str, object]:
    plan, budget = status.plan, status.plan.budget
    return {
        "program": status.program,
        "campaign": status.campaign,
        "phase": status.phase.value,
        "starts_at": time_text(plan.starts_at, timezone),
        "ends_at": time_text(plan.ends_at, timezone),
        "audience": {
            "customers": len(plan.audience.customers) or None,
            "tiers": list(plan.audience.tiers),
            "snapshot": plan.audience.snapshot,
        },
        "variants": {one.name: status.assigned.get(one.name, 0) for one in plan.variants},
        "held_out": status.assigned.get(None, 0),
        "budget": {
            "total": budget.total,
            "per_customer": budget.per_customer,
            "granted": status.granted,
            "grants": status.grants,
            "cut": status.cut,
            "left": status.left,
            "caps": [
                {
                    "span": cap.span.value,
                    "total": cap.total,
                    "per_customer": cap.per_customer,
                    "times": cap.times,
                }
                for cap in budget.caps
            ],
        },
    }


def _shown(status: CampaignStatus, timezone: tzinfo) -> Iterator[RenderableType]:
    plan, budget = status.plan, status.plan.budget
    variants = [(plain(one.name), status.assigned.get(one.name, 0)) for one in plan.variants]
    yield section(
        f"Campaign {plain(status.campaign)}: {status.phase.value}",
        facts(
            ("Starts", clock(plan.starts_at, timezone)),
            ("Ends", clock(plan.ends_at, timezone)),
            *((f"Variant {name}", how_many(number, "customer")) for name, number in variants),
            ("Left alone", how_many(status.assigned.get(None, 0), "customer")),
            ("Budget", "no limit" if budget.total is None else count(budget.total)),
            *((f"Each {cap.span.value}", _cap(cap)) for cap in budget.caps),
            ("Granted", f"{count(status.granted)} in {how_many(status.grants, 'grant')}"),
            ("Cut short", how_many(status.cut, "grant")),
            ("Left", "-" if status.left is None else count(status.left)),
        ),
    )


def _cap(cap: Cap) -> str:
    told = {
        "in all": cap.total,
        "to each customer": cap.per_customer,
        "grants to each customer": cap.times,
    }
    return ", ".join(f"{count(most)} {what}" for what, most in told.items() if most is not None)


def _result_document(result: CampaignResult) -> dict[str, object]:
    exact = {
        "lift": result.lift,
        "relative_lift": result.relative_lift,
        "incremental_orders": result.incremental_orders,
        "cost": result.cost,
        "margin": result.margin,
        "cost_per_incremental_order": result.cost_per_incremental_order,
        "profit": result.profit,
        "return_on_investment": result.return_on_investment,
    }
    return {
        "treated": {**_arm_document(result.treated), "granted": result.granted},
        "held_out": _arm_document(result.held_out),
        **{name: None if value is None else str(value) for name, value in exact.items()},
    }


def _arm_document(arm: Arm) -> dict[str, int]:
    return {"customers": arm.customers, "buyers": arm.buyers, "orders": arm.orders}


def _brought(result: CampaignResult) -> Iterator[RenderableType]:
    sides = (("Assigned", result.treated), ("Left alone", result.held_out))
    yield section(
        "What it brought, over all who were assigned",
        listing(
            ("", "Customers", "Bought", "Orders", "Part that bought"),
            (
                (
                    name,
                    count(side.customers),
                    count(side.buyers),
                    count(side.orders),
                    _percent(side.conversion),
                )
                for name, side in sides
            ),
        ),
        facts(
            ("Granted something", f"{count(result.granted)} of {count(result.treated.customers)}"),
            ("Lift", _points(result.lift)),
            ("Relative lift", _percent(result.relative_lift)),
            ("Incremental orders", _number(result.incremental_orders)),
            ("Cost", _number(result.cost)),
            ("Cost of each", _number(result.cost_per_incremental_order)),
            ("Profit", _number(result.profit)),
            ("Return", _percent(result.return_on_investment)),
        ),
    )


def _number(value: Fraction | None) -> str:
    return "-" if value is None else f"{Decimal(round(100 * value)).scaleb(-2):,.2f}"


def _points(value: Fraction | None) -> str:
    return "-" if value is None else f"{_number(100 * value)} points"


def _percent(value: Fraction | None) -> str:
    return "-" if value is None else f"{_number(100 * value)} %"


def _granted_document(done: Granted) -> dict[str, int]:
    return {
        "granted": done.granted,
        "amount": done.amount,
        "cut": done.cut,
        "nothing": done.nothing,
        "held_out": done.held_out,
        "others": done.others,
        "repeated": done.repeated,
    }


def _granted(done: Granted) -> RenderableType:
    return facts(
        ("Granted", f"{count(done.amount)} to {how_many(done.granted, 'customer')}"),
        ("Cut short", how_many(done.cut, "customer")),
        ("Nothing left for", how_many(done.nothing, "customer")),
        ("Left alone", how_many(done.held_out, "customer")),
        ("Not of the audience", how_many(done.others, "customer")),
        ("Had their turn", how_many(done.repeated, "customer")),
    )
