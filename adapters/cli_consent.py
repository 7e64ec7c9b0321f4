"""`regulars consent`: what a customer allows, and what else they said of the use of their data."""

from datetime import UTC, datetime, tzinfo
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
from regulars.adapters.cli_document import document
from regulars.adapters.cli_erase import by_option
from regulars.adapters.cli_rights import say, standing
from regulars.adapters.cli_screen import clock, facts, plain, section, show, write_json
from regulars.application.rights import ConsentSaid, PrivacyChoices, PrivacyChoicesOf
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.values import CustomerId

_PURPOSE: Final = "What for, as a code of the policy such as marketing or care."


@click.group()
def consent() -> None:
    """
    Show, grant and withdraw what a customer allows.

    A consent is for one purpose, on one channel or on all of them, and the last word about it
    counts: it stops the next read at once. What needs one is said by the policy: see regulars
    policy.
    """


@consent.command(
    name="show",
    epilog=examples(
        "regulars consent show 1609",
        "regulars consent show 1609 --as-of 2026-05-31 --json | jq '.consents[].stands'",
    ),
)
@click.argument("customer")
@as_of_option
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False, policy=True)
def show_(call: Call, *, customer: str, as_of: str | None, timezone: tzinfo) -> None:
    """
    Show what CUSTOMER allows, objects to and has restricted.

    Each consent with when it was given, under which text and for how long, and under which id the
    proof of it is kept. It stands as given, expired, outdated (the policy names another text) or
    withdrawn.
    """
    at = moment_of(as_of, timezone)
    with call.open() as crm:
        asked = PrivacyChoicesOf(customer=CustomerId(customer), text=crm.policy.text)
        found = crm.ask(asked, as_of=at)
    if call.as_json:
        write_json(document(found, timezone))
    else:
        show(_shown(found, timezone))


@consent.command(
    epilog=examples(
        "regulars consent grant 1609 --purpose marketing --channel sms --policy-version 2026-01",
        "regulars consent grant 1609 --purpose care --evidence form-88 --until 2027-12-31",
    )
)
@click.argument("customer")
@click.option("--purpose", metavar="CODE", required=True, help=_PURPOSE)
@click.option("--channel", metavar="NAME", help="On this channel alone, such as sms.")
@click.option(
    "--policy-version",
    metavar="CODE",
    help="The version of the privacy text that it is given under.",
)
@click.option("--evidence", metavar="CODE", help="The id under which the proof of it is kept.")
@click.option(
    "--until",
    metavar="T",
    help="When it ends by itself: a time, or a day, which is allowed to its end.",
)
@timezone_option("On whose clocks --until is read.")
@by_option
@call_options(keys=False, policy=True)
def grant(  # noqa: PLR0913 - the options of a command
    call: Call,
    *,
    customer: str,
    purpose: str,
    channel: str | None,
    policy_version: str | None,
    evidence: str | None,
    until: str | None,
    timezone: tzinfo,
    by: str,
) -> None:
    """
    Record that CUSTOMER allows a purpose.

    On the channel that is named, or on all, also those that were withdrawn before. One that is
    given already in the same words adds nothing.
    """
    command = GrantConsent(
        customer=CustomerId(customer),
        at=datetime.now(UTC),
        purpose=purpose,
        channel=channel,
        policy_version=policy_version,
        evidence_ref=evidence,
        valid_until=moment_of(until, timezone, option="--until", recorded=True),
    )
    say(call, customer, [command], by=by)


@consent.command(
    epilog=examples(
        "regulars consent withdraw 1609 --purpose marketing --channel sms",
        "regulars consent withdraw 1609 --purpose marketing --by customer:1609 --json",
    )
)
@click.argument("customer")
@click.option("--purpose", metavar="CODE", required=True, help=_PURPOSE)
@click.option("--channel", metavar="NAME", help="On this channel alone, also out of one for all.")
@by_option
@call_options(keys=False, policy=True)
def withdraw(call: Call, *, customer: str, purpose: str, channel: str | None, by: str) -> None:
    """
    Record that CUSTOMER allows a purpose no longer.

    Without a channel it is withdrawn on every one. What was done before stands; what was never
    allowed need not be withdrawn.
    """
    command = WithdrawConsent(
        customer=CustomerId(customer), at=datetime.now(UTC), purpose=purpose, channel=channel
    )
    say(call, customer, [command], by=by)


def _shown(found: PrivacyChoices, timezone: tzinfo) -> RenderableType:
    consents = [
        (f"{one.purpose}, {one.channel or 'all channels'}", _words(one, timezone))
        for one in found.consents
    ]
    return section(
        f"Customer {plain(found.customer)}",
        facts(
            *(consents or [("Consents", "none")]),
            *standing(found, timezone),
            ("Accepted text", found.accepted or "none"),
        ),
    )


def _words(one: ConsentSaid, timezone: tzinfo) -> str:
    said = [f"{one.stands.value} since {clock(one.since, timezone)}"]
    if one.valid_until is not None:
        said.append(f"until {clock(one.valid_until, timezone)}")
    if one.policy_version is not None:
        said.append(f"text {one.policy_version}")
    if one.evidence_ref is not None:
        said.append(f"evidence {one.evidence_ref}")
    return ", ".join(said)
