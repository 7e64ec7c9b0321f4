"""`regulars access-log` and `reinstate`: who asked to read what, and who may go on."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import assert_never

import click
from rich.text import Text

from regulars.adapters.cli_call import Call, call_options, examples, timezone_option
from regulars.adapters.cli_document import document
from regulars.adapters.cli_reveal import actor_of
from regulars.adapters.cli_screen import (
    clock,
    count,
    facts,
    how_many,
    plain,
    section,
    show,
    time_text,
    write_json,
)
from regulars.application.access_log import (
    Access,
    AccessLog,
    Happening,
    Incident,
    Incidents,
)
from regulars.domain.actor import (
    Actor,
    ActorReinstated,
    ActorSuspended,
    ReinstateActor,
    WriteRefused,
)
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

    Without --customer it also lists who was suspended for reading too much and who let them go on
    (see regulars reinstate), and what somebody asked to write in a role that may only read.
    """
    asked = AccessLog(customer=None if customer is None else CustomerId(customer), actor=actor)
    with call.read() as crm:
        accesses = crm.ask(asked)
        # These are about who reads, and nobody's data.
        incidents = crm.ask(Incidents(actor=actor)) if customer is None else ()
    if call.as_json:
        write_json(
            {
                "accesses": [access_document(one, timezone) for one in accesses],
                "incidents": [_incident_document(one, timezone) for one in incidents],
            }
        )
        return
    show(section(f"{count(len(accesses))} values asked for", _lines(accesses, timezone)))
    if incidents:
        happened = [(clock(one.at, timezone), _words(one.event)) for one in incidents]
        show(section(how_many(len(incidents), "incident"), facts(*happened)))


@click.command(
    epilog=examples(
        "regulars reinstate support:s-7 --by privacy_officer:po-1 --reason ticket-12",
        "regulars reinstate courier:c-3 --by privacy_officer:po-1 --json",
    )
)
@click.argument("actor", metavar="ROLE:ID", callback=actor_of)
@click.option(
    "--by",
    "officer",
    metavar="ROLE:ID",
    required=True,
    callback=actor_of,
    help="Who looked into it: a privacy officer, and somebody else, as privacy_officer:po-1.",
)
@click.option("--reason", metavar="CODE", help="Why, as a code such as ticket-12.")
@call_options(keys=False)
def reinstate(call: Call, *, actor: Actor, officer: Actor, reason: str | None) -> None:
    """
    Let a reader go on who was suspended for reading too much.

    `regulars access-log --actor ROLE:ID` tells what they read and when they were suspended. Their
    count begins anew. Who is not suspended is left as they are.
    """
    command = ReinstateActor(actor=actor, at=datetime.now(UTC), officer=officer, reason=reason)
    with call.open() as crm:
        done = bool(crm.execute(command, by=f"{officer.role}:{officer.id}").events)
    if call.as_json:
        write_json({"role": actor.role, "actor": actor.id, "reinstated": done})
        return
    who = plain(f"{actor.role}:{actor.id}")
    click.echo(f"{who} reads again" if done else f"{who} is not suspended")


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


def _incident_document(one: Incident, timezone: tzinfo) -> dict[str, object]:
    return {
        "position": one.position,
        "at": time_text(one.at, timezone),
        "event": type(one.event).__name__,
        **document(one.event, timezone),
    }


def _words(event: Happening) -> str:
    who = f"{event.role}:{event.actor}"
    match event:
        case ActorSuspended(reads=reads, seconds=seconds):
            return f"{who} suspended: {count(reads)} values within {count(seconds)} seconds"
        case ActorReinstated(officer=officer, reason=reason):
            return f"{who} reinstated by {officer}{f', {reason}' if reason else ''}"
        case WriteRefused(commands=commands):
            return f"{who} refused: {', '.join(commands)}"
        case _:
            assert_never(event)


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
