"""`regulars points adjust`, `transfer`, `migrate` and `close`: what a person does to accounts."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from secrets import token_hex
from typing import Final

import click

from regulars.adapters.cli_call import (
    Call,
    call_options,
    examples,
    moment_of,
    program_option,
    timezone_option,
)
from regulars.adapters.cli_profile import known_customer
from regulars.adapters.cli_screen import count, facts, plain, section, show, write_json
from regulars.application.balances import PointsBalance
from regulars.application.crm import Crm
from regulars.application.events import Command
from regulars.application.spending import SpendOrderOf
from regulars.domain.adjustment import AdjustPoints, MigratePoints
from regulars.domain.closing import CloseAccount
from regulars.domain.names import MIGRATED
from regulars.domain.transfer import TransferPoints
from regulars.domain.values import AdjustmentId, CustomerId, LotId, ProgramId, TransferId

_Option = Callable[[Callable[..., None]], Callable[..., None]]

_POINTS: Final = click.IntRange(-(2**63), 2**63 - 1)

_by_option: Final[_Option] = click.option(
    "--by", metavar="ID", default="cli", show_default=True, help="Who asks, as an opaque id."
)
_id_option: Final[_Option] = click.option(
    "--id",
    "named",
    metavar="ID",
    help="An id of your own: told again under it, nothing more is recorded. By default a new one.",
)
_expires_option: Final[_Option] = click.option(
    "--expires",
    metavar="T",
    help="When they cannot be used any more: 2027-01-01T00:00:00+08:00, 2027-01-01T00:00 on the"
    " clocks of --timezone, or 2026-12-31 for the end of that day; by default never.",
)


@click.command(
    context_settings={"ignore_unknown_options": True},  # -30 is a number
    epilog=examples(
        "regulars points adjust 1609 30 --reason ticket-12 --approver lead:4",
        "regulars points adjust 1609 -30 --reason counted-twice --approver lead:4 --id fix-7",
    ),
)
@click.argument("customer")
@click.argument("points", type=_POINTS)
@click.option("--reason", metavar="CODE", required=True, help="Why, as a code such as ticket-12.")
@click.option("--approver", metavar="ID", required=True, help="Who allowed it, as an opaque id.")
@click.option(
    "--effective", metavar="T", help="The moment that the correction is for, if it was before now."
)
@click.option("--owed", is_flag=True, help="Let what is lacking be owed, rather than refuse it.")
@_expires_option
@timezone_option("On whose clocks --effective and --expires are read.")
@_id_option
@program_option()
@_by_option
@call_options(keys=False)
def adjust(  # noqa: PLR0913 - the options of a command
    call: Call,
    *,
    customer: str,
    points: int,
    reason: str,
    approver: str,
    effective: str | None,
    owed: bool,
    expires: str | None,
    timezone: tzinfo,
    named: str | None,
    program: ProgramId,
    by: str,
) -> None:
    """
    Put POINTS into the account of CUSTOMER, or take them out if below zero.

    What is put in is a lot of its own. What is taken out is taken as if it were spent, and never
    more than can be spent, but for --owed.
    """
    adjustment = AdjustmentId(named or f"cli-{token_hex(8)}")
    with call.open(program) as crm:
        _look_for(crm, program, customer)
        command = AdjustPoints(
            program=program,
            customer=CustomerId(customer),
            at=datetime.now(UTC),
            adjustment=adjustment,
            points=points,
            reason=reason,
            approver=approver,
            effective_at=moment_of(effective, timezone, option="--effective", recorded=True),
            expires_at=moment_of(expires, timezone, option="--expires", recorded=True),
            owed=owed,
            spend=crm.ask(SpendOrderOf(program=program)),
        )
        _done(call, crm, command, by, customer, program, {"adjustment": adjustment})


@click.command(
    epilog=examples(
        "regulars points transfer 1609 42 120",
        "regulars points transfer 1609 42 120 --id gift-7 --json",
    )
)
@click.argument("customer")
@click.argument("receiver")
@click.argument("points", type=_POINTS)
@_id_option
@program_option()
@_by_option
@call_options(keys=False)
def transfer(  # noqa: PLR0913 - the options of a command
    call: Call,
    *,
    customer: str,
    receiver: str,
    points: int,
    named: str | None,
    program: ProgramId,
    by: str,
) -> None:
    """
    Give POINTS of CUSTOMER to RECEIVER, within one programme.

    They expire when they would have, and pay first what RECEIVER owes.
    """
    given = TransferId(named or f"cli-{token_hex(8)}")
    with call.open(program) as crm:
        _look_for(crm, program, customer, receiver)
        command = TransferPoints(
            program=program,
            customer=CustomerId(customer),
            at=datetime.now(UTC),
            transfer=given,
            receiver=CustomerId(receiver),
            points=points,
            spend=crm.ask(SpendOrderOf(program=program)),
        )
        _done(call, crm, command, by, customer, program, {"transfer": given, "receiver": receiver})


@click.command(epilog=examples("regulars points migrate 1609 350 --ref old-shop/17"))
@click.argument("customer")
@click.argument("points", type=_POINTS)
@click.option(
    "--ref", metavar="CODE", required=True, help="What the other system called these points."
)
@_expires_option
@timezone_option("On whose clocks --expires is read.")
@program_option()
@_by_option
@call_options(keys=False)
def migrate(  # noqa: PLR0913 - the options of a command
    call: Call,
    *,
    customer: str,
    points: int,
    ref: str,
    expires: str | None,
    timezone: tzinfo,
    program: ProgramId,
    by: str,
) -> None:
    """
    Bring POINTS that CUSTOMER had in another system into their account.

    They are a lot of their own, named for --ref: told again under it, nothing more is recorded.
    """
    lot = LotId(f"{MIGRATED}/{ref}")
    command = MigratePoints(
        program=program,
        customer=CustomerId(customer),
        at=datetime.now(UTC),
        lot=lot,
        points=points,
        legacy_ref=ref,
        expires_at=moment_of(expires, timezone, option="--expires", recorded=True),
    )
    with call.open(program) as crm:
        _done(call, crm, command, by, customer, program, {"lot": lot})


@click.command(epilog=examples("regulars points close 1609 --reason left"))
@click.argument("customer")
@click.option("--reason", metavar="CODE", required=True, help="Why, as a code such as left.")
@program_option()
@_by_option
@call_options(keys=False)
def close(call: Call, *, customer: str, reason: str, program: ProgramId, by: str) -> None:
    """
    End the account of CUSTOMER for good.

    What is held is released, all points are forfeited, and orders earn nothing more.
    """
    command = CloseAccount(
        program=program,
        customer=CustomerId(customer),
        at=datetime.now(UTC),
        reason=reason,
    )
    with call.open(program) as crm:
        _done(call, crm, command, by, customer, program, {})


def _look_for(crm: Crm, program: ProgramId, *customers: str) -> None:
    """See that nobody is mistyped, who would get an account by it."""
    for customer in customers:
        if crm.ask(PointsBalance(customer=customer, program=program)) is None:
            known_customer(crm, customer)


def _done(  # noqa: PLR0913, PLR0917 - what is done, for whom, and how it is told
    call: Call,
    crm: Crm,
    command: Command,
    by: str,
    customer: str,
    program: ProgramId,
    named: dict[str, str],
) -> None:
    recorded = [type(one).__name__ for one in crm.execute(command, by=by).events]
    held = crm.ask(PointsBalance(customer=customer, program=program))
    available = 0 if held is None else held.available
    if call.as_json:
        told = {"customer": customer, "program": program, **named}
        write_json({**told, "recorded": recorded, "available": available})
        return
    ids = [(name.capitalize(), plain(value)) for name, value in named.items()]
    what = ("Recorded", ", ".join(recorded) or "nothing new")
    left = ("Can be used", count(available))
    show(section(f"Customer {plain(customer)}", facts(*ids, what, left)))
