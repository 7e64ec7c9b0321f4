"""`regulars retention`: what is kept past its time, and its erasure."""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import Call, call_options, examples, moment_of
from regulars.adapters.cli_erase import UNFINISHED
from regulars.adapters.cli_screen import (
    Bars,
    agreed,
    count,
    listing,
    said_of,
    show,
    utc_text,
    write_json,
)
from regulars.application.certificate import Certificate, subject_document
from regulars.domain.keeping import Expired

_AT = click.option(
    "--at",
    metavar="T",
    help="As of that time instead of now: 2026-05-31T18:00:00+02:00, 2026-05-31T18:00 in UTC, or"
    " 2026-05-31 for the end of that day.",
)
_SHOWN = 50


@click.group(no_args_is_help=False)
def retention() -> None:
    """
    Erase personal data whose time is over.

    The policy says for how many days which classes are kept: after the last event of an order,
    after the last thing that the customer did, or after their last consent for a purpose ended,
    and never fewer than after the data was given. So it does for the contact of couriers and
    merchants, and for what was written on orders that no customer is named for. `regulars policy
    show` prints the rules. Legal holds and restrictions keep data beyond them. Let cron run it
    once a day:

    \b
      15 3 * * *  regulars retention run --database sqlite:////var/lib/shop.db
    """  # noqa: D301 - click's own backspace


@retention.command(
    epilog=examples(
        "regulars retention due",
        "regulars retention due --at 2027-01-01 --policy policy.toml",
        "regulars retention due --json | jq '.due[].customer // empty'",
    )
)
@_AT
@call_options(keys=False, policy=True)
def due(call: Call, *, at: str | None) -> None:
    """
    List what `regulars retention run` would erase, and erase nothing.

    By person or order and class, with the rule and the day from which it counted.
    """
    with call.open() as crm, Bars() as bars:
        found = list(
            crm.retention.due(
                at=moment_of(at, UTC, option="--at"),
                progress=lambda done, of: bars.tell("Looking", done, of),
            )
        )
    if call.as_json:
        write_json({"due": [_document(one) for one in found]})
    elif found:
        show(_listed(found))
        if len(found) > _SHOWN:
            click.echo(f"and {count(len(found) - _SHOWN)} more: --json lists them all")
        _add_up(Counter(one.rule.kind for one in found), "is over")
    else:
        click.echo("Nothing is over")


@retention.command(
    epilog=examples(
        "regulars retention run",
        "regulars retention run --policy policy.toml --json > certificates.json",
    )
)
@_AT
@click.option("--yes", is_flag=True, help="Do not ask, for an --at that is yet to come.")
@call_options(policy=True)
def run(call: Call, *, at: str | None, yes: bool) -> None:
    """
    Erase what is over, for good, with a certificate for each.

    Run again, it does what is left, and then nothing; it may be stopped at any time. Whose data is
    erased may give it again. An --at that is yet to come erases what is not over
    now, so this asks first.
    """
    when = moment_of(at, UTC, option="--at")
    ahead = when is not None and when > datetime.now(UTC)
    if ahead and not yes:
        if call.as_json:
            raise click.UsageError("--at is yet to come, and --json asks no question: add --yes")
        if not agreed("--at is yet to come: erase before its time what nobody can bring back?"):
            click.echo("Nothing was erased", err=True)
            sys.exit(UNFINISHED)
    certificates: list[Certificate] = []
    with call.open() as crm, Bars() as bars:
        crm.retention.run(
            at=when,
            progress=lambda done, of: bars.tell("Looking", done, of),
            told=certificates.append,
        )
    if call.as_json:
        write_json({"erasures": [one.document() for one in certificates]})
    elif certificates:
        _add_up(Counter(one.basis.removeprefix("retention:") for one in certificates), "erased")
        click.echo("regulars erasures tells what was done for each")
    else:
        click.echo("Nothing was over")


def _listed(found: Sequence[Expired]) -> RenderableType:
    heads = ("Of", "Class", "Rule", "Days", "Since")
    return listing(
        heads,
        (
            (
                said_of(one.customer),
                one.data_class.value,
                one.rule.kind,
                count(one.rule.days),
                utc_text(one.since),
            )
            for one in found[:_SHOWN]
        ),
        left=3,
    )


def _add_up(kinds: Counter[str], what: str) -> None:
    for kind, number in kinds.items():
        click.echo(f"{count(number)} by the rule {kind} {what}")


def _document(one: Expired) -> dict[str, object]:
    return {
        **subject_document(one.customer),
        "class": one.data_class.value,
        "rule": one.rule.kind,
        "days": one.rule.days,
        "since": one.since.isoformat(),
    }
