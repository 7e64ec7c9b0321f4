"""`regulars policy`: who may read what, and how long it is kept, as a file."""

import sys
from pathlib import Path
from typing import Final

import click

from regulars.adapters.cli_call import examples, policy_option
from regulars.adapters.cli_screen import plain, write_json
from regulars.adapters.policy_file import (
    Mistake,
    UnusablePolicy,
    policy_document,
    policy_text,
    read_policy,
)
from regulars.domain.reading import DEFAULT_POLICY

MISTAKEN: Final = 1
"""The exit status of a file with mistakes."""

_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group(no_args_is_help=False)
def policy() -> None:
    """
    Show and check who may read what.

    A policy is a TOML file of rules, of limits, and of how long personal data is kept. Begin with
    the default: `regulars policy show > policy.toml`, change it, check it, and name it with
    --policy to the commands that go by it; a host hands it to `connect(policy=...)`. A file is all
    of a policy: what it does not allow is denied, and what it names no retention for is kept.
    """


@policy.command(
    epilog=examples(
        "regulars policy show > policy.toml",
        "regulars policy show --policy policy.toml --json | jq '.retention'",
    )
)
@policy_option
@_JSON
def show(*, policy: Path | None, as_json: bool) -> None:
    """Print the policy in force: that of --policy, or the default. The answer is such a file."""
    found = DEFAULT_POLICY if policy is None else read_policy(policy)
    if as_json:
        write_json(policy_document(found))
    else:
        click.echo(policy_text(found).encode(), nl=False)


@policy.command(
    epilog=examples("regulars policy check policy.toml", "regulars policy check policy.toml --json")
)
@click.argument("file", type=click.Path(path_type=Path))
@_JSON
def check(*, file: Path, as_json: bool) -> None:
    """
    Tell every mistake in FILE, with its line and its field.

    The exit status is 1 if there is one.
    """
    mistakes: tuple[Mistake, ...] = ()
    try:
        found = read_policy(file)
        kept = f"{len(found.rules)} rules, {len(found.limits)} limits, {len(found.retention)} kept"
        said = f"{plain(str(file))} is a policy: {kept} for a time"
    except UnusablePolicy as unusable:
        mistakes = unusable.mistakes
        said = "\n".join(plain(f"{file}: {one}") for one in mistakes)
    if as_json:
        write_json(
            {
                "file": str(file),
                "mistakes": [
                    {"line": one.line, "field": one.field or None, "why": one.why}
                    for one in mistakes
                ],
            }
        )
    else:
        click.echo(said)
    if mistakes:
        sys.exit(MISTAKEN)
