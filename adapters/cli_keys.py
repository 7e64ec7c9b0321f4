"""`regulars keys`: the keys that personal data is sealed under, and those that wrap them."""

import sys
from collections.abc import Iterator

import click
from attrs import asdict
from rich.console import RenderableType
from rich.text import Text

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import (
    Bars,
    count,
    facts,
    listing,
    plain,
    section,
    show,
    write_json,
)
from regulars.application.key_rotation import KeysStatus, Rewrapping

_STUCK = 1


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click has it
        """In the order in which one meets them."""
        return list(self.commands)


@click.group(cls=_InOrder, no_args_is_help=False)
def keys() -> None:
    """
    Count, rotate, wrap anew, retire, give up keys.

    Personal data is sealed under a data key for each person and kind of data. Data keys lie in
    the database, wrapped under a key-encryption key from the key file. To change that one:
    `rotate`, `rewrap`, and when `status` shows that nothing is left under the old one, `retire`.
    """


@keys.command(epilog=examples("regulars keys status", "regulars keys status --json | jq .waiting"))
@call_options()
def status(call: Call) -> None:
    """
    Count data keys by kind, state and the key-encryption key that they are wrapped under.

    Those of all tenants of the database are counted. `marks` is the kind of the keys that prove
    boxes whole; they are nobody's. Shows no key.
    """
    with call.open() as crm:
        found = crm.keys.status()
    if call.as_json:
        write_json(_status_document(found))
    else:
        show(*_shown_status(found, call.named()))


def _status_document(found: KeysStatus) -> dict[str, object]:
    return {
        "active": found.active,
        "at_hand": list(found.at_hand),
        "missing": list(found.missing),
        "waiting": found.waiting,
        "counts": [{**asdict(one), "state": one.state.value} for one in found.counts],
    }


def _shown_status(found: KeysStatus, database: str) -> Iterator[RenderableType]:
    yield section(
        plain(database),
        facts(
            ("Wrapping", plain(found.active)),
            ("At hand", plain(", ".join(found.at_hand))),
            ("Waiting for rewrap", count(found.waiting)),
        ),
    )
    yield section(
        "Data keys",
        listing(
            ("Kind", "State", "Wrapped under", "Keys"),
            (
                (one.kind, one.state.value, plain(one.kek or "-"), count(one.keys))
                for one in sorted(found.counts, key=lambda one: (one.kind, str(one.kek)))
            ),
        ),
    )
    if found.missing:
        missing = plain(", ".join(found.missing))
        yield Text(f"Not at hand, and needed: {missing}", style="bold red")


@keys.command(epilog=examples("regulars keys rotate && regulars keys rewrap"))
@call_options()
def rotate(call: Call) -> None:
    """
    Add a key-encryption key to the key file, to wrap from now on.

    The old ones stay and unwrap. Running processes see the change by themselves. Copy the file to
    its safe place again. Keys from the variable REGULARS_KEYS are changed where they come from.
    """
    with call.open() as crm:
        before, made = crm.keys.status(), crm.keys.rotate()
    if call.as_json:
        write_json({"active": made, "before": before.active})
    else:
        click.echo(f"{plain(made)} wraps from now on; {plain(before.active)} still unwraps")
        click.echo("Next: keep a copy of the key file in its safe place, and regulars keys rewrap")


@keys.command(
    epilog=examples("regulars keys rewrap", "regulars keys rewrap --json | jq .rewrapped")
)
@call_options()
def rewrap(call: Call) -> None:
    """
    Wrap all data keys under the key-encryption key that wraps now.

    Works in batches that are each kept: stopped, it goes on when it is run again, and commands go
    on meanwhile. No event is touched. Ends with status 1 if a data key could not be unwrapped.
    """
    with call.open() as crm, Bars() as bars:
        found = crm.keys.rewrap(progress=lambda done, of: bars.tell("Wrapping anew", done, of))
    if call.as_json:
        write_json({**asdict(found), "stuck": dict(found.stuck)})
    else:
        show(*_shown_rewrapping(found))
    if found.stuck:
        sys.exit(_STUCK)


def _shown_rewrapping(found: Rewrapping) -> Iterator[RenderableType]:
    yield Text(f"Wrapped {count(found.rewrapped)} data keys under {plain(found.active)}")
    for why, number in found.stuck:
        yield Text(f"Left {count(number)} as they are: {plain(why)}", style="red")


@keys.command(epilog=examples("regulars keys renounce"))
@click.option("--yes", is_flag=True, help="Do not ask.")
@call_options()
def renounce(call: Call, *, yes: bool) -> None:
    """
    Give up the personal data of a log whose keys are lost, and take in new data.

    A log that was imported has boxes and no keys: nothing more is sealed in it until its keys are
    brought along with a backup, or given up here. What is sealed in it then never opens again,
    also if the keys are found. Orders, money, points and consents stay. Nothing is given up where
    the keys are there.
    """
    if call.as_json and not yes:
        raise click.UsageError("--json asks no question: add --yes")
    with call.open() as crm:
        if not yes:
            click.confirm("Give up all that is sealed under lost keys?", abort=True, err=True)
        renounced = crm.keys.renounce()
    if call.as_json:
        write_json({"renounced": renounced})
    elif renounced:
        click.echo("What was sealed is given up; new personal data is taken in from now on")
    else:
        click.echo("Nothing was given up")


@keys.command(epilog=examples("regulars keys retire kek-3f0c9a1b2d4e5f60"))
@click.argument("kek", metavar="ID")
@call_options()
def retire(call: Call, kek: str) -> None:
    """
    Take a key-encryption key out of the key file, for good.

    Waits for commands under way, and is refused while a data key of this database is wrapped under
    it. If other databases share the key file, look at their `status` first. Backups that are older
    than the re-wrap cannot be read from then on, unless a copy of the old key file is kept; to
    destroy it is what makes an erasure reach them.
    """
    with call.open() as crm:
        crm.keys.retire(kek)
    if call.as_json:
        write_json({"retired": kek})
    else:
        click.echo(f"{plain(kek)} is no longer in the key file")
