"""`regulars access-log`: who read, or asked to read, whose personal data."""

from collections.abc import Sequence
from datetime import tzinfo

import click
from rich.text import Text

from regulars.adapters.cli_call import Call, call_options, examples, timezone_option
from regulars.adapters.cli_reveal import actor_of
from regulars.adapters.cli_screen import clock, count, plain, section, show, time_text, write_json
from regulars.application.access_log import Access, AccessLog
from regulars.domain.actor import Actor
from regulars.domain.values import CustomerId


@click.command(
    "access-log",
    epilog=examples(
        "regulars access-log --customer ada",
        "regulars access-log --actor support:s-7 --json | jq '.accesses[] | select(.bulk)'",
    ),
)
@click.option("--customer", metavar="ID", help="Only what was asked of this customer's data.")
@click.option(
    "--actor",
    metavar="ROLE:ID",
    callback=actor_of,
    help="Only what this reader asked for, such as support:s-7.",
)
@timezone_option("On whose clocks the times are.")
@call_options(keys=False)
def access_log(call: Call, *, customer: str | None, actor: Actor | None, timezone: tzinfo) -> None:
    """
    List who asked to read personal data, oldest first.

    Every value that was asked for is a line: when, who, for what, whose, which class, and what
    came of it. A look-up by phone number or e-mail is one for each customer who was found, or one
    that says that nobody was. Nothing of the values themselves is recorded, so a customer may be
    given theirs.
    """
    asked = AccessLog(customer=None if customer is None else CustomerId(customer), actor=actor)
    with call.read() as crm:
        accesses = crm.ask(asked)
    if call.as_json:
        write_json({"accesses": [access_document(one, timezone) for one in accesses]})
    else:
        show(section(f"{count(len(accesses))} values asked for", _lines(accesses, timezone)))


def access_document(access: Access, timezone: tzinfo) -> dict[str, object]:
    """One value that was asked for, in JSON."""
    return {
        "position": access.position,
        "at": time_text(access.at, timezone),
        "role": access.actor.role,
        "actor": access.actor.id,
        "purpose": access.purpose,
        "subject": access.subject,
        "class": access.data_class,
        "outcome": access.outcome,
        "denial": access.denial,
        "order": access.order,
        "reason": access.reason,
        "bulk": access.bulk,
    }


def _lines(accesses: Sequence[Access], timezone: tzinfo) -> Text:
    lines = Text()
    for one in accesses:
        what = one.outcome if one.denial is None else f"{one.outcome}: {one.denial}"
        who = plain(f"{one.actor.role}:{one.actor.id}")
        lines.append(f"{clock(one.at, timezone)}  {who}  {plain(one.purpose)}")
        whose = f"{one.data_class} of {plain(one.subject)}" if one.subject else one.data_class
        lines.append(f"  {whose}  {what.replace('_', ' ')}")
        lines.append(f"{'  bulk' if one.bulk else ''}\n")
    lines.rstrip()
    return lines
